"""When a position must end although neither stop nor target was touched: time, thesis, volatility, session. Pure; no state, no I/O.

What is not known ends nothing: a forecast nobody made, a range that is not warm, a calendar nobody gave.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final, Protocol

from workbench.domain.decisions import Thesis
from workbench.domain.units import HOUR
from workbench.domain.views import View
from workbench.execution.lifecycle import Phase

RANGE: Final = "atr_14_1m"  # the column that says how wild a market is, in points: a minute's range, so that one print is no spike
LONGEST_NIGHT_NS: Final = 36 * HOUR  # from one session's end to the next: more is a weekend or a holiday (an early close makes 28 h)


class TradeState(StrEnum):
    """How far a trade has come, in three words for a page; the bracket's own life is finer (`execution.lifecycle`)."""

    OPEN = "open"  # something is filled, its stop is not confirmed
    MANAGED = "managed"  # its stop stands; time, thesis, volatility, trailing look after it, or it is being left
    EXITED = "exited"


_STATES: Final = {
    Phase.EXPOSED: TradeState.OPEN,
    Phase.PROTECTED: TradeState.MANAGED,
    Phase.CLOSING: TradeState.MANAGED,
    Phase.CLOSED: TradeState.EXITED,
}


def trade_state(phase: Phase, filled: int = 1) -> TradeState | None:
    """Say where a bracket stands as a trade; `None` while, or because, nothing of it was filled.

    >>> [trade_state(phase) and trade_state(phase).value for phase in (Phase.WORKING, Phase.EXPOSED, Phase.PROTECTED, Phase.CLOSED)]
    [None, 'open', 'managed', 'exited']
    """
    return _STATES.get(phase) if filled else None


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


def range_of(view: View) -> float | None:
    """Give the range of a contract now, in points; `None` while not warm, or where nobody computes it."""
    return view[RANGE] if RANGE in view else None  # noqa: SIM401 - a view is no dict


def is_wild(now: float | None, then: float | None, times: float) -> bool:
    """Tell whether a range is above so many times what it was at the entry; 0 times: never.

    >>> is_wild(4.1, 2.0, 2.0), is_wild(4.0, 2.0, 2.0), is_wild(9.9, None, 2.0), is_wild(9.9, 2.0, 0.0)
    (True, False, False, False)
    """
    return times > 0 and now is not None and then is not None and then > 0 and now > times * then


def why_at_close(horizon: str, *, night_ns: int | None, days_left: int | None, cutoff_days: int) -> str | None:
    """Say why a position must not stay beyond the end of its session, or `None`: it may.

    Parameters
    ----------
    horizon
        ``day`` is flat at every session's end. ``swing`` stays over a night, not over a weekend or a holiday, and not into the days before
        its contract ends. ``hold`` stays until its own plan ends it, or a roll moves it.
    night_ns
        From this end to the next one; `None`: nobody knows, and a swing does not stay.
    days_left
        Until the contract expires; `None`: it does not.

    Examples
    --------
    >>> night = dict(night_ns=24 * HOUR, days_left=20, cutoff_days=7)
    >>> [why_at_close(horizon, **night) for horizon in ("day", "swing", "hold")]
    ['close', None, None]
    >>> why_at_close("swing", **night | {"night_ns": 72 * HOUR}), why_at_close("swing", **night | {"days_left": 8})
    ('weekend', 'roll')
    """
    if horizon == "day":
        return "close"
    if horizon == "hold":
        return None
    if night_ns is None or night_ns > LONGEST_NIGHT_NS:
        return "weekend"
    return "roll" if days_left is not None and days_left - 1 <= cutoff_days else None


def days_between(session: int, expiry: str | None) -> int | None:
    """Give the days from a session, a date written 20261119, to an expiry, ``2026-12-18``; `None` for what never expires.

    >>> days_between(20261119, "2026-12-18"), days_between(20261119, None)
    (29, None)
    """
    if expiry is None or not session:
        return None
    return (date.fromisoformat(expiry) - date(session // 10_000, session // 100 % 100, session % 100)).days
