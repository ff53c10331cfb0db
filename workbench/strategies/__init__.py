"""What decides: pure functions of a view. One strategy a file; the catalogue is here. No state, no I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from workbench.strategies.base import Strategy
from workbench.strategies.learned import Learned
from workbench.strategies.tour import Tour
from workbench.strategies.vwap_reversion import VwapReversion

# name -> how to make it; a strategy that follows a learner takes the recipe's name
CATALOGUE: Final[Mapping[str, Callable[[str], Strategy]]] = {
    "learned": lambda recipe: Learned(recipe),
    "learned_bars": lambda recipe: Learned(recipe, name="learned_bars"),
    "tour": lambda _: Tour(),
    "vwap_reversion": lambda _: VwapReversion(),
}
FOLLOWERS: Final = frozenset({"learned", "learned_bars"})  # nothing without a recipe
