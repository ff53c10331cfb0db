"""Scripts: layouts of messages whose fields depend on one another (orders, contract details). Written once, for both directions.

A script is a list of steps over the parts of a message: ``names("order", "tif oca_group")`` are fields of ``message.order`` in their
order, ``when`` steps that are only there for some values, ``gate`` steps that only some versions send. In `names`, ``field>=164`` and
``field<=163`` are gates of one field, and ``field:max`` says how it is written when unset, other than its type does.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeAlias

from workbench.wire import kinds, text
from workbench.wire.layout import Codec, Cursor, Misfit, Scalar, codec_of, columns_of
from workbench.wire.layout import Many as ManyOf

Get: TypeAlias = Callable[[str, str], Any]
Test: TypeAlias = Callable[[Get], bool]
Got: TypeAlias = dict[str, dict[str, Any]]

_TOKEN = re.compile(r"(\w+)(?::(\w+))?(?:(>=|<=)(\d+))?")
_WAYS: dict[str, Codec] = {
    "max": Scalar(kinds.or_unset(kinds.NUMBER, text.UNSET_DOUBLE)),
    "imax": Scalar(kinds.or_unset(kinds.INT, text.UNSET_INT)),
}


class Names(NamedTuple):
    """Fields of one part of the message; the part ``""`` is the message itself."""

    part: str
    names: str


class Constant(NamedTuple):
    """A field that is always this text; whatever stands there is passed over."""

    text: str


class When(NamedTuple):
    """Steps that are there where a test of earlier fields holds."""

    test: Test
    steps: tuple[Step, ...]


class Gate(NamedTuple):
    """Steps that the versions from `since` to `until` send."""

    since: int
    until: int
    steps: tuple[Step, ...]


class Rows(NamedTuple):
    """A count, and as many values with a choice of their fields."""

    part: str
    name: str
    fields: str


class Repeated(NamedTuple):
    """A field that is sent a second time under a name of its own; left unset, the first one is."""

    part: str
    name: str
    first: str
    way: str


class Rest(NamedTuple):
    """All fields that are left, as text: what servers add to their longest messages before anybody documents it."""

    name: str


Step: TypeAlias = Names | Constant | When | Gate | Rows | Repeated | Rest


def names(part: str, of: str) -> Names:
    """Fields of a part, parted by spaces."""
    return Names(part, of)


def when(test: Test, *steps: Step) -> When:
    """Steps for some values only."""
    return When(test, steps)


def since(version: int, *steps: Step, until: int = 1_000_000) -> Gate:
    """Steps for some versions only."""
    return Gate(version, until, steps)


def is_set(part: str, name: str) -> Test:
    """An earlier text is not empty."""
    return lambda get: bool(get(part, name))


def is_any(part: str, name: str, *values: str) -> Test:
    """An earlier text is one of these."""
    return lambda get: get(part, name) in values


def is_positive(part: str, name: str) -> Test:
    """An earlier number is set and above zero."""
    return lambda get: get(part, name) is not None and get(part, name) > 0


def is_infinite(part: str, name: str) -> Test:
    """An earlier number is set and without bounds."""
    return lambda get: get(part, name) == Decimal("Infinity")


class Script:
    """A codec of a message, made of steps for one version.

    Parameters
    ----------
    cls
        The message.
    steps
        What is sent, in order.
    version
        For which server version.
    """

    writers = None

    def __init__(self, cls: type[Any], steps: Sequence[Step], version: int) -> None:
        self._cls = cls
        self._hints = {"": typing.get_type_hints(cls, include_extras=True)}
        self._parts = sorted({step.part for step in _all(steps)} - {""})
        self._classes = {part: self._hints[""][part] for part in self._parts}
        self._hints |= {part: typing.get_type_hints(each, include_extras=True) for part, each in self._classes.items()}
        self._version = version
        self._nodes = self._made(steps)

    def names(self) -> tuple[str, ...]:
        """Fields that may be sent, in their order; of a part ``part.name``."""
        return tuple(name for node in self._nodes for name in node.names())

    def write(self, message: Any, out: list[str]) -> None:
        owners = {"": message} | {part: getattr(message, part) for part in self._parts}
        for node in self._nodes:
            node.write(owners, out)

    def read(self, cursor: Cursor) -> Any:
        got: Got = {part: {} for part in ("", *self._parts)}
        for node in self._nodes:
            node.read(cursor, got)
        parts = {part: each(**got[part]) for part, each in self._classes.items()}
        return self._cls(**got[""], **parts)

    def _made(self, steps: Sequence[Step]) -> list[_Node]:
        nodes: list[_Node] = []
        for step in steps:
            match step:
                case Names(part, of):
                    nodes += [node for token in of.split() if (node := self._field(part, token)) is not None]
                case Constant(fixed):
                    nodes.append(_Constant(fixed))
                case When(test, inner):
                    nodes.append(_When(test, self._made(inner)))
                case Gate(first, last, inner):
                    nodes += self._made(inner) if first <= self._version <= last else []
                case Rows(part, name, fields):
                    item = typing.get_args(self._hints[part][name])[0]
                    nodes.append(_Field(part, name, ManyOf(columns_of(item, self._version, fields)), None))
                case Rest(name):
                    nodes.append(_Rest(name))
                case Repeated(part, name, first_name, way):
                    nodes.append(_Field(part, name, _WAYS[way], first_name))
        return nodes

    def _field(self, part: str, token: str) -> _Field | None:
        found = _TOKEN.fullmatch(token)
        assert found, token
        name, way, relation, gate = found.groups()
        if relation and not (self._version >= int(gate) if relation == ">=" else self._version <= int(gate)):
            return None
        codec = _WAYS[way] if way else codec_of(self._hints[part][name], self._version)
        return _Field(part, name, codec, None) if codec is not None else None


class _Node(Protocol):
    def names(self) -> Iterable[str]: ...

    def write(self, owners: dict[str, Any], out: list[str]) -> None: ...

    def read(self, cursor: Cursor, got: Got) -> None: ...


class _Field(NamedTuple):
    part: str
    name: str
    codec: Codec
    first: str | None

    def names(self) -> Iterable[str]:
        yield f"{self.part}.{self.name}" if self.part else self.name

    def write(self, owners: dict[str, Any], out: list[str]) -> None:
        value = getattr(owners[self.part], self.name)
        if value is None and self.first is not None:
            value = getattr(owners[self.part], self.first)
        try:
            self.codec.write(value, out)
        except Misfit as misfit:
            raise self._named(misfit) from None

    def read(self, cursor: Cursor, got: Got) -> None:
        try:
            got[self.part][self.name] = self.codec.read(cursor)
        except Misfit as misfit:
            raise self._named(misfit) from None

    def _named(self, misfit: Misfit) -> Misfit:
        misfit = misfit.inside(self.name)
        return misfit.inside(self.part) if self.part else misfit


class _Constant(NamedTuple):
    text: str

    def names(self) -> Iterable[str]:
        return ()

    def write(self, owners: dict[str, Any], out: list[str]) -> None:
        out.append(self.text)

    def read(self, cursor: Cursor, got: Got) -> None:
        cursor.take()


class _When(NamedTuple):
    test: Test
    nodes: Sequence[_Node]

    def names(self) -> Iterable[str]:
        return (name for node in self.nodes for name in node.names())

    def write(self, owners: dict[str, Any], out: list[str]) -> None:
        if self.test(lambda part, name: getattr(owners[part], name)):
            for node in self.nodes:
                node.write(owners, out)

    def read(self, cursor: Cursor, got: Got) -> None:
        if self.test(lambda part, name: got[part].get(name)):
            for node in self.nodes:
                node.read(cursor, got)


class _Rest(NamedTuple):
    name: str

    def names(self) -> Iterable[str]:
        yield self.name

    def write(self, owners: dict[str, Any], out: list[str]) -> None:
        out.extend(getattr(owners[""], self.name))

    def read(self, cursor: Cursor, got: Got) -> None:
        got[""][self.name] = tuple(cursor.take() for _ in range(cursor.n_left))


def _all(steps: Sequence[Step]) -> list[Names | Rows | Repeated]:
    flat: list[Names | Rows | Repeated] = []
    for step in steps:
        if isinstance(step, When | Gate):
            flat += _all(step.steps)
        elif isinstance(step, Names | Rows | Repeated):
            flat.append(step)
    return flat
