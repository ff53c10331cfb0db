"""No path around risk: what is approved satisfies the law as an independent model reads it; no wish crashes the gate."""

from __future__ import annotations

import ast
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from tests.risk.model import objections
from tests.risk.test_chain import CALM, KEY, TERMS, law, view
from workbench.domain.decisions import Approved, Proposal, Refused, TradingState
from workbench.domain.orders import OrderType, Side
from workbench.domain.records import ASK, BID, Phase
from workbench.risk.chain import Gate
from workbench.risk.constitution import micros
from workbench.risk.standing import Standing

WILD: tuple[Any, ...] = (
    math.nan, math.inf, -math.inf, -0.0, 0.5, 1e308, 5e-324, 10**30, -(10**30), np.int64(24_000), np.float64(24_000),
    None, "24000", True, b"1",
)  # fmt: skip
GATES = {name: Gate(law(name)) for name in ("micro", "standard", "demo")}
STATES = (TradingState.ACTIVE,) * 12 + (TradingState.REDUCING, TradingState.HALTED)


def intent(rng: random.Random) -> Proposal:
    """A wish that is mostly sensible, often at a bound, and now and then nonsense in one field."""
    side = rng.choice((1, -1, Side.BUY, Side.SELL))
    entry = 24_000 + rng.randint(-9, 9)
    stop, target = entry - side * rng.choice((1, 3, 4, 6, 7, 10, 12, 13, 14, 40)), entry + side * rng.choice((2, 8, 12, 24, 36, 90))
    wish = Proposal(side, rng.choice(list(OrderType)), entry, stop, target, 60, rng.choice((None, 0.55, 0.54, 0.6, 0.99, 1.0)))
    if rng.random() < 0.12:
        field = rng.choice(("side", "entry_type", "entry_px", "stop_px", "target_px", "hold_ns", "confidence"))
        wish = wish._replace(**{field: rng.choice((*WILD, 0, -1, 2, rng.randint(-30_000, 30_000)))})
    return wish


def standing(rng: random.Random) -> Standing:
    """An account that is mostly calm, and now and then at or beyond one bound."""
    one = lambda often, *seldom: often if rng.random() < 0.93 else rng.choice(seldom)  # noqa: E731 - a die
    return CALM._replace(
        state=rng.choice(STATES),
        equity_micros=one(micros(100_000), micros(2_499), micros(5_000), 0, -5, None),
        is_owned=one(False, True), is_foreign=one(False, True), is_paused=one(False, True), is_in_window=one(False, True),
        is_tier_barred=one(False, True), lock_left_s=one(0.0, 0.1, 900.0, math.nan),
        n_open=one(0, 1, 3, 5), n_contracts=one(0, 1, 2, 39, 2_000),
        heat_micros=one(0, micros(5_990), micros(7_000)), margin_micros=one(0, micros(98_000), micros(99_999)),
        day_loss_before_costs_micros=one(0, micros(15), micros(16), micros(1_900), -micros(40)),
        week_loss_micros=one(0, micros(61), micros(60)),
        month_loss_micros=one(0, micros(140)), n_entries_day=one(0, 1, 2, 10), n_entries_hour=one(0, 1, 3, 10),
        n_orders_minute=one(0, 3, 4, 12),
        ns_since_entry=one(None, 10**9, 1_800 * 10**9, 1_799 * 10**9), losses_in_row=one(0, 1, 2, 4), tier_stop_ticks=one(18, 10, 14),
        days_to_expiry=one(40, 7, 8, -1), notional_micros=one(0, micros(900_000), micros(2_000_000)),
        day_notional_micros=one(0, micros(159_000)), longs=one(-math.inf, 0.7, 0.71, math.nan), shorts=one(-math.inf, 0.69, 0.71, 1.0),
        execution_quality=one(1.0, 0.75, 0.74, math.nan), ns_to_close=one(None, 1_800 * 10**9, 1_799 * 10**9),
        margins=one(None, {}, {"+1": micros(1_500), "-1": micros(1_500), "+2": micros(200_000)}),
    )  # fmt: skip


