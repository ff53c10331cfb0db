"""What the processes do that tests of the stores kill. Imports no test library: a forked child is at work in milliseconds."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import polars as pl

from tests.store.killing import Acknowledged
from tests.store.tapes import SESSION, START_NS, contract, tape
from workbench.domain.decisions import AnyFact, DriftSeen
from workbench.domain.events import Arrival, FeeReported
from workbench.store.bars import keep_bars
from workbench.store.contracts import ContractBook
from workbench.store.intake import take_in
from workbench.store.journal import Journal
from workbench.store.sealer import seal
from workbench.store.side import Row, SideTable
from workbench.store.tail import Tail
from workbench.store.thinning import thin

WINDOWS = ((START_NS, START_NS + 20_000_000), (START_NS + 90_000_000, START_NS + 95_000_000))
EVENT = FeeReported("x1", 620_000)
GAP_COLUMNS: dict[str, type] = {"began_ns": int, "why": str, "share": float}
GAP_ROWS: list[Row] = [(n, str(n), None) for n in range(3)]
FACTS: list[AnyFact] = [DriftSeen(1, "a"), DriftSeen(2, "b"), DriftSeen(3, "c")]


def write_on(folder: Path, acknowledged: Acknowledged, seed: int, epoch: int) -> None:
    """Append in chunks of any size until killed, saying after each how far it came."""
    chance = random.Random(seed)
    with Tail(folder, session=SESSION, epoch=epoch, segment_records=64) as tail:
        at = 0
        while at < 20_000:
            n = chance.choice([1, 1, 1, 5, 63, 200])
            tail.append(tape(n, epoch=epoch, start=at))
            at += n
            acknowledged.say(at)
            if chance.random() < 0.2:
                tail.flush()
            if chance.random() < 0.1:
                tail.prepare()
        signal.pause()


def write_three_segments(folder: Path, acknowledged: Acknowledged) -> None:
    with Tail(folder, session=SESSION, epoch=1, segment_records=4) as tail:
        for at, n in ((0, 1), (1, 2), (3, 4), (7, 9), (16, 1)):
            tail.append(tape(n, start=at))
            acknowledged.say(at + n)
            tail.flush()


def commit_on(path: Path, acknowledged: Acknowledged) -> None:
    """Commit three entries at a time until killed, saying after each commit how far the journal came."""
    with Journal(path) as journal:
        for seq in range(1, 10_000):
            for n in range(1, 3):
                journal.append(Arrival(seq, n, seq, EVENT))
            journal.extend(seq, 0, seq, FACTS)
            journal.commit()
            acknowledged.say(journal.head.id)
            if seq % 50 == 0:
                journal.prepare()
            if seq % 70 == 0:
                journal.checkpoint()
        signal.pause()


def seal_all(data: Path) -> None:
    """Run one pass of the sealer."""
    seal(data)


def seal_on(data: Path) -> None:
    """Seal again and again until killed."""
    while True:
        seal(data)


def thin_session(data: Path) -> None:
    """Keep bars of the session, then let its records go but for two windows."""
    keep_bars(data, SESSION, "1m", pl.DataFrame({"time": [1, 2], "symbol": ["ES1", "ES2"]}))
    thin(data, SESSION, WINDOWS, 7)


def take_in_session(data: Path, n: int, epoch: int, *, replace: bool = False) -> None:
    """Take a session of `n` records in."""
    take_in(data, session=SESSION, records=tape(n, epoch=epoch), contracts=[contract(1), contract(2)], source="a test", replace=replace)


def define_on(data: Path, acknowledged: Acknowledged, seed: int) -> None:
    """Define contracts until killed, saying after each which id it got."""
    chance = random.Random(seed)
    book = ContractBook(data)
    while True:
        acknowledged.say(book.define(contract(1, symbol=f"ES{chance.randrange(40)}", multiplier=str(chance.randrange(1, 4)))).id)


def write_gaps(root: Path) -> None:
    """Write three rows in three commits."""
    table = SideTable(root, "gaps", GAP_COLUMNS)
    for n, row in enumerate(GAP_ROWS, 1):
        table.append(SESSION, [row], ("gaps", n))
