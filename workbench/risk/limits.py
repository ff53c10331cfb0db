"""Every limit: what is measured of a proposal, and the threshold a law sets against it. Pure; no state, no I/O.

A proposal is refused when a measure is above its threshold (nan is refused as well); the first objection, in the order of `LIMITS`,
decides and names itself. All are measured in one go, for a proposal passes them in a few microseconds (`benchmarks/`, row 8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from workbench.domain.bars import BAR_AT
from workbench.domain.contracts import Contract
from workbench.domain.decisions import Proposal, Reason, TradingState
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
        fee = self.fee_micros * qty
        return fee if fee >= self.fee_min_micros or not qty else self.fee_min_micros

    def margin(self, qty: int, px: int) -> int:
        """Initial margin of `qty` at about `px`."""
        bound = self.margin_micros * qty
        return bound + int(self.contract.value_micros(abs(px) * qty) * self.margin_frac) if self.margin_frac else bound


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
    is_delivered: bool = True  # the venue sends the market data that may be traded on; False: delayed, refused or lost


Threshold = Callable[[Constitution], float]
INF: Final = float("inf")
TINY: Final = 1e-9  # two decimals that mean the same may differ by less
HALTED, ACTIVE = TradingState.HALTED, TradingState.ACTIVE  # a look-up of an enum's member costs a tenth of a microsecond
PHASE, QUALITY, HAS, BID_PX, ASK_PX, N_PRINT = (BAR_AT[name] for name in ("phase", "quality", "has", "bid", "ask", "n_print"))


def measure(wish: Proposal, view: View, terms: Terms, now: Standing, law: Constitution, qty: int, one_micros: int) -> tuple[float, ...]:
    """Measure an order of `qty` that risks `one_micros` a contract, in the order of `LIMITS`; truths count 1."""
    cells, contract = view.bar.cells, terms.contract
    tick, (num, den) = contract.tick, contract.worth
    side, _, entry, stop, target, hold_ns, confidence, *_ = wish
    away, move, risk = abs(entry - stop), abs(target - entry), qty * one_micros
    equity = now.equity_micros or 1
    equity = equity if equity > 0 else 1  # debts: everything is above any share of them
    lost = now.day_loss_before_costs_micros
    wrong = side not in (1, -1) or (entry - stop) * side <= 0 or (target - entry) * side <= 0 or hold_ns <= 0
    spread = cells[ASK_PX] - cells[BID_PX]
    is_quoted = cells[HAS] == BID | ASK and spread > 0  # one-sided, crossed or locked: nobody knows the price
    slip = int(2 * law.execution.slippage_ticks * tick)
    costs = -(-((spread if is_quoted else tick) + slip) * qty * num // den) + 2 * terms.fee(qty)
    spread_ticks = spread / tick if is_quoted else INF
    if not now.is_quoted and cells[N_PRINT]:
        spread_ticks = 0.0  # bars alone have no quotes, only fresh prices
    gain = move * qty * num // den
    return (
        now.state is HALTED,
        now.state is not ACTIVE,
        now.equity_micros is None,
        bool(wrong or entry % tick or stop % tick or target % tick),
        now.is_owned,
        not now.is_delivered,
        cells[PHASE] not in law.open_phases,
        1 - cells[QUALITY] / 1000,
        spread_ticks,
        0.0 if confidence is None else 1 - confidence,
        -(away // tick),
        away // tick,
        one_micros / MICROS,
        qty,
        risk / MICROS,
        costs / (gain or 1),
        now.n_contracts + qty,
        now.n_open + 1,
        now.n_orders_minute + 3,
        now.n_entries_day + 1,
        now.n_entries_hour + 1,
        -INF if now.ns_since_entry is None else -now.ns_since_entry / SECOND,
        -INF if now.ns_to_close is None else -now.ns_to_close / SECOND,
        (risk + lost if lost > 0 else risk) / MICROS,
        now.losses_in_row,
        (now.heat_micros + risk) / equity,
        (now.margin_micros + terms.margin(qty, entry)) / equity,
        abs(entry) * qty * num // den / MICROS,
    )


def _none(_: Constitution) -> float:
    return 0


# what is measured (a name ending in _near is negative: more is safer), why a proposal beyond it is refused, and what the law allows
LIMITS: Final[tuple[tuple[str, Reason, Threshold], ...]] = (
    ("is_halted", Reason.HALTED, _none),
    ("is_reducing", Reason.REDUCING, _none),
    ("is_equity_unknown", Reason.UNKNOWN, _none),
    ("is_malformed", Reason.MALFORMED, _none),
    ("is_owned", Reason.CONTRACT_OWNED, _none),
    ("is_undelivered", Reason.DATA_KIND, _none),
    ("is_phase_closed", Reason.PHASE, _none),
    ("quality_lack", Reason.QUALITY, lambda law: 1 - law.data.entry_quality + TINY),  # 1 - quality of the last bar
    ("spread_ticks", Reason.SPREAD, lambda law: law.data.max_spread_ticks),
    ("confidence_lack", Reason.CONFIDENCE, lambda law: 1 - law.execution.min_confidence + TINY),  # 1 - confidence; 0 without one
    ("stop_near_ticks", Reason.STOP_DISTANCE, lambda law: -law.execution.min_stop_ticks),
    ("stop_far_ticks", Reason.STOP_DISTANCE, lambda law: law.execution.max_stop_ticks),
    ("one_contract_usd", Reason.SIZE, lambda law: law.risk.max_loss_per_trade_usd),  # at risk
    ("qty", Reason.SIZE, lambda law: law.risk.max_contracts_per_order),
    ("at_risk_usd", Reason.SIZE, lambda law: law.risk.max_loss_per_trade_usd),
    ("friction_frac", Reason.FRICTION, lambda law: law.risk.max_friction_frac),  # of the move to the target
    ("n_contracts", Reason.POSITION, lambda law: law.risk.max_contracts_per_account),
    ("n_open", Reason.N_OPEN, lambda law: law.risk.max_open_brackets),
    ("n_orders_minute", Reason.RATE, lambda law: law.execution.max_orders_per_minute),  # a bracket is three orders
    ("n_entries_day", Reason.N_DAY, lambda law: law.risk.max_entries_per_day),
    ("n_entries_hour", Reason.N_DAY, lambda law: law.risk.max_entries_per_hour),
    ("pause_near_s", Reason.WINDOW, lambda law: -law.risk.min_seconds_between_entries),
    ("close_near_s", Reason.WINDOW, lambda law: -law.sessions.no_entry_before_close_s),
    ("day_loss_usd", Reason.DAY_LOSS, lambda law: law.risk.max_loss_per_day_usd),
    ("losses_in_row", Reason.LOSSES_IN_ROW, lambda law: law.risk.max_losses_in_row - 1),
    ("heat_frac", Reason.HEAT, lambda law: law.risk.max_heat_frac),
    ("margin_frac", Reason.MARGIN, lambda _: 1),  # of equity
    ("notional_usd", Reason.NOTIONAL, lambda law: law.risk.max_notional_usd),
)
