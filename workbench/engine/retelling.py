"""The order side of an engine, taken over without the rest of it: by a run whose code, law or contracts are not those of the run before.

Rules
-----
1. Orders, books, rolls under way, counters of the day, latched halts and foreign quantities go on; market, features and models begin cold.
2. A run that died is retold from its journal alone: what was commanded moves the brackets as it did, what was reported is heard again.
   Nothing is decided anew, and nothing that follows from it is sent: the broker is asked when the connection is up.
3. What made the trading state worse and cannot be told again (a day's loss, found at a barrier) stands, latched, until a person resumes:
   each latched cause by its own fact, and the state that was told last where none of them makes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from workbench.domain.decisions import (
    AnyFact,
    Approved,
    At,
    BracketMoved,
    ExecutionScored,
    Issued,
    Latched,
    RollEnded,
    RollPlanned,
    SilenceSeen,
    StateChanged,
    TradingState,
)
from workbench.domain.errors import ConfigError
from workbench.domain.events import AnyEvent, Arrival, ContractDefined, FrontChanged, OperatorAction, OperatorSaid, RunStarted
from workbench.domain.orders import AnyCommand, Cancel, Cause, Exit, Modify, Protect, Reprice, Submit
from workbench.engine import silences
from workbench.engine.engine import Engine
from workbench.engine.gating import enter
from workbench.engine.hearing.foreign import policy_of
from workbench.engine.memory import Memory
from workbench.engine.money import DAY_LOSS, MONTH_LOSS, WEEK_LOSS
from workbench.engine.rolling import told_again
from workbench.engine.scoring import notice
from workbench.engine.watching import keep
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import Phase

_RANK: Final = {TradingState.ACTIVE: 0, TradingState.REDUCING: 1, TradingState.HALTED: 2}
_LEFT_AT: Final = (DAY_LOSS, WEEK_LOSS, MONTH_LOSS)  # how the reason of a halt begins that has every position left
_NOT_HEARD: Final = (RunStarted, ContractDefined, FrontChanged)  # said again by the run that takes over


class Told(msgspec.Struct, frozen=True):
    """One entry of a journal: an event, or the facts of one call, at its key."""

    after_seq: int
    n: int
    recv_ns: int
    content: AnyEvent | tuple[AnyFact, ...]


class _Orders(msgspec.Struct):
    """What is read of another engine's snapshot: fields it has more are left, fields it lacks are as in the beginning."""

    memory: Memory


def carry(engine: Engine, image: bytes) -> None:
    """Take the order side out of another engine's snapshot.

    Raises
    ------
    ConfigError
        A bracket that is not over is about a contract this engine does not know.
    """
    memory = msgspec.msgpack.decode(image, type=_Orders).memory
    _take_over(engine, msgspec.structs.replace(memory, streams={}, answers={}, quarantined={}))


def holds(image: bytes) -> bool:
    """Tell whether brackets are open in another engine's snapshot."""
    return bool(msgspec.msgpack.decode(image, type=_Orders).memory.book.open)


def retell(engine: Engine, entries: Iterable[Told]) -> None:
    """Bring the order side of an engine to the end of a journal, behind what it `carry`-ed before.

    Raises
    ------
    ConfigError
        As `carry`.
    """
    teller = _Teller(engine)
    for entry in entries:
        teller.take(entry)
    teller.end()
    _take_over(engine, engine.desk.memory)


def _take_over(engine: Engine, memory: Memory) -> None:
    """Let a desk go on with a memory; watches are those of another market, and are set anew."""
    unknown = sorted({b.key.contract for b in memory.book.open.values()} - set(engine.desk.slot))
    if unknown:
        raise ConfigError(f"brackets are open in contract {', '.join(map(str, unknown))}, which this run does not know: it must hold it")
    for bracket in memory.book.open.values():
        bracket.watch = None
    memory.rolls = {ref: rolling for ref, rolling in memory.rolls.items() if rolling.to_contract in engine.desk.slot}
    for tended in memory.care.tended.values():
        if tended.trail is not None:
            tended.trail.watch, tended.trail.is_watched = None, True
    _leave_out(engine, memory)
    engine.desk.remember(memory)
    for contract in [*memory.referee.ignored, *memory.referee.foreign]:
        policy_of(engine.desk, contract)  # what this law says, not that of the run before
    for bracket in memory.book.open.values():
        keep(engine.desk, engine.market, bracket, bracket.since_ns)
    engine.take_facts()


