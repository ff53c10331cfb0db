"""Fewer rows, the same picture: every row that is kept was there, and no extreme is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.research.plots.thinning import LENGTHS, broken, bucket, largest, length_for, outline, runs, span_of

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


@settings(max_examples=100, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from([0.5, 1.0])), min_size=1, max_size=40, unique_by=lambda pair: pair[0]))
def test_runs_hold_every_minute_once_and_nothing_else(drawn: list[tuple[int, float]]) -> None:
    drawn.sort()
    minute = timedelta(minutes=1)
    frame = pl.DataFrame({"time": [START + each * minute for each, _ in drawn], "q": [q for _, q in drawn]})
    made = runs(frame, "q", minute)
    covered = [(start + k * minute, q) for start, end, q in made.iter_rows() for k in range(1, (end - start) // minute + 1)]
    assert covered == list(frame.iter_rows())
    assert all(a[1] != b[0] or a[2] != b[2] for a, b in pairwise(made.iter_rows()))


def test_a_line_does_not_cross_a_closed_market_however_thin_it_is_made() -> None:
    open_ms = [*range(1_000), *range(500_000, 501_000)]
    frame = a_frame(open_ms, [float(each % 7) for each in open_ms])
    kept = outline(broken(frame, timedelta(seconds=1), "v0"), "v0", n=50)
    assert kept["v0"].null_count() == 1 and kept["time"][kept["v0"].is_null().arg_max()] == START + timedelta(milliseconds=999)
    assert broken(frame, timedelta(hours=1), "v0") is frame


def test_few_rows_stay_as_they_are() -> None:
    frame = a_frame([3, 1, 2], [1.0, None, 3.0])
    assert outline(frame, "v0") is frame


def test_the_shortest_bar_that_is_not_too_fine_is_chosen() -> None:
    assert [length_for(timedelta(hours=h), 1_500) for h in (0.1, 2, 6, 23, 100, 300, 3_000)] == ["5s", "5s", "15s", "1m", "5m", "15m", "1h"]
    assert list(LENGTHS.values()) == sorted(LENGTHS.values())
