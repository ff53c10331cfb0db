"""The account at any moment is what its fills, its commissions and the market make it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.research.conftest import Traded
from tests.research.folders import ES, OPENS_NS
from workbench.domain.bars import PRICED, RICH
from workbench.domain.orders import Cause, Key, Leg, OrderType, Submit
from workbench.domain.records import ASK, BID
from workbench.domain.units import SECOND
from workbench.engine.money import open_pnl
from workbench.research import Session
from workbench.research.frames.bars import Folded
from workbench.research.frames.journal import Fill, Story
from workbench.research.frames.money import equity_sheet
from workbench.research.frames.sheet import known
from workbench.store.sessions import FOREVER

KEY = Key("DUSIM1", ES.id, "by_hand")


def barriers(bids: list[int], *, has: int = BID | ASK) -> Folded:
    """A bar each 5 s with a bid, the ask one tick above, and a last price below both."""
    bars = np.zeros((len(bids), 1), RICH)
    now = OPENS_NS + np.arange(1, len(bids) + 1) * 5 * SECOND
    bars["t_end"][:, 0], bars["bid"][:, 0], bars["ask"][:, 0] = now, bids, np.array(bids, np.int64) + 1
    bars["close"][:, 0], bars["has"], bars["flags"] = np.array(bids, np.int64) - 2, has, PRICED
    return Folded(now, np.arange(len(bids)), bars, ())


def fill(at_s: float, leg: Leg, qty: int, px: int, *, side: int = 1, fee: int | None = 0, fee_s: float | None = None, ref: int = 1) -> Fill:
    now = OPENS_NS + round(at_s * SECOND)
    first = Submit(ref, KEY, OPENS_NS, Cause(1, 0), side, 9, OrderType.MARKET, 24_000, 23_900, 24_100)
    known_ns = FOREVER if fee is None else now if fee_s is None else OPENS_NS + round(fee_s * SECOND)
    return Fill(now, 1, first, ref, leg, qty, px, f"x{at_s}", fee, known_ns)


def equity(fills: list[Fill], folded: Folded, *, start: int | None = 1_000_000_000) -> pl.DataFrame:
    story = Story("by-hand", [ES])
    story.began_ns, story.fills = OPENS_NS, fills
    story.equity_micros = [] if start is None else [(OPENS_NS, start)]
    return known([equity_sheet(story, folded, [ES], "UTC", {ES.id})]).frame


@pytest.mark.covers("S3-34")
def test_at_the_end_the_account_is_where_the_engines_books_are(traded: Traded, day: Session) -> None:
    desk = traded.done.engine.desk
    brackets = list(desk.supervisor.brackets())
    assert brackets  # the world ends with something open
    worth = desk.ledger.realised_micros["DUSIM1"] + sum(open_pnl(desk, b) - b.fees_micros for b in brackets)
    last = day.equity.tail(1)
    assert last["realised_usd"].item() + last["open_pnl_usd"].item() == pytest.approx(worth / 1e6, abs=1e-6)
    assert last["equity_usd"].item() == pytest.approx(day.equity["equity_usd"][0] + worth / 1e6, abs=1e-6)


@pytest.mark.covers("S3-34")
def test_between_round_trips_realised_is_their_sum(day: Session) -> None:
    trips, books = day.round_trips.sort("closed"), day.equity
    flat = books.filter((pl.col("open_pnl_usd") == 0) & (pl.col("time") >= trips["closed"][0]))
    total = trips.select("closed", pl.col("pnl_usd").cum_sum().alias("total"))
    joined = flat.join_asof(total, left_on="time", right_on="closed")
    at_close = joined.join(trips, left_on="time", right_on="closed", how="semi")
    assert len(at_close) > 0
    assert ((at_close["realised_usd"] - at_close["total"]).abs() < 50).all()  # a bracket that opened in the same instant has paid its fee
    exact = at_close.tail(1)  # behind it something may be open that is worth what it cost
    assert exact["realised_usd"].item() == pytest.approx(exact["total"].item(), abs=10)


def test_a_long_is_marked_at_the_bid_a_short_at_the_ask_and_bars_alone_at_the_last_price() -> None:
    folded = barriers([24_004, 24_008])
    assert equity([fill(1, Leg.ENTRY, 2, 24_000)], folded)["open_pnl_usd"].to_list() == [0, 0, 100.0, 200.0]
    assert equity([fill(1, Leg.ENTRY, 2, 24_000, side=-1)], folded)["open_pnl_usd"].to_list() == [0, 0, -125.0, -225.0]
    assert equity([fill(1, Leg.ENTRY, 2, 24_000)], barriers([24_004], has=0))["open_pnl_usd"].to_list() == [0, 0, 50.0]


def test_fees_count_when_they_are_known() -> None:
    first, last = fill(1, Leg.ENTRY, 1, 24_000, fee=2_000_000, fee_s=7), fill(8, Leg.STOP, 1, 23_996, fee=1_000_000)
    fills = [first, last, fill(9, Leg.ENTRY, 1, 24_000, fee=None, ref=2)]
    books = equity(fills, barriers([24_000, 24_000]))
    at = {int(time) - OPENS_NS: value for time, value in zip(books["time"].dt.epoch("ns"), books["realised_usd"], strict=True)}
    assert [at[round(s * SECOND)] for s in (1, 5, 7, 8, 9)] == [0, 0, -2, -53, -53]


def test_part_of_a_position_is_realised_at_its_average() -> None:
    fills = [fill(1, Leg.ENTRY, 1, 24_000), fill(2, Leg.ENTRY, 2, 24_003), fill(3, Leg.TARGET, 1, 24_010), fill(4, Leg.STOP, 2, 24_001)]
    books = equity(fills, barriers([]))
    assert books["realised_usd"].to_list() == [0, 0, 0, 100.0, 75.0]  # 24,002 on average: 8 quanta, then twice minus one
    assert books["open_pnl_usd"].to_list() == [0, 0, -75.0, -50.0, 0]  # at the price it came in at, until a bar closes
    assert books["equity_usd"].to_list()[-1] == 1_075.0


def test_an_account_that_was_never_told_counts_from_nothing() -> None:
    assert equity([fill(1, Leg.ENTRY, 1, 24_000, fee=1_000_000)], barriers([]), start=None)["equity_usd"].to_list() == [0, -1]


@given(moves=st.lists(st.tuples(st.integers(-40, 40), st.booleans()), min_size=1, max_size=30))
def test_drawdown_is_the_distance_from_the_best_so_far(moves: list[tuple[int, bool]]) -> None:
    fills, held, px = [], False, 24_000
    for n, (move, acts) in enumerate(moves):
        px += move
        if acts:
            fills.append(fill(5 * n + 1, Leg.EXIT if held else Leg.ENTRY, 1, px, ref=len(fills) // 2 + 1))
            held = not held
    books = equity(fills, barriers([24_000 + sum(move for move, _ in moves[: n + 1]) for n in range(len(moves))]))
    best = books["equity_usd"].cum_max()
    assert ((books["equity_usd"] - best) - books["drawdown_usd"]).abs().max() < 1e-6
    assert (books["drawdown_usd"] <= 0).all()
    assert ((books["realised_usd"] + books["open_pnl_usd"] + 1_000) - books["equity_usd"]).abs().max() < 1e-6
