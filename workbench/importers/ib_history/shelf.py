"""Answers as they came, one file a question, so that a download goes on where it ended. No question is judged here.

::

    data/history/ESZ6-2026-12-18/<start>-<end>-60s.msgpack
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.errors import StoreError
from workbench.store.whole import trouble, write_whole
from workbench.venues.history import Bars, BarsAsked, Nothing, PastBar

FOLDER: Final = "history"
VERSION: Final = 1


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A file of the shelf: the question, and the bars; without bars, what the source said in place of them."""

    version: int
    contract: Contract
    start_ns: int
    end_ns: int
    length_s: int
    regular_hours: bool
    asked_ns: int
    bars: list[PastBar]
    said: str = ""

    @property
    def asked(self) -> BarsAsked:
        """The question."""
        return BarsAsked(self.contract, self.start_ns, self.end_ns, self.length_s, self.regular_hours)


class Shelf:
    """The answers of one data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def holds(self, asked: BarsAsked) -> bool:
        """Tell whether a question was answered, with bars or with a reason."""
        return self._path(asked).exists()

    def get(self, asked: BarsAsked) -> Kept | None:
        """Give the answer to one question, `None` if there is none yet."""
        path = self._path(asked)
        return _read(path) if path.exists() else None

    def put(self, asked: BarsAsked, answer: Bars | Nothing, asked_ns: int) -> None:
        """Keep an answer, whole or not at all."""
        bars, said = (list(answer.bars), "") if isinstance(answer, Bars) else ([], answer.text)
        kept = Kept(VERSION, asked.contract, asked.start_ns, asked.end_ns, asked.length_s, asked.regular_hours, asked_ns, bars, said)
        path = self._path(asked)
        with trouble(f"keeping {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.msgpack.encode(kept))

    def every(self) -> Iterator[Kept]:
        """Go through all answers, by contract, oldest first.

        Raises
        ------
        StoreError
            A file is none of ours, or damaged; its name is told, and that it can be deleted to be asked for again.
        """
        for folder in sorted(self._folder.glob("*/")):
            for path in sorted(folder.glob("*.msgpack"), key=lambda each: int(each.name.partition("-")[0])):
                yield _read(path)

    def _path(self, asked: BarsAsked) -> Path:
        return self._folder / asked.of / f"{asked.key}.msgpack"


def _read(path: Path) -> Kept:
    with trouble(f"reading {path}"):
        body = path.read_bytes()
    try:
        kept = msgspec.msgpack.decode(body, type=Kept)
    except msgspec.DecodeError as error:
        raise StoreError(f"{path} is damaged ({error}): delete it, it is then asked for again") from error
    if kept.version != VERSION:
        raise StoreError(f"{path} is of version {kept.version}, this code reads {VERSION}: delete it, it is then asked for again")
    return kept
