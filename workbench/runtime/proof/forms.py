"""What a field looks like, apart from what it says: absent, empty, a number, a date of which form. Pure; compares nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

SHAPES: Final = (  # first that fits; a date's form is what two sides must agree on
    (re.compile(r"\d{8}"), "yyyymmdd"),
    (re.compile(r"\d{6}"), "yyyymm"),
    (re.compile(r"\d{8} \d\d:\d\d(:\d\d)?"), "yyyymmdd HH:MM:SS"),
    (re.compile(r"\d{8} \d\d:\d\d(:\d\d)? [A-Za-z_]+(/[A-Za-z_]+)?"), "yyyymmdd HH:MM:SS zone"),
    (re.compile(r"\d{8}-\d\d:\d\d:\d\d"), "yyyymmdd-HH:MM:SS"),
    (re.compile(r"\d\d:\d\d(:\d\d)?"), "HH:MM"),
    (re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?"), "digits"),
)
EPOCH_S: Final = range(1_000_000_000, 10_000_000_000)
EPOCH_MS: Final = range(1_000_000_000_000, 10_000_000_000_000)


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give the leaves of a message, each with where it stands; rows of a list share one place.

    >>> from workbench.wire import HistoricalBar, HistoricalData
    >>> message = HistoricalData(1, "a", "b", (HistoricalBar("20261120", 1, 2, 3, 4, 5, 6, 7),))
    >>> [path for path, _ in flat(message)][:5]
    ['req_id', 'start', 'end', 'bars[].date', 'bars[].open']
    """
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from flat(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from flat(each, f"{path}[]")
    else:
        yield path, value


def form(value: Any) -> str:
    """Say what a value looks like.

    >>> form(None), form(""), form(1.5), form("20261120 08:31:00 US/Central"), form(1795185000), form("DUSIM1"), form("12.50")
    ('unset', 'empty', 'number', 'yyyymmdd HH:MM:SS zone', 'seconds since 1970', 'text', 'digits')
    """
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float | Decimal):
        if not isinstance(value, int):  # a range looks at every one of its members for what is no int
            return "number"
        return "seconds since 1970" if value in EPOCH_S else "milliseconds since 1970" if value in EPOCH_MS else "number"
    if value == "":
        return "empty"
    return next((word for shape, word in SHAPES if shape.fullmatch(str(value))), "text")
