"""Makes messages of every class: hypothesis strategies from the classes' own annotations, with only what a version sends set."""

from __future__ import annotations

import types
import typing
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

import msgspec
from hypothesis import strategies as st

from workbench.wire import catalogue, text
from workbench.wire.kinds import Kind
from workbench.wire.message import Message

VERSIONS = range(157, 179)

texts = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=8)
numbers = st.one_of(
    st.integers(-(10**9), 10**9).map(Decimal),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9),
    st.sampled_from([Decimal("0.0"), Decimal("1E-9"), Decimal("Infinity"), text.number("1.0E7"), text.number("-.5")]),
)
whole = st.integers(-(2**31) + 1, 2**31 - 2)
_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {str: texts, int: whole, bool: st.booleans(), text.Number: numbers}


@cache
def messages(cls: type[Message], version: int) -> st.SearchStrategy[Message]:
    """Messages of a class, every field drawn."""
    return _struct(cls, version)


def canonical(message: Message, version: int) -> Message:
    """The message with what this version does not send taken out: what a reader can know of it."""
    payload = catalogue.encode(message, version)
    decode = catalogue.decode_answer if isinstance(message, catalogue.Answer) else catalogue.decode_request
    return decode(text.fields(payload), version)


@cache
def _struct(cls: type[Any], version: int) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls, include_extras=True)
    return st.builds(cls, **{name: _of(hints[name], version, name) for name in cls.__struct_fields__})


def _of(hint: Any, version: int, name: str) -> st.SearchStrategy[Any]:
    kinds: list[Kind] = []
    if typing.get_origin(hint) is Annotated:
        hint, *marks = typing.get_args(hint)
        kinds = [mark for mark in marks if isinstance(mark, Kind)]
    if kinds and kinds[0].at(version) is not kinds[0]:
        sizes = whole.map(Decimal)
        return st.none() | sizes if types.NoneType in typing.get_args(hint) else sizes
    if name == "tick_type" and hint is int:
        return st.sampled_from([1, 2])
    if name in {"order_type", "sec_type", "exchange", "delta_neutral_order_type", "hedge_type", "algo_strategy"}:
        return st.sampled_from(["", "LMT", "PEG BENCH", "PEG BEST", "PEG MID", "BAG", "IBKRATS", "None"])
    if kinds and types.NoneType in typing.get_args(hint):
        inner = next(simple for kind, simple in _BY_KIND.items() if kinds[0].name.startswith(kind))
        return st.none() | inner
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if typing.get_origin(hint) is tuple:
        return st.lists(_of(typing.get_args(hint)[0], version, ""), max_size=3).map(tuple)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(hint, version)
    return st.one_of([st.none() if each is types.NoneType else _struct(each, version) for each in typing.get_args(hint)])


_BY_KIND = {"whole number": whole, "number": numbers, "flag": st.booleans()}
