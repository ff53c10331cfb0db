"""Twelve numbered words about an order in each of six states: none of them alone moves risk, and what the broker shows next decides.

A table of what each word does, by `EFFECTS`; rows are codes, columns the states below.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Final

import pytest

from tests.venues.ib.hand import ENTRY, SUBMIT, error, execution, open_order, status, translator
from workbench.domain.decisions import AnyFact, Approved, Proposal
from workbench.domain.events import AnyEvent, BrokerSaid, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import Cause
from workbench.execution.bracket import Bracket
from workbench.execution.supervisor import Supervisor
from workbench.venues.ib.book import Terms
from workbench.venues.ib.codes import kind
from workbench.venues.ib.translate import Translator
from workbench.wire import Answer

pytestmark = pytest.mark.covers("S2-01", "S2-08", "S2-28")
EFFECTS: Final = {
    ".": "it is kept, and nothing is asked",
    "?": "the broker is asked what the order is",
    "!": "its number was taken: asked, then placed anew where nothing of it is there",
    "x": "a refusal, believed when the broker shows no such order, or calls it over",
    "=": "the change was not taken: where the order stands is told again",
}
STATES: Final = ("sent", "working", "partly filled", "changing", "cancelling", "filled")
TABLE: Final = {
    103: "!?????",  # duplicate id
    104: "xxx=x?",  # cannot modify a filled order
    110: "xxx=x.",  # off the tick
    161: "??????",  # not cancellable
    201: "xxx=x.",  # rejected
    202: "??????",  # cancelled
    321: "xxx=x.",  # validation, read-only
    399: "......",  # order message
    404: "......",  # shares are being located
    10147: "??????",  # not found
    10148: "??????",  # cannot be cancelled in this state
    10349: "......",  # TIF was set by a preset
}
CELLS: Final = [(code, state) for code, state in product(TABLE, STATES)]


class Desk:
    """A translator and the supervisor that hears it, with one entry of two in a state."""

    def __init__(self, state: str) -> None:
        self.of: Translator = translator()
        self.supervisor, self.facts = Supervisor(), list[AnyFact]()
        self.supervisor.book.next_ref = SUBMIT.ref
        wish = Proposal(1, SUBMIT.entry_type, SUBMIT.entry_px, SUBMIT.stop_px, SUBMIT.target_px, 1_000)
        self.supervisor.submit(Approved(SUBMIT.key, wish, SUBMIT.qty, 1), 0, Cause(1, 0), 20261120)
        LIVES[state](self)
        self.of.must_look = False

    def hear(self, *messages: Answer) -> list[AnyEvent]:
        events = [event for message in messages for event in self.of.hear(message)]
        for event in events:
            if isinstance(event, OrderAccepted | OrderFilled | OrderCancelled | OrderRejected):
                assert self.supervisor.on_report(event, 7, Cause(1, 0), self.facts).trouble is None
        return events

    @property
    def bracket(self) -> Bracket | None:
        return self.supervisor.book.open.get(SUBMIT.ref)

    def standing(self) -> tuple[int, int] | None:
        """What is held, and what may still fill."""
        return None if self.bracket is None else (self.bracket.open, self.bracket.rest)


def _working(desk: Desk, filled: int = 0) -> None:
    desk.hear(open_order(ENTRY), status(ENTRY, "Submitted"))
    if filled:
        desk.hear(execution(ENTRY, "a.01", filled, 6000.0), status(ENTRY, "Filled" if filled == 2 else "Submitted", filled))


def _changing(desk: Desk) -> None:
    _working(desk)
    desk.of.book.lives[7].entry.wanted = Terms(2, 23_996)


def _cancelling(desk: Desk) -> None:
    _working(desk)
    desk.of.book.lives[7].entry.is_cancelling = True


LIVES: Final[dict[str, Callable[[Desk], None]]] = {
    "sent": lambda desk: None,
    "working": _working,
    "partly filled": lambda desk: _working(desk, 1),
    "changing": _changing,
    "cancelling": _cancelling,
    "filled": lambda desk: _working(desk, 2),
}


def test_the_table_is_whole() -> None:
    assert len(CELLS) == 72 and all(set(row) <= set(EFFECTS) and len(row) == len(STATES) for row in TABLE.values())


@pytest.mark.parametrize(("code", "state"), CELLS)
def test_a_word_alone_moves_no_risk(code: int, state: str) -> None:
    desk, effect = Desk(state), TABLE[code][STATES.index(state)]
    before = desk.standing()
    said, *rest = desk.hear(error(ENTRY, code, "words"))
    assert said == BrokerSaid(code, kind(code), "words", 7, 1)
    assert rest == ([OrderAccepted(7, ENTRY, 2, 24_000)] if effect == "=" else [])
    assert desk.standing() == before and desk.of.book.lives[7].entry.is_over == (state == "filled")
    assert bool(desk.of.clashed) == (effect == "!")
    assert bool(desk.of.book.lives[7].entry.refusal) == (effect == "x")
    assert desk.of.must_look or effect in ".="


@pytest.mark.parametrize(("code", "state"), CELLS)
def test_an_order_that_fills_behind_the_word_is_a_position(code: int, state: str) -> None:
    desk = Desk(state)
    desk.hear(error(ENTRY, code, "words"))
    filled = desk.of.book.lives[7].entry.filled
    desk.hear(open_order(ENTRY), *([execution(ENTRY, "b.01", 2 - filled, 6000.0)] if filled < 2 else []), status(ENTRY, "Filled", 2))
    assert desk.standing() == (2, 0)


@pytest.mark.parametrize(("code", "state"), [cell for cell in CELLS if cell[1] != "filled"])
def test_an_order_that_the_broker_calls_over_is_over_then_and_only_then(code: int, state: str) -> None:
    desk = Desk(state)
    filled = desk.of.book.lives[7].entry.filled
    desk.hear(error(ENTRY, code, "words"))
    ends = desk.hear(status(ENTRY, "Cancelled", filled))
    assert len([event for event in ends if isinstance(event, OrderCancelled | OrderRejected)]) == 1
    assert desk.standing() == ((filled, 0) if filled else None)


@pytest.mark.parametrize(("code", "state"), [cell for cell in CELLS if cell[1] == "filled"])
def test_a_filled_order_stays_filled_whatever_is_said_behind_it(code: int, state: str) -> None:
    desk = Desk(state)
    desk.hear(error(ENTRY, code, "words"), status(ENTRY, "Cancelled", 2), status(ENTRY, "Inactive", 2))
    assert desk.standing() == (2, 0)
