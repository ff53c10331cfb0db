"""What is simulated, or tried, is counted: once a configuration, with what it came to."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.research.conftest import Traded
from tests.research.test_inline import pushed
from workbench.domain.units import SECOND
from workbench.learning.models import RECIPES
from workbench.learning.recipe import Recipe
from workbench.research.again import simulate_session
from workbench.research.inline import inline
from workbench.research.trial import trial
from workbench.research.trials import families, family
from workbench.research.trials.counting import EARNED, SAVED, earned, note_recipes

MINE = Recipe(
    name="mine", model="scaled_logistic", features=("ret_1_5s", "pushed_5s"), horizon_ns=15 * SECOND, min_labels=20, min_outcomes=50
)


@pytest.fixture(scope="module")
def data(traded: Traded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(traded.data, tmp_path_factory.mktemp("counted") / "data"))


def test_a_simulation_is_a_trial_of_its_strategies(traded: Traded, data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    for roots in (None, None, "ES"):
        day = asyncio.run(simulate_session(traded.session, data=data, profile="demo", strategies="vwap_reversion", roots=roots))
    assert families(data)["vwap_reversion"] == 2
    first, second = family(data, "vwap_reversion").rows
    assert first.metric == EARNED and first.parameters["strategies"]["vwap_reversion"]["class"] == "VwapReversion"
    assert (first.parameters["traded"], second.parameters["traded"]) == (["ESZ6", "SPY"], ["ESZ6"])
    assert second.returns.tolist() == earned(day.equity, second.periods).tolist() and len(second.periods) == 7
    assert first.periods.tolist() == second.periods.tolist()


def test_each_recipe_of_a_trial_is_one(traded: Traded, data: Path):
    recipes = [MINE, RECIPES["flow_1m"]]
    asyncio.run(trial(traded.session, data=data, recipes=recipes, features=[inline(pushed, bars=6)], family="pushes"))
    seen = family(data, "pushes")
    assert seen.n_trials == 2 and seen.metric == SAVED
    mine, flow = seen.rows
    assert list(mine.parameters["features"]) == ["pushed"] and flow.parameters["features"] == {}
    assert any(mine.returns) and all(abs(each) <= 0.75 for each in mine.returns)


def test_a_session_that_went_on_is_other_data_and_no_other_trial(traded: Traded, tmp_path: Path):
    day, (first_ns, last_ns) = traded.open(), (int(traded.of.records["recv_ns"][at]) for at in (0, -1))
    for until_ns in (last_ns - 600 * SECOND, last_ns):
        note_recipes(day, tmp_path, [MINE], [], [], (first_ns, until_ns), "grows")
    seen = family(tmp_path, "grows")
    assert seen.n_trials == 1 and len(seen.rows) == 2 and seen.rows[0].span != seen.rows[1].span
