"""A trial learns as the engine learns: forecasts before outcomes, labels when their horizon is over, the same again from the same log."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.research.conftest import Traded
from tests.research.test_inline import pushed
from workbench.domain.errors import ConfigError
from workbench.domain.units import SECOND
from workbench.learning.models import MODELS, RECIPES
from workbench.learning.recipe import Recipe
from workbench.research.again import simulate_session
from workbench.research.inline import inline
from workbench.research.trial import Trial, trial

MINE = Recipe(name="mine", model="pet", features=("ret_1_5s", "pushed_5s"), horizon_ns=15 * SECOND, min_labels=20, min_outcomes=50)


@pytest.fixture(scope="module")
def tried(traded: Traded, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    data = Path(shutil.copytree(traded.data, tmp_path_factory.mktemp("tried") / "data"))
    wanted = trial(
        traded.session, data=data, recipes=[MINE, RECIPES["flow_1m"]], models={"pet": MODELS["scaled_logistic"]},
        features=[inline(pushed, bars=6)], zone="America/New_York",
    )  # fmt: skip
    return asyncio.run(wanted)


@pytest.mark.covers("S0-09", "S0-10")
def test_forecasts_come_from_all_recipes_on_all_contracts_and_nothing_is_traded(tried: Trial) -> None:
    made = tried.day.forecasts.select("recipe", "symbol").unique().sort("recipe", "symbol").rows()
    assert made == [(recipe, symbol) for recipe in ("flow_1m", "mine") for symbol in ("ESZ6", "SPY")]
    assert tried.day.run is not None and tried.day.run.mode == "simulate" and tried.day.orders.is_empty()
    assert tried.drifts.columns == ["time", "symbol", "recipe"] and tried.drifts.schema["time"] == tried.day.forecasts.schema["time"]


@pytest.mark.covers("S0-32")
def test_no_outcome_is_known_before_its_horizon(tried: Trial) -> None:
    known = tried.day.forecasts.filter(pl.col("is_up").is_not_null(), recipe="mine", symbol="ESZ6")
    for made in known["time"].gather_every(len(known) // 4):
        for later_s, is_known in ((14.9, False), (20.1, True)):
            seen = tried.day.as_seen_at(made + timedelta(seconds=later_s)).forecasts
            assert seen.filter(time=made, recipe="mine", symbol="ESZ6")["is_up"].null_count() == (not is_known)


def test_who_trades_on_a_forecast_does_not_change_it(tried: Trial, traded: Traded, tmp_path: Path) -> None:
    data = Path(shutil.copytree(traded.data, tmp_path / "data"))
    simulated = asyncio.run(simulate_session(traded.session, data=data, zone="America/New_York"))
    columns = ("time", "symbol", "p_up", "confidence", "is_up")
    assert simulated.run is not None and simulated.run.traders
    assert tried.day.forecasts.filter(recipe="flow_1m").select(columns).equals(simulated.forecasts.select(columns))


def test_a_feature_that_is_not_there_is_named(traded: Traded, tmp_path: Path) -> None:
    data = Path(shutil.copytree(traded.data, tmp_path / "data"))
    with pytest.raises(ConfigError, match="there is no feature 'pushed_5s'"):
        asyncio.run(trial(traded.session, data=data, recipes=[MINE], models={"pet": MODELS["scaled_logistic"]}))
