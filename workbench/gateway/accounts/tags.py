"""What a TWS says of an account: its tags and their values out of what the broker knows. Pure; sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from workbench.gateway import behaviour as say
from workbench.gateway.orders.telling import money
from workbench.simulation.broker import CurrencyWorth, Worth

BASE: Final = "BASE"
ZERO: Final = "0.00"


class Value(NamedTuple):
    """One value of an account; ``currency`` is empty where none is meant."""

    tag: str
    value: str
    currency: str


def text(micros: int) -> str:
    """Write money as TWS does.

    >>> text(-12_345_678_000)
    '-12345.68'
    """
    return str(money(micros))


def summary(worth: Worth) -> Iterator[Value]:
    """Give what `reqAccountSummary` knows, in IB's order of names."""
    base = worth.currency
    yield Value("AccountType", "INDIVIDUAL", "")
    cushion = Decimal(worth.excess_micros) / worth.equity_micros if worth.equity_micros > 0 else Decimal(0)
    yield Value("Cushion", str(round(cushion, 6)), "")
    yield Value("DayTradesRemaining", "-1", "")
    yield Value("LookAheadNextChange", "0", "")
    leverage = Decimal(worth.gross_micros) / worth.equity_micros if worth.equity_micros > 0 else Decimal(0)
    yield Value("Leverage", f"{leverage:.2f}", "")
    for tag, micros in {
        "AccruedCash": 0,
        "AvailableFunds": worth.available_micros,
        "BuyingPower": worth.buying_power_micros,
        "EquityWithLoanValue": worth.equity_micros,
        "ExcessLiquidity": worth.excess_micros,
        "FullAvailableFunds": worth.available_micros,
        "FullExcessLiquidity": worth.excess_micros,
        "FullInitMarginReq": worth.initial_micros,
        "FullMaintMarginReq": worth.maintenance_micros,
        "GrossPositionValue": worth.gross_micros,
        "InitMarginReq": worth.initial_micros,
        "LookAheadAvailableFunds": worth.available_micros,
        "LookAheadExcessLiquidity": worth.excess_micros,
        "LookAheadInitMarginReq": worth.initial_micros,
        "LookAheadMaintMarginReq": worth.maintenance_micros,
        "MaintMarginReq": worth.maintenance_micros,
        "NetLiquidation": worth.equity_micros,
        "PreviousDayEquityWithLoanValue": worth.equity_micros - worth.daily_micros,
        "RegTEquity": worth.equity_micros,
        "RegTMargin": worth.initial_micros,
        "SettledCash": worth.cash_micros,
        "SMA": worth.available_micros,
        "TotalCashValue": worth.cash_micros,
    }.items():
        yield Value(tag, text(micros), base)


def ledger(worth: Worth) -> Iterator[Value]:
    """Give cash and worth by currency, the whole in base currency first."""
    whole = CurrencyWorth(
        BASE, "1.00", worth.cash_micros, worth.stock_micros, worth.futures_micros, worth.unrealised_micros, worth.realised_micros
    )
    for part in (whole, *worth.by_currency):
        yield from ledger_of(part)


def ledger_of(part: CurrencyWorth) -> Iterator[Value]:
    """Give the values of one currency."""
    name = part.currency
    for tag, value in {
        "AccruedCash": ZERO,
        "CashBalance": text(part.cash_micros),
        "CorporateBondValue": ZERO,
        "Currency": name,
        "ExchangeRate": part.rate,
        "FuturesPNL": text(part.futures_micros),
        "FutureOptionValue": ZERO,
        "NetDividend": ZERO,
        "NetLiquidationByCurrency": text(part.equity_micros),
        "OptionMarketValue": ZERO,
        "RealCurrency": name,
        "RealizedPnL": text(part.realised_micros),
        "StockMarketValue": text(part.stock_micros),
        "TotalCashBalance": text(part.cash_micros),
        "UnrealizedPnL": text(part.unrealised_micros),
    }.items():
        yield Value(tag, value, name)


def updates(worth: Worth) -> list[Value]:
    """Give what `reqAccountUpdates` sends: the summary, and the ledger."""
    head = [Value("AccountCode", worth.account, ""), Value("AccountReady", "true", "")]
    return [*head, *summary(worth), *ledger(worth)]


def chosen(worth: Worth, tags: str) -> list[Value]:
    """Give what a summary asked for: tags parted by commas; ``$LEDGER`` in base currency, ``$LEDGER:EUR``, ``$LEDGER:ALL``.

    A tag that is none is left out, as TWS does.
    """
    wanted = [tag.strip() for tag in tags.split(",") if tag.strip()]
    known = {value.tag: value for value in summary(worth)}
    values = [known[tag] for tag in wanted if tag in known]
    for tag in wanted:
        if tag.startswith(say.LEDGER):
            currency = tag.partition(":")[2] or BASE
            values += [value for value in ledger(worth) if currency in ("ALL", value.currency)]
    return values
