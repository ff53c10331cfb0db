"""The tour of orders and accounts with the real ib_async, over the in-memory transport in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import ib_async as ib

from tests.gateway.worlds import BEGIN_NS, es, settings, tape
from workbench.domain.units import SECOND
from workbench.gateway.base import AccountSetup
from workbench.gateway.build import gateway
from workbench.gateway.gateway import Gateway
from workbench.gateway.orders import broker_of
from workbench.gateway.transports import serve
from workbench.simulation.virtual import VirtualLoop, run


def opened() -> Gateway:
    accounts = [AccountSetup(name="DUSIM1", cash="10000000")]
    return gateway(settings(), tape(), [es()], accounts=accounts, start_ns=BEGIN_NS + 5 * SECOND)


async def connected(client_id: int) -> tuple[ib.IB, ib.Contract]:
    client = ib.IB()
    await client.connectAsync("127.0.0.1", 7497, clientId=client_id)
    [contract] = await client.qualifyContractsAsync(ib.Future("ES", "202612", "CME"))
    return client, contract


def trade(body: Any) -> Gateway:
    """Run a body with a first client against a fresh gateway; nothing of ours may have gone wrong."""
    made = opened()

    async def main(loop: VirtualLoop) -> None:
        await serve(made, port=7497)
        client, contract = await connected(1)
        await asyncio.wait_for(body(client, contract), 600)
        client.disconnect()

    run(main, epoch_ns=BEGIN_NS)
    assert made.mishaps == []
    return made


def test_a_bracket_fills_in_parts_and_its_books_agree_with_the_brokers() -> None:
    async def body(client: ib.IB, contract: ib.Contract) -> None:
        entry, target, stop = (client.placeOrder(contract, each) for each in client.bracketOrder("BUY", 60, 6801.0, 6808.0, 6790.0))
        await asyncio.sleep(1)
        assert entry.orderStatus.status == "Submitted"
        assert 0 < entry.orderStatus.filled < 60
        assert (target.orderStatus.status, stop.orderStatus.status, stop.orderStatus.whyHeld) == ("Submitted", "PreSubmitted", "trigger")
        await asyncio.sleep(5)
        assert entry.isDone()
        assert client.positions()[0].position == sum(fill.execution.shares for fill in client.fills()) == 60
        assert client.portfolio()[0].averageCost == 6801.0 * 50
        client.cancelOrder(target.order)
        await asyncio.sleep(1)
        assert (target.orderStatus.status, stop.orderStatus.status) == ("Cancelled", "Cancelled")
        leave = client.placeOrder(contract, ib.MarketOrder("SELL", 60))
        await asyncio.sleep(3)
        assert (leave.orderStatus.status, client.positions()) == ("Filled", [])
        fills = await client.reqExecutionsAsync()
        assert {fill.execution.execId for fill in fills} == {fill.execution.execId for fill in client.fills()}
        assert sum(fill.commissionReport.commission for fill in client.fills()) == 120 * 2.25

    made = trade(body)
    assert broker_of(made.world).truth().positions == {}


def test_a_trailing_stop_an_oca_group_a_what_if_and_a_change() -> None:
    async def body(client: ib.IB, contract: ib.Contract) -> None:
        state = await client.whatIfOrderAsync(contract, ib.MarketOrder("BUY", 2))
        assert (state.initMarginChange, state.commission) == ("38000.00", 4.5)
        trailing = client.placeOrder(contract, ib.Order(action="SELL", totalQuantity=1, orderType="TRAIL", auxPrice=5.0, tif="GTC"))
        pair = [ib.LimitOrder("BUY", 1, 6790.0), ib.LimitOrder("SELL", 1, 6900.0)]
        one, two = (client.placeOrder(contract, each) for each in client.oneCancelsAll(pair, "pair", 1))
        await asyncio.sleep(1)
        assert (trailing.orderStatus.status, one.orderStatus.status, two.orderStatus.status) == ("PreSubmitted", "Submitted", "Submitted")
        one.order.lmtPrice = 6805.0
        client.placeOrder(contract, one.order)
        await asyncio.sleep(3)
        assert (one.orderStatus.status, two.orderStatus.status) == ("Filled", "Cancelled")
        assert one.orderStatus.avgFillPrice == 6805.0

    trade(body)


def test_two_clients_and_a_client_that_comes_back_to_its_orders() -> None:
    async def body(client: ib.IB, contract: ib.Contract) -> None:
        resting = client.placeOrder(contract, ib.LimitOrder("BUY", 1, 6700.0, tif="GTC"))
        other, _ = await connected(2)
        await asyncio.sleep(1)
        errors: list[int] = []
        other.errorEvent += lambda req_id, code, text, about: errors.append(code)
        assert len(await other.reqAllOpenOrdersAsync()) == 1
        other.cancelOrder(ib.Order(orderId=resting.order.orderId, clientId=2))
        await asyncio.sleep(1)
        assert 10147 in errors
        perm_id = resting.order.permId
        client.disconnect()
        await asyncio.sleep(1)
        back, _ = await connected(1)
        assert [(each.order.permId, each.orderStatus.status) for each in back.openTrades()] == [(perm_id, "Submitted")]
        assert back.client.getReqId() > resting.order.orderId
        back.disconnect()
        other.disconnect()

    trade(body)


def test_profit_summary_and_completed_orders() -> None:
    async def body(client: ib.IB, contract: ib.Contract) -> None:
        client.placeOrder(contract, ib.MarketOrder("BUY", 1))
        await asyncio.sleep(2)
        pnl = client.reqPnL("DUSIM1")
        single = client.reqPnLSingle("DUSIM1", "", contract.conId)
        await asyncio.sleep(2)
        assert pnl.dailyPnL == single.dailyPnL == pnl.unrealizedPnL - 2.25
        assert single.position == 1
        told = {(each.tag, each.currency): each.value for each in await client.accountSummaryAsync()}
        assert told["InitMarginReq", "USD"] == "19000.00"
        [over] = await client.reqCompletedOrdersAsync(False)
        assert (over.orderStatus.status, over.order.filledQuantity) == ("Filled", 1)

    trade(body)
