"""One suite for every recipe and the model it names, shipped or your own: what a learner must be able to promise. It reads no clock.

Each check gives sentences about what is wrong; none: it holds. The market is made here: a seeded row of features a bar, and a mid that
follows the first of them three times out of four. The recipe's horizon and warm-up are cut short, its model and features are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec
import numpy as np

from workbench.domain.decisions import AnyFact, Forecast
from workbench.domain.errors import StoreError
from workbench.learning.learner import Learner
from workbench.learning.models import MODELS
from workbench.learning.models.base import Model
from workbench.learning.recipe import Recipe

N_BARS: Final = 600
START_MID2: Final = 48_000


class Bar(NamedTuple):
    """What a learner is called with at one bar."""

    t_end_ns: int
    row: list[float]
    warm: bytes
    mid2: int | None
    is_broken: bool


class Case(NamedTuple):
    """A recipe under test, quickened, with the models it may name."""

    recipe: Recipe
    models: Mapping[str, Model]

    def learner(self) -> Learner:
        """Make a fresh learner on columns of its own."""
        return Learner(self.recipe, 1, {name: at for at, name in enumerate(self.recipe.features)}, self.models)

    def bars(self, n: int = N_BARS, seed: int = 1) -> list[Bar]:
        """Make bars on its cadence."""
        rng, n_columns, mid2, wish = np.random.default_rng(seed), len(self.recipe.features), START_MID2, 0.0
        made = []
        for i in range(n):
            row: list[float] = rng.standard_normal(n_columns).tolist()
            mid2 += 2 if (wish > 0) is bool(rng.random() < 0.75) else -2
            wish = row[0]
            made.append(Bar((i + 1) * self.recipe.every_ns, row, b"\1" * n_columns, mid2, False))
        return made


def case(recipe: Recipe, models: Mapping[str, Model] = MODELS) -> Case:
    """Prepare the suite for a recipe: a horizon of two bars, few labels before it speaks."""
    quick = msgspec.structs.replace(recipe, horizon_ns=2 * recipe.every_ns, min_labels=20, min_outcomes=40, max_outcomes=10_000)
    return Case(quick, models)


def _play(learner: Learner, bars: list[Bar]) -> list[Forecast | None]:
    facts: list[AnyFact] = []
    return [learner.update(*bar, facts) for bar in bars]


def speaks(of: Case) -> Iterator[str]:
    """It learns, and what it says is a chance."""
    said = [forecast for forecast in _play(of.learner(), of.bars()) if forecast is not None]
    if len(said) < N_BARS // 2:
        yield f"spoke on {len(said)} of {N_BARS} bars, with every feature there: its model gives no chance of True and False"
    if wrong := [forecast.p_up for forecast in said if not 0.0 <= forecast.p_up <= 1.0]:
        yield f"said {wrong[0]}: a chance lies between 0 and 1"


def repeats(of: Case) -> Iterator[str]:
    """The same bars make the same model: equal digests of what it learnt and of what it answers."""
    one, other = of.learner(), of.learner()
    if _play(one, of.bars()) != _play(other, of.bars()) or one.digest() != other.digest():
        yield "says two things about the same bars: give whatever it draws a seed"


def restores(of: Case) -> Iterator[str]:
    """Restored from a snapshot it goes on bit for bit, and the snapshot names no class that the model does not."""
    whole, restored, bars = of.learner(), of.learner(), of.bars()
    _play(whole, bars[: N_BARS // 2])
    try:
        restored.restore(whole.snapshot())
    except StoreError as trouble:
        yield f"cannot be restored: {trouble}; classes of its Model must list every class its pickle holds"
        return
    except Exception as trouble:  # noqa: BLE001 - whatever its class raises is the finding
        yield f"does not pickle: {trouble}"
        return
    if _play(restored, bars[N_BARS // 2 :]) != _play(whole, bars[N_BARS // 2 :]) or restored.digest() != whole.digest():
        yield "goes on differently when restored from its snapshot"


def bears(of: Case) -> Iterator[str]:
    """It bears any one feature missing, while learning as well as while speaking."""
    learner, n_columns, n_said = of.learner(), len(of.recipe.features), 0
    n_may_lack = n_columns - max(1, -int(-of.recipe.min_share * n_columns // 1))
    facts: list[AnyFact] = []
    for i, bar in enumerate(of.bars()):
        warm = bytearray(bar.warm)
        if i % 3 == 0:
            warm[i // 3 % n_columns] = 0
        n_said += learner.update(*bar._replace(warm=bytes(warm)), facts) is not None
    if n_may_lack and n_said < N_BARS // 2:
        yield f"spoke on {n_said} of {N_BARS} bars when one feature was missing now and then"


def withstands(of: Case) -> Iterator[str]:
    """Numbers of any size, as long as they are finite, leave it able to speak."""
    learner, rng = of.learner(), np.random.default_rng(2)
    facts: list[AnyFact] = []
    for bar in of.bars(200):
        row: list[float] = rng.choice((0.0, -0.0, 1e-300, 9e11, -9e11, 1.0, -1.0), len(bar.row)).tolist()
        learner.update(*bar._replace(row=row), facts)
    later = [bar._replace(t_end_ns=bar.t_end_ns + 1_000 * of.recipe.every_ns) for bar in of.bars(40, seed=3)]
    if not any(_play(learner, later)):
        yield "says nothing any more after numbers as large as 1e12: bring its inputs to one scale"


RULES: Final[dict[str, Callable[[Case], Iterator[str]]]] = {
    "speaks": speaks,
    "repeats": repeats,
    "restores": restores,
    "missing feature": bears,
    "large numbers": withstands,
}  # what `workbench check` calls each of them


def check(recipe: Recipe, models: Mapping[str, Model] = MODELS) -> list[str]:
    """Run the whole suite on a recipe; sentences about what is wrong, none if all holds.

    >>> from workbench.learning.models import DEFAULT, RECIPES
    >>> check(RECIPES[DEFAULT])
    []
    """
    of = case(recipe, models)
    return [wrong for rule in RULES.values() for wrong in rule(of)]


def cost_us(of: Case, clock_ns: Callable[[], int]) -> float:
    """Microseconds a bar, learning and speaking, the best of three runs."""
    bars, best = of.bars(), float("inf")
    for _ in range(3):
        learner, start = of.learner(), clock_ns()
        _play(learner, bars)
        best = min(best, (clock_ns() - start) / len(bars) / 1000)
    return best
