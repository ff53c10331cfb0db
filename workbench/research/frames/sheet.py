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

    def frame(self) -> pl.DataFrame:
        """Make the frame, as of the end."""
        return pl.DataFrame([make().rename(name) for name, make in self.columns.items()])


class Known(NamedTuple):
    """A frame that was made, and what is needed to cut it."""

    frame: pl.DataFrame
    known_ns: Ints
    late: Mapping[str, Ints]

    def at(self, until_ns: int | None) -> pl.DataFrame:
        """Give what was known at `until_ns` (`None`: everything): the first rows, uncopied, and of late values those that had come."""
        if until_ns is None:
            return self.frame
        n = int(np.searchsorted(self.known_ns, until_ns, side="right"))
        cut = self.frame.head(n)
        came = {name: pl.Series(when[:n] <= until_ns) for name, when in self.late.items() if name in cut.columns}
        return cut.with_columns(pl.when(there).then(pl.col(name)).alias(name) for name, there in came.items())


def known(sheets: Iterable[Sheet]) -> Known:
    """Make the frames of several sheets, one under the other. Each is made before the next one is asked for."""
    made = [Known(sheet.frame(), sheet.known_ns, sheet.late) for sheet in sheets]
    if len(made) == 1:
        return made[0]
    late = {name: np.concatenate([each.late[name] for each in made]) for name in made[0].late}
    return Known(pl.concat([each.frame for each in made]), np.concatenate([each.known_ns for each in made]), late)


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


def rows_sheet(
    frame: str, zone: str, rows: list[tuple[Any, ...]], known_ns: list[int], late: Mapping[str, list[int]] | None = None
) -> Sheet:
    """Make a sheet of rows that are in memory, in the order of the frame's columns; times as integer ns UTC."""
    columns = schema(frame, zone)
    plain = {name: pl.Int64() if isinstance(of, pl.Datetime) else of for name, of in columns.items()}
    made = pl.DataFrame(rows, schema=plain, orient="row", strict=False)

    def of(name: str) -> Make:
        is_time = isinstance(columns[name], pl.Datetime)
        return lambda: times(made[name], zone) if is_time else made[name]

    moments = np.maximum.accumulate(np.array(known_ns, np.int64))
    return Sheet(moments, {name: of(name) for name in columns}, {name: np.array(when, np.int64) for name, when in (late or {}).items()})
