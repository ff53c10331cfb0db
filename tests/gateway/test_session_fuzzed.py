"""Whatever bytes a client sends: it gets an error or is dropped, a well-behaved client beside it sees nothing, memory stays flat."""

from __future__ import annotations

import gc
import random
import tracemalloc

import pytest

from tests.gateway.raw import Line, Raw
from tests.gateway.worlds import small
from workbench import wire
from workbench.gateway.gateway import Gateway

START = wire.hello() + wire.frame(wire.encode(wire.StartApi(66), 178))
SEEDS = [
    wire.payload(each)
    for each in (
        ["1", "11", "7", "0", "ES", "FUT", "202612", "0", "", "50", "CME", "", "USD", "", "", "0", "", "0", "0", ""],
        ["3", "12", "0", "ES", "FUT", "202612", "0", "", "50", "CME", "", "USD", "", "", "BUY", "1", "LMT", "6800"],
        ["4", "1", "12", ""],
        ["20", "5", "0", "ES", "CONTFUT", "", "0", "", "", "CME", "", "USD", "", "", "0", "", "1 min", "1 D", "1", "TRADES", "1", "0", ""],
        ["9", "8", "3", "0", "ES", "FUT", "", "0", "", "", "CME", "", "USD", "", "", "0", "", ""],
        ["97", "9", "0", "ES", "FUT", "202612", "0", "", "50", "CME", "", "USD", "", "", "AllLast", "0", "0"],
        ["61", "1"],
        ["71", "2", "66", ""],
        ["7", "3", "1", "0", "", "", "", "", "", ""],
        ["49", "1"],
        ["62", "1", "9", "All", "NetLiquidation"],
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
    friend = Raw(gateway, 1)
    friend.take()
    for number in range(n_cases):
        attack(gateway, rng)
        if number % 100 == 0:
            friend.wait(1)
            friend.heard = [each for each in friend.heard if not is_market(each)]
            friend._n_taken = len(friend.heard)
            assert friend.ask(wire.ReqCurrentTime())[-1] == wire.CurrentTime(gateway.now_ns // 10**9)
    assert friend.take() == []
    assert friend.strange == []
    assert gateway.mishaps == []
    assert [client.id for client in gateway.world.clients] == [1]
    assert len(gateway.sessions) == 1


def is_market(answer: wire.Answer) -> bool:
    return type(answer).__name__.startswith(("Tick", "Depth", "MarketDataType", "RealtimeBar"))


def test_five_thousand_hostile_clients_leave_the_others_and_the_memory_alone():
    gateway, _ = small()
    besiege(gateway, 500, seed=0)
    gc.collect()
    tracemalloc.start()
    besiege_again(gateway, 500, seed=1)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    besiege_again(gateway, 4_000, seed=2)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 500_000


def besiege_again(gateway: Gateway, n_cases: int, seed: int) -> None:
    for session in tuple(gateway.sessions):
        gateway.lost(session)
    besiege(gateway, n_cases, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20))
def test_a_hundred_thousand_hostile_clients(seed: int):
    gateway, _ = small()
    besiege(gateway, 5_000, seed=1_000 + seed)
