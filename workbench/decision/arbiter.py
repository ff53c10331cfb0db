"""One rule so far: of several wishes for one contract the most confident goes to risk, the others are outranked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.domain.decisions import Proposal, Reason, Refused
from workbench.domain.orders import Key


def rank(wishes: Sequence[tuple[Key, Proposal]]) -> tuple[list[tuple[Key, Proposal]], list[Refused]]:
    """Order the wishes of one barrier, contract by contract as they came, and drop those that another outranks.

    Confidence decides (a plain rule counts as 0.5); of equals the strategy that is listed first.

    Returns
    -------
    tuple
        Those that go to risk, in order; the refusals of the others.

    Examples
    --------
    >>> from workbench.domain.orders import OrderType
    >>> wish = lambda c: Proposal(1, OrderType.MARKET, 100, 98, 104, 1, c)
    >>> go, out = rank([(Key("a", 1, "rule"), wish(None)), (Key("a", 1, "learned"), wish(0.6))])
    >>> [key.strategy for key, _ in go], [(r.key.strategy, r.reason.value) for r in out]
    (['learned'], [('rule', 'outranked')])
    """
    if len(wishes) == 1:
        return list(wishes), []
    best: dict[tuple[str, int], tuple[Key, Proposal]] = {}
    for key, wish in wishes:
        held = best.get((key.account, key.contract))
        if held is None or _weight(wish) > _weight(held[1]):
            best[key.account, key.contract] = (key, wish)
    go = list(best.values())
    out = [
        Refused(key, wish, Reason.OUTRANKED, _weight(wish), _weight(best[key.account, key.contract][1]))
        for key, wish in wishes
        if best[key.account, key.contract][0] != key
    ]
    return go, out


def _weight(wish: Proposal) -> float:
    return 0.5 if wish.confidence is None else wish.confidence
