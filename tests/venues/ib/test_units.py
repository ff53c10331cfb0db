"""Sizes between IB's units and our quanta: exact, whole or refused."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.worlds import es
from workbench.domain.errors import DataError
from workbench.venues.ib.units import to_size, to_units

TENTHS = msgspec.structs.replace(es(), size_quantum="0.1")


@given(st.integers(-(10**12), 10**12))
def test_whole_units_go_both_ways_and_stay_whole(size: int) -> None:
    assert to_units(es(), size) == size and isinstance(to_units(es(), size), int)
    for told in (size, Decimal(size), float(size)):
        assert to_size(es(), told) == size
    assert to_size(TENTHS, Decimal(size) / 10) == size


@pytest.mark.parametrize("told", [2.5, Decimal("0.1"), 1e-9])
def test_a_part_of_a_unit_is_refused_where_there_are_only_whole_ones(told: float | Decimal) -> None:
    with pytest.raises(DataError, match="off its grid"):
        to_size(es(), told)


def test_no_number_is_made_of_infinity() -> None:
    with pytest.raises((DataError, OverflowError)):
        to_size(es(), Decimal("Infinity"))
