"""One session of something on trial, as one run tells it: counted from its journal in one pass. Reads a store; judges nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from workbench.domain.decisions import (
    AnyFact,
    Approved,
    At,
    ExecutionScored,
    FeeCharged,
    ForecastMade,
    Issued,
    LabelMatured,
    ParityBroken,
    Quarantined,
    Refused,
    RoundTripClosed,
    StateChanged,
    TradingState,
    ViolationSeen,
)
from workbench.domain.events import AnyEvent, FillCorrected, OrderFilled, OrderRejected
from workbench.domain.orders import AnyCommand, Exit, Leg, Submit
from workbench.research.tallies import Apart, Trip, why_over
from workbench.store import entries
from workbench.store.manifest import RunManifest
from workbench.store.recordings import EPOCH_SHIFT

UNPLANNED: Final = ("halted", "uncovered", "quality", "execution quality")  # why a position was left that no plan wanted left
_encoder = msgspec.msgpack.Encoder()


class Whose(NamedTuple):
    """What is on trial: strategies as keys name them, recipes as forecasts do."""

    strategies: frozenset[str]
    recipes: frozenset[str]


class Stint(NamedTuple):
    """What one session showed.

    Attributes
    ----------
    how
        ``paper``, ``live`` or ``shadow``.
    recipes
        Those whose forecasts are on trial; none of a plain rule.
    trips
        Round trips of what is on trial, in the order in which they ended.
    outcomes
        (forecast chance, whether the price was higher) of its recipes; ``n_apart`` of them do not overlap.
    n_sent, n_rejected
        Entries that left, and those a venue rejected.
    qualities
        Execution quality after each of its brackets.
    n_commands, n_restarts, duplicates
        Of the whole run: what was commanded, how often it was taken up, and what came twice.
    breaks
        What broke and was not mended in this session.
    is_halted
        Whether it ended halted: for that nobody may have resumed since.
    """

    session: int
    run: RunManifest
    journal: Path
    how: str
    recipes: frozenset[str]
    n_decisions: int
    n_approved: int
    trips: tuple[Trip, ...]
    outcomes: tuple[tuple[float, bool], ...]
    n_apart: int
    n_sent: int
    n_rejected: int
    qualities: tuple[float, ...]
    n_violations: int
    n_commands: int
    n_restarts: int
    duplicates: tuple[str, ...]
    breaks: tuple[str, ...]
    is_halted: bool

    @property
    def n_unplanned(self) -> int:
        """Round trips that ended as no plan wanted."""
        return sum(trip.why in UNPLANNED for trip in self.trips)


class Twice:
    """Looks for one intent that became two orders.

    >>> from workbench.domain.orders import Cancel, Cause, Key
    >>> twice, first = Twice(), Cancel(1, Key("DU1", 1, "rule"), 5, Cause(9, 0))
    >>> twice.command(first), twice.command(first), list(twice.found())
    (None, None, ['Cancel of bracket 1 was commanded twice'])
    """

    def __init__(self) -> None:
        self.n, self._seen, self._found = 0, set[bytes](), list[str]()
        self._of_ref: dict[int, Submit] = {}
        self._intents: set[tuple[object, object]] = set()
        self._filled: Counter[int] = Counter()
        self._execs: set[str] = set()
        self._corrected: set[int] = set()

    def command(self, command: AnyCommand) -> None:
        """Take a command, in the order of the journal."""
        self.n += 1
        body = _encoder.encode(command)
        if body in self._seen:
            self._found.append(f"{type(command).__name__} of bracket {command.ref} was commanded twice")
        elif isinstance(command, Submit):
            if command.ref in self._of_ref:
                self._found.append(f"two entries have the reference {command.ref}")
            if (command.key, command.cause) in self._intents:
                self._found.append(f"{command.key.strategy} entered contract {command.key.contract} twice for one cause, as {command.ref}")
            self._intents.add((command.key, command.cause))
            self._of_ref.setdefault(command.ref, command)
        self._seen.add(body)

    def event(self, event: AnyEvent) -> None:
        """Take what a venue said."""
        match event:
            case OrderFilled(ref=ref, leg=Leg.ENTRY, qty=qty, exec_id=id_) if id_ not in self._execs:
                self._execs.add(id_)
                self._filled[ref] += qty
            case FillCorrected(ref=ref):
                self._corrected.add(ref)
            case _:
                pass

    def found(self) -> tuple[str, ...]:
        """Say what came twice; an entry that filled for more than was ordered is one as well."""
        more = [
            f"bracket {ref}: {filled} filled of {self._of_ref[ref].qty} ordered"
            for ref, filled in sorted(self._filled.items())
            if ref in self._of_ref and ref not in self._corrected and filled > self._of_ref[ref].qty
        ]
        return (*self._found, *more)


class _Reader:
    """Goes through a journal."""

    def __init__(self, whose: Whose) -> None:
        self._whose, self.twice, self.apart = whose, Twice(), Apart()
        self.n_decisions = self.n_approved = self.n_sent = self.n_rejected = self.n_violations = 0
        self.trips: dict[int, Trip] = {}
        self.outcomes: list[tuple[float, bool]] = []
        self.qualities: list[float] = []
        self.breaks: list[str] = []
        self.epochs: set[int] = set()
        self.state = TradingState.ACTIVE
        self._mine: set[int] = set()  # refs of its brackets
        self._said: dict[int, str] = {}
        self._horizons_ns: dict[str, int] = {}

    def event(self, event: AnyEvent) -> None:
        self.twice.event(event)
        if isinstance(event, OrderRejected) and event.leg is Leg.ENTRY and event.ref in self._mine:
            self.n_rejected += 1

    def fact(self, fact: AnyFact, now_ns: int) -> None:
        match fact:
            case ForecastMade(name=name) if name in self._whose.recipes:
                self._horizons_ns[name] = fact.horizon_ns
            case LabelMatured(name=name, p_up=p, up=up) if p is not None and name in self._whose.recipes:
                self.outcomes.append((p, up))
                self.apart.take(fact.contract, fact.made_ns, self._horizons_ns.get(name, 0))
            case Approved(key=key) | Refused(key=key) if key.strategy in self._whose.strategies:
                self.n_decisions += 1
                self.n_approved += isinstance(fact, Approved)
            case Issued(command=command):
                self._command(command)
            case RoundTripClosed(key=key, ref=ref) if key.strategy in self._whose.strategies:
                self.trips[ref] = Trip(now_ns, fact, why_over(fact, self._said.get(ref)))
            case FeeCharged(ref=ref, fee_micros=fee) if ref in self.trips:
                self.trips[ref] = self.trips[ref].charged(fee)
            case ExecutionScored(ref=ref, quality=quality) if ref in self._mine:
                self.qualities.append(quality)
            case _:
                self._trouble(fact)

    def _command(self, command: AnyCommand) -> None:
        self.twice.command(command)
        if isinstance(command, Exit):
            self._said[command.ref] = command.why
        elif isinstance(command, Submit) and command.key.strategy in self._whose.strategies:
            self._mine.add(command.ref)
            self.n_sent += 1

    def _trouble(self, fact: AnyFact) -> None:
        match fact:
            case StateChanged(state=state):
                self.state = state
            case ViolationSeen():
                self.n_violations += 1
            case ParityBroken():
                self.breaks.append("a command made again differed from the recorded one")
            case Quarantined(kind="strategy", name=name) if name in self._whose.strategies:
                self.breaks.append(f"strategy {name} was quarantined: {fact.error} at {fact.where}")
            case Quarantined(kind="recipe", name=name) if name in self._whose.recipes:
                self.breaks.append(f"recipe {name} was quarantined: {fact.error} at {fact.where}")
            case _:
                pass


def read_stint(session: int, run: RunManifest, journal: Path, how: str, whose: Whose) -> Stint:
    """Count what a journal says of what is on trial.

    Raises
    ------
    StoreError
        The journal is missing or damaged.
    """
    of = _Reader(whose)
    for entry in entries.read_journal(journal):
        of.epochs.add(entry.after_seq >> EPOCH_SHIFT)
        if not isinstance(entry.content, tuple):
            of.event(entry.content)
            continue
        now_ns = entry.recv_ns
        for fact in entry.content:
            now_ns = fact.now_ns if isinstance(fact, At) else now_ns
            of.fact(fact, now_ns)
    return Stint(
        session=session,
        run=run,
        journal=journal,
        how=how,
        recipes=whose.recipes,
        n_decisions=of.n_decisions,
        n_approved=of.n_approved,
        trips=tuple(sorted(of.trips.values(), key=lambda trip: trip.now_ns)),
        outcomes=tuple(of.outcomes),
        n_apart=of.apart.n,
        n_sent=of.n_sent,
        n_rejected=of.n_rejected,
        qualities=tuple(of.qualities),
        n_violations=of.n_violations,
        n_commands=of.twice.n,
        n_restarts=max(len(of.epochs - {0}) - 1, 0),
        duplicates=of.twice.found(),
        breaks=tuple(of.breaks),
        is_halted=of.state is TradingState.HALTED,
    )
