"""Bars in which a rule has something to find, or nothing: to see what an analysis says where the answer is known. No market."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from workbench.research.sweeps.terms import Terms

BEGAN: Final = date(2026, 1, 5)
OPENS_MIN: Final = 14 * 60 + 30
MOVE_TICKS: Final = 4.0  # usual move of a minute
LOOKS_MIN: Final = 30
START_PTS: Final = 6000.0


def planted_bars(
    terms: Terms, *, n_sessions: int = 120, n_minutes: int = 390, follow_ticks: float = 0.0, until: int | None = None, seed: int = 7
) -> pl.DataFrame:
    """Make minute bars of weekdays, a walk on the grid.

    Parameters
    ----------
    follow_ticks
        How far a minute's move leans to where price went over the half hour before, in ticks; 0: there is nothing to find.
    until
        Sessions after which it leans no more; `None`: it goes on.

    Returns
    -------
    polars.DataFrame
        time [end of the bar, UTC] session open_pts high_pts low_pts close_pts.
    """
    rng = np.random.default_rng(seed)
    days = [day for day in (BEGAN + timedelta(days=n) for n in range(2 * n_sessions + 7)) if day.weekday() < 5][:n_sessions]
    noise, spread = rng.normal(0, MOVE_TICKS, (n_sessions, n_minutes)), np.abs(rng.normal(0, MOVE_TICKS / 2, (2, n_sessions, n_minutes)))
    close = np.zeros((n_sessions, n_minutes + 1))
    level = round(START_PTS / float(terms.quantum) / terms.tick)
    for session in range(n_sessions):
        leans = follow_ticks if until is None or session < until else 0.0
        close[session, 0] = level
        for minute in range(1, n_minutes + 1):
            went = close[session, minute - 1] - close[session, max(minute - 1 - LOOKS_MIN, 0)]
            close[session, minute] = close[session, minute - 1] + np.rint(noise[session, minute - 1] + leans * np.sign(went))
        level = close[session, -1]
    opened, ended = close[:, :-1], close[:, 1:]
    high, low = np.maximum(opened, ended) + np.rint(spread[0]), np.minimum(opened, ended) - np.rint(spread[1])
    tick_pts = float(terms.quantum) * terms.tick
    at = [
        datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=OPENS_MIN + n + 1) for day in days for n in range(n_minutes)
    ]
    columns = {"open_pts": opened, "high_pts": high, "low_pts": low, "close_pts": ended}
    prices = {name: np.ascontiguousarray(each).reshape(-1) * tick_pts for name, each in columns.items()}
    sessions = pl.Series("session", days).gather(np.repeat(np.arange(n_sessions), n_minutes))
    return pl.DataFrame(
        [pl.Series("time", at, pl.Datetime("ns", "UTC")), sessions, *(pl.Series(name, each) for name, each in prices.items())]
    )
