"""Two markets side by side: what each was worth when, cut into stretches without a hole. Reads frames; judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from workbench.calendars import around, log_session, session_bounds
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import Phase
from workbench.domain.units import MINUTE, SECOND
from workbench.research.frames.bars import length_of
from workbench.research.leadlag.asof import Floats, Ints

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

COLUMNS: Final = {"quotes": ("bid_pts", "ask_pts"), "prints": ("price_pts",), "bars": ("close_pts",)}
REGULAR: Final = "NYSE"  # whose regular hours are meant
A_DAY_NS: Final = 30 * MINUTE  # both must be there for so long, or it is no day of evidence
HOLE_NS: Final = 5 * MINUTE  # without a tick of one of them: a halt, a lost line
BLOCK_NS: Final = 5 * MINUTE  # pieces that are drawn anew; moves of two of them have nothing to do with each other
BLOCK_BARS: Final = 30  # the same, of bars


class Series(NamedTuple):
    """One market: rising times, price in points, its log, and the quoted spread (`None`: the data shows none)."""

    t_ns: Ints
    pts: Floats
    log: Floats
    spread_pts: Floats | None

    def cut(self, low: int, high: int) -> Series:
        """Take a range of it."""
        return Series(*(None if each is None else each[low:high] for each in self))  # type: ignore[arg-type]


class Stretch(NamedTuple):
    """Both markets in one piece of time of log session ``day``; ``block`` is the number of its first block."""

    day: int
    start_ns: int
    end_ns: int
    block: int
    first: Series
    second: Series


class Pair(NamedTuple):
    """Two markets. ``step_ns`` is the length of a bar, 0 of ticks."""

    names: tuple[str, str]
    kind: str
    step_ns: int
    block_ns: int
    n_blocks: int
    stretches: tuple[Stretch, ...]

    @property
    def days(self) -> list[int]:
        """Log sessions that count: both were there for half an hour."""
        length: dict[int, int] = {}
        for each in self.stretches:
            length[each.day] = length.get(each.day, 0) + each.end_ns - each.start_ns
        return [day for day, ns in length.items() if ns >= A_DAY_NS]

    @property
    def is_bars(self) -> bool:
        """Whether it is made of bars."""
        return self.step_ns > 0

    def turned(self) -> Pair:
        """Give the same with the second as the first."""
        other = tuple(each._replace(first=each.second, second=each.first) for each in self.stretches)
        return self._replace(names=(self.names[1], self.names[0]), stretches=other)


def pair_of(
    source: Session | Mapping[str, pl.DataFrame], first: str, second: str, *, length: str | None = None, hours: str = "regular"
) -> Pair:
    """Put two markets side by side: by their quotes where both have some, else by prints, else by bars.

    Parameters
    ----------
    source
        A session, or frames by name with ``time`` and ``bid_pts ask_pts``, ``price_pts`` or ``close_pts``; a bar's time is its end.
    length
        Of bars, and that bars are wanted: ``"1m"``. `None`: ticks where there are some.
    hours
        ``"regular"``: those of the New York Stock Exchange. ``"all"``: whenever both are there.

    Raises
    ------
    ConfigError
        There are no such hours.
    DataError
        One of them is not there, or the two are never there together.
    """
    if hours not in ("regular", "all"):
        raise ConfigError(f"hours={hours!r}: one of regular, all")
    kind, frames = _frames(source, (first, second), length)
    both = [_series(frame, kind, name) for frame, name in zip(frames, (first, second), strict=True)]
    step_ns = _step(both, length) if kind == "bars" else 0
    block_ns = max(BLOCK_NS, BLOCK_BARS * step_ns)
    stretches: list[Stretch] = []
    block = 0
    for day, start, end in _spans(both, hours):
        for low, high in _whole(both, start, end, step_ns):
            parts = [_within(each, low, high, is_bars=bool(step_ns)) for each in both]
            if min(len(each.t_ns) for each in parts) >= 2:
                stretches.append(Stretch(day, low, high, block, *parts))
                block += -(-(high - low) // block_ns) or 1
    if not stretches:
        raise DataError(f"{first} and {second} are never there together in {hours} hours")
    return Pair((first, second), kind, step_ns, block_ns, block, tuple(stretches))


def _frames(source: Session | Mapping[str, pl.DataFrame], names: tuple[str, str], length: str | None) -> tuple[str, list[pl.DataFrame]]:
    """Find the finest kind that both have."""
    for kind in COLUMNS:
        if kind != "bars" and length is not None:
            continue
        if isinstance(source, Mapping):
            if missing := [name for name in names if name not in source]:
                raise DataError(f"there is no frame {missing[0]!r}; there are {', '.join(source)}")
            found = [source[name] for name in names]
            if all(set(COLUMNS[kind]) <= set(frame.columns) for frame in found):
                return kind, found
        else:
            try:
                found = [source.frame(kind, name, length or "1m") for name in names]
            except DataError:
                if kind == "bars":
                    raise
                continue
            if all(len(frame) for frame in found):
                return kind, found
    raise DataError(f"{' and '.join(names)}: both need time and {' or '.join(' '.join(each) for each in COLUMNS.values())}")


def _series(frame: pl.DataFrame, kind: str, name: str) -> Series:
    """Take prices and times out of a frame; of several contracts the one with most rows in each log session."""
    columns = COLUMNS[kind]
    if kind == "bars" and frame[columns[0]].null_count() == len(frame) and set(COLUMNS["quotes"]) <= set(frame.columns):
        columns = COLUMNS["quotes"]  # nothing was traded: bars of quotes alone
    frame = frame.drop_nulls(columns)
    bid, ask = pl.col(columns[0]), pl.col(columns[-1])
    frame = frame.with_columns(_t=pl.col("time").dt.epoch("ns"), _pts=(bid + ask) / 2, _spread=ask - bid).filter(pl.col("_pts") > 0)
    if frame.is_empty():
        raise DataError(f"there are no {kind} of {name} with a price above 0")
    if "symbol" in frame.columns and frame["symbol"].n_unique() > 1:
        frame = frame.with_columns(_day=pl.Series(log_session(frame["_t"].to_numpy())))
        rows = frame.group_by("_day", "symbol").len().sort("len", "symbol", descending=[True, False])
        frame = frame.join(rows.unique("_day", keep="first", maintain_order=True), on=["_day", "symbol"], how="semi")
    frame = frame.sort("_t", maintain_order=True).unique("_t", keep="last", maintain_order=True)
    pts = frame["_pts"].to_numpy()
    return Series(frame["_t"].to_numpy(), pts, np.log(pts), frame["_spread"].to_numpy() if kind == "quotes" else None)


def _step(both: list[Series], length: str | None) -> int:
    """Read the length of a bar off the times, or hold what was said against them."""
    steps = [int(np.median(np.diff(each.t_ns))) if len(each.t_ns) > 1 else 0 for each in both]
    if length is None and steps[0] != steps[1]:
        raise DataError(f"bars of {steps[0] / SECOND:g} s and of {steps[1] / SECOND:g} s: both need one length")
    found = steps[0] if length is None else length_of(length)
    if found <= 0:
        raise DataError("one bar is not enough")
    return found


def _spans(both: list[Series], hours: str) -> Iterator[tuple[int, int, int]]:
    """Give log session, start and end of each time in which both may be looked at."""
    start, end = max(int(each.t_ns[0]) for each in both), min(int(each.t_ns[-1]) for each in both)
    if hours == "all":
        seen = np.unique(log_session(np.concatenate([each.t_ns for each in both])))
        yield from ((day, *session_bounds(day)) for day in seen.tolist())
        return
    for span in around(REGULAR, [start, max(start, end)]).spans:
        if span.phase is Phase.RTH and span.end_ns > start and span.start_ns <= end:
            yield int(log_session(span.start_ns)), span.start_ns, span.end_ns


def _whole(both: list[Series], start: int, end: int, step_ns: int) -> Iterator[tuple[int, int]]:
    """Cut a span where one of both has a hole, and to where both are there. Bars tell by themselves where one is missing."""
    times = [_within(each, start, end, is_bars=bool(step_ns)).t_ns for each in both]
    if min(map(len, times)) < 2:
        return
    low, high = max(int(each[0]) for each in times), min(int(each[-1]) for each in times)
    if step_ns:
        yield low - step_ns, high
        return
    holes = sorted((int(each[k]), int(each[k + 1])) for each in times for k in np.flatnonzero(np.diff(each) > HOLE_NS))
    for begins, ends in holes:
        if low < begins:
            yield low, begins
        low = max(low, ends)
    if low < high:
        yield low, high


def _within(series: Series, start: int, end: int, *, is_bars: bool) -> Series:
    """Take what lies in a span: ticks from its start to its end, bars that began and ended in it."""
    side = "right" if is_bars else "left"
    low, high = np.searchsorted(series.t_ns, [start, end + (not is_bars)], side=side)  # type: ignore[call-overload]
    return series.cut(int(low), int(high))
