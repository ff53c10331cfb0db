"""Expiries as the exchanges had them, names as they are quoted, and the month that leads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import databento_dbn
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data import shared
from workbench.calendars import business_days
from workbench.config import load_roots
from workbench.domain.errors import ConfigError, DataError
from workbench.market.rolls import MONTH_CODES, Expires, Listing, dated, delivery_month, expiry, front, local_symbol

DAYS = business_days(date(2012, 1, 1), date(2027, 12, 31))
ES, CL, GC = (load_roots()[name].listing for name in ("ES", "CL", "GC"))
WEEKDAYS = [date(2000, 1, 1) + timedelta(days=n) for n in range(20_000) if (date(2000, 1, 1) + timedelta(days=n)).weekday() < 5]


@pytest.mark.parametrize(
    ("listing", "year", "month", "symbol", "last"),
    [
        (ES, 2013, 12, "ESZ3", "2013-12-20"),
        (ES, 2024, 3, "ESH4", "2024-03-15"),
        (ES, 2025, 9, "ESU5", "2025-09-19"),
        (ES, 2026, 3, "ESH6", "2026-03-20"),
        (ES, 2026, 6, "ESM6", "2026-06-18"),  # the third Friday is Juneteenth
        (ES, 2026, 12, "ESZ6", "2026-12-18"),
        (CL, 2020, 5, "CLK0", "2020-04-21"),  # the day after it had settled at -37.63
        (CL, 2025, 12, "CLZ5", "2025-11-20"),
        (CL, 2026, 1, "CLF6", "2025-12-19"),  # the 25th is Christmas
        (CL, 2026, 2, "CLG6", "2026-01-20"),  # the 25th is a Sunday
        (CL, 2026, 3, "CLH6", "2026-02-20"),
        (GC, 2025, 12, "GCZ5", "2025-12-29"),
        (GC, 2026, 2, "GCG6", "2026-02-25"),
        (GC, 2026, 4, "GCJ6", "2026-04-28"),
    ],
)
def test_months_expire_when_their_exchange_says(listing: Listing, year: int, month: int, symbol: str, last: str) -> None:
    found = dated(listing, year, month, DAYS)
    assert (found.symbol, found.expiry.isoformat()) == (symbol, last)


def test_a_recorded_definition_agrees() -> None:
    decoder = databento_dbn.DBNDecoder(compression=databento_dbn.Compression.ZSTD)
    decoder.write(shared("nautilus_databento/definition-glbx-es-fut.dbn.zst").read_bytes())
    record = next(each for each in decoder.decode() if hasattr(each, "expiration"))
    last = datetime.fromtimestamp(record.expiration // 1_000_000_000, UTC).date()
    contract = load_roots()["ES"].contract(1, last)
    assert contract.symbol == record.raw_symbol == "ESM3"
    assert expiry(Expires.THIRD_FRIDAY, record.maturity_year, record.maturity_month, DAYS) == last
    assert contract.quantum * 1_000_000_000 == record.min_price_increment
    assert int(contract.multiplier) * 1_000_000_000 == record.unit_of_measure_qty


@pytest.mark.covers("S1-05")
def test_the_next_month_leads_from_seven_days_before_the_end() -> None:
    assert front(ES, date(2026, 12, 10), DAYS).symbol == "ESZ6"
    assert front(ES, date(2026, 12, 11), DAYS).symbol == "ESH7"  # ESZ6 ends on the 18th
    assert front(ES, date(2026, 12, 17), DAYS, days_before=0).symbol == "ESZ6"
    assert front(ES, date(2026, 12, 18), DAYS, days_before=0).symbol == "ESH7"
    assert front(ES, date(2026, 6, 10), DAYS).symbol == "ESM6"
    assert front(ES, date(2026, 6, 11), DAYS).symbol == "ESU6"


def test_the_roll_of_march_2026_lies_where_a_continuous_recording_has_it() -> None:
    """Its first bars of the next month are those of the session after 2026-03-13."""
    assert front(ES, date(2026, 3, 12), DAYS).symbol == "ESH6"
    assert front(ES, date(2026, 3, 16), DAYS).symbol == "ESM6"


def test_oil_leads_one_month_ahead_of_the_calendar() -> None:
    assert front(CL, date(2025, 12, 1), DAYS).symbol == "CLF6"
    assert front(CL, date(2025, 12, 11), DAYS).symbol == "CLF6"
    assert front(CL, date(2025, 12, 12), DAYS).symbol == "CLG6"


def test_gold_is_left_before_notices_begin_long_before_it_expires() -> None:
    december = dated(GC, 2025, 12, DAYS)
    assert (december.leave_by, december.expiry) == (date(2025, 11, 28), date(2025, 12, 29))
    assert front(GC, date(2025, 11, 20), DAYS).symbol == "GCZ5"
    assert front(GC, date(2025, 11, 21), DAYS).symbol == "GCG6"
    for listing, year, month in ((ES, 2026, 12), (CL, 2026, 3)):
        found = dated(listing, year, month, DAYS)
        assert found.leave_by == found.expiry


@given(st.sampled_from([ES, CL, GC]), st.dates(date(2001, 1, 1), date(2050, 1, 1)))
def test_the_month_that_leads_never_goes_back(listing: Listing, on: date) -> None:
    today, tomorrow = front(listing, on, WEEKDAYS), front(listing, on + timedelta(days=1), WEEKDAYS)
    assert (today.year, today.month) <= (tomorrow.year, tomorrow.month)
    assert on + timedelta(days=7) < today.leave_by <= today.expiry


@given(st.sampled_from([ES, CL, GC]), st.integers(2001, 2049), st.integers(0, 11))
def test_a_delivery_month_is_known_by_its_expiry(listing: Listing, year: int, at: int) -> None:
    month = MONTH_CODES.index(listing.months[at % len(listing.months)]) + 1
    found = dated(listing, year, month, WEEKDAYS)
    assert delivery_month(listing.expires, found.expiry) == (year, month)
    assert found.symbol == local_symbol(listing.root, year, month)
    assert found.expiry in WEEKDAYS


def test_business_days_that_do_not_reach_are_told() -> None:
    with pytest.raises(DataError, match="2026-12-18"):
        expiry(Expires.THIRD_FRIDAY, 2026, 12, [date(2026, 11, 30)])
    with pytest.raises(DataError, match="nothing"):
        expiry(Expires.THIRD_LAST_BUSINESS_DAY, 2026, 12, [])
    with pytest.raises(DataError, match="must reach further"):
        expiry(Expires.THREE_BEFORE_25TH, 2026, 12, [date(2026, 11, 24), date(2026, 11, 25)])


def test_a_month_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ConfigError, match="ES lists the months HMUZ, not F"):
        dated(ES, 2026, 1, DAYS)
