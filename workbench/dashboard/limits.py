"""How much of each limit of the law is used, and what is left. Measured as risk measures it (`risk.limits`, `engine.desk`); pure."""

from __future__ import annotations

from workbench.dashboard.picture import Limit
from workbench.dashboard.words import pct, usd
from workbench.domain.units import MICROS
from workbench.execution.bracket import notional_of
from workbench.research.board import Board
from workbench.risk.constitution import Constitution

NEAR_FRAC = 0.8  # from here on a limit is worth a look


def limits(board: Board, law: Constitution, open_micros: int) -> tuple[Limit, ...]:
    """Hold the run against its law: the day's loss first, then what may still be opened. `open_micros`: what is open, as risk values it."""
    risk, open_now = law.risk, [b for b in board.brackets() if b.key.account == board.account]
    today = board.ledger.day(board.account)
    equity = board.equity_micros
    at_stops = (-today.before_costs_micros + sum(board.at_stake_micros(b) for b in open_now)) / MICROS
    heat = sum(b.risk_micros * (abs(b.open) + b.rest) // b.qty for b in open_now)
    held = sum(abs(b.open) + b.rest for b in open_now)
    a_day = risk.max_loss_per_day_usd
    if risk.max_loss_per_day_frac and equity is not None:
        a_day = min(a_day, max(0.0, risk.max_loss_per_day_frac * equity / MICROS))  # the tighter bound is the one that counts
    rows = [
        _usd("Loss today, if left now", -(today.realised_micros + open_micros) / MICROS, a_day),
        _usd("Loss today, if all stops hit", at_stops, a_day),
        _count("Entries today", today.n_entries, risk.max_entries_per_day),
        _count("Entries in the last hour", len(board.entries_ns), risk.max_entries_per_hour),
        _count("Open brackets", len(open_now), risk.max_open_brackets),
        _count("Contracts held, working", held, risk.max_contracts_per_account),
        _share("Heat, of equity", heat / equity if equity else 0.0, risk.max_heat_frac),
        _count("Losses in a row", board.ledger.losses_in_row(board.account), risk.max_losses_in_row, is_risk=True),
        _count("Orders in the last minute", len(board.orders_ns), law.execution.max_orders_per_minute),
    ]
    if equity and risk.max_leverage:
        notional = sum(notional_of(b, board.contracts[b.key.contract]) for b in open_now)
        rows.append(_share("Notional, of equity", notional / equity, risk.max_leverage))
    if equity and board.available_micros is not None and open_now:
        rows.append(_share("Margin, of equity", 1 - board.available_micros / equity, 1.0))
    return tuple(rows)


def _usd(name: str, used: float, most: float) -> Limit:
    used = max(0.0, used)
    return Limit(name, usd(used), usd(most), usd(max(0.0, most - used)), used / most if most else 1.0, True)


def _count(name: str, used: int, most: int, *, is_risk: bool = False) -> Limit:
    return Limit(name, f"{used:,}", f"{most:,}", f"{max(0, most - used):,}", used / most if most else 1.0, is_risk)


def _share(name: str, used: float, most: float) -> Limit:
    used = max(0.0, used)
    return Limit(name, pct(used, 1), pct(most, 0 if most >= 0.1 else 1), pct(max(0.0, most - used), 1), used / most, True)
