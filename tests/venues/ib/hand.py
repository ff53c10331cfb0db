"""What the broker says of one bracket, made by hand: a contract, a command, and messages about its three orders."""

from __future__ import annotations

from typing import Any

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.events import AnyEvent
from workbench.domain.orders import Cause, Key, Leg, OrderType, Submit
from workbench.venues.ib.book import Book, Life, Part, Terms, write_ref
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

ES = Contract(
    id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", calendar="CME Globex Equity", multiplier="50",
    price_quantum="0.25", order_increment="0.25", expiry="2026-12-18", venue_ids={"ib": "495512563"},
)  # fmt: skip
CON_ID = 495512563
BY_CON_ID, BY_ID = {CON_ID: ES}, {1: ES}
FIELDS = ContractFields(con_id=CON_ID, symbol="ES", sec_type="FUT", exchange="CME", currency="USD", local_symbol="ESZ6")
RUN, CLIENT, ACCOUNT = "r1", 10, "DUSIM1"
ENTRY, STOP, TARGET, EXIT = Leg.ENTRY, Leg.STOP, Leg.TARGET, Leg.EXIT
SUBMIT = Submit(7, Key(ACCOUNT, 1, "first"), 5, Cause(3, 0), 1, 2, OrderType.LIMIT, 24_000, 23_960, 24_080)
IDS = {ENTRY: 41, STOP: 42, TARGET: 43, EXIT: 44}
ACTION = {ENTRY: "BUY", STOP: "SELL", TARGET: "SELL", EXIT: "SELL"}
TYPE = {ENTRY: "LMT", STOP: "STP", TARGET: "LMT", EXIT: "MKT"}
PX = {ENTRY: 6000.0, STOP: 5990.0, TARGET: 6020.0, EXIT: None}


def book(submit: Submit = SUBMIT) -> Book:
    """One bracket, just sent."""
    made, qty, side = Book(RUN), submit.qty, submit.side
    parts = [
        Part(IDS[ENTRY], ENTRY, side, OrderType.LIMIT, Terms(qty, submit.entry_px)),
        Part(IDS[STOP], STOP, -side, OrderType.STOP, Terms(qty, submit.stop_px), group="WB:r1:7"),
        Part(IDS[TARGET], TARGET, -side, OrderType.LIMIT, Terms(qty, submit.target_px), group="WB:r1:7"),
    ]
    made.add(Life(submit, submit.stop_px, parts))
    return made


def translator(of: Book | None = None) -> Translator:
    return Translator(book() if of is None else of, BY_CON_ID, client_id=CLIENT)


def told(of: Translator, messages: list[Answer]) -> list[AnyEvent]:
    return [event for message in messages for event in of.hear(message)]


def open_order(leg: Leg, status: str = "Submitted", qty: int = 2, px: float | None = None, **order: Any) -> OpenOrder:
    points = PX[leg] if px is None else px
    named = {
        "order_id": IDS[leg], "client_id": CLIENT, "perm_id": 900 + IDS[leg], "action": ACTION[leg], "total_quantity": qty,
        "order_type": TYPE[leg], "account": ACCOUNT, "order_ref": write_ref(RUN, 7, leg),
        ("aux_price" if leg is STOP else "lmt_price"): points,
    }  # fmt: skip
    return OpenOrder(contract=FIELDS, order=OrderFields(**{**named, **order}), state=OrderState(status=status))


def status(leg: Leg, text: str, filled: int = 0, qty: int = 2) -> OrderStatus:
    return OrderStatus(IDS[leg], text, filled, qty - filled, perm_id=900 + IDS[leg], client_id=CLIENT)


def execution(leg: Leg, exec_id: str, qty: int, px: float, order_ref: str | None = None, **more: Any) -> ExecutionData:
    ref = write_ref(RUN, 7, leg) if order_ref is None else order_ref
    named = {"perm_id": 900 + IDS[leg], "client_id": CLIENT, **more}
    side = "BOT" if ACTION[leg] == "BUY" else "SLD"
    done = Execution(exec_id=exec_id, time="", account=ACCOUNT, exchange="CME", side=side, shares=qty, price=px, order_ref=ref, **named)
    return ExecutionData(order_id=IDS[leg], contract=FIELDS, execution=done)


def commission(exec_id: str, amount: float) -> CommissionReport:
    return CommissionReport(exec_id, amount, "USD")


def error(leg: Leg, code: int, text: str = "") -> ErrorMessage:
    return ErrorMessage(IDS[leg], code, text)
