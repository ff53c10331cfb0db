"""The recordings of one process, put together: what came, what left, and what the messages were. Reads files and bytes; plays nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.domain.errors import DataError
from workbench.store.flight import Card, Chunk, Reel, Way, reels, sessions
from workbench.wire import FrameError, Message, Reader, WireError, decode_answer, decode_request, fields, parse_welcome
from workbench.wire.framing import PREFIX


@dataclass(frozen=True, slots=True)
class Tape:
    """All chunks of a process, over its runs, read anew each time one goes through them: a day is larger than memory.

    ``sent`` is what left, by connection; ``version`` the server's, 0 where none greeted; ``endings`` say what is wrong with the end of
    which file.
    """

    reels: tuple[Reel, ...]
    sent: dict[int, list[Chunk]]
    last_ns: int
    version: int
    endings: tuple[str, ...]

    @property
    def cards(self) -> list[Card]:
        """What the files say of themselves, in their order."""
        return [reel.card for reel in self.reels]

    def __iter__(self) -> Iterator[Chunk]:
        for reel in self.reels:
            yield from reel

    def messages_at(self, ns: int) -> list[Message | str]:
        """Give what became whole at a time, of what came; one that cannot be read as its fields."""
        found: list[Message | str] = []
        for at_ns, message in self.came():
            if at_ns > ns:
                break
            if at_ns == ns:
                found.append(message)
        return found

    def came(self) -> Iterator[tuple[int, Message | str]]:
        """Go through all that came, message by message, with its time."""
        reader, version, connection = Reader(), 0, 0
        for chunk in self:
            if chunk.way is not Way.CAME:
                continue
            if chunk.connection != connection:
                reader, version, connection = Reader(), 0, chunk.connection
            try:
                payloads = reader.feed(chunk.data)
            except FrameError as error:
                yield chunk.ns, str(error)
                continue
            for payload in payloads:
                if not version:
                    version = welcomed(payload)
                    continue
                yield chunk.ns, read_answer(payload, version)


def welcomed(payload: bytes) -> int:
    """Give the version that a server greets with; 0 where it does not."""
    try:
        return parse_welcome(payload).version
    except FrameError:
        return 0


def read_answer(payload: bytes, version: int) -> Message | str:
    """Read what a server said."""
    try:
        return decode_answer(fields(payload), version)
    except WireError as error:
        return f"{error} ({payload[:120]!r})"


def read_request(data: bytes, version: int) -> Message | str:
    """Read a frame that a client sent."""
    if data.startswith(PREFIX):
        return f"hello {data[8:].decode(errors='backslashreplace')}"
    try:
        return decode_request(fields(data[4:]), version)
    except WireError as error:
        return f"{error} ({data[4:124]!r})"


def load(folder: Path, session: int, run: str | None = None) -> Tape:
    """Read the recording of a session's run, and of those before it in the same process.

    Parameters
    ----------
    folder
        Of all recordings.
    run
        `None`: the last of the session.

    Raises
    ------
    DataError
        There is none, or it cannot be played from its beginning; the text says why.
    """
    paths = reels(folder, session, run)
    if not paths:
        there = ", ".join(map(str, sessions(folder))) or "none"
        named = f"run {run} of session {session}" if run else f"session {session}"
        raise DataError(f"there is no flight recording of {named}; sessions there: {there} (flight.on, flight.keep_days)")
    last = next(path for path in paths if path.parent == paths[-1].parent)
    parts = [Reel(last)]
    while parts[0].card.follows:
        before = folder / parts[0].card.follows
        if not before.exists():
            raise DataError(f"{last} goes on from {before}, which is gone: a process can be played again only from its beginning")
        parts.insert(0, Reel(before))
    if parts[0].card.n_entries:
        raise DataError(f"{parts[0].path} begins inside a run that was taken up: only a run's first start can be played again")
    return _indexed(tuple(parts))


def _indexed(reels_: tuple[Reel, ...]) -> Tape:
    """Go through all of it once."""
    sent: dict[int, list[Chunk]] = {}
    last_ns, version, greeted = reels_[0].card.began_ns, 0, 0
    for reel in reels_:
        for chunk in reel:
            last_ns = chunk.ns
            if chunk.way is Way.LEFT:
                sent.setdefault(chunk.connection, []).append(chunk)
            elif chunk.way is Way.CAME and greeted != chunk.connection:
                greeted = chunk.connection
                version = welcomed(chunk.data[4:]) or version
    endings = tuple(f"{reel.path.name} of {reel.card.run}: {reel.ending}" for reel in reels_ if reel.ending)
    return Tape(reels_, sent, last_ns, version, endings)


def starts(folder: Path, card: Card) -> Sequence[Card]:
    """Give the cards of all starts of a run, the first included."""
    return [Reel(path).card for path in reels(folder, card.session, card.run)]
