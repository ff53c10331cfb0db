"""Records that a journal is ahead of the tail with: made durable by a commit that had to be made anyway, put back after a power cut.

Rules
-----
1. A row ``ahead`` holds bytes of one segment, and where in it they lie. It is a row like any other: chained, and never taken out.
2. While the machine is up nobody reads it: the segment holds the same bytes. After a power cut it may not, and they are put back in
   their place before anybody reads or closes the segment. Doing it twice changes nothing.
3. Only bytes of a segment whose first page is durable are carried: it says after a power cut that there was one.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from workbench.domain.errors import StoreError
from workbench.store import entries, manifest, segments
from workbench.store.folders import Folders
from workbench.store.whole import trouble

_place: Final = struct.Struct("<4q")


class Ahead(NamedTuple):
    """Records of one segment: whose they are, the byte of the file at which they begin, and they themselves."""

    session: int
    epoch: int
    number: int
    at: int
    content: bytes

    @property
    def name(self) -> str:
        """The segment's."""
        return segments.name_of(self.session, self.epoch, self.number)

    def packed(self) -> bytes:
        """Give the body of its row.

        >>> Ahead.unpacked(Ahead(20261120, 3, 0, 4096, b"records").packed()).content
        b'records'
        """
        return _place.pack(self.session, self.epoch, self.number, self.at) + self.content

    @classmethod
    def unpacked(cls, body: bytes) -> Ahead:
        """Read the body of a row."""
        session, epoch, number, at = _place.unpack_from(body)
        return Ahead(session, epoch, number, at, body[_place.size :])


def put_back(tail: Path, cut: Iterable[Path]) -> None:
    """Write what the journals beside a tail carried of these segments into them. Call only while holding the tail.

    Parameters
    ----------
    tail
        ``data/tail``; the journals are those of ``data/runs``.
    cut
        Segments that a power cut left (`segments.is_cut`).

    Raises
    ------
    StoreError
        If a journal or a segment is damaged, or the disk refuses.
    """
    lost = {f"{path.parent.name}/{path.stem}": path for path in cut}
    sessions = {int(path.parent.name) for path in lost.values()}
    for folder in manifest.run_folders(tail.parent):
        journal = Folders(tail.parent).journal(folder.name)
        run = manifest.read_manifest(folder)
        if run is None or not sessions & set(run.sessions) or not journal.exists():
            continue
        for body in entries.ahead_bodies(journal):
            held = Ahead.unpacked(body)
            if held.name in lost:
                _write(lost[held.name], held)


def _write(path: Path, held: Ahead) -> None:
    with trouble(f"putting records back into {path}"):
        fd = os.open(path, os.O_RDWR)
        try:
            if held.at + len(held.content) > os.fstat(fd).st_size:
                raise StoreError(f"{path} is damaged: a journal holds records of it that lie behind its end")
            content = memoryview(held.content)
            while len(content):
                content = content[os.pwrite(fd, content, held.at + len(held.content) - len(content)) :]
        finally:
            os.close(fd)
