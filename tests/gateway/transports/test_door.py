"""The real ib_async against the gateway: in memory on a virtual loop, and over TCP; and doors that are shut, moved, or open to others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import ib_async
import pytest

from tests.gateway.worlds import BEGIN_NS, es, settings, tape
from workbench.domain.errors import ConfigError
from workbench.gateway import build
from workbench.gateway.gateway import Gateway
from workbench.gateway.transports import Door, serve
from workbench.simulation.virtual import run

ES = ib_async.Future("ES", "202612", "CME", currency="USD")
Visit = Callable[[Gateway, Door], Awaitable[Any]]


def made(faults: Any = None, speed: float = 1.0) -> Gateway:
    return build.gateway(settings(), tape(), [es()], faults=faults, speed=speed)


async def connected(door: Door, client_id: int = 1, **options: Any) -> ib_async.IB:
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", door.port, client_id, timeout=20, raiseSyncErrors=True, **options)
    return ib


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.02)


def in_memory(visit: Visit, faults: Any = None, seed: int = 1) -> Any:
    async def main(loop: Any) -> Any:
        gateway = made(faults)
        door = await serve(gateway, port=7497)
        found = await visit(gateway, door)
        await door.close()
        assert gateway.mishaps == []
        return found

    return run(main, seed=seed, epoch_ns=BEGIN_NS)


def over_tcp(visit: Visit, faults: Any = None, speed: float = 20.0) -> Any:
    async def main() -> Any:
        gateway = made(faults, speed)
        door = await serve(gateway)
        found = await visit(gateway, door)
        await door.close()
        assert gateway.mishaps == []
        return found

    return asyncio.run(main())


async def first_visit(gateway: Gateway, door: Door) -> tuple[list[str], float, str]:
    ib = await connected(door)
    accounts = ib.managedAccounts()
    (details,) = await ib.reqContractDetailsAsync(ES)
    ticker = ib.reqMktData(details.contract)
    trade = ib.placeOrder(details.contract, ib_async.MarketOrder("BUY", 2))
    await until(lambda: trade.orderStatus.status == "Filled" and trade.fills and trade.fills[0].commissionReport.execId)
    await until(lambda: ticker.hasBidAsk())
    ib.disconnect()
    return accounts, ticker.bid, trade.orderStatus.status


@pytest.mark.parametrize("transport", [in_memory, over_tcp])
def test_the_real_ib_async_connects_sees_quotes_and_trades(transport):
    accounts, bid, status = transport(first_visit)
    assert accounts == ["DUSIM1"]
    assert 6799 < bid < 6802
    assert status == "Filled"


async def two_clients(gateway: Gateway, door: Door) -> tuple[int, int, list[int]]:
    one, two = await connected(door, 1), await connected(door, 2)
    (contract,) = await one.qualifyContractsAsync(ES)
    trade = one.placeOrder(contract, ib_async.LimitOrder("BUY", 1, 6700))
    await until(lambda: trade.orderStatus.status == "Submitted")
    await two.reqAllOpenOrdersAsync()
    refused: list[int] = []
    third = ib_async.IB()
    third.errorEvent += lambda req_id, code, text, contract: refused.append(code)
    with pytest.raises((asyncio.TimeoutError, ConnectionError)):
        await third.connectAsync("127.0.0.1", door.port, 1, timeout=4)
    await until(lambda: refused)
    counts = len(one.openTrades()), len(two.openTrades())
    one.disconnect()
    two.disconnect()
    return *counts, refused


@pytest.mark.parametrize("transport", [in_memory, over_tcp])
def test_two_clients_work_side_by_side_and_a_third_with_a_taken_id_does_not(transport):
    assert transport(two_clients) == (1, 1, [326])


async def reconnects(gateway: Gateway, door: Door) -> list[tuple[int, str]]:
    ib = await connected(door)
    (contract,) = await ib.qualifyContractsAsync(ES)
    trade = ib.placeOrder(contract, ib_async.LimitOrder("BUY", 1, 6700))
    await until(lambda: trade.orderStatus.status == "Submitted")
    ib.disconnect()
    await until(lambda: not gateway.world.clients)
    ib = await connected(door)
    found = [(trade.order.orderId, trade.orderStatus.status) for trade in ib.openTrades()]
    ib.disconnect()
    return found


@pytest.mark.parametrize("transport", [in_memory, over_tcp])
def test_a_reconnect_finds_the_open_orders(transport):
    ((_, status),) = transport(reconnects)
    assert status == "Submitted"


def test_the_same_seed_gives_the_same_conversation_in_memory():
    async def visit(gateway: Gateway, door: Door) -> list[str]:
        ib = await connected(door)
        said: list[str] = []
        ib.client.conn.hasData += lambda data: said.append(data.hex())
        (contract,) = await ib.qualifyContractsAsync(ES)
        ib.reqMktData(contract)
        ib.placeOrder(contract, ib_async.MarketOrder("SELL", 1))
        await asyncio.sleep(20)
        ib.disconnect()
        return said

    assert in_memory(visit, seed=4) == in_memory(visit, seed=4)


def test_a_restart_drops_the_socket_refuses_for_a_while_and_lets_in_again():
    async def visit(gateway: Gateway, door: Door) -> tuple[bool, bool]:
        ib = await connected(door)
        await asyncio.sleep(30)
        is_dropped = not ib.isConnected()
        with pytest.raises(ConnectionRefusedError):
            await ib_async.IB().connectAsync("127.0.0.1", door.port, 1, timeout=2)
        await asyncio.sleep(60)
        ib = await connected(door)
        is_back = ib.isConnected()
        ib.disconnect()
        return is_dropped, is_back

    assert in_memory(visit, "daily_restart") == (True, True)


def test_the_port_moves_where_1300_said():
    async def visit(gateway: Gateway, door: Door) -> bool:
        ib = await connected(door)
        await asyncio.sleep(25)
        assert door.port == 7498
        ib = await connected(door)
        ib.disconnect()
        return True

    assert in_memory(visit, "1300_port_reset")


def test_weekly_second_factor_times_out_a_connect():
    async def visit(gateway: Gateway, door: Door) -> None:
        await connected(door)
        await asyncio.sleep(25)
        with pytest.raises(asyncio.TimeoutError):
            await ib_async.IB().connectAsync("127.0.0.1", door.port, 1, timeout=4)

    in_memory(visit, "weekly_second_factor")


def test_a_half_open_link_of_the_clients_holds_its_id():
    async def main(loop: Any) -> list[int]:
        door = await serve(made(), port=7497)
        await connected(door)
        loop.network.links[-1].half_open()
        codes: list[int] = []
        again = ib_async.IB()
        again.errorEvent += lambda req_id, code, text, contract: codes.append(code)
        with pytest.raises((asyncio.TimeoutError, ConnectionError)):
            await again.connectAsync("127.0.0.1", 7497, 1, timeout=2)
        await asyncio.sleep(0.1)
        await door.close()
        return codes

    assert run(main, epoch_ns=BEGIN_NS) == [326]


def test_an_address_that_others_reach_must_be_asked_for_twice():
    async def main() -> None:
        with pytest.raises(ConfigError, match="no password"):
            await serve(made(), "0.0.0.0")
        door = await serve(made(), "0.0.0.0", others_may_reach_it=True)
        await door.close()

    asyncio.run(main())


def test_a_day_of_market_passes_in_memory_in_seconds():
    async def visit(gateway: Gateway, door: Door) -> int:
        ib = await connected(door)
        (contract,) = await ib.qualifyContractsAsync(ES)
        ib.reqMktData(contract)
        await asyncio.sleep(86_400)
        ib.disconnect()
        return gateway.now_ns - BEGIN_NS

    assert in_memory(visit) == pytest.approx(86_400e9, rel=1e-3)
