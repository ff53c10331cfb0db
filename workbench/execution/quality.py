"""Execution quality (EQS): how well the orders of a contract have been filled of late, 0 to 1. A value and its formula; no I/O, no clock.

One bracket that is over gives one score, the weighted mean of what is known about it (`score`)

=========  ==================================================================================================================
slippage   ticks lost against the price of the decision (entry, and exit against its stop or the quote it was decided on), each
           side on average: 1 up to what the law's friction assumes, 0 `WORST_TICKS` beyond
fill       contracts filled over contracts ordered
reject     1 without a word of refusal about any of its orders, a half for each
latency    from the decision to the venue's first word: 1 at once, 0 at the seconds a repair may take
=========  ==================================================================================================================

and scores become the quality by a mean that forgets: the n-th last weighs ``2 ** (-n / halflife_n)``, and a prior weighs as much as
``prior_n`` brackets for ever, so that the first bad fill shuts no contract. Reasons: docs/decisions/0030-execution-quality.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

WORST_TICKS: Final = 4.0  # lost a side beyond what was assumed, that are worth nothing: the pessimistic round trip of the seeds' contract
HALF: Final = 0.5


class Scale(NamedTuple):
    """What a law says about it.

    ``weights`` by the names of the table above; ``assumed_ticks`` slippage a side that is no fault; ``worst_latency_ns`` above 0.
    """

    weights: Mapping[str, float]
    prior: float = 1.0
    prior_n: float = 10.0
    halflife_n: float = 20.0
    assumed_ticks: float = 0.0
    worst_latency_ns: int = 5_000_000_000


class Marks(NamedTuple):
    """What is known of one bracket; `None` where nothing can be said, which then weighs nothing."""

    slip_ticks: float | None = None  # lost a side, on average; below 0 it was better than decided
    fill_frac: float | None = None
    n_rejects: int | None = None
    latency_ns: int | None = None


def score(marks: Marks, scale: Scale) -> float | None:
    """Give the score of one bracket, 0 to 1; `None` when nothing is known that weighs anything.

    >>> law = Scale({"slippage": 0.4, "fill": 0.3, "reject": 0.2, "latency": 0.1}, assumed_ticks=1.0)
    >>> score(Marks(1.0, 1.0, 0, 0), law), score(Marks(n_rejects=2), law), score(Marks(), law)
    (1.0, 0.25, None)
    >>> round(score(Marks(3.0, 0.5, 1, 2_500_000_000), law), 3)       # 0.4 x 0.5 + 0.3 x 0.5 + 0.2 x 0.5 + 0.1 x 0.5
    0.5
    """
    parts = {
        "slippage": None if marks.slip_ticks is None else 1 - (marks.slip_ticks - scale.assumed_ticks) / WORST_TICKS,
        "fill": marks.fill_frac,
        "reject": None if marks.n_rejects is None else HALF**marks.n_rejects,
        "latency": None if marks.latency_ns is None else 1 - marks.latency_ns / scale.worst_latency_ns,
    }
    known = [(scale.weights.get(name, 0.0), _clamped(part)) for name, part in parts.items() if part is not None]
    total = sum(weight for weight, _ in known)
    return _clamped(sum(weight * part for weight, part in known) / total) if total > 0 else None


def _clamped(value: float) -> float:
    return min(1.0, max(0.0, value))


class Seen(msgspec.Struct, array_like=True):
    """Sums over the brackets of one contract, each weighing less with every one that followed."""

    total: float = 0.0  # of scores
    weight: float = 0.0
    n: int = 0
    value: float = 1.0


class Quality(msgspec.Struct):
    """Execution quality of one account, contract by contract.

    Examples
    --------
    Four orders in a row that the venue refused shut a contract (0.75); what was never traded is worth the prior:

    >>> quality = Quality()
    >>> law = Scale({"reject": 1.0})
    >>> [round(quality.note(7, 0.0, law), 3) for _ in range(4)], quality.value(8)
    ([0.909, 0.836, 0.775, 0.725], 1.0)
    """

    prior: float = 1.0
    seen: dict[int, Seen] = msgspec.field(default_factory=dict)  # by contract

    def value(self, contract: int) -> float:
        """Give what a contract's execution is worth, 0 to 1; the prior while nothing was traded."""
        seen = self.seen.get(contract)
        return self.prior if seen is None else seen.value

    def note(self, contract: int, score: float, scale: Scale) -> float:
        """Count the score of one bracket; give the quality that follows."""
        seen = self.seen.setdefault(contract, Seen())
        keeps = HALF ** (1 / scale.halflife_n)
        seen.total, seen.weight, seen.n = seen.total * keeps + score, seen.weight * keeps + 1, seen.n + 1
        seen.value = _clamped((scale.prior * scale.prior_n + seen.total) / (scale.prior_n + seen.weight))
        return seen.value
