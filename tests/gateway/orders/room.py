"""A world with its services for orders and accounts, clients that keep what they are sent, and a market said record by record."""

from __future__ import annotations

from typing import Any, TypeVar

from tests.gateway.reference import Keeper
from tests.gateway.worlds import BEGIN_NS, es, settings
from tests.simulation.pit import quote_record, record
from workbench.domain.contracts import Contract
from workbench.domain.records import Kind, Phase, empty
from workbench.domain.units import MS
from workbench.gateway.accounts import Accounts
from workbench.gateway.base import AccountSetup, World
from workbench.gateway.contracts import Universe
from workbench.gateway.orders import Orders
from workbench.wire import Answer, CancelOrder, ContractFields, OpenOrder, OrderFields, OrderStatus, PlaceOrder, Request

ES = ContractFields(symbol="ES", sec_type="FUT", exchange="CME", last_trade="202612", currency="USD")
SPY = ContractFields(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
MID = 27_200
A = TypeVar("A", bound=Answer)
AT_A_MILLION = (AccountSetup(name="DUSIM1"),)


def spy(number: int = 2) -> Contract:
    return settings().roots["SPY"].contract(number)


class Room:
    """One gateway's services, asked and moved by hand, its market at 6800.00 x 6800.25, ten a side."""

    def __init__(self, *accounts: AccountSetup, master_id: int | None = None, phase: Phase = Phase.RTH) -> None:
        self.world = World(
            settings=settings(), contracts=[es(), spy()], records=empty(0), now_ns=BEGIN_NS, accounts=accounts or AT_A_MILLION,
            master_id=master_id,
        )  # fmt: skip
        self.world.universe = Universe(self.world.contracts, self.world.settings.roots, lambda: self.world.now_ns)
        self.world.contracts = self.world.universe.contracts
        self.orders = Orders(self.world)
        self.accounts = Accounts(self.world)
        self.services = (self.orders, self.accounts)
        self.broker = self.orders.broker
        for contract in (1, 2):
            self.say(record(Kind.PHASE, 0, contract, level=phase, px=20261120))
        self.quote()
        self.quote(6_000_000, 6_000_100, contract=2)

    def client(self, id_: int = 1, version: int = 178) -> Keeper:
        keeper = Keeper(id_, version)
        self.world.clients.append(keeper)
        return keeper

    def leave(self, client: Keeper) -> None:
        self.world.clients.remove(client)
        for service in self.services:
            service.left(client)

    def say(self, records: Any) -> None:
        """Let a record happen, a millisecond later."""
        self.world.now_ns += MS
        records["recv_ns"] = self.world.now_ns
        for service in self.services:
            service.records(records, 0, 1)
        for service in self.services:
            service.advance(self.world.now_ns)

    def wait(self, ns: int) -> None:
        self.world.now_ns += ns
        for service in self.services:
            service.advance(self.world.now_ns)

    def quote(self, bid: int = MID, ask: int = MID + 1, bsz: int = 10, asz: int = 10, contract: int = 1) -> None:
        self.say(quote_record(0, bid, ask, bsz, asz, contract))

    def ask(self, client: Keeper, request: Request) -> None:
        service = next(each for each in self.services if isinstance(request, each.requests))
        service.answer(client, request)
        self.wait(0)

    def place(
        self,
        client: Keeper,
        order_id: int,
        action: str = "BUY",
        qty: int = 1,
        kind: str = "MKT",
        contract: ContractFields = ES,
        **more: Any,
    ) -> int:
        order = OrderFields(**{"action": action, "total_quantity": qty, "order_type": kind, "tif": "DAY", "outside_rth": True, **more})
        self.ask(client, PlaceOrder(order_id=order_id, contract=contract, order=order))
        return order_id

    def cancel(self, client: Keeper, order_id: int) -> None:
        self.ask(client, CancelOrder(order_id))


def of(client: Keeper, kind: type[A]) -> list[A]:
    """What a client got of one kind."""
    return [each for each in client.got if isinstance(each, kind)]


def names(client: Keeper) -> list[str]:
    """The kinds of all a client got, in order, dropping them."""
    got, client.got = client.got, []
    return [type(each).__name__ for each in got]


def statuses(client: Keeper) -> list[tuple[int, str]]:
    """(order id, status) as told, dropping what was got."""
    got, client.got = client.got, []
    return [(each.order_id, each.status) for each in got if isinstance(each, OrderStatus)]


def codes(client: Keeper) -> list[tuple[int, int]]:
    """(request id, code) of the errors, dropping them."""
    errors, client.errors = client.errors, []
    return [(req_id, code) for req_id, code, _ in errors]


def opened(client: Keeper) -> OpenOrder:
    """The newest openOrder."""
    return of(client, OpenOrder)[-1]
