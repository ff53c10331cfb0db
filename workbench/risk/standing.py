"""What a limit looks at outside the market: what a contract costs and binds, and how the account stands as of a proposal. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from workbench.domain.contracts import Contract
from workbench.domain.decisions import TradingState

INF = float("inf")


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


class Record(NamedTuple):
    """What a strategy's round trips earned so far, after fees; both sums not negative."""

    n: int = 0
    n_wins: int = 0
    won_micros: int = 0
    lost_micros: int = 0


class Standing(NamedTuple):
    """Everything outside the market that a limit looks at, as of this proposal: those approved before it in the barrier are in.

    What is not known has a value that no limit allows, unless its comment says otherwise.
    """

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
    is_law_known: bool = True  # the run began under the law that is applied
    is_paused: bool = False  # by the exchange
    is_in_window: bool = False  # in which nothing is entered
    days_to_expiry: float = INF  # of the contract; what never expires has no end
    lock_left_s: float = 0.0  # until the contract's lock-out is over
    is_tier_barred: bool = False  # the account is too small for the strategy
    tier_stop_ticks: float = INF  # longest stop of the account's tier
    is_foreign: bool = False  # somebody else holds or works the contract
    is_barred: bool = False  # the strategy's own standing lets it enter nothing
    week_loss_micros: int = 0  # since Monday's account day, everything counted, as of the stops of what is open
    month_loss_micros: int = 0
    notional_micros: int = 0  # of what is held and working
    group_micros: int = 0  # the same, of the contract's asset-class group
    day_notional_micros: int = 0  # of the day's entries
    longs: float = -INF  # highest correlation, -1 to 1, of a purchase of this contract with what is open; none is open: -inf
    shorts: float = -INF  # the same of a sale
    open_interest: int | None = None  # refused only where the law wants some
    volume: int | None = None
    execution_quality: float = 1.0
    margins: Mapping[str, int] | None = None  # "+2" -> what the broker said it binds; `None`: nobody is asked, `Terms` says it
    range_pts: float | None = None  # average true range of five minutes; not known: sizing is fixed
    record: Record = Record()  # of the strategy
