"""The generated market is a market: its records are valid, its books are books, and the same arguments give the same bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.simulation.market_days import CONTRACTS, ES, IWM, NQ, QQQ, RTY, SPY, at, spans_of
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import ASK, BID, EVENT_TIME, PROVENANCE_SHIFT, RECORD, Kind, Phase, Provenance, Records, empty
from workbench.domain.units import MINUTE, MS, SECOND
from workbench.market.fold import Market, address_of
from workbench.market.state import Stop
from workbench.simulation.market import MarketSettings, continued, generate, last_pts

SESSION = 20261119
THIN = MarketSettings(activity=0.05)
TWO_SIDED = BID | ASK | EVENT_TIME | int(Provenance.GENERATED) << PROVENANCE_SHIFT
DEPTH = (Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE)


@pytest.fixture(scope="module")
def thin() -> Records:
    return generate(SESSION, CONTRACTS, spans_of(SESSION), seed=1, settings=THIN)


def of(records: Records, contract: Contract, *kinds: Kind) -> Records:
    mine = records[records["contract"] == contract.id]
    return mine[np.isin(mine["kind"], kinds)] if kinds else mine


def digest(records: Records) -> str:
    return hashlib.sha256(records.tobytes()).hexdigest()


def check_book(records: Records, contract: Contract, rows: int) -> None:
    """Rebuild one contract's book row by row, and hold it against its quotes and prints."""
    book: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    quoted: tuple[int, int, int, int] | None = None
    left: dict[int, int] = {}
    before = 0
    for _, recv, _, px, sz, px2, sz2, _, kind, side, level, _ in of(records, contract).tolist():
        if recv != before and rows and quoted:
            assert (*book[0][0], *book[1][0]) == quoted, f"a change ended at {before} without its quote"
        before = recv
        if kind == Kind.PRINT:
            assert quoted is not None
            assert (px, sz <= left[side]) == (quoted[2] if side > 0 else quoted[0], True)
            continue
        if kind == Kind.QUOTE:
            quoted = (px, sz, px2, sz2)
            left = {1: sz2, -1: sz}
            if rows:
                assert (*book[0][0], *book[1][0]) == quoted
                assert [len(each) for each in book] == [rows, rows]
            continue
        if kind == Kind.DEPTH_RESET:
            book = ([], [])
            continue
        mine = book[side < 0]
        if kind == Kind.DEPTH_INSERT:
            assert level <= len(mine) < rows
            mine.insert(level, (px, sz))
        elif kind == Kind.DEPTH_UPDATE:
            assert level < len(mine)
            mine[level] = (px, sz)
        else:
            assert mine.pop(level)[0] == px
        steps = [side * (better[0] - worse[0]) for better, worse in pairwise(mine)]
        assert all(step > 0 for step in steps), f"a row out of order at {recv}"
        assert not (book[0] and book[1]) or book[0][0][0] < book[1][0][0], f"the sides meet at {recv}"


def test_records_come_in_the_order_in_which_they_were_known(thin: Records) -> None:
    assert thin.dtype == RECORD
    assert (np.diff(thin["recv_ns"]) >= 0).all()
    assert (thin["event_ns"] < thin["recv_ns"]).all()
    assert (thin["recv_ns"] - thin["event_ns"] < 10 * MS).all()
    assert (thin["seq"] == 0).all()


def test_every_record_says_that_it_was_generated_and_when_it_happened(thin: Records) -> None:
    provenance = (thin["flags"] >> PROVENANCE_SHIFT) & 3
    assert (provenance == Provenance.GENERATED).all()
    assert (thin["flags"] & EVENT_TIME != 0).all()
    assert set(np.unique(thin["kind"])) == {Kind.QUOTE, Kind.PRINT, *DEPTH, Kind.DEPTH_RESET}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.root)
def test_quotes_are_two_sided_and_never_crossed_or_locked(thin: Records, contract: Contract) -> None:
    quotes = of(thin, contract, Kind.QUOTE)
    assert len(quotes) > 1000
    assert (quotes["flags"] == TWO_SIDED).all()
    assert (quotes["px"] < quotes["px2"]).all()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.root)
def test_sizes_are_above_zero_and_prices_lie_on_the_order_increment(thin: Records, contract: Contract) -> None:
    mine = of(thin, contract, Kind.QUOTE, Kind.PRINT, *DEPTH)
    assert (mine["sz"] > 0).all()
    assert (mine["px"] % contract.tick == 0).all()
    quotes = of(thin, contract, Kind.QUOTE)
    assert (quotes["sz2"] > 0).all()
    assert (quotes["px2"] % contract.tick == 0).all()


