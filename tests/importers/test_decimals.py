"""Decimal text becomes integers exactly, or is marked; nothing in between."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.importers.decimals import quanta

DECIMALS = st.decimals(min_value=-(10**6), max_value=10**6, places=4, allow_nan=False, allow_infinity=False)


@given(st.lists(DECIMALS, min_size=1, max_size=20))
def test_every_decimal_is_read_exactly_or_called_off_the_grid(values):
    read = quanta(pl.Series([str(value) for value in values]), "0.25")
    for value, got, is_number, on_grid in zip(values, *(column.tolist() for column in read), strict=True):
        exact = Fraction(value) / Fraction("0.25")
        assert is_number
        assert on_grid == (exact.denominator == 1)
        assert got == (exact if on_grid else 0)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=20))
def test_any_text_at_all_is_a_number_or_is_not_and_never_an_error(texts):
    read = quanta(pl.Series(texts), "0.01")
    for text, got, on_grid in zip(texts, read.value.tolist(), read.on_grid.tolist(), strict=True):
        if on_grid:
            assert Decimal(text.strip()) == got * Decimal("0.01")
        else:
            assert got == 0


@pytest.mark.parametrize("text", ["nan", "inf", "", " ", "-", "1,000.00", "1_000", "0x10", "12abc", "--1", "1.2.3", "٣", "9" * 30, "1e99"])
def test_what_looks_like_a_number_to_some_is_none(text):
    read = quanta(pl.Series([text]), "1")
    assert not read.is_number[0]
    assert not read.on_grid[0]


def test_a_row_that_holds_an_absurd_number_does_not_spoil_the_others():
    read = quanta(pl.Series(["6904.25", "0.000000000001", "-9223372036854775808", "6904.250000"]), "0.25")
    assert read.value.tolist() == [27617, 0, 0, 27617]
    assert read.on_grid.tolist() == [True, False, False, True]


def test_a_quantum_that_is_no_decimal_is_refused():
    with pytest.raises(ValueError, match="positive decimal"):
        quanta(pl.Series(["1"]), "-0.25")
    assert quanta(pl.Series(["0.015625"]), "0.015625").value.tolist() == [1]


@given(st.lists(DECIMALS, min_size=1, max_size=20), st.sampled_from(["0.25", "0.0001", "1", "10", "0.000001"]))
def test_the_quick_ways_and_the_slow_one_read_the_same(values, quantum):
    texts = [str(value) for value in values]
    quick = quanta(pl.Series(texts), quantum)
    slow = quanta(pl.Series([*texts, "odd"]), quantum)
    for one, other in zip(quick, slow, strict=True):
        assert one.tolist() == other.tolist()[:-1]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20), st.sampled_from(["0.25", "1", "5", "0.000000000001"]))
def test_whole_numbers_of_any_size_are_read_exactly_or_marked(values, quantum):
    read = quanta(pl.Series([str(value) for value in values]), quantum)
    for value, got, on_grid in zip(values, read.value.tolist(), read.on_grid.tolist(), strict=True):
        exact = Fraction(value) / Fraction(quantum)
        assert got == (exact if on_grid else 0)
        assert on_grid or exact.denominator > 1 or abs(exact) >= 2**62
