"""One thing the gateway knows: everything about it that does not change while it runs. A value; finds nothing, sends nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from workbench.wire import ContractFields


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A contract as the broker lists it.

    Parameters
    ----------
    exchange
        Where it was asked for: a future's exchange, ``SMART`` or one of `exchanges` for a share.
    exchanges, rules
        Where it can be traded, and the market rule (of order prices) on each.
    expiry, last_time, last_ns
        Last trading day, the time of that day (``08:30``, in `zone`) and that instant; `None` and "" for what never ends.
    month
        ``202612``: of delivery, which for oil is not that of the last trading day.
    zone, calendar
        Zone of its hours as the broker names it (``US/Central``), and the calendar that knows them.
    min_tick, multiplier, strike
        Decimals as text; "" is none.
    sizes
        Least size, step of sizes, suggested step.
    """

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    market_name: str
    min_tick: str
    zone: str
    calendar: str
    exchanges: tuple[str, ...]
    rules: tuple[int, ...]
    order_types: str
    long_name: str
    primary: str = ""
    root: str = ""
    multiplier: str = ""
    expiry: date | None = None
    last_time: str = ""
    last_ns: int | None = None
    month: str = ""
    strike: str = ""
    right: str = ""
    under_con_id: int = 0
    under_symbol: str = ""
    under_sec_type: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    stock_type: str = ""
    sec_ids: tuple[tuple[str, str], ...] = ()
    sizes: tuple[str, str, str] = ("1", "1", "1")
    agg_group: int | None = None  # written 2147483647, as for ES
    derivatives: tuple[str, ...] = ()

    @property
    def last_trade(self) -> str:
        """Last trading day as messages write it: ``20261218``, or empty."""
        return "" if self.expiry is None else f"{self.expiry:%Y%m%d}"

    @property
    def fields(self) -> ContractFields:
        """What names it in a message."""
        return ContractFields(
            con_id=self.con_id,
            symbol=self.symbol,
            sec_type=self.sec_type,
            last_trade=self.last_trade,
            strike=None if not self.strike else Decimal(self.strike),
            right=self.right,
            multiplier=self.multiplier,
            exchange=self.exchange,
            primary_exchange=self.primary,
            currency=self.currency,
            local_symbol=self.local_symbol,
            trading_class=self.trading_class,
        )


class Missing(msgspec.Struct, frozen=True):
    """Why a request names no single contract, as the broker says it: an error's code and text."""

    code: int
    text: str
