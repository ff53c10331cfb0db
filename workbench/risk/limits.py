"""Every limit: what is measured of a proposal, and the threshold a law sets against it. Pure; no state, no I/O.

A proposal is refused when a measure is above its threshold (nan is refused as well); the first objection, in the order of `LIMITS`,
decides and names itself. They stand in the order of the twelve decision rules (`decision.rules`), so that both always agree. All are
measured in one go, for a proposal passes them in a few microseconds (`benchmarks/`, row 8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from workbench.domain.bars import BAR_AT
from workbench.domain.chase import Chase
from workbench.domain.decisions import Proposal, Reason, TradingState
from workbench.domain.orders import OrderType
from workbench.domain.records import ASK, BID
from workbench.domain.units import MICROS, SECOND
from workbench.domain.views import View
from workbench.risk.constitution import Constitution
from workbench.risk.standing import INF, Record, Standing, Terms

__all__ = ["LIMITS", "TINY", "Limit", "Record", "Standing", "Terms", "measure", "thresholds"]
TINY: Final = 1e-9  # two decimals that mean the same may differ by less
HALTED, ACTIVE = TradingState.HALTED, TradingState.ACTIVE  # a look-up of an enum's member costs a tenth of a microsecond
PHASE, QUALITY, HAS, BID_PX, ASK_PX, N_PRINT = (BAR_AT[name] for name in ("phase", "quality", "has", "bid", "ask", "n_print"))


def measure(wish: Proposal, view: View, terms: Terms, now: Standing, law: Constitution, qty: int, one_micros: int) -> tuple[float, ...]:
    """Measure an order of `qty` that risks `one_micros` a contract, in the order of `LIMITS`; truths count 1."""
    cells, contract = view.bar.cells, terms.contract
    tick, (num, den) = contract.tick, contract.worth
    side, _, entry, stop, target, hold_ns, confidence, *_, chase = wish
    worst = entry if chase is None else chase.worst_px  # what is risked, gained and bound counts from there
    most = abs(entry) if chase is None else max(abs(entry), abs(worst))
    move, risk = abs(target - worst), qty * one_micros
    near_ticks, away_ticks = abs(entry - stop) // tick, abs(worst - stop) // tick
    equity = now.equity_micros or 1
    equity = equity if equity > 0 else 1  # debts: everything is above any share of them
    lost = now.day_loss_before_costs_micros
    wrong = (entry - stop) * side <= 0 or (target - worst) * side <= 0 or (chase is not None and _is_wrong(wish, chase, tick))
    spread = cells[ASK_PX] - cells[BID_PX]
    is_quoted = cells[HAS] == BID | ASK and spread > 0  # one-sided, crossed or locked: nobody knows the price
    slip = int(2 * law.execution.slippage_ticks * tick)
    costs = -(-((spread if is_quoted else tick) + slip) * qty * num // den) + 2 * terms.fee(qty)
    spread_ticks, mid2 = (spread / tick, cells[ASK_PX] + cells[BID_PX]) if is_quoted else (INF, None)
    if not now.is_quoted and cells[N_PRINT]:
        spread_ticks, mid2 = 0.0, 2 * view.bar.close  # bars alone have no quotes, only fresh prices
    band_ticks = INF if mid2 is None else max(abs(2 * entry - mid2), abs(2 * worst - mid2)) / (2 * tick)
    gain = move * qty * num // den
    notional = most * qty * num // den
    day_loss = risk + lost if lost > 0 else risk
    bound = terms.margin(qty, most) if now.margins is None else now.margins.get(f"{side * qty:+d}", INF)
    return (
        now.state is HALTED, now.state is not ACTIVE,
        not now.is_law_known, now.equity_micros is None,
        not now.is_delivered,
        1 - cells[QUALITY] / 1000,
        spread_ticks,
        cells[PHASE] not in law.open_phases,
        now.is_paused, now.is_in_window,
        -INF if now.ns_since_entry is None else -now.ns_since_entry / SECOND,
        -INF if now.ns_to_close is None else -now.ns_to_close / SECOND,
        -now.days_to_expiry,
        now.lock_left_s,
        now.is_tier_barred, away_ticks - now.tier_stop_ticks, -near_ticks, away_ticks,
        now.is_owned, now.is_foreign, now.n_open + 1, now.is_barred,
        0.0 if confidence is None else 1 - confidence,
        costs / (gain or 1),
        one_micros / MICROS, one_micros / equity, qty, risk / MICROS, risk / equity,
        now.n_contracts + qty,
        now.n_orders_minute + 3, now.n_entries_day + 1, now.n_entries_hour + 1,
        day_loss / MICROS, day_loss / equity,
        (now.week_loss_micros + risk) / MICROS,
        (now.month_loss_micros + risk) / MICROS,
        now.losses_in_row,
        (now.heat_micros + risk) / equity,
        notional / MICROS,
        (now.day_notional_micros + notional) / MICROS,
        (now.notional_micros + notional) / equity,
        (now.group_micros + notional) / equity,
        now.longs if side > 0 else now.shorts,
        INF if now.open_interest is None else -now.open_interest,
        INF if now.volume is None else -now.volume,
        1 - now.execution_quality,
        (now.margin_micros + bound) / equity,
        bool(wrong or side not in (1, -1) or hold_ns <= 0 or entry % tick or stop % tick or target % tick),
        band_ticks,
    )  # fmt: skip


def _is_wrong(wish: Proposal, chase: Chase, tick: int) -> bool:
    """Whether an entry follows the market to nowhere: not away from its price, in no time, by no step, off the grid, or with no limit."""
    goes = wish.entry_type is OrderType.LIMIT and (chase.worst_px - wish.entry_px) * wish.side > 0
    return not goes or chase.after_ns <= 0 or chase.step_px <= 0 or bool(chase.worst_px % tick or chase.step_px % tick)


class Limit(NamedTuple):
    """What is measured (a name ending in _near or _lack counts what is missing), why one beyond it is refused, and what a law allows."""

    name: str
    reason: Reason
    threshold: Callable[[Constitution], float]


def _none(_: Constitution) -> float:
    return 0


def _or_none(most: float) -> float:
    """Read a figure of a law whose 0 means that there is no such limit."""
    return most or INF


def _least(least: float) -> float:
    """The same of a figure that must be reached; not known (inf) passes where nothing is asked for."""
    return -least if least else INF


def _beyond(days: int) -> float:
    """The same of days that must be left, at least one more than so many."""
    return -(days + 1) if days else 0


LIMITS: Final[tuple[Limit, ...]] = (
    Limit("is_halted", Reason.HALTED, _none),  # 1
    Limit("is_reducing", Reason.REDUCING, _none),
    Limit("is_law_unknown", Reason.UNKNOWN, _none),  # 2
    Limit("is_equity_unknown", Reason.UNKNOWN, _none),  # shares of what is not known cannot be held against anything
    Limit("is_undelivered", Reason.DATA_KIND, _none),  # 3
    Limit("quality_lack", Reason.QUALITY, lambda law: 1 - law.data.entry_quality + TINY),  # 1 - quality of the last bar
    Limit("spread_ticks", Reason.SPREAD, lambda law: law.data.max_spread_ticks),
    Limit("is_phase_closed", Reason.PHASE, _none),  # 4
    Limit("is_paused", Reason.PAUSED, _none),
    Limit("is_in_window", Reason.WINDOW, _none),
    Limit("pause_near_s", Reason.WINDOW, lambda law: -law.risk.min_seconds_between_entries),
    Limit("close_near_s", Reason.WINDOW, lambda law: -law.sessions.no_entry_before_close_s),
    Limit("expiry_near_days", Reason.ROLL_DUE, lambda law: _beyond(law.sessions.roll_cutoff_days)),
    Limit("lock_left_s", Reason.REGIME, _none),  # 5
    Limit("is_tier_barred", Reason.TIER, _none),  # 6
    Limit("stop_over_tier_ticks", Reason.TIER, _none),
    Limit("stop_near_ticks", Reason.STOP_DISTANCE, lambda law: -law.execution.min_stop_ticks),
    Limit("stop_far_ticks", Reason.STOP_DISTANCE, lambda law: law.execution.max_stop_ticks),
    Limit("is_owned", Reason.CONTRACT_OWNED, _none),  # 7
    Limit("is_foreign", Reason.FOREIGN, _none),
    Limit("n_open", Reason.N_OPEN, lambda law: law.risk.max_open_brackets),
    Limit("is_barred", Reason.STANDING, _none),  # 8
    Limit("confidence_lack", Reason.CONFIDENCE, lambda law: 1 - law.execution.min_confidence + TINY),  # 9: 1 - confidence; 0 without one
    Limit("friction_frac", Reason.FRICTION, lambda law: law.risk.max_friction_frac),  # 10: of the move to the target
    Limit("one_contract_usd", Reason.SIZE, lambda law: law.risk.max_loss_per_trade_usd),  # 11: at risk
    Limit("one_contract_frac", Reason.SIZE, lambda law: _or_none(law.risk.max_loss_per_trade_frac)),  # of equity
    Limit("qty", Reason.SIZE, lambda law: law.risk.max_contracts_per_order),
    Limit("at_risk_usd", Reason.SIZE, lambda law: law.risk.max_loss_per_trade_usd),
    Limit("at_risk_frac", Reason.SIZE, lambda law: _or_none(law.risk.max_loss_per_trade_frac)),
    Limit("n_contracts", Reason.POSITION, lambda law: law.risk.max_contracts_per_account),
    Limit("n_orders_minute", Reason.RATE, lambda law: law.execution.max_orders_per_minute),  # a bracket is three orders
    Limit("n_entries_day", Reason.N_DAY, lambda law: law.risk.max_entries_per_day),
    Limit("n_entries_hour", Reason.N_DAY, lambda law: law.risk.max_entries_per_hour),
    Limit("day_loss_usd", Reason.DAY_LOSS, lambda law: law.risk.max_loss_per_day_usd),
    Limit("day_loss_frac", Reason.DAY_LOSS, lambda law: _or_none(law.risk.max_loss_per_day_frac)),
    Limit("week_loss_usd", Reason.WEEK_LOSS, lambda law: _or_none(law.risk.max_loss_per_week_usd)),
    Limit("month_loss_usd", Reason.MONTH_LOSS, lambda law: _or_none(law.risk.max_loss_per_month_usd)),
    Limit("losses_in_row", Reason.LOSSES_IN_ROW, lambda law: law.risk.max_losses_in_row - 1),
    Limit("heat_frac", Reason.HEAT, lambda law: law.risk.max_heat_frac),
    Limit("notional_usd", Reason.NOTIONAL, lambda law: law.risk.max_notional_usd),
    Limit("day_notional_usd", Reason.DAY_NOTIONAL, lambda law: _or_none(law.risk.max_notional_per_day_usd)),
    Limit("leverage", Reason.LEVERAGE, lambda law: _or_none(law.risk.max_leverage)),
    Limit("group_leverage", Reason.LEVERAGE, lambda law: _or_none(law.risk.max_group_leverage)),
    Limit("correlation", Reason.CORRELATION, lambda law: law.risk.max_correlation if law.risk.max_correlation < 1 else INF),
    Limit("open_interest_near", Reason.LIQUIDITY, lambda law: _least(law.data.min_open_interest)),
    Limit("volume_near", Reason.LIQUIDITY, lambda law: _least(law.data.min_volume)),
    Limit("execution_quality_lack", Reason.EXECUTION_QUALITY, lambda law: 1 - law.execution.eqs_entry + TINY),
    Limit("margin_frac", Reason.MARGIN, lambda _: 1),  # of equity; inf while the broker has not said what it binds
    Limit("is_malformed", Reason.MALFORMED, _none),  # 12: the plan contradicts itself, or is off the grid
    Limit("band_ticks", Reason.BAND, lambda law: _or_none(law.execution.max_band_ticks)),
)


def thresholds(law: Constitution) -> tuple[float, ...]:
    """Give what a law allows, in the order of `LIMITS`."""
    return tuple(float(limit.threshold(law)) for limit in LIMITS)
