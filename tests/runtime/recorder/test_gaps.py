"""Gaps: from the last record before to the first behind, only while a contract trades, and each for its own reason."""

from __future__ import annotations

import numpy as np
import pytest

from tests.replay.world import SESSION
from workbench import calendars
from workbench.config import load_roots
from workbench.domain.events import AnyEvent, Arrival, ConnectionChanged, ContractDefined, RunStarted, StreamChanged
from workbench.domain.records import ASK, BID, Kind, Records, empty
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.runtime.recorder.gaps import FIRST, LINE, MARKET, NOBODY, NOTICED_NS, QUOTES, Gap, Gaps
from workbench.runtime.recorder.missing import stretches

ROOTS = load_roots()
ES, H7, SPY = ROOTS["ES"].contract(1, "2026-12-18"), ROOTS["ES"].contract(2, "2027-03-19"), ROOTS["SPY"].contract(3)
OPEN_NS, CLOSE_NS = calendars.session_bounds(SESSION)


def log(first_ns: int, last_ns: int, *rows: tuple[int, Kind, int]) -> Records:
    """Whole seconds, and records (ns, kind, contract) between them."""
    seconds = [(ns, Kind.TIME, 0) for ns in range(-(-first_ns // SECOND) * SECOND, last_ns + 1, SECOND)]
    listed = sorted([*seconds, *rows], key=lambda row: row[0])
    records = empty(len(listed))
    records["recv_ns"], records["kind"], records["contract"] = ([row[at] for row in listed] for at in range(3))
    return records


def said(gaps: Gaps, *events: AnyEvent, at_ns: int = 0) -> list[Gap]:
    return [gap for event in events for gap in gaps.hear(Arrival(0, 1, at_ns, event))]


def begun(*contracts: object) -> Gaps:
    gaps = Gaps(stretches)
    said(gaps, RunStarted("record", "r", {}), *(ContractDefined(each) for each in contracts))
    return gaps


@pytest.mark.covers("S4-12")
def test_data_is_missing_from_the_last_record_to_the_next_quote() -> None:
    t, gaps = OPEN_NS + HOUR, begun(ES)
    gaps.take(log(OPEN_NS - MINUTE, OPEN_NS + MINUTE))
    said(gaps, ConnectionChanged(False, "socket closed"))
    found = gaps.take(log(OPEN_NS + MINUTE, OPEN_NS + MINUTE))
    rows = [(t, Kind.QUOTE, 1), (t + 5 * SECOND, Kind.GAP, 1), (t + 9 * SECOND, Kind.GAP, 1), (t + 20 * SECOND, Kind.PRINT, 1)]
    found += gaps.take(log(OPEN_NS + MINUTE, t + MINUTE, *rows))
    assert found == [Gap(t, t + 20 * SECOND, 1, "ESZ6", MARKET, "socket closed")] and gaps.lost == {}


def test_a_blink_is_no_gap_and_one_that_lasts_is_known_as_lost() -> None:
    t, gaps = OPEN_NS + HOUR, begun(ES)
    gaps.take(log(OPEN_NS - MINUTE, t, (t, Kind.QUOTE, 1)))
    assert gaps.take(log(t, t + MINUTE, (t + 1, Kind.GAP, 1), (t + SECOND // 2, Kind.QUOTE, 1))) == []
    gaps.take(log(t + MINUTE, t + 2 * MINUTE, (t + MINUTE, Kind.GAP, 1)))
    assert gaps.lost == {1: (t + SECOND // 2, "its stream was lost")}


@pytest.mark.covers("S1-06", "S4-12")
def test_while_nobody_ran_only_time_of_trading_is_missing() -> None:
    gaps, before, after = begun(ES, SPY), CLOSE_NS - HOUR, CLOSE_NS + 3 * HOUR
    gaps.take(log(OPEN_NS - MINUTE, OPEN_NS))
    gaps.take(log(OPEN_NS, before, (before, Kind.QUOTE, 1), (before, Kind.QUOTE, 3)))
    found = gaps.take(log(after, after + MINUTE, (after + SECOND, Kind.QUOTE, 1)))
    assert found == [
        Gap(before, CLOSE_NS, 1, "ESZ6", MARKET, NOBODY),
        Gap(CLOSE_NS + HOUR, after + SECOND, 1, "ESZ6", MARKET, NOBODY),
    ]  # between them lies the hour of maintenance
    found = gaps.take(log(after + MINUTE, after + HOUR, (after + 13 * MINUTE, Kind.QUOTE, 3)))
    assert [(gap.symbol, gap.began_ns) for gap in found] == [("SPY", before)]


def test_a_week_away_is_a_gap_for_each_session() -> None:
    gaps, after = begun(ES), calendars.session_bounds(20261125)[0] + HOUR
    gaps.take(log(OPEN_NS - MINUTE, OPEN_NS + HOUR, (OPEN_NS + HOUR, Kind.QUOTE, 1)))
    found = gaps.take(log(after, after, (after, Kind.QUOTE, 1)))
    sessions = [int(calendars.log_session(gap.ended_ns)) for gap in found]
    assert sessions == [20261119, 20261120, 20261123, 20261124, 20261125] and found[0].began_ns == OPEN_NS + HOUR


def test_what_is_seen_for_the_first_time_within_a_session_lacks_its_beginning() -> None:
    t, gaps = OPEN_NS + 5 * HOUR, begun(ES)
    assert gaps.take(log(t, t, (t + 1, Kind.QUOTE, 1))) == [Gap(OPEN_NS, t + 1, 1, "ESZ6", MARKET, FIRST)]
    fresh = begun(ES)
    assert fresh.take(log(OPEN_NS - HOUR, OPEN_NS, (OPEN_NS, Kind.QUOTE, 1))) == []  # it was there before the opening


@pytest.mark.covers("S1-05")
def test_a_month_that_leads_no_more_is_not_missing() -> None:
    gaps = begun(ES)
    gaps.take(log(OPEN_NS - MINUTE, CLOSE_NS, (CLOSE_NS - 1, Kind.QUOTE, 1)))
    said(gaps, RunStarted("record", "r", {}), ContractDefined(H7))
    late = CLOSE_NS + 2 * HOUR
    assert [gap.symbol for gap in gaps.take(log(late, late, (late, Kind.QUOTE, 2), (late, Kind.QUOTE, 1)))] == ["ESH7"]


def test_a_stream_that_flowed_and_did_not_is_missing_by_itself() -> None:
    t, gaps = OPEN_NS + HOUR, begun(ES)
    assert said(gaps, StreamChanged(1, "depth", "refused", "no room"), StreamChanged(1, "depth", "live", ""), at_ns=t) == []
    assert said(gaps, StreamChanged(1, "depth", "lost", "1101"), at_ns=t) == []
    [gap] = said(gaps, StreamChanged(1, "depth", "live", ""), at_ns=t + MINUTE)
    assert gap == Gap(t, t + MINUTE, 1, "ESZ6", "depth", "1101")


@pytest.mark.covers("S1-06", "S4-21")
@pytest.mark.parametrize("is_line_hit", [True, False])
def test_a_link_that_breaks_in_the_hour_of_maintenance_and_is_back_in_it_took_nothing(is_line_hit: bool) -> None:
    t, gaps = CLOSE_NS + 5 * MINUTE, begun(ES)
    opens_ns = CLOSE_NS + HOUR
    said(gaps, StreamChanged(1, LINE, "live", ""))
    gaps.take(log(OPEN_NS - MINUTE, t, (CLOSE_NS - 3 * SECOND, Kind.QUOTE, 1)))
    said(gaps, StreamChanged(1, LINE if is_line_hit else "tick-by-tick", "lost", "reset by peer"), at_ns=t)
    found = gaps.take(log(t, t + SECOND, (t + 1, Kind.GAP, 1)))
    found += said(gaps, StreamChanged(1, LINE, "live", ""), at_ns=t + SECOND)
    found += gaps.take(log(t + SECOND, opens_ns + MINUTE, (opens_ns + 6 * SECOND, Kind.PRINT, 1)))
    assert found == [] and gaps.lost == {}


def test_of_a_link_that_breaks_behind_a_close_and_stays_away_the_next_session_lacks_its_beginning() -> None:
    for t, before in ((CLOSE_NS + NOTICED_NS - SECOND, 1), (CLOSE_NS + NOTICED_NS + SECOND, 0)):
        gaps, back = begun(ES), CLOSE_NS + HOUR + MINUTE
        gaps.take(log(OPEN_NS - MINUTE, t, (CLOSE_NS - 3 * SECOND, Kind.QUOTE, 1)))
        said(gaps, StreamChanged(1, LINE, "lost", "reset by peer"), at_ns=t)
        gaps.take(log(t, t, (t, Kind.GAP, 1)))
        assert said(gaps, StreamChanged(1, LINE, "live", ""), at_ns=back) == []  # its data says how it stands
        found = gaps.take(log(t, back, (back, Kind.QUOTE, 1)))
        ends = [(CLOSE_NS - 3 * SECOND, CLOSE_NS), (CLOSE_NS + HOUR, back)][1 - before :]
        assert found == [Gap(*each, 1, "ESZ6", MARKET, "reset by peer") for each in ends]


def test_a_line_of_a_run_that_ended_says_nothing_about_the_next_one() -> None:
    t, gaps, opens_ns = CLOSE_NS + 5 * MINUTE, begun(ES), CLOSE_NS + HOUR
    said(gaps, StreamChanged(1, LINE, "live", ""))
    gaps.take(log(OPEN_NS - MINUTE, t, (CLOSE_NS - 3 * SECOND, Kind.QUOTE, 1)))
    said(gaps, RunStarted("record", "r", {}), ContractDefined(ES), at_ns=t)
    found = gaps.take(log(t, opens_ns + HOUR, (t, Kind.GAP, 1), (opens_ns + MINUTE, Kind.QUOTE, 1)))
    assert [(gap.began_ns, gap.ended_ns) for gap in found] == [(opens_ns, opens_ns + MINUTE)]


def test_where_another_stream_broke_just_before_a_close_its_data_is_missing_and_no_more() -> None:
    t, gaps = CLOSE_NS + 5 * SECOND, begun(ES)
    said(gaps, StreamChanged(1, LINE, "live", ""))
    gaps.take(log(OPEN_NS - MINUTE, t, (CLOSE_NS - 9 * SECOND, Kind.PRINT, 1)))
    said(gaps, StreamChanged(1, "tick-by-tick", "lost", "10182"), at_ns=t)
    assert gaps.take(log(t, t, (t, Kind.GAP, 1))) == [Gap(CLOSE_NS - 9 * SECOND, CLOSE_NS, 1, "ESZ6", MARKET, "10182")]
    assert gaps.take(log(t, CLOSE_NS + 2 * HOUR, (CLOSE_NS + HOUR + MINUTE, Kind.QUOTE, 1))) == [] and gaps.lost == {}


def test_a_feed_that_is_found_dead_after_an_opening_lacks_nothing_of_the_session_before() -> None:
    opens_ns, gaps = CLOSE_NS + HOUR, begun(ES)
    gaps.take(log(OPEN_NS - MINUTE, opens_ns, (CLOSE_NS - 3 * SECOND, Kind.QUOTE, 1)))
    said(gaps, StreamChanged(1, LINE, "silent", "nothing came in 30 s"), at_ns=opens_ns + 30 * SECOND)
    rows = [(opens_ns + 30 * SECOND, Kind.GAP, 1), (opens_ns + 40 * SECOND, Kind.QUOTE, 1)]
    found = gaps.take(log(opens_ns, opens_ns + MINUTE, *rows))
    assert found == [Gap(opens_ns, opens_ns + 40 * SECOND, 1, "ESZ6", MARKET, "nothing came in 30 s")]


@pytest.mark.covers("S4-21")
def test_quotes_that_stay_away_behind_a_gap_that_a_trade_ended_are_missing_by_themselves() -> None:
    t, gaps = OPEN_NS + HOUR, begun(ES)
    rows = log(OPEN_NS - MINUTE, t, (t, Kind.QUOTE, 1))
    rows["flags"][rows["kind"] == Kind.QUOTE] = BID | ASK
    gaps.take(rows)
    said(gaps, ConnectionChanged(False, "1100"))
    at = [t + SECOND, t + 9 * SECOND, t + 20 * SECOND, t + 49 * SECOND]
    rows = log(t, t + MINUTE, (at[0], Kind.GAP, 1), (at[1], Kind.PRINT, 1), (at[2], Kind.QUOTE, 1), (at[3], Kind.QUOTE, 1))
    rows["flags"][rows["kind"] == Kind.QUOTE] = BID, BID | ASK  # of the first one a side is not known yet
    found = gaps.take(rows)
    assert found == [Gap(t, at[1], 1, "ESZ6", MARKET, "1100"), Gap(at[1], at[3], 1, "ESZ6", QUOTES, "1100")]


def test_quotes_that_were_waited_for_when_a_month_led_no_more_are_not_missing_while_it_does_not() -> None:
    t, later, gaps = OPEN_NS + HOUR, OPEN_NS + 3 * HOUR, begun(ES, H7)
    rows = log(OPEN_NS - MINUTE, t, (t, Kind.QUOTE, 1))
    rows["flags"][rows["kind"] == Kind.QUOTE] = BID | ASK
    gaps.take(rows)
    gaps.take(log(t, t + MINUTE, (t + 1, Kind.GAP, 1), (t + 9 * SECOND, Kind.PRINT, 1)))  # its quote is not known
    said(gaps, RunStarted("record", "r", {}), ContractDefined(H7))
    gaps.take(log(t + MINUTE, later))
    said(gaps, RunStarted("record", "r", {}), ContractDefined(ES), ContractDefined(H7))
    rows = log(later + SECOND, later + MINUTE, (later + 5 * SECOND, Kind.QUOTE, 1))
    rows["flags"][rows["kind"] == Kind.QUOTE] = BID | ASK
    assert [gap.stream for gap in gaps.take(rows)] == [MARKET]


def test_quotes_that_were_waited_for_when_nobody_ran_any_more_are_missing_until_then_and_no_time_twice() -> None:
    t, gaps = OPEN_NS + HOUR, begun(ES)
    rows = log(OPEN_NS - MINUTE, t, (t, Kind.QUOTE, 1))
    rows["flags"][rows["kind"] == Kind.QUOTE] = BID | ASK
    gaps.take(rows)
    gaps.take(log(t, t + MINUTE, (t + 1, Kind.GAP, 1), (t + 9 * SECOND, Kind.PRINT, 1)))
    rows = log(t + HOUR, t + HOUR, (t + HOUR, Kind.QUOTE, 1))
    rows["flags"][rows["kind"] == Kind.QUOTE] = BID | ASK
    found = [(gap.began_ns, gap.ended_ns, gap.stream) for gap in gaps.take(rows)]
    assert found == [(t + 9 * SECOND, t + MINUTE, QUOTES), (t + MINUTE, t + HOUR, MARKET)]


def test_a_time_in_which_nobody_ran_is_said_so_also_of_what_was_lost_before() -> None:
    t, gaps = OPEN_NS + HOUR, begun(ES)
    gaps.take(log(OPEN_NS - MINUTE, t, (t, Kind.QUOTE, 1)))
    said(gaps, ConnectionChanged(False, "no heartbeat"))
    gaps.take(log(t, t + MINUTE, (t + SECOND, Kind.GAP, 1)))
    found = gaps.take(log(t + HOUR, t + HOUR, (t + HOUR, Kind.QUOTE, 1)))
    assert [(gap.began_ns, gap.ended_ns, gap.why) for gap in found] == [(t, t + MINUTE, "no heartbeat"), (t + MINUTE, t + HOUR, NOBODY)]


@pytest.mark.parametrize("seed", range(3))
def test_however_a_log_is_cut_its_gaps_are_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = rng.choice([Kind.QUOTE, Kind.PRINT, Kind.GAP], 300, p=[0.6, 0.3, 0.1])
    at = np.sort(rng.integers(OPEN_NS, OPEN_NS + 2 * HOUR, 300))
    records = log(OPEN_NS - MINUTE, OPEN_NS + 2 * HOUR, *zip(at.tolist(), kinds.tolist(), rng.integers(1, 3, 300).tolist(), strict=True))
    records["flags"] = rng.integers(0, 4, len(records))
    whole = begun(ES, H7).take(records)
    pieces = begun(ES, H7)
    cuts = np.sort(rng.integers(0, len(records), 40))
    assert sorted(gap for part in np.split(records, cuts) for gap in pieces.take(part)) == sorted(whole) and len(whole) > 20
