"""How numbers, yes and no are written on the wire and read back, and fields made one payload. No message is known here.

A number keeps the text it came as: `Decimal` does for nearly all (``0.0``, ``200.25``), `Written` for the rest (``1.0E7``), so that what
was recorded can be written to the same bytes. A float is written as Java writes a double, as TWS is made of it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeAlias

from workbench.wire.errors import WireError

Number: TypeAlias = Decimal | int | float

UNSET_DOUBLE = "1.7976931348623157E308"  # Java's Double.MAX_VALUE
UNSET_INT = "2147483647"
INFINITE = "Infinity"  # Java's and Python's word; older clients write "Infinite"
UNSET = frozenset(  # every way in which TWS and its clients say that a number is not set
    {"", UNSET_DOUBLE, "1.7976931348623157e+308", "1.7976931348623157E+308", UNSET_INT, "9223372036854775807", "-9223372036854775808"}
)
_INFINITE = frozenset({"Infinity", "Infinite", "inf"})
_NUMBER = re.compile(r"-?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)  # short: no memory to be had by a number
_INT = re.compile(r"-?\d{1,19}", re.ASCII)


class Written(Decimal):
    """A decimal that remembers how it was written, where `Decimal` would write it otherwise.

    >>> number("1.0E7"), str(number("1.0E7")), number("1.0E7") == 10_000_000
    (Decimal('1.0E+7'), '1.0E7', True)
    """

    text: str

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[Any, ...]:
        return number, (self.text,)


def number(text: str) -> Decimal:
    """Read a number and keep its text.

    >>> str(number("200.250")), number("Infinite")
    ('200.250', Decimal('Infinity'))

    Raises
    ------
    ValueError
        If it is not one (``nan`` is not).
    """
    if _NUMBER.fullmatch(text):
        plain = Decimal(text)
    elif text in _INFINITE:
        plain = Decimal("Infinity")
    else:
        raise ValueError(text)
    if str(plain) == text and "E" not in text:
        return plain
    written = Written(plain)
    written.text = text
    return written


def write_number(value: Number) -> str:
    """Write a number: a decimal and an integer as they are, a float as Java does.

    >>> [write_number(x) for x in (5, Decimal("200.250"), 6800.0, 0.00005, 12_345_678.9, float("inf"))]
    ['5', '200.250', '6800.0', '5.0E-5', '1.23456789E7', 'Infinity']

    Raises
    ------
    ValueError
        For nan, which the wire has no word for.
    """
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is Decimal:
        text = str(value)
        if text[-1] <= "9" and "E" not in text:  # neither a word nor a power of ten
            return text
    if isinstance(value, float):
        return _java(value)
    return _decimal(value) if isinstance(value, Decimal) else write_integer(value)


def _decimal(value: Decimal) -> str:
    if isinstance(value, Written):
        return value.text
    if not value.is_finite():
        return _special(float(value))
    return f"{value:f}" if -20 < value.adjusted() < 20 else str(value).replace("E+", "E")


def _java(value: float) -> str:
    text = float.__repr__(value)  # of NumPy's too
    size = abs(value)
    if 1e-3 <= size < 1e7 or size == 0:
        return text
    if not size < float("inf"):
        return _special(value)
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    figures = "".join(map(str, digits))
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{int(exponent) + len(figures) - 1}"


def _special(value: float) -> str:
    if value == float("inf"):
        return INFINITE
    raise ValueError(f"{value!r} cannot be written")


def write_whole(value: Number) -> str:
    """Write a size for a client that knows whole ones only; what is left over is dropped.

    >>> write_whole(12.0), write_whole(Decimal("0.7")), write_whole(5)
    ('12', '0', '5')
    """
    if type(value) is int:
        return str(value)
    plain = number(write_number(value))
    if not plain.is_finite():
        raise ValueError(f"{value!r} cannot be written")
    return str(int(plain))


def integer(text: str) -> int:
    """Read a whole number of at most 19 figures; its text must be the one `str` gives.

    >>> integer("-1")
    -1
    """
    if not _INT.fullmatch(text):
        raise ValueError(text)
    return int(text)


def write_integer(value: int) -> str:
    """Write a whole number; a yes or no is none."""
    if type(value) is int:
        return str(value)
    try:
        return _whole(value)
    except TypeError:
        raise ValueError(f"{value!r} is no whole number") from None


def _whole(value: Any) -> str:
    """A whole number of another type, such as NumPy's; a yes or no is none."""
    if isinstance(value, bool):
        raise TypeError(value)
    return str(operator.index(value))


def flag(text: str) -> bool:
    """Read yes or no; an empty one is no.

    >>> flag("1"), flag("0"), flag("")
    (True, False, False)
    """
    try:
        return _FLAGS[text]
    except KeyError:
        raise ValueError(text) from None


def write_flag(value: bool) -> str:
    """Write yes or no as 1 or 0."""
    if value is True:
        return "1"
    if value is False:
        return "0"
    raise ValueError(f"{value!r} is neither yes nor no")


def write_text(value: str) -> str:
    """Write text; it may hold anything but NUL, which `payload` sees."""
    if isinstance(value, str):
        return value
    raise ValueError(f"{value!r} is no text")


_FLAGS = {"1": True, "0": False, "": False, "true": True, "false": False, "True": True, "False": False}


def exact(value: Number) -> Decimal:
    """The number as a decimal; a float as the shortest decimal that means it.

    >>> exact(0.1) + exact(2), exact(number("1.0E7"))
    (Decimal('2.1'), Decimal('1.0E+7'))
    """
    return Decimal(float.__repr__(value)) if isinstance(value, float) else Decimal(value)


def payload(fields: Iterable[str]) -> bytes:
    r"""Fields, each ended by NUL, as bytes.

    >>> payload(["9", "1", "117"])
    b'9\x001\x00117\x00'

    Raises
    ------
    WireError
        If a field holds a NUL: it would become two.
    """
    fields = list(fields)
    text = "\0".join(fields)
    if text.count("\0") != len(fields) - 1:
        raise WireError(f"message {fields[0]}: a field holds a NUL")
    return (text + "\0").encode(errors="backslashreplace")


def fields(payload: bytes) -> list[str]:
    r"""Fields of a payload; bytes that are not UTF-8 become ``\\x..``, as the text goes to logs and stores.

    >>> fields(b"9" + bytes(1) + b"1" + bytes(1) + b"117" + bytes(1))
    ['9', '1', '117']

    Raises
    ------
    WireError
        If the last field is not ended.
    """
    parts = payload.decode(errors="backslashreplace").split("\0")
    if parts.pop():
        raise WireError(f"a message whose last field is not ended: {payload[-40:]!r}")
    return parts
