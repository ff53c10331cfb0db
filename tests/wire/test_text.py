"""Numbers keep their text; floats are written as TWS writes them; what is not a number is refused before it costs anything."""

from __future__ import annotations

import pickle
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.wire import WireError, exact, fields, number, payload
from workbench.wire.text import UNSET_DOUBLE, flag, integer, write_flag, write_integer, write_number, write_text

quick = settings(derandomize=True, deadline=None)


@pytest.mark.parametrize(
    "text", ["0", "0.0", "-0", "200.250", "1.0E7", "1E-9", ".5", "5.", "007", "1.7976931348623157E308", "0.00000001", "Infinite"]
)
def test_the_text_of_a_number_survives(text):
    value = number(text)
    assert write_number(value) == text
    assert str(value) == text
    assert pickle.loads(pickle.dumps(value)) == value
    assert write_number(pickle.loads(pickle.dumps(value))) == text


@quick
@given(st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{0,10})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
def test_the_text_of_any_number_survives(text):
    assert write_number(number(text)) == text
    assert number(text) == Decimal(text)


@pytest.mark.parametrize(
    "text", ["", "nan", "x", "1_000", " 1", "1 ", "\u0661", "1E9999", "--1", "1e", "1" * 60, "0x10", "1,5", "-Infinity"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  (its text is the field, and the catalogue names the place)
        number(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (255.45, "255.45"),
        (9_999_999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (123_456_789.125, "1.23456789125E8"),
        (0.001, "0.001"),
        (0.00025, "2.5E-4"),
        (-1e22, "-1.0E22"),
        (1.7976931348623157e308, UNSET_DOUBLE),
        (float("inf"), "Infinity"),
        (5, "5"),
        (np.int64(5), "5"),
        (np.float64(0.25), "0.25"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.00000001"), "0.00000001"),
        (Decimal("Infinity"), "Infinity"),
    ],
)
def test_numbers_are_written_as_java_writes_them(value, text):
    assert write_number(value) == text


@quick
@given(st.floats(allow_nan=False, allow_infinity=False))
@example(5e-324)
def test_a_float_means_the_same_when_read(value):
    assert float(number(write_number(value))) == value
    assert float(exact(value)) == value


@quick
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=8))
def test_a_decimal_is_written_in_full(value):
    assert Decimal(write_number(value)) == value
    assert "E" not in write_number(value)


@pytest.mark.parametrize("value", [float("nan"), Decimal("nan"), float("-inf"), True, "1", None, b"1", [1]])
def test_what_is_no_number_cannot_be_written(value):
    with pytest.raises(ValueError, match=r"cannot be written|is no whole number"):
        write_number(value)


def test_whole_numbers_are_whole():
    assert (integer("-1"), integer("9223372036854775807")) == (-1, 2**63 - 1)
    for text in ("1.0", "", "+1", "1" * 20, "1_0", "²"):
        with pytest.raises(ValueError, match=r"^"):
            integer(text)
    for value in (True, 1.0, "1", None):
        with pytest.raises(ValueError, match="whole"):
            write_integer(value)
    assert write_integer(np.int32(7)) == "7"


def test_flags_are_one_or_zero():
    assert [flag(text) for text in ("1", "0", "", "true", "False")] == [True, False, False, True, False]
    assert (write_flag(True), write_flag(False)) == ("1", "0")
    for value in (1, 0, None, "1"):
        with pytest.raises(ValueError, match="neither"):
            write_flag(value)
    with pytest.raises(ValueError, match="2"):
        flag("2")
    with pytest.raises(ValueError, match="no text"):
        write_text(5)


def test_bytes_that_are_no_text_become_text_that_can_be_stored():
    (field,) = fields(b"\xff\xfe\0")
    assert field == "\\xff\\xfe"
    assert field.encode()


def test_a_field_with_a_nul_is_not_written():
    with pytest.raises(WireError, match="NUL"):
        payload(["46", "a\0b"])
