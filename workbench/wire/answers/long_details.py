"""Layouts of the details of contracts and bonds, by server version. Nothing is computed."""

from __future__ import annotations

from workbench.wire.script import Rest, Step, names, since

_SIZES = (
    since(163, names("", "suggested_size_increment"), until=163),
    since(164, names("", "min_size size_increment suggested_size_increment")),
)

CONTRACT_DATA: tuple[Step, ...] = (
    names("", "req_id"),
    names("contract", "symbol sec_type"),
    names("", "last_trade"),
    names("contract", "strike right exchange currency local_symbol"),
    names("", "market_name"),
    names("contract", "trading_class con_id"),
    names("", "min_tick md_size_multiplier<=163"),
    names("contract", "multiplier"),
    names("", "order_types valid_exchanges price_magnifier under_con_id long_name"),
    names("contract", "primary_exchange"),
    names("", "contract_month industry category subcategory zone trading_hours liquid_hours ev_rule ev_multiplier sec_ids"),
    names("", "agg_group under_symbol under_sec_type market_rule_ids real_expiration_date stock_type"),
    *_SIZES,
    Rest("more"),
)

BOND_CONTRACT_DATA: tuple[Step, ...] = (
    names("", "req_id"),
    names("contract", "symbol sec_type"),
    names("", "cusip coupon maturity issue_date ratings bond_type coupon_type is_convertible is_callable is_putable descriptive_text"),
    names("contract", "exchange currency"),
    names("", "market_name"),
    names("contract", "trading_class con_id"),
    names("", "min_tick md_size_multiplier<=163 order_types valid_exchanges next_option_date next_option_type next_option_partial notes"),
    names("", "long_name ev_rule ev_multiplier sec_ids agg_group market_rule_ids"),
    since(164, names("", "min_size size_increment suggested_size_increment")),
    Rest("more"),
)
