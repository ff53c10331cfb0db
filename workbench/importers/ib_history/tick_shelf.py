"""Ticks as they came, one file a page, so that a session is taken up again in its middle. No page is judged here.

::

    data/history/ESZ6-2026-12-18/prints/<start of the session>/<first second of the page>.msgpack
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.errors import StoreError
from workbench.domain.units import SECOND
from workbench.importers.ib_history.shelf import FOLDER
from workbench.store.whole import trouble, write_whole
from workbench.venues.history import PastTick, TicksAsked

VERSION: Final = 1


class TickSession(NamedTuple):
    """The ticks of one contract in one session ``[start_ns, end_ns)``: prints, or quotes."""

    contract: Contract
    start_ns: int
    end_ns: int
    quotes: bool = False
    regular_hours: bool = False

    def asked(self, at_ns: int, *, is_last: bool = False) -> TicksAsked:
        """Make a question about it."""
        return TicksAsked(self.contract, at_ns, self.end_ns, self.quotes, self.regular_hours, is_last)


class Page(msgspec.Struct, frozen=True, array_like=True):
    """One answer, cut at the session's end. ``next_s`` is the second the next page begins with; `None`: this is the last."""

    version: int
    contract: Contract
    start_ns: int
    end_ns: int
    quotes: bool
    regular_hours: bool
    first_s: int
    next_s: int | None
    asked_ns: int
    ticks: list[PastTick]
    said: str = ""

    @property
    def session(self) -> TickSession:
        """Whose page this is."""
        return TickSession(self.contract, self.start_ns, self.end_ns, self.quotes, self.regular_hours)


class TickShelf:
    """The pages of one data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def pages(self, session: TickSession) -> Iterator[Page]:
        """Give the pages of a session in their order, as far as they were fetched."""
        at_s: int | None = session.start_ns // SECOND
        while at_s is not None and (path := self._path(session, at_s)).exists():
            page = _read(path)
            yield page
            at_s = page.next_s

    def open_at_s(self, session: TickSession) -> int | None:
        """Give the second from which on ticks are missing; `None`: the session is whole."""
        at_s: int | None = session.start_ns // SECOND
        for page in self.pages(session):
            at_s = page.next_s
        return at_s

    def put(self, page: Page) -> None:
        """Keep a page, whole or not at all."""
        path = self._path(page.session, page.first_s)
        with trouble(f"keeping {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.msgpack.encode(page))

    def whole(self) -> Iterator[TickSession]:
        """Go through all sessions whose last page is there."""
        for folder in sorted(self._folder.glob("*/*/*/")):
            first = sorted(folder.glob("*.msgpack"), key=lambda each: int(each.stem))[:1]
            if first and self.open_at_s(session := _read(first[0]).session) is None:
                yield session

    def _path(self, session: TickSession, first_s: int) -> Path:
        word = f"{'quotes' if session.quotes else 'prints'}{'-rth' if session.regular_hours else ''}"
        return self._folder / session.asked(0).of / word / str(session.start_ns) / f"{first_s}.msgpack"


def _read(path: Path) -> Page:
    with trouble(f"reading {path}"):
        body = path.read_bytes()
    try:
        page = msgspec.msgpack.decode(body, type=Page)
    except msgspec.DecodeError as error:
        raise StoreError(f"{path} is damaged ({error}): delete it, it is then asked for again") from error
    if page.version != VERSION:
        raise StoreError(f"{path} is of version {page.version}, this code reads {VERSION}: delete it, it is then asked for again")
    return page
