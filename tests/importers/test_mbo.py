"""The order book against a second one that works another way, and against the numbers of the data's own README."""

from __future__ import annotations

from dataclasses import dataclass

import databento_dbn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data import shared
from workbench.config import load_roots
from workbench.domain.bars import ROWS
from workbench.domain.records import ASK, BID, Kind, Phase, empty
from workbench.importers import databento, dbn, mbo
from workbench.importers.mbo import F_LAST, F_MAYBE_BAD_BOOK, F_SNAPSHOT, Message
from workbench.market.fold import Market, address_of

FILE = "nautilus_databento/esh4-glbx-mdp3-20231225.mbo.dbn.zst"
OPEN_NS = 1_703_545_200_000_000_000  # 2023-12-25 23:00 UTC
QUANTUM = 250_000_000  # of ES, in 1e-9 points


@dataclass
class Slow:
    """A book as two arrays over every price there is: no lists, no order of levels to keep, nothing shared with the book under test."""

    lowest: int
    n: int

    def __post_init__(self):
        self.sizes = {"B": np.zeros(self.n, np.int64), "A": np.zeros(self.n, np.int64)}
        self.orders = {}

    def take(self, action, side, px, size, order):
        if action in ("C", "M") and order in self.orders:
            old_side, old_px, old_size = self.orders[order]
            self.sizes[old_side][old_px] -= old_size if action == "M" else size
            self.orders[order] = (old_side, old_px, old_size - size)
            if action == "M" or old_size == size:
                del self.orders[order]
        if action in ("A", "M"):
            self.orders[order] = (side, px - self.lowest, size)
            self.sizes[side][px - self.lowest] += size

    def rows(self, side, n=ROWS):
        prices = np.flatnonzero(self.sizes[side])
        prices = prices[::-1][:n] if side == "B" else prices[:n]
        return [(int(at) + self.lowest, int(self.sizes[side][at])) for at in prices]


@pytest.fixture(scope="module")
def table():
    return dbn.read(shared(FILE)).tables["mbo"]


@pytest.fixture(scope="module")
def reading():
    (one,) = databento.read_all([shared(FILE)], load_roots())
    return one


def raw(table):
    """Every message as plain values, straight from the file's columns."""
    px = table["price"] // QUANTUM
    columns = (table["action"].astype(str), table["side"].astype(str), px, table["size"], table["order_id"], table["flags"])
    return zip(*(column.tolist() for column in (*columns, table["ts_recv"], table["ts_event"])), strict=True)


def slow_book(table):
    px = table["price"] // QUANTUM
    return Slow(int(px.min()), int(px.max() - px.min()) + 1)


@pytest.fixture(scope="module")
def states(table):
    """After each whole event: when it happened, best bid, its size, best ask, its size, levels of both."""
    book, found = slow_book(table), []
    for action, side, px, size, order, flags, _, event in raw(table):
        book.take(action, side, px, size, order)
        if flags & F_LAST:
            (bid, bid_size), (ask, ask_size) = book.rows("B", 1)[0], book.rows("A", 1)[0]
            found.append((event, bid, bid_size, ask, ask_size))
    levels = tuple(np.count_nonzero(book.sizes[side]) for side in "BA")
    return np.array(found, np.int64), levels


def test_the_slow_book_has_the_published_numbers(states):
    every, levels = states
    after, before = every[every[:, 0] >= OPEN_NS], every[every[:, 0] < OPEN_NS]
    spread = (after[:, 3] - after[:, 1]) / 4
    assert (len(after), np.median(spread), spread.max(), (spread <= 0).sum()) == (46_097, 0.25, 1.0, 0)
    assert (before[:, 1] >= before[:, 3]).sum() == 891
    assert every[-1, 1:].tolist() == [4810 * 4, 22, 4810.25 * 4, 28]
    assert levels == (922, 565)


