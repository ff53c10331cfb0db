"""Fewer rows that draw the same picture: what cannot be told apart on a screen is not sent to it. Pure; every row it gives was there."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

COLUMNS_PX: Final = 1_200  # buckets over the width of a plot: about a pixel each
LENGTHS: Final = {name: timedelta(seconds=s) for name, s in (("5s", 5), ("15s", 15), ("1m", 60), ("5m", 300), ("15m", 900), ("1h", 3600))}


def bucket(first: int, last: int, n: int) -> pl.Expr:
    """Number the pixel column, 0 to below `n`, that a moment (ns since 1970) from `first` to `last` falls into."""
    width = max((last - first) // n + 1, 1)
    return ((pl.col("time").dt.epoch("ns") - first) // width).alias("column")


def span_of(frame: pl.DataFrame) -> tuple[int, int]:
    """Give the first and last moment of a frame that has rows, ns since 1970."""
    at = frame["time"].dt.epoch("ns")
    return int(at[0]), int(at[-1])


def outline(frame: pl.DataFrame, *values: str, n: int = COLUMNS_PX) -> pl.DataFrame:
    """Keep the rows that make the outline of lines: of each pixel column the first, the last, and where a value is least and greatest.

    Drawn as lines, these give the very pixels of all rows. Jugel, Jerzak, Hackenbroich and Markl (2014), M4, PVLDB 7(10).

    Parameters
    ----------
    frame
        With a rising ``time``.
    values
        Columns that are drawn. A null splits a line and is kept where a column holds nothing else.
    n
        Pixel columns.

    Examples
    --------
    >>> from datetime import datetime
    >>> at = pl.datetime_range(datetime(2026, 1, 1), datetime(2026, 1, 2), "1s", eager=True)
    >>> wave = pl.DataFrame({"time": at, "y": pl.Series(range(len(at))) % 1000})
    >>> kept = outline(wave, "y", n=100)
    >>> len(wave), len(kept) <= 400, kept["y"].max()
    (86401, True, 999)
    """
    if len(frame) <= 4 * n:
        return frame
    row = pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")
    wanted = [pl.col("row").first().alias("first"), pl.col("row").last().alias("last")]
    for value in values:
        wanted += [pl.col("row").get(pl.col(value).arg_min().fill_null(0)).alias(f"{value} least")]
        wanted += [pl.col("row").get(pl.col(value).arg_max().fill_null(0)).alias(f"{value} greatest")]
    kept = frame.with_columns(row, bucket(*span_of(frame), n)).group_by("column").agg(wanted).drop("column")
    rows = pl.concat([kept[name] for name in kept.columns]).unique().sort()
    return frame[rows]


def broken(frame: pl.DataFrame, most: timedelta, *values: str) -> pl.DataFrame:
    """Put a row of nulls behind each row after which nothing came for longer than `most`: a line must not cross a closed market.

    Examples
    --------
    >>> from datetime import datetime
    >>> at = [datetime(2026, 1, 1, hour) for hour in (10, 11, 15)]
    >>> broken(pl.DataFrame({"time": at, "y": [1.0, 2.0, 3.0]}), timedelta(hours=2), "y")["y"].to_list()
    [1.0, 2.0, None, 3.0]
    """
    is_last = (pl.col("time").shift(-1) - pl.col("time")) > most
    ends = frame.filter(is_last).with_columns(pl.lit(None, frame.schema[value]).alias(value) for value in values)
    return pl.concat([frame, ends]).sort("time", maintain_order=True) if len(ends) else frame


def runs(frame: pl.DataFrame, value: str, step: timedelta) -> pl.DataFrame:
    """Put rows together that follow each other by one `step` and hold the same value: ``start time`` and the value.

    Examples
    --------
    >>> from datetime import datetime
    >>> at = [datetime(2026, 1, 1, 10, minute) for minute in (1, 2, 3, 9)]
    >>> made = runs(pl.DataFrame({"time": at, "q": [1.0, 1.0, 0.5, 0.5]}), "q", timedelta(minutes=1))
    >>> made.select(pl.col("start", "time").dt.minute(), "q").rows()
    [(0, 2, 1.0), (2, 3, 0.5), (8, 9, 0.5)]
    """
    is_new = (pl.col("time").diff() != step) | (pl.col(value) != pl.col(value).shift(1))
    run = is_new.fill_null(value=True).cum_sum().alias("run")
    made = frame.group_by(run, maintain_order=True).agg(
        pl.col("time").first().alias("start") - step, pl.col("time").last(), pl.col(value).first()
    )
    return made.drop("run")


def largest(frame: pl.DataFrame, size: str, n: int) -> pl.DataFrame:
    """Keep of each of `n` pixel columns the row with the largest `size`; all rows where there are no more than `n`."""
    if len(frame) <= n:
        return frame
    row = pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")
    kept = frame.with_columns(row, bucket(*span_of(frame), n)).group_by("column").agg(pl.col("row").get(pl.col(size).arg_max()))
    return frame[kept["row"].sort()]


def length_for(span: timedelta, most: int) -> str:
    """Choose the shortest usual bar of which no more than `most` cover a span.

    >>> length_for(timedelta(hours=23), 1500), length_for(timedelta(days=30), 1500)
    ('1m', '1h')
    """
    return next((name for name, each in LENGTHS.items() if span / each <= most), "1h")