def _leave_out(engine: Engine, memory: Memory) -> None:
    """Forget what is about contracts that are streamed no more, and what another law believed."""
    known, care = engine.desk.slot, memory.care
    care.shadows = {contract: shadow for contract, shadow in care.shadows.items() if contract in known}
    memory.rolls = {ref: rolling for ref, rolling in memory.rolls.items() if rolling.to_contract in known}  # it stays flat
    memory.quality.prior = engine.setup.law.execution.eqs_prior


class _Teller:
    """Goes through a journal."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._desk = engine, engine.desk
        self._approved: Approved | None = None
        self._state: StateChanged | None = None
        self._latched: dict[str, Latched] = {}  # by cause, since a person resumed last
        self._left: set[int] = set()  # brackets of which the event heard last sent an exit again

    def take(self, entry: Told) -> None:
        if not isinstance(entry.content, tuple):
            if not isinstance(entry.content, _NOT_HEARD):
                self._hear(entry.content, entry)
            return
        at = At(entry.recv_ns, Cause(entry.after_seq, entry.n))
        for fact in entry.content:
            if isinstance(fact, At):
                at = fact
                self._desk.begin_day(at.now_ns)
            else:
                self._fact(fact, at)

    def _hear(self, event: AnyEvent, entry: Told) -> None:
        held = self._desk.memory.book.open
        before = {ref: bracket.n_exits for ref, bracket in held.items()}
        if isinstance(event, OperatorSaid) and event.action is OperatorAction.RESUME:
            self._state = None  # what is told behind it counts
            self._latched.clear()
        self._engine.step(Arrival(entry.after_seq, entry.n, entry.recv_ns, event))
        self._engine.take_facts()
        self._left = {ref for ref, bracket in held.items() if bracket.n_exits > before.get(ref, 0)}

    def _fact(self, fact: AnyFact, at: At) -> None:
        match fact:
            case Approved():
                self._approved = fact
            case Issued(command=Submit() as command) if self._approved is not None and self._approved.key == command.key:
                self._desk.memory.book.next_ref = command.ref
                self._desk.facts.append(self._approved)
                enter(self._desk, self._approved, command.decided_ns, command.cause)
                notice(self._desk, 0, command.decided_ns)
                self._engine.take_facts()
            case Issued(command=command) if (bracket := self._desk.memory.book.open.get(command.ref)) is not None:
                if isinstance(command, Exit):
                    told_again(self._desk, command)
                _moved_by(bracket, command)
                if isinstance(command, Exit) and bracket.ref not in self._left:
                    bracket.n_exits += 1
                self._left.discard(bracket.ref)
            case BracketMoved(ref=ref, new=new) if (bracket := self._desk.memory.book.open.get(ref)) is not None and bracket.phase != new:
                bracket.phase, bracket.since_ns = Phase(new), at.now_ns
            case ExecutionScored(contract=contract, quality=quality) if contract in self._desk.memory.quality.seen:
                self._desk.memory.quality.seen[contract].value = quality  # quotes were in it that nobody tells again
            case SilenceSeen():
                silences.told(self._desk, fact)
                self._engine.take_facts()
            case RollPlanned() | RollEnded():
                told_again(self._desk, fact)
            case StateChanged():
                self._state = fact
            case Latched(cause=cause):
                self._latched[cause] = fact
            case _:
                pass

    def end(self) -> None:
        """Let what was latched stand, and the state that was told last where all of it makes a better one."""
        told, breaker = self._state, self._desk.breaker
        for each in self._latched.values():
            breaker.trip(each.cause, each.state, [], latched=True, flatten=each.flattens)
        if told is not None and _RANK[told.state] > _RANK[breaker.state]:
            breaker.trip(told.why, told.state, [], latched=True, flatten=told.why.startswith(_LEFT_AT))


def _moved_by(bracket: Bracket, command: AnyCommand) -> None:
    match command:
        case Modify(stop_px=stop_px):
            bracket.stop_px = stop_px
        case Protect(stop_px=stop_px, target_px=target_px):
            bracket.stop_px, bracket.target_px = stop_px, target_px
            bracket.n_repairs, bracket.repaired_ns = bracket.n_repairs + 1, command.decided_ns
        case Reprice(entry_px=entry_px):
            bracket.reprice(entry_px, command.decided_ns)
        case Cancel(decided_ns=at_ns):
            bracket.cancelling, bracket.withdrawn_ns = True, at_ns
            bracket.n_withdrawn = max(1, bracket.n_withdrawn)
        case Exit(why=why):
            bracket.leaving, bracket.is_answered = why, False
        case _:
            pass
