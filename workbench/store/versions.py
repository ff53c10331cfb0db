"""The format version of every kind of file, and the ways from an older one to ours. A table and its rules; each store calls it.

Rules
-----
1. A newer file is refused with a sentence: this code cannot know what it would lose.
2. An older file is copied first (``<name>.v<its version>``), then brought forward one version at a time.
3. A journal's rows are never rewritten: they are *upcast* while being read.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from workbench.domain.errors import StoreError
from workbench.store.whole import sync_folder, trouble

FORMATS: Final[Mapping[str, int]] = {
    "backup": 1,
    "checkpoint": 1,
    "contracts": 1,
    "gaps": 1,
    "journal": 2,  # 2: may carry records for the tail
    "manifest": 1,
    "place": 1,
    "recordings": 1,
    "request": 1,
    "schedule": 1,  # 0: without notices, and without saying its format
    "segment": 1,
    "snapshots": 1,
    "status": 1,
    "thinned": 1,
    "told_bars": 1,
    "wire": 1,
}

SCHEDULE_NOTICES: Final = """
CREATE TABLE IF NOT EXISTS notices (id TEXT PRIMARY KEY, body BLOB NOT NULL, told_ns INTEGER NOT NULL) STRICT, WITHOUT ROWID
"""

Migration = Callable[[Path], None]  # brings one file from a version to the next, all of it or nothing


def _journal_2(path: Path) -> None:
    """Nothing in a journal of format 1 changes; code that knows only that one would lose records of format 2."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA user_version = 2")
    finally:
        db.close()


def _schedule_1(path: Path) -> None:
    """Give the ledger of a schedule a table for what is still to be told; of what lies in it already, nothing is."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("BEGIN IMMEDIATE")
        db.execute(SCHEDULE_NOTICES)
        db.execute("PRAGMA user_version = 1")
        db.execute("COMMIT")
    finally:
        db.close()


MIGRATIONS: Final[Mapping[tuple[str, int], Migration]] = {  # (kind, version it starts from)
    ("journal", 1): _journal_2,
    ("schedule", 0): _schedule_1,
}

Upcast = Callable[[Any], Any]  # turns the msgpack tree of a row into that of the next version
_WITH_A_PROPOSAL: Final = ("Approved", "Refused")  # at their third place


def _facts_2(tree: list[list[Any]]) -> list[list[Any]]:
    """Let proposals of version 1 chase nothing."""
    return [[*fact[:2], [*fact[2], None], *fact[3:]] if fact[0] in _WITH_A_PROPOSAL else fact for fact in tree]


UPCASTS: Final[Mapping[tuple[str, int], Upcast]] = {("facts", 1): _facts_2}  # ("event" | "facts", version it starts from)


def refuse_newer(kind: str, found: int, path: Path | str) -> None:
    """Let a file pass whose version this code knows.

    >>> refuse_newer("segment", 99, "data/tail/20261120/3-0.seg")
    Traceback (most recent call last):
    workbench.domain.errors.StoreError: data/tail/20261120/3-0.seg is a segment of format 99; this code knows up to 1: update the workbench
    """
    if found > FORMATS[kind]:
        raise StoreError(f"{path} is a {kind} of format {found}; this code knows up to {FORMATS[kind]}: update the workbench")


def bring_forward(
    kind: str,
    path: Path,
    found: int,
    *,
    migrations: Mapping[tuple[str, int], Migration] = MIGRATIONS,
    copy: Callable[[Path, Path], Any] = shutil.copy2,
) -> Path | None:
    """Migrate one file to the format of this code.

    Parameters
    ----------
    found
        The format version the file says it has.
    copy
        How to copy a file of this kind while others may have it open (a database is not just its file).

    Returns
    -------
    Path or None
        The copy that was made first; `None` if the file is of our format already.

    Raises
    ------
    StoreError
        If the file is newer, a step is missing, or the copy cannot be made; the file is untouched then.
    """
    refuse_newer(kind, found, path)
    steps = [(kind, version) for version in range(found, FORMATS[kind])]
    for step in steps:
        if step not in migrations:
            raise StoreError(f"{path} is a {kind} of format {found}; no way leads on from format {step[1]}: use an older workbench")
    if not steps:
        return None
    kept = path.with_name(f"{path.name}.v{found}")
    with trouble(f"copying {path} before its migration"):
        if not kept.exists():
            part = kept.with_name(kept.name + ".part")
            copy(path, part)
            part.replace(kept)
            sync_folder(path.parent)
    for step in steps:
        migrations[step](path)
    return kept


def upcast(what: str, version: int, body: bytes, target: int, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS) -> bytes:
    """Give a journal row's body as version `target` would have written it.

    >>> add_venue = {("event", 0): lambda tree: [*tree, "IB"]}
    >>> msgspec.msgpack.decode(upcast("event", 0, msgspec.msgpack.encode(["Opened", 7]), 1, add_venue))
    ['Opened', 7, 'IB']
    """
    if version == target:
        return body
    if version > target:
        raise StoreError(f"a journal row holds {what} of version {version}; this code knows up to {target}: update the workbench")
    tree = msgspec.msgpack.decode(body)
    for step in range(version, target):
        if (what, step) not in upcasts:
            raise StoreError(f"a journal row holds {what} of version {version} and no way leads on from version {step}")
        tree = upcasts[what, step](tree)
    return msgspec.msgpack.encode(tree)
