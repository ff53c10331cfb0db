"""The law of the benchmarks: the demo's, wide open. It brings nothing that a program timed from its start would not use."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.runtime import build

QTY = 3

WIDE_OPEN: dict[str, dict[str, Any]] = {  # what the rule needs that the demo's law would not allow; every limit stays in force
    "risk": {
        "max_loss_per_trade_usd": 300.0,  # eight quanta of three contracts of ES
        "max_loss_per_day_usd": 250_000.0,
        "max_entries_per_day": 5_000,
        "max_entries_per_hour": 1_000,
        "min_seconds_between_entries": 0.0,
        "max_losses_in_row": 1_000,
        "max_contracts_per_order": QTY,
        "max_open_brackets": 12,
        "max_heat_frac": 0.25,
        "max_notional_usd": 50_000_000.0,
        "max_friction_frac": 10.0,
        "start_equity_usd": 100_000_000.0,
    },
    "sessions": {"flat_before_close_s": 0.0, "no_entry_before_close_s": 0.0},
    "data": {"entry_quality": 0.0, "hold_quality": 0.0, "kill_quality": 0.0, "max_spread_ticks": 100.0},
    "execution": {
        "min_stop_ticks": 1,
        "max_orders_per_minute": 600,
        "entry_ttl_seconds": 3600.0,
        "min_confidence": 0.0,
        "slippage_ticks": 0.0,
        "eqs_entry": 0.0,
        "eqs_hold": 0.0,
        "eqs_kill": 0.0,
    },
}


def law_table() -> dict[str, Any]:
    """Give the law as a file would hold it: the demo's, wide open."""
    table: dict[str, Any] = msgspec.to_builtins(build.constitution("demo"))
    for part, values in WIDE_OPEN.items():
        table[part] |= values
    return table | {"profile": "benchmark"}
