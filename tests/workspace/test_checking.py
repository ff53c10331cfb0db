"""Whatever is wrong with a file of a user's is told with file and line, and what is right is told with its cost."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.workspace.conftest import Put
from tests.workspace.texts import FEATURE, STRATEGY, feature, strategy
from workbench.features.trend.averages import RelativeStrength
from workbench.learning.models import MODELS, RECIPES
from workbench.learning.models.base import Model
from workbench.strategies.learned import Learned
from workbench.workspace import Kind, Thing, Things, check, check_all, loading, things_of

pytestmark = pytest.mark.covers("S2-33", "S4-28")


def wrongs(home: Path) -> str:
    """Everything that is wrong in a workspace, files that cannot be read among it."""
    things = things_of(home)
    told = [wrong for report in check_all(things) for wrong in report.wrong]
    return "\n".join([*told, *(f"{problem.where}: {problem.said}" for problem in things.problems)])


def test_a_plan_on_the_wrong_side_is_told_in_points_too(home: Path, put: Put) -> None:
    put("strategies/first.py", strategy("        return Proposal(1, OrderType.MARKET, 240000, 250000, 260000, 1)\n"))
    places = ("ES, tick 1; in points 60000, 62500, 65000", "SPY, tick 100; in points 24, 25, 26", "CL, tick 1; in points 2400, 2500, 2600")
    assert any(place in wrongs(home) for place in places)


def test_a_width_is_never_shown_below_zero_where_its_values_are_known(home: Path, put: Put) -> None:
    text = STRATEGY.replace("stop_pts=4.0", 'stop_pts=2 * view["atr_14_1m"]').replace('("rsi_14_1m",)', '("rsi_14_1m", "atr_14_1m")')
    put("strategies/first.py", text.replace("rsi > 30", 'rsi > 30 or not view["atr_14_1m"]'))
    assert wrongs(home) == ""


def line_with(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.strip("\n").splitlines(), 1) if words in line)


def test_what_holds_is_told_rule_by_rule_with_its_cost(home: Path, put: Put) -> None:
    put("features/gap.py", FEATURE)
    put("strategies/first.py", STRATEGY)
    feature_report, strategy_report = check_all(things_of(home))
    assert not feature_report.wrong and not strategy_report.wrong
    assert [each.rule for each in feature_report.findings] == [
        "form", "no clock, no I/O", "finite", "deterministic", "pickles", "no future", "warm-up", "cost",
    ]  # fmt: skip
    assert [each.rule for each in strategy_report.findings] == [
        "form", "no clock, no I/O", "answers", "plans", "pure", "views", "manages", "cost",
    ]  # fmt: skip
    assert feature_report.findings[-1].said.endswith("us a bar") and strategy_report.findings[-1].said.endswith("us a question")
    assert (feature_report.thing.where, strategy_report.thing.where) == ("features/gap.py:4", "strategies/first.py:8")


BAD_STRATEGIES = {
    "syntax": ("        return at_market(view, 1\n", "was never closed"),
    "raises": ('        return {}["nothing"]\n', "answers: KeyError: 'nothing'"),
    "reads what is not warm": ("        return None if view['rsi_14_1m'] + view['atr'] else None\n", "answers: KeyError: 'atr'"),
    "talks": ('        return "buy"\n', "propose answers nonsense: 'buy' is no Proposal"),
    "half a quantum": (
        "        return Proposal(1, OrderType.MARKET, 24000, 23990.5, 24020, 1)\n",
        "propose answers nonsense: stop_px is 23990.5, not a whole number",
    ),
    "a stop at a negative distance": (
        "        return at_market(view, 1, stop_pts=-2 * 1.5, target_pts=3.0, hold_ns=1)\n",
        "strategies/first.py:16: answers: ValueError: at_market: stop_pts is -3.0; a distance from the entry is in points, above 0",
    ),
    "stop on the winning side": (
        "        return Proposal(1, OrderType.MARKET, 240000, 250000, 260000, 1)\n",
        "plans: its stop is not on the losing side: buy at 240000, stop 250000, target 260000 (quanta of ",
    ),
    "target on the losing side": (
        "        return Proposal(1, OrderType.MARKET, 240000, 230000, 220000, 1)\n",
        "plans: its target is not on the winning side",
    ),
    "off the tick": ("        return Proposal(1, OrderType.MARKET, 240000, 230001, 260000, 1)\n", "plans: 230001 is not on the tick"),
    "no time": ("        return Proposal(1, OrderType.MARKET, 240000, 230000, 260000, 0)\n", "plans: hold_ns is 0"),
    "draws": (
        "        import random\n        return None if random.random() < 2 else view\n",
        "no clock, no I/O: imports random, which draws at random",
    ),
    "looks at the clock": (
        "        import datetime\n        return None if datetime.datetime.now().second % 2 else None\n",
        "calls datetime.datetime.now(), which reads the clock",
    ),
    "looks into the future": ('        return None if open("data/tomorrow.csv") else None\n', "or it has looked into the future"),
    "never comes back": ("        while True:\n            pass\n", "did not come back within 0.5 s"),
    "is slow": ("        sum(range(400_000))\n        return None\n", "are the most"),
}


@pytest.mark.parametrize(("lines", "said"), BAD_STRATEGIES.values(), ids=BAD_STRATEGIES)
def test_a_bad_strategy_is_told_with_file_and_line(home: Path, put: Put, monkeypatch: pytest.MonkeyPatch, lines: str, said: str) -> None:
    monkeypatch.setattr(loading, "PATIENCE_S", 0.5 if "while" in lines else 60.0)
    text = strategy(lines)
    put("strategies/first.py", text)
    told = next(line for line in wrongs(home).splitlines() if said in line)
    place, line, _ = told.split(":", 2)
    assert place == "strategies/first.py"
    at_verb, at_lines = line_with(text, "def propose"), line_with(text, lines.splitlines()[0].strip())
    assert int(line) in {at_verb, at_lines, at_lines + 1}


def with_memory(lines: str) -> str:
    """The strategy as a class that can keep things, with other lines in `propose`."""
    plain = {"(NamedTuple)": "", "name: str": "name", "needs: tuple": "needs", '        rsi = view["rsi_14_1m"]\n': lines}
    text = STRATEGY
    for old, new in plain.items():
        text = text.replace(old, new)
    return text


def test_a_strategy_that_remembers_is_told_that_features_do(home: Path, put: Put) -> None:
    put("strategies/first.py", with_memory("        self.n = getattr(self, 'n', 0) + 1\n        rsi = self.n % 70\n"))
    assert "pure: answers the same view differently after other views: whatever must be remembered is a feature" in wrongs(home)


def test_a_strategy_that_keeps_a_view_is_told_that_its_memory_is_used_again(home: Path, put: Put) -> None:
    lines = "        was, self.was = getattr(self, 'was', view), view\n        rsi = 0 if was.bar.close == view.bar.close else None\n"
    put("strategies/first.py", with_memory(lines))
    assert "views: keeps a view and reads it later" in wrongs(home)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("        return Adjust(position.stop_px + 0.5)\n", "manages: manage answers nonsense: stop_px is"),
        ('        return ExitWish("")\n', "why is '', not a word"),
        ("        return self.propose(view) or Proposal(1, OrderType.MARKET, 1, 0, 2, 1)\n", "is no Adjust, ExitWish or None"),
        ("        return position.nothing\n", "AttributeError"),
    ],
)
def test_bad_management_is_told_with_file_and_line(home: Path, put: Put, lines: str, said: str) -> None:
    text = strategy(manage=lines)
    put("strategies/first.py", text)
    told = next(line for line in wrongs(home).splitlines() if said in line)
    assert told.startswith("strategies/first.py:")
    assert int(told.split(":")[1]) in (line_with(text, "def manage"), line_with(text, lines.strip()))


def test_a_strategy_that_needs_what_no_feature_gives_is_told_so(home: Path, put: Put) -> None:
    put("strategies/first.py", STRATEGY.replace('("rsi_14_1m",)', '("rsi_14_1m", "gap_1m")'))
    assert "strategies/first.py:8: form: needs gap_1m, which no feature gives" in wrongs(home)
    put("features/gap.py", FEATURE)
    assert wrongs(home) == ""


KEEPS = """        last, self._last = getattr(self, '_last', bar), bar
        self.value = float(bar.close - last.open)

    def __getstate__(self):
        return {'value': self.value, '_last': None}
