"""What open and working brackets bind: notional, by asset-class group as well, and how alike they move. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from workbench.engine.desk import Desk
from workbench.execution.bracket import Bracket, notional_of
from workbench.risk.groups import group_of, is_alike
from workbench.risk.standing import INF


class Exposure(NamedTuple):
    """Notional in micros: of all, and of each group; ``None`` is the group of what belongs to none."""

    notional_micros: int
    by_group: dict[str | None, int]


def notional_micros(desk: Desk, b: Bracket) -> int:
    """Give the notional of a bracket of the desk's."""
    return notional_of(b, desk.contract(b.key))


def group(desk: Desk, contract: int) -> str | None:
    """Give a contract's asset-class group under the law."""
    return group_of(desk.places[contract].contract, desk.setup.law.risk.groups)


def exposure(desk: Desk, mine: Sequence[Bracket]) -> Exposure:
    """Add up what brackets bind."""
    by_group: dict[str | None, int] = {}
    for b in mine:
        name = group(desk, b.key.contract)
        by_group[name] = by_group.get(name, 0) + notional_micros(desk, b)
    return Exposure(sum(by_group.values()), by_group)


def likeness(desk: Desk, one: int, other: int) -> float | None:
    """Give how alike two contracts move, -1 to 1.

    While nobody has seen them long enough, those of one group move as one, those of different ones not at all (`None`), and one of no
    known group moves with everything.
    """
    known = desk.memory.tally.moves.correlation(one, other)
    if known is not None:
        return known
    return 1.0 if is_alike(group(desk, one), group(desk, other)) else None


def alike(desk: Desk, contract: int, mine: Sequence[Bracket]) -> tuple[float, float]:
    """Give the highest signed correlation of buying, and of selling, a contract with what is open; -inf where there is none."""
    longs = shorts = -INF
    for b in mine:
        if b.key.contract != contract and (known := likeness(desk, contract, b.key.contract)) is not None:
            longs, shorts = max(longs, b.side * known), max(shorts, -b.side * known)
    return longs, shorts