def test_sizes_shown_are_whole_lots_and_rows_say_their_side(thin: Records) -> None:
    for side in ("sz", "sz2"):
        assert not (of(thin, SPY, Kind.QUOTE)[side] % 100).any()
    assert set(of(thin, ES, *DEPTH)["side"]) == {1, -1} == set(of(thin, ES, Kind.PRINT)["side"])


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.root)
def test_the_book_rebuilt_from_its_rows_is_ordered_and_begins_with_the_quote(thin: Records, contract: Contract) -> None:
    check_book(thin, contract, THIN.rows)


@settings(max_examples=40)
@given(
    rows=st.integers(0, 10), seed=st.integers(0, 2**63), activity=st.floats(0.05, 3.0), vol=st.floats(0.001, 0.06),
    jumps=st.sampled_from([0.0, 2.0, 3000.0]), contract=st.sampled_from(CONTRACTS),
)  # fmt: skip
def test_a_book_stays_a_book_in_any_market(rows: int, seed: int, activity: float, vol: float, jumps: float, contract: Contract) -> None:
    opening = at(SESSION, "09:30")
    spans = {contract.id: [(opening - MINUTE, opening, Phase.ETH), (opening, opening + 2 * MINUTE, Phase.RTH)]}
    wild = MarketSettings(rows=rows, activity=activity, day_vol_frac=vol, jumps_per_day=jumps)
    records = generate(SESSION, [contract], spans, seed=seed, settings=wild)
    assert (np.diff(records["recv_ns"]) >= 0).all()
    assert records["recv_ns"][-1] < opening + 2 * MINUTE
    check_book(records, contract, rows)


def test_the_fold_finds_nothing_wrong_with_it(thin: Records) -> None:
    phases = empty(sum(len(each) for each in spans_of(SESSION).values()))
    rows = [(start, contract, phase) for contract, each in spans_of(SESSION).items() for start, _, phase in each]
    phases["recv_ns"], phases["contract"], phases["level"] = np.array(rows).T
    phases["kind"], phases["px"] = Kind.PHASE, SESSION
    log = np.concatenate([phases, thin])
    log = log[np.argsort(log["recv_ns"], kind="stable")]
    log["seq"] = np.arange(1, len(log) + 1)
    market, at_record, bars = Market([each.id for each in CONTRACTS]), 0, []
    while at_record < len(log):
        at_record, stop = market.fold(address_of(log), at_record, len(log))
        bars += [market.bars[market.bars["t_end"] > 0].copy()] if stop == Stop.BARRIER else []
    seen = np.concatenate(bars)
    assert [int(seen[name].sum()) for name in ("n_crossed", "n_late", "n_back", "n_outlier")] == [0, 0, 0, 0]
    assert seen["volume"].sum() == thin["sz"][thin["kind"] == Kind.PRINT].sum()


def test_there_are_no_records_while_a_contract_is_closed(thin: Records) -> None:
    for contract in CONTRACTS:
        mine = of(thin, contract)["recv_ns"]
        inside = np.zeros(len(mine), bool)
        for start, end, phase in spans_of(SESSION)[contract.id]:
            is_here = (mine >= start) & (mine < end)
            assert phase != Phase.MAINTENANCE or not is_here.any()
            inside |= is_here
        assert inside.all()


def test_a_session_without_an_open_contract_has_no_records() -> None:
    closed = {ES.id: [(at(SESSION, "17:00"), at(SESSION, "18:00"), Phase.MAINTENANCE)]}
    assert len(generate(SESSION, [ES, SPY], closed, seed=1)) == 0


def test_every_opening_sends_the_whole_book_before_its_first_quote(thin: Records) -> None:
    for start, _, phase in spans_of(SESSION)[ES.id]:
        mine = of(thin, ES)
        first = mine[np.searchsorted(mine["recv_ns"], start) :][: 2 * THIN.rows + 2]
        if phase != Phase.MAINTENANCE:
            assert first["kind"].tolist() == [Kind.DEPTH_RESET] + [Kind.DEPTH_INSERT] * 2 * THIN.rows + [Kind.QUOTE]
            assert len(set(first["recv_ns"])) == 1
            assert first["recv_ns"][0] - start < SECOND


