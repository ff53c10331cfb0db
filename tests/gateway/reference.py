"""A world for the tests of contracts and history: ES and SPY for ten minutes of 20 November 2026, a client that keeps all."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.gateway.worlds import settings
from workbench.domain.contracts import Contract
from workbench.domain.records import Phase, Records
from workbench.domain.units import MINUTE, MS
from workbench.gateway.base import World
from workbench.gateway.behaviour import HISTORY_DELAY_MS
from workbench.gateway.contracts import Universe
from workbench.gateway.contracts import services as contract_services
from workbench.gateway.history import services as history_services
from workbench.simulation.market import MarketSettings, generate
from workbench.wire import Answer, ContractFields, ReqHistoricalData

OPEN_NS = 1_795_185_000_000_000_000  # 20 November 2026, 8:30 in Chicago
ES = ContractFields(symbol="ES", sec_type="FUT", exchange="CME", last_trade="202612", currency="USD")
SPY = ContractFields(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
CONTINUOUS = ContractFields(symbol="ES", sec_type="CONTFUT", exchange="CME", currency="USD")
EURO = ContractFields(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")


class Keeper:
    """A client that keeps what it is sent."""

    def __init__(self, id_: int = 1, version: int = 178) -> None:
        self.id, self.version = id_, version
        self.got: list[Answer] = []
        self.errors: list[tuple[int, int, str]] = []

    def send(self, message: Answer) -> None:
        self.got.append(message)

    def error(self, req_id: int, code: int, text: str, advanced: str = "") -> None:
        self.errors.append((req_id, code, text))


@cache
def tape() -> tuple[tuple[Contract, ...], Records]:
    roots = settings().roots
    contracts = (roots["ES"].contract(1, "2026-12-18"), roots["SPY"].contract(2))
    spans = {each.id: [(OPEN_NS, OPEN_NS + 10 * MINUTE, Phase.RTH)] for each in contracts}
    return contracts, generate(20261120, contracts, spans, seed=7, settings=MarketSettings(activity=0.3))


def world(now_ns: int = OPEN_NS + 9 * MINUTE) -> World:
    contracts, records = tape()
    made = World(settings=settings(), contracts=contracts, records=records, now_ns=now_ns)
    made.universe = Universe(contracts, made.settings.roots, lambda: made.now_ns)
    made.contracts = made.universe.contracts
    return made


class Desk:
    """A world with its two services, asked and moved by hand."""

    def __init__(self, now_ns: int = OPEN_NS + 9 * MINUTE) -> None:
        self.world = world(now_ns)
        self.history = history_services(self.world)[0]
        self.contracts = contract_services(self.world)[0]

    def pass_ms(self, ms: int) -> None:
        """Let time pass as the gateway does: no further than somebody wants to be told."""
        until = self.world.now_ns + ms * MS
        while (due := self.history.next_due_ns()) is not None and due <= until:
            self.world.now_ns = max(due, self.world.now_ns)
            self.history.advance(self.world.now_ns)
        self.world.now_ns = until
        self.history.advance(until)

    def ask(self, request: Any, client: Keeper | None = None) -> Keeper:
        """Ask and wait for the answer."""
        client = client or Keeper()
        service = self.history if isinstance(request, self.history.requests) else self.contracts
        service.answer(client, request)
        self.pass_ms(HISTORY_DELAY_MS)
        return client

    def bars(self, contract: ContractFields = ES, **asked: Any) -> Any:
        """The bars of a request, or the error."""
        client = self.ask(ReqHistoricalData(req_id=1, contract=contract, **{"use_rth": False, **asked}))
        self.pass_ms(20_000)  # out of everybody's way
        return client.got[0].bars if client.got else client.errors[0]
