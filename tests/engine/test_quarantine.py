"""A failure is told the same on every machine: file and line, no folder of anybody's, no address; a snapshot and a rewind know of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import BAR, LONG, ONCE, T0, Hand, Script, setup
from tests.simulation.pit import future
from workbench.domain.decisions import BracketMoved, Proposal, Quarantined, decode_facts, encode_facts
from workbench.domain.errors import WorkbenchError
from workbench.domain.orders import Cancel, Exit, Leg, OrderType, Submit
from workbench.domain.views import View
from workbench.engine import Engine
from workbench.engine.quarantine import MAX_TEXT, of_answer, of_error


def told(raises: Callable[[], Any]) -> Any:
    try:
        raises()
    except (ArithmeticError, RecursionError, UnsayableError, ValueError, WorkbenchError) as error:
        return of_error(error)
    raise AssertionError("nothing was raised")


def deep(n: int) -> int:
    return deep(n - 1) + 1 if n else 1 // n


def endless() -> int:
    return endless() + 1


class UnsayableError(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


def unsayable() -> None:
    raise UnsayableError


def test_the_last_line_of_ones_own_file_is_the_place() -> None:
    made = told(lambda: deep(2))
    assert made.error.startswith("ZeroDivisionError: ") and re.fullmatch(r"engine/test_quarantine\.py:\d+", made.where)
    assert [call.partition(" in ")[2] for call in made.trace[-3:]] == ["deep", "deep", "deep"] and made.trace[-1].startswith(made.where)
    outside = told(lambda: future().to_px(0.3))  # raised in a file of another folder, asked for here
    assert outside.where.startswith("engine/test_quarantine.py:") and outside.trace[-1].startswith("domain/contracts.py:")


def test_a_long_way_is_cut_and_an_endless_one_is_told_alike_however_deep_it_began() -> None:
    assert len(told(lambda: deep(200)).trace) == 21
    first = told(endless)

    def from_further(n: int) -> Any:
        return from_further(n - 1) if n else told(endless)

    assert from_further(50) == first or from_further(50)._replace(trace=first.trace) == first
    assert from_further(3).error == first.error == "RecursionError: maximum recursion depth exceeded"


def test_no_address_no_endless_text_and_no_words_are_no_trouble() -> None:
    def raise_(text: str) -> Callable[[], None]:
        def raises() -> None:
            raise ValueError(text)

        return raises

    assert told(raise_("<A object at 0x7f3a00112233>")).error == "ValueError: <A object at 0x...>"
    assert len(told(raise_("x" * 10_000)).error) == MAX_TEXT
    assert told(unsayable).error == "UnsayableError: "


def test_an_answer_that_is_none_is_told_at_its_verb() -> None:
    made = of_answer(Script(), "propose", "'buy' is no Proposal or None")
    assert re.fullmatch(r"engine/hand\.py:\d+", made.where) and made.error == "propose answers nonsense: 'buy' is no Proposal or None"
    assert of_answer(3, "propose", "x").where == "int"


def test_the_fact_of_it_is_kept_by_a_journal() -> None:
    fact = Quarantined("strategy", "first", 1, "strategies/first.py:3", "ValueError: x", ("strategies/first.py:3 in propose",))
    assert decode_facts(encode_facts([fact])) == [fact]


# ---------------------------------------------------------------------- by hand
class Breaks(Script):
    """Wishes what it was given, then breaks."""

    def propose(self, view: View) -> Proposal | None:
        if view.now_ns > self.until_ns:
            raise ValueError("over")
        return super().propose(view)


LIMIT = LONG._replace(entry_type=OrderType.LIMIT, entry_px=23_990, stop_px=23_980, target_px=24_010)


def test_an_entry_at_work_is_withdrawn_in_the_very_bar_and_a_fill_that_overtakes_it_is_protected_and_led_out() -> None:
    hand = Hand(setup(Breaks(LIMIT, until_ns=ONCE, name="breaks"), Script(name="other"), both=True))
    hand.phase(contract=2)
    hand.quote(contract=2)
    sent = hand.entered()
    assert sent.key.strategy == "breaks" and isinstance(sent, Submit)
    made = hand.bar()  # SPY is free: it is asked about it, and breaks
    assert [type(command) for command in made] == [Cancel] and made[0].ref == sent.ref
    [fact] = hand.made(Quarantined)
    assert (fact.name, fact.contract) == ("breaks", 2) and hand.engine.desk.memory.quarantined == {"strategy breaks": fact.where}
    hand.fill(sent.ref, Leg.ENTRY, 1, 23_990)
    assert hand.bracket is not None and hand.bracket.open == 1
    assert any(isinstance(command, Exit) and command.why == "uncovered" for command in hand.bar(4))  # the venue never confirmed its stop
    assert len(hand.made(Quarantined)) == 1


def test_a_position_is_left_when_its_time_is_over_though_nobody_is_asked() -> None:
    hand = Hand(setup(Breaks(LONG._replace(hold_ns=3 * BAR), until_ns=ONCE)))
    hand.protected()
    hand.engine.desk.supervisor.owned.clear()  # as if the contract were free: it is asked, and breaks
    hand.bar()
    assert hand.made(Quarantined) and hand.bracket is not None
    assert [command.why for command in hand.bar(3) if isinstance(command, Exit)] == ["time"]
    assert any(isinstance(fact, BracketMoved) for fact in hand.facts)


@given(st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=20)
def test_a_rewind_asks_again_and_a_snapshot_does_not(n_before: int, n_after: int) -> None:
    of = setup(Breaks(None, until_ns=T0 + 3 * BAR))
    hand = Hand(of)
    hand.opened()
    start = hand.engine.snapshot()
    hand.bar(n_before + n_after)
    n = len(hand.made(Quarantined))
    assert n == int(hand.now_ns > T0 + 4 * BAR)
    copy = Engine(of)
    copy.restore(hand.engine.snapshot())
    assert copy.digest() == hand.engine.digest() and len(copy._deciders[0]) == 1 - n
    copy.restore(start)
    assert len(copy._deciders[0]) == 1 and copy.desk.memory.quarantined == {}


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt, SystemExit])
def test_what_is_no_fault_of_a_strategy_goes_through(error: type[BaseException]) -> None:
    class Stops(Script):
        def propose(self, view: View) -> Proposal | None:
            raise error

    hand = Hand(setup(Stops()))
    with pytest.raises(error):
        hand.opened()
