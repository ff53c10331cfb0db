"""A broker with ES, NQ and SPY for tests: records and orders are said one by one, and what was reported is read back. No client."""

from __future__ import annotations

from typing import Any, TypeVar

from tests.simulation.pit import future, quote_record, record, share
from workbench.domain.records import Kind, Phase
from workbench.domain.units import MS
from workbench.risk.limits import Terms
from workbench.simulation.broker import (
    Account,
    Broker,
    Commission,
    Execution,
    OcaType,
    Order,
    OrderReport,
    OrderState,
    Refusal,
    Report,
    Tif,
    Type,
    What,
)  # fmt: skip

BUY, SELL = 1, -1
ES, NQ, SPY = 1, 2, 3
SESSION = 20261120
CASH = 1_000_000_000_000  # micros
FEE, MARGIN = 2_250_000, 19_000_000_000
CONTRACTS = (future(ES), future(NQ, "NQ"), share(SPY))
TERMS = [
    Terms(CONTRACTS[0], FEE, MARGIN),
    Terms(CONTRACTS[1], FEE, MARGIN),
    Terms(CONTRACTS[2], 3_500, margin_frac=0.5, fee_min_micros=350_000),
]
R = TypeVar("R", bound=Report)

__all__ = ["OcaType", "Tif", "Type", "What"]


class Floor:
    """One broker; each record comes 1 ms after the one before."""

    def __init__(self, *accounts: Account, **options: Any) -> None:
        self.broker = Broker(CONTRACTS, TERMS, accounts or [Account("DUSIM1", CASH)], **options)
        self.now = 1_000 * MS
        self.told: list[Report] = []
        self.next_id: dict[int, int] = {}

    # ---- market
    def say(self, made: Any) -> None:
        self.now += MS
        made["recv_ns"] = self.now
        self.broker.records(made, 0, len(made))
        self.told += self.broker.take()

    def phase(self, phase: Phase = Phase.RTH, session: int = SESSION, contract: int = ES) -> None:
        self.say(record(Kind.PHASE, 0, contract, level=phase, px=session))

    def quote(self, bid: int | None, ask: int | None, bsz: int = 10, asz: int = 10, contract: int = ES) -> None:
        self.say(quote_record(0, bid, ask, bsz, asz, contract))

    def trade(self, px: int, sz: int = 1, contract: int = ES) -> None:
        self.say(record(Kind.PRINT, 0, contract, px=px, sz=sz))

    def wait(self, ns: int) -> None:
        self.now += ns
        self.broker.advance(self.now)
        self.told += self.broker.take()

    # ---- orders
    def order(self, side: int, qty: int, kind: Type = Type.MARKET, **more: Any) -> Order:
        client = more.setdefault("client_id", 1)
        if "order_id" not in more:
            more["order_id"] = self.next_id[client] = self.next_id.get(client, 0) + 1
        return Order(side=side, qty=qty, type=kind, **{"account": "DUSIM1", "contract": ES, "outside_rth": True, **more})

    def place(self, side: int, qty: int, kind: Type = Type.MARKET, **more: Any) -> int:
        """Place an order; gives its id."""
        made = self.order(side, qty, kind, **more)
        self.broker.place(made, self.now)
        self.told += self.broker.take()
        return made.order_id

    def change(self, order_id: int, side: int, qty: int, kind: Type, **more: Any) -> None:
        self.place(side, qty, kind, order_id=order_id, **more)

    def bracket(
        self, side: int, qty: int, kind: Type = Type.MARKET, stop: int = 90, target: int = 110, **more: Any
    ) -> tuple[int, int, int]:
        """Place entry, stop and target as a client of IB does; gives their ids."""
        entry = self.place(side, qty, kind, transmit=False, **more)
        loss = self.place(-side, qty, Type.STOP, stop_px=stop, parent_id=entry, transmit=False, tif=Tif.GTC)
        gain = self.place(-side, qty, Type.LIMIT, limit_px=target, parent_id=entry, tif=Tif.GTC)
        return entry, loss, gain

    def cancel(self, order_id: int, client: int = 1) -> None:
        self.broker.cancel(client, order_id, self.now)
        self.told += self.broker.take()

    # ---- what came of it
    def take(self) -> list[Report]:
        told, self.told = self.told, []
        return told

    def of(self, kind: type[R]) -> list[R]:
        return [each for each in self.told if isinstance(each, kind)]

    def fills(self) -> list[tuple[int, int, int]]:
        """(order id, quantity, price), dropping what was told so far."""
        return [(each.order_id, each.qty, each.px) for each in self.take() if isinstance(each, Execution)]

    def refusals(self) -> list[tuple[int, int]]:
        """(order id, code) of what was refused since the last look."""
        return [(each.order_id, each.code) for each in self.take() if isinstance(each, Refusal)]

    def state(self, order_id: int, client: int = 1) -> OrderState:
        """How an order stands; it may be over."""
        states = [*self.broker.orders(), *self.broker.completed()]
        return next(each for each in states if each.order.id == (client, order_id))

    def status(self, order_id: int, client: int = 1) -> str:
        return self.state(order_id, client).status.value

    def position(self, contract: int = ES, account: str = "DUSIM1") -> int:
        return self.broker.truth().positions.get((account, contract), 0)

    def statuses(self, order_id: int) -> list[str]:
        """Every status an order was reported with."""
        return [each.state.status.value for each in self.of(OrderReport) if each.state.order.order_id == order_id]

    def commissions(self) -> list[tuple[int, int | None]]:
        return [(each.fee_micros, each.realised_micros) for each in self.of(Commission)]


def open_floor(*accounts: Account, phase: Phase = Phase.RTH, **options: Any) -> Floor:
    """A floor in its session, with a quote of 99 x 100 shown ten a side in every contract."""
    floor = Floor(*accounts, **options)
    for contract in (ES, NQ, SPY):
        floor.phase(phase, contract=contract)
        scale = 100 if contract == SPY else 1
        floor.quote(99 * scale, 100 * scale, contract=contract)
    floor.take()
    return floor
