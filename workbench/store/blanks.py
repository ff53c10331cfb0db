"""Files of zeros in the making, to become segments: what will be written later has its place on the disk already. No header, no record.

The zeros are written in pieces of 16 KiB: written in larger pieces they lie in larger page-cache folios, a store into one of
which makes all of it dirty (ext4, Linux 6.18: a flush took 0.30 ms with pieces of a MiB, 0.09 ms with these).
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Final

from workbench.store.whole import PART, fdatasync

PIECE: Final = 16_384  # bytes of zeros a write; see above

_names = itertools.count()  # of files that are no segments yet; one writer a folder, so one count a process


class Blank:
    """A file of zeros in the making, to become a segment."""

    def __init__(self, folder: Path, size: int) -> None:
        self.path = folder / f".{next(_names)}{PART}"
        self._size, self._at = size, 0
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)

    def fill(self, n_bytes: int, *, is_synced: bool = False) -> None:
        """Write zeros over the next `n_bytes` of what is missing."""
        end = min(self._at + n_bytes, self._size)
        if self._at == end:
            return
        while self._at < end:
            self._at += os.pwrite(self.fd, bytes(min(PIECE, end - self._at)), self._at)
        if is_synced:
            fdatasync(self.fd)

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self.fd)
