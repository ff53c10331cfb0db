"""Fewer rows, the same picture: every row that is kept was there, and no extreme is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.research.plots.thinning import LENGTHS, bucket, largest, length_for, outline, span_of

START = datetime(2026, 11, 19, tzinfo=UTC)
values = st.none() | st.integers(-50, 50).map(float)


def a_frame(steps: list[int], *columns: list[float | None]) -> pl.DataFrame:
    at = pl.Series("time", [START + timedelta(milliseconds=each) for each in sorted(steps)]).cast(pl.Datetime("ns", "UTC"))
    return pl.DataFrame([at, *(pl.Series(f"v{k}", column, dtype=pl.Float64) for k, column in enumerate(columns))])


rows = st.integers(1, 120).flatmap(
    lambda n: st.tuples(*(st.lists(of, min_size=n, max_size=n) for of in (st.integers(0, 9_000), values, values)))
)


@settings(max_examples=200, derandomize=True)
@given(rows, st.integers(1, 12))
def test_an_outline_has_the_ends_and_extremes_of_every_pixel_column(drawn: tuple[list[int], ...], n: int) -> None:
    frame = a_frame(*drawn)
    kept = outline(frame, "v0", "v1", n=n)
    assert kept["time"].is_sorted() and len(kept) <= max(6 * n, 4 * n)
    assert len(kept.join(frame, on=kept.columns, nulls_equal=True, how="semi")) == len(kept)
    cut = bucket(*span_of(frame), n)
    told = [
        pl.col("time").min().alias("first"),
        pl.col("time").max().alias("last"),
        *(getattr(pl.col(name), end)().alias(f"{name} {end}") for name in ("v0", "v1") for end in ("min", "max")),
    ]
    seen, whole = (each.with_columns(cut).group_by("column").agg(told).sort("column") for each in (kept, frame))
    assert seen.equals(whole)


@settings(max_examples=100, derandomize=True)
@given(rows, st.integers(1, 12))
def test_the_largest_of_every_pixel_column_is_kept(drawn: tuple[list[int], ...], n: int) -> None:
    frame = a_frame(drawn[0], [abs(each or 0.0) for each in drawn[1]])
    kept = largest(frame, "v0", n)
    if len(frame) <= n:
        assert kept.equals(frame)
        return
    cut = bucket(*span_of(frame), n)
    greatest = frame.with_columns(cut).group_by("column").agg(pl.col("v0").max()).sort("column")
    assert kept.with_columns(cut).select("column", "v0").sort("column").equals(greatest)


def test_few_rows_stay_as_they_are() -> None:
    frame = a_frame([3, 1, 2], [1.0, None, 3.0])
    assert outline(frame, "v0") is frame


def test_the_shortest_bar_that_is_not_too_fine_is_chosen() -> None:
    assert [length_for(timedelta(hours=h), 1_500) for h in (0.1, 2, 6, 23, 100, 300, 3_000)] == ["5s", "5s", "15s", "1m", "5m", "15m", "1h"]
    assert list(LENGTHS.values()) == sorted(LENGTHS.values())
