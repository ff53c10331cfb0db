"""Layouts: which fields of a value are sent, in which order, by which server version; and how they are written and read.

A layout is made from a class's annotations once per version and kept. What a layout cannot say (the long orders, contract details) is
a `script`. Nothing here knows a particular message.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec

from workbench.wire import kinds, text
from workbench.wire.kinds import Kind
from workbench.wire.message import After, Ending, Part, Since, Until

_GATED = re.compile(r"(\w+)(?:(>=|<=)(\d+))?")


class Misfit(Exception):  # noqa: N818  (caught by the catalogue, which makes a WireError of it)
    """A field that cannot be: where, from the message inwards, and what is wrong."""

    def __init__(self, what: str, *path: str) -> None:
        super().__init__(what)
        self.what, self.path = what, list(path)

    def inside(self, name: str) -> Misfit:
        """The same, seen from one level further out."""
        self.path.insert(0, name)
        return self


class Cursor:
    """Fields of a message that is being read, and the place one is at."""

    __slots__ = ("at", "fields")

    def __init__(self, fields: Sequence[str], at: int = 0) -> None:
        self.fields, self.at = fields, at

    def take(self) -> str:
        """The next field."""
        try:
            field = self.fields[self.at]
        except IndexError:
            raise Misfit(f"missing: the message ends after {len(self.fields)} fields") from None
        self.at += 1
        return field

    @property
    def n_left(self) -> int:
        """Fields that have not been taken."""
        return len(self.fields) - self.at


class Codec(Protocol):
    """Writes a value as fields and reads it back."""

    def write(self, value: Any, out: list[str]) -> None: ...

    def read(self, cursor: Cursor) -> Any: ...


class Whole(Codec, Protocol):
    """A codec of a whole message: it can name what it sends."""

    def names(self) -> tuple[str, ...]: ...


class Scalar(NamedTuple):
    """One field."""

    kind: Kind

    def write(self, value: Any, out: list[str]) -> None:
        try:
            out.append(self.kind.write(value))
        except ValueError as wrong:
            raise Misfit(str(wrong)) from None

    def read(self, cursor: Cursor) -> Any:
        field = cursor.take()
        try:
            return self.kind.read(field)
        except ValueError:
            raise Misfit(f"{field[:60]!r} is no {self.kind.name}") from None


class Fixed(NamedTuple):
    """A fixed text before the field."""

    text: str
    codec: Codec

    def write(self, value: Any, out: list[str]) -> None:
        out.append(self.text)
        self.codec.write(value, out)

    def read(self, cursor: Cursor) -> Any:
        cursor.take()
        return self.codec.read(cursor)


class Last(NamedTuple):
    """A field that may be left out at the end of a message."""

    codec: Codec

    def write(self, value: Any, out: list[str]) -> None:
        self.codec.write(value, out)

    def read(self, cursor: Cursor) -> Any:
        return self.codec.read(cursor if cursor.n_left else Cursor([""]))


class Many(NamedTuple):
    """A count, and as many of the same."""

    codec: Codec

    def write(self, value: Any, out: list[str]) -> None:
        out.append(str(len(value)))
        for n, each in enumerate(value):
            try:
                self.codec.write(each, out)
            except Misfit as misfit:
                raise misfit.inside(str(n)) from None

    def read(self, cursor: Cursor) -> tuple[Any, ...]:
        field = cursor.take()
        try:
            n = text.integer(field) if field else 0
        except ValueError:
            n = -1
        if not 0 <= n <= cursor.n_left:
            raise Misfit(f"{field[:60]!r} is no count of what follows: {cursor.n_left} fields are left")
        items = []
        for i in range(n):
            try:
                items.append(self.codec.read(cursor))
            except Misfit as misfit:
                raise misfit.inside(str(i)) from None
        return tuple(items)


class Present(NamedTuple):
    """A flag, and the value behind it where the flag says so."""

    codec: Codec

    def write(self, value: Any, out: list[str]) -> None:
        out.append("0" if value is None else "1")
        if value is not None:
            self.codec.write(value, out)

    def read(self, cursor: Cursor) -> Any:
        return self.codec.read(cursor) if Scalar(kinds.FLAG).read(cursor) else None


class Tagged(NamedTuple):
    """One of several kinds of value, its number before it."""

    codecs: dict[int, Codec]

    def write(self, value: Any, out: list[str]) -> None:
        tag = value.__struct_config__.tag
        out.append(str(tag))
        self.codecs[tag].write(value, out)

    def read(self, cursor: Cursor) -> Any:
        tag = Scalar(kinds.INT).read(cursor)
        if tag not in self.codecs:
            raise Misfit(f"{tag} is none of {', '.join(map(str, self.codecs))}")
        return self.codecs[tag].read(cursor)


class Columns:
    """A value whose fields stand one after the other."""

    def __init__(self, cls: type[Any], columns: Sequence[tuple[str, Codec]]) -> None:
        self._cls = cls
        self._names = [name for name, _ in columns]
        self._codecs = [codec for _, codec in columns]
        fields = list(cls.__struct_fields__)
        whole = self._names == fields and all(isinstance(codec, Scalar) for codec in self._codecs)
        self.writers: list[Callable[[Any], str]] | None = [c.kind.write for c in self._codecs if isinstance(c, Scalar)] if whole else None

    def names(self) -> tuple[str, ...]:
        """Fields that are sent, in their order."""
        return tuple(self._names)

    def write(self, value: Any, out: list[str]) -> None:
        for name, codec in zip(self._names, self._codecs, strict=True):
            try:
                codec.write(getattr(value, name), out)
            except Misfit as misfit:
                raise misfit.inside(name) from None

    def read(self, cursor: Cursor) -> Any:
        values: dict[str, Any] = {}
        for name, codec in zip(self._names, self._codecs, strict=True):
            try:
                values[name] = codec.read(cursor)
            except Misfit as misfit:
                raise misfit.inside(name) from None
        return self._cls(**values)


def columns_of(cls: type[Any], version: int, names: str | None = None) -> Columns:
    """The layout of a value at a version: of all its fields, or of those named.

    >>> from workbench.wire.contract import ContractFields
    >>> out: list[str] = []
    >>> columns_of(ContractFields, 178, "con_id symbol issuer_id>=176").write(ContractFields(con_id=1, symbol="ES"), out)
    >>> out
    ['1', 'ES', '']
    """
    hints = typing.get_type_hints(cls, include_extras=True)
    wanted: list[tuple[str, Codec]] = []
    for token in names.split() if names is not None else cls.__struct_fields__:
        found = _GATED.fullmatch(token)
        assert found, token
        name, relation, gate = found.groups()
        if relation and not (version >= int(gate) if relation == ">=" else version <= int(gate)):
            continue
        codec = codec_of(hints[name], version)
        if codec is not None:
            wanted.append((name, codec))
    return Columns(cls, wanted)


def codec_of(hint: Any, version: int) -> Codec | None:
    """How a field of a type is written at a version; None where that version does not have it."""
    marks: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Annotated:
        hint, *rest = typing.get_args(hint)
        marks = tuple(rest)
    for mark in marks:
        if (isinstance(mark, Since) and version < mark.version) or (isinstance(mark, Until) and version > mark.version):
            return None
    codec = _plain(hint, marks, version)
    for mark in marks:
        if isinstance(mark, After):
            codec = Fixed(mark.text, codec)
        if isinstance(mark, Ending):
            codec = Last(codec)
    return codec


_KINDS: dict[Any, Kind] = {str: kinds.TEXT, int: kinds.INT, bool: kinds.FLAG, text.Number: kinds.NUMBER}


def _plain(hint: Any, marks: tuple[Any, ...], version: int) -> Codec:
    for mark in marks:
        if isinstance(mark, Kind):
            return Scalar(mark.at(version))
        if isinstance(mark, Part):
            return columns_of(hint, version, mark.names)
    if typing.get_origin(hint) is tuple:
        item = codec_of(typing.get_args(hint)[0], version)
        assert item is not None
        return Many(item)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return columns_of(hint, version)
    if hint in _KINDS:
        return Scalar(_KINDS[hint])
    classes = [each for each in typing.get_args(hint) if each is not types.NoneType]  # a struct or None, or one of several structs
    if len(classes) == 1:
        return Present(columns_of(classes[0], version))
    return Tagged({each.__struct_config__.tag: columns_of(each, version) for each in classes})
