"""Snapshots of a log: on the grid, what was known before it, nothing over a gap, the same however the log is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.world import SESSION, market
from workbench import calendars
from workbench.config import load_roots
from workbench.domain.contracts import Contract
from workbench.domain.events import ContractTold, VolatilityTold
from workbench.domain.records import ASK, BID, Kind, Phase, Records, empty
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.market.sessions import weave
from workbench.market.snapshots import EVERY_NS, Snapshot, Snapshots

ES = load_roots()["ES"].contract(1, "2026-12-18")
OPEN_NS = calendars.session_bounds(SESSION)[0]


def made(*rows: tuple[int, Kind, dict[str, int]], first_ns: int = OPEN_NS - 10 * MINUTE, last_ns: int) -> Records:
    """A log of ES with phases and whole seconds, and these records, (ns, kind, fields), between."""
    records = empty(len(rows))
    for at, (ns, kind, fields) in enumerate(rows):
        records[at]["recv_ns"], records[at]["kind"], records[at]["contract"] = ns, kind, ES.id
        for name, value in fields.items():
            records[at][name] = value
    phases = calendars.phase_records(ES, first_ns, last_ns)
    woven = weave(records, phases, first_ns=first_ns, last_ns=last_ns)
    woven["seq"] = np.arange(1, len(woven) + 1)
    return woven


def quote(ns: int, px: int) -> tuple[int, Kind, dict[str, int]]:
    return ns, Kind.QUOTE, {"px": px, "sz": 3, "px2": px + 1, "sz2": 4, "flags": BID | ASK}


def printed(ns: int, px: int, sz: int = 1) -> tuple[int, Kind, dict[str, int]]:
    return ns, Kind.PRINT, {"px": px, "sz": sz}


def at(rows: list[Snapshot], ns: int) -> Snapshot:
    [found] = [row for row in rows if row.ns == ns]
    return found


@pytest.mark.covers("S1-03", "S1-12")
def test_a_row_says_what_was_known_before_its_moment_and_none_is_made_while_closed() -> None:
    t = OPEN_NS + 5 * MINUTE
    log = made(quote(OPEN_NS + SECOND, 24_000), printed(OPEN_NS + 2 * SECOND, 24_001, 7), quote(t, 25_000), last_ns=t + 6 * MINUTE)
    rows = Snapshots([ES]).take(log)
    assert [row.ns for row in rows] == [t, t + 5 * MINUTE]  # the open itself has none, nor the minutes before
    first = rows[0]
    assert (first.symbol, first.session, first.phase) == ("ESZ6", SESSION, Phase.ETH)
    assert (first.bid_pts, first.bid_size, first.ask_pts, first.ask_size) == (6000.0, 3.0, 6000.25, 4.0)
    assert (first.last_pts, first.volume, first.quality_frac) == (6000.25, 7.0, round(299 / 300, 4))
    assert (first.open_interest, first.implied_vol_frac, first.change_1h_pct) == (None, None, None)
    assert rows[1].bid_pts == 6250.0


@pytest.mark.covers("S1-04")
def test_changes_are_held_against_what_was_known_then() -> None:
    close_ns = calendars.session_bounds(SESSION)[1]
    regular = [span for span in calendars.around(ES.calendar, [OPEN_NS, close_ns + 4 * HOUR]).spans if span.phase is Phase.RTH]
    rth = next(span for span in regular if span.session == SESSION)
    next_open = close_ns + HOUR
    prints = [printed(OPEN_NS + 1, 20_000), printed(rth.start_ns - HOUR, 20_200), printed(rth.start_ns + 1, 20_400)]
    prints += [printed(rth.end_ns - 1, 20_800), printed(next_open + 30 * MINUTE, 21_008)]
    rows = Snapshots([ES]).take(made(*prints, last_ns=next_open + 2 * HOUR))
    before_open, after_open = at(rows, rth.start_ns), at(rows, rth.start_ns + 5 * MINUTE)
    assert before_open.change_session_pct == 1.0 and after_open.change_session_pct == 2.0
    assert after_open.change_1h_pct == 0.9901 and after_open.change_4h_pct == 2.0
    assert before_open.change_overnight_pct is None  # no regular hours were over yet
    night = at(rows, next_open + 35 * MINUTE)
    assert night.change_overnight_pct == 1.0 and night.change_session_pct == 0.0 and night.volume == 1.0
    assert night.change_1h_pct == 1.0  # the close, while nothing traded
    assert at(rows, close_ns).ns == close_ns and not [row for row in rows if close_ns < row.ns <= next_open]


def test_over_a_gap_nothing_is_known_until_it_is_told_again() -> None:
    t = OPEN_NS + 10 * MINUTE
    gap = (t, Kind.GAP, {})
    log = made(quote(OPEN_NS + 1, 24_000), printed(OPEN_NS + 2, 24_000, 5), gap, quote(t + 6 * MINUTE, 24_004), last_ns=t + 11 * MINUTE)
    before, during, after = (at(Snapshots([ES]).take(log), t + minutes * MINUTE) for minutes in (0, 5, 10))
    assert before.last_pts == 6000.0 and before.volume == 5.0 and before.quality_frac == 1.0
    assert (during.bid_pts, during.last_pts, during.volume, during.change_session_pct, during.quality_frac) == (None, None, None, None, 0.0)
    assert after.bid_pts == 6001.0 and after.last_pts is None and after.volume is None and after.quality_frac == 0.8


@pytest.mark.covers("S1-03")
def test_what_the_broker_tells_of_a_contract_stands_in_the_rows_from_then_on() -> None:
    t = OPEN_NS + 5 * MINUTE
    log = made(printed(OPEN_NS + 1, 24_000, 5), printed(t + 1, 24_000, 3), last_ns=t + 6 * MINUTE)
    snapshots, cut = Snapshots([ES]), int(log["recv_ns"].searchsorted(t - SECOND))
    rows = snapshots.take(log[:cut])
    for event in (ContractTold(1, 2_000_000, 900), ContractTold(1, None, 898), VolatilityTold(1, 180_000)):  # it never falls
        snapshots.hear(event)
    rows += snapshots.take(log[cut:])
    assert [(row.open_interest, row.volume, row.implied_vol_frac) for row in rows] == [(2_000_000, 900.0, 0.18), (2_000_000, 903.0, 0.18)]


def test_a_log_that_begins_within_a_session_knows_neither_its_volume_nor_its_first_price() -> None:
    t = OPEN_NS + 5 * HOUR
    [row] = Snapshots([ES]).take(made(printed(t + 1, 24_000, 5), first_ns=t, last_ns=t + 6 * MINUTE))
    assert row.last_pts == 6000.0 and (row.volume, row.change_session_pct) == (None, None)


def test_where_nobody_ran_there_is_no_row() -> None:
    late = OPEN_NS + 3 * HOUR
    one = made(quote(OPEN_NS + 1, 24_000), printed(OPEN_NS + 2, 24_000), last_ns=OPEN_NS + 6 * MINUTE)
    other = made(quote(late + SECOND, 24_100), first_ns=late, last_ns=late + 6 * MINUTE)
    other["seq"] += 10_000
    rows = Snapshots([ES]).take(np.concatenate([one, other]))
    assert [row.ns for row in rows] == [OPEN_NS + 5 * MINUTE, late + 5 * MINUTE]
    assert rows[1].bid_pts == 6025.0 and rows[1].last_pts is None and rows[1].change_1h_pct is None


def test_rows_of_before_are_enough_to_go_on() -> None:
    close_ns = calendars.session_bounds(SESSION)[1]
    prints = [printed(OPEN_NS + n * HOUR, 24_000 + 10 * n) for n in range(1, 22)]
    log = made(*prints, printed(close_ns + HOUR + 1, 24_500), last_ns=close_ns + 3 * HOUR)
    whole = Snapshots([ES]).take(log)
    later = Snapshots([ES])
    later.remember(row for row in whole if row.ns <= close_ns)
    rest = made(printed(close_ns + HOUR + 1, 24_500), first_ns=close_ns + 1, last_ns=close_ns + 3 * HOUR)
    assert [row._replace(seq=0) for row in later.take(rest)] == [row._replace(seq=0) for row in whole if row.ns > close_ns]
    assert whole[-1].change_overnight_pct is not None and whole[-1].change_4h_pct is not None


@pytest.fixture(scope="module")
def day() -> tuple[tuple[Contract, ...], Records]:
    return market(("ES", "SPY"), 30, 7, 0.1)


@given(st.lists(st.integers(1, 4_000), max_size=8))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_however_a_log_is_cut_its_rows_are_the_same(day: tuple[tuple[Contract, ...], Records], cuts: list[int]) -> None:
    contracts, records = day
    whole = Snapshots(contracts, MINUTE).take(records)
    pieces = Snapshots(contracts, MINUTE)
    made_ = [row for part in np.split(records, sorted({each for each in cuts if each < len(records)})) for row in pieces.take(part)]
    assert made_ == whole and {row.symbol for row in whole} == {"ESZ6", "SPY"}
    assert all(0 <= row.quality_frac <= 1 for row in whole)


def test_the_grid_is_five_minutes() -> None:
    assert EVERY_NS == 5 * MINUTE
