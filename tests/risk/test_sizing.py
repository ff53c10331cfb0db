"""How many contracts: never more than any limit has room for, and as many as all of them have room for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.hand import ACCOUNT, LONG, law
from tests.simulation.pit import future, share
from tests.strategies.sight import sight
from workbench.domain.decisions import Approved, Proposal, Reason, Refused, TradingState
from workbench.domain.orders import Key
from workbench.domain.units import MICROS
from workbench.risk.chain import judge
from workbench.risk.constitution import Constitution
from workbench.risk.limits import LIMITS, Standing, Terms, measure
from workbench.risk.sizing import contracts_for_risk

pytestmark = pytest.mark.covers("S0-16", "S1-28", "S3-12", "S4-02", "S4-03")
FUTURE = Terms(future(1), fee_micros=2_250_000, margin_micros=15_000 * MICROS)
SHARE = Terms(share(1), fee_micros=5_000, margin_frac=0.5, fee_min_micros=MICROS)
BUY_SHARE = LONG._replace(entry_px=6_000_000, stop_px=5_990_000, target_px=6_060_000)  # 600.00, one dollar of stop
CALM = Standing(TradingState.ACTIVE, False, 0, 0, 0, 0, 300_000 * MICROS, 0, 0, 0, 0, None, 0, None)
WIDE = dict(
    max_contracts_per_order=10_000, max_contracts_per_account=50_000, max_loss_per_trade_usd=50_000.0, max_loss_per_day_usd=250_000.0,
    max_heat_frac=0.25, max_notional_usd=50_000_000.0, max_friction_frac=10.0,
)  # fmt: skip


def verdict(wish: Proposal, terms: Terms, by: Constitution, now: Standing = CALM) -> Approved | Refused:
    bid = wish.entry_px - terms.contract.tick
    return judge(Key(ACCOUNT, 1, "s"), wish, sight(terms.contract, bid=bid, ask=wish.entry_px), terms, now, by)


@given(st.integers(0, 10**13), st.integers(1, 10**12))
def test_the_loss_at_the_stop_fits_the_risk_and_one_more_would_not(risk: int, one: int) -> None:
    n = contracts_for_risk(risk_micros=risk, one_contract_micros=one)
    assert n * one <= risk < (n + 1) * one


@pytest.mark.parametrize(("risk", "one"), [(-1, 5), (5, 0), (5, -5)])
def test_what_cannot_be_meant_is_no_size(risk: int, one: int) -> None:
    with pytest.raises(ValueError, match="cannot size"):
        contracts_for_risk(risk_micros=risk, one_contract_micros=one)


@pytest.mark.parametrize(
    ("terms", "wish", "change", "qty"),
    [
        (FUTURE, LONG, dict(max_loss_per_trade_usd=350.0), 3),  # 100 USD a contract
        (FUTURE, LONG, dict(max_contracts_per_order=4), 4),
        (FUTURE, LONG, dict(max_notional_usd=700_000.0), 2),  # 300,000 a contract
        (FUTURE, LONG, dict(max_heat_frac=0.003), 9),  # 900 of 300,000
        (FUTURE, LONG, {}, 20),  # margin: 15,000 a contract
        (FUTURE, LONG, dict(max_contracts_per_account=11), 11),
        (SHARE, BUY_SHARE, {}, 1_000),  # margin: 300 a share
        (SHARE, BUY_SHARE, dict(max_notional_usd=59_999.0), 99),
    ],
)
def test_the_tightest_limit_sets_the_size(terms: Terms, wish: Proposal, change: dict[str, float], qty: int) -> None:
    made = verdict(wish, terms, law(**(WIDE | change)))
    assert isinstance(made, Approved) and made.qty == qty


@pytest.mark.parametrize(
    ("now", "qty"),
    [(dict(n_contracts=49_995), 5), (dict(margin_micros=255_000 * MICROS), 3), (dict(heat_micros=74_500 * MICROS), 5)],
    ids=["contracts held", "margin bound", "heat taken"],
)
def test_what_is_held_already_leaves_less_room(now: dict[str, int], qty: int) -> None:
    made = verdict(LONG, FUTURE, law(**WIDE), CALM._replace(**now))
    assert isinstance(made, Approved) and made.qty == qty


@pytest.mark.parametrize(
    ("now", "change", "reason"),
    [
        (dict(n_contracts=50_000), {}, Reason.POSITION),
        (dict(margin_micros=290_000 * MICROS), {}, Reason.MARGIN),
        (dict(heat_micros=74_950 * MICROS), {}, Reason.HEAT),
        ({}, dict(max_notional_usd=299_999.0), Reason.NOTIONAL),
        ({}, dict(max_loss_per_trade_usd=99.0), Reason.SIZE),
    ],
)
def test_where_not_one_contract_has_room_the_limit_names_itself(now: dict[str, int], change: dict[str, float], reason: Reason) -> None:
    made = verdict(LONG, FUTURE, law(**(WIDE | change)), CALM._replace(**now))
    assert isinstance(made, Refused) and made.reason is reason


SIZED = {Reason.SIZE, Reason.POSITION, Reason.MARGIN, Reason.HEAT, Reason.NOTIONAL}


def objections(terms: Terms, wish: Proposal, now: Standing, by: Constitution, qty: int) -> set[Reason]:
    """What limits on size say of `qty`, asked one by one."""
    bid = wish.entry_px - terms.contract.tick
    seen = sight(terms.contract, bid=bid, ask=wish.entry_px)
    one = terms.contract.cost_micros(abs(wish.entry_px - wish.stop_px))
    values = measure(wish, seen, terms, now, by, qty, one)
    held = zip(values, LIMITS, strict=True)
    return {reason for value, (_, reason, threshold) in held if reason in SIZED and not value <= threshold(by)}


@given(
    st.sampled_from([(FUTURE, LONG), (SHARE, BUY_SHARE)]),
    st.integers(10_000, 10**6),
    st.integers(0, 1_999),
    st.floats(0.001, 0.25),
    st.integers(100, 5_000),
    st.integers(1_000, 2_000_000),
    st.integers(0, 10_000),
    st.integers(0, 2_000),
)
def test_a_size_that_every_limit_allows_is_found_and_no_larger_one_is_allowed(
    of: tuple[Terms, Proposal], equity: int, held: int, heat: float, trade: int, notional: int, bound: int, risk: int
) -> None:
    terms, wish = of
    by = law(**(WIDE | dict(
        max_contracts_per_account=2_000, max_heat_frac=heat, max_loss_per_trade_usd=float(trade), max_notional_usd=float(notional),
    )))  # fmt: skip
    taken = dict(n_contracts=held, heat_micros=risk * MICROS, margin_micros=bound * MICROS)
    now = CALM._replace(equity_micros=equity * MICROS, **taken)
    made = verdict(wish, terms, by, now)
    if isinstance(made, Refused):
        assert made.reason in objections(terms, wish, now, by, 1)  # refused only where not even one fits
    else:
        assert not objections(terms, wish, now, by, made.qty) and objections(terms, wish, now, by, made.qty + 1)


def test_a_margin_that_is_a_share_of_the_price_leaves_no_remainder_that_refuses() -> None:
    third = Terms(share(1), fee_micros=0, margin_frac=1 / 3)
    wish = BUY_SHARE._replace(entry_px=6_000_100)
    one = third.margin(1, wish.entry_px)  # rounded down: three hundred of them bind 100 micros more
    now = CALM._replace(equity_micros=300 * one)
    assert third.margin(299, wish.entry_px) <= 300 * one < third.margin(300, wish.entry_px)
    made = verdict(wish, third, law(**WIDE), now)
    assert isinstance(made, Approved) and made.qty == 299
