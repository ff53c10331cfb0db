"""The tour's verbs in ib_async: its blocking calls on a loop of their own; tickers, trades and fills read where it keeps them."""

from __future__ import annotations

import asyncio
import atexit
import time
from collections.abc import Callable
from typing import Any

import ib_async

from tests.tour.spoken import WAIT_S, Asked, Bar, Fill, Found, Margin, Status, Ticket

UNSET = 1e300
LOOP = asyncio.new_event_loop()  # all clients share one, as the blocking calls run whichever is set
atexit.register(LOOP.close)
TICKS = {1: "bid", 0: "bidSize", 2: "ask", 3: "askSize", 4: "last", 5: "lastSize", 8: "volume", 6: "high", 7: "low", 14: "open"}


class ByIbAsync:
    """A client as most of Python writes it."""

    def __init__(self) -> None:
        asyncio.set_event_loop(LOOP)
        self.ib = ib_async.IB()
        self.ib.RequestTimeout = WAIT_S
        self.errors: list[tuple[int, int, str]] = []
        self.ib.errorEvent += self._error

    def _error(self, req_id: int, code: int, text: str, _contract: object) -> None:
        if not 2100 <= code < 2170:
            self.errors.append((req_id, code, text))

    def connect(self, port: int, client_id: int) -> None:
        self.ib.connect("127.0.0.1", port, clientId=client_id, timeout=WAIT_S, raiseSyncErrors=True)

    def disconnect(self) -> None:
        self.ib.disconnect()
        self.wait(0.05)

    def wait(self, s: float) -> None:
        self.ib.sleep(s)

    def _until(self, is_so: Callable[[], bool], s: float = WAIT_S) -> None:
        deadline = time.monotonic() + s
        while not is_so():
            assert time.monotonic() < deadline, f"nothing came; errors: {self.errors}"
            self.wait(0.01)

    @property
    def accounts(self) -> list[str]:
        return list(self.ib.managedAccounts())

    def next_id(self) -> int:
        return int(self.ib.client.getReqId())

    def time(self) -> float:
        return float(self.ib.reqCurrentTime().timestamp())

    def details(self, contract: Asked) -> list[Found]:
        found = self.ib.reqContractDetails(ib_async.Contract(**contract))
        return [Found(d.contract.conId, d.contract.localSymbol, d.minTick, d.contract.multiplier, d.timeZoneId) for d in found]

    def _named(self, contract: Asked) -> Any:
        (named,) = self.ib.qualifyContracts(ib_async.Contract(**contract))
        return named

    def line(self, contract: Asked, ticks: set[int]) -> dict[int, float]:
        named = self._named(contract)
        ticker = self.ib.reqMktData(named)

        def told() -> dict[int, float]:
            return {tick: value for tick, name in TICKS.items() if (value := getattr(ticker, name)) == value}

        self._until(lambda: ticks <= told().keys())
        self.ib.cancelMktData(named)
        return told()

    def ticks(self, contract: Asked, kind: str, n: int) -> list[tuple[float, ...]]:
        named = self._named(contract)
        found: list[tuple[float, ...]] = []

        def keep(ticker: Any) -> None:
            found.extend(
                (tick.time.timestamp(), *(float(each) for each in tick[1:] if isinstance(each, int | float)))
                if not hasattr(tick, "tickType")
                else (tick.time.timestamp(), float(tick.price), float(tick.size))
                for tick in ticker.tickByTicks
            )

        ticker = self.ib.reqTickByTickData(named, kind)
        ticker.updateEvent += keep
        self._until(lambda: len(found) >= n)
        self.ib.cancelTickByTickData(named, kind)
        ticker.updateEvent -= keep
        return found

    def book(self, contract: Asked, rows: int) -> tuple[int, int]:
        named = self._named(contract)
        is_smart = named.exchange == "SMART"
        ticker = self.ib.reqMktDepth(named, rows, is_smart)
        self._until(lambda: len(ticker.domBids) >= rows and len(ticker.domAsks) >= rows)
        rows_now = len(ticker.domBids), len(ticker.domAsks)
        self.ib.cancelMktDepth(named, is_smart)
        return rows_now

    def history(self, contract: Asked, duration: str, size: str) -> list[Bar]:
        bars = self.ib.reqHistoricalData(self._named(contract), "", duration, size, "TRADES", False, timeout=WAIT_S)
        return [Bar(str(b.date), b.open, b.high, b.low, b.close, float(b.volume)) for b in bars]

    def real_time(self, contract: Asked, n: int) -> list[Bar]:
        bars = self.ib.reqRealTimeBars(self._named(contract), 5, "TRADES", False)
        self._until(lambda: len(bars) >= n)
        self.ib.cancelRealTimeBars(bars)
        return [Bar(str(int(b.time.timestamp())), b.open_, b.high, b.low, b.close, float(b.volume)) for b in bars]

    def chain(self, symbol: str, con_id: int) -> tuple[int, int]:
        chains = self.ib.reqSecDefOptParams(symbol, "", "STK", con_id)
        return max(len(each.expirations) for each in chains), max(len(each.strikes) for each in chains)

    def _order(self, ticket: Ticket, **more: Any) -> Any:
        order = ib_async.Order(
            action=ticket.action, totalQuantity=ticket.quantity, orderType=ticket.kind, tif=ticket.tif, parentId=ticket.parent,
            transmit=ticket.transmit, ocaGroup=ticket.group, ocaType=ticket.group_kind, **more,
        )  # fmt: skip
        for name, value in (("lmtPrice", ticket.limit), ("auxPrice", ticket.stop), ("trailingPercent", ticket.percent)):
            if value is not None:
                setattr(order, name, value)
        return order

    def what_if(self, contract: Asked, ticket: Ticket) -> Margin:
        state = self.ib.whatIfOrder(self._named(contract), self._order(ticket))
        fee = float(state.commission)
        return Margin(float(state.initMarginBefore), float(state.initMarginAfter), None if fee > UNSET else fee)

    def place(self, contract: Asked, ticket: Ticket) -> int:
        order_id = ticket.id if ticket.id is not None else self.next_id()
        before = self._trade(order_id)
        if before is None:
            self.ib.placeOrder(self._named(contract), self._order(ticket, orderId=order_id))
        else:
            for name, value in (("lmtPrice", ticket.limit), ("auxPrice", ticket.stop), ("totalQuantity", ticket.quantity)):
                if value is not None:
                    setattr(before.order, name, value)
            self.ib.placeOrder(before.contract, before.order)
        return order_id

    def _trade(self, order_id: int) -> Any:
        return next((trade for trade in self.ib.trades() if trade.order.orderId == order_id), None)

    def cancel(self, order_id: int) -> None:
        trade = self._trade(order_id)
        self.ib.cancelOrder(trade.order if trade is not None else ib_async.Order(orderId=order_id))

    def status(self, order_id: int) -> Status | None:
        trade = self._trade(order_id)
        if trade is None:
            return None
        said = trade.orderStatus
        return Status(said.status, float(said.filled), float(said.remaining), said.avgFillPrice, said.parentId)

    def open_orders(self, everybodys: bool = False) -> set[int]:
        trades = self.ib.reqAllOpenOrders() if everybodys else self.ib.reqOpenOrders()
        return {trade.order.permId for trade in trades}

    def perm_id(self, order_id: int) -> int:
        self._until(lambda: bool(self._trade(order_id).order.permId))
        return int(self._trade(order_id).order.permId)

    def fills(self) -> list[Fill]:
        self.ib.reqExecutions()
        self._until(lambda: all(fill.commissionReport.execId for fill in self.ib.fills()))
        found = []
        for fill in self.ib.fills():  # what reqExecutions gives of a fill already known never gets its commission (ib_async 2.1.0)
            e, fee = fill.execution, fill.commissionReport
            found.append(Fill(e.execId, e.orderId, e.side, float(e.shares), e.price, fee.commission if fee.execId else None))
        return found

    def positions(self) -> dict[str, float]:
        return {each.contract.localSymbol: float(each.position) for each in self.ib.reqPositions()}

    def summary(self) -> dict[str, str]:
        return {value.tag: value.value for value in self.ib.accountSummary()}

    def pnl(self) -> tuple[float, float, float]:
        pnl = self.ib.reqPnL(self.accounts[0])
        self._until(lambda: pnl.dailyPnL == pnl.dailyPnL)
        self.ib.cancelPnL(self.accounts[0])
        return pnl.dailyPnL, pnl.unrealizedPnL, pnl.realizedPnL
