"""Kinds of fields: what one holds, and how it is written when it is not set. Texts of single values; no message is known here.

What is not set is None, and each kind of field says how it writes that; all of TWS's ways are read.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, TypeAlias

from workbench.wire.text import (
    UNSET,
    UNSET_DOUBLE,
    UNSET_INT,
    Number,
    flag,
    integer,
    number,
    write_flag,
    write_integer,
    write_number,
    write_text,
    write_whole,
)

FRACTIONAL = 163  # the server version since which sizes may have decimals
_ZERO = Decimal(0)


class Kind(NamedTuple):
    """What a field holds: how it is written, how it is read. Both raise ValueError at what it cannot hold."""

    name: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    earlier: Kind | None = None  # what servers before FRACTIONAL take it for

    def at(self, version: int) -> Kind:
        """The kind as a server version has it."""
        return self.earlier if self.earlier is not None and version < FRACTIONAL else self

    def __repr__(self) -> str:
        return f"<{self.name}>"


def or_unset(kind: Kind, written: str) -> Kind:
    """The same kind, of a field that may be unset (None) and then is written so; every way of TWS is read."""

    def write(value: Any) -> str:
        return written if value is None else kind.write(value)

    def read(text: str) -> Any:
        return None if text in UNSET else kind.read(text)

    return Kind(f"{kind.name} or unset", write, read, kind.earlier and or_unset(kind.earlier, written))


TEXT = Kind("text", write_text, str)
# An empty one is 0, as TWS and IB's clients read it: programs leave out what they do not use.
INT = Kind("whole number", write_integer, lambda text: integer(text) if text else 0)
NUMBER = Kind("number", write_number, lambda text: number(text) if text else _ZERO)
FLAG = Kind("flag", write_flag, flag)

SIZE = NUMBER._replace(earlier=NUMBER._replace(write=write_whole))

Size: TypeAlias = Annotated[Number, SIZE]
SizeOrEmpty: TypeAlias = Annotated[Number | None, or_unset(SIZE, "")]
IntOrEmpty: TypeAlias = Annotated[int | None, or_unset(INT, "")]
IntOrMax: TypeAlias = Annotated[int | None, or_unset(INT, UNSET_INT)]
NumberOrEmpty: TypeAlias = Annotated[Number | None, or_unset(NUMBER, "")]
NumberOrMax: TypeAlias = Annotated[Number | None, or_unset(NUMBER, UNSET_DOUBLE)]
FlagOrEmpty: TypeAlias = Annotated[bool | None, or_unset(FLAG, "")]
