"""What came in goes out in the same order, stamped, bounded, and never silently less."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.clock import ManualClock
from workbench.domain.events import ConnectionChanged
from workbench.domain.records import Kind
from workbench.venues.base import Batch, Happened
from workbench.venues.ib.intake import Intake


def event(n: int) -> ConnectionChanged:
    return ConnectionChanged(True, str(n))


def drained(intake: Intake) -> list[tuple[str, int, int]]:
    """Everything that waits: (kind or event, its number, contract)."""
    said: list[tuple[str, int, int]] = []
    while (got := intake.take()) is not None:
        if isinstance(got, Happened):
            assert isinstance(got.event, ConnectionChanged)
            said.append(("event", int(got.event.why), 0))
        else:
            said += [(Kind(r["kind"]).name, int(r["px"]), int(r["contract"])) for r in got.records[got.start : got.stop]]
    return said


@pytest.mark.covers("S4-11")
@given(st.lists(st.sampled_from(["event", "record", "take"]), max_size=120), st.integers(16, 40))
def test_what_comes_in_goes_out_in_the_same_order(deeds: list[str], capacity: int) -> None:
    intake, expected, got = Intake(ManualClock(), capacity), [], []
    for n, deed in enumerate(deeds):
        if deed == "take":
            got += drained(intake)
        elif deed == "event":
            intake.put(event(n))
            expected.append(("event", n, 0))
        elif intake.write(1, Kind.PRINT, px=n):
            expected.append(("PRINT", n, 1))
    got += drained(intake)
    assert [each for each in got if each[0] != "GAP"] == expected


def test_a_stamp_never_falls_though_the_clock_does() -> None:
    clock = ManualClock(50)
    intake = Intake(clock)
    intake.write(1, Kind.PRINT)
    clock._now_ns = 20
    intake.write(1, Kind.PRINT)
    intake.put(event(1))
    batch, said = intake.take(), intake.take()
    assert isinstance(batch, Batch) and isinstance(said, Happened)
    assert batch.records["recv_ns"][: batch.stop].tolist() == [50, 50]
    assert said.recv_ns == 50


def test_when_full_quotes_go_first_then_prints_and_the_contract_begins_anew_with_a_gap() -> None:
    intake = Intake(ManualClock(), 16)
    quotes = [intake.write(1, Kind.QUOTE, px=n) for n in range(16)]
    assert quotes == [True] * 15 + [False]
    assert intake.write(2, Kind.PRINT, px=99)
    assert not intake.write(2, Kind.PRINT, px=100)
    assert not intake.write(1, Kind.PRINT, px=101)
    assert intake.n_dropped == 3
    before = drained(intake)
    assert before[:16] == [("QUOTE", n, 1) for n in range(15)] + [("PRINT", 99, 2)]
    assert before[16:] == [("GAP", 0, 1), ("GAP", 0, 2)]
    assert intake.write(1, Kind.QUOTE, px=7)
    assert drained(intake) == [("QUOTE", 7, 1)]


def test_events_are_never_dropped() -> None:
    intake = Intake(ManualClock(), 16)
    for n in range(40):
        intake.write(1, Kind.PRINT, px=n)
        intake.put(event(n))
    assert [n for what, n, _ in drained(intake) if what == "event"] == list(range(40))


def test_a_gap_that_finds_no_room_is_written_when_there_is_some() -> None:
    intake = Intake(ManualClock(), 16)
    for n in range(16):
        intake.write(1, Kind.PRINT, px=n)
    intake.gap(2)
    assert ("GAP", 0, 2) in drained(intake)


def test_somebody_who_waits_is_woken_and_waits_again_when_all_is_taken() -> None:
    async def told() -> list[bool]:
        intake = Intake(ManualClock())
        seen = [intake.came.is_set()]
        asyncio.get_running_loop().call_soon(intake.put, event(1))
        await asyncio.wait_for(intake.came.wait(), 5)
        intake.take()
        seen.append(intake.came.is_set())
        assert intake.take() is None
        return [*seen, intake.came.is_set()]

    assert asyncio.run(told()) == [False, True, False]


def test_an_intake_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Intake(ManualClock(), 3)
