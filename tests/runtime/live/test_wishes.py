"""What a request means to an engine: whatever text a person writes into it is an event, or refused in words; a run never ends for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.hand import ACCOUNT, Hand, position, setup
from workbench.domain.events import PositionTold, encode_event
from workbench.runtime.live.wishes import RefusalError, events_of, objection
from workbench.store.requests import Request

WILD = ("inf", "-inf", "nan", "1e30", "-1e30", "1e400", "", "x", "0", "-1", "9" * 40, "5_000", "1/3")


def request(action: Any, **details: str) -> Request:
    return Request(action=action, why="because", by="operator", asked_ns=1, details=details)


def taken(hand: Hand, wish: Request) -> None:
    """Bring it as far as the log: an event that is not objected to has a wire form."""
    try:
        for event in events_of(hand.engine.desk, wish, None):
            if objection(hand.engine.desk, event) is None:
                encode_event(event)
    except RefusalError:
        pass


@pytest.mark.parametrize("text", WILD)
@pytest.mark.parametrize("field", ["stop", "target", "qty", "hold_s", "root"])
def test_no_text_in_a_request_to_adopt_ends_a_run(field: str, text: str) -> None:
    hand = Hand(setup()).opened()
    hand.hear(PositionTold(ACCOUNT, 1, 2, 0))
    good = {"root": "ES", "stop": "5990.00", "target": "6010.00", "qty": "1", "hold_s": "600"}
    taken(hand, request("adopt", **good | {field: text}))


@pytest.mark.parametrize("text", WILD)
@pytest.mark.parametrize("field", ["px", "fee", "leg", "exec_id", "con_id"])
def test_no_text_in_a_fill_that_is_typed_ends_a_run(field: str, text: str) -> None:
    hand = position()
    hand.hear(PositionTold(ACCOUNT, 1, 2, 0), PositionTold(ACCOUNT, 1, 1, 0))
    good = {"ref": 1, "leg": "exit", "qty": 1, "px": "6000.00", "exec_id": "typed", "fee": "2.25"}
    taken(hand, request("enter", rows=json.dumps([good | {field: text}])))


@pytest.mark.parametrize("number", [10**30, -(10**30), 2**63, 0, -1])
@pytest.mark.parametrize("field", ["ref", "qty"])
def test_no_number_in_a_fill_that_is_typed_ends_a_run(field: str, number: int) -> None:
    hand = position()
    hand.hear(PositionTold(ACCOUNT, 1, 2, 0), PositionTold(ACCOUNT, 1, 1, 0))
    good = {"ref": 1, "leg": "exit", "qty": 1, "px": "6000.00", "exec_id": "typed", "fee": "2.25"}
    taken(hand, request("enter", rows=json.dumps([good | {field: number}])))
