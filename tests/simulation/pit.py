"""A trading pit for tests of the simulated exchange: says records and commands one by one and collects what comes back. No engine."""

from __future__ import annotations

import numpy as np

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.events import AnyEvent, OrderAccepted, OrderCancelled, OrderFilled
from workbench.domain.orders import AnyCommand, Cancel, Cause, Exit, Key, Leg, Modify, OrderType, Submit
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Phase, Provenance, Records, empty, provenance_flag
from workbench.domain.units import MS
from workbench.simulation.matching.exchange import Exchange
from workbench.simulation.matching.models import PLAIN, FillModel

ENTRY, STOP, TARGET, EXIT = Leg
MARKET, LIMIT, STOP_ENTRY = OrderType
BUY, SELL = 1, -1
SESSION = 20261120
WHY = Cause(1, 0)


def future(id_: int = 1, root: str = "ES", quantum: str = "0.25") -> Contract:
    return Contract(
        id=id_, root=root, symbol=f"{root}Z6", type=ContractType.FUTURE, exchange="CME", currency="USD", calendar="CME Globex Equity",
        multiplier="50", price_quantum=quantum, order_increment="0.25",
    )  # fmt: skip


def share(id_: int = 1) -> Contract:
    return Contract(
        id=id_, root="SPY", symbol="SPY", type=ContractType.STOCK, exchange="SMART", currency="USD", calendar="NYSE",
        multiplier="1", price_quantum="0.0001", order_increment="0.01",
    )  # fmt: skip


def record(kind: Kind, t: int, contract: int = 1, **fields: int) -> Records:
    """One record; ``bid``, ``ask``, ``bsz``, ``asz`` make a quote, a price that is `None` is not there."""
    made = empty(1)
    made["kind"], made["recv_ns"], made["seq"], made["contract"] = kind, t, t + 1, contract
    for name, value in fields.items():
        made[name] = value
    return made


def quote_record(t: int, bid: int | None, ask: int | None, bsz: int = 10, asz: int = 10, contract: int = 1) -> Records:
    flags = (BID if bid is not None else 0) | (ASK if ask is not None else 0)
    return record(Kind.QUOTE, t, contract, px=bid or 0, sz=bsz, px2=ask or 0, sz2=asz, flags=flags)


def submit(
    ref: int, side: int, qty: int, kind: OrderType, px: int, stop: int, target: int, contract: int = 1, account: str = "DUSIM1"
) -> Submit:
    return Submit(ref, Key(account, contract, "test"), 0, WHY, side, qty, kind, px, stop, target)


class Pit:
    """One exchange; each record comes 1 ms after the one before."""

    def __init__(self, model: FillModel = PLAIN, *contracts: Contract) -> None:
        self.exchange = Exchange(contracts or [future()], model)
        self.now = 1_000 * MS
        self.heard: list[tuple[int, AnyEvent]] = []
        self.keys: dict[int, Key] = {}
        self.ref = 0

    def say(self, records: Records) -> None:
        """Let records pass and take every report that is due before them."""
        at, address = 0, records.ctypes.data
        while at < len(records):
            at, is_due = self.exchange.run(address, at, len(records))
            if is_due:
                self.heard.append(self.exchange.take())
        self.now = int(records["recv_ns"][-1]) + MS

    def phase(self, phase: Phase = Phase.ETH, session: int = SESSION, contract: int = 1) -> None:
        self.say(record(Kind.PHASE, self.now, contract, level=phase, px=session))

    def quote(self, bid: int | None, ask: int | None, bsz: int = 10, asz: int = 10, contract: int = 1) -> None:
        self.say(quote_record(self.now, bid, ask, bsz, asz, contract))

    def trade(self, px: int, sz: int = 1, side: int = 0, contract: int = 1) -> None:
        self.say(record(Kind.PRINT, self.now, contract, px=px, sz=sz, side=side))

    def gap(self, contract: int = 1) -> None:
        self.say(record(Kind.GAP, self.now, contract))

    def clock(self) -> None:
        self.say(record(Kind.TIME, self.now, 0))

    def bar(
        self, open_: int, high: int, low: int, close: int, volume: int = 100, *, length_ns: int | None = MS, history: bool = False
    ) -> None:
        """One bar that began `length_ns` ago, `None`: it does not tell. By itself it began with the record before."""
        flags = provenance_flag(Provenance.HISTORY if history else Provenance.LIVE)
        start = {} if length_ns is None else {"event_ns": self.now - length_ns}
        told = EVENT_TIME if length_ns is not None else 0
        first = record(Kind.BAR, self.now, px=open_, px2=high, sz=volume, sz2=7, flags=flags | told, **start)
        second = record(Kind.BAR, self.now, px=low, px2=close, sz=volume * open_, level=1, flags=flags)
        self.say(np.concatenate([first, second]))

    def send(self, command: AnyCommand) -> None:
        self.keys[command.ref] = command.key
        self.exchange.send(command, self.now - MS)  # after the record before, ahead of the next

    def enter(
        self, side: int, qty: int, kind: OrderType, px: int, stop: int, target: int, contract: int = 1, account: str = "DUSIM1"
    ) -> int:
        self.ref += 1
        self.send(submit(self.ref, side, qty, kind, px, stop, target, contract, account))
        return self.ref

    def move(self, ref: int, stop_px: int) -> None:
        self.send(Modify(ref, self.keys.get(ref, Key("DUSIM1", 1, "test")), 0, WHY, stop_px))

    def cancel(self, ref: int) -> None:
        self.send(Cancel(ref, self.keys.get(ref, Key("DUSIM1", 1, "test")), 0, WHY))

    def leave(self, ref: int) -> None:
        self.send(Exit(ref, self.keys.get(ref, Key("DUSIM1", 1, "test")), 0, WHY, "test"))

    def told(self) -> list[AnyEvent]:
        """Everything reported since the last call, due or not."""
        while self.exchange.next_due_ns() is not None:
            self.heard.append(self.exchange.take())
        events = [event for _, event in self.heard]
        self.heard = []
        return events

    def fills(self) -> list[tuple[Leg, int, int]]:
        """(leg, quantity, price) of the executions since the last call."""
        return [(event.leg, event.qty, event.px) for event in self.told() if isinstance(event, OrderFilled)]

    def ends(self) -> list[tuple[Leg, int]]:
        """(leg, quantity) of what was cancelled since the last call."""
        return [(event.leg, event.qty) for event in self.told() if isinstance(event, OrderCancelled)]

    def protections(self) -> list[tuple[int, int]]:
        """(quantity, price) of the stops acknowledged since the last call."""
        return [(e.qty, e.px) for e in self.told() if isinstance(e, OrderAccepted) and e.leg is STOP]


def open_pit(model: FillModel = PLAIN, *contracts: Contract) -> Pit:
    """A pit in its session, with a quote of 99 x 100 shown ten a side."""
    pit = Pit(model, *contracts)
    for contract in contracts or [future()]:
        pit.phase(contract=contract.id)
        pit.quote(99, 100, contract=contract.id)
    return pit


def long_pit(qty: int = 2, stop: int = 90, target: int = 110, model: FillModel = PLAIN) -> tuple[Pit, int]:
    """An open pit in which `qty` were bought at 100; what was reported on the way is dropped."""
    pit = open_pit(model)
    ref = pit.enter(BUY, qty, MARKET, 100, stop, target)
    for _ in range(3):
        pit.quote(99, 100, bsz=qty, asz=qty)
        pit.now += 100 * MS  # reports come in, whatever the latency
    pit.told()
    return pit, ref
