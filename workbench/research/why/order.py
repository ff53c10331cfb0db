"""From a word of a person to an order in a journal, with everything the journal says of it. Reads stores; makes nothing up.

An order is named by the number of its bracket (``7``), by its place in the session (``#3``), by the reference it bears at the broker
(``WB:20261120-paper-4:7:E``), or by the id of one of its executions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from workbench.domain.decisions import Adopted, AnyFact, Approved, At, ForecastMade, Issued, LabelMatured, RollEnded, RoundTripClosed
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.events import OrderFilled, OrderRejected
from workbench.domain.orders import Cause, Exit, Submit
from workbench.domain.units import BAR_NS
from workbench.research.tallies import why_over
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.log import log_sessions
from workbench.store.manifest import RunManifest
from workbench.store.sessions import Told, told
from workbench.venues.ib.book import read_ref, short_run

NAMED: Final = "an order is named by its number (7), its place (#3 is the third), its reference (WB:RUN:7:E) or the id of an execution"
SHOWN: Final = 12  # orders that are listed where none is meant


class Order(NamedTuple):
    """One entry, and what its journal says around it.

    Attributes
    ----------
    submit
        The command; `None` of a position that a person handed over.
    at
        When and why its facts were made.
    approved
        The verdict it came of; `None`: the journal has none.
    said
        Every forecast about its contract at that barrier, by recipe.
    outcomes
        What came of those, where it is known.
    roll
        The bracket it is the second leg of, where it is one.
    """

    told: Told
    run: RunManifest
    journal: Path
    ref: int
    submit: Submit | None
    at: At
    approved: Approved | None
    said: dict[str, ForecastMade]
    outcomes: dict[str, bool]
    fills: tuple[tuple[int, OrderFilled], ...]
    rejected: str
    closed: RoundTripClosed | None
    why_over: str
    roll: int | None


class _Journal:
    """What one journal says of one bracket."""

    def __init__(self, ref: int) -> None:
        self.ref = ref
        self.submit: Submit | None = None
        self.at: At | None = None
        self.approved: Approved | None = None
        self.said: dict[str, ForecastMade] = {}
        self.outcomes: dict[str, bool] = {}
        self.fills: list[tuple[int, OrderFilled]] = []
        self.rejected, self.left = "", ""
        self.closed: RoundTripClosed | None = None
        self.roll: int | None = None
        self._made: dict[tuple[int, str], tuple[At, ForecastMade]] = {}
        self._last: Approved | None = None

    def read(self, path: Path) -> None:
        for entry in entries.read_journal(path):
            at = At(entry.recv_ns, Cause(entry.after_seq, entry.n))
            for fact in entry.content if isinstance(entry.content, tuple) else ():
                at = fact if isinstance(fact, At) else at
                self._fact(fact, at)
            match entry.content:
                case OrderFilled(ref=self.ref) as filled:
                    self.fills.append((entry.recv_ns, filled))
                case OrderRejected(ref=self.ref, text=text):
                    self.rejected = text
                case _:
                    pass

    def _fact(self, fact: AnyFact, at: At) -> None:
        match fact:
            case ForecastMade(contract=contract, name=name) if self.submit is None:
                self._made[contract, name] = at, fact
            case LabelMatured() if self.submit is not None and fact.contract == self.submit.key.contract:
                self._outcome(fact)
            case Approved() if self.submit is None:
                self._last = fact
            case Issued(command=Submit(ref=self.ref) as command) if self.submit is None:
                self.submit, self.at = command, at
                self.approved = self._last if self._last is not None and self._last.key == command.key else None
                stands = [(when, made) for (contract, _), (when, made) in self._made.items() if contract == command.key.contract]
                self.said = {made.name: made for when, made in stands if when.now_ns >= at.now_ns - BAR_NS}
            case Issued(command=Exit(ref=self.ref, why=why)):
                self.left = why
            case Adopted(ref=self.ref):
                self.at = at
            case RoundTripClosed(ref=self.ref):
                self.closed = fact
            case RollEnded(ref=ref, to_ref=self.ref):
                self.roll = ref
            case _:
                pass

    def _outcome(self, fact: LabelMatured) -> None:
        made = self.said.get(fact.name)
        if made is not None and self.at is not None and fact.p_up == made.p_up and abs(self.at.now_ns - fact.made_ns) <= 2 * BAR_NS:
            self.outcomes.setdefault(fact.name, fact.up)


def find_order(word: str, data: Path, session: int | None = None, run: str | None = None) -> Order:
    """Find the order that a person means.

    Parameters
    ----------
    word
        How it is named; see above.
    session
        Log session; `None`: the newest that has such an order.
    run
        Of several that tell of a session: its name or mode, as in `open_session`.

    Raises
    ------
    ConfigError
        The word names no order of any kind.
    DataError
        There is no such order; the text lists those there are.
    """
    wanted = _wanted(word)
    sessions = [session] if session is not None else sorted(log_sessions(data), reverse=True)
    seen: list[tuple[Told, list[Submit]]] = []
    for each in sessions:
        of = told(data, each, run)
        if of.run is None or not (path := Folders(data).journal(of.run.run)).exists():
            continue
        sent = list(_submits(path))
        ref = wanted(of.run, sent, path)
        if ref is not None:
            return _order(of, of.run, path, ref)
        seen.append((of, sent))
    raise DataError(_nothing(word, data, session, seen))


class _Wanted(NamedTuple):
    number: int | None = None
    place: int | None = None
    run: str | None = None
    exec_id: str | None = None

    def __call__(self, run: RunManifest, sent: list[Submit], path: Path) -> int | None:
        """Give the bracket meant; `None`: this run has none such."""
        if self.run is not None and self.run != short_run(run.run):
            return None
        if self.place is not None:
            return sent[self.place - 1].ref if 1 <= self.place <= len(sent) else None
        if self.number is not None:
            return self.number if self.number in {each.ref for each in sent} or _has_adopted(path, self.number) else None
        fills = (each.event for each in entries.arrivals(path) if isinstance(each.event, OrderFilled))
        return next((fill.ref for fill in fills if fill.exec_id == self.exec_id), None)


def _wanted(word: str) -> _Wanted:
    text = word.strip()
    if re.fullmatch(r"\d{1,18}", text, re.ASCII):
        return _Wanted(number=int(text))
    if re.fullmatch(r"#\d{1,18}", text, re.ASCII):
        return _Wanted(place=int(text[1:]))
    if (ours := read_ref(text)) is not None:
        return _Wanted(number=ours.ref, run=ours.run)
    if not text or len(text) > 100 or not text.isprintable() or text.startswith(("WB:", "#")):
        raise ConfigError(f"{word[:60]!r} names no order: {NAMED}")
    return _Wanted(exec_id=text)


def _submits(path: Path) -> Iterator[Submit]:
    return (fact.command for _, fact in entries.facts(path) if isinstance(fact, Issued) and isinstance(fact.command, Submit))


def _has_adopted(path: Path, ref: int) -> bool:
    return any(isinstance(fact, Adopted) and fact.ref == ref for _, fact in entries.facts(path))


def _order(of: Told, run: RunManifest, path: Path, ref: int) -> Order:
    read = _Journal(ref)
    read.read(path)
    assert read.at is not None  # it was found in this very journal
    over = why_over(read.closed, read.left or None) if read.closed is not None else read.left
    return Order(
        told=of,
        run=run,
        journal=path,
        ref=ref,
        submit=read.submit,
        at=read.at,
        approved=read.approved,
        said=read.said,
        outcomes=read.outcomes,
        fills=tuple(read.fills),
        rejected=read.rejected,
        closed=read.closed,
        why_over=over,
        roll=read.roll,
    )


def _nothing(word: str, data: Path, session: int | None, seen: list[tuple[Told, list[Submit]]]) -> str:
    """Say that there is no such order, and which there are."""
    where = f"session {session}" if session is not None else f"{data}"
    if not any(sent for _, sent in seen):
        return f"{where} has no order: nobody traded, or nothing was approved; workbench sessions lists what there is"
    of, sent = next(each for each in seen if each[1])
    refs = [str(each.ref) for each in sent]
    there = ", ".join(refs) if len(refs) <= SHOWN else f"{', '.join(refs[:5])} ... {refs[-1]} ({len(refs)} of them)"
    return f"{where} has no order {word!r}; session {of.session} has {there}; {NAMED}"
