"""The tour's verbs in IB's own ibapi: a thread reads the socket, every callback is kept under its name."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.wrapper import EWrapper

from tests.tour.spoken import WAIT_S, Asked, Bar, Fill, Found, Margin, Status, Ticket

UNSET = 1e300  # above it a number is not known


class Ear(EWrapper):
    """Keeps the arguments of every callback."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[str, list[tuple[Any, ...]]] = defaultdict(list)


def _keeper(name: str) -> Callable[..., None]:
    def keep(self: Ear, *arguments: Any) -> None:
        self.heard[name].append(arguments)

    return keep


for _name, _value in vars(EWrapper).items():
    if callable(_value) and not _name.startswith("_") and _name != "logAnswer":
        setattr(Ear, _name, _keeper(_name))


def filled(kind: type[Any], **fields: Any) -> Any:
    made = kind()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


class ByIbapi:
    """A client of IB's own make."""

    def __init__(self) -> None:
        self.ear = Ear()
        self.client = EClient(self.ear)
        self._ids = itertools.count(1000)
        self._orders = itertools.count(0)
        self._thread: threading.Thread | None = None

    def connect(self, port: int, client_id: int) -> None:
        self.client.connect("127.0.0.1", port, client_id)
        self._thread = threading.Thread(target=self.client.run, name="ibapi", daemon=True)
        self._thread.start()
        self._orders = itertools.count(self._first("nextValidId")[0])
        self._first("managedAccounts")

    def disconnect(self) -> None:
        reader = self.client.reader
        self.client.disconnect()
        for thread in (self._thread, reader):  # the socket closes when the reader lets it go, up to a second later
            if thread is not None:
                thread.join(WAIT_S)

    def wait(self, s: float) -> None:
        time.sleep(s)

    def _until(self, is_so: Callable[[], bool], s: float = WAIT_S) -> None:
        deadline = time.monotonic() + s
        while not is_so():
            assert time.monotonic() < deadline, f"nothing came; errors: {self.errors}"
            time.sleep(0.005)

    def _first(self, name: str, start: int = 0) -> tuple[Any, ...]:
        self._until(lambda: len(self.ear.heard[name]) > start)
        return self.ear.heard[name][start]

    def _of(self, name: str, req_id: int) -> list[tuple[Any, ...]]:
        return [heard for heard in list(self.ear.heard[name]) if heard[0] == req_id]

    def _refused(self, req_id: int) -> bool:
        return any(error[0] == req_id for error in self.errors)

    @property
    def accounts(self) -> list[str]:
        return [name for name in self._first("managedAccounts")[0].split(",") if name]

    @property
    def errors(self) -> list[tuple[int, int, str]]:
        return [(error[0], error[1], error[2]) for error in list(self.ear.heard["error"]) if not 2100 <= error[1] < 2170]

    def next_id(self) -> int:
        return next(self._orders)

    def time(self) -> float:
        before = len(self.ear.heard["currentTime"])
        self.client.reqCurrentTime()
        return float(self._first("currentTime", before)[0])

    def details(self, contract: Asked) -> list[Found]:
        req_id = next(self._ids)
        self.client.reqContractDetails(req_id, filled(Contract, **contract))
        self._until(lambda: bool(self._of("contractDetailsEnd", req_id)) or self._refused(req_id))
        found = [details for _, details in self._of("contractDetails", req_id)]
        return [Found(d.contract.conId, d.contract.localSymbol, d.minTick, d.contract.multiplier, d.timeZoneId) for d in found]

    def line(self, contract: Asked, ticks: set[int]) -> dict[int, float]:
        req_id = next(self._ids)
        self.client.reqMktData(req_id, filled(Contract, **contract), "", False, False, [])

        def told() -> dict[int, float]:
            return {heard[1]: float(heard[2]) for name in ("tickPrice", "tickSize") for heard in self._of(name, req_id)}

        self._until(lambda: ticks <= told().keys())
        self.client.cancelMktData(req_id)
        return told()

    def ticks(self, contract: Asked, kind: str, n: int) -> list[tuple[float, ...]]:
        req_id = next(self._ids)
        name = {"BidAsk": "tickByTickBidAsk", "MidPoint": "tickByTickMidPoint"}.get(kind, "tickByTickAllLast")
        self.client.reqTickByTickData(req_id, filled(Contract, **contract), kind, 0, False)
        self._until(lambda: len(self._of(name, req_id)) >= n)
        self.client.cancelTickByTickData(req_id)
        skip = 2 if kind in ("Last", "AllLast") else 1
        return [tuple(float(value) for value in heard[skip:] if isinstance(value, int | float)) for heard in self._of(name, req_id)]

    def book(self, contract: Asked, rows: int) -> tuple[int, int]:
        req_id = next(self._ids)
        is_smart = contract["exchange"] == "SMART"
        self.client.reqMktDepth(req_id, filled(Contract, **contract), rows, is_smart, [])
        side_at = 4 if is_smart else 3

        def inserts(side: int) -> int:
            name = "updateMktDepthL2" if is_smart else "updateMktDepth"
            return sum(heard[side_at - 1] == 0 and heard[side_at] == side for heard in self._of(name, req_id))

        self._until(lambda: inserts(1) >= rows and inserts(0) >= rows)
        self.client.cancelMktDepth(req_id, is_smart)
        return min(inserts(1), rows), min(inserts(0), rows)

    def history(self, contract: Asked, duration: str, size: str) -> list[Bar]:
        req_id = next(self._ids)
        self.client.reqHistoricalData(req_id, filled(Contract, **contract), "", duration, size, "TRADES", 0, 1, False, [])
        self._until(lambda: bool(self._of("historicalDataEnd", req_id)) or self._refused(req_id))
        return [Bar(b.date, b.open, b.high, b.low, b.close, float(b.volume)) for _, b in self._of("historicalData", req_id)]

    def real_time(self, contract: Asked, n: int) -> list[Bar]:
        req_id = next(self._ids)
        self.client.reqRealTimeBars(req_id, filled(Contract, **contract), 5, "TRADES", False, [])
        self._until(lambda: len(self._of("realtimeBar", req_id)) >= n)
        self.client.cancelRealTimeBars(req_id)
        return [Bar(str(h[1]), *h[2:6], float(h[6])) for h in self._of("realtimeBar", req_id)]

    def chain(self, symbol: str, con_id: int) -> tuple[int, int]:
        req_id = next(self._ids)
        self.client.reqSecDefOptParams(req_id, symbol, "", "STK", con_id)
        self._until(lambda: bool(self._of("securityDefinitionOptionParameterEnd", req_id)))
        heard = self._of("securityDefinitionOptionParameter", req_id)
        return max(len(h[5]) for h in heard), max(len(h[6]) for h in heard)

    def _order(self, ticket: Ticket, **more: Any) -> Any:
        prices = dict(lmtPrice=ticket.limit, auxPrice=ticket.stop, trailingPercent=ticket.percent)
        return filled(
            Order, action=ticket.action, totalQuantity=ticket.quantity, orderType=ticket.kind, tif=ticket.tif, parentId=ticket.parent,
            transmit=ticket.transmit, ocaGroup=ticket.group, ocaType=ticket.group_kind, eTradeOnly=False, firmQuoteOnly=False,
            **{name: value for name, value in prices.items() if value is not None}, **more,
        )  # fmt: skip

    def what_if(self, contract: Asked, ticket: Ticket) -> Margin:
        order_id = self.next_id()
        self.client.placeOrder(order_id, filled(Contract, **contract), self._order(ticket, whatIf=True))
        self._until(lambda: bool(self._of("openOrder", order_id)))
        state = self._of("openOrder", order_id)[-1][3]
        fee = state.commission
        return Margin(float(state.initMarginBefore), float(state.initMarginAfter), None if fee > UNSET else fee)

    def place(self, contract: Asked, ticket: Ticket) -> int:
        order_id = ticket.id if ticket.id is not None else self.next_id()
        self.client.placeOrder(order_id, filled(Contract, **contract), self._order(ticket))
        return order_id

    def cancel(self, order_id: int) -> None:
        self.client.cancelOrder(order_id)

    def status(self, order_id: int) -> Status | None:
        heard = self._of("orderStatus", order_id)
        return Status(heard[-1][1], *(float(each) for each in heard[-1][2:5]), heard[-1][6]) if heard else None

    def open_orders(self, everybodys: bool = False) -> set[int]:
        orders, ends = len(self.ear.heard["openOrder"]), len(self.ear.heard["openOrderEnd"])
        (self.client.reqAllOpenOrders if everybodys else self.client.reqOpenOrders)()
        self._until(lambda: len(self.ear.heard["openOrderEnd"]) > ends)
        return {heard[2].permId for heard in self.ear.heard["openOrder"][orders:]}

    def perm_id(self, order_id: int) -> int:
        self._until(lambda: bool(self._of("openOrder", order_id)))
        return int(self._of("openOrder", order_id)[-1][2].permId)

    def fills(self) -> list[Fill]:
        req_id = next(self._ids)
        self.client.reqExecutions(req_id, ExecutionFilter())
        self._until(lambda: bool(self._of("execDetailsEnd", req_id)))
        found = [execution for _, _, execution in self._of("execDetails", req_id)]

        def told() -> dict[str, float]:
            return {heard[0].execId: heard[0].commission for heard in list(self.ear.heard["commissionReport"])}

        self._until(lambda: {each.execId for each in found} <= told().keys())
        fees = told()
        return [Fill(e.execId, e.orderId, e.side, float(e.shares), e.price, fees.get(e.execId)) for e in found]

    def positions(self) -> dict[str, float]:
        held, ends = len(self.ear.heard["position"]), len(self.ear.heard["positionEnd"])
        self.client.reqPositions()
        self._until(lambda: len(self.ear.heard["positionEnd"]) > ends)
        self.client.cancelPositions()
        return {heard[1].localSymbol: float(heard[2]) for heard in self.ear.heard["position"][held:]}

    def summary(self) -> dict[str, str]:
        req_id = next(self._ids)
        self.client.reqAccountSummary(req_id, "All", "NetLiquidation,AvailableFunds,AccountType")
        self._until(lambda: bool(self._of("accountSummaryEnd", req_id)))
        self.client.cancelAccountSummary(req_id)
        return {heard[2]: heard[3] for heard in self._of("accountSummary", req_id)}

    def pnl(self) -> tuple[float, float, float]:
        req_id = next(self._ids)
        self.client.reqPnL(req_id, self.accounts[0], "")
        self._until(lambda: bool(self._of("pnl", req_id)))
        self.client.cancelPnL(req_id)
        daily, unrealised, realised = self._of("pnl", req_id)[-1][1:4]
        return daily, unrealised, realised
