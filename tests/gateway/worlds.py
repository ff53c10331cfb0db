"""Small worlds for the gateway's tests: one contract, a quote a second, and a service that says what it sees."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

import numpy as np

from workbench import wire
from workbench.config import Settings, load_settings
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Phase, Records, empty
from workbench.domain.units import SECOND
from workbench.gateway.base import Client, World
from workbench.gateway.faults import Scenario
from workbench.gateway.gateway import Gateway

BEGIN_NS = 1_795_188_600_000_000_000  # 20 November 2026, 9:30 in Chicago


@cache
def settings() -> Settings:
    return load_settings(environment={})


def es(number: int = 1) -> Contract:
    return Contract(
        id=number,
        root="ES",
        symbol="ESZ6",
        type=ContractType.FUTURE,
        exchange="CME",
        currency="USD",
        calendar="CME Globex Equity",
        multiplier="50",
        price_quantum="0.25",
        order_increment="0.25",
        expiry="2026-12-18",
    )


def tape(n_seconds: int = 600) -> Records:
    """PHASE, then each second a quote and a print; the price walks a tick up and down."""
    records = empty(1 + 2 * n_seconds)
    records["seq"] = np.arange(1, len(records) + 1)
    records["contract"] = 1
    records["kind"][0], records["level"][0], records["px"][0] = Kind.PHASE, Phase.RTH, 20261120
    times = BEGIN_NS + np.arange(n_seconds) * SECOND
    mid = 27_200 + np.array([0, 1, 2, 1])[np.arange(n_seconds) % 4]
    quotes, prints = records[1::2], records[2::2]
    quotes["recv_ns"], prints["recv_ns"] = times, times + SECOND // 2
    quotes["kind"], prints["kind"] = Kind.QUOTE, Kind.PRINT
    quotes["px"], quotes["px2"], quotes["sz"], quotes["sz2"] = mid, mid + 1, 40, 50
    quotes["flags"], prints["flags"] = BID | ASK | EVENT_TIME, EVENT_TIME
    prints["px"], prints["sz"], prints["side"] = mid, 3, -1
    records["recv_ns"][0] = BEGIN_NS - 1
    records["event_ns"] = records["recv_ns"]
    return records


class Told:
    """A service that keeps what it was told and answers two requests."""

    requests: ClassVar[tuple[type[wire.Request], ...]] = (wire.ReqIds, wire.ReqMarketRule, wire.ReqPositions)

    def __init__(self, world: World) -> None:
        self.world = world
        self.n_records = 0
        self.times: list[int] = []
        self.gone: list[int] = []
        self.due_ns: int | None = None

    def answer(self, client: Client, request: wire.Request) -> None:
        match request:
            case wire.ReqIds():
                client.send(wire.NextValidId(self.world.next_valid_id(client)))
            case wire.ReqMarketRule(666):
                raise RuntimeError("a mistake of ours")
            case wire.ReqPositions():
                client.send(wire.PositionEnd())

    def records(self, records: Records, start: int, stop: int) -> None:
        assert start == self.n_records
        assert int(records["recv_ns"][stop - 1]) <= self.world.now_ns
        self.n_records = stop

    def advance(self, now_ns: int) -> None:
        self.times.append(now_ns)
        if self.due_ns is not None and self.due_ns <= now_ns:
            self.due_ns = None

    def next_due_ns(self) -> int | None:
        return self.due_ns

    def left(self, client: Client) -> None:
        self.gone.append(client.id)


def small(scenario: Scenario | None = None, *, start_ns: int = BEGIN_NS, speed: float = 1.0) -> tuple[Gateway, Told]:
    """A gateway with nothing but `Told`."""
    world = World(settings=settings(), contracts=[es()], records=tape(), now_ns=start_ns, speed=speed)
    told = Told(world)
    return Gateway(world, [told], scenario), told
