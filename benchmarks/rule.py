"""The rule that every engine runs: a move over twelve bars and order flow agree -> market entry, stop and target eight quanta away.

Ours as a strategy and its law; `benchmarks.peers` holds the same rule for other engines. Means to trade, not to earn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.law import law_table
from benchmarks.tape import Tape
from workbench.config import load_settings
from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.domain.records import ASK, BID
from workbench.domain.units import MINUTE
from workbench.domain.views import PositionView, View
from workbench.engine import Setup
from workbench.learning.models import DEFAULT, RECIPES
from workbench.learning.recipe import Recipe
from workbench.risk.constitution import Constitution, parse
from workbench.runtime import build
from workbench.strategies.base import Strategy
from workbench.strategies.learned import Learned
from workbench.strategies.vwap_reversion import VwapReversion

AWAY = 8  # quanta to stop and target
HOLD_NS = 10 * MINUTE


class Rule(NamedTuple):
    """Enter at market with a move of more than one quantum over twelve bars that order flow agrees with."""

    move: str = "ret_12_5s"
    flow: str = "ofi_ew_5s"
    name: str = "rule"

    @property
    def needs(self) -> tuple[str, ...]:
        """Feature columns it reads."""
        return (self.move, self.flow)

    def propose(self, view: View) -> Proposal | None:
        """Enter on the side both point to."""
        ret, flow = view[self.move], view[self.flow]
        if ret is None or flow is None:
            return None
        bar = view.bar
        quanta = ret * bar.close  # a whole number, but for rounding
        side = 1 if quanta > 1.5 and flow > 0 else -1 if quanta < -1.5 and flow < 0 else 0
        if side == 0 or bar.has != BID | ASK:
            return None
        entry = bar.ask if side > 0 else bar.bid
        return Proposal(side, OrderType.MARKET, entry, entry - AWAY * side, entry + AWAY * side, HOLD_NS)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        """Leave everything to stop, target and time."""
        return None


def law() -> Constitution:
    """Allow what the rule asks for, with every limit in force."""
    return parse(law_table())


def setup(of: Tape, *, recipes: Sequence[Recipe] = (), strategies: Sequence[Strategy] = (Rule(),)) -> Setup:
    """Put strategies, and learners of `recipes`, on every contract of a tape."""
    settings = load_settings(environment={})
    ids = tuple(contract.id for contract in of.contracts)
    return Setup(
        account="DUSIM1",
        terms=tuple(build.terms(settings, contract) for contract in of.contracts),
        law=law(),
        strategies=tuple((strategy, ids) for strategy in strategies),
        recipes=tuple((recipe, ids) for recipe in recipes),
        account_days=of.account_days,
        closes=dict.fromkeys(ids, of.closes),
        leaders=dict.fromkeys(ids[1:], ids[0]),
    )


def whole(of: Tape, recipe: Recipe = RECIPES[DEFAULT]) -> Setup:
    """Put the whole product on a tape: a learner and four strategies, one of which follows it."""
    return setup(of, recipes=(recipe,), strategies=(Rule(), Learned(recipe.name), VwapReversion(), Rule(name="rule_2")))
