"""The order side of the engine: brackets, books, breaker, who is asked, which day it is. Accumulators; no I/O, no clock.

What happens at a barrier is in `engine.care`, a wish's way to an order in `engine.gating`, reports in `engine.reports`, everything else
the venue or a person says in `engine.hearing`, money in `engine.money`. This is what they share.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.decisions import AnyFact, At, Issued, Quarantined
from workbench.domain.orders import AnyCommand, Cause, Key
from workbench.domain.units import SECOND
from workbench.domain.views import PositionView, View
from workbench.engine.books import Books
from workbench.engine.delivery import is_delivered
from workbench.engine.memory import Memory, Place
from workbench.engine.quarantine import Told
from workbench.engine.setup import Setup
from workbench.execution.bracket import Bracket
from workbench.execution.supervisor import Supervisor
from workbench.risk.chain import Gate
from workbench.risk.constitution import micros
from workbench.risk.violations import Found
from workbench.strategies.base import Strategy

ACCOUNT: Final = "account"  # the question every run begins with: equity and margin left
CONNECTION: Final = "connection"  # cause of the breaker while the venue is away


class Desk:
    """Takes wishes and reports, gives commands.

    Attributes
    ----------
    memory
        All that it remembers.
    places
        What it looks at, by contract id.
    strategies
        Those that are asked, by name.
    undelivered
        Contracts whose market data may not be traded on.
    """

    def __init__(self, setup: Setup, views: tuple[View, ...], facts: list[AnyFact]) -> None:
        self.setup, self.facts = setup, facts
        self.slot = {view.contract.id: slot for slot, view in enumerate(views)}
        self.places = {
            view.contract.id: Place(
                view, view.bar.cells, view.contract, terms, setup.closes.get(view.contract.id, ()), setup.is_quoted(view.contract.id)
            )
            for view, terms in zip(views, setup.terms, strict=True)
        }
        self.strategies: dict[str, Strategy] = {}
        self.undelivered: set[int] = set()
        self.supervisor = Supervisor()
        self.memory = Memory()
        self.remember(self.memory)
        self._day_starts = [start for start, _ in setup.account_days]
        self._know(setup)

    def _know(self, setup: Setup) -> None:
        """Read the law once: these stand in the way of every barrier."""
        law = setup.law
        self.gate = Gate(law)
        self.day_limit_micros = micros(law.risk.max_loss_per_day_usd)
        self.ttl_ns = round(law.execution.entry_ttl_seconds * SECOND)
        self.flat_ns = round(law.sessions.flat_before_close_s * SECOND)
        self.hold_quality = round(law.data.hold_quality * 1000)
        self.cover_ns = round(law.execution.cover_seconds * SECOND)
        self.supervisor.repair_ns = round(law.execution.repair_seconds * SECOND)
        self.supervisor.max_changes = law.execution.max_entry_changes
        self.answer_ns = round(law.execution.answer_seconds * SECOND)
        self.sees_markets = law.risk.max_correlation < 1 or law.sessions.volatility_lock_s > 0 or law.sessions.spread_lock_s > 0

    def remember(self, memory: Memory) -> None:
        """Take a memory as its own."""
        self.memory = memory
        self.supervisor.take_over(memory.book)
        self._day_until_ns = -1  # the account day that was begun last holds until here
        self.open_until_ns: dict[int, int] = {}  # contract -> until when the end of its session is not near, as far as was looked
        self.is_new_day = True  # as far as the limits know
        self.is_stirred, self.broken = True, list[Found]()  # whether books and orders are to be measured anew; what was broken of them then
        self.follows = True  # whether a stop follows the market, as the last barrier that was stirred found it
        self.books: Books | None = None  # as they were then
        self.loss: tuple[float, float] | None = None  # of the day and its bound, as this barrier found them first
        self._positions: dict[int, PositionView] = {}  # as their strategies see them, until something moves them
        self.ledger, self.breaker = memory.ledger, memory.breaker
        named = {strategy.name: strategy for strategy, _ in self.setup.strategies}
        self.strategies = {name: each for name, each in named.items() if not self.is_out("strategy", name)}
        self.see_what_is_delivered()

    def see_what_is_delivered(self) -> None:
        """Look which contracts' market data may not be traded on."""
        self.undelivered = {contract for contract, streams in self.memory.streams.items() if not is_delivered(streams)}

    # ------------------------------------------------------------------ what failed
    def is_out(self, kind: str, name: str) -> bool:
        """Whether a strategy, feature or recipe is quarantined."""
        return f"{kind} {name}" in self.memory.quarantined

    def put_out(self, kind: str, name: str, contract: int, told: Told) -> None:
        """Quarantine what failed: it is asked nothing any more. Positions of a strategy keep stop, target, time and thesis."""
        if self.is_out(kind, name):
            return
        self.memory.quarantined[f"{kind} {name}"] = told.where
        if kind == "strategy":
            self.strategies.pop(name, None)
        self.facts.append(Quarantined(kind, name, contract, *told))

    def withdraw_for_those_out(self, now_ns: int, cause: Cause) -> list[AnyCommand]:
        """Withdraw the entries that quarantined strategies still have at work."""
        made = [
            self.supervisor.withdraw(b, now_ns, cause) for b in list(self.supervisor.brackets()) if self.is_out("strategy", b.key.strategy)
        ]
        return self.issue([command for command in made if command is not None])

    # ------------------------------------------------------------------ brackets
    def own(self, contract: int) -> int:
        """Count what our brackets hold of a contract, bought less sold."""
        return sum(b.side * b.open for b in self.supervisor.brackets() if b.key.contract == contract)

    def position(self, b: Bracket) -> PositionView:
        """Show a position as its strategy sees it."""
        held = self._positions.get(b.ref)
        if held is None:
            held = self._positions[b.ref] = b.view()
        return held

    def forget_view(self, ref: int) -> None:
        """Take that something moved a bracket."""
        self._positions.pop(ref, None)

    def to_breakeven(self, b: Bracket, now_ns: int, cause: Cause) -> AnyCommand | None:
        """Move the stop of a position to its entry, on the order increment, on the losing side."""
        tick = self.contract(b.key).tick
        px = b.side * (b.side * b.entry_value // (b.filled * tick)) * tick
        self.forget_view(b.ref)
        command = self.supervisor.move_stop(b, px, now_ns, cause)
        if command is not None:
            self.facts.append(At(now_ns, cause))
            self.issue([command])
        return command

    def leave_all(self, why: str, now_ns: int, cause: Cause) -> list[AnyCommand]:
        """Leave every position and withdraw every entry."""
        made = [
            self.supervisor.leave(b, why, now_ns, cause, self.facts, by_hand_after_ns=self.answer_ns)
            if b.held > 0
            else self.supervisor.withdraw(b, now_ns, cause)
            for b in list(self.supervisor.brackets())
        ]
        return self.issue([command for command in made if command is not None])

    def issue(self, commands: list[AnyCommand]) -> list[AnyCommand]:
        """Make facts of commands that leave, and count them."""
        self.facts.extend(Issued(command) for command in commands)
        self.memory.orders_ns.extend(command.decided_ns for command in commands)
        return commands

    def say(self, commands: list[AnyCommand]) -> list[AnyCommand]:
        """Make facts of commands that count against no rate: questions, and words said again."""
        self.facts.extend(Issued(command) for command in commands)
        return commands

    # ------------------------------------------------------------------ days
    def contract(self, key: Key) -> Contract:
        """Give the definition of a key's contract."""
        return self.places[key.contract].contract

    def begin_day(self, now_ns: int) -> None:
        """Begin the account day that `now_ns` lies in, if it is another one."""
        if now_ns < self._day_until_ns:
            return
        days = self.setup.account_days
        at = bisect_right(self._day_starts, now_ns) - 1
        self._day_until_ns = days[at + 1][0] if at + 1 < len(days) else 1 << 62
        self.is_new_day = self.is_stirred = True
        if at >= 0:
            self.ledger.begin_day(self.setup.account, days[at][1])

    def ns_to_close(self, contract: int, now_ns: int) -> int | None:
        """Give the time to the end of a contract's instrument session, `None` when no calendar was given."""
        closes = self.places[contract].closes
        if not closes:
            return None
        at = bisect_right(closes, now_ns)
        return closes[at] - now_ns if at < len(closes) else None
