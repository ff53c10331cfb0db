"""`depth`: the book rebuilt row by row, held against a book kept another way, and against the quotes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import holoviews as hv
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.research.plots.reading import axis_labels, elements, figures, title
from tests.runtime.folders import BARS_SESSION
from workbench.research import Session, open_session
from workbench.research.plots import depth
from workbench.research.plots.depth import gridded, headline, rebuilt, resting
from workbench.research.plots.times import wall

START = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)
COLUMNS = {"time": pl.Datetime("us", "UTC"), "action": pl.String, "side": pl.String, "level": pl.Int16}
COLUMNS |= {"price_pts": pl.Float64, "size": pl.Float64}
Change = tuple[float, str, str | None, int | None, float | None, float | None]


def changes(*rows: Change) -> pl.DataFrame:
    made = pl.DataFrame([(START + timedelta(seconds=row[0]), *row[1:]) for row in rows], schema=COLUMNS, orient="row")
    return made.with_columns(pl.col("time").cast(pl.Datetime("ns", "UTC")))


def seen(rows: pl.DataFrame) -> list[list[tuple[float, float]]]:
    looks = rebuilt(rows)
    return [
        sorted(zip(looks.price_pts[looks.at == k].tolist(), looks.size[looks.at == k].tolist(), strict=True))
        for k in range(len(looks.times))
    ]


def test_rows_are_pushed_down_replaced_and_pulled_up() -> None:
    rows = changes(
        (0.0, "insert", "bid", 0, 100.0, 5.0), (0.1, "insert", "bid", 0, 100.25, 7.0), (0.2, "insert", "ask", 0, 100.5, 2.0),
        (1.0, "update", "bid", 1, 100.0, 9.0), (1.1, "delete", "ask", 0, None, None),
        (2.0, "delete", "bid", 0, None, None),
        (3.0, "reset", None, None, None, None),
    )  # fmt: skip
    book = seen(rows)
    assert book[9] == [(100.0, 5.0), (100.25, 7.0), (100.5, -2.0)]
    assert book[19] == [(100.0, 9.0), (100.25, 7.0)]
    assert book[29] == [(100.0, 9.0)] and book[30] == []


kinds, sides = st.sampled_from(["insert", "update", "delete"]), st.sampled_from(["bid", "ask"])
actions = st.lists(st.tuples(kinds, sides, st.integers(0, 6), st.integers(1, 40), st.integers(1, 99)), min_size=1, max_size=60)


@settings(max_examples=150, derandomize=True)
@given(actions)
def test_the_book_is_that_of_arrays_moved_by_hand(drawn: list[tuple[str, str, int, int, int]]) -> None:
    """Ten numbered rows a side, shifted cell by cell, as the description of the record says."""
    rows = changes(*(
        (k, action, side, level, float(price) if action != "delete" else None, float(size) if action != "delete" else None)
        for k, (action, side, level, price, size) in enumerate(drawn)
    ))  # fmt: skip
    arrays: dict[str, list[tuple[float, float] | None]] = {"bid": [None] * 80, "ask": [None] * 80}
    for action, side, level, price, size in drawn:
        cells = arrays[side]
        n = sum(cell is not None for cell in cells)
        if action == "insert":
            at = min(level, n)
            arrays[side] = [*cells[:at], (float(price), float(size)), *cells[at:-1]]
        elif action == "update":
            cells[min(level, n)] = (float(price), float(size))
        elif level < n:
            arrays[side] = [*cells[:level], *cells[level + 1 :], None]
    expected = sorted((cell[0], sign * cell[1]) for side, sign in (("bid", 1), ("ask", -1)) for cell in arrays[side] if cell is not None)
    assert seen(rows)[-1] == expected


@pytest.mark.covers("S0-13")
def test_the_best_row_of_the_book_is_the_best_quote(day: Session) -> None:
    looks = rebuilt(day.frame("depth", "ESZ6"))
    quotes = day.frame("quotes", "ESZ6").select("time", "bid_pts", "ask_pts")
    moments = pl.DataFrame({"time": looks.times, "k": np.arange(len(looks.times))})
    stood = moments.join_asof(quotes, on="time", strategy="backward", allow_exact_matches=False).drop_nulls()
    n_same = 0
    for k, bid, ask in stood.select("k", "bid_pts", "ask_pts").iter_rows():
        mine = looks.at == k
        bids, asks = looks.price_pts[mine & (looks.size > 0)], looks.price_pts[mine & (looks.size < 0)]
        n_same += bool(len(bids) and len(asks) and bids.max() == bid and asks.min() == ask)
    assert len(stood) > 300 and n_same > 0.97 * len(stood)  # rows of the book come a little after the quote they belong to


def test_sizes_near_the_best_price_are_summed_by_side() -> None:
    bids = [(0.01 * k, "insert", "bid", k, 100.0 - k, float(k + 1)) for k in range(7)]
    rows = changes(*bids, (0.5, "insert", "ask", 0, 101.0, 30.0), (1.0, "delete", "ask", 0, None, None))
    near = resting(rebuilt(rows))
    assert near.row(8)[1:] == (1 + 2 + 3 + 4 + 5, 30.0) and near.row(10)[1:] == (15.0, None)
    looks = rebuilt(rows)
    said = headline("ESZ6", looks, wall(looks.times, "UTC"), "contracts")
    assert said.endswith("% of them bids; fewest 15 at 14:30")
    total = [sum(each or 0.0 for each in row) for row in near.select("bid_size", "ask_size").iter_rows()]
    assert said.startswith(f"ESZ6: {np.mean([each for each in total if each]):,.0f} contracts rest in the best 5 rows")


def test_the_picture_holds_every_size_once(day: Session) -> None:
    looks = rebuilt(day.frame("depth", "ESZ6"))
    grid = gridded(looks, rows_n=10_000)
    assert grid.step_pts == 0.25 and grid.size.dtype == np.int16
    for k in (10, 300, len(looks.times) - 1):
        mine = looks.at == k
        cells = {grid.first_pts + row * grid.step_pts: size for row, size in enumerate(grid.size[:, k]) if size}
        assert cells == dict(zip(looks.price_pts[mine].tolist(), looks.size[mine].tolist(), strict=True))
    coarse = gridded(looks, rows_n=12)
    assert len(coarse.size) <= 12 and coarse.step_pts % 0.25 == 0
    assert np.abs(coarse.size).max() >= np.abs(grid.size).max()


def test_the_figure_says_what_it_shows(day: Session) -> None:
    plot = depth(day, "ES", zone="America/New_York")
    shown, (image,) = figures(plot), elements(plot, hv.Image)
    assert title(shown).startswith("ESZ6: ") and " contracts rest in the best 5 rows of both sides on average, " in title(shown)
    assert {"ESZ6, points", "time in America/New_York (EST)"} <= set(axis_labels(shown))
    grid = gridded(rebuilt(day.frame("depth", "ESZ6")))
    assert np.array_equal(image.dimension_values("size", flat=False), grid.size)
    assert " shares rest " in title(figures(depth(day, "SPY")))


def test_a_part_is_finer_and_begins_with_the_book_as_it_was(day: Session) -> None:
    whole = rebuilt(day.frame("depth", "ESZ6"))
    first = int(whole.times.dt.epoch("ns")[300])
    part = rebuilt(day.frame("depth", "ESZ6"), (first, first + 20_000_000_000))
    assert (part.times[1] - part.times[0]) < (whole.times[1] - whole.times[0])
    same = part.times.index_of(whole.times[300])
    if same is not None:
        assert sorted(part.price_pts[part.at == same].tolist()) == sorted(whole.price_pts[whole.at == 300].tolist())
    assert part.times[0] >= whole.times[300] and len(np.unique(part.price_pts)) >= 10


def test_bars_alone_say_that_there_is_no_book(barred: Path) -> None:
    plot = depth(open_session(BARS_SESSION, data=barred), "NQ")
    assert title(figures(plot)) == "NQH6: no depth was recorded, so there is no book to show"
