"""What rehearsals came to: a file a drill, to be shown to whoever asks whether it was rehearsed. Writes and reads; judges nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.whole import trouble, write_whole


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """One drill that came to a verdict.

    Parameters
    ----------
    drill
        ``kill``, ``disconnect``, ``restart``, ``guardian``.
    at_ns
        When it was over.
    code
        Digest of the code that decides (`store.digests.deciding_digest`), as it was rehearsed with.
    seconds
        Of the wall.
    claims
        What was claimed, whether it held, and what was found.
    """

    drill: str
    at_ns: int
    code: str
    seconds: float
    claims: tuple[tuple[str, bool, str], ...]

    @property
    def is_good(self) -> bool:
        """Whether something was claimed and all of it held."""
        return bool(self.claims) and all(held for _, held, _ in self.claims)

    @property
    def name(self) -> str:
        """Name of its file: the second it was over, UTC, and the drill.

        >>> Drilled(drill="kill", at_ns=1_795_098_600_000_000_000, code="", seconds=1.0, claims=()).name
        '20261119T143000Z-kill.json'
        """
        return f"{datetime.fromtimestamp(self.at_ns // 1_000_000_000, UTC):%Y%m%dT%H%M%SZ}-{self.drill}.json"


def keep_drill(data: Path, drilled: Drilled) -> Path:
    """Write a drill down; give its file."""
    path = Folders(data).drills / drilled.name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, msgspec.json.format(msgspec.json.encode(drilled), indent=1) + b"\n")
    return path


def drills(data: Path) -> list[tuple[Path, Drilled]]:
    """Read what was rehearsed, the oldest first.

    Raises
    ------
    StoreError
        A file is none.
    """
    found = []
    for path in sorted(Folders(data).drills.glob("*.json")):
        with trouble(f"reading {path}"):
            content = path.read_bytes()
        try:
            found.append((path, msgspec.json.decode(content, type=Drilled)))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise StoreError(f"{path} is no record of a drill: {error}") from error
    return sorted(found, key=lambda each: each[1].at_ns)
