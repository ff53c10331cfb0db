"""A listed contract as the message that tells all about it. Pure translation."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from workbench.gateway.behaviour import DETAILS_TIME_SINCE
from workbench.gateway.contracts.hours import liquid_hours, trading_hours
from workbench.gateway.contracts.listed import Listed
from workbench.wire import ContractData, TagValue

MAGNIFIER = 100  # mdSizeMultiplier of a share below version 164: sizes came in hundreds


def details(req_id: int, listed: Listed, now_ns: int, version: int) -> ContractData:
    """Tell all about a contract, as a server of `version` does at `now_ns`."""
    last_trade = listed.last_trade
    if listed.last_time and version >= DETAILS_TIME_SINCE:
        last_trade = f"{last_trade} {listed.last_time} {listed.zone}"
    least, step, suggested = (Decimal(each) for each in listed.sizes)
    return ContractData(
        req_id=req_id,
        contract=replace(listed.fields, strike=Decimal(listed.strike or 0)),
        last_trade=last_trade,
        market_name=listed.market_name,
        min_tick=Decimal(listed.min_tick),
        md_size_multiplier=MAGNIFIER if listed.sec_type == "STK" else 1,
        order_types=listed.order_types,
        valid_exchanges=",".join(listed.exchanges),
        under_con_id=listed.under_con_id,
        long_name=listed.long_name,
        contract_month=listed.month,
        industry=listed.industry,
        category=listed.category,
        subcategory=listed.subcategory,
        zone=listed.zone,
        trading_hours=trading_hours(listed, now_ns),
        liquid_hours=liquid_hours(listed, now_ns),
        ev_multiplier=0,
        sec_ids=tuple(TagValue(tag, value) for tag, value in listed.sec_ids),
        agg_group=listed.agg_group,
        under_symbol=listed.under_symbol,
        under_sec_type=listed.under_sec_type,
        market_rule_ids=",".join(map(str, listed.rules)),
        real_expiration_date=listed.last_trade,
        stock_type=listed.stock_type,
        min_size=least,
        size_increment=step,
        suggested_size_increment=suggested,
    )
