"""Everything an engine is built from, as one value: what runs under one digest decides alike. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from workbench.domain.units import MINUTE, SECOND
from workbench.learning.models.base import Model
from workbench.learning.recipe import Recipe
from workbench.risk.constitution import Constitution
from workbench.risk.limits import Terms
from workbench.strategies.base import Strategy


class Setup(NamedTuple):
    """Who trades what by which law.

    ``terms`` in rising order of contract ids; a strategy or recipe is listed with the contracts it works on. ``account_days`` and
    ``closes`` are cut from calendars beforehand, so that the core needs none: (start_ns, day) rising, and the ends of instrument
    sessions by contract id, rising. ``kinds`` says which record kinds a contract's data has (all, where it is not named): what needs
    another kind stays `None`. ``traders`` names strategies and recipes as the catalogues do, for whoever must build the same again.
    ``no_entry`` are the law's windows in which nothing is entered: (start_ns, end_ns), rising and apart.
    ``models`` are a user's, beside the shipped ones; ``digests`` name the source of all that is a user's, for the run's manifest.
    """

    account: str
    terms: tuple[Terms, ...]
    law: Constitution
    strategies: tuple[tuple[Strategy, tuple[int, ...]], ...] = ()
    recipes: tuple[tuple[Recipe, tuple[int, ...]], ...] = ()
    account_days: tuple[tuple[int, int], ...] = ()
    closes: Mapping[int, tuple[int, ...]] = {}
    leaders: Mapping[int, int] = {}
    lengths_ns: tuple[int, ...] = (5 * SECOND, MINUTE, 5 * MINUTE)
    own_features: tuple[Callable[[], Any], ...] = ()
    kinds: Mapping[int, Collection[str]] = {}
    traders: tuple[tuple[str, str], ...] = ()
    models: Mapping[str, Model] = {}
    digests: Mapping[str, str] = {}
    no_entry: tuple[tuple[int, int], ...] = ()

    def is_quoted(self, contract: int) -> bool:
        """Whether the data of a contract has quotes."""
        return contract not in self.kinds or "quotes" in self.kinds[contract]