def test_a_holiday_without_regular_hours_is_thin_all_day(thin: Records) -> None:
    spans = {ES.id: [(at(SESSION, "18:00", -1), at(SESSION, "13:00"), Phase.ETH)]}
    holiday = generate(SESSION, [ES], spans, seed=1, settings=THIN)
    assert 0 < len(holiday) < len(of(thin, ES)) / 2


def test_the_same_arguments_give_the_same_bytes(thin: Records) -> None:
    assert digest(generate(SESSION, CONTRACTS, spans_of(SESSION), seed=1, settings=THIN)) == digest(thin)


def test_the_bytes_do_not_depend_on_the_hash_seed(thin: Records) -> None:
    code = (
        "import hashlib\n"
        "from tests.simulation.market_days import CONTRACTS, spans_of\n"
        "from workbench.simulation.market import MarketSettings, generate\n"
        f"records = generate({SESSION}, CONTRACTS, spans_of({SESSION}), seed=1, settings=MarketSettings(activity=0.05))\n"
        "print(hashlib.sha256(records.tobytes()).hexdigest())"
    )
    for seed in ("0", "4711"):
        ran = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, cwd=Path(__file__).parents[2],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert ran.stdout.strip() == digest(thin)


def test_another_seed_or_another_session_is_another_market() -> None:
    opening = at(SESSION, "09:30")
    spans = {ES.id: [(opening, opening + 10 * MINUTE, Phase.RTH)]}
    runs = [generate(session, [ES], spans, seed=seed, settings=THIN) for session, seed in ((SESSION, 1), (SESSION, 2), (20261118, 1))]
    assert len({digest(each) for each in runs}) == 3


def test_a_contract_does_not_depend_on_the_others_of_its_hours(thin: Records) -> None:
    alone = generate(SESSION, [ES, SPY], spans_of(SESSION), seed=1, settings=THIN)
    for contract in (ES, SPY):
        assert digest(of(alone, contract)) == digest(of(thin, contract))


def test_activity_scales_the_records_and_leaves_the_prices(thin: Records) -> None:
    busier = generate(SESSION, CONTRACTS, spans_of(SESSION), seed=1, settings=replace(THIN, activity=0.2))
    assert 3.0 < len(busier) / len(thin) < 4.2
    for contract in CONTRACTS:
        here, there = last_pts(busier, contract), last_pts(thin, contract)
        assert here == pytest.approx(there, rel=4e-3)  # thin quotes are old quotes


def test_a_session_begins_near_the_price_it_was_given(thin: Records) -> None:
    for contract, pts in ((ES, 6000.0), (NQ, 21000.0), (RTY, 2300.0), (SPY, 600.0), (QQQ, 510.3), (IWM, 227.7)):
        assert contract.to_pts(int(of(thin, contract, Kind.QUOTE)["px"][0])) == pytest.approx(pts, rel=0.02)
    assert ES.to_pts(int(of(thin, ES, Kind.QUOTE)["px"][0])) == pytest.approx(6000.0, abs=1.0)


def test_the_next_session_goes_on_where_the_last_one_ended(thin: Records) -> None:
    after = continued(THIN, thin, CONTRACTS)
    spans = {ES.id: [(at(20261120, "18:00", -1), at(20261120, "18:30", -1), Phase.ETH)]}
    following = generate(20261120, [ES], spans, seed=1, settings=after)
    first = ES.to_pts(int(of(following, ES, Kind.QUOTE)["px"][0]))
    assert first == pytest.approx(last_pts(thin, ES), abs=1.0)
    assert after.roots["SPY"] == THIN.roots["SPY"]


def test_what_cannot_be_generated_is_refused_with_its_reason() -> None:
    spans = spans_of(SESSION)
    with pytest.raises(ConfigError, match="no shape for root CL; there are ES, IWM"):
        generate(SESSION, [replace(ES, root="CL")], spans, seed=1)
    with pytest.raises(ConfigError, match="below 500 order increments"):
        generate(SESSION, [replace(ES, order_increment="25")], spans, seed=1)
    with pytest.raises(DataError, match="overlaps the one before"):
        generate(SESSION, [ES], {ES.id: [spans[ES.id][1], spans[ES.id][0]]}, seed=1)
    with pytest.raises(ConfigError, match="activity must be above 0"):
        MarketSettings(activity=0.0)
    with pytest.raises(ConfigError, match="SPY follows CL, which has no price of its own"):
        MarketSettings().with_root("SPY", leader="CL")
