"""IB's own client (ibapi 9.81.1, server version 157) over TCP: connect, details, quotes, an order filled, reconnect."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from tests.gateway.worlds import es, settings, tape
from workbench.gateway import build
from workbench.gateway.transports import serve

ibapi_client = pytest.importorskip("ibapi.client")
ibapi_wrapper = pytest.importorskip("ibapi.wrapper")
from ibapi.contract import Contract  # noqa: E402  after the check that it is installed
from ibapi.order import Order  # noqa: E402  likewise


class App(ibapi_wrapper.EWrapper, ibapi_client.EClient):
    """Keeps every call of IB's wrapper by name."""

    def __init__(self) -> None:
        ibapi_client.EClient.__init__(self, self)
        self.calls: dict[str, list[tuple[Any, ...]]] = {}

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name in KEPT:
            calls = object.__getattribute__(self, "calls")
            return lambda *args, **kwargs: calls.setdefault(name, []).append((*args, *kwargs.values()))
        return found

    def until(self, name: str, n: int = 1, for_s: float = 30.0) -> tuple[Any, ...]:
        end = time.monotonic() + for_s
        while len(self.calls.get(name, ())) < n:
            if time.monotonic() > end:
                raise TimeoutError(
                    f"{self.calls.get('error')} no {name} came; there were { ({each: len(calls) for each, calls in self.calls.items()}) }"
                )
            time.sleep(0.01)  # the client calls from a thread of its own and wakes nobody
        return self.calls[name][n - 1]


KEPT = frozenset(
    "nextValidId managedAccounts error contractDetails contractDetailsEnd tickPrice openOrder orderStatus execDetails commissionReport "
    "position positionEnd accountSummary accountSummaryEnd currentTime openOrderEnd updateMktDepth tickByTickAllLast historicalData "
    "historicalDataEnd".split()
)


def visit(port: int, client_id: int = 1) -> App:
    app = App()
    app.connect("127.0.0.1", port, client_id)
    threading.Thread(target=app.run, daemon=True).start()
    app.until("nextValidId")
    return app


def future() -> Contract:
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "ES", "FUT", "CME", "USD"
    contract.lastTradeDateOrContractMonth = "202612"
    return contract


def order(side: str, order_type: str, price: float = 0.0) -> Order:
    made = Order()
    made.action, made.orderType, made.totalQuantity, made.lmtPrice, made.tif = side, order_type, 1, price, "DAY"
    made.eTradeOnly = made.firmQuoteOnly = False
    return made


def tour(port: int) -> None:
    app = visit(port)
    assert app.serverVersion() == 157
    assert app.until("managedAccounts")[0] == "DUSIM1"
    app.reqContractDetails(1, future())
    details = app.until("contractDetails")[1]
    app.until("contractDetailsEnd")
    assert (details.contract.localSymbol, details.minTick) == ("ESZ6", 0.25)
    app.reqMktData(2, details.contract, "", False, False, [])
    app.reqMktDepth(3, details.contract, 5, False, [])
    app.reqTickByTickData(4, details.contract, "AllLast", 0, False)
    app.reqHistoricalData(5, details.contract, "", "1800 S", "1 min", "TRADES", 0, 1, False, [])
    app.reqAccountSummary(6, "All", "NetLiquidation")
    app.reqCurrentTime()
    first_id = app.until("nextValidId")[0]
    app.placeOrder(first_id, details.contract, order("BUY", "MKT"))
    app.placeOrder(first_id + 1, details.contract, order("BUY", "LMT", 6700.0))
    for name in ("tickPrice", "updateMktDepth", "tickByTickAllLast", "historicalDataEnd", "accountSummaryEnd", "currentTime"):
        app.until(name)
    assert app.until("execDetails")[2].shares == 1
    app.until("commissionReport")
    app.reqPositions()
    app.until("positionEnd")
    assert app.calls["position"][0][2] == 1
    reader = app.reader
    app.disconnect()
    reader.join(30)  # it sits in recv() for up to a second, and so long the socket, and the client id, are not free
    app = visit(port)
    app.reqOpenOrders()
    app.until("openOrderEnd")
    assert [call[0] for call in app.calls["openOrder"]] == [first_id + 1]
    second = visit(port, 2)
    third = App()
    third.connect("127.0.0.1", port, 2)
    threading.Thread(target=third.run, daemon=True).start()
    assert third.until("error")[1] == 326
    for each in (app, second, third):
        each.disconnect()


def test_ibs_own_client_completes_its_tour():
    async def main() -> None:
        gateway = build.gateway(settings(), tape(), [es()], speed=20)
        door = await serve(gateway)
        await asyncio.to_thread(tour, door.port)
        await asyncio.sleep(0.1)
        assert gateway.mishaps == []
        await door.close()

    asyncio.run(main())
