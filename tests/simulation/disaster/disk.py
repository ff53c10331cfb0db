"""A disk that may lose its power, fill up, fail, or take its time. It works on files as they lie in the folder; no writer is replaced.

A life of the program has a folder of its own. When it dies the next one gets an image of it: all that was written, or, after a power
cut, what was synced and a random beginning of the rest. What counts as synced is what `Tail.flush` and `Journal.commit` had returned
from; SQLite's own syncs are taken at its word (``PRAGMA synchronous``), for they cannot be seen from here.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from tests.simulation.disaster.machine import Death
from workbench.domain.records import RECORD
from workbench.store.segments import CLOSED_AT, COMMITTED_AT, HEADER, SIZE, SYNCED_AT

FRAME: Final = 24 + 4096  # of SQLite's write-ahead log: https://www.sqlite.org/fileformat2.html#walformat
WAL_HEADER: Final = 32
TROUBLES: Final = {"full": errno.ENOSPC, "broken": errno.EIO, "read only": errno.EROFS}
SLOW_S: Final = 5.0


def wal_frames(path: Path) -> int:
    """Count the frames of a write-ahead log that SQLite would read."""
    if not path.exists():
        return 0
    with path.open("rb", buffering=0) as file:
        salts, at = os.pread(file.fileno(), 8, 16), WAL_HEADER
        while any(salts) and os.pread(file.fileno(), 8, at + 8) == salts:
            at += FRAME
    return (at - WAL_HEADER) // FRAME


class Disk:
    """The data folder of one life after another.

    Attributes
    ----------
    folder
        Of this life.
    trouble
        What every sync comes back with, from `TROUBLES`; ``slow``: late.
    boot
        Which start of the machine this is: another one after a power cut.
    """

    def __init__(self, root: Path, rng: Random) -> None:
        self._root, self._rng = root, rng
        self.n_lives, self.boot = 1, 1
        self.folder = root / "1"
        self.folder.mkdir(parents=True)
        self.trouble = ""
        self.n_refused = 0
        self.synced_seq = 0
        self._synced_frames: dict[str, int] = {}
        self.is_honest = True  # whether the journal's own syncs are switched on

    # ---- what is synced -----------------------------------------------------------------------------------------------------------
    def tail_synced(self, seq: int) -> None:
        """Learn that records up to `seq` are durable."""
        self.synced_seq = max(self.synced_seq, seq)

    def journal_synced(self, path: Path) -> None:
        """Learn that all that a journal has committed is durable."""
        if self.is_honest:
            self._synced_frames[self._name(path)] = wal_frames(path.with_name(path.name + "-wal"))

    def _name(self, path: Path) -> str:
        return "/".join(path.relative_to(self._root).parts[1:])  # the same in each life

    def refuse(self) -> None:
        """Fail as the kernel does, if the disk is in such trouble."""
        if self.trouble in TROUBLES:
            self.n_refused += 1
            raise OSError(TROUBLES[self.trouble], os.strerror(TROUBLES[self.trouble]))

    # ---- what the next life finds ---------------------------------------------------------------------------------------------------
    def crash(self, death: Death) -> None:
        """Take the image that the next life begins with."""
        before, self.n_lives = self.folder, self.n_lives + 1
        self.folder = self._root / str(self.n_lives)
        shutil.copytree(before, self.folder)
        for shared in self.folder.glob("runs/*/*.db-shm"):
            shared.unlink()  # memory that processes shared: SQLite makes it anew
        if death is Death.POWER:
            self.boot += 1
            self._lose_what_was_not_synced()

    def _lose_what_was_not_synced(self) -> None:
        for path in self.folder.glob("tail/*/*.seg"):
            self._cut_segment(path)
        for path in self.folder.glob("runs/*/journal.db-wal"):
            self._cut_wal(path)
        shutil.rmtree(self.folder / "status", ignore_errors=True)  # written again each second, and never synced

    def _cut_segment(self, path: Path) -> None:
        """Keep what is synced of an open segment, and a random part of the records behind it; its header may be an old one."""
        content = bytearray(path.read_bytes())
        cells = np.frombuffer(content, "<i8", 16)
        if cells[CLOSED_AT]:
            return
        records = np.frombuffer(content, RECORD, (len(content) - HEADER) // SIZE, HEADER)
        n_synced = int(((records["seq"] > 0) & (records["seq"] <= self.synced_seq)).sum())
        n_written = (int(cells[COMMITTED_AT]) - HEADER) // SIZE
        kept = max(n_synced, self._rng.randint(min(n_synced, n_written), n_written))
        records[kept:] = np.zeros(1, RECORD)[0]
        if self._rng.random() < 0.5:
            cells[COMMITTED_AT] = HEADER + n_synced * SIZE
            cells[SYNCED_AT] = min(int(cells[SYNCED_AT]), HEADER + n_synced * SIZE)
        elif cells[COMMITTED_AT] > HEADER + kept * SIZE:
            cells[COMMITTED_AT] = HEADER + n_written * SIZE
        path.write_bytes(content)

    def _cut_wal(self, path: Path) -> None:
        """Keep the frames of finished commits, and a random beginning of those behind them, torn anywhere."""
        content = bytearray(path.read_bytes())
        synced = WAL_HEADER + FRAME * self._synced_frames.get(self._name(path).removesuffix("-wal"), 0)
        end = WAL_HEADER + FRAME * wal_frames(path)
        kept = self._rng.randint(min(synced, end), end)
        content[kept:end] = bytes(end - kept)
        path.write_bytes(content)
