"""Names become what runs: with all it needs, by one digest a file, and not at all if it breaks a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workspace.conftest import Put
from tests.workspace.texts import FEATURE, STRATEGY, feature, strategy
from workbench.domain.errors import ConfigError
from workbench.workspace import Things, things_of
from workbench.workspace.choosing import choose

FOLLOWS = STRATEGY.replace('    name: str = "first"', '    forecast: str{}\n    name: str = "first"').replace(
    '        rsi = view["rsi_14_1m"]\n', '        rsi = view["rsi_14_1m"] if self.forecast in view.forecasts else None\n'
)
RECIPE = """
from workbench.learning.recipe import Recipe

MINE = Recipe(name="mine", model="scaled_logistic", features=("gap_1m", "rsi_14_1m"), horizon_ns=60_000_000_000, needs=("bars",))
"""


def test_shipped_names_bring_what_they_need_and_no_digest() -> None:
    chosen = choose([("learned", "flow_1m"), ("vwap_reversion", "")], Things())
    assert [strategy.name for strategy in chosen.strategies] == ["learned", "vwap_reversion"]
    assert [recipe.name for recipe in chosen.recipes] == ["flow_1m"]
    assert (chosen.features, chosen.models, chosen.digests) == ((), {}, {})


def test_a_feature_comes_with_the_strategy_or_the_recipe_that_reads_it(home: Path, put: Put) -> None:
    put("features/gap.py", FEATURE)
    put("features/unused.py", FEATURE.replace('"gap"', '"unused"'))
    put("strategies/first.py", STRATEGY.replace('("rsi_14_1m",)', '("rsi_14_1m", "gap_5s")'))
    put("models/mine.py", RECIPE)
    for pairs in ([("first", "")], [("learned", "mine")]):
        [made] = choose(pairs, things_of(home)).features
        assert made().name == "gap"
    assert choose([("vwap_reversion", "")], things_of(home)).features == ()


def test_every_file_that_runs_is_named_by_a_digest(home: Path, put: Put) -> None:
    put("features/gap.py", FEATURE)
    put("strategies/_plan.py", "STOP_PTS = 4.0\n")
    text = STRATEGY.replace('("rsi_14_1m",)', '("rsi_14_1m", "gap_5s")').replace("stop_pts=4.0", "stop_pts=STOP_PTS")
    put("strategies/first.py", "from workbench.mine.strategies._plan import STOP_PTS\n" + text)
    before = choose([("first", "")], things_of(home)).digests
    assert sorted(before) == ["own features/gap.py", "own strategies/_plan.py", "own strategies/first.py"]
    assert choose([("first", "")], things_of(home)).digests == before
    put("strategies/_plan.py", "STOP_PTS = 5.0\n")
    after = choose([("first", "")], things_of(home)).digests
    assert {name for name in before if before[name] != after[name]} == {"own strategies/_plan.py"}


@pytest.mark.parametrize("chosen", ["", "mine"])
def test_a_strategy_that_names_its_forecast_follows_it_unless_told_another(home: Path, put: Put, chosen: str) -> None:
    put("strategies/first.py", FOLLOWS.format(' = "flow_1m"'))
    put("models/mine.py", RECIPE.replace("gap_1m", "clv_1m"))
    made = choose([("first", chosen)], things_of(home))
    assert made.traders == (("first", chosen or "flow_1m"),) and [recipe.name for recipe in made.recipes] == [chosen or "flow_1m"]
    assert made.strategies[0].forecast == (chosen or "flow_1m")


def test_a_strategy_that_must_be_told_its_forecast_says_so(home: Path, put: Put) -> None:
    put("strategies/first.py", FOLLOWS.format(""))
    with pytest.raises(ConfigError, match=r"strategy first follows a recipe: say first:RECIPE, with one of flow_1m"):
        choose([("first", "")], things_of(home))
    assert choose([("first", "bars_15m")], things_of(home)).strategies[0].forecast == "bars_15m"


def test_what_breaks_a_rule_does_not_start(home: Path, put: Put) -> None:
    put("strategies/first.py", strategy("        return 1 / 0\n"))
    with pytest.raises(ConfigError) as told:
        choose([("first", "")], things_of(home))
    assert "strategy first breaks a rule and does not start" in str(told.value)
    assert "strategies/first.py:16: answers: ZeroDivisionError: division by zero" in str(told.value)


def test_nor_does_a_strategy_over_a_feature_that_breaks_one(home: Path, put: Put) -> None:
    put("features/gap.py", feature("        self.value = float('nan')\n"))
    put("strategies/first.py", STRATEGY.replace('("rsi_14_1m",)', '("rsi_14_1m", "gap_5s")'))
    with pytest.raises(ConfigError, match=r"feature gap breaks a rule and does not start:\n  features/gap\.py:15: finite: is nan"):
        choose([("first", "")], things_of(home))


def test_what_is_not_asked_for_may_be_as_broken_as_it_likes(home: Path, put: Put) -> None:
    put("features/gap.py", feature("        self.value = float('nan')\n"))
    put("features/broken.py", "def f(:\n")
    put("strategies/other.py", strategy("        return 1 / 0\n").replace('"first"', '"other"'))
    put("strategies/first.py", STRATEGY)
    assert [strategy.name for strategy in choose([("first", "")], things_of(home)).strategies] == ["first"]


def test_a_name_that_might_have_been_in_a_file_nobody_could_read_is_told_with_it(home: Path, put: Put) -> None:
    put("strategies/first.py", STRATEGY.replace("class First(NamedTuple):", "class First(NamedTuple)"))
    with pytest.raises(ConfigError, match=r"^could not be read: strategies/first\.py:8: SyntaxError.*\nthere is no strategy 'first'; "):
        choose([("first", "")], things_of(home))
