"""When a position must end although neither stop nor target was touched: time, thesis. Pure; no state, no I/O."""

from __future__ import annotations

from workbench.domain.views import PositionView, View


def why_leave(view: View, position: PositionView) -> str | None:
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
