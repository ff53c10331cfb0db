"""What a running process says about itself, again and again: the last word only, for pages and for the guardian. No history.

The file is replaced whole each time and never synced: after a power cut nothing runs, so nothing it said is true.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.versions import FORMATS, refuse_newer
from workbench.store.whole import trouble, write_whole

SUFFIX: Final = ".status"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The word. ``said_ns`` is wall time: a reader judges by it whether the process still lives; `None` is *not known*."""

    format: int = FORMATS["status"]
    process: str
    pid: int
    said_ns: int
    run: str = ""
    mode: str = ""
    session: int | None = None
    seq: int | None = None
    now_ns: int | None = None  # log time
    state: str = ""
    is_connected: bool | None = None
    is_ready: bool = False
    is_deciding: bool = False
    counts: dict[str, int] = {}
    note: str = ""


def say(data: Path, status: Status) -> None:
    """Put a process's word in the place of its last one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as data:
    ...     say(Path(data), Status(process="runner", pid=7, said_ns=1, seq=41))
    ...     [(each.process, each.seq) for each in heard(Path(data))]
    [('runner', 41)]
    """
    if not status.process.isidentifier():
        raise StoreError(f"a process is called by one word, not {status.process!r}")
    write_whole(Folders(data).status / f"{status.process}{SUFFIX}", msgspec.msgpack.encode(status), is_durable=False)


def heard(data: Path) -> list[Status]:
    """Read the last word of every process, by name."""
    return [_read(path) for path in sorted(Folders(data).status.glob(f"[!.]*{SUFFIX}"))]


def word_of(data: Path, process: str) -> Status | None:
    """Read the last word of one process; `None` if it never said one."""
    path = Folders(data).status / f"{process}{SUFFIX}"
    return _read(path) if path.exists() else None


def _read(path: Path) -> Status:
    with trouble(f"reading {path}"):
        content = path.read_bytes()
    try:
        status = msgspec.msgpack.decode(content, type=Status)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is no status of a process: {error}") from error
    refuse_newer("status", status.format, path)
    return status
