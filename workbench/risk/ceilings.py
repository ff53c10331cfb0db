"""What no constitution may exceed, whatever its file says: a typing error cannot buy a hundred contracts. Figures only.

Reasons: one person's account, one order a decision; an interval in which what it guards against would be over anyhow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DAY_S: Final = 86_400

CEILINGS: Final[Mapping[tuple[str, str], tuple[float, float]]] = {  # (table, field) -> (least, most)
    ("risk", "max_loss_per_trade_usd"): (0.01, 50_000),
    ("risk", "max_loss_per_day_usd"): (0.01, 250_000),
    ("risk", "max_loss_per_week_usd"): (0, 500_000),
    ("risk", "max_loss_per_month_usd"): (0, 1_000_000),
    ("risk", "max_loss_per_trade_frac"): (0, 0.05),
    ("risk", "max_loss_per_day_frac"): (0, 0.20),
    ("risk", "max_entries_per_day"): (0, 5_000),
    ("risk", "max_entries_per_hour"): (0, 1_000),
    ("risk", "min_seconds_between_entries"): (0, DAY_S),
    ("risk", "max_losses_in_row"): (1, 1_000),
    ("risk", "max_contracts_per_order"): (1, 10_000),  # shares count as contracts
    ("risk", "max_contracts_per_account"): (1, 50_000),
    ("risk", "max_open_brackets"): (1, 64),
    ("risk", "max_heat_frac"): (0.0001, 0.25),
    ("risk", "max_notional_usd"): (1, 50_000_000),
    ("risk", "max_friction_frac"): (0.0, 10.0),
    ("risk", "start_equity_usd"): (1, 1_000_000_000),
    ("risk", "atr_stops"): (0.1, 50),
    ("risk", "kelly_share"): (0.01, 0.5),
    ("risk", "kelly_min_trades"): (10, 10_000),
    ("risk", "max_correlation"): (0.0, 1.0),
    ("risk", "correlation_halflife_s"): (60, 30 * DAY_S),
    ("risk", "max_leverage"): (0, 50),
    ("risk", "max_group_leverage"): (0, 50),
    ("risk", "max_notional_per_day_usd"): (0, 1_000_000_000),
    ("risk", "max_violations"): (1, 100),
    ("risk", "violation_window_s"): (1, DAY_S),
    ("data", "entry_quality"): (0, 1),
    ("data", "hold_quality"): (0, 1),
    ("data", "kill_quality"): (0, 1),
    ("data", "max_spread_ticks"): (0, 10_000),
    ("data", "min_open_interest"): (0, 10_000_000),
    ("data", "min_volume"): (0, 1_000_000_000),
    ("execution", "min_stop_ticks"): (1, 100_000),
    ("execution", "max_stop_ticks"): (1, 100_000),
    ("execution", "max_orders_per_minute"): (1, 600),
    ("execution", "entry_ttl_seconds"): (1, DAY_S),
    ("execution", "min_confidence"): (0, 1),
    ("execution", "slippage_ticks"): (0, 100),
    ("execution", "cover_seconds"): (1, 60),
    ("execution", "answer_seconds"): (1, 300),
    ("execution", "repair_seconds"): (0.5, 30),
    ("execution", "max_entry_changes"): (0, 10),
    ("execution", "max_band_ticks"): (0, 100_000),
    ("execution", "volatility_exit"): (0, 100),
    ("execution", "trail"): (0, 100),
    ("execution", "eqs_entry"): (0, 1),
    ("execution", "eqs_hold"): (0, 1),
    ("execution", "eqs_kill"): (0, 1),
    ("execution", "eqs_prior"): (0, 1),
    ("execution", "eqs_prior_n"): (0, 1_000),
    ("execution", "eqs_halflife_n"): (1, 1_000),
    ("execution", "max_clock_skew_s"): (0.5, 60),
    ("execution", "halt_clock_skew_s"): (1, 300),
    ("execution", "reconcile_seconds"): (5, 300),
    ("sessions", "flat_before_close_s"): (0, DAY_S),
    ("sessions", "no_entry_before_close_s"): (0, DAY_S),
    ("sessions", "roll_cutoff_days"): (0, 60),
    ("sessions", "roll_notice_s"): (0, 86_400),
    ("sessions", "volatility_lock_s"): (0, DAY_S),
    ("sessions", "volatility_lock_ratio"): (1, 1_000),
    ("sessions", "volatility_lock_norm"): (0, 1),
    ("sessions", "spread_lock_s"): (0, DAY_S),
    ("sessions", "spread_lock_ticks"): (0, 10_000),
}
