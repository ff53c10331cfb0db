"""What changed about contracts from one session to the next: their terms, and prices that step as a split makes them. Reads; mends nothing.

Terms are versions of a contract (`store.contracts`). A split is told nowhere in market data: it is guessed from a night in which a
share's price was divided by a usual ratio, and named so that a person looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from workbench.domain.contracts import Contract, ContractType

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

TERMS: Final = ("multiplier", "price_quantum", "size_quantum", "order_increment", "currency", "calendar")
LEAST: Final = math.log(1.4)  # a night's step that is looked at
CLOSE: Final = 0.04  # how near to a ratio it must lie, as a share
RATIOS: Final = (*((new, 1) for new in (2, 3, 4, 5, 6, 7, 8, 10, 15, 20)), (3, 2), (5, 2))


class Change(NamedTuple):
    """One change: ``what`` is a term, or ``split?``."""

    session: date
    symbol: str
    what: str
    before: str
    after: str


def changes(day: Session) -> pl.DataFrame:
    """List what is another in a session than in the last one before it that had the contract.

    Returns
    -------
    polars.DataFrame
        session, symbol, what [a term of the contract, or ``split?``], before, after; by session. Of one session there is nothing to list.
    """
    rows = sorted([*_terms(day), *_splits(day)])
    return pl.DataFrame(rows, schema={"session": pl.Date, **dict.fromkeys(("symbol", "what", "before", "after"), pl.String)}, orient="row")


def _terms(day: Session) -> Iterator[Change]:
    seen: dict[int, Contract] = {}
    for session, log in zip(day.sessions, day.logs, strict=True):
        for contract in log.contracts:
            before = seen.get(contract.id)
            if before is not None and before.version != contract.version:
                for name in TERMS:
                    old, new = getattr(before, name), getattr(contract, name)
                    if old != new:
                        yield Change(session, contract.symbol, name, old, new)
            seen[contract.id] = contract


def _splits(day: Session) -> Iterator[Change]:
    shares = {contract.symbol for contract in day.contracts if contract.type is ContractType.STOCK}
    if not shares or len(day.sessions) < 2:
        return
    bars = day.bars(None, "5s").filter(pl.col("symbol").is_in(list(shares)) & (pl.col("volume") > 0))
    ends = bars.group_by("symbol", "session").agg(pl.col("open_pts").first(), pl.col("close_pts").last()).sort("symbol", "session")
    for (symbol, _, _, close), (other, session, opened, _) in pairwise(ends.iter_rows()):
        if symbol == other and (ratio := split_of(close, opened)):
            yield Change(session, symbol, "split?", f"{close:g}", f"{opened:g}, as after {ratio}")


def split_of(close_pts: float, open_pts: float) -> str:
    """Name the split that would make one price of another; empty where a night's move is a likelier word for it.

    >>> split_of(640.0, 160.9), split_of(2.05, 20.3), split_of(640.0, 612.0)
    ('4 for 1', '1 for 10', '')
    """
    if close_pts <= 0 or open_pts <= 0 or abs(math.log(close_pts / open_pts)) < LEAST:
        return ""
    many, few = sorted((close_pts, open_pts), reverse=True)
    new, old = min(RATIOS, key=lambda each: abs(math.log(many / few * each[1] / each[0])))
    if abs(many / few / (new / old) - 1) > CLOSE:
        return ""
    return f"{new} for {old}" if close_pts > open_pts else f"{old} for {new}"
