"""An order as messages carry it: what a client asks for and what the server tells about it share one value."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from workbench.wire.contract import TagValue
from workbench.wire.kinds import FlagOrEmpty, IntOrEmpty, NumberOrEmpty, NumberOrMax
from workbench.wire.text import Number


class PriceCondition(msgspec.Struct, frozen=True, kw_only=True, tag=1):
    """The price of a contract is beyond a price. `conjunction` is ``a`` (and) or ``o`` (or), with the next condition."""

    conjunction: str = "a"
    is_more: bool = True
    price: Number = 0
    con_id: int = 0
    exchange: str = ""
    trigger_method: int = 0


class TimeCondition(msgspec.Struct, frozen=True, kw_only=True, tag=3):
    """It is later (earlier) than a time, ``yyyymmdd HH:MM:SS zone``."""

    conjunction: str = "a"
    is_more: bool = True
    time: str = ""


class MarginCondition(msgspec.Struct, frozen=True, kw_only=True, tag=4):
    """The margin cushion is beyond a percentage."""

    conjunction: str = "a"
    is_more: bool = True
    percent: int = 0


class ExecutionCondition(msgspec.Struct, frozen=True, kw_only=True, tag=5):
    """A contract was traded by this account."""

    conjunction: str = "a"
    sec_type: str = ""
    exchange: str = ""
    symbol: str = ""


class VolumeCondition(msgspec.Struct, frozen=True, kw_only=True, tag=6):
    """The day's volume of a contract is beyond a number."""

    conjunction: str = "a"
    is_more: bool = True
    volume: int = 0
    con_id: int = 0
    exchange: str = ""


class PercentChangeCondition(msgspec.Struct, frozen=True, kw_only=True, tag=7):
    """The day's change of a contract is beyond a percentage."""

    conjunction: str = "a"
    is_more: bool = True
    change_percent: NumberOrMax = None
    con_id: int = 0
    exchange: str = ""


Condition: TypeAlias = PriceCondition | TimeCondition | MarginCondition | ExecutionCondition | VolumeCondition | PercentChangeCondition


