"""A frame that knows when each of its rows was known, so that it can be cut at any moment. Columns are made when asked for; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.research.frames.columns import schema

Ints = npt.NDArray[np.int64]
Make = Callable[[], pl.Series]


class Sheet(NamedTuple):
    """Columns to be made, and when each row was known.

    ``known_ns`` never falls. ``late`` names columns whose values came later than their rows, each with when (`store.sessions.FOREVER`:
    never): the outcome of a forecast, a commission.
    """

    known_ns: Ints
    columns: Mapping[str, Make]
    late: Mapping[str, Ints] = {}

    def frame(self, names: Iterable[str] | None = None) -> pl.DataFrame:
        """Make the frame, or some columns of it, as of the end."""
        return pl.DataFrame([self.columns[name]().rename(name) for name in (self.columns if names is None else names)])


class Known(NamedTuple):
    """A frame that was made, and what is needed to cut it."""

    frame: pl.DataFrame
    known_ns: Ints
    late: Mapping[str, Ints]

    def at(self, until_ns: int) -> pl.DataFrame:
        """Give what was known at `until_ns`: the first rows, without copying them, and of late values those that had come."""
        n = int(np.searchsorted(self.known_ns, until_ns, side="right"))
        cut = self.frame.head(n)
        hidden = [
            pl.when(pl.Series(when[:n] <= until_ns)).then(pl.col(name)).alias(name)
            for name, when in self.late.items()
            if name in cut.columns
        ]
        return cut.with_columns(hidden) if hidden else cut


def known(sheets: Iterable[Sheet], names: list[str] | None = None) -> Known:
    """Make the frames of several sheets, one under the other."""
    given = list(sheets)
    frame = pl.concat([sheet.frame(names) for sheet in given]) if len(given) > 1 else given[0].frame(names)
    late = {name: np.concatenate([sheet.late[name] for sheet in given]) for name in given[0].late}
    return Known(frame, np.concatenate([sheet.known_ns for sheet in given]) if len(given) > 1 else given[0].known_ns, late)


def times(ns: Any, zone: str) -> pl.Series:
    """Give integer nanoseconds UTC as times in a zone."""
    return pl.Series(ns, dtype=pl.Int64).cast(pl.Datetime("ns", "UTC")).dt.convert_time_zone(zone)


def where(values: Any, there: npt.NDArray[np.bool_]) -> pl.Series:
    """Give values, null where they are not there."""
    series = pl.Series(values)
    return series if bool(there.all()) else pl.select(pl.when(pl.Series(there)).then(series)).to_series()


def named(words: Iterable[str | None], at: npt.NDArray[Any]) -> pl.Series:
    """Give a word for each number."""
    return pl.Series(list(words), dtype=pl.String).gather(pl.Series(at.astype(np.uint32, copy=False)))


def rows_sheet(frame: str, zone: str, rows: list[tuple[Any, ...]], known_ns: list[int], late: Mapping[str, list[int]] | None = None) -> Sheet:
    """Make a sheet of rows that are in memory, in the order of the frame's columns; times as integer ns UTC."""
    columns = schema(frame, zone)
    plain = {name: pl.Int64() if isinstance(of, pl.Datetime) else of for name, of in columns.items()}
    made = pl.DataFrame(rows, schema=plain, orient="row", strict=False)

    def of(name: str) -> Make:
        is_time = isinstance(columns[name], pl.Datetime)
        return lambda: times(made[name], zone) if is_time else made[name]

    moments = np.maximum.accumulate(np.array(known_ns, np.int64))
    return Sheet(moments, {name: of(name) for name in columns}, {name: np.array(when, np.int64) for name, when in (late or {}).items()})
