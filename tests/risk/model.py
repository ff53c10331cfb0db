"""The law once more, in decimals and by the text alone: an independent model of what may be approved. It shares no arithmetic with risk."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from workbench.domain.decisions import Approved, TradingState
from workbench.domain.views import View
from workbench.risk.constitution import Constitution
from workbench.risk.standing import Standing, Terms

D = Decimal
MICRO = D(1_000_000)


def objections(made: Approved, view: View, terms: Terms, now: Standing, law: Constitution) -> Iterator[str]:
    """Say what of an approved order the law does not allow; nothing, if all of it is."""
    wish, qty, c, bar, r, s, e = made.proposal, D(made.qty), terms.contract, view.bar, law.risk, law.sessions, law.execution
    point = D(c.multiplier)
    quantum = D(c.price_quantum)
    tick = D(c.order_increment) / quantum
    side, entry, stop, target = D(int(wish.side)), D(wish.entry_px), D(wish.stop_px), D(wish.target_px)
    risk = abs(entry - stop) * quantum * point * qty
    notional = abs(entry) * quantum * point * qty
    equity = D(now.equity_micros or 0) / MICRO
    lost = max(D(0), D(now.day_loss_before_costs_micros) / MICRO)
    spread = D(bar.ask - bar.bid) / tick
    stop_ticks = abs(entry - stop) / tick
    gain = abs(target - entry) * quantum * point * qty
    fees = 2 * max(D(terms.fee_micros) * qty, D(terms.fee_min_micros)) / MICRO
    costs = (spread + 2 * D(str(e.slippage_ticks))) * tick * quantum * point * qty + fees
    cent = D("0.00001")
    rules = {
        "state": now.state is TradingState.ACTIVE,
        "size": qty >= 1 and qty == int(qty) and qty <= r.max_contracts_per_order,
        "sides": (entry - stop) * side > 0 and (target - entry) * side > 0 and side in (1, -1) and wish.hold_ns > 0,
        "grid": all(px % tick == 0 for px in (entry, stop, target)),
        "stop": e.min_stop_ticks <= stop_ticks <= min(D(e.max_stop_ticks), D(str(now.tier_stop_ticks))),
        "trade": risk <= D(str(r.max_loss_per_trade_usd)) and _within(risk, r.max_loss_per_trade_frac, equity),
        "booked": risk * MICRO <= made.risk_micros < risk * MICRO + qty,
        "day": risk + lost <= D(str(r.max_loss_per_day_usd)) and _within(risk + lost, r.max_loss_per_day_frac, equity),
        "week": not r.max_loss_per_week_usd or risk + D(now.week_loss_micros) / MICRO <= D(str(r.max_loss_per_week_usd)),
        "month": not r.max_loss_per_month_usd or risk + D(now.month_loss_micros) / MICRO <= D(str(r.max_loss_per_month_usd)),
        "counts": now.n_entries_day < r.max_entries_per_day and now.n_entries_hour < r.max_entries_per_hour,
        "row": now.losses_in_row < r.max_losses_in_row,
        "pause": now.ns_since_entry is None or D(now.ns_since_entry) / D(10**9) >= D(str(r.min_seconds_between_entries)),
        "account": now.n_contracts + qty <= r.max_contracts_per_account and now.n_open < r.max_open_brackets,
        "heat": D(now.heat_micros) / MICRO + risk <= D(str(r.max_heat_frac)) * equity + cent,
        "notional": notional <= D(str(r.max_notional_usd)) + cent,
        "leverage": not r.max_leverage or D(now.notional_micros) / MICRO + notional <= D(str(r.max_leverage)) * equity + cent,
        "friction": costs <= D(str(r.max_friction_frac)) * gain + cent,
        "spread": 0 < spread <= D(str(law.data.max_spread_ticks)),
        "quality": D(bar.quality) / 1000 >= D(str(law.data.entry_quality)),
        "execution quality": D(str(now.execution_quality)) >= D(str(e.eqs_entry)),
        "confidence": wish.confidence is None or D(str(e.min_confidence)) <= D(str(wish.confidence)) + D("1e-9") <= D("1.1"),
        "shut": not (now.is_owned or now.is_foreign or now.is_paused or now.is_in_window or now.is_tier_barred or now.lock_left_s > 0),
        "correlation": r.max_correlation >= 1 or (now.longs if side > 0 else now.shorts) <= r.max_correlation,
        "margin": _margin(made, terms, now) <= equity * MICRO + 1,
        "band": not e.max_band_ticks or abs(entry - D(bar.bid + bar.ask) / 2) / tick <= D(str(e.max_band_ticks)),
        "phase": bar.phase in {4 if name == "RTH" else 3 for name in s.phases},
        "expiry": not s.roll_cutoff_days or now.days_to_expiry > s.roll_cutoff_days,
    }
    return (name for name, holds in rules.items() if not holds)


def _within(usd: D, share: float, equity: D) -> bool:
    return not share or usd <= D(str(share)) * equity + D("0.00001")


def _margin(made: Approved, terms: Terms, now: Standing) -> D:
    if now.margins is None:
        return D(now.margin_micros) + D(terms.margin_micros) * made.qty
    return D(now.margin_micros) + D(now.margins[f"{made.proposal.side * made.qty:+d}"])
