"""Paper runs in forked processes that are killed: everything is imported before the first fork, so that a start costs milliseconds."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tests.replay.world import SESSION, World
from workbench.domain.decisions import AnyFact
from workbench.domain.events import Arrival
from workbench.domain.records import Records
from workbench.runtime import paper as runtime
from workbench.runtime.log import RunLog
from workbench.store import entries
from workbench.store.digests import code_digest, deciding_digest
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, read_manifest, run_folders
from workbench.store.tail import read_tail

code_digest(), deciding_digest()  # once, before the first fork: the sources may not be read anew in each child
POINTS = ("arrive", "place", "keep", "commit")  # of a log: a process may die before or after each


def trade(data: Path, of: World) -> runtime.Paper:
    """Trade a world on paper, or take up where a killed run left it."""
    contracts = [terms.contract for terms in of.setup.terms]
    return asyncio.run(runtime.paper(data, SESSION, contracts, of.records, of.setup, of.fills, chunk=lambda: 997))


def in_a_process(work: Callable[[], Any]) -> tuple[int, float]:
    """Fork, work, and end without ceremony; give the wait status and the seconds."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001  a child that was forked: it must not go on as its parent
            traceback.print_exc()  # the parent sees a status alone
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1], time.monotonic() - began


def dying_at(data: Path, of: World, nth: int) -> int:
    """Trade, and die by SIGKILL at the n-th point of the log; gives the wait status."""

    def work() -> None:
        seen = [0]

        def deadly(name: str) -> None:
            whole = getattr(RunLog, name)

            def step(self: RunLog, *given: Any) -> Any:
                _count(seen, nth)
                result = whole(self, *given)
                _count(seen, nth)
                return result

            setattr(RunLog, name, step)

        for name in POINTS:
            deadly(name)
        trade(data, of)

    return in_a_process(work)[0]


def _count(seen: list[int], nth: int) -> None:
    seen[0] += 1
    if seen[0] == nth:
        os.kill(os.getpid(), signal.SIGKILL)


def dying_after(data: Path, of: World, seconds: float) -> int:
    """Trade, and be killed from outside after so many seconds; gives the wait status."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            trade(data, of)
            code = 0
        finally:
            os._exit(code)
    time.sleep(seconds)  # the point of the test: a moment nobody chose
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def has_ended(data: Path) -> bool:
    """Whether the run came to its end before it was killed."""
    found = [read_manifest(folder) for folder in run_folders(data)]
    return any(manifest is not None and manifest.is_closed for manifest in found)


class Written:
    """What a data folder holds of one run, with places in the market in place of numbers given at a start."""

    def __init__(self, data: Path) -> None:
        [folder] = [each for each in run_folders(data) if read_manifest(each) is not None]  # a kill may leave one without a card
        self.run: RunManifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=RunManifest)
        self.journal = Folders(data).journal(folder.name)
        parts = [part for part in read_tail(Folders(data).tail, SESSION) if len(part)]
        self.records: Records = np.concatenate(parts)
        self.place = {int(seq): at for at, seq in enumerate(self.records["seq"])}
        self.place[self.run.first_seq - 1 if self.run.first_seq else -1] = -1
        self.arrivals: list[Arrival] = list(entries.arrivals(self.journal))
        self.facts: list[AnyFact] = [
            fact for entry in entries.read_journal(self.journal) if isinstance(entry.content, tuple) for fact in entry.content
        ]

    def story(self) -> list[Any]:
        """Events and facts, with places for numbers, and without what a start says of itself."""
        told = [msgspec.to_builtins(each) for each in (self.arrivals[1:], self.facts)]
        return [self._placed(each) for each in told]

    def _placed(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._placed(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._placed(each) for each in value]
        if isinstance(value, int) and value >= 1 << 40 and value in self.place:
            return f"place {self.place[value]}"
        return value

    def same_market(self, other: Records) -> bool:
        """Whether the records are these, numbers aside."""
        names = [name for name in other.dtype.names or () if name != "seq"]
        return len(self.records) == len(other) and all(np.array_equal(self.records[name], other[name]) for name in names)
