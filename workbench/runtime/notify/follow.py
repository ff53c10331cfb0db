"""Reads what others write: the runner's last word, and the journals of the runs it names. Read-only; what it has read it remembers.

Rules
-----
1. A journal is opened for one look and closed: its writer is never kept waiting.
2. What a journal holds when its run is first met is told only if it is of the last ten minutes of that run's own clock.
3. A run is followed until its manifest says that it is closed and its journal is read to the end; then its summary is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from workbench.domain.errors import StoreError
from workbench.domain.units import MINUTE
from workbench.runtime.notify.living import RUNNER
from workbench.runtime.notify.meaning import notices_of
from workbench.runtime.notify.notice import Notice
from workbench.runtime.notify.standing import Standing
from workbench.runtime.notify.summary import Tally
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, read_manifest
from workbench.store.status import Status, heard

NEWS_NS: Final = 10 * MINUTE
OVER_KEPT: Final = 20  # names of runs that are over, kept so that their summary is told once


class Followed(msgspec.Struct):
    """How far a run was read."""

    last_id: int = 0
    tally: Tally = msgspec.field(default_factory=Tally)
    standing: Standing = msgspec.field(default_factory=Standing)


class Reading(msgspec.Struct):
    """What was read of which run; kept."""

    runs: dict[str, Followed] = {}
    over: list[str] = []

    def look(self, data: Path, words: list[Status], now_ns: int) -> Iterator[Notice]:
        """Read on wherever something is new; `now_ns` is wall time: a word that lies there since yesterday names nobody to follow."""
        for word in words:
            if word.process == RUNNER and word.run and word.run not in self.over and now_ns - word.said_ns < NEWS_NS:
                self.runs.setdefault(word.run, Followed(-1))
        for name, followed in list(self.runs.items()):
            yield from self._of(data, name, followed)

    def _of(self, data: Path, name: str, followed: Followed) -> Iterator[Notice]:
        path = Folders(data).journal(name)
        try:
            manifest = read_manifest(Folders(data).run(name))
            if manifest is None or not path.exists():
                return
            yield from self._read_on(path, manifest, followed)
        except StoreError:
            return  # a writer in its way, or a file half there: the next look reads it
        if manifest.is_closed:  # read before the journal was: what is in it now is all of it
            del self.runs[name]
            self.over = [*self.over[-OVER_KEPT + 1 :], name]
            yield followed.tally.notice(name, manifest.mode)

    def _read_on(self, path: Path, manifest: RunManifest, followed: Followed) -> Iterator[Notice]:
        news_ns = 0
        if followed.last_id < 0:
            last = entries.last(path)
            followed.last_id, news_ns = 0, (last.recv_ns - NEWS_NS if last is not None else 0)
        symbols = {contract.id: contract.symbol for contract in manifest.contracts}
        for entry in entries.read_journal(path, after=followed.last_id):
            followed.last_id = entry.id
            if isinstance(entry.content, tuple):
                followed.tally.take(entry.content)
            found = list(notices_of(entry, symbols, followed.standing))  # also of what is old: what stands must be right
            if entry.recv_ns >= news_ns:
                yield from (msgspec.structs.replace(each, key=f"{manifest.run}:{each.key}") for each in found)


def words_of(data: Path) -> list[Status]:
    """Give the last words of all processes; of a file that is damaged nothing is known, and the others still speak."""
    try:
        return heard(data)
    except StoreError:
        return []
