"""The four tables of a constitution: every figure with its unit and reason. Values only; what bounds them is in `risk.ceilings`.

A figure with a default may be left out of a file. Where 0 means that there is no such limit, its comment says so.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Sizing = Literal["fixed", "atr", "kelly"]
Horizon = Literal["day", "swing", "hold"]
Foreign = Literal["lock", "ignore", "adopt"]
RollPolicy = Literal["leave", "move"]
EQS_WEIGHTS: Final = {"slippage": 0.4, "fill": 0.3, "reject": 0.2, "latency": 0.1}  # what a fill is worth is mostly its price


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much may be lost and held. USD unless a name says otherwise; ``_frac`` is of equity."""

    max_loss_per_trade_usd: float  # between entry and stop, fees excluded
    max_loss_per_day_usd: float  # before an entry: day's loss before costs + planned loss must fit; afterwards everything counts
    max_entries_per_day: int
    max_entries_per_hour: int
    min_seconds_between_entries: float
    max_losses_in_row: int
    max_contracts_per_order: int
    max_contracts_per_account: int
    max_open_brackets: int
    max_heat_frac: float  # sum of |price - stop| x value x contracts / equity
    max_notional_usd: float  # of one order
    max_friction_frac: float  # fees + spread + slippage of a round trip, over the move the target asks for
    start_equity_usd: float  # equity until the venue has said it; simulated accounts start with it
    max_loss_per_week_usd: float = 0.0  # from Monday's account day on, everything counted; 0: none
    max_loss_per_month_usd: float = 0.0  # of the calendar month of account days, everything counted; 0: none
    max_loss_per_trade_frac: float = 0.0  # beside the one in USD: the tighter wins and is named; 0: none
    max_loss_per_day_frac: float = 0.0  # the same for the day; 0: none
    sizing: Sizing = "fixed"  # fixed: the budget over the stop; atr and kelly only ever make it less, and fall back to fixed
    atr_stops: float = 2.0  # sizing "atr": a contract is taken to risk at least so many average true ranges
    kelly_share: float = 0.25  # sizing "kelly": share of the full Kelly fraction
    kelly_min_trades: int = 30  # sizing "kelly": round trips of the strategy before it counts
    max_correlation: float = 1.0  # signed, of a new position with any that is open, -1 to 1; 1: none
    correlation_halflife_s: float = 3600.0  # weight of a return that is so old is a half
    max_leverage: float = 0.0  # notional of all that is held and working, over equity; 0: none
    max_group_leverage: float = 0.0  # the same for one asset-class group; 0: none
    max_notional_per_day_usd: float = 0.0  # of all entries of an account day; 0: none
    max_violations: int = 5  # so many within `violation_window_s` shut down, latched
    violation_window_s: float = 300.0
    foreign: Foreign = "lock"  # what is done with a contract that somebody else holds or trades in our account
    foreign_by_root: dict[str, Foreign] = {}
    ask_margin: bool = False  # ask the broker what an order would bind before the first one of a contract, side and size
    groups: dict[str, str] = {}  # root -> asset-class group, before the shipped table (`risk.groups`)


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an account of some size may do."""

    name: str
    from_equity_usd: float  # up to that of the next tier
    strategies: tuple[str, ...] = ()  # allowed ones; none named: all
    max_stop_ticks: int = 100_000  # beside execution.max_stop_ticks: the tighter wins


class Sessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When entries are allowed, and to whom."""

    phases: tuple[str, ...]  # of ETH, RTH
    flat_before_close_s: float  # positions of horizon day leave this long before their instrument session ends; 0: they may stay
    no_entry_before_close_s: float
    no_entry_windows: tuple[str, ...] = ()  # "09:30-09:35", each day, the end excluded; one past midnight goes on into the next day
    window_zone: str = "America/New_York"  # whose clock the windows speak of
    tiers: tuple[Tier, ...] = ()  # by rising equity; none: all is allowed
    horizon: Horizon = "day"  # of strategies that `horizons` does not name
    horizons: dict[str, Horizon] = {}  # strategy -> day: flat before the close; swing: over nights; hold: until its exit plan ends it
    roll_cutoff_days: int = 0  # no entry in a contract that expires within so many days; 0: until it expires
    roll: RollPolicy = "leave"  # or "move": a position that outlives its session goes into the month that leads, once another does
    roll_notice_s: float = 900.0  # between a roll's plan, which a person is told, and its first order
    volatility_lock_s: float = 0.0  # entries in a contract stay shut for so long behind a burst; 0: none
    volatility_lock_ratio: float = 4.0  # a burst: a minute's range over the average true range before it
    volatility_lock_norm: float = 0.85  # a burst as well: average range / (that + its average over a session), 0 to 1; alike is 0.5
    spread_lock_s: float = 0.0  # entries in a contract stay shut for so long behind a wide spread; 0: none
    spread_lock_ticks: float = 3.0


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What data must be worth."""

    entry_quality: float  # 0 to 1
    hold_quality: float
    kill_quality: float
    max_spread_ticks: float
    min_open_interest: int = 0  # contracts; not known is refused; 0: none
    min_volume: int = 0  # contracts of the day before or of today, as the broker tells them; not known is refused; 0: none


class Execution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How orders may look, and how they are cared for."""

    min_stop_ticks: int
    max_stop_ticks: int
    max_orders_per_minute: int
    entry_ttl_seconds: float
    min_confidence: float  # 0 to 1; a proposal without confidence is not held against it
    slippage_ticks: float  # assumed for friction, a side
    cover_seconds: float = 15.0  # a position no confirmed stop covers for so long is left
    answer_seconds: float = 30.0  # an order or exit the venue is silent about for so long halts the system
    repair_seconds: float = 5.0  # a stop that is missing or of the wrong size is put right within
    max_entry_changes: int = 2  # modifications of an entry that rests
    max_band_ticks: float = 0.0  # an entry's price lies at most so far from a fresh mid; 0: none
    volatility_exit: float = 0.0  # leave when the average true range is so many times that of the entry; 0: none
    trail: float = 0.0  # the stop follows at so many average true ranges; 0: none
    eqs_entry: float = 0.75  # execution quality, 0 to 1: enter, stay, stop everything
    eqs_hold: float = 0.60
    eqs_kill: float = 0.30
    eqs_prior: float = 1.0  # what is believed of it before anything was filled
    eqs_prior_n: float = 10.0  # brackets the prior weighs
    eqs_halflife_n: float = 20.0  # brackets after which one weighs a half
    eqs_weights: dict[str, float] = msgspec.field(default_factory=lambda: dict(EQS_WEIGHTS))  # sum 1
    max_clock_skew_s: float = 2.0  # our clock against the broker's: beyond it no entries
    halt_clock_skew_s: float = 5.0  # beyond it everything stops
    reconcile_seconds: float = 30.0  # how often a quiet connection is asked what it holds
