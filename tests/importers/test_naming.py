"""Names of contracts: the decade comes from the data, and a name that fits nothing is told."""

from __future__ import annotations

from datetime import date

import pytest

from workbench.config import load_roots
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import DAY
from workbench.importers.naming import check_increment, name

ROOTS = load_roots()


def near(day):
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * DAY


@pytest.mark.parametrize(
    ("text", "day", "expiry"),
    [
        ("ESH4", "2023-12-25", "2024-03-15"),
        ("ESH4", "2014-01-10", "2014-03-21"),
        ("ESH4", "2024-03-15", "2024-03-15"),
        ("ESH4", "2024-03-18", "2034-03-17"),
        ("ESM26", "2026-01-05", "2026-06-18"),
        ("CLF6", "2025-11-03", "2025-12-19"),
        ("RTYZ5", "2025-10-01", "2025-12-19"),
    ],
)
def test_a_month_is_the_first_that_had_not_expired_when_the_data_begin(text, day, expiry):
    assert name(text, ROOTS).contract(near(day)).expiry == expiry


def test_a_continuous_series_is_marked_and_has_no_expiry():
    contract = name("ES.c", ROOTS).contract(near("2026-01-26"))
    assert (contract.symbol, contract.expiry, contract.venue_ids) == ("ES.c", None, {"continuous": "true"})


def test_a_share_is_its_root_and_an_expiry_names_a_month():
    assert name("SPY", ROOTS).contract(near("2026-01-26")).symbol == "SPY"
    assert name("ES", ROOTS, expiry=date(2024, 3, 15)).contract(near("2023-12-25")).symbol == "ESH4"


@pytest.mark.parametrize(
    ("text", "says"),
    [("ES", "which month"), ("SPX", "near are SPY"), ("SPYH6", "stock"), ("SPY.c", "no continuous"), ("", "no root"), ("H6", "no root")],
)
def test_a_name_that_fits_nothing_is_told_with_what_would(text, says):
    with pytest.raises(ConfigError, match=says):
        name(text, ROOTS)


def test_a_month_that_the_root_does_not_list_is_told():
    with pytest.raises(ConfigError, match="HMUZ"):
        name("ESF6", ROOTS).contract(near("2026-01-05"))


def test_a_price_step_that_the_settings_cannot_write_is_refused():
    contract = name("ESH4", ROOTS).contract(near("2023-12-25"))
    check_increment(contract, 250_000_000, "here")
    check_increment(contract, None, "here")
    with pytest.raises(DataError, match="price step"):
        check_increment(contract, 50_000_000, "here")
