"""Layouts of the two answers that carry a whole order. Which field follows which, by server version; nothing is computed."""

from __future__ import annotations

from workbench.wire.contract import OWNED
from workbench.wire.script import Names, Repeated, Rest, Step, is_any, is_positive, is_set, names, since, when

_ALGO = (names("order", "algo_strategy"), when(is_set("order", "algo_strategy"), names("order", "algo_params")))
_LEGS = (names("contract", "legs_description legs"), names("order", "leg_prices smart_combo_params"))
_SCALE = (
    names("order", "scale_init_level_size:imax scale_subs_level_size:imax scale_price_increment"),
    when(
        is_positive("order", "scale_price_increment"),
        names(
            "order",
            "scale_price_adjust_value scale_price_adjust_interval:imax scale_profit_offset scale_auto_reset scale_init_position:imax"
            " scale_init_fill_qty:imax scale_random_percent",
        ),
    ),
)
_HEDGE = (names("order", "hedge_type"), when(is_set("order", "hedge_type"), names("order", "hedge_param")))
_BENCHMARK = when(
    is_any("order", "order_type", "PEG BENCH", "PEGBENCH"),
    names("order", "reference_contract_id is_pegged_change_decrease pegged_change_amount reference_change_amount reference_exchange_id"),
)
_CONDITIONS = (
    names("order", "conditions"),
    when(is_set("order", "conditions"), names("order", "conditions_ignore_rth conditions_cancel_order")),
)
_OFFSETS = since(170, names("order", "min_trade_qty min_compete_size compete_against_best_offset mid_offset_at_whole mid_offset_at_half"))
_ASKED = "action total_quantity order_type lmt_price aux_price tif oca_group account open_close origin order_ref"
_STOCK = "starting_price stock_ref_price delta stock_range_lower stock_range_upper display_size:imax"
_VOLATILITY = "volatility volatility_type delta_neutral_order_type delta_neutral_aux_price"
_SETTLED = "percent_offset settling_firm short_sale_slot designated_location exempt_code"
_FA = "fa_group fa_method fa_percentage fa_profile<=176 model_code good_till_date rule_80a"

# A server names the delta-neutral order type "None" where there is none, whereupon its eight fields follow. That `duration` begins
# with 158 is IB's account; ib_async reads it from 159 on, and passes over what is left at 158.
OPEN_ORDER: tuple[Step, ...] = (
    names("order", "order_id"),
    Names("contract", OWNED),
    names("order", f"{_ASKED} client_id perm_id outside_rth hidden discretionary_amt good_after_time shares_allocation {_FA} {_SETTLED}"),
    names("order", f"auction_strategy {_STOCK} block_order sweep_to_fill all_or_none min_qty oca_type e_trade_only firm_quote_only"),
    names("order", f"nbbo_price_cap parent_id trigger_method {_VOLATILITY}"),
    when(
        is_set("order", "delta_neutral_order_type"),
        names(
            "order",
            "delta_neutral_con_id delta_neutral_settling_firm delta_neutral_clearing_account delta_neutral_clearing_intent"
            " delta_neutral_open_close delta_neutral_short_sale delta_neutral_short_sale_slot delta_neutral_designated_location",
        ),
    ),
    names("order", "continuous_update reference_price_type trail_stop_price trailing_percent basis_points basis_points_type"),
    *_LEGS,
    *_SCALE,
    *_HEDGE,
    names("order", "opt_out_smart_routing clearing_account clearing_intent not_held"),
    names("contract", "delta_neutral"),
    *_ALGO,
    names("order", "solicited what_if"),
    names("state", "status init_margin_before maint_margin_before equity_with_loan_before"),
    names("state", "init_margin_change maint_margin_change equity_with_loan_change"),
    names("state", "init_margin_after maint_margin_after equity_with_loan_after"),
    names("state", "commission min_commission max_commission commission_currency warning_text"),
    names("order", "randomize_size randomize_price"),
    _BENCHMARK,
    *_CONDITIONS,
    names("order", "adjusted_order_type trigger_price:max"),
    Repeated("order", "adjusted_trail_stop_price", "trail_stop_price", "max"),
    names("order", "lmt_price_offset:max adjusted_stop_price:max adjusted_stop_limit_price:max adjusted_trailing_amount:max"),
    names("order", "adjustable_trailing_unit soft_dollar_name soft_dollar_value soft_dollar_display_name cash_qty"),
    names("order", "dont_use_auto_price_for_hedge is_oms_container discretionary_up_to_limit_price use_price_mgmt_algo"),
    names("order", "duration>=158 post_to_ats>=160 auto_cancel_parent>=162"),
    _OFFSETS,
    Rest("more"),
)

COMPLETED_ORDER: tuple[Step, ...] = (
    Names("contract", OWNED),
    names("order", f"{_ASKED} perm_id outside_rth hidden discretionary_amt good_after_time {_FA} {_SETTLED}"),
    names("order", f"{_STOCK} sweep_to_fill all_or_none min_qty oca_type trigger_method {_VOLATILITY}"),
    when(
        is_set("order", "delta_neutral_order_type"),
        names(
            "order",
            "delta_neutral_con_id delta_neutral_short_sale delta_neutral_short_sale_slot delta_neutral_designated_location",
        ),
    ),
    names("order", "continuous_update reference_price_type trail_stop_price trailing_percent"),
    *_LEGS,
    *_SCALE,
    *_HEDGE,
    names("order", "clearing_account clearing_intent not_held"),
    names("contract", "delta_neutral"),
    *_ALGO,
    names("order", "solicited"),
    names("state", "status"),
    names("order", "randomize_size randomize_price"),
    _BENCHMARK,
    *_CONDITIONS,
    Repeated("order", "adjusted_trail_stop_price", "trail_stop_price", "max"),
    names("order", "lmt_price_offset:max cash_qty dont_use_auto_price_for_hedge is_oms_container auto_cancel_date filled_quantity"),
    names("order", "ref_futures_con_id:imax auto_cancel_parent shareholder imbalance_only route_marketable_to_bbo parent_perm_id"),
    names("state", "completed_time completed_status"),
    _OFFSETS,
    names("order", "customer_account>=183 professional_customer>=184 submitter>=198"),
    Rest("more"),
)
