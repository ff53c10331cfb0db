"""Seventeen figures nobody can argue with: counts and sums over raw executions and verdicts. Reads journals; nothing may change them.

They are kept apart from every evaluation on purpose: round trips are found here anew, from executions alone, by position going from
flat to flat; none of the engine's own sums is read. Whoever tunes a strategy cannot tune these. On an empty journal all are 0 or `None`.

=========================  ================================================================================================================
trade_count                times the position of a strategy in a contract went from flat to flat
win_count, loss_count      those that earned more, less than nothing after commissions
win_rate                   win_count / trade_count
net_pnl, total_fees        sums over them, and over every execution's commission, in the base currency
expectancy                 win_rate x mean win + (1 - win_rate) x mean of the others
consecutive_losses         of the newest ones, how many in a row lost
max_drawdown_pct           deepest fall of what the account began with and has earned since below its best, in percent of that best
total_signals              wishes that were judged; acted_signals: those approved; signal_act_rate: acted / total
total_scans                moments at which a learner or a strategy spoke; first_scan_at, last_scan_at: UTC
current_strategy_version   who traded last, and the digest of the code
portfolio_value            what the venue said last that the account is worth
=========================  ================================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from workbench.domain.decisions import Approved, ForecastMade, Refused
from workbench.domain.units import SECOND
from workbench.research.books.executions import Books, Execution, account_books, micros
from workbench.store import entries
from workbench.store.folders import Folders

HUNDRED = Decimal(100)
NOTHING = Decimal(0)


class Truth(NamedTuple):
    """The seventeen, in the order in which they are always told; money in the base currency."""

    trade_count: int
    win_count: int
    loss_count: int
    win_rate: float
    net_pnl: Decimal
    total_fees: Decimal
    expectancy: Decimal
    consecutive_losses: int
    max_drawdown_pct: float
    total_signals: int
    acted_signals: int
    signal_act_rate: float
    total_scans: int
    first_scan_at: datetime | None
    last_scan_at: datetime | None
    current_strategy_version: str
    portfolio_value: Decimal


class Heard(NamedTuple):
    """What the journals hold of wishes and of moments at which somebody spoke."""

    n_approved: int
    n_refused: int
    scans_ns: tuple[int, ...]  # rising


def truth(data: Path, *, first: int = 0, last: int = 99_999_999, run: str | None = None, account: str | None = None) -> Truth:
    """Tell the seventeen over every paper and live run of a data folder, or over one run.

    Parameters
    ----------
    first, last
        Log sessions, dates written 20261119, both included.
    run
        Only this one, whatever its mode.
    account
        Only this one.

    Raises
    ------
    StoreError
        A journal is damaged.
    """
    books = account_books(data, first=first, last=last, run=run, account=account)
    return of_books(books, heard(data, [each.manifest.run for each in books.runs]))


def heard(data: Path, runs: Iterable[str]) -> Heard:
    """Count the wishes of runs and the moments at which somebody spoke."""
    approved = refused = 0
    scans: set[int] = set()
    for run in runs:
        path = Folders(data).journal(run)
        for at, fact in entries.facts(path) if path.exists() else ():
            match fact:
                case Approved():
                    approved += 1
                case Refused():
                    refused += 1
                case ForecastMade():
                    pass
                case _:
                    continue
            scans.add(at.now_ns)
    return Heard(approved, refused, tuple(sorted(scans)))


def of_books(books: Books, spoken: Heard) -> Truth:
    """Make the seventeen of executions and counts."""
    nets = trips(books.executions)
    won = sum(each > 0 for each in nets)
    n, n_signals, scans = len(nets), spoken.n_approved + spoken.n_refused, spoken.scans_ns
    newest = max(books.runs, key=lambda it: (it.manifest.created_ns, it.manifest.run), default=None)
    told = sorted((each for run in books.runs for each in run.equity), key=lambda it: it.now_ns)
    return Truth(
        trade_count=n,
        win_count=won,
        loss_count=sum(each < 0 for each in nets),
        win_rate=won / n if n else 0.0,
        net_pnl=sum(nets, NOTHING),
        total_fees=sum((-_based(each, each.commission) for each in books.executions), NOTHING),
        expectancy=sum(nets, NOTHING) / n if n else NOTHING,  # what the formula of the table comes to
        consecutive_losses=next((at for at, each in enumerate(reversed(nets)) if each >= 0), n),
        max_drawdown_pct=drawdown_pct(micros(told[0].equity_micros) if told else NOTHING, nets),
        total_signals=n_signals,
        acted_signals=spoken.n_approved,
        signal_act_rate=spoken.n_approved / n_signals if n_signals else 0.0,
        total_scans=len(scans),
        first_scan_at=_moment(scans[0]) if scans else None,
        last_scan_at=_moment(scans[-1]) if scans else None,
        current_strategy_version=_version(newest.manifest.traders, newest.manifest.digests.get("code", "")) if newest else "",
        portfolio_value=micros(told[-1].equity_micros) if told else NOTHING,
    )


def trips(executions: Iterable[Execution]) -> list[Decimal]:
    """Find what each way from flat to flat earned after commissions, in the order in which they ended.

    An execution that turns a position round ends one and begins the next: its money and its commission are shared by quantity.
    """
    held: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}  # position, what it has brought so far
    ended: list[Decimal] = []
    for each in executions:
        key = each.account, each.contract.symbol, each.strategy
        position, so_far = held.get(key, (NOTHING, NOTHING))
        change, money = each.side * each.quantity, _based(each, each.gross) + _based(each, each.commission)
        closing = min(abs(change), abs(position)) if position * change < 0 else NOTHING
        share = money * closing / abs(change)
        if closing and closing == abs(position):
            ended.append(so_far + share)
            held[key] = (position + change, money - share)
        else:
            held[key] = (position + change, so_far + money)
    return ended


def drawdown_pct(begun: Decimal, nets: Iterable[Decimal]) -> float:
    """Give the deepest fall below the best so far, in percent of that best; 0 where the account's worth was never told.

    >>> drawdown_pct(Decimal(1000), [Decimal(200), Decimal(-300), Decimal(50)])
    25.0
    """
    value = best = begun
    deepest = NOTHING
    for net in nets:
        value += net
        best = max(best, value)
        if begun > 0:
            deepest = max(deepest, (best - value) / best)
    return float(deepest * HUNDRED)


def _based(of: Execution, amount: Decimal | None) -> Decimal:
    """Give an amount in the base currency; one whose rate was never told counts as it is, one that is not known as nothing."""
    return NOTHING if amount is None else amount if of.rate is None else amount * Decimal(of.rate)


def _moment(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // SECOND, UTC)


def _version(traders: Iterable[tuple[str, str]], code: str) -> str:
    names = ", ".join(f"{strategy}:{recipe}" if recipe else strategy for strategy, recipe in traders)
    return f"{names or 'nobody'} @ {code[:12] or 'unknown code'}"