class OrderFields(msgspec.Struct, frozen=True, kw_only=True):
    """What an order is. Every field has the value that means "not asked for"; messages send their own choice of fields.

    Prices in points, sizes in units. `exempt_code` -1 is the protocol's own word for none. Names are IB's, in snake case; what they mean
    is in IB's documentation of its class Order. Two are only in answers: `adjusted_trail_stop_price` is the trailing stop sent a second
    time, which clients show (left unset, `trail_stop_price` is sent); `shares_allocation` a fossil that TWS fills with permId, account and
    client.

    >>> order = OrderFields(action="BUY", total_quantity=1, order_type="LMT", lmt_price=6800.25, tif="DAY")
    >>> order.aux_price is None, order.transmit
    (True, True)
    """

    order_id: int = 0
    client_id: int = 0
    perm_id: int = 0
    action: str = ""
    total_quantity: NumberOrEmpty = None
    order_type: str = ""
    lmt_price: NumberOrEmpty = None
    aux_price: NumberOrEmpty = None
    tif: str = ""
    oca_group: str = ""
    account: str = ""
    open_close: str = ""
    origin: IntOrEmpty = 0
    order_ref: str = ""
    transmit: bool = True
    parent_id: IntOrEmpty = 0
    block_order: bool = False
    sweep_to_fill: bool = False
    display_size: IntOrEmpty = None
    trigger_method: IntOrEmpty = 0
    outside_rth: bool = False
    hidden: bool = False
    leg_prices: tuple[NumberOrEmpty, ...] = ()
    smart_combo_params: tuple[TagValue, ...] = ()
    discretionary_amt: NumberOrEmpty = None
    good_after_time: str = ""
    good_till_date: str = ""
    shares_allocation: str = ""
    fa_group: str = ""
    fa_method: str = ""
    fa_percentage: str = ""
    fa_profile: str = ""
    model_code: str = ""
    short_sale_slot: IntOrEmpty = 0
    designated_location: str = ""
    exempt_code: IntOrEmpty = -1
    oca_type: IntOrEmpty = 0
    rule_80a: str = ""
    settling_firm: str = ""
    all_or_none: bool = False
    min_qty: IntOrEmpty = None
    percent_offset: NumberOrEmpty = None
    e_trade_only: bool = False
    firm_quote_only: bool = False
    nbbo_price_cap: NumberOrEmpty = None
    auction_strategy: IntOrEmpty = None
    starting_price: NumberOrEmpty = None
    stock_ref_price: NumberOrEmpty = None
    delta: NumberOrEmpty = None
    stock_range_lower: NumberOrEmpty = None
    stock_range_upper: NumberOrEmpty = None
    override_percentage_constraints: bool = False
    volatility: NumberOrEmpty = None
    volatility_type: IntOrEmpty = None
    delta_neutral_order_type: str = ""
    delta_neutral_aux_price: NumberOrEmpty = None
    delta_neutral_con_id: IntOrEmpty = 0
    delta_neutral_settling_firm: str = ""
    delta_neutral_clearing_account: str = ""
    delta_neutral_clearing_intent: str = ""
    delta_neutral_open_close: str = ""
    delta_neutral_short_sale: bool = False
    delta_neutral_short_sale_slot: IntOrEmpty = 0
    delta_neutral_designated_location: str = ""
    continuous_update: IntOrEmpty = 0
    reference_price_type: IntOrEmpty = None
    trail_stop_price: NumberOrEmpty = None
    trailing_percent: NumberOrEmpty = None
    basis_points: NumberOrEmpty = None
    basis_points_type: IntOrEmpty = None
    scale_init_level_size: IntOrEmpty = None
    scale_subs_level_size: IntOrEmpty = None
    scale_price_increment: NumberOrEmpty = None
    scale_price_adjust_value: NumberOrEmpty = None
    scale_price_adjust_interval: IntOrEmpty = None
    scale_profit_offset: NumberOrEmpty = None
    scale_auto_reset: bool = False
    scale_init_position: IntOrEmpty = None
    scale_init_fill_qty: IntOrEmpty = None
    scale_random_percent: bool = False
    scale_table: str = ""
    active_start_time: str = ""
    active_stop_time: str = ""
    hedge_type: str = ""
    hedge_param: str = ""
    opt_out_smart_routing: bool = False
    clearing_account: str = ""
    clearing_intent: str = ""
    not_held: bool = False
    algo_strategy: str = ""
    algo_params: tuple[TagValue, ...] = ()
    algo_id: str = ""
    what_if: bool = False
    misc_options: str = ""
    solicited: bool = False
    randomize_size: bool = False
    randomize_price: bool = False
    reference_contract_id: IntOrEmpty = 0
    is_pegged_change_decrease: bool = False
    pegged_change_amount: NumberOrEmpty = None
    reference_change_amount: NumberOrEmpty = None
    reference_exchange_id: str = ""
    conditions: tuple[Condition, ...] = ()
    conditions_ignore_rth: bool = False
    conditions_cancel_order: bool = False
    adjusted_order_type: str = ""
    trigger_price: NumberOrEmpty = None
    lmt_price_offset: NumberOrEmpty = None
    adjusted_trail_stop_price: NumberOrEmpty = None
    adjusted_stop_price: NumberOrEmpty = None
    adjusted_stop_limit_price: NumberOrEmpty = None
    adjusted_trailing_amount: NumberOrEmpty = None
    adjustable_trailing_unit: IntOrEmpty = 0
    ext_operator: str = ""
    soft_dollar_name: str = ""
    soft_dollar_value: str = ""
    soft_dollar_display_name: str = ""
    cash_qty: NumberOrEmpty = None
    mifid2_decision_maker: str = ""
    mifid2_decision_algo: str = ""
    mifid2_execution_trader: str = ""
    mifid2_execution_algo: str = ""
    dont_use_auto_price_for_hedge: bool = False
    is_oms_container: bool = False
    discretionary_up_to_limit_price: bool = False
    use_price_mgmt_algo: FlagOrEmpty = None
    duration: IntOrEmpty = None
    post_to_ats: IntOrEmpty = None
    auto_cancel_parent: bool = False
    advanced_error_override: str = ""
    manual_order_time: str = ""
    min_trade_qty: IntOrEmpty = None
    min_compete_size: IntOrEmpty = None
    compete_against_best_offset: NumberOrEmpty = None
    mid_offset_at_whole: NumberOrEmpty = None
    mid_offset_at_half: NumberOrEmpty = None
    auto_cancel_date: str = ""
    filled_quantity: NumberOrEmpty = None
    ref_futures_con_id: IntOrEmpty = None
    shareholder: str = ""
    imbalance_only: bool = False
    route_marketable_to_bbo: bool = False
    parent_perm_id: IntOrEmpty = 0
    customer_account: str = ""
    professional_customer: bool = False
    submitter: str = ""


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    """What the broker says of an order: its status; of a what-if its margins and costs; of a finished one when and how it ended.

    Amounts in the account's base currency, None where not told.
    """

    status: str = ""
    init_margin_before: NumberOrMax = None
    maint_margin_before: NumberOrMax = None
    equity_with_loan_before: NumberOrMax = None
    init_margin_change: NumberOrMax = None
    maint_margin_change: NumberOrMax = None
    equity_with_loan_change: NumberOrMax = None
    init_margin_after: NumberOrMax = None
    maint_margin_after: NumberOrMax = None
    equity_with_loan_after: NumberOrMax = None
    commission: NumberOrEmpty = None
    min_commission: NumberOrEmpty = None
    max_commission: NumberOrEmpty = None
    commission_currency: str = ""
    warning_text: str = ""
    completed_time: str = ""
    completed_status: str = ""
