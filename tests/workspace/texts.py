"""What people write into files: a feature and a strategy that hold, with a place in each where a test puts what does not."""

from __future__ import annotations

FEATURE = '''
from workbench.domain.bars import RichBar


class Gap:
    """Close minus open, in quanta."""

    name = "gap"
    uses = (RichBar,)
    needs = ("bars",)
    warm_up_bars = 1

    def __init__(self):
        self.value = None

    def update(self, bar, /):
        self.value = float(bar.close - bar.open)
'''
STRATEGY = """
from typing import NamedTuple

from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.strategies.base import at_market


class First(NamedTuple):
    name: str = "first"
    needs: tuple = ("rsi_14_1m",)

    def propose(self, view):
        rsi = view["rsi_14_1m"]
        if rsi is None or rsi > 30:
            return None
        return at_market(view, 1, stop_pts=4.0, target_pts=8.0, hold_ns=60_000_000_000)

    def manage(self, view, position):
        return None
"""
PROPOSE = "        return at_market(view, 1, stop_pts=4.0, target_pts=8.0, hold_ns=60_000_000_000)\n"


def strategy(instead: str = PROPOSE, *, manage: str = "        return None\n", head: str = "") -> str:
    """The strategy with other lines where it wishes, where it manages, or before everything."""
    top, _, end = STRATEGY.rpartition("        return None\n")
    return head + (top + manage + end).replace(PROPOSE, instead)


def feature(instead: str, *, head: str = "") -> str:
    """The feature with other lines in its `update`."""
    return head + FEATURE.replace("        self.value = float(bar.close - bar.open)\n", instead)
