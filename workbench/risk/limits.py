"""Every limit as one question with its reason: which value is held against which threshold. Pure; no state, no I/O.

A check is a measure of one case and the threshold a law sets; the proposal is refused when the measure is above it (nan is refused as
well). The order is that of `CHECKS`: the first objection decides and names itself. Thresholds are bound once a law (`bound`), for a
proposal passes all of them in a few microseconds (`benchmarks/`, row 8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from workbench.domain.bars import BAR_AT
from workbench.domain.contracts import Contract
from workbench.domain.decisions import Proposal, Reason, TradingState
from workbench.domain.orders import Key
from workbench.domain.records import ASK, BID
from workbench.domain.units import MICROS, SECOND
from workbench.domain.views import View
from workbench.risk.constitution import Constitution


class Terms(NamedTuple):
    """What trading a contract costs and binds, in micros of the account's currency."""

    contract: Contract
    fee_micros: int  # a contract or share, a side
    margin_micros: int = 0  # initial, a contract
    margin_frac: float = 0.0  # of notional, 0 to 1, for what is not margined by the contract
    fee_min_micros: int = 0  # an order

    def fee(self, qty: int) -> int:
        """Commission of one order."""
        return max(self.fee_micros * qty, self.fee_min_micros) if qty else 0

    def margin(self, qty: int, px: int) -> int:
        """Initial margin of `qty` at about `px`."""
        notional = self.contract.value_micros(abs(px) * qty) if self.margin_frac else 0
        return self.margin_micros * qty + int(notional * self.margin_frac)


class Standing(NamedTuple):
    """Everything outside the market that a limit looks at, as of this proposal: those approved before it in the barrier are in."""

    state: TradingState
    is_owned: bool  # another bracket of the account holds or works this contract
    n_open: int
    n_contracts: int  # held and working, all contracts of the account
    heat_micros: int
    margin_micros: int  # bound by what is held and working
    equity_micros: int | None  # `None`: the venue has not said it, so nothing may be risked
    day_loss_before_costs_micros: int  # a loss is positive: realised, and all that open and working brackets can still lose at their stops
    n_entries_day: int
    n_entries_hour: int
    n_orders_minute: int
    ns_since_entry: int | None
    losses_in_row: int
    ns_to_close: int | None  # of this contract's instrument session; `None`: not known
    is_quoted: bool = True  # the data of this contract has quotes


class Case(NamedTuple):
    """One proposal before its judge."""

    key: Key
    wish: Proposal
    view: View
    terms: Terms
    now: Standing
    law: Constitution
    qty: int
    risk_micros: int  # of the whole order
    cells: memoryview[int]  # of the last bar, by `BAR_AT`
    tick: int
    stop_ticks: int


Measure = Callable[[Case], float]
Threshold = Callable[[Constitution], float]
INF: Final = float("inf")
TINY: Final = 1e-9  # two decimals that mean the same may differ by less
PHASE, QUALITY, HAS, BID_PX, ASK_PX, N_PRINT = (BAR_AT[name] for name in ("phase", "quality", "has", "bid", "ask", "n_print"))


def _halted(case: Case) -> float:
    return case.now.state is TradingState.HALTED


def _reducing(case: Case) -> float:
    return case.now.state is not TradingState.ACTIVE


def _unknown(case: Case) -> float:
    return case.now.equity_micros is None


def _malformed(case: Case) -> float:
    side, _, entry, stop, target, hold_ns, *_ = case.wish
    tick = case.tick
    wrong = side not in (1, -1) or (entry - stop) * side <= 0 or (target - entry) * side <= 0 or hold_ns <= 0
    return bool(wrong or entry % tick or stop % tick or target % tick)


def _owned(case: Case) -> float:
    return case.now.is_owned


def _phase(case: Case) -> float:
    return case.cells[PHASE] not in case.law.open_phases


def _quality(case: Case) -> float:
    return 1 - case.cells[QUALITY] / 1000


def _spread(case: Case) -> float:
    cells = case.cells
    if not case.now.is_quoted:
        return 0.0 if cells[N_PRINT] else INF  # bars alone have no quotes, only fresh prices
    spread = cells[ASK_PX] - cells[BID_PX]
    return spread / case.tick if cells[HAS] == BID | ASK and spread > 0 else INF  # one-sided, crossed or locked: nobody knows the price


def _confidence(case: Case) -> float:
    confidence = case.wish.confidence
    return 0.0 if confidence is None else 1 - confidence


def _stop_near(case: Case) -> float:
    return -case.stop_ticks


def _stop_far(case: Case) -> float:
    return case.stop_ticks


def _one_contract(case: Case) -> float:
    return case.terms.contract.cost_micros(abs(case.wish.entry_px - case.wish.stop_px)) / MICROS


