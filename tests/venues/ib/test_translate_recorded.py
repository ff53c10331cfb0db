"""Order lives that a real paper Gateway told in April 2026: the translator's account of them.

The transcripts name no orderRef (their client set none); it is put in, as TWS would have sent back what was placed.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.data import shared
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.events import AnyEvent, FeeReported, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import Cause, Key, Leg, OrderType, Submit
from workbench.venues.ib.book import Book, Life, Part, Stage, Terms, write_ref
from workbench.venues.ib.translate import Translator
from workbench.wire import (
    Answer,
    CommissionReport,
    ContractFields,
    ErrorMessage,
    Execution,
    ExecutionData,
    OpenOrder,
    OrderFields,
    OrderState,
    OrderStatus,
)

FOLDER = "ib_recorded/ibkr-go/testdata/transcripts"
AAPL = Contract(
    id=1, root="AAPL", symbol="AAPL", type=ContractType.STOCK, exchange="NASDAQ", currency="USD", calendar="NYSE", multiplier="1",
    price_quantum="0.0001", order_increment="0.01", venue_ids={"ib": "265598"},
)  # fmt: skip
TYPES = {"LMT": OrderType.LIMIT, "MKT": OrderType.MARKET, "STP": OrderType.STOP}


class Told(NamedTuple):
    """What became of one order number."""

    filled: int
    stage: Stage
    fees: int
    ends: int


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text not in ("", None) else None


def _answer(kind: str, d: dict[str, Any]) -> Answer | None:
    ref = write_ref("r1", int(d.get("order_id", 0)), Leg.ENTRY)
    match kind:
        case "open_order":
            order = OrderFields(
                order_id=d["order_id"], client_id=1, perm_id=int(d["perm_id"]), action=d["action"],
                total_quantity=_number(d["quantity"]),
                order_type=d["order_type"], lmt_price=_number(d["lmt_price"]), aux_price=_number(d["aux_price"]), tif=d["tif"],
                order_ref=ref,
                account=d["account"],
            )  # fmt: skip
            return OpenOrder(contract=ContractFields(con_id=265598), order=order, state=OrderState(status=d.get("status", "")))
        case "order_status":
            numbers = (_number(d["filled"]) or 0, _number(d["remaining"]) or 0)
            return OrderStatus(d["order_id"], d["status"], *numbers, perm_id=int(d["perm_id"]), client_id=int(d["client_id"]))
        case "execution_detail":
            done = Execution(
                exec_id=d["exec_id"], time=d["time"], account=d["account"], exchange="", side=d["side"], shares=Decimal(d["shares"]),
                price=Decimal(d["price"]), client_id=1, order_ref=ref,
            )  # fmt: skip
            return ExecutionData(order_id=d["order_id"], contract=ContractFields(con_id=265598), execution=done)
        case "commission_report":
            return CommissionReport(d["exec_id"], Decimal(d["commission"]), d["currency"])
        case "api_error":
            return ErrorMessage(d["req_id"], d["code"], d["message"])
        case _:
            return None


def _play(name: str) -> tuple[dict[int, Told], list[AnyEvent]]:
    """One bracket of one order for each number that the transcript places."""
    of = Translator(Book("r1"), {265598: AAPL}, client_id=1)
    events: list[AnyEvent] = []
    for line in (shared(FOLDER) / f"{name}.txt").read_text().splitlines():
        who, _, rest = line.partition(" ")
        kind, _, body = rest.partition(" ")
        if who == "client" and kind == "place_order":
            _place(of.book, json.loads(body))
        elif who == "server" and (message := _answer(kind, json.loads(body))) is not None:
            events += of.hear(message)
    return {ref: _told(of.book.lives[ref], events) for ref in of.book.lives}, events


def _place(book: Book, d: dict[str, Any]) -> None:
    ref, kind = int(d["order_id"]), TYPES.get(d["order_type"], OrderType.LIMIT)
    level = d.get("aux_price") if kind is OrderType.STOP else d.get("lmt_price")
    terms = Terms(int(Decimal(d["total_quantity"])), AAPL.to_px(level) if level and kind is not OrderType.MARKET else None)
    if ref in book.lives:
        book.lives[ref].entry.wanted, book.lives[ref].entry.type = terms, kind
        return
    side = 1 if d["action"] == "BUY" else -1
    submit = Submit(ref, Key(d["account"], 1, "s"), 0, Cause(1, 0), side, terms.qty, kind, terms.px or 0, 0, 0)
    book.add(Life(submit, 0, [Part(ref, Leg.ENTRY, side, kind, terms)]))


def _told(life: Life, events: list[AnyEvent]) -> Told:
    ref = life.submit.ref
    ids = {event.exec_id for event in events if isinstance(event, OrderFilled) and event.ref == ref}
    fees = sum(event.fee_micros for event in events if isinstance(event, FeeReported) and event.exec_id in ids)
    ends = sum(isinstance(event, OrderCancelled | OrderRejected) and event.ref == ref for event in events)
    return Told(life.entry.filled, life.entry.stage, fees, ends)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("api_reconnect_active_order_aapl", {294: Told(0, Stage.CANCELLED, 0, 1)}),
        ("api_order_rest_cancel_aapl", None),
        ("api_order_handle_reconnect_cancel_aapl", None),
        (
            "api_stop_loss_management_aapl",
            {275: Told(1, Stage.FILLED, 1_000_000, 0), 276: Told(0, Stage.CANCELLED, 0, 1), 277: Told(1, Stage.FILLED, 0, 0)},
        ),
        ("place_order_modify_to_market_late_execution", {13: Told(1, Stage.FILLED, 1_000_000, 0)}),
        ("api_transmit_false_then_transmit_aapl", None),
        ("api_dollar_cost_averaging_aapl", None),
    ],
)
def test_a_life_that_was_recorded_is_told_with_its_fills_and_one_end(name: str, told: dict[int, Told] | None) -> None:
    found, events = _play(name)
    assert found and all(each.stage in (Stage.FILLED, Stage.CANCELLED, Stage.REJECTED) and each.ends <= 1 for each in found.values())
    assert all((each.ends == 0) == (each.stage is Stage.FILLED) for each in found.values())
    assert any(isinstance(event, OrderAccepted) for event in events)
    if told is not None:
        assert found == told


def test_a_moved_stop_was_acknowledged_with_its_new_level() -> None:
    _, events = _play("api_stop_loss_management_aapl")
    assert [event.px for event in events if isinstance(event, OrderAccepted) and event.ref == 276] == [131_300, 141_300]


def test_a_cancel_by_another_client_ends_the_order_all_the_same() -> None:
    found, _ = _play("api_cross_client_cancel_aapl")
    assert found == {296: Told(0, Stage.CANCELLED, 0, 1)}


def test_all_transcripts_of_orders_are_read() -> None:
    names = sorted(path.stem for path in Path(shared(FOLDER)).glob("api_*.txt"))
    assert len(names) >= 10
    for name in names:
        if "place_order" in (shared(FOLDER) / f"{name}.txt").read_text() and "msft" not in name:
            _play(name)
