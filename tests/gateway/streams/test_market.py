from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from tests.gateway.streams.draws import books, markets
from tests.gateway.streams.world import ES, SPY, quote, row, tape, trade
from workbench.domain.records import Kind, Records
from workbench.gateway.streams.market import Market, Units, rows_of


def state(market: Market) -> dict[str, object]:
    kept = {name: getattr(market, name) for name in Market.__slots__ if name not in ("book", "units", "contract", "at")}
    return kept | {"rows": market.book.sides}


@how(derandomize=True, deadline=None, max_examples=80)
@given(st.one_of(markets(), books()), st.integers(0, 60))
def test_a_leap_ends_where_single_records_do(records: Records, first: int) -> None:
    step, leap = Market(ES), Market(ES)
    for each in rows_of(records):
        step.take(each)
    leap.leap(records, min(first, len(records)))
    leap.leap(records, len(records))
    assert state(step) == state(leap)


def test_records_of_other_contracts_are_leapt_over() -> None:
    market = Market(ES)
    market.leap(tape([quote(1, 1, 2, 1), trade(9, 9, contract=2), quote(5, 5, 6, 6, contract=2)]), 3)
    assert (market.bid, market.ask, market.last) == (1, 2, None)


def test_many_bars_are_folded_one_by_one() -> None:
    halves = [
        {"kind": Kind.BAR, "contract": 1, "level": level, "px": 100 + at, "px2": 110 + at, "sz": 7, "sz2": 3}
        for at in range(300)
        for level in (0, 1)
    ]
    market = Market(ES)
    market.leap(tape(halves), len(halves))
    assert (market.open, market.high, market.low, market.last, market.volume) == (100, 409, 100, 409, 2100)


def test_a_row_behind_the_end_of_the_book_is_put_at_its_end() -> None:
    market = Market(ES)
    market.leap(tape([row(Kind.DEPTH_UPDATE, 1, 4, 10, 1), row(Kind.DEPTH_DELETE, -1, 3)]), 2)
    assert market.book.sides == ([], [(10, 1)])


def test_prices_are_written_as_java_writes_doubles() -> None:
    units = Units(SPY)
    assert [str(units.price(px)) for px in (6_000_000, 6_000_100, 6_000_055, -100)] == ["600.0", "600.01", "600.0055", "-0.01"]
    assert str(Units(ES).middle(48_001)) == "6000.125"


def test_a_gap_forgets_the_book() -> None:
    market = Market(ES)
    records = tape([row(Kind.DEPTH_INSERT, 1, 0, 10, 1), dict(kind=Kind.GAP, contract=1)])
    for each in rows_of(records):
        market.take(each)
    assert not any(market.book.sides) and market.has_depth
    assert np.array_equal(records["contract"], [1, 1])