def _order_size(case: Case) -> float:
    return case.qty


def _order_risk(case: Case) -> float:
    return case.risk_micros / MICROS


def _friction(case: Case) -> float:
    contract, cells, wish = case.terms.contract, case.cells, case.wish
    spread = cells[ASK_PX] - cells[BID_PX] if cells[HAS] == BID | ASK else case.tick
    slip = int(2 * case.law.execution.slippage_ticks * case.tick)
    cost = contract.cost_micros((spread + slip) * case.qty) + 2 * case.terms.fee(case.qty)
    return cost / max(contract.value_micros(abs(wish.target_px - wish.entry_px) * case.qty), 1)


def _account_size(case: Case) -> float:
    return case.now.n_contracts + case.qty


def _n_open(case: Case) -> float:
    return case.now.n_open + 1


def _rate(case: Case) -> float:
    return case.now.n_orders_minute + 3  # a bracket is three orders


def _n_day(case: Case) -> float:
    return case.now.n_entries_day + 1


def _n_hour(case: Case) -> float:
    return case.now.n_entries_hour + 1


def _pause(case: Case) -> float:
    since = case.now.ns_since_entry
    return -INF if since is None else -since / SECOND


def _close_near(case: Case) -> float:
    to_close = case.now.ns_to_close
    return -INF if to_close is None else -to_close / SECOND


def _day_loss(case: Case) -> float:
    return (max(0, case.now.day_loss_before_costs_micros) + case.risk_micros) / MICROS


def _in_row(case: Case) -> float:
    return case.now.losses_in_row


def _heat(case: Case) -> float:
    return (case.now.heat_micros + case.risk_micros) / max(case.now.equity_micros or 0, 1)


def _margin(case: Case) -> float:
    return (case.now.margin_micros + case.terms.margin(case.qty, case.wish.entry_px)) / max(case.now.equity_micros or 0, 1)


def _notional(case: Case) -> float:
    return case.terms.contract.value_micros(abs(case.wish.entry_px) * case.qty) / MICROS


def _none(_: Constitution) -> float:
    return 0


CHECKS: Final[tuple[tuple[Reason, Measure, Threshold], ...]] = (
    (Reason.HALTED, _halted, _none),
    (Reason.REDUCING, _reducing, _none),
    (Reason.UNKNOWN, _unknown, _none),
    (Reason.MALFORMED, _malformed, _none),
    (Reason.CONTRACT_OWNED, _owned, _none),
    (Reason.PHASE, _phase, _none),
    (Reason.QUALITY, _quality, lambda law: 1 - law.data.entry_quality + TINY),
    (Reason.SPREAD, _spread, lambda law: law.data.max_spread_ticks),
    (Reason.CONFIDENCE, _confidence, lambda law: 1 - law.execution.min_confidence + TINY),
    (Reason.STOP_DISTANCE, _stop_near, lambda law: -law.execution.min_stop_ticks),
    (Reason.STOP_DISTANCE, _stop_far, lambda law: law.execution.max_stop_ticks),
    (Reason.SIZE, _one_contract, lambda law: law.risk.max_loss_per_trade_usd),
    (Reason.SIZE, _order_size, lambda law: law.risk.max_contracts_per_order),
    (Reason.SIZE, _order_risk, lambda law: law.risk.max_loss_per_trade_usd),
    (Reason.FRICTION, _friction, lambda law: law.risk.max_friction_frac),
    (Reason.POSITION, _account_size, lambda law: law.risk.max_contracts_per_account),
    (Reason.N_OPEN, _n_open, lambda law: law.risk.max_open_brackets),
    (Reason.RATE, _rate, lambda law: law.execution.max_orders_per_minute),
    (Reason.N_DAY, _n_day, lambda law: law.risk.max_entries_per_day),
    (Reason.N_DAY, _n_hour, lambda law: law.risk.max_entries_per_hour),
    (Reason.WINDOW, _pause, lambda law: -law.risk.min_seconds_between_entries),
    (Reason.WINDOW, _close_near, lambda law: -law.sessions.no_entry_before_close_s),
    (Reason.DAY_LOSS, _day_loss, lambda law: law.risk.max_loss_per_day_usd),
    (Reason.LOSSES_IN_ROW, _in_row, lambda law: law.risk.max_losses_in_row - 1),
    (Reason.HEAT, _heat, lambda law: law.risk.max_heat_frac),
    (Reason.MARGIN, _margin, lambda _: 1),
    (Reason.NOTIONAL, _notional, lambda law: law.risk.max_notional_usd),
)


def bound(law: Constitution) -> tuple[tuple[Measure, float, Reason], ...]:
    """Set every threshold as a law says."""
    return tuple((measure, threshold(law), reason) for reason, measure, threshold in CHECKS)
