"""A root's months stitched into one series, for study: never traded. Rolls are those a run would have made (`market.rolls`).

At a roll the price steps by what the next month costs more (`Step`), measured over the last bars in which both traded before it. Bars
that came before are moved by the steps that followed, as far as these were known at `as_of`: the month that leads last keeps its prices,
and the series of an earlier day is the one a person would have drawn on that day.

==========  =======================================  ==========================================================
how         a bar before a step                      what it is for
==========  =======================================  ==========================================================
none        as it traded                             levels; a return over a roll is wrong by the step
difference  plus the sum of the steps                P&L in points: what one contract held and rolled earned
ratio       times the product of the steps' ratios   returns in percent; differences are wrong by some percent
==========  =======================================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple, get_args

import polars as pl

from workbench import calendars
from workbench.config import load_settings
from workbench.domain.errors import ConfigError, DataError
from workbench.market.rolls import Roll, front, rolls
from workbench.research.frames.opening import Day, session_number
from workbench.research.frames.session import Session

How = Literal["none", "difference", "ratio"]
By = Literal["date", "volume"]

PRICES: Final = ("open_pts", "high_pts", "low_pts", "close_pts", "vwap_pts", "bid_pts", "ask_pts")
COMMON: Final = 60  # of the last bars that both months have before a roll; the middle one's difference is the step
NEEDED: Final = ("time", "symbol", "session", "close_pts", "volume")


class Step(NamedTuple):
    """What a roll did to the price: next less last, next by last, the middle of `n_common` bars up to `known`. `None`: none in common."""

    roll: Roll
    step_pts: float | None
    ratio: float | None
    n_common: int
    known: datetime | None


class Continuous(NamedTuple):
    """A stitched series.

    Attributes
    ----------
    bars
        Columns of the bars that it was made of, prices moved; besides ``traded_pts``, the close as it traded, and ``moved``: points
        added, or the factor.
    steps
        One a roll, the earliest first.
    """

    bars: pl.DataFrame
    steps: tuple[Step, ...]
    how: How


def continuous(
    day: Session, root: str, length: str = "1m", *, how: How = "difference", by: By = "volume", as_of: Day | None = None
) -> Continuous:
    """Stitch the months of a root over a range of sessions.

    Parameters
    ----------
    day
        What `open_session(first, to)` gave.
    by
        Whether volume may roll earlier than the date, as it does live.
    as_of
        Last session that is known; `None`: all.

    Raises
    ------
    ConfigError
        The root is no future with months.
    DataError
        A month that leads has no bars, or the two months of a roll have no bar in common before it.

    Examples
    --------
    ``study = continuous(open_session("2026-03-02", "2026-03-20"), "ES"); study.bars, study.steps``
    """
    settings = load_settings()
    if root not in settings.roots or settings.roots[root].months is None:
        raise ConfigError(f"{root} has no delivery months in the settings: there is nothing to stitch")
    bars = seen(day.bars(root, length), as_of)
    sessions: list[date] = sorted(bars["session"].unique())
    if not sessions:
        raise DataError(f"there are no bars of {root} up to {as_of}")
    days = calendars.business_days(sessions[0] - timedelta(days=70), sessions[-1] + timedelta(days=400))
    traded = volumes(bars) if by == "volume" else None
    listing = settings.roots[root].listing
    return stitched(bars, rolls(listing, sessions, days, traded), how, first=front(listing, sessions[0], days).symbol)


def seen(bars: pl.DataFrame, as_of: Day | None) -> pl.DataFrame:
    """Give the bars of sessions up to one."""
    if as_of is None:
        return bars
    number = str(session_number(as_of))
    return bars.filter(pl.col("session") <= date(int(number[:4]), int(number[4:6]), int(number[6:])))


def volumes(bars: pl.DataFrame) -> dict[date, dict[str, int]]:
    """Sum what each month traded in each session."""
    made: dict[date, dict[str, int]] = {}
    for session, symbol, volume in bars.group_by("session", "symbol").agg(pl.col("volume").sum()).iter_rows():
        made.setdefault(session, {})[symbol] = int(volume)
    return made


def stitched(bars: pl.DataFrame, made: Sequence[Roll], how: How = "difference", *, first: str | None = None) -> Continuous:
    """Stitch bars of several months by given rolls.

    Parameters
    ----------
    bars
        Closed bars with ``time symbol session close_pts volume`` and any other prices, of all months; one length.
    made
        Rolls, the earliest first, each out of the month that the one before went into.
    first
        The month that leads at first; `None`: the one of the first roll, or the only one there is.

    Raises
    ------
    DataError
        As `continuous`.

    Examples
    --------
    >>> at = [datetime(2026, 9, 10, 20, minute) for minute in (1, 2)] + [datetime(2026, 9, 11, 20, 1)]
    >>> row = lambda time, symbol, close: {"time": time, "symbol": symbol, "session": time.date(), "close_pts": close, "volume": 1.0}
    >>> bars = pl.DataFrame([row(time, month, close + 50.0 * (month == "ESZ6"))
    ...                      for time, close in zip(at, (6000.0, 6001.0, 6004.0)) for month in ("ESU6", "ESZ6")])
    >>> made = stitched(bars, [Roll("ES", date(2026, 9, 11), "ESU6", "ESZ6", "date")])
    >>> made.bars.select("symbol", "close_pts", "traded_pts").rows()
    [('ESU6', 6050.0, 6000.0), ('ESU6', 6051.0, 6001.0), ('ESZ6', 6054.0, 6054.0)]
    >>> made.steps[0].step_pts
    50.0
    """
    if how not in get_args(How):
        raise ConfigError(f"a series is stitched by {', '.join(get_args(How))}, not {how!r}")
    if missing := [name for name in NEEDED if name not in bars.columns]:
        raise DataError(f"bars without {', '.join(missing)} cannot be stitched")
    steps = tuple(_step(bars, roll) for roll in made)
    moved, value = list[pl.DataFrame](), 1.0 if how == "ratio" else 0.0
    for part, step in zip(reversed(_parts(bars, made, first)), (*reversed(steps), None), strict=True):
        moved.append(_moved(part, how, value))
        if step is not None and how != "none":
            value = _on(value, step, how)
    return Continuous(pl.concat(reversed(moved)), steps, how)


def _on(value: float, step: Step, how: How) -> float:
    if step.step_pts is None or step.ratio is None:
        roll = step.roll
        raise DataError(
            f"{roll.out} and {roll.into} have no bar in common before {roll.on}: by how much the price stepped is not known; "
            f"record both months before a roll, or stitch with how='none'"
        )
    return value * step.ratio if how == "ratio" else value + step.step_pts


def _parts(bars: pl.DataFrame, made: Sequence[Roll], first: str | None) -> list[pl.DataFrame]:
    """Cut out each month while it leads."""
    there = sorted(bars["symbol"].unique())
    if first is None and not made and len(there) > 1:
        raise DataError(f"there are bars of {', '.join(there)} and no roll: say which led (first=)")
    months = [made[0].out if made else first or there[0], *(roll.into for roll in made)]
    parts = list[pl.DataFrame]()
    for n, month in enumerate(months):
        part = bars.filter(pl.col("symbol") == month)
        if n:
            part = part.filter(pl.col("session") >= made[n - 1].on)
        if n < len(made):
            part = part.filter(pl.col("session") < made[n].on)
        if part.is_empty():
            raise DataError(f"{month} leads from {made[n - 1].on if n else 'the beginning'}, and there are no bars of it")
        parts.append(part.sort("time"))
    return parts


def _step(bars: pl.DataFrame, roll: Roll) -> Step:
    before = bars.filter((pl.col("session") < roll.on) & pl.col("close_pts").is_not_null() & (pl.col("volume") > 0))
    last = before.filter(pl.col("symbol") == roll.out).select("time", out="close_pts")
    both = last.join(before.filter(pl.col("symbol") == roll.into).select("time", into="close_pts"), on="time").sort("time").tail(COMMON)
    if both.is_empty():
        return Step(roll, None, None, 0, None)
    rows = both.with_columns(step=pl.col("into") - pl.col("out"), by=pl.col("into") / pl.col("out"))
    return Step(roll, _middle(rows["step"]), _middle(rows["by"]), len(rows), rows["time"][-1])


def _middle(values: pl.Series) -> float:
    """Give the middle value; of an even number the lower of the two, which traded."""
    ordered = values.sort()
    return float(ordered[(len(ordered) - 1) // 2])


def _moved(part: pl.DataFrame, how: How, value: float) -> pl.DataFrame:
    traded = part.with_columns(traded_pts=pl.col("close_pts"), moved=pl.lit(value))
    prices = [name for name in PRICES if name in part.columns]
    if how == "none":
        return traded
    return traded.with_columns(pl.col(name) * value if how == "ratio" else pl.col(name) + value for name in prices)
