"""What a lead is worth, checked by hand where it is certain; nothing is learnt from days to come."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.research.leadlag.made import OPENING, quotes, walks
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.research.leadlag import Costs
from workbench.research.leadlag.pair import pair_of
from workbench.research.leadlag.worth import LEAST_DAYS, worth_of

FREE = Costs(qty=100, unit="shares", multiplier=1.0, commission_usd=0.0, slippage_pts=0.0, spread_pts=0.0)
DEAR = FREE._replace(commission_usd=2.0, slippage_pts=0.02, spread_pts=0.01)


def of_bars(made: dict[str, pl.DataFrame], costs: Costs, horizon_ns: int = MINUTE, *, sign: int = 1) -> dict[str, float]:
    return worth_of(pair_of(made, "ES", "SPY"), [horizon_ns], costs, delay_ns=0, sign=sign, is_judged=True).row(0, named=True)


@pytest.mark.covers("S1-17")
def test_a_certain_lead_is_always_right_and_earns_every_move_less_costs() -> None:
    made = walks(12, late=1)
    row = of_bars(made, DEAR)
    closes = made["SPY"]["close_pts"].to_numpy().reshape(12, 120)
    moves = np.abs(np.diff(closes))[:, 1:]  # those that follow a known move of ES
    assert row["n"] == moves.size and row["hit_frac"] == row["hit_lo_frac"] == 1.0
    assert row["ic"] == pytest.approx(1.0) and row["corr_after"] == pytest.approx(1.0) and abs(row["corr_same"]) < 0.1
    assert row["gain_usd"] == pytest.approx(100 * moves.mean()) and row["cost_usd"] == pytest.approx(5.0)
    assert row["net_usd"] == pytest.approx(row["gain_usd"] - 5.0) and row["snr"] == pytest.approx(moves.mean() / moves.std())
    large = np.abs(np.diff(np.log(closes)) * closes[:, :-1])[LEAST_DAYS:, 1:] > 0.05
    assert row["n_acted"] == pytest.approx(large.sum(), abs=3)
    assert row["acted_usd"] == pytest.approx(100 * moves[LEAST_DAYS:][large].mean() - 5.0, abs=0.1) and row["p_acted"] < 0.001


@pytest.mark.covers("S1-17")
def test_markets_that_only_move_together_tell_nothing() -> None:
    row = of_bars(walks(10, share=0.8, seed=3), DEAR)
    assert row["corr_same"] > 0.9 and abs(row["ic"]) < 0.1 and row["p"] > 0.05
    assert row["ic_lo"] < 0 < row["ic_hi"] and row["hit_lo_frac"] < 0.5 < row["hit_hi_frac"]
    assert row["net_usd"] == pytest.approx(-5.0, abs=1.5) and row["p_acted"] is None


def test_a_market_that_goes_against_the_leader_is_told_with_its_sign() -> None:
    made = walks(8, late=1)
    against = made | {"SPY": made["SPY"].with_columns(close_pts=360_000 / made["SPY"]["close_pts"])}
    row = of_bars(against, FREE, sign=-1)
    assert row["hit_frac"] == 1.0 and row["ic"] == pytest.approx(-1.0) and row["gain_usd"] > 0 and row["acted_usd"] > 0


def test_nothing_is_learnt_from_days_to_come() -> None:
    """The last days go the other way round: whoever knew them would forecast less on the first."""
    made = walks(8, late=1)
    half = len(made["SPY"]) * 5 // 8
    turned = made["SPY"].with_columns(close_pts=pl.concat([made["SPY"]["close_pts"][:half], 360_000 / made["SPY"]["close_pts"][half:]]))
    early = {name: each.head(half) for name, each in made.items()}
    assert of_bars(early, FREE)["n_acted"] > 0
    days_4_and_5 = of_bars(early, FREE)["n_acted"] * of_bars(early, FREE)["acted_usd"]
    whole = of_bars(made | {"SPY": turned}, FREE)
    assert whole["n_acted"] * whole["acted_usd"] < 0 < days_4_and_5


def test_an_order_is_filled_late_at_the_spread_that_stands_then() -> None:
    at = OPENING + np.arange(0, 2 * HOUR, SECOND)
    rng = np.random.default_rng(2)
    moves = rng.choice([-1.0, 1.0], len(at))
    es, spy = 6000 + np.cumsum(moves), 600 + np.roll(np.cumsum(moves), 1) / 10
    pair = pair_of({"ES": quotes(at, es, 0.25), "SPY": quotes(at, spy, 0.04)}, "ES", "SPY")
    costs = FREE._replace(spread_pts=None)
    in_time, late = (worth_of(pair, [SECOND], costs, delay_ns=ns, sign=1, is_judged=True).row(0, named=True) for ns in (0, SECOND))
    assert in_time["hit_frac"] == 1.0 and in_time["gain_usd"] == pytest.approx(10.0, rel=1e-3) and in_time["cost_usd"] == pytest.approx(4.0)
    assert abs(late["hit_frac"] - 0.5) < 0.05 and late["gain_usd"] == pytest.approx(0.0, abs=0.5)


def test_nobody_judges_what_is_too_little() -> None:
    table = worth_of(pair_of(walks(2, late=1), "ES", "SPY"), [MINUTE, 5 * MINUTE, 3 * HOUR], FREE, delay_ns=0, sign=1, is_judged=False)
    assert table["p"].to_list() == table["p_acted"].to_list() == [None] * 3
    assert table["n"].to_list() == [2 * 118, 2 * 110, 0] and table["ic"][2] is None and table["n_acted"].to_list() == [0, 0, 0]
