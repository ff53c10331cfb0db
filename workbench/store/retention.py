"""Which records have been let go, and which windows of them stay: marks beside the recordings. No table is opened here, nothing deleted.

A session is *thinned* when of its raw records only windows around own orders are left. Its journal, its bars and its manifest stay.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.manifest import find_log
from workbench.store.versions import FORMATS, refuse_newer
from workbench.store.whole import trouble, write_whole

SUFFIX: Final = ".json"


class Thinned(msgspec.Struct, frozen=True, kw_only=True):
    """What was let go of a session: it had ``n_before`` records, those within ``windows`` [ns, both ends included] stay.

    ``writers`` are the runs that had written them. It means nothing any more once others have: the session was imported anew.
    """

    format: int = FORMATS["thinned"]
    session: int
    writers: tuple[str, ...]
    n_before: int
    n_after: int
    windows: tuple[tuple[int, int], ...]
    decided_ns: int


def thinned(data: Path) -> dict[int, Thinned]:
    """Give what has been let go, by session."""
    marks = [_read(path) for path in sorted(Folders(data).thinned.glob(f"[!.]*{SUFFIX}"))]
    return {each.session: each for each in marks if _stands(data, each)}


def mark(data: Path, what: Thinned) -> None:
    """Say, durably and before it happens, that a session's records go."""
    write_whole(_path(data, what.session), msgspec.json.format(msgspec.json.encode(what), indent=1) + b"\n")


def is_thinned(data: Path, session: int) -> Thinned | None:
    """Give what was let go of one session; `None` if nothing was."""
    path = _path(data, session)
    found = _read(path) if path.exists() else None
    return found if found is not None and _stands(data, found) else None


def writers_of(data: Path, session: int) -> tuple[str, ...]:
    """Name the runs whose records a session consists of."""
    return tuple(run.run for run in find_log(data, session))


def _stands(data: Path, what: Thinned) -> bool:
    return writers_of(data, what.session) == what.writers


def _path(data: Path, session: int) -> Path:
    return Folders(data).thinned / f"{session}{SUFFIX}"


def _read(path: Path) -> Thinned:
    with trouble(f"reading {path}"):
        content = path.read_bytes()
    try:
        found = msgspec.json.decode(content, type=Thinned)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} does not say what was let go: {error}") from error
    refuse_newer("thinned", found.format, path)
    return found
