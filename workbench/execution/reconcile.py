"""The broker's word on positions against our own count: the referee over executions lost, taken back, or made by others. No I/O, no clock.

Rules
-----
1. What the broker holds of a contract is ours and foreign together. Ours is what our executions make; foreign is what the broker held
   before anything was ours, what others were seen to trade, and what a person has taken note of.
2. A contract with a foreign position, or a foreign order at work, is entered by nobody here, unless its owner has said that what is foreign
   in it is to be ignored; the broker's word that is not ours, and a hand that closed what was ours, lock it all the same.
3. A difference that lasts, with no stranger in sight, is never explained away: the caller halts, and a person looks. What is missing of
   ours is explained by executions alone. A broker that is away has no word.
4. What others trade is counted from executions, each once by its id. Those told while the broker is away or resynchronises are held back:
   a position told meanwhile may hold them already. When it is back they count if they are just what the position lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from workbench.domain.events import ForeignFilled, ForeignOrderSeen, PositionTold

OVER: Final = frozenset({"Filled", "Cancelled", "ApiCancelled", "Inactive"})
MAX_SEEN: Final = 5_000  # foreign executions known by their ids


class Referee(msgspec.Struct):
    """What the broker and others said of one account's contracts; a plain value.

    Examples
    --------
    >>> referee = Referee()
    >>> referee.told(PositionTold("DUSIM1", 1, 2, 0), own=2, has_orders=True, now_ns=0)
    >>> referee.told(PositionTold("DUSIM1", 1, 6, 0), own=2, has_orders=True, now_ns=5)
    >>> referee.judge(lambda contract: 2, now_ns=10, limit_ns=30)
    >>> referee.judge(lambda contract: 2, now_ns=40, limit_ns=30)
    'position of contract 1: the broker holds 6, ours are 2 and foreign 0'
    """

    positions: dict[int, int] = msgspec.field(default_factory=dict)  # contract -> as the broker said last, own and foreign
    foreign: dict[int, int] = msgspec.field(default_factory=dict)  # contract -> what is not ours of it
    orders: dict[int, list[int]] = msgspec.field(default_factory=dict)  # contract -> permIds of foreign orders that work
    seen_ns: dict[int, int] = msgspec.field(default_factory=dict)  # contract -> when a stranger was last seen to trade it
    since_ns: dict[int, int] = msgspec.field(default_factory=dict)  # contract -> since when the broker's word is not ours
    costs: dict[int, int] = msgspec.field(default_factory=dict)  # contract -> what all of its position cost, in micros
    executions: dict[str, int] = msgspec.field(default_factory=dict)  # foreign ones, by id: their contract
    waiting: dict[int, list[ForeignFilled]] = msgspec.field(default_factory=dict)  # contract -> held back until the broker is back
    ignored: list[int] = msgspec.field(default_factory=list)  # contracts whose foreign quantity keeps nobody out
    by_hand: dict[int, str] = msgspec.field(default_factory=dict)  # contract -> what was done to a position of ours

    def told(self, event: PositionTold, *, own: int, has_orders: bool, now_ns: int) -> None:
        """Take the broker's word; the first one on a contract that nothing of ours works says what was there before us."""
        if event.contract not in self.positions and not has_orders and event.qty != own:
            self.foreign[event.contract] = event.qty - own
        self.positions[event.contract], self.costs[event.contract] = event.qty, event.cost_micros
        if event.qty != own + self.foreign.get(event.contract, 0):
            self.since_ns.setdefault(event.contract, now_ns)

    def saw(self, event: ForeignOrderSeen, now_ns: int) -> None:
        """Take that somebody else has an order: he is in sight, whether or not it is said that it filled."""
        self.seen_ns[event.contract] = now_ns
        works = self.orders.setdefault(event.contract, [])
        if event.perm_id in works:
            works.remove(event.perm_id)
        if event.status not in OVER:
            works.append(event.perm_id)

    def is_news(self, event: ForeignFilled, now_ns: int) -> bool:
        """Take that somebody else traded; whether it is told for the first time."""
        if event.exec_id in self.executions:
            return False
        self.seen_ns[event.contract] = now_ns
        self.executions[event.exec_id] = event.contract
        while len(self.executions) > MAX_SEEN:
            del self.executions[next(iter(self.executions))]
        return True

    def hold_back(self, event: ForeignFilled) -> None:
        """Keep an execution until it is known whether the position told holds it."""
        self.waiting.setdefault(event.contract, []).append(event)

    def lacking(self, own: Callable[[int], int]) -> list[ForeignFilled]:
        """Give what was held back and is just what the broker's word has beyond ours; forget the rest, which was there before us."""
        due: list[ForeignFilled] = []
        for contract, held_back in self.waiting.items():
            beyond = self.positions.get(contract, 0) - own(contract) - self.foreign.get(contract, 0)
            if beyond and beyond == sum(each.side * each.qty for each in held_back):
                due += held_back
        self.waiting.clear()
        return due

    def count(self, contract: int, qty: int) -> None:
        """Count what others hold of a contract by `qty` more, bought above 0."""
        held = self.foreign.pop(contract, 0) + qty
        if held:
            self.foreign[contract] = held

    def is_foreign(self, contract: int) -> bool:
        """Whether somebody else is in a contract in a way that keeps us out, or the broker's word on it is not ours."""
        stranger = contract not in self.ignored and (self.foreign.get(contract) or self.orders.get(contract))
        return bool(stranger or contract in self.since_ns or contract in self.by_hand)

    def pause(self) -> None:
        """Take that the broker is away: what differs has to be seen again."""
        self.since_ns.clear()

    def judge(self, own: Callable[[int], int], *, now_ns: int, limit_ns: int) -> str | None:
        """Compare; say what has differed for `limit_ns` without a stranger in sight, `None` if nothing has."""
        wrong = None
        for contract, held in self.positions.items():
            mine, others = own(contract), self.foreign.get(contract, 0)
            if held == mine + others:
                self.since_ns.pop(contract, None)
                continue
            since_ns = self.since_ns.setdefault(contract, now_ns)
            is_seen = contract in self.seen_ns and self.seen_ns[contract] >= since_ns - limit_ns
            if is_seen and mine * (held - mine - others) >= 0:  # what is missing of ours is not explained by a stranger's being there
                self.foreign[contract] = held - mine
                del self.since_ns[contract]
            elif now_ns - since_ns >= limit_ns:
                wrong = f"position of contract {contract}: the broker holds {held}, ours are {mine} and foreign {others}"
        return wrong

    def adopt(self, own: Callable[[int], int]) -> None:
        """A person has looked: what is not ours is foreign, and what was done by hand is known."""
        self.since_ns.clear()
        self.by_hand.clear()
        kept = {contract: qty for contract, qty in self.foreign.items() if contract not in self.positions}
        self.foreign = kept | {contract: held - own(contract) for contract, held in self.positions.items() if held != own(contract)}