def test_our_book_agrees_with_the_slow_one_after_every_event(table, states):
    every, levels = states
    book, at = mbo.OrderBook(), 0
    for message in mbo.messages(table, table["price"] // QUANTUM):
        book.apply(message)
        if message.flags & F_LAST:
            assert book.top() == (*every[at, 1:].tolist(), BID | ASK)
            at += 1
    assert at == len(every)
    assert (len(book.bids.sizes), len(book.asks.sizes)) == levels
    assert book.n_unknown == 0


@pytest.mark.proof
def test_the_fold_holds_the_true_ten_rows_and_quote_whenever_time_moves(table, reading):
    """The compiled fold is fed what we would record, and compared with the slow book at every stamp of the file."""
    records = reading.streams[0].records.copy()
    records["contract"], records["seq"] = 1, np.arange(1, len(records) + 1)
    market, slot = Market([1]), 0
    book, n_compared = slow_book(table), 0
    truth = None
    messages = list(raw(table))
    behind = np.searchsorted(records["recv_ns"], [message[6] for message in messages], side="right").tolist()
    address, done = address_of(records), 0
    for at, (action, side, px, size, order, flags, recv, _) in enumerate(messages):
        book.take(action, side, px, size, order)
        ends_snapshot = flags & F_SNAPSHOT and not messages[at + 1][5] & F_SNAPSHOT
        if flags & F_LAST or ends_snapshot:
            truth = {"bids": book.rows("B"), "asks": book.rows("A")}
        if truth is None or (at + 1 < len(messages) and messages[at + 1][6] == recv):
            continue
        while done < behind[at]:
            done, _ = market.fold(address, done, behind[at])
        assert market.depth(slot) == truth
        state = market.states[slot]
        assert (state["bid"], state["bsz"], state["ask"], state["asz"]) == (*truth["bids"][0], *truth["asks"][0])
        n_compared += 1
    assert done == len(records)
    assert n_compared > 44_000


def test_prints_have_the_published_volume_and_range(reading):
    records = reading.streams[0].records
    prints = records[records["kind"] == Kind.PRINT]
    assert prints["sz"].sum() == 9_892
    assert (prints["px"].min() / 4, prints["px"].max() / 4) == (4800.25, 4811.75)
    assert set(prints["side"].tolist()) == {-1, 0, 1}


def test_the_first_quote_at_or_after_the_open_is_not_crossed_in_exchange_time(reading):
    records = reading.streams[0].records
    quotes = records[(records["kind"] == Kind.QUOTE) & (records["event_ns"] >= OPEN_NS)]
    assert (quotes["px"] < quotes["px2"]).all()


def test_stamps_never_fall_and_say_when_it_happened(reading):
    records = reading.streams[0].records
    assert (np.diff(records["recv_ns"]) >= 0).all()
    assert (records["event_ns"] <= records["recv_ns"]).all()


def test_a_second_snapshot_replaces_the_first_and_is_not_stacked_on_it(table):
    before = dbn.read(shared("nautilus_databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst")).tables["mbo"]
    alone, _ = mbo.replay(mbo.messages(table, table["price"] // QUANTUM), np.ones(len(table), int))
    both = np.concatenate([before, table])
    stacked, _ = mbo.replay(mbo.messages(both, both["price"] // QUANTUM), np.ones(len(both), int))
    assert np.flatnonzero(stacked["kind"] == Kind.DEPTH_RESET).tolist() == [0, 22]
    assert stacked[22:].tobytes() == alone.tobytes()
    unmarked = both.copy()
    unmarked["flags"][: len(before)] &= 0xFF ^ F_LAST  # the later of the two files ends its snapshot so
    assert mbo.replay(mbo.messages(unmarked, both["price"] // QUANTUM), np.ones(len(both), int))[0].tobytes() == stacked.tobytes()


def test_the_book_is_sent_anew_at_the_head_of_each_log_session(table):
    n = 12_000
    head = table[:n]
    sessions = np.where(np.arange(n) < 9_500, 20231226, 20231227)
    records, _ = mbo.replay(mbo.messages(head, head["price"] // QUANTUM), sessions)
    resets = np.flatnonzero(records["kind"] == Kind.DEPTH_RESET)
    assert len(resets) == 2
    market = Market([1])
    alone = records[resets[1] :].copy()
    alone["contract"], alone["seq"] = 1, np.arange(1, len(alone) + 1)
    whole = Market([1])
    records["contract"], records["seq"] = 1, np.arange(1, len(records) + 1)
    for one, fed in ((market, alone), (whole, records)):
        at = 0
        while at < len(fed):
            at, _ = one.fold(address_of(fed), at, len(fed))
    assert market.depth(0) == whole.depth(0)
    assert market.states["bid"] == whole.states["bid"]


def test_before_the_first_snapshot_only_prints_are_told():
    stream = [
        Message("A", 1, 100, 5, 1, F_LAST, 1, 1),
        Message("T", 1, 101, 2, 0, F_LAST, 2, 2),
        Message("R", 0, 0, 0, 0, F_LAST, 3, 3),
        Message("A", 1, 99, 4, 2, F_LAST, 4, 4),
    ]
    records, count = mbo.replay(stream, np.ones(4, int))
    assert [Kind(kind).name for kind in records["kind"]] == ["PRINT", "DEPTH_RESET", "QUOTE", "QUOTE", "DEPTH_INSERT"]
    assert (count.n_blind, count.n_events) == (2, 2)
    assert records["flags"][2] & (BID | ASK) == 0


def test_a_hole_in_the_feed_is_a_gap_and_the_quote_is_told_again():
    stream = [
        Message("R", 0, 0, 0, 0, F_LAST, 1, 1),
        Message("A", 1, 99, 4, 2, F_LAST, 2, 2),
        Message("A", 1, 98, 4, 3, F_LAST | F_MAYBE_BAD_BOOK, 3, 3),
        Message("A", 1, 97, 4, 4, F_LAST | F_MAYBE_BAD_BOOK, 4, 4),
    ]
    records, _ = mbo.replay(stream, np.ones(4, int))
    kinds = [Kind(kind).name for kind in records["kind"] if kind in (Kind.GAP, Kind.QUOTE)]
    assert kinds == ["QUOTE", "QUOTE", "GAP", "QUOTE"]


PRICES, SIZES, NUMBERS = st.integers(90, 110), st.integers(1, 5), st.integers(1, 40)
STEP = st.tuples(st.sampled_from("AAACMR"), st.sampled_from([1, -1]), PRICES, SIZES, NUMBERS, st.booleans())


@given(st.lists(STEP, max_size=120))
def test_rows_as_sent_always_rebuild_the_true_rows(steps):
    """Any stream at all, orders that are unknown, over-cancelled or added twice among them; the fold's rows are those of the book."""
    stream = [Message("R", 0, 0, 0, 0, F_LAST, 1, 1)]
    for action, side, px, size, order, is_last in steps:
        stream.append(Message(action, side if action != "R" else 0, px, size, order, F_LAST if is_last else 0, len(stream) + 1, 0))
    stream.append(Message("N", 0, 0, 0, 0, F_LAST, len(stream) + 2, 0))
    records, _ = mbo.replay(stream, np.ones(len(stream), int))
    book = mbo.OrderBook()
    for message in stream:
        book.apply(message)
    head = empty(1)
    head["kind"], head["level"], head["px"] = Kind.PHASE, Phase.PREOPEN, 20231226
    fed = np.concatenate([head, records])
    fed["contract"], fed["seq"] = 1, np.arange(1, len(fed) + 1)
    market = Market([1])
    market.fold(address_of(fed), 0, len(fed))
    assert market.depth(0) == {"bids": book.bids.rows(), "asks": book.asks.rows()}
    bid, _, ask, _, sides = book.top()
    assert int(market.states["has"][0]) == sides
    assert (not sides & BID or market.states["bid"][0] == bid) and (not sides & ASK or market.states["ask"][0] == ask)


def test_flags_are_those_of_the_maker():
    assert (databento_dbn.F_LAST, databento_dbn.F_SNAPSHOT, databento_dbn.F_MAYBE_BAD_BOOK) == (128, 32, 4)
