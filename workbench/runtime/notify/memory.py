"""What a notifier remembers, in ``data/notices/``: files that are there whole or not at all. Reads and writes; decides nothing.

::

    notices.json     what was told, to whom, and how far journals were read; the notifier's own
    acks/<number>    a person has taken note; whoever writes it, the notifier takes it
    given/<key>      what another process has to tell; the notifier takes it (`given`)
    tests.json       what the last `workbench notify test` came to
    notices.log      the log channel
    lock             held by the notifier that runs
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import msgspec

from workbench.config.notify import NotifySettings
from workbench.domain.errors import StoreError
from workbench.runtime.notify.follow import Reading
from workbench.runtime.notify.living import Living
from workbench.runtime.notify.schedule import Schedule
from workbench.store.digests import digest_of
from workbench.store.folders import Folders
from workbench.store.whole import trouble, write_whole

FORMAT: Final = 1


class Memory(msgspec.Struct):
    """All of it."""

    format: int = FORMAT
    schedule: Schedule = msgspec.field(default_factory=Schedule)
    reading: Reading = msgspec.field(default_factory=Reading)
    living: Living = msgspec.field(default_factory=Living)


class Trial(msgspec.Struct, frozen=True):
    """One channel's last test; ``why`` is empty where it arrived. ``settings`` digests those it was made with."""

    channel: str
    at_ns: int
    why: str
    settings: str


def recall(data: Path) -> Memory:
    """Read what is remembered; nothing where there is none.

    Raises
    ------
    StoreError
        It is damaged or newer: what was told is then not known, and a person must look.
    """
    path = Folders(data).notices / "notices.json"
    with trouble(f"reading {path}"):
        if not path.exists():
            return Memory()
        content = path.read_bytes()
    try:
        found = msgspec.json.decode(content, type=Memory)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is no memory of a notifier ({error}); move it away, and what was told may be told again") from None
    if found.format > FORMAT:
        raise StoreError(f"{path} is of format {found.format}; this code knows up to {FORMAT}: update the workbench")
    return found


def recall_or_begin(data: Path) -> tuple[Memory, str]:
    """Read what is remembered; where that cannot be, put it aside, begin with nothing, and say so: who tells must not fall silent."""
    try:
        return recall(data), ""
    except StoreError as error:
        path = Folders(data).notices / "notices.json"
        with contextlib.suppress(OSError):
            path.replace(path.with_name("notices.damaged.json"))
        return Memory(), f"What was told before is not known, and may be told again: {error}"


def remember(data: Path, encoded: bytes) -> None:
    """Write what is remembered."""
    write_whole(Folders(data).notices / "notices.json", encoded)


def acknowledge(data: Path, id_: int, by: str) -> Path:
    """Say that a person has taken note."""
    path = Folders(data).notices / "acks" / str(id_)
    write_whole(path, by.encode())
    return path


def acknowledged(data: Path) -> list[tuple[int, Path]]:
    """Give what was acknowledged and not taken yet."""
    found = Folders(data).notices / "acks"
    return sorted((int(path.name), path) for path in found.glob("[0-9]*") if path.name.isdecimal())


def settings_digest(settings: NotifySettings) -> str:
    """Digest the settings of all channels, so that a test of other ones does not count."""
    return digest_of(settings.model_dump_json().encode())


def write_tests(data: Path, tests: list[Trial]) -> None:
    """Keep what a test came to."""
    write_whole(Folders(data).notices / "tests.json", msgspec.json.encode(tests))


def read_tests(data: Path) -> list[Trial]:
    """Give what the last test came to; nothing where there was none, or it cannot be read."""
    try:
        return msgspec.json.decode((Folders(data).notices / "tests.json").read_bytes(), type=list[Trial])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return []
