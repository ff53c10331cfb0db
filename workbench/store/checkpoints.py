"""Checkpoints: what an engine held behind one record, so that a recovery need not replay all. Bytes and a card; no engine is known here.

A checkpoint can always be made again from the log. So a damaged one is no disaster: it is passed over, and that is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from workbench.domain.errors import StoreError
from workbench.store import opened
from workbench.store.digests import digest_of
from workbench.store.versions import FORMATS
from workbench.store.whole import trouble, write_whole

MAGIC: Final = b"WB-CHECK"
LENGTH: Final = 4  # bytes that hold the length of the card
FOLDER: Final = "checkpoints"


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a checkpoint is of. ``digests`` name code, settings and libraries: with others it means nothing."""

    format: int = FORMATS["checkpoint"]
    seq: int
    digests: dict[str, str]
    checksum: str


class Checkpoint(NamedTuple):
    """A checkpoint that was found whole."""

    seq: int
    blob: bytes
    digests: dict[str, str]


class Found(NamedTuple):
    """The latest good checkpoint, `None` if there is none, and why later ones were passed over."""

    checkpoint: Checkpoint | None
    problems: tuple[str, ...]


def write(run_folder: Path, seq: int, blob: bytes, digests: Mapping[str, str]) -> Path:
    """Keep what an engine held behind record `seq`, whole and durable.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as run:
    ...     path = write(Path(run), 41, b"state", {"code": "c0de"})
    ...     latest(Path(run)).checkpoint
    Checkpoint(seq=41, blob=b'state', digests={'code': 'c0de'})
    """
    card = msgspec.json.encode(Card(seq=seq, digests=dict(digests), checksum=_checksum(seq, digests, blob)))
    path = run_folder / FOLDER / f"{seq:020}.checkpoint"
    write_whole(path, MAGIC + len(card).to_bytes(LENGTH, "little") + card + blob)
    return path


def read(path: Path) -> Checkpoint:
    """Read one checkpoint.

    Raises
    ------
    StoreError
        If it is damaged, or of another format.
    """
    opened.reads("journal", path, "checkpoint")
    with trouble(f"reading {path}"):
        content = path.read_bytes()
    start = len(MAGIC) + LENGTH
    end = start + int.from_bytes(content[len(MAGIC) : start], "little")
    if not content.startswith(MAGIC):
        raise StoreError(f"{path} is no checkpoint")
    try:
        card = msgspec.json.decode(content[start:end], type=Card)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is damaged: its card cannot be read ({error})") from error
    if card.format != FORMATS["checkpoint"]:
        raise StoreError(f"{path} is a checkpoint of format {card.format}; this code reads {FORMATS['checkpoint']}")
    blob = content[end:]
    if _checksum(card.seq, card.digests, blob) != card.checksum:
        raise StoreError(f"{path} is damaged: its checksum is not that of its content")
    return Checkpoint(card.seq, blob, card.digests)


def latest(run_folder: Path, *, up_to: int | None = None) -> Found:
    """Find the latest checkpoint that is whole, at or before record `up_to`."""
    problems: list[str] = []
    for path in sorted((run_folder / FOLDER).glob("[0-9]*.checkpoint"), reverse=True):
        if up_to is not None and int(path.stem) > up_to:
            continue
        try:
            return Found(read(path), tuple(problems))
        except StoreError as error:
            problems.append(str(error))
    return Found(None, tuple(problems))


def keep_last(run_folder: Path, n: int) -> None:
    """Delete all but the last `n` checkpoints of a run."""
    for path in sorted((run_folder / FOLDER).glob("[0-9]*.checkpoint"))[: -n or None]:
        path.unlink()


def _checksum(seq: int, digests: Mapping[str, str], blob: bytes) -> str:
    return digest_of(str(seq).encode(), msgspec.json.encode(dict(digests), order="sorted"), blob)
