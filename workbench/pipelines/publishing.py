"""A folder that is replaced whole: a reader finds the old page or the new one, never files of both. Files and folders; knows no page."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from workbench.store.whole import only_one, trouble

WAIT_S: Final = 10.0  # for a run that publishes at this moment
AT_HERE: Final = -100  # AT_FDCWD of Linux
EXCHANGE: Final = 2  # RENAME_EXCHANGE of renameat2(2), RENAME_SWAP of renamex_np(2)


def publish(part: Path, folder: Path, busy: str) -> None:
    """Put the folder `part` in the place of `folder`, which need not be there; what lay there is removed.

    Parameters
    ----------
    part
        A finished folder on the same file system; it is gone afterwards. Beside it lies the lock that keeps two runs apart.
    busy
        What to say if another process publishes there at this moment, and still does after ten seconds.

    Raises
    ------
    StoreError
        If it cannot be done; what lay there is untouched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as there:
    ...     part, folder = Path(there) / "part", Path(there) / "page"
    ...     for text in ("old", "new"):
    ...         part.mkdir()
    ...         _ = (part / "page.html").write_text(text)
    ...         publish(part, folder, "busy")
    ...     (folder / "page.html").read_text(), part.exists()
    ('new', False)
    """
    with trouble(f"publishing {folder}"), only_one(part.with_name(f"{folder.name}.lock"), busy, wait_s=WAIT_S):
        if not folder.exists():
            part.rename(folder)
            return
        if not _exchanged(part, folder):
            old = part.with_name(f"{part.name}.old")  # for an instant there is no page; there are never two
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
            part.rename(folder)
            part = old
        shutil.rmtree(part)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change their names in one step; not where the system, or its file system, cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        return bool(library.renameat2(AT_HERE, names[0], AT_HERE, names[1], ctypes.c_uint(EXCHANGE)) == 0)
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        return bool(library.renamex_np(*names, ctypes.c_uint(EXCHANGE)) == 0)
    return False
