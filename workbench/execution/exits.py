"""When a position must end although neither stop nor target was touched: time, thesis. Pure; no state, no I/O."""

from __future__ import annotations

from typing import Protocol

from workbench.domain.decisions import Thesis
from workbench.domain.views import View


class Plan(Protocol):
    """What a position was opened with."""

    @property
    def side(self) -> int:
        """Direction, +1 or -1."""

    @property
    def opened_ns(self) -> int:
        """When the first fill was known; 0 before."""

    @property
    def hold_ns(self) -> int:
        """How long it may last."""

    @property
    def thesis(self) -> Thesis | None:
        """The condition that, gone, ends it."""


def why_leave(view: View, position: Plan) -> str | None:
    """Say why a position must end now, or `None`.

    Time: ``hold_ns`` have passed since the first fill. Thesis: the forecast it was opened on, in its direction, fell under its
    floor; a forecast that is not known ends nothing.
    """
    if position.opened_ns and view.now_ns - position.opened_ns >= position.hold_ns:
        return "time"
    thesis = position.thesis
    if thesis is not None and (forecast := view.forecasts.get(thesis.forecast)) is not None:
        belief = forecast.p_up if position.side > 0 else 1 - forecast.p_up
        if belief < thesis.floor:
            return "thesis"
    return None
