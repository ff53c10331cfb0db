"""The twelve decision rules in their order of priority, and what each said of a proposal. Pure; no state, no I/O.

A rule is the worst of the limits whose reasons it holds: value and threshold are those of the first that objects, or of the one that came
nearest. All twelve are evaluated, the first objection decides. Risk measures (`risk.limits`, in this very order: so both always agree);
what an earlier hand decides (the arbiter's rank, a feature that is not warm) stands in its rule as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from math import inf
from typing import Final, NamedTuple, Protocol

from workbench.domain.decisions import Reason


class Rule(IntEnum):
    """What has to hold for an entry, first things first."""

    KILL = 1  # nothing is halted, nothing reduces
    LAW = 2  # the constitution is the run's, and what its shares are shares of is known
    DATA = 3
    SESSION = 4  # phase, windows, pauses, the contract's own end
    REGIME = 5  # no lock-out behind a burst or a wide spread
    TIER = 6  # what an account of this size may do, and stops the profile allows
    SLOT = 7  # nobody holds or works the contract, no better wish takes it
    STANDING = 8  # of the strategy
    BELIEF = 9
    FRICTION = 10  # expected move against costs
    RISK = 11
    TEMPLATE = 12  # the strategy's own plan: whole, on the grid, near the market


HOLDS: Final[Mapping[Rule, tuple[Reason, ...]]] = {
    Rule.KILL: (Reason.HALTED, Reason.REDUCING),
    Rule.LAW: (Reason.UNKNOWN,),
    Rule.DATA: (Reason.DATA_KIND, Reason.NOT_WARM, Reason.QUALITY, Reason.SPREAD),
    Rule.SESSION: (Reason.PHASE, Reason.PAUSED, Reason.WINDOW, Reason.ROLL_DUE),
    Rule.REGIME: (Reason.REGIME,),
    Rule.TIER: (Reason.TIER, Reason.STOP_DISTANCE),
    Rule.SLOT: (Reason.CONTRACT_OWNED, Reason.FOREIGN, Reason.N_OPEN, Reason.OUTRANKED),
    Rule.STANDING: (Reason.STANDING,),
    Rule.BELIEF: (Reason.CONFIDENCE,),
    Rule.FRICTION: (Reason.FRICTION,),
    Rule.RISK: (
        Reason.SIZE, Reason.POSITION, Reason.RATE, Reason.N_DAY, Reason.DAY_LOSS, Reason.WEEK_LOSS, Reason.MONTH_LOSS, Reason.LOSSES_IN_ROW,
        Reason.HEAT, Reason.NOTIONAL, Reason.DAY_NOTIONAL, Reason.LEVERAGE, Reason.CORRELATION, Reason.LIQUIDITY, Reason.EXECUTION_QUALITY,
        Reason.MARGIN,
    ),
    Rule.TEMPLATE: (Reason.MALFORMED, Reason.BAND),
}  # fmt: skip
RULE_OF: Final[Mapping[Reason, Rule]] = {reason: rule for rule, reasons in HOLDS.items() for reason in reasons}


class Measured(Protocol):
    """A limit as it was held against a proposal (`risk.chain.Row`)."""

    @property
    def name(self) -> str:
        """What was measured."""

    @property
    def reason(self) -> Reason:
        """Why a value beyond it is refused."""

    @property
    def value(self) -> float:
        """What was found."""

    @property
    def threshold(self) -> float:
        """What is allowed."""


class Verdict(NamedTuple):
    """What one rule said: the limit it speaks by, empty where nothing was measured."""

    rule: Rule
    limit: str
    value: float
    threshold: float
    is_kept: bool


def explain(rows: Iterable[Measured]) -> tuple[Verdict, ...]:
    """Give all twelve verdicts on a proposal, in order.

    Parameters
    ----------
    rows
        Limits as they were measured, `Gate.rows`; none: nothing was measured, and no rule objects.

    Examples
    --------
    >>> class Row(NamedTuple):
    ...     name: str
    ...     reason: Reason
    ...     value: float
    ...     threshold: float
    >>> said = explain([Row("spread_ticks", Reason.SPREAD, 3.0, 2.0), Row("heat_frac", Reason.HEAT, 0.02, 0.06)])
    >>> first_objection(said)
    Verdict(rule=<Rule.DATA: 3>, limit='spread_ticks', value=3.0, threshold=2.0, is_kept=False)
    >>> len(said), said[10].limit, said[10].is_kept
    (12, 'heat_frac', True)
    """
    spoken: dict[Rule, Verdict] = {}
    for row in rows:
        rule, kept = RULE_OF[row.reason], row.value <= row.threshold
        new, held = Verdict(rule, row.name, row.value, row.threshold, kept), spoken.get(rule)
        if held is None or (held.is_kept and (not kept or _room(new) < _room(held))):
            spoken[rule] = new
    return tuple(spoken.get(rule) or Verdict(rule, "", 0.0, 0.0, is_kept=True) for rule in Rule)


def first_objection(said: Iterable[Verdict]) -> Verdict | None:
    """Give the verdict that decides, `None` if no rule objects."""
    return next((verdict for verdict in said if not verdict.is_kept), None)


def _room(of: Verdict) -> float:
    """Give how far a value is from its threshold, as a share of it where it has a size."""
    if of.threshold == inf or of.value == -inf:
        return inf
    return (of.threshold - of.value) / abs(of.threshold) if of.threshold else (0.0 if of.value == 0 else of.threshold - of.value)