def play(n: int, seed: int) -> int:
    rng, approved = random.Random(seed), 0
    views = [view(bid=bid, ask=24_000, quality=quality, has=has, phase=phase) for bid, quality, has, phase in (
        (23_999, 1000, BID | ASK, Phase.RTH), (23_999, 1000, BID | ASK, Phase.RTH), (23_998, 800, BID | ASK, Phase.RTH),
        (23_997, 900, BID | ASK, Phase.RTH), (24_000, 900, BID | ASK, Phase.RTH), (23_999, 799, BID | ASK, Phase.RTH),
        (23_999, 900, BID, Phase.RTH), (23_999, 900, BID | ASK, Phase.CLOSED),
    )]  # fmt: skip
    for _ in range(n):
        gate, seen, wish, now = rng.choice(list(GATES.values())), rng.choice(views), intent(rng), standing(rng)
        verdict = gate.judge(KEY, wish, seen, TERMS, now)
        if isinstance(verdict, Approved):
            approved += 1
            assert not list(objections(verdict, seen, TERMS, now, gate.law)), (verdict, now)
        else:
            assert isinstance(verdict, Refused) and not verdict.value <= verdict.threshold
    return approved


@pytest.mark.covers("S0-16", "S1-28", "S1-29", "S3-12", "S4-05")
def test_twenty_thousand_random_intents_find_no_path_around_the_law() -> None:
    assert play(20_000, seed=1) > 400  # enough of them are approved for the model to have something to say


@pytest.mark.proof
def test_a_million_random_intents_find_no_path_around_the_law() -> None:
    assert play(1_000_000, seed=2) > 20_000


@pytest.mark.parametrize("field", ["side", "entry_type", "entry_px", "stop_px", "target_px", "hold_ns", "confidence"])
@pytest.mark.parametrize("value", WILD, ids=repr)
def test_a_field_that_is_no_number_of_ours_is_never_approved(field: str, value: Any) -> None:
    wish = Proposal(1, OrderType.LIMIT, 24_000, 23_988, 24_036, 60, 0.6)._replace(**{field: value})
    made = GATES["micro"].judge(KEY, wish, view(), TERMS, CALM)
    allowed = field == "confidence" and value is None
    assert isinstance(made, Approved) is allowed


def test_approved_is_made_in_one_place_only() -> None:
    made_in = set()
    for path in sorted(Path(workbench.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Approved":
                made_in.add(path.name)
    assert made_in == {"chain.py"}


def test_fifteen_and_thirty_dollars_belong_together() -> None:
    wish, gate = Proposal(1, OrderType.LIMIT, 24_000, 23_988, 24_036, 60, 0.6), GATES["micro"]  # twelve ticks of one MES
    first = gate.judge(KEY, wish, view(), TERMS, CALM)
    once = CALM._replace(day_loss_before_costs_micros=micros(15), week_loss_micros=micros(16.24), n_entries_day=1, losses_in_row=1)
    second = gate.judge(KEY, wish, view(), TERMS, once)
    assert isinstance(first, Approved) and isinstance(second, Approved) and first.risk_micros == second.risk_micros == micros(15)
    more = gate.judge(KEY, wish, view(), TERMS, once._replace(day_loss_before_costs_micros=micros(16.25)))  # a tick of slippage
    assert isinstance(more, Refused) and (more.reason.value, more.value, more.threshold) == ("day loss", 31.25, 30)


@pytest.mark.covers("S2-41")
def test_two_contracts_need_a_stop_of_six_ticks_or_less() -> None:
    wish = Proposal(1, OrderType.LIMIT, 24_000, 23_994, 24_036, 60, 0.6)
    sizes = [GATES["micro"].judge(KEY, wish._replace(stop_px=24_000 - ticks), view(), TERMS, CALM._replace(equity_micros=micros(5_000)))
             for ticks in (6, 7, 12)]  # fmt: skip
    assert [made.qty for made in sizes if isinstance(made, Approved)] == [2, 1, 1]
