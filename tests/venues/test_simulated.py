"""The simulated venue: where it runs ahead, how it comes back, and that a snapshot at any turn changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import ACCOUNT, T0
from tests.venues.driving import Sent, chunks, drive, plan, simulated, tape, told
from workbench.domain.events import AccountValued, Answered, ClockStepped, Known, OrderAccepted, OrderFilled
from workbench.domain.orders import Ask, Cause, Exit, Key, Leg, OrderType, Submit
from workbench.domain.units import MICROS
from workbench.simulation.matching.models import PLAIN
from workbench.venues.base import Batch, Happened
from workbench.venues.simulated import AHEAD

KEY = Key(ACCOUNT, 1, "test")
OPENING = (Happened(T0, ClockStepped(1)), Happened(T0, ClockStepped(2)))


def buy(at: int, *, target: int = 30_000) -> Sent:
    return Sent(at, False, Submit(1, KEY, 0, Cause(1, 0), 1, 1, OrderType.MARKET, 24_000, 20_000, target))


def dated(sent: Sent, records: Any) -> Sent:
    command = sent.command
    values = [getattr(command, name) for name in command.__struct_fields__]
    values[2] = int(records["recv_ns"][sent.at])
    return sent._replace(command=type(command)(*values))


def test_what_opens_a_run_is_said_before_its_first_record() -> None:
    heard = drive(simulated(tape(1, 20), opening=OPENING), [])
    assert [(each.place, each.event.step_ns) for each in heard] == [(0, 1), (0, 2)]


def test_with_nothing_at_work_it_hands_over_all_there_is() -> None:
    records, batches = tape(1, 2_000), []
    venue = simulated(records)

    class Seen:
        """Counts what is handed over."""

        async def events(self) -> Any:
            async for each in venue.events():
                batches.append(each)
                yield each

        settle, send = venue.settle, venue.send

    drive(Seen(), [])
    assert [(each.start, each.stop) for each in batches if isinstance(each, Batch)] == [(0, 2_000)]
    batches.clear()
    venue = simulated(records)
    Seen.settle, Seen.send = venue.settle, venue.send
    drive(Seen(), [dated(buy(10), records)])
    spans = [each.stop - each.start for each in batches if isinstance(each, Batch)]
    assert max(spans[1:]) <= AHEAD and sum(batches[at].stop == 2_000 for at in range(len(batches)) if isinstance(batches[at], Batch)) >= 1


@settings(max_examples=60)
@given(st.integers(0, 30), st.integers(1, 120), st.integers(0, 10**6))
def test_a_snapshot_at_any_turn_goes_on_as_if_nothing_had_been(seed: int, turn: int, cut: int) -> None:
    records = tape(seed)
    sent = plan(seed, records)
    whole = drive(simulated(records, opening=OPENING), sent)
    first, stopped = simulated(records, chunk=chunks(cut), opening=OPENING), []

    def stop(n: int, place: int) -> bool:
        if n == turn:
            stopped.append((place, first.snapshot()))
        return n == turn

    before = drive(first, sent, stop)
    if not stopped:
        assert told(before) == told(whole)
        return
    place, blob = stopped[0]
    second = simulated(records, opening=OPENING)
    second.restore(blob)
    assert second.snapshot() == blob
    rest = [each for each in sent if (each.at, each.is_behind) >= (place, False) and not _was_sent(each, place, sent, turn, seed, cut)]
    after = drive(second, rest)
    moved = [each._replace(place=max(each.place, place)) for each in after]
    assert told(before) + told(moved) == told(whole)


def _was_sent(each: Sent, place: int, sent: list[Sent], turn: int, seed: int, cut: int) -> bool:
    """Whether a command at the very place had left before the snapshot: play to that turn and look."""
    gone = list[Any]()
    venue = simulated(tape(seed), chunk=chunks(cut), opening=OPENING)
    send = venue.send

    async def keep(command: Any) -> None:
        gone.append(command)
        await send(command)

    venue.send = keep
    drive(venue, sent, lambda n, _: n == turn)
    return each.command in gone


@pytest.mark.covers("S2-23", "S2-27")
def test_the_account_is_asked_for_and_answered_with_money_as_it_stands() -> None:
    records = tape(3)
    asked = Ask(5, Key(ACCOUNT, 0, ""), int(records["recv_ns"][9]), Cause(1, 0), "account", "")
    [heard] = drive(simulated(records), [Sent(9, False, asked)])
    assert heard.place == 9 and heard.recv_ns == asked.decided_ns
    assert heard.event == Answered(5, "account", Known({"equity_micros": 10**6 * MICROS, "available_micros": 10**6 * MICROS}))


def test_a_round_trip_leaves_the_account_with_its_profit_and_nothing_bound() -> None:
    records = tape(3)
    leave = Sent(200, False, Exit(1, KEY, 0, Cause(1, 0), "test"))
    heard = drive(simulated(records, PLAIN), [dated(buy(10), records), dated(leave, records)])
    fills = [each.event for each in heard if isinstance(each.event, OrderFilled)]
    values = [each.event for each in heard if isinstance(each.event, AccountValued)]
    assert [fill.leg for fill in fills] == [Leg.ENTRY, Leg.EXIT] and len(values) == 2
    earned = (fills[1].px - fills[0].px) * 12_500_000 - sum(fill.fee_micros or 0 for fill in fills)
    assert values[1] == AccountValued(ACCOUNT, 10**6 * MICROS + earned, 10**6 * MICROS + earned)
    assert values[0].available_micros == values[0].equity_micros - 15_000 * MICROS


def test_a_session_carried_on_begins_at_its_first_record_with_what_was_held() -> None:
    first = tape(3)
    venue = simulated(first, PLAIN)
    drive(venue, [dated(buy(10), first)])
    held = venue.snapshot()
    second = tape(4)
    second["recv_ns"] += first["recv_ns"][-1] - T0 + 1
    again = simulated(second, PLAIN, opening=OPENING)
    again.carry_on(held)
    heard = drive(again, [dated(Sent(100, False, Exit(1, KEY, 0, Cause(1, 0), "test")), second)])
    assert [type(each.event) for each in heard[:2]] == [ClockStepped, ClockStepped]
    assert [each.event.leg for each in heard if isinstance(each.event, OrderFilled)] == [Leg.EXIT]
    assert {each.event.leg for each in heard if isinstance(each.event, OrderAccepted)} == {Leg.EXIT}
