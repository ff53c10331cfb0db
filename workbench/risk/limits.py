"""Every limit as one question with its reason: which value is held against which threshold. Pure; no state, no I/O.

A check gives ``(value, threshold)``; the proposal is refused when the value is above the threshold (nan is refused as well). The order
is that of `CHECKS`: the first objection decides and names itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from workbench.domain.contracts import Contract
from workbench.domain.decisions import Proposal, Reason, TradingState
from workbench.domain.orders import Key
from workbench.domain.records import ASK, BID, Phase
from workbench.domain.units import MICROS
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
    qty: int
    risk_micros: int  # of the whole order


Check = Callable[[Case, Constitution], tuple[float, float]]


def _state(case: Case, _: Constitution) -> tuple[float, float]:
    return (case.now.state is TradingState.HALTED), 0


def _reducing(case: Case, _: Constitution) -> tuple[float, float]:
    return (case.now.state is not TradingState.ACTIVE), 0


def _unknown(case: Case, _: Constitution) -> tuple[float, float]:
    return (case.now.equity_micros is None), 0


def _malformed(case: Case, _: Constitution) -> tuple[float, float]:
    w, tick = case.wish, case.terms.contract.tick
    off_grid = w.entry_px % tick or w.stop_px % tick or w.target_px % tick
    wrong = w.side not in (1, -1) or (w.entry_px - w.stop_px) * w.side <= 0 or (w.target_px - w.entry_px) * w.side <= 0
    return bool(off_grid or wrong or w.hold_ns <= 0), 0


def _owned(case: Case, _: Constitution) -> tuple[float, float]:
    return case.now.is_owned, 0


def _phase(case: Case, law: Constitution) -> tuple[float, float]:
    return Phase(case.view.bar.phase).name not in law.sessions.phases, 0


def _quality(case: Case, law: Constitution) -> tuple[float, float]:
    return 1 - case.view.bar.quality / 1000, 1 - law.data.entry_quality + 1e-9


def _spread(case: Case, law: Constitution) -> tuple[float, float]:
    bar = case.view.bar
    if not case.now.is_quoted:
        return (0.0 if bar.n_print else float("inf")), law.data.max_spread_ticks  # bars alone have no quotes, only fresh prices
    if bar.has != BID | ASK or bar.bid >= bar.ask:
        return float("inf"), law.data.max_spread_ticks  # one-sided, crossed or locked: nobody knows the price
    return (bar.ask - bar.bid) / case.terms.contract.tick, law.data.max_spread_ticks


def _confidence(case: Case, law: Constitution) -> tuple[float, float]:
    confidence = case.wish.confidence
    return (0.0 if confidence is None else 1 - confidence), 1 - law.execution.min_confidence + 1e-9


def _stop_near(case: Case, law: Constitution) -> tuple[float, float]:
    return -_stop_ticks(case), -law.execution.min_stop_ticks


def _stop_far(case: Case, law: Constitution) -> tuple[float, float]:
    return _stop_ticks(case), law.execution.max_stop_ticks


def _stop_ticks(case: Case) -> int:
    return abs(case.wish.entry_px - case.wish.stop_px) // case.terms.contract.tick


def _one_contract(case: Case, law: Constitution) -> tuple[float, float]:
    one = case.terms.contract.value_micros(abs(case.wish.entry_px - case.wish.stop_px))
    return one / MICROS, law.risk.max_loss_per_trade_usd


def _order_size(case: Case, law: Constitution) -> tuple[float, float]:
    return case.qty, law.risk.max_contracts_per_order


def _order_risk(case: Case, law: Constitution) -> tuple[float, float]:
    return case.risk_micros / MICROS, law.risk.max_loss_per_trade_usd


def _friction(case: Case, law: Constitution) -> tuple[float, float]:
    contract, bar = case.terms.contract, case.view.bar
    spread = bar.ask - bar.bid if bar.has == BID | ASK else contract.tick
    slip = 2 * law.execution.slippage_ticks * contract.tick
    cost = contract.cost_micros(round(spread + slip) * case.qty) + 2 * case.terms.fee(case.qty)
    move = contract.value_micros(abs(case.wish.target_px - case.wish.entry_px) * case.qty)
    return cost / max(move, 1), law.risk.max_friction_frac


def _account_size(case: Case, law: Constitution) -> tuple[float, float]:
    return case.now.n_contracts + case.qty, law.risk.max_contracts_per_account


def _n_open(case: Case, law: Constitution) -> tuple[float, float]:
    return case.now.n_open + 1, law.risk.max_open_brackets


def _rate(case: Case, law: Constitution) -> tuple[float, float]:
    return case.now.n_orders_minute + 3, law.execution.max_orders_per_minute  # a bracket is three orders


def _n_day(case: Case, law: Constitution) -> tuple[float, float]:
    return case.now.n_entries_day + 1, law.risk.max_entries_per_day


def _n_hour(case: Case, law: Constitution) -> tuple[float, float]:
    return case.now.n_entries_hour + 1, law.risk.max_entries_per_hour


def _pause(case: Case, law: Constitution) -> tuple[float, float]:
    since = case.now.ns_since_entry
    least = law.risk.min_seconds_between_entries
    return (0.0 if since is None else max(0.0, least - since / 1e9)), 0


def _close_near(case: Case, law: Constitution) -> tuple[float, float]:
    to_close = case.now.ns_to_close
    return (-float("inf") if to_close is None else -to_close / 1e9), -law.sessions.no_entry_before_close_s


def _day_loss(case: Case, law: Constitution) -> tuple[float, float]:
    return (max(0, case.now.day_loss_before_costs_micros) + case.risk_micros) / MICROS, law.risk.max_loss_per_day_usd


def _in_row(case: Case, law: Constitution) -> tuple[float, float]:
    return case.now.losses_in_row, law.risk.max_losses_in_row - 1


def _heat(case: Case, law: Constitution) -> tuple[float, float]:
    return (case.now.heat_micros + case.risk_micros) / max(case.now.equity_micros or 0, 1), law.risk.max_heat_frac


def _margin(case: Case, _: Constitution) -> tuple[float, float]:
    bound = case.now.margin_micros + case.terms.margin(case.qty, case.wish.entry_px)
    return bound / MICROS, (case.now.equity_micros or 0) / MICROS


def _notional(case: Case, law: Constitution) -> tuple[float, float]:
    return case.terms.contract.value_micros(abs(case.wish.entry_px) * case.qty) / MICROS, law.risk.max_notional_usd


CHECKS: Final[tuple[tuple[Reason, Check], ...]] = (
    (Reason.HALTED, _state),
    (Reason.REDUCING, _reducing),
    (Reason.UNKNOWN, _unknown),
    (Reason.MALFORMED, _malformed),
    (Reason.CONTRACT_OWNED, _owned),
    (Reason.PHASE, _phase),
    (Reason.QUALITY, _quality),
    (Reason.SPREAD, _spread),
    (Reason.CONFIDENCE, _confidence),
    (Reason.STOP_DISTANCE, _stop_near),
    (Reason.STOP_DISTANCE, _stop_far),
    (Reason.SIZE, _one_contract),
    (Reason.SIZE, _order_size),
    (Reason.SIZE, _order_risk),
    (Reason.FRICTION, _friction),
    (Reason.POSITION, _account_size),
    (Reason.N_OPEN, _n_open),
    (Reason.RATE, _rate),
    (Reason.N_DAY, _n_day),
    (Reason.N_DAY, _n_hour),
    (Reason.WINDOW, _pause),
    (Reason.WINDOW, _close_near),
    (Reason.DAY_LOSS, _day_loss),
    (Reason.LOSSES_IN_ROW, _in_row),
    (Reason.HEAT, _heat),
    (Reason.MARGIN, _margin),
    (Reason.NOTIONAL, _notional),
)
