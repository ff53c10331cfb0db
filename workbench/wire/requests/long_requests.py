"""Layouts of the requests whose fields depend on one another, by server version. Nothing is computed."""

from __future__ import annotations

from workbench.wire.contract import CONTRACT
from workbench.wire.script import Constant, Names, Rows, Step, is_any, is_infinite, is_positive, is_set, names, since, when

_IS_BAG = is_any("contract", "sec_type", "BAG")
_DATA_LEGS = when(_IS_BAG, Rows("contract", "legs", "con_id ratio action exchange"))

REQ_MKT_DATA: tuple[Step, ...] = (
    names("", "req_id"),
    Names("contract", CONTRACT),
    _DATA_LEGS,
    names("contract", "delta_neutral"),
    names("", "generic_ticks snapshot regulatory_snapshot options"),
)

REQ_HISTORICAL_DATA: tuple[Step, ...] = (
    names("", "req_id"),
    Names("contract", f"{CONTRACT} include_expired"),
    names("", "end bar_size duration use_rth what format_date"),
    _DATA_LEGS,
    names("", "keep_up_to_date options"),
)

_MID_OFFSETS = names("order", "mid_offset_at_whole mid_offset_at_half")
_IS_PEG_BEST = is_any("order", "order_type", "PEG BEST", "PEGBEST")

PLACE_ORDER: tuple[Step, ...] = (
    names("", "order_id"),
    Names("contract", f"{CONTRACT} sec_id_type sec_id"),
    names(
        "order", "action total_quantity order_type lmt_price aux_price tif oca_group account open_close origin order_ref transmit parent_id"
    ),
    names("order", "block_order sweep_to_fill display_size trigger_method outside_rth hidden"),
    when(_IS_BAG, names("contract", "legs"), names("order", "leg_prices smart_combo_params")),
    Constant(""),  # allocation of shares, of no use since long
    names("order", "discretionary_amt good_after_time good_till_date fa_group fa_method fa_percentage fa_profile<=176 model_code"),
    names("order", "short_sale_slot designated_location exempt_code oca_type rule_80a settling_firm all_or_none min_qty percent_offset"),
    names("order", "e_trade_only firm_quote_only nbbo_price_cap auction_strategy starting_price stock_ref_price delta"),
    names("order", "stock_range_lower stock_range_upper override_percentage_constraints volatility volatility_type"),
    names("order", "delta_neutral_order_type delta_neutral_aux_price"),
    when(
        is_set("order", "delta_neutral_order_type"),
        names(
            "order",
            "delta_neutral_con_id delta_neutral_settling_firm delta_neutral_clearing_account delta_neutral_clearing_intent"
            " delta_neutral_open_close delta_neutral_short_sale delta_neutral_short_sale_slot delta_neutral_designated_location",
        ),
    ),
    names("order", "continuous_update reference_price_type trail_stop_price trailing_percent"),
    names("order", "scale_init_level_size scale_subs_level_size scale_price_increment"),
    when(
        is_positive("order", "scale_price_increment"),
        names(
            "order",
            "scale_price_adjust_value scale_price_adjust_interval scale_profit_offset scale_auto_reset scale_init_position"
            " scale_init_fill_qty scale_random_percent",
        ),
    ),
    names("order", "scale_table active_start_time active_stop_time hedge_type"),
    when(is_set("order", "hedge_type"), names("order", "hedge_param")),
    names("order", "opt_out_smart_routing clearing_account clearing_intent not_held"),
    names("contract", "delta_neutral"),
    names("order", "algo_strategy"),
    when(is_set("order", "algo_strategy"), names("order", "algo_params")),
    names("order", "algo_id what_if misc_options solicited randomize_size randomize_price"),
    when(
        is_any("order", "order_type", "PEG BENCH", "PEGBENCH"),
        names("order", "reference_contract_id is_pegged_change_decrease pegged_change_amount reference_change_amount"),
        names("order", "reference_exchange_id"),
    ),
    names("order", "conditions"),
    when(is_set("order", "conditions"), names("order", "conditions_ignore_rth conditions_cancel_order")),
    names("order", "adjusted_order_type trigger_price lmt_price_offset adjusted_stop_price adjusted_stop_limit_price"),
    names("order", "adjusted_trailing_amount adjustable_trailing_unit ext_operator soft_dollar_name soft_dollar_value cash_qty"),
    names("order", "mifid2_decision_maker mifid2_decision_algo mifid2_execution_trader mifid2_execution_algo"),
    names("order", "dont_use_auto_price_for_hedge is_oms_container discretionary_up_to_limit_price use_price_mgmt_algo"),
    names("order", "duration>=158 post_to_ats>=160 auto_cancel_parent>=162 advanced_error_override>=166 manual_order_time>=169"),
    since(
        170,
        when(is_any("contract", "exchange", "IBKRATS"), names("order", "min_trade_qty")),
        when(
            _IS_PEG_BEST,
            names("order", "min_compete_size compete_against_best_offset"),
            when(is_infinite("order", "compete_against_best_offset"), _MID_OFFSETS),
        ),
        when(is_any("order", "order_type", "PEG MID", "PEGMID"), _MID_OFFSETS),
    ),
)
