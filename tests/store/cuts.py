"""A power cut, acted out: a data folder as the disk may hold it when the machine's memory is gone. No test here.

What a page of the disk holds is what was last synced of it, or anything that was stored into it since: the system writes pages back when
it likes, each by itself. A journal's commit is all or nothing.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from workbench.store import segments, whole
from workbench.store.folders import Folders
from workbench.store.segments import BOOT_AT, CLOSED_AT, HEADER, SYNCED_AT

PAGE = 4096


def cut_power(data: Path, chance: random.Random, *, written_back: float = 0.3) -> None:
    """Do to the tail of a killed writer what a power cut does: pages behind the last sync are lost, but for some."""
    for path in segments.paths(Folders(data).tail):
        lose_pages(path, chance, written_back)


def lose_pages(path: Path, chance: random.Random, written_back: float) -> None:
    """Take from an open segment what was not synced, each page with its luck; the header says what it said when it was last synced."""
    content = bytearray(path.read_bytes())
    if _cell(content, CLOSED_AT):
        return
    synced = _cell(content, SYNCED_AT)
    if synced == HEADER:  # of this one nothing ever was
        path.write_bytes(bytes(chance.choice([0, len(content)])))
        return
    for at in range(synced // PAGE * PAGE, len(content), PAGE):
        first = max(at, synced)
        if chance.random() < written_back:
            first += 64 * chance.randrange((at + PAGE - first) // 64 + 1)  # before it was full
        content[first : at + PAGE] = bytes(at + PAGE - first)
    set_cell(content, BOOT_AT, whole.this_boot() + 1)
    if chance.random() < 0.7:  # the header's own page, as it was after the first sync
        first = HEADER + 64 * chance.randrange((synced - HEADER) // 64 + 1)
        set_cell(content, SYNCED_AT, first)
        set_cell(content, segments.COMMITTED_AT, first)
    path.write_bytes(bytes(content[: path.stat().st_size]))


def copied(data: Path, to: Path) -> Path:
    """Copy a data folder as it lies there, also while it is written."""
    return shutil.copytree(data, to, ignore=shutil.ignore_patterns("*.lock", "*-shm"))


def _cell(content: bytearray, at: int) -> int:
    return int.from_bytes(content[at * 8 : at * 8 + 8], "little", signed=True)


def set_cell(content: bytearray, at: int, value: int) -> None:
    """Write a cell of a header."""
    content[at * 8 : at * 8 + 8] = value.to_bytes(8, "little", signed=True)
