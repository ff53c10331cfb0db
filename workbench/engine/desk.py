"""The order side of the engine: brackets, books, breaker and the windows limits count in. Accumulators; no I/O, no clock.

All that it remembers is one plain value, `Memory`, so that a snapshot is its encoding.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

import msgspec

from workbench.domain.bars import BAR_AT, OPENED
from workbench.domain.contracts import Contract
from workbench.domain.decisions import (
    AnyFact,
    Approved,
    At,
    ExitWish,
    Issued,
    Proposal,
    Quarantined,
    Refused,
    TradingState,
)
from workbench.domain.events import FeeReported, Known, Unknown
from workbench.domain.orders import AnyCommand, Cause, Key
from workbench.domain.records import ASK, BID
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.domain.views import PositionView, View
from workbench.engine.delivery import is_delivered
from workbench.engine.quarantine import Told, asked_about
from workbench.engine.setup import Setup
from workbench.execution.bracket import Bracket, closed
from workbench.execution.exits import why_leave
from workbench.execution.ledger import Ledger
from workbench.execution.lifecycle import Phase
from workbench.execution.reconcile import Referee
from workbench.execution.supervisor import Book, Report, Supervisor
from workbench.risk.breaker import Breaker
from workbench.risk.chain import Gate
from workbench.risk.constitution import micros
from workbench.risk.limits import Standing, Terms
from workbench.strategies.base import Strategy

_HAS, _BID, _ASK, _QUALITY, _FLAGS = (BAR_AT[name] for name in ("has", "bid", "ask", "quality", "flags"))
ACCOUNT: Final = "account"  # the question every run begins with: equity and margin left
CONNECTION: Final = "connection"  # cause of the breaker while the venue is away


class Memory(msgspec.Struct):
    """What the desk remembers."""

    book: Book = msgspec.field(default_factory=Book)
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    breaker: Breaker = msgspec.field(default_factory=Breaker)
    orders_ns: list[int] = msgspec.field(default_factory=list)  # when orders left, one minute back
    entries_ns: list[int] = msgspec.field(default_factory=list)  # when entries left, one hour back
    last_entry_ns: int | None = None
    answers: dict[str, Known | Unknown] = msgspec.field(default_factory=dict)  # the last one on each question
    n_refused: dict[str, int] = msgspec.field(default_factory=dict)
    quarantined: dict[str, str] = msgspec.field(default_factory=dict)  # "strategy first": where it failed; asked nothing any more
    streams: dict[int, dict[str, str]] = msgspec.field(default_factory=dict)  # contract -> stream -> state, as the venue said last
    referee: Referee = msgspec.field(default_factory=Referee)


class Place(NamedTuple):
    """What the desk looks at of one contract; cells are those of its last bar."""

    view: View
    cells: memoryview[int]
    contract: Contract
    terms: Terms
    closes: tuple[int, ...]
    is_quoted: bool


class Desk:
    """Takes wishes and reports, gives commands."""

    def __init__(self, setup: Setup, views: tuple[View, ...], facts: list[AnyFact]) -> None:
        self.setup, self.facts = setup, facts
        self.slot = {view.contract.id: slot for slot, view in enumerate(views)}
        self.views = views
        self._places = {
            view.contract.id: Place(
                view, view.bar.cells, view.contract, terms, setup.closes.get(view.contract.id, ()), setup.is_quoted(view.contract.id)
            )
            for view, terms in zip(views, setup.terms, strict=True)
        }
        self.strategies: dict[str, Strategy] = {}  # those that are asked
        self.supervisor = Supervisor()
        self.memory = Memory()
        self.remember(self.memory)
        self._gate = Gate(setup.law)
        self._day_limit = micros(setup.law.risk.max_loss_per_day_usd)
        self._day_starts = [start for start, _ in setup.account_days]
        self._ttl_ns = round(setup.law.execution.entry_ttl_seconds * SECOND)
        self._flat_ns = round(setup.law.sessions.flat_before_close_s * SECOND)
        self._hold_quality = round(setup.law.data.hold_quality * 1000)
        self._cover_ns = round(setup.law.execution.cover_seconds * SECOND)
        self._answer_ns = round(setup.law.execution.answer_seconds * SECOND)

    def remember(self, memory: Memory) -> None:
        """Take a memory as its own."""
        self.memory = memory
        self.supervisor.take_over(memory.book)
        self._day_until_ns = -1  # the account day that was begun last holds until here
        self._positions: dict[int, PositionView] = {}  # as their strategies see them, until something moves them
        self.ledger, self.breaker = memory.ledger, memory.breaker
        named = {strategy.name: strategy for strategy, _ in self.setup.strategies}
        self.strategies = {name: each for name, each in named.items() if not self.is_out("strategy", name)}
        self.see_what_is_delivered()

    def see_what_is_delivered(self) -> None:
        """Look which contracts' market data may not be traded on."""
        self._undelivered = {contract for contract, streams in self.memory.streams.items() if not is_delivered(streams)}

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
        commands: list[AnyCommand] = [command for command in made if command is not None]
        self._issue(commands)
        return commands

    # ------------------------------------------------------------------ at a barrier
    def manage(self, now_ns: int, cause: Cause) -> list[AnyCommand]:
        """See to every bracket: day, loss limit, time to live, close of the session, exits, the strategy's own wish."""
        self.begin_day(now_ns)
        self._watch_positions(now_ns)
        commands: list[AnyCommand] = []
        if not self.memory.book.open:
            return commands
        self._watch_the_day()
        halted = self.breaker.state is TradingState.HALTED
        for bracket in list(self.supervisor.brackets()):
            command = self._see_to(bracket, now_ns, cause, halted)
            if command is not None:
                commands.append(command)
        if commands:
            self._issue(commands)
        return commands

    def _see_to(self, b: Bracket, now_ns: int, cause: Cause, halted: bool) -> AnyCommand | None:
        self._watch_silence(b, now_ns)
        if b.open <= 0:
            is_due = b.rest and (halted or now_ns - b.sent_ns >= self._ttl_ns)
            return self.supervisor.withdraw(b, now_ns, cause) if is_due else None
        place = self._places[b.key.contract]
        view = place.view
        to_close = self.ns_to_close(b.key.contract, now_ns) if place.closes else None
        why: str | None
        if b.leaving:
            why = b.leaving
        elif self.breaker.must_flatten:
            why = "halted"
        elif b.phase is Phase.EXPOSED and now_ns - b.since_ns >= self._cover_ns:
            why = "uncovered"
        elif to_close is not None and to_close <= self._flat_ns:
            why = "close"
        elif place.cells[_QUALITY] < self._hold_quality and not place.cells[_FLAGS] & OPENED:  # every opening is broken
            why = "quality"
        else:
            why = why_leave(view, b)
        is_due = b.rest and (halted or now_ns - b.sent_ns >= self._ttl_ns)
        if why is None and is_due and (cancel := self.supervisor.withdraw(b, now_ns, cause)) is not None:
            return cancel
        if why is None and (strategy := self.strategies.get(b.key.strategy)) is not None:
            wish = asked_about(strategy, view, self._position(b))
            if isinstance(wish, Told):
                self.put_out("strategy", b.key.strategy, b.key.contract, wish)
            elif isinstance(wish, ExitWish):
                why = wish.why
            elif wish is not None:
                self._positions.pop(b.ref, None)
                tick = place.contract.tick  # the losing side of the grid
                return self.supervisor.move_stop(b, b.side * (b.side * wish.stop_px // tick) * tick, now_ns, cause)
        return self.supervisor.leave(b, why, now_ns, cause, self.facts) if why else None

    def _watch_silence(self, b: Bracket, now_ns: int) -> None:
        """An order or exit nobody answers is unknown, not dead: halt and let a person look. A venue that is away is silent about all."""
        if b.is_unknown and CONNECTION not in self.breaker.causes and now_ns - b.since_ns >= self._answer_ns:
            self.breaker.trip(f"no answer about bracket {b.ref}", TradingState.HALTED, self.facts, latched=True)

    def _watch_positions(self, now_ns: int) -> None:
        """Halt when the broker holds something else than we believe, for longer than an answer may take. One that is away has no word."""
        referee = self.memory.referee
        if not referee.positions:
            return
        if CONNECTION in self.breaker.causes:
            referee.pause()
        elif (wrong := referee.judge(self.own, now_ns=now_ns, limit_ns=self._answer_ns)) is not None:
            self.breaker.trip(wrong, TradingState.HALTED, self.facts, latched=True)

    def own(self, contract: int) -> int:
        """Count what our brackets hold of a contract, bought less sold."""
        return sum(b.side * b.open for b in self.supervisor.brackets() if b.key.contract == contract)

    def _position(self, b: Bracket) -> PositionView:
        held = self._positions.get(b.ref)
        if held is None:
            held = self._positions[b.ref] = b.view()
        return held

    def gate(self, key: Key, wish: Proposal, now_ns: int, cause: Cause) -> AnyCommand | None:
        """Hold a wish against the law; approved, it becomes a bracket and its command."""
        slot = self.slot[key.contract]
        verdict = self._gate.judge(key, wish, self.views[slot], self.setup.terms[slot], self._standing(key, now_ns))
        self.facts.append(verdict)
        if isinstance(verdict, Refused):
            counted = self.memory.n_refused
            counted[verdict.reason.value] = counted.get(verdict.reason.value, 0) + 1
            return None
        return self._open(verdict, now_ns, cause)

    def _open(self, approved: Approved, now_ns: int, cause: Cause) -> AnyCommand:
        command = self.supervisor.submit(approved, now_ns, cause, self.ledger.day(approved.key.account).day)
        self.memory.orders_ns.extend((now_ns, now_ns, now_ns))
        self.memory.entries_ns.append(now_ns)
        self.memory.last_entry_ns = now_ns
        self.ledger.enter(approved.key.account)
        self.facts.append(Issued(command))
        return command

    def _standing(self, key: Key, now_ns: int) -> Standing:
        memory, account = self.memory, key.account
        _forget(memory.orders_ns, now_ns - MINUTE)
        _forget(memory.entries_ns, now_ns - HOUR)
        mine = [b for b in self.supervisor.brackets() if b.key.account == account]
        held = [(b, abs(b.open) + b.rest, self.slot[b.key.contract]) for b in mine]
        today = self.ledger.day(account)
        return Standing(
            state=self.breaker.state,
            is_owned=any(b.key.contract == key.contract for b in mine) or memory.referee.is_foreign(key.contract),
            n_open=len(mine),
            n_contracts=sum(qty for _, qty, _ in held),
            heat_micros=sum(b.risk_micros * qty // b.qty for b, qty, _ in held),
            margin_micros=sum(self.setup.terms[slot].margin(qty, b.stop_px) for b, qty, slot in held),
            equity_micros=self.ledger.equity(account),
            day_loss_before_costs_micros=-today.before_costs_micros + sum(self._at_stake(b) for b in mine),
            n_entries_day=today.n_entries,
            n_entries_hour=len(memory.entries_ns),
            n_orders_minute=len(memory.orders_ns),
            ns_since_entry=None if memory.last_entry_ns is None else now_ns - memory.last_entry_ns,
            losses_in_row=self.ledger.losses_in_row(account),
            ns_to_close=self.ns_to_close(key.contract, now_ns),
            is_quoted=self._places[key.contract].is_quoted,
            is_delivered=key.contract not in self._undelivered,
        )

    # ------------------------------------------------------------------ when the venue speaks
    def report(self, report: Report, now_ns: int, cause: Cause) -> tuple[Bracket | None, list[AnyCommand]]:
        """Take a report; give the bracket it moved and what must be sent."""
        bracket, commands, trouble, corrected = self.supervisor.on_report(report, now_ns, cause, self.facts)
        if corrected is not None:
            key, earned = corrected
            self.ledger.correct(key, self._contract(key).value_micros(earned))
        if trouble:
            self.breaker.trip(trouble, TradingState.HALTED, self.facts, latched=True)
        self._positions.pop(report.ref, None)
        if bracket is not None and bracket.ref not in self.memory.book.open:
            self._close(bracket, now_ns)
        if commands:
            self._issue(commands)
        return bracket, commands

    def fee(self, event: FeeReported) -> None:
        """Book a commission that came after its execution."""
        key = self.supervisor.fee(event.exec_id, event.fee_micros)
        if key is not None:
            self.ledger.charge(key, event.fee_micros)

    def to_breakeven(self, b: Bracket, now_ns: int, cause: Cause) -> AnyCommand | None:
        """Move the stop of a position to its entry, on the order increment, on the losing side."""
        tick = self._contract(b.key).tick
        px = b.side * (b.side * b.entry_value // (b.filled * tick)) * tick
        self._positions.pop(b.ref, None)
        command = self.supervisor.move_stop(b, px, now_ns, cause)
        if command is not None:
            self.facts.append(At(now_ns, cause))
            self._issue([command])
        return command

    def leave_all(self, why: str, now_ns: int, cause: Cause) -> list[AnyCommand]:
        """Leave every position and withdraw every entry."""
        made = [
            self.supervisor.leave(b, why, now_ns, cause, self.facts, by_hand_after_ns=self._answer_ns)
            if b.open > 0
            else self.supervisor.withdraw(b, now_ns, cause)
            for b in list(self.supervisor.brackets())
        ]
        commands: list[AnyCommand] = [command for command in made if command is not None]
        self._issue(commands)
        return commands

    def _close(self, b: Bracket, now_ns: int) -> None:
        if not b.filled:
            today = self.ledger.day(b.key.account)
            if b.day == today.day:
                today.n_entries -= 1
            return
        contract = self._contract(b.key)
        pnl = b.side * (b.out_value - b.entry_value)
        pnl_micros = contract.value_micros(pnl) - b.fees_micros
        self.ledger.close(b.key, pnl_micros=pnl_micros, fees_micros=b.fees_micros)
        self._watch_the_day()
        self.facts.append(closed(b, contract, pnl, pnl_micros, now_ns))

    # ------------------------------------------------------------------ money and days
    def _contract(self, key: Key) -> Contract:
        return self._places[key.contract].contract

    def _open_pnl(self, b: Bracket) -> int:
        """Value what is open at the worse side of the last bar, in micros before costs; what is not priced counts at its stop."""
        if not b.filled:
            return 0
        place = self._places[b.key.contract]
        far, at = (BID, _BID) if b.side > 0 else (ASK, _ASK)
        px = place.cells[at] if place.cells[_HAS] & far else b.stop_px
        return place.contract.value_micros(b.side * (b.out_value + (b.filled - b.out) * px - b.entry_value))

    def _watch_the_day(self) -> None:
        """Halt when the day's loss, everything counted as if all were left now, is above the limit."""
        total = self.ledger.day(self.setup.account).realised_micros
        for b in self.supervisor.brackets():
            if b.filled:
                terms = self._places[b.key.contract].terms
                total += self._open_pnl(b) - b.fees_micros - terms.fee(abs(b.open) + b.n_fees_unknown)
        if -total > self._day_limit:
            self.breaker.trip(f"day loss of {self.setup.account}", TradingState.HALTED, self.facts, latched=True, flatten=True)

    def _at_stake(self, b: Bracket) -> int:
        """What a bracket loses if all of it still fills and is stopped out, in micros; never below zero."""
        value = self._contract(b.key).value_micros
        held = -value(b.side * (b.out_value + b.open * b.stop_px - b.entry_value)) if b.filled else 0
        return max(0, held) + b.risk_micros * b.rest // b.qty

    def begin_day(self, now_ns: int) -> None:
        """Begin the account day that `now_ns` lies in, if it is another one."""
        if now_ns < self._day_until_ns:
            return
        days = self.setup.account_days
        at = bisect_right(self._day_starts, now_ns) - 1
        self._day_until_ns = days[at + 1][0] if at + 1 < len(days) else 1 << 62
        if at >= 0:
            self.ledger.begin_day(self.setup.account, days[at][1])

    def ns_to_close(self, contract: int, now_ns: int) -> int | None:
        """Give the time to the end of a contract's instrument session, `None` when no calendar was given."""
        closes = self._places[contract].closes
        if not closes:
            return None
        at = bisect_right(closes, now_ns)
        return closes[at] - now_ns if at < len(closes) else None

    def _issue(self, commands: list[AnyCommand]) -> None:
        self.facts.extend(Issued(command) for command in commands)
        now = self.memory.orders_ns
        now.extend(command.decided_ns for command in commands)


def _forget(times_ns: list[int], before_ns: int) -> None:
    n = bisect_right(times_ns, before_ns)
    if n:
        del times_ns[:n]
