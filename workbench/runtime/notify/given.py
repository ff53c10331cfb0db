"""Notices that other processes hand to the notifier, a file each in ``data/notices/given/``. Whoever has something to tell writes one.

Rules
-----
1. A notice is handed over once it lies there: durable, and called after its key, so that handing it over twice leaves one.
2. The notifier takes a file away when it remembers the notice. It tells no key twice that it remembers, `schedule.KEPT` notices back:
   who died between handing over and writing that down hands over again, and nothing is told twice.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from workbench.runtime.notify.notice import Notice
from workbench.store.digests import digest_of
from workbench.store.folders import Folders
from workbench.store.whole import write_whole


def give(data: Path, notice: Notice) -> None:
    """Hand a notice over.

    Raises
    ------
    StoreError
        It cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from workbench.runtime.notify.notice import About, Severity
    >>> late = Notice(about=About.PAGE, severity=Severity.WARNING, key="run:report/20261120-close-0f3a", text="late")
    >>> with tempfile.TemporaryDirectory() as data:
    ...     give(Path(data), late); give(Path(data), late)
    ...     [notice.text for notice, _ in given(Path(data))]
    ['late']
    """
    write_whole(_folder(data) / f"{digest_of(notice.key.encode())[:32]}.json", msgspec.json.encode(notice))


def given(data: Path) -> list[tuple[Notice, Path]]:
    """List what was handed over and not taken yet, the oldest first; what cannot be read stays, for a person."""
    found: list[tuple[Notice, Path]] = []
    for path in _folder(data).glob("[!.]*.json"):
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            found.append((msgspec.json.decode(path.read_bytes(), type=Notice), path))
    return sorted(found, key=lambda each: (each[0].at_ns, each[0].key))


def _folder(data: Path) -> Path:
    return Folders(data).notices / "given"
