"""Worth of options: parity, the way back from a price to its volatility, and what a client is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.raw import Raw, codes
from tests.gateway.worlds import es, tape
from tests.gateway.worlds import settings as world_settings
from workbench import wire
from workbench.gateway import build
from workbench.gateway.contracts.worth import at_price, worth

OPTION = wire.ContractFields(
    symbol="SPY", sec_type="OPT", last_trade="20261218", strike=600, right="C", multiplier="100", exchange="SMART", currency="USD"
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.floats(300, 900), st.floats(0.02, 2), st.floats(0.05, 2))
def test_a_call_and_a_put_differ_by_what_they_bring_and_their_price_leads_back(under, years, volatility):
    call, put = worth(True, 600, under, years, volatility), worth(False, 600, under, years, volatility)
    assert call.price - put.price == pytest.approx(under - 600, abs=1e-9)
    assert call.delta - put.delta == pytest.approx(1) and call.gamma == put.gamma >= 0 >= call.theta
    found = at_price(True, 600, under, years, call.price)
    assert found.price == pytest.approx(call.price, abs=1e-6)


@pytest.mark.parametrize("under", [0.0, -1.0, float("inf"), 1e300])
def test_what_cannot_be_computed_is_none(under):
    assert worth(True, 600, under, 0.1, 0.2) is None and at_price(True, 600, under, 0.1, 5.0) is None
    assert worth(True, 600, 600.0, 0.1, 1e308) is None


def test_a_client_is_told_what_it_had_calculated_as_tick_53():
    raw = Raw(build.gateway(world_settings(), tape(5), [es()]))
    raw.take()
    (price,) = raw.ask(wire.CalcOptionPrice(req_id=7, contract=OPTION, volatility=0.2, under_price=600))
    assert (price.req_id, price.tick_type) == (7, 53) and 10 < price.price < 20 and 0.5 < price.delta < 0.55
    (volatility,) = raw.ask(wire.CalcImpliedVolatility(req_id=8, contract=OPTION, option_price=price.price, under_price=600))
    assert float(volatility.implied_volatility) == pytest.approx(0.2, abs=1e-6)
    (nothing,) = raw.ask(wire.CalcImpliedVolatility(req_id=9, contract=OPTION, option_price=5_000, under_price=600))
    assert (nothing.implied_volatility, nothing.delta, nothing.price, nothing.theta) == (-1, -2, 5_000, -2)


def test_a_calculation_for_what_is_no_option_or_does_not_exist_is_an_error():
    gateway = build.gateway(world_settings(), tape(5), [es()])
    raw = Raw(gateway)
    raw.take()
    share = wire.ContractFields(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
    asked = [wire.CalcOptionPrice(req_id=1, contract=each, volatility=0.2, under_price=600) for each in (share, wire.ContractFields())]
    assert codes(raw.ask(*asked)) == [321, 321] and gateway.mishaps == []
