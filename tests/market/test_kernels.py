"""The compiled fold against a slow twin in plain Python, and each sentence of its rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.market.reference import slow_fold
from workbench.domain.bars import BROKEN, GAPPED, RICH
from workbench.domain.errors import InvariantError
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Phase, Provenance, Records, empty, provenance_flag
from workbench.domain.units import BAR_NS, SECOND
from workbench.market import quality
from workbench.market.fold import Market
from workbench.market.state import Stop, WatchOn

IDS = [3, 7, 9]
COMPARED = [name for name in RICH.names if name not in ("quality", "n_outlier")]


def tape(*rows: dict[str, int]) -> Records:
    """Make records of keyword rows; seq is counted, recv_ns kept."""
    records = empty(len(rows))
    for at, row in enumerate(rows):
        for name, value in row.items():
            records[name][at] = value
    records["seq"] = np.arange(1, len(rows) + 1)
    return records


def opened(contract: int = 3, at: int = 0, level: Phase = Phase.RTH) -> dict[str, int]:
    return dict(recv_ns=at, contract=contract, kind=Kind.PHASE, level=level, px=20261120)


def quote(at: int, bid: int, ask: int, contract: int = 3, sz: int = 5, sz2: int = 5, flags: int = BID | ASK) -> dict[str, int]:
    return dict(recv_ns=at, contract=contract, kind=Kind.QUOTE, px=bid, sz=sz, px2=ask, sz2=sz2, flags=flags)


def trade(at: int, px: int, sz: int = 1, contract: int = 3, side: int = 1) -> dict[str, int]:
    return dict(recv_ns=at, contract=contract, kind=Kind.PRINT, px=px, sz=sz, side=side)


def stops(market: Market, records: Records, cuts: list[int] | None = None) -> list[tuple[int, str, list[dict[str, int]]]]:
    """Fold records cut at `cuts`; give (cause seq, stop, bars closed) of each stop."""
    out = []
    for start, end in zip([0, *(cuts or [])], [*(cuts or []), len(records)], strict=True):
        i = start
        while True:
            i, stop = market.fold(records.ctypes.data, i, end)
            if stop == Stop.END:
                break
            bars = [{name: int(bar[name]) for name in COMPARED} for bar in market.bars if bar["t_end"]] if stop == Stop.BARRIER else []
            out.append((int(market.clock["cause_seq"][0]), Stop(stop).name, bars))
    return out


rows = st.one_of(
    st.builds(
        quote, st.just(0), st.integers(-5, 5), st.integers(-3, 9), st.sampled_from(IDS),
        st.integers(1, 9), st.integers(1, 9), st.integers(0, 3),
    ),
    st.builds(trade, st.just(0), st.integers(-5, 9), st.integers(1, 50), st.sampled_from(IDS), st.sampled_from([-1, 0, 1])),
    st.builds(
        lambda contract, kind, side, level, px, sz: dict(contract=contract, kind=kind, side=side, level=level, px=px, sz=sz),
        st.sampled_from(IDS),
        st.sampled_from([Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET]),
        st.sampled_from([1, -1]),
        st.just(0), st.integers(1, 9), st.integers(1, 99),
    ),
    st.builds(lambda contract: dict(contract=contract, kind=Kind.GAP), st.sampled_from(IDS)),
    st.builds(opened, st.sampled_from(IDS), st.just(0), st.sampled_from(list(Phase))),
    st.just(dict(kind=Kind.TIME)),
)  # fmt: skip
steps = st.lists(
    st.tuples(rows, st.one_of(st.integers(0, 1000), st.integers(0, 3 * SECOND), st.integers(0, 40 * SECOND)), st.integers(0, 9 * SECOND)),
    min_size=1,
    max_size=80,
)


def timed(drawn: list[tuple[dict[str, int], int, int]]) -> Records:
    records, now = tape(*(row for row, _, _ in drawn)), 10**15
    for at, (_, gap, age) in enumerate(drawn):
        now += gap
        records["recv_ns"][at], records["event_ns"][at] = now, now - age
        if records["kind"][at] in (Kind.QUOTE, Kind.PRINT) and age % 2:
            records["flags"][at] |= EVENT_TIME
    return records


@settings(max_examples=300, derandomize=True, deadline=None)
@given(steps, st.lists(st.integers(0, 80), max_size=6))
def test_bars_equal_those_of_the_slow_twin_for_any_chunking(drawn: list[tuple[dict[str, int], int, int]], cuts: list[int]) -> None:
    records = timed(drawn)
    at = sorted({cut for cut in cuts if cut <= len(records)})
    made = [(seq, bars[0]["t_end"], bars) for seq, stop, bars in stops(Market(IDS), records, at) if stop == "BARRIER"]
    expected = [(seq, end, [{name: bar[name] for name in COMPARED} for bar in bars]) for seq, end, bars in slow_fold(records, IDS)]
    assert made == expected


@settings(max_examples=50, derandomize=True, deadline=None)
@given(steps)
def test_the_state_after_one_record_at_a_time_equals_the_state_after_all_at_once(drawn: list[tuple[dict[str, int], int, int]]) -> None:
    records, whole, single = timed(drawn), Market(IDS), Market(IDS)
    stops(whole, records)
    stops(single, records, list(range(1, len(records))))
    assert whole.snapshot() == single.snapshot()


def test_the_first_record_of_any_contract_closes_the_bars_of_all_before_it_is_consumed() -> None:
    records = tape(opened(3), opened(7), trade(1, 100), trade(2, 50, contract=7), trade(BAR_NS, 999, contract=7))
    [(seq, stop, bars)] = stops(Market([3, 7]), records)
    assert (seq, stop) == (5, "BARRIER")
    assert [(bar["contract"], bar["close"]) for bar in bars] == [(3, 100), (7, 50)]


def test_a_silence_makes_one_barrier_for_each_boundary_and_empty_bars() -> None:
    records = tape(opened(), trade(1, 100), trade(3 * BAR_NS + 1, 101))
    made = stops(Market([3]), records)
    assert [(seq, bars[0]["t_end"] // BAR_NS, bars[0]["n"]) for seq, _, bars in made] == [(3, 1, 1), (3, 2, 0), (3, 3, 0)]


def test_while_every_contract_is_closed_there_is_no_barrier_and_the_grid_jumps() -> None:
    records = tape(
        opened(), trade(1, 100), opened(at=BAR_NS, level=Phase.CLOSED), trade(50 * BAR_NS, 7), opened(at=60 * BAR_NS), trade(61 * BAR_NS, 8)
    )
    assert [(seq, bars[0]["t_end"] // BAR_NS) for seq, _, bars in stops(Market([3]), records)] == [(3, 1), (6, 61)]


def test_an_opening_begins_a_broken_bar_and_forgets_the_quote() -> None:
    market = Market([3])
    records = tape(opened(level=Phase.PREOPEN), quote(1, 10, 9), opened(at=2), quote(BAR_NS, 10, 11))
    [(_, _, bars)] = stops(market, records)
    assert bars[0]["flags"] & BROKEN and bars[0]["has"] == 0 and bars[0]["n"] == 0


def gapped(*rows: dict[str, int]) -> list[int]:
    """Number the bars of contract 3 that are gapped, by their ends."""
    closed = [bars[0] for _, _, bars in stops(Market([3]), tape(*rows))]
    return [bar["t_end"] // BAR_NS for bar in closed if bar["flags"] & GAPPED]


def lost(at: int) -> dict[str, int]:
    return dict(recv_ns=at, contract=3, kind=Kind.GAP)


@pytest.mark.covers("S4-21")
def test_bars_are_gapped_from_a_gap_to_the_bar_in_which_the_contract_is_heard_again() -> None:
    before = opened(), quote(1, 10, 11), quote(BAR_NS + 1, 10, 11)
    assert gapped(*before, lost(BAR_NS + 2), quote(4 * BAR_NS + 1, 10, 11), quote(9 * BAR_NS, 10, 11)) == [2, 3, 4, 5]
    assert gapped(*before, lost(BAR_NS + 2), quote(BAR_NS + 3, 10, 11), quote(9 * BAR_NS, 10, 11)) == [2]
    assert gapped(*before, quote(9 * BAR_NS, 10, 11)) == []


def test_a_gap_of_closed_time_is_none_if_the_first_bar_behind_the_opening_brings_something() -> None:
    before = opened(), quote(1, 10, 11), opened(at=BAR_NS, level=Phase.CLOSED), lost(BAR_NS + 1), opened(at=5 * BAR_NS)
    assert gapped(*before, quote(5 * BAR_NS + 1, 10, 11), quote(9 * BAR_NS, 10, 11)) == []
    assert gapped(*before, quote(7 * BAR_NS + 1, 10, 11), quote(9 * BAR_NS, 10, 11)) == [6, 7, 8]
    assert gapped(*before, lost(5 * BAR_NS + 1), quote(5 * BAR_NS + 2, 10, 11), quote(9 * BAR_NS, 10, 11)) == [6]


def test_between_two_open_phases_nothing_is_lost() -> None:
    records = tape(opened(level=Phase.ETH), trade(1, 5), opened(at=BAR_NS), quote(BAR_NS + 1, 4, 6), trade(2 * BAR_NS, 6))
    bars = [bars[0] for _, _, bars in stops(Market([3]), records)]
    assert [bar["phase"] for bar in bars] == [Phase.ETH, Phase.RTH] and not bars[1]["flags"] & BROKEN


def test_a_watch_stops_behind_its_record_and_fires_once() -> None:
    market = Market([3])
    assert market.set_watch(0, WatchOn.BID, 12, +1) == 0
    records = tape(opened(), quote(1, 10, 11), quote(2, 12, 13), quote(3, 14, 15))
    assert [(seq, stop) for seq, stop, _ in stops(market, records)] == [(3, "WATCH")]
    assert market.fired() == (0, 1)


def test_all_watches_that_one_record_touches_come_in_one_stop_and_a_passed_level_fires_at_the_next_price() -> None:
    market = Market([3])
    for on, px, way in ((WatchOn.PRINT, 90, +1), (WatchOn.PRINT, 200, -1), (WatchOn.PRINT, 101, +1)):
        market.set_watch(0, on, px, way)
    assert [seq for seq, _, _ in stops(market, tape(opened(), trade(1, 100), trade(2, 101)))] == [2, 3]


def test_a_full_table_of_watches_says_so() -> None:
    market = Market([3])
    taken = [market.set_watch(0, WatchOn.PRINT, 10_000 + n, 1) for n in range(9)]
    assert taken == [0, 1, 2, 3, 4, 5, 6, 7, None]
    market.clear_watch(0, 4)
    assert market.set_watch(0, WatchOn.PRINT, 5, 1) == 4


def test_an_imported_bar_of_two_records_counts_in_the_rich_bar_in_which_it_arrives() -> None:
    first = dict(recv_ns=1, contract=3, kind=Kind.BAR, level=0, px=100, px2=110, sz=50, sz2=7)
    second = dict(recv_ns=1, contract=3, kind=Kind.BAR, level=1, px=95, px2=105, sz=5150)
    [(_, _, [bar])] = stops(Market([3]), tape(opened(), first, second, trade(BAR_NS, 1)))
    assert [bar[name] for name in ("open", "high", "low", "close", "volume", "pv", "n_print")] == [100, 110, 95, 105, 50, 5150, 7]


def test_a_bar_of_history_stops_the_fold_with_the_bar_and_moves_no_market() -> None:
    market, past = Market([3]), provenance_flag(Provenance.HISTORY)
    first = dict(recv_ns=9, event_ns=0, contract=3, kind=Kind.BAR, level=0, px=100, px2=110, sz=50, sz2=7, flags=past)
    second = dict(recv_ns=9, event_ns=60 * SECOND, contract=3, kind=Kind.BAR, level=1, px=95, px2=105, sz=5150, sz2=20261119, flags=past)
    made = stops(market, tape(first, second))
    assert [stop for _, stop, _ in made] == ["HISTORY"]
    past_bar = market.states["past"][0]
    assert (past_bar["close"], past_bar["t_end"], past_bar["session"]) == (105, 60 * SECOND, 20261119)
    assert market.fired() == (0, 60 * SECOND)  # the slot, and how long the bar was
    assert market.states["bar"][0]["volume"] == 0


@pytest.mark.parametrize(
    "row",
    [dict(recv_ns=5, contract=4, kind=Kind.PRINT), dict(recv_ns=5, contract=3, kind=77), dict(recv_ns=-5, contract=3, kind=Kind.PRINT)],
)
def test_a_record_that_cannot_be_of_this_log_breaks_an_invariant(row: dict[str, int]) -> None:
    with pytest.raises(InvariantError, match="the log is not one"):
        stops(Market([3]), tape(opened(), row))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(steps)
def test_the_compiled_quality_equals_the_explained_one(drawn: list[tuple[dict[str, int], int, int]]) -> None:
    market, records = Market(IDS), timed(drawn)
    i = 0
    while True:
        i, stop = market.fold(records.ctypes.data, i, len(records))
        if stop == Stop.END:
            break
        for bar in market.bars[market.bars["t_end"] > 0]:
            assert quality.score(bar) == bar["quality"]


def test_depth_rows_move_as_the_venue_sent_them() -> None:
    def row(kind: Kind, level: int, px: int, sz: int, side: int = 1) -> dict[str, int]:
        return dict(recv_ns=1, contract=3, kind=kind, level=level, px=px, sz=sz, side=side)

    market = Market([3])
    stops(
        market,
        tape(
            row(Kind.DEPTH_INSERT, 0, 100, 5),
            row(Kind.DEPTH_INSERT, 0, 101, 7),
            row(Kind.DEPTH_UPDATE, 1, 100, 9),
            row(Kind.DEPTH_DELETE, 0, 0, 0),
        ),
    )
    assert market.depth(0) == {"bids": [(100, 9)], "asks": []}
