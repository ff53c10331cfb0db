"""What every message has: a number that says which it is, and for some a fossil edition that both sides send and nobody reads.

A message is a frozen value. The order of a class's fields is the order on the wire, and their types say how each is written; what deviates
stands in `Annotated` beside the type (`Since`, `Until`, `Part`, `Ending`, a `Kind`), or in a layout of its own (orders, contract details).
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import msgspec


class Since(NamedTuple):
    """The field is sent from this server version on."""

    version: int


class Until(NamedTuple):
    """The field is sent up to this server version, it included."""

    version: int


class Part(NamedTuple):
    """Which fields of a value inside the message are sent here, in their order, parted by spaces; ``name>=176`` is gated."""

    names: str


class After(NamedTuple):
    """The field stands after this fixed text."""

    text: str


class Ending(NamedTuple):
    """The field ends the message, and some clients leave it out; it is then read as an empty one."""


class Message(msgspec.Struct, frozen=True):
    """One message of either direction."""

    msg_id: ClassVar[int] = 0
    edition: ClassVar[str | None] = None  # the field after the number, where a message has it
    edition_until: ClassVar[int] = 1_000_000  # the last server version that sends it


class Answer(Message, frozen=True):
    """From the server to a client."""


class Request(Message, frozen=True):
    """From a client to the server."""
