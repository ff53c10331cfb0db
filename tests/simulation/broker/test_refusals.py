"""What the broker refuses, in IB's codes; what it refuses changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.broker.floor import BUY, ES, NQ, SELL, SPY, Floor, Tif, Type, open_floor
from tests.simulation.pit import future
from workbench.domain.errors import ConfigError, InvariantError
from workbench.risk.limits import Terms
from workbench.simulation.broker import Account, Broker, OrderReport, Refusal, WhatIf


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kind": Type.LIMIT, "limit_px": 10_050, "contract": SPY}, 110),
        ({"kind": Type.TRAIL, "trail_px": 50, "contract": SPY}, 110),
        ({"kind": Type.LIMIT}, 321),
        ({"kind": Type.STOP}, 321),
        ({"kind": Type.TRAIL}, 321),
        ({"kind": Type.TRAIL, "trail_px": 1, "trail_ppm": 1}, 321),
        ({"qty": 0}, 434),
        ({"qty": -1}, 321),
        ({"side": 2}, 321),
        ({"account": "DUSIM7"}, 435),
        ({"contract": 99}, 200),
        ({"tif": Tif.GTD}, 201),
        ({"tif": Tif.GTD, "good_till_ns": 1}, 201),
    ],
)
def test_an_order_that_cannot_be_meant_is_refused_with_its_code(wrong: dict[str, Any], code: int) -> None:
    floor = open_floor()
    before = floor.broker.truth()
    order = floor.place(**{"side": BUY, "qty": 1, **wrong})
    assert floor.refusals() == [(order, code)]
    assert floor.broker.truth() == before


def test_an_id_below_one_that_was_used_is_a_duplicate_and_a_filled_order_cannot_be_modified() -> None:
    floor = open_floor()
    floor.place(BUY, 1, order_id=7)
    floor.quote(99, 100)
    gone = floor.place(BUY, 1, Type.LIMIT, limit_px=90, order_id=8)
    floor.cancel(gone)
    floor.take()
    for id_, kind in ((5, 103), (7, 104), (8, 103)):
        floor.place(BUY, 1, Type.LIMIT, limit_px=90, order_id=id_)
        assert floor.refusals() == [(id_, kind)]
    floor.place(BUY, 1, Type.LIMIT, limit_px=90, order_id=5, client_id=2)
    assert floor.refusals() == []


def test_a_change_must_fit_the_order_that_stands() -> None:
    floor = open_floor()
    order = floor.place(BUY, 5, Type.LIMIT, limit_px=100)
    floor.quote(99, 100, asz=3)
    floor.take()
    floor.change(order, SELL, 5, Type.LIMIT, limit_px=100)
    floor.change(order, BUY, 5, Type.LIMIT, limit_px=100, contract=NQ)
    floor.change(order, BUY, 3, Type.LIMIT, limit_px=100)
    assert floor.refusals() == [(order, 105), (order, 105), (order, 201)]
    assert floor.state(order).order.qty == 5


def test_a_client_cancels_its_own_living_orders_only() -> None:
    floor = open_floor()
    order = floor.place(BUY, 1, Type.LIMIT, limit_px=90)
    floor.cancel(order, client=2)
    floor.cancel(99)
    assert floor.refusals() == [(order, 10147), (99, 10147)]
    floor.cancel(order)
    floor.take()
    floor.cancel(order)
    [refusal] = floor.of(Refusal)
    assert (refusal.code, refusal.text) == (10148, f"OrderId {order} that needs to be cancelled cannot be cancelled, state: Cancelled.")


def test_what_the_account_cannot_hold_is_rejected_with_all_that_hangs_on_it() -> None:
    floor = open_floor(Account("DUSIM1", 40_000_000_000))
    ids = floor.bracket(BUY, 3)
    assert [floor.status(each) for each in ids] == ["Inactive"] * 3
    assert all(each.code == 201 for each in floor.of(OrderReport))
    assert "INITIAL MARGIN [57000.00 USD]" in floor.of(OrderReport)[0].text
    floor.place(BUY, 2, Type.LIMIT, limit_px=90)
    late = floor.place(BUY, 1)
    assert floor.status(late) == "Inactive"  # what works already counts
    sold = floor.place(SELL, 2)
    assert floor.status(sold) == "PreSubmitted"


def test_leaving_needs_no_margin() -> None:
    floor = open_floor(Account("DUSIM1", 20_000_000_000))
    floor.place(BUY, 1)
    floor.quote(99, 100)
    floor.quote(20, 21)  # a thousand dollars lost: 19,000 of margin are no longer covered by equity
    assert floor.broker.worth("DUSIM1").available_micros < 0
    out = floor.place(SELL, 1)
    floor.quote(20, 21)
    assert floor.status(out) == "Filled"


def test_a_what_if_says_margins_and_fee_and_places_nothing() -> None:
    floor = open_floor()
    before = floor.broker.truth()
    floor.broker.what_if(floor.order(BUY, 2), floor.now)
    [told] = floor.broker.take()
    assert isinstance(told, WhatIf)
    assert (told.before.initial, told.after.initial) == (0, 38_000_000_000)
    assert told.after.maintenance == 38_000_000_000 * 10 // 11
    assert told.after.equity_with_loan == told.before.equity_with_loan - 4_500_000
    assert (told.fee_micros, told.currency) == (4_500_000, "USD")
    assert floor.broker.truth() == before


def test_a_what_if_of_what_would_be_refused_is_refused() -> None:
    floor = open_floor()
    floor.broker.what_if(floor.order(BUY, 1, Type.LIMIT, limit_px=None), floor.now)
    [told] = floor.broker.take()
    assert isinstance(told, Refusal)
    assert told.code == 321


def test_a_record_of_a_contract_it_does_not_know_breaks_it() -> None:
    with pytest.raises(InvariantError, match="contract 9"):
        Floor().quote(99, 100, contract=9)


def test_an_account_in_a_currency_without_a_rate_cannot_be_opened() -> None:
    es = future(ES)
    with pytest.raises(ConfigError, match="rates: none for CHF"):
        Broker([es], [Terms(es, 0)], [Account("DUSIM1", 0, "CHF")])
    with pytest.raises(ConfigError, match="at least one account"):
        Broker([es], [Terms(es, 0)], [])
