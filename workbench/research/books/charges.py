"""What trading cost: commissions as charged beside those the settings assume, and what they took of what was won. Writes nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import polars as pl

from workbench.config import Root, Settings
from workbench.research.books.executions import Books, Execution
from workbench.research.books.truth import trips

HALF_CENT: Final = Decimal("0.005")
SHAPE: Final = {
    "symbol": pl.String,
    "how": pl.String,
    "n": pl.Int64,
    "quantity": pl.Float64,
    "charged_usd": pl.Float64,
    "each_usd": pl.Float64,
    "assumed_usd": pl.Float64,
    "off_usd": pl.Float64,
}


def charges(books: Books, settings: Settings) -> pl.DataFrame:
    """Hold what each contract was charged against what the settings assume.

    Returns
    -------
    polars.DataFrame
        symbol; how [charged, or ``not told yet``]; n executions; quantity; charged_usd in all; each_usd a contract or share; assumed_usd
        by ``roots.<root>.commission`` and ``commission_min``; off_usd [each less assumed; above 0 it costs more than every evaluation
        counted]. In the contract's currency.
    """
    groups: dict[tuple[str, str], list[Execution]] = {}
    for each in books.executions:
        groups.setdefault((each.contract.symbol, "not told yet" if each.commission is None else "charged"), []).append(each)
    rows = []
    for (symbol, how), of in sorted(groups.items()):
        quantity, charged = (
            sum((each.quantity for each in of), Decimal(0)),
            -sum((each.commission or Decimal(0) for each in of), Decimal(0)),
        )
        root = settings.roots.get(of[0].contract.root)
        assumed = None if root is None else _assumed(of, root) / quantity
        each_usd = charged / quantity if how == "charged" else None
        off = each_usd - assumed if each_usd is not None and assumed is not None else None
        rows.append((symbol, how, len(of), *map(_float, (quantity, charged, each_usd, assumed, off))))
    return pl.DataFrame(rows, schema=SHAPE, orient="row")


def wrong(found: pl.DataFrame, most_off_usd: float) -> dict[str, float]:
    """Give the contracts that are charged otherwise than assumed by more than so much apiece, half a cent forgiven."""
    least = most_off_usd + float(HALF_CENT)
    return dict(found.filter(pl.col("off_usd").abs() > least).select("symbol", "off_usd").iter_rows())


def share_of_wins(books: Books) -> float | None:
    """Give commissions as a share of what the winning trades brought before them; `None` where nothing was won."""
    fees = -sum((each.commission or Decimal(0) for each in books.executions), Decimal(0))
    won = sum((net for net in trips(books.executions) if net > 0), Decimal(0))
    gross = won + fees
    return float(fees / gross) if won > 0 else None


def _assumed(of: list[Execution], root: Root) -> Decimal:
    """Sum what the settings assume: so much apiece, an order no less than its minimum."""
    orders: dict[tuple[str, int, str], Decimal] = {}
    for each in of:
        key = each.run, each.ref, each.leg
        orders[key] = orders.get(key, Decimal(0)) + each.quantity
    least = Decimal(root.commission_min or 0)
    return sum((max(Decimal(root.commission) * quantity, least) for quantity in orders.values()), Decimal(0))


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
