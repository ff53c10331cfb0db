"""Weaving keeps every record, orders by arrival, and is the same however often it is done; numbers never repeat."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.calendars import table
from workbench.domain.errors import DataError, InvariantError
from workbench.domain.records import EVENT_TIME, RECORD, Kind, Phase, Records, empty
from workbench.domain.units import DAY, HOUR, SECOND
from workbench.market.sessions import number, weave, whole_seconds

MARKET = (Kind.QUOTE, Kind.PRINT, Kind.DEPTH_UPDATE, Kind.BAR, Kind.GAP)
RANK = {Kind.TIME: 0, Kind.PHASE: 1}


def market(times: list[int], kinds: list[Kind]) -> Records:
    records = empty(len(times))
    records["recv_ns"] = sorted(times)
    records["kind"] = kinds[: len(times)]
    records["px"] = np.arange(len(times))  # tells them apart
    return records


def phase_records(told: list[tuple[int, int, Phase]]) -> Records:
    records = empty(len(told))
    for record, (recv, contract, phase) in zip(records, told, strict=True):
        record["recv_ns"] = record["event_ns"] = recv
        record["contract"], record["level"], record["kind"] = contract, phase, Kind.PHASE
    return records


# coarse times, so that many records meet in one nanosecond and on whole seconds
instants = st.integers(0, 24).map(lambda n: n * SECOND // 4)
markets = st.lists(instants, max_size=40).flatmap(
    lambda times: st.builds(market, st.just(times), st.lists(st.sampled_from(MARKET), min_size=len(times), max_size=len(times)))
)
phases = st.builds(phase_records, st.lists(st.tuples(instants, st.integers(1, 3), st.sampled_from(Phase)), max_size=12))


def slowly(records: Records, extra: Records, first_ns: int, last_ns: int) -> list[bytes]:
    """The rule, word by word."""
    grid = [whole_seconds(t, t)[0] for t in range(-(-first_ns // SECOND) * SECOND, last_ns + 1, SECOND)]
    whole = [*grid, *extra, *records]
    return [record.tobytes() for record in sorted(whole, key=lambda record: (record["recv_ns"], RANK.get(Kind(record["kind"]), 2)))]


@given(markets, phases, instants, instants)
def test_weaving_does_what_the_rule_says(records: Records, extra: Records, one: int, other: int) -> None:
    first, last = min(one, other), max(one, other)
    woven = weave(records, extra, first_ns=first, last_ns=last)
    assert [record.tobytes() for record in woven] == slowly(records, extra, first, last)


@given(markets, phases, st.booleans())
def test_weaving_again_changes_nothing(records: Records, extra: Records, while_closed: bool) -> None:
    once = weave(records, extra, first_ns=0, last_ns=6 * SECOND, while_closed=while_closed)
    again = weave(once, empty(0), first_ns=0, last_ns=6 * SECOND, while_closed=while_closed)
    assert again.tobytes() == once.tobytes()


@given(markets, phases)
def test_seconds_are_left_out_only_while_every_contract_is_closed_before_and_after(records: Records, extra: Records) -> None:
    woven = weave(records, extra, first_ns=0, last_ns=6 * SECOND, while_closed=False)
    kept = set(woven["recv_ns"][woven["kind"] == Kind.TIME].tolist())
    state: dict[int, Phase] = {}
    for second in range(7):
        told = sorted((each for each in extra.tolist()), key=lambda each: each[1])
        before = dict(state)
        for each in told:
            _, recv, *_, contract, _, _, level, _ = each
            if (second - 1) * SECOND < recv < second * SECOND:
                before[contract] = Phase(level)
        after = dict(before)
        for each in told:
            _, recv, *_, contract, _, _, level, _ = each
            if recv == second * SECOND:
                after[contract] = Phase(level)
        is_awake = any(phase != Phase.CLOSED for phase in [*before.values(), *after.values()])
        assert (second * SECOND in kept) == is_awake
        state = after
    assert len(woven) == len(records) + len(extra) + len(kept)


def test_the_second_of_the_close_stays_so_that_the_last_bar_can_close() -> None:
    calendar = table("CME Globex Equity", date(2026, 11, 1), date(2026, 11, 30))
    opened, closed = calendar.session_bounds(20261127)
    extra = calendar.phase_records(1, opened - HOUR, closed + DAY)
    woven = weave(empty(0), extra, first_ns=opened - HOUR, last_ns=closed + DAY, while_closed=False)
    times = woven["recv_ns"][woven["kind"] == Kind.TIME]
    assert times[-1] == closed
    assert [Kind(kind).name for kind in woven["kind"][-2:]] == ["TIME", "PHASE"]
    assert len(times) == (closed - opened) // SECOND + 1


def test_a_gap_told_beside_a_quote_comes_before_it() -> None:
    gap, quote = market([SECOND], [Kind.GAP]), market([SECOND], [Kind.QUOTE])
    woven = weave(quote, gap, first_ns=SECOND, last_ns=SECOND)
    assert [Kind(kind).name for kind in woven["kind"]] == ["TIME", "GAP", "QUOTE"]


def test_a_second_is_a_record_of_no_contract_with_its_own_time() -> None:
    only = whole_seconds(3 * SECOND, 3 * SECOND)
    assert only.dtype == RECORD
    assert only[["recv_ns", "event_ns", "contract", "kind", "flags", "px", "seq"]].tolist() == [
        (3 * SECOND, 3 * SECOND, 0, Kind.TIME, EVENT_TIME, 0, 0)
    ]
    assert len(whole_seconds(3 * SECOND + 1, 4 * SECOND - 1)) == 0


def test_records_that_are_not_in_order_are_refused_with_the_place() -> None:
    records = market([1, 2, 3], [Kind.QUOTE] * 3)
    records["recv_ns"][1] = 9
    with pytest.raises(DataError, match="record 2 of 3: 3 after 9"):
        weave(records, empty(0), first_ns=0, last_ns=0)


@given(st.integers(0, (1 << 23) - 1), st.integers(0, 1 << 39), st.integers(0, 30))
def test_numbers_rise_by_one_and_tell_their_epoch(epoch: int, start: int, n: int) -> None:
    seq = number(empty(n), epoch, start)["seq"].tolist()
    assert seq == list(range((epoch << 40) + start, (epoch << 40) + start + n))
    assert all(each >> 40 == epoch for each in seq)


@pytest.mark.parametrize(("epoch", "start", "n"), [(1 << 23, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1 << 40, 1), (1, (1 << 40) - 1, 2)])
def test_numbers_that_would_meet_another_start_are_refused(epoch: int, start: int, n: int) -> None:
    with pytest.raises(InvariantError):
        number(empty(n), epoch, start)
