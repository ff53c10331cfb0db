"""Back-fill: what to ask for a gap, what an answer becomes, and where both lie. Goes into recordings alone; no engine ever sees it.

Rules
-----
1. Of what is missing of a contract bars are asked for, of 5 s where it is two hours or less, of a minute beyond: whole ones, that cover it.
   Ticks of a question are a thousand, of which IB allows a few a minute; a bar sums them up.
2. A keeper says what it misses in a file; the recorder asks, over its own connection, and keeps each answer in a file of its own
   (`importers.ib_history.shelf`); the keeper brings answers into the table. Whoever dies, nothing is asked or written twice.
3. What it brings bears the provenance BACKFILL, in a table of its own: the log of a session stays what the run saw.
4. Of depth and of a quote tick by tick IB keeps no history: such a gap says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec
import numpy as np

from workbench.clock import Clock
from workbench.domain.contracts import Contract
from workbench.domain.errors import StoreError
from workbench.domain.units import HOUR, SECOND
from workbench.importers.ib_history.download import ask_in_time
from workbench.importers.ib_history.pace import MOST_IN_WINDOW, Pace
from workbench.importers.ib_history.plan import SPANS_NS
from workbench.importers.ib_history.recorded import records_of
from workbench.importers.ib_history.shelf import Kept, Shelf
from workbench.runtime.recorder.gaps import MARKET, Gap
from workbench.store.folders import Folders
from workbench.store.recordings import Recordings
from workbench.store.whole import trouble, write_whole
from workbench.venues.history import Bars, BarsAsked, Nothing, Trouble
from workbench.venues.ib.budget import NEW_BARS

SHORT_S, LONG_S = 5, 60
MOST_SHORT_NS: Final = 2 * HOUR
SETTLED_NS: Final = 30 * SECOND  # behind its end before a gap is asked for: the broker's own bars are late
LOOK_S: Final = 5.0  # between two looks at what is missing
NO_HISTORY: Final = "the broker keeps no history of this stream"
FILE: Final = "missing.msgpack"


class Missing(msgspec.Struct, frozen=True, array_like=True):
    """A question, as the file holds it."""

    contract: Contract
    start_ns: int
    end_ns: int
    length_s: int

    @property
    def asked(self) -> BarsAsked:
        """The question."""
        return BarsAsked(self.contract, self.start_ns, self.end_ns, self.length_s)


def questions(gap: Gap, contract: Contract) -> list[Missing]:
    """Say what to ask for a gap; nothing for a stream that has no history.

    >>> from workbench.config import load_roots
    >>> es = load_roots()["ES"].contract(1, "2026-12-18")
    >>> gap = Gap(7 * SECOND, 3 * HOUR, 1, "ESZ6", MARKET, "lost")
    >>> [(each.start_ns // SECOND, each.end_ns // SECOND, each.length_s) for each in questions(gap._replace(ended_ns=13 * SECOND), es)]
    [(5, 15, 5)]
    >>> len(questions(gap._replace(ended_ns=HOUR + 8 * SECOND), es)), len(questions(gap, es)), questions(gap._replace(stream="depth"), es)
    (2, 1, [])
    """
    if gap.stream != MARKET:
        return []
    length_s = SHORT_S if gap.ended_ns - gap.began_ns <= MOST_SHORT_NS else LONG_S
    step = length_s * SECOND
    start, end = gap.began_ns // step * step, -(-gap.ended_ns // step) * step
    cuts = [*range(start, end, SPANS_NS[length_s]), end]
    return [Missing(contract, a, b, length_s) for a, b in pairwise(cuts)]


def say(data: Path, missing: Sequence[Missing]) -> None:
    """Tell the recorder what is missing, in the place of what was said before."""
    path = Folders(data).data / FILE
    content = msgspec.msgpack.encode(list(missing))
    with trouble(f"reading {path}"):
        if path.read_bytes() == content if path.exists() else not missing:
            return
    write_whole(path, content, is_durable=False)  # lost, it is said again


def heard(data: Path) -> list[Missing]:
    """Read what is missing; nothing where nobody said so, or what stands there is damaged: it is said again."""
    path = Folders(data).data / FILE
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=list[Missing])
    except (FileNotFoundError, msgspec.DecodeError):
        return []


class AsksBars(Protocol):
    """Who knows the past: `venues.history.HistorySource`, of which bars are asked alone."""

    async def bars(self, asked: BarsAsked) -> Bars | Nothing | Trouble:
        """Answer one question; never raises for what the other side does."""


async def answer(data: Path, source: AsksBars, clock: Clock) -> None:
    """Ask for what is missing, again and again, at the pace allowed: until cancelled. Trouble is waited out; the market is not."""
    pace, shelf = Pace(MOST_IN_WINDOW - NEW_BARS), Shelf(data)  # IB counts real-time bars with questions for the past
    while True:
        for each in heard(data):
            if shelf.holds(each.asked):
                continue
            told = await ask_in_time(each.asked, source.bars, pace)
            if isinstance(told, Trouble):
                break  # the connection, most of the time: later
            with contextlib.suppress(StoreError):  # the disk; the tail will say so, louder
                shelf.put(each.asked, told, clock.now_ns())
        await asyncio.sleep(LOOK_S)


class Filled(NamedTuple):
    """A gap with what was found of it; ``missing`` are questions that have no answer yet."""

    gap: Gap
    missing: tuple[Missing, ...]


def fill(data: Path, session: int, gap: Gap, contract: Contract) -> Filled:
    """Bring what was answered about a gap into the table; say what is still to be asked."""
    wanted = questions(gap, contract)
    if not wanted:
        return Filled(gap._replace(why_not=NO_HISTORY), ())
    shelf = Shelf(data)
    answers = [shelf.get(each.asked) for each in wanted]
    missing = tuple(each for each, kept in zip(wanted, answers, strict=True) if kept is None)
    if missing:
        return Filled(gap, missing)
    there = [kept for kept in answers if kept is not None]
    n = sum(_write(data, session, kept) for kept in there)
    said = "; ".join(dict.fromkeys(kept.said for kept in there if kept.said))
    by = f"bars {wanted[0].length_s}s" if n else None
    return Filled(gap._replace(filled_by=by, n_filled=n, why_not=None if n else said or "no bar of it is on the contract's grid"), ())


def table(data: Path) -> Recordings:
    """Give the table of what was asked for afterwards."""
    return Recordings(Folders(data).backfill, cache=Folders(data).cache / "backfill")


def _write(data: Path, session: int, kept: Kept) -> int:
    """Write the bars of an answer, once; give how many they are."""
    ends = np.array([min(bar.start_ns + kept.length_s * SECOND, kept.end_ns) for bar in kept.bars], np.int64)
    records, _ = records_of(kept.contract, kept.bars, ends, kept.asked.of)
    if len(records):
        of = table(data)
        last = max((span.last_seq for span in of.sessions()), default=0)
        records["contract"] = kept.contract.id
        records["seq"] = np.arange(last + 1, last + 1 + len(records))
        of.append(session, records, (f"{kept.asked.of}/{kept.asked.key}", 1))
    return len(records) // 2
