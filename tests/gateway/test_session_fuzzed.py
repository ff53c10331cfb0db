"""Whatever bytes a client sends: it gets an error or is dropped, a well-behaved client beside it sees nothing, memory stays flat."""

from __future__ import annotations

import gc
import random
import tracemalloc

import pytest

from tests.gateway.raw import Line, Raw
from tests.gateway.worlds import es, settings, small, tape
from workbench import wire
from workbench.gateway import build
from workbench.gateway.gateway import Gateway
from workbench.simulation.broker import Broker

START = wire.hello() + wire.frame(wire.encode(wire.StartApi(66), 178))
ES = wire.ContractFields(symbol="ES", sec_type="FUT", last_trade="202612", exchange="CME", currency="USD")
LIMIT = wire.OrderFields(action="BUY", total_quantity=1, order_type="LMT", lmt_price=6700.0, tif="DAY", oca_group="o", oca_type=1)
SEEDS = [
    wire.encode(each, 178)
    for each in (
        wire.StartApi(66),
        wire.ReqCurrentTime(),
        wire.ReqIds(1),
        wire.ReqMktData(req_id=7, contract=ES, generic_ticks="233,236"),
        wire.CancelMktData(7),
        wire.ReqTickByTick(req_id=8, contract=ES, tick_type="AllLast", n_ticks=5),
        wire.ReqDepth(req_id=9, contract=ES, n_rows=5),
        wire.CancelDepth(9),
        wire.ReqRealtimeBars(req_id=10, contract=ES),
        wire.ReqHistoricalData(req_id=11, contract=ES, duration="600 S", keep_up_to_date=True),
        wire.ReqHistoricalTicks(req_id=12, contract=ES, end="20261120 09:30:00 US/Central", n_ticks=10),
        wire.ReqHeadTimestamp(req_id=13, contract=ES),
        wire.ReqHistogramData(req_id=14, contract=ES),
        wire.ReqContractDetails(req_id=15, contract=ES),
        wire.ReqMatchingSymbols(16, "ES"),
        wire.ReqOptionParams(17, "ES", "CME", "FUT", 1),
        wire.ReqMarketRule(26),
        wire.PlaceOrder(order_id=18, contract=ES, order=LIMIT),
        wire.CancelOrder(18),
        wire.GlobalCancel(),
        wire.ReqOpenOrders(),
        wire.ReqAllOpenOrders(),
        wire.ReqAutoOpenOrders(is_bound=True),
        wire.ReqExecutions(19),
        wire.ReqCompletedOrders(api_only=False),
        wire.ReqAccountUpdates(subscribe=True, account="DUSIM1"),
        wire.ReqAccountSummary(20, "All", "NetLiquidation"),
        wire.ReqPositions(),
        wire.ReqPnl(21, "DUSIM1"),
        wire.ReqMarketDataType(3),
        wire.SetServerLogLevel(5),
    )
]
WORDS = ["", "-1", "2147483648", "1e400", "nan", "Infinity", "\ud7ff", "9" * 40, "x" * 3000, "0.1", "-0", "True", "1" + "0" * 18]


def case(rng: random.Random) -> bytes:
    """One hostile conversation."""
    kind = rng.randrange(8)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 200))
    if kind == 1:
        return START[: rng.randrange(1, len(START))]
    if kind == 2:
        return START + rng.randbytes(rng.randrange(1, 300))
    if kind == 3:
        return START + rng.randrange(2**24, 2**32).to_bytes(4, "big") + rng.randbytes(50)
    payloads = [mutated(rng, rng.choice(SEEDS)) for _ in range(rng.randrange(1, 6))]
    return START + b"".join(len(each).to_bytes(4, "big") + each for each in payloads)


def mutated(rng: random.Random, payload: bytes) -> bytes:
    words = payload.split(b"\0")[:-1]
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(words)) if words else 0
        match rng.randrange(6):
            case 0:
                words = words[:at]
            case 1:
                words.insert(at, rng.choice(WORDS).encode())
            case 2 if words:
                words[at] = rng.choice(WORDS).encode()
            case 3:
                words = words * rng.randrange(1, 5)
            case 4 if words:
                words[at] = rng.randbytes(rng.randrange(1, 12)).replace(b"\0", b"!")
            case _:
                words.append(str(rng.randrange(-5, 300)).encode())
    joined = b"".join(word + b"\0" for word in words)
    return joined[:-1] if rng.random() < 0.05 else joined


def attack(gateway: Gateway, rng: random.Random) -> None:
    """Send one case in random pieces, then hang up or not."""
    line = Line()
    session = gateway.connect(line)
    data = case(rng)
    while data and not line.ended:
        n = rng.randrange(1, len(data) + 1)
        gateway.receive(session, data[:n])
        data = data[n:]
        line.sent.clear()
    gateway.lost(session)


def besiege(gateway: Gateway, n_cases: int, seed: int) -> None:
    rng = random.Random(seed)
    friend, n_quotes = Raw(gateway, 1), 0
    friend.ask(wire.ReqMktData(req_id=1, contract=ES))
    friend.take()
    for number in range(n_cases):
        attack(gateway, rng)
        if number % 100 == 0:
            friend.wait(1)
            n_quotes += len(friend.heard)
            friend.heard = [each for each in friend.heard if not is_market(each)]
            friend._n_taken = len(friend.heard)
            assert friend.ask(wire.ReqCurrentTime())[-1] == wire.CurrentTime(gateway.now_ns // 10**9)
    assert [each for each in friend.take() if not is_market(each)] == []
    assert n_quotes > n_cases // 100 or len(gateway.services) == 1
    assert friend.strange == []
    assert gateway.mishaps == []
    assert [client.id for client in gateway.world.clients] == [1]
    assert len(gateway.sessions) == 1


def test_the_whole_gateway_stands_a_siege():
    gateway = build.gateway(settings(), tape(), [es()])
    besiege(gateway, 2_000, seed=5)
    assert gateway.world.known(Broker).truth().executions == ()


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20))
def test_the_whole_gateway_stands_a_long_siege(seed: int):
    besiege(build.gateway(settings(), tape(), [es()]), 5_000, seed=2_000 + seed)


def is_market(answer: wire.Answer) -> bool:
    return type(answer).__name__.startswith(("Tick", "Depth", "MarketDataType", "RealtimeBar"))


def test_three_thousand_hostile_clients_leave_the_others_and_the_memory_alone():
    gateway, _ = small()
    besiege(gateway, 500, seed=0)
    gc.collect()
    tracemalloc.start()
    besiege_again(gateway, 400, seed=1)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    besiege_again(gateway, 2_100, seed=2)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 500_000


def besiege_again(gateway: Gateway, n_cases: int, seed: int) -> None:
    for session in tuple(gateway.sessions):
        gateway.lost(session)
    besiege(gateway, n_cases, seed)