"""
BAD_FEATURES = {
    "raises": ("        self.value = 1 / (bar.close - bar.close)\n", "ZeroDivisionError"),
    "is no number": ("        self.value = float('nan')\n", "finite: is nan after bar 1"),
    "is text": ("        self.value = 'high'\n", "finite: is 'high' after bar 1"),
    "draws": ("        import numpy\n        self.value = float(numpy.random.default_rng().random())\n", "says two things"),
    "keeps the bar": (KEEPS, "pickles: "),
    "does not pickle": ("        self.value, self.how = float(bar.close), lambda: None\n", "pickles: does not pickle after 1 bars"),
    "speaks early": ("        self.value = None if bar.close % 2 else 1.0\n", "warm-up: is silent after"),
    "is slow": ("        self.value = float(sum(range(400_000)))\n", "are the most"),
    "reads the clock": ("        import time\n        self.value = float(bar.close)\n", "imports time, which reads the clock"),
}


@pytest.mark.parametrize(("lines", "said"), BAD_FEATURES.values(), ids=BAD_FEATURES)
def test_a_bad_feature_is_told_with_file_and_line(home: Path, put: Put, lines: str, said: str) -> None:
    text = feature(lines)
    put("features/gap.py", text)
    told = next(line for line in wrongs(home).splitlines() if said in line)
    assert told.startswith("features/gap.py:")
    at_verb, at_lines = line_with(text, "def update"), line_with(text, lines.splitlines()[0].strip())
    assert int(told.split(":")[1]) in (at_verb, at_lines, at_lines + 1)


def test_a_feature_that_leaks_the_future_is_told(home: Path, put: Put) -> None:
    """It remembers the market from an earlier pass, as one does who looks things up in the recordings."""
    lines = (
        "        seen = type(self).seen\n        seen[bar.t_end] = bar.close\n"
        "        later = [t for t in seen if t > bar.t_end]\n        self.value = float(seen[min(later)] if later else 0)\n"
        "\n    seen = {}\n"
    )
    put("features/gap.py", feature(lines))
    told = wrongs(home)
    assert "no future: said something else about the first 60 bars when nothing came after them" in told
    assert "features/gap.py:15: no future" in told


class Steady(NamedTuple):
    """A strategy that was written into a test, or a notebook."""

    name: str = "steady"
    needs: tuple[str, ...] = ()

    def propose(self, view: object) -> None:
        """Wish for nothing, always."""

    def manage(self, view: object, position: object) -> None:
        """Leave everything as it is."""


def test_what_was_made_anywhere_can_be_checked() -> None:
    assert check(Steady).wrong == () and check(lambda: Steady(name="other")).wrong == ()
    assert check(partial(RelativeStrength, 21)).wrong == ()
    report = check(Learned)  # follows a recipe: it is checked with the default one
    assert report.wrong == () and "buy" in report.findings[2].said
    assert "tests" not in check(Steady).thing.where or check(Steady).thing.where.endswith(tuple("0123456789"))


def test_a_strategy_that_wished_for_nothing_is_told_that_nothing_was_seen_of_its_plans() -> None:
    [answers] = [each for each in check(Steady).findings if each.rule == "answers"]
    assert answers.is_ok and "wished for nothing on 600 views" in answers.said


@pytest.mark.parametrize("name", RECIPES)
def test_shipped_recipes_hold(name: str) -> None:
    assert check(RECIPES[name]).wrong == ()


def test_a_model_whose_snapshot_holds_more_than_it_names_is_told_which_class() -> None:
    poor = Model(MODELS["scaled_logistic"].build, frozenset({"builtins.float"}))
    recipe = RECIPES["flow_1m"]
    recipe = type(recipe)(name="mine", model="poor", features=recipe.features, horizon_ns=recipe.horizon_ns)
    mine = Thing(Kind.MODEL, "poor", poor, "workspace", "models/poor.py:1")
    assert any("restores: cannot be restored: a snapshot names river." in wrong for wrong in check(recipe, Things([mine])).wrong)


def test_a_recipe_of_a_model_nobody_has_is_told_so() -> None:
    recipe = RECIPES["flow_1m"]
    recipe = type(recipe)(name="mine", model="oracle", features=recipe.features, horizon_ns=recipe.horizon_ns)
    assert any("there is no model 'oracle'" in wrong for wrong in check(recipe).wrong)
