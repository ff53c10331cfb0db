"""Orders and executions of our account that are not ours: typed by hand, of another program, of a run that is over. Pure; adopts none.

An order is told again when anything of it changed. What lies in a contract that the run does not know cannot be an event of its own
(its prices have no quanta); it is told in words, with code 0 and kind ``foreign``.

IB tells the end of somebody else's order to nobody who is not its master client. One that works and is neither among the completed orders
nor in two whole answers of open orders, some seconds apart, is told as cancelled; what it filled shows in the position.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.events import AnyEvent, BrokerSaid, ForeignFilled, ForeignOrderSeen
from workbench.venues.ib.units import nearest_px, to_size
from workbench.wire import CompletedOrder, ExecutionData, OpenOrder, OrderStatus
from workbench.wire.text import Number

MAX_SEEN: Final = 5_000  # orders; beyond that the oldest may be told again
BUYS, SELLS = 1, -1
OVER: Final = frozenset({"Filled", "Cancelled", "ApiCancelled", "Inactive"})  # the referee's words for it (`execution.reconcile`)


class Foreign:
    """Remembers what was told last of each foreign order."""

    def __init__(self, contracts: Mapping[int, Contract]) -> None:
        self._contracts = contracts
        self.net: dict[int, int] = {}  # by contract id: what foreign executions bought, less what they sold
        self._traded: dict[tuple[int, int], int] = {}  # by contract id and side
        self.seen: dict[tuple[int, int], ForeignOrderSeen | str] = {}  # by (permId, 0), or (client, order) while there is none
        self._missed: dict[tuple[int, int], tuple[int, float]] = {}  # of those that work: whole answers without it, when the first came

    def recall(self, seen: Iterable[ForeignOrderSeen]) -> None:
        """Know what earlier processes told last."""
        self.seen.update({(each.perm_id, 0): each for each in seen})

    def order(self, m: OpenOrder) -> list[AnyEvent]:
        """Take a row of the open orders."""
        order = m.order
        key = _key(order.perm_id, order.client_id, order.order_id)
        contract = self._contracts.get(m.contract.con_id)
        name = m.contract.local_symbol or m.contract.symbol
        if contract is None:
            text = f"an order that is not ours in {name}: {order.action} {order.total_quantity} {order.order_type}, {m.state.status}"
            return self._tell(key, text, f"{order.account}: {text}")
        before = self.seen.get(key)
        filled = before.filled if isinstance(before, ForeignOrderSeen) else 0
        side = BUYS if order.action == "BUY" else SELLS
        qty, done = _size(contract, order.total_quantity or 0), max(filled, _size(contract, order.filled_quantity or 0))
        seen = ForeignOrderSeen(
            order.account, contract.id, order.perm_id, order.order_ref, side, qty, done, order.order_type, m.state.status
        )
        return [*self._renamed(key, (order.client_id, order.order_id)), *self._tell(key, seen, "")]

    def _renamed(self, key: tuple[int, int], before: tuple[int, int]) -> list[AnyEvent]:
        """Take that an order has its permId now: what was told without one is no order of its own."""
        return self._end(before, "Cancelled") if key != before and self._works(before) else []

    def status(self, m: OrderStatus) -> list[AnyEvent]:
        """Take the status of an order; nothing while its row was not seen."""
        for key in ((m.perm_id, 0), (m.client_id, m.order_id)):
            before = self.seen.get(key)
            if isinstance(before, ForeignOrderSeen):
                contract = next(each for each in self._contracts.values() if each.id == before.contract)
                b, filled = before, max(before.filled, _size(contract, m.filled))
                seen = ForeignOrderSeen(b.account, b.contract, b.perm_id, b.order_ref, b.side, b.qty, filled, b.order_type, m.status)
                return self._tell(key, seen, "")
        return []

    def completed(self, m: CompletedOrder) -> list[AnyEvent]:
        """Take a row of the completed orders."""
        key = (m.order.perm_id, 0)
        return self._end(key, m.state.status) if m.state.status in OVER and self._works(key) else []

    # ------------------------------------------------------------------ what is in no answer any more
    def count(self, shown: Collection[tuple[int, int]], now_s: float) -> None:
        """Take a whole answer of open orders: the keys of those in it, and when it came."""
        works = [key for key in self.seen if self._works(key)]
        before, self._missed = self._missed, {}
        for key in works:
            if key not in shown:
                n, since_s = before.get(key, (0, now_s))
                self._missed[key] = (n + 1, since_s)

    def look_anew(self) -> None:
        """Take that what was in no answer over one link of TWS to IB may be in one over the next."""
        self._missed.clear()

    @property
    def is_missing(self) -> bool:
        """Whether one that works was in no answer lately, and not for long enough to be told as cancelled."""
        return bool(self._missed)

    def gone(self, now_s: float, *, least: int, apart_s: float) -> list[AnyEvent]:
        """Tell as cancelled what `least` whole answers have missed, the first of them `apart_s` ago."""
        keys = [key for key, (n, since_s) in self._missed.items() if n >= least and now_s - since_s >= apart_s]
        return [event for key in keys for event in self._end(key, "Cancelled")]

    def _works(self, key: tuple[int, int]) -> bool:
        seen = self.seen.get(key)
        return isinstance(seen, ForeignOrderSeen) and seen.status not in OVER

    def _end(self, key: tuple[int, int], status: str) -> list[AnyEvent]:
        b = self.seen[key]
        assert isinstance(b, ForeignOrderSeen)
        self._missed.pop(key, None)
        gone = ForeignOrderSeen(b.account, b.contract, b.perm_id, b.order_ref, b.side, b.qty, b.filled, b.order_type, status)
        return self._tell(key, gone, "")

    # ------------------------------------------------------------------ executions
    def execution(self, m: ExecutionData) -> list[AnyEvent]:
        """Take an execution, told here for the first time."""
        e = m.execution
        contract = self._contracts.get(m.contract.con_id)
        if contract is None:
            name = m.contract.local_symbol or m.contract.symbol
            text = f"{e.account}: an execution that is not ours in {name}: {e.side} {e.shares} at {e.price}"
            return [BrokerSaid(0, "foreign", text, None, None)]
        side = BUYS if e.side.upper().startswith("B") else SELLS
        px, qty = nearest_px(contract, e.price, up=side == BUYS), _size(contract, e.shares)
        self.net[contract.id] = self.net.get(contract.id, 0) + side * qty
        self._traded[contract.id, side] = self.traded(contract.id, side) + qty
        return [ForeignFilled(e.account, contract.id, e.perm_id, e.order_ref, side, qty, px, e.exec_id)]

    def traded(self, contract: int, side: int) -> int:
        """Count what foreign executions bought (side 1) or sold of a contract, by its id, as far as they were told here."""
        return self._traded.get((contract, side), 0)

    def _tell(self, key: tuple[int, int], seen: ForeignOrderSeen | str, text: str) -> list[AnyEvent]:
        if self.seen.get(key) == seen:
            return []
        self.seen.pop(key, None)
        self.seen[key] = seen
        while len(self.seen) > MAX_SEEN:
            del self.seen[next(iter(self.seen))]
        return [BrokerSaid(0, "foreign", text, None, None) if isinstance(seen, str) else seen]


def _key(perm_id: int, client_id: int, order_id: int) -> tuple[int, int]:
    return (perm_id, 0) if perm_id else (client_id, order_id)


def keys(orders: Iterable[OpenOrder], statuses: Iterable[OrderStatus]) -> set[tuple[int, int]]:
    """Give by what `Foreign` knows the orders of an answer; each has a row and a status, and one of them may be lost."""
    named = {_key(m.order.perm_id, m.order.client_id, m.order.order_id) for m in orders}
    return named | {_key(m.perm_id, m.client_id, m.order_id) for m in statuses if m.status not in OVER}


def _size(contract: Contract, units: Number) -> int:
    """Turn units into quanta; a part of one counts as one: a foreign order is never nothing."""
    try:
        return to_size(contract, units)
    except DataError:
        return int(Decimal(units).copy_abs().to_integral_value(rounding="ROUND_UP"))
