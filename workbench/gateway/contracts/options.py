"""Option chains: expiries, strikes, classes, and a grid of contracts with numbers. Made by rule; no option has a price here.

The strikes lie around a middle that is fixed per underlying (`behaviour.OPTION_MIDDLES`), so that the chain is the same each day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from workbench.calendars import business_days
from workbench.config import Root
from workbench.gateway.behaviour import OPTION_FRIDAYS, OPTION_MIDDLES, OPTION_STRIKES
from workbench.gateway.contracts import chains, public
from workbench.gateway.contracts.listed import Listed
from workbench.wire import ContractFields

OPTIONS: Final = 100_000_000  # numbers of options begin here, below all futures' of today
EPOCH: Final = date(2020, 1, 3)  # a Friday
WEEKS: Final = 1_000
STRIKES: Final = 1_000
FRIDAY: Final = 4


class Chain(NamedTuple):
    """The options of one class at one exchange."""

    symbol: str
    exchange: str
    under_con_id: int
    sec_type: str
    trading_class: str
    multiplier: str
    middle: Decimal
    step: Decimal
    zone: str


class Options:
    """All chains, by underlying."""

    def __init__(self, roots: Mapping[str, Root]) -> None:
        self._chains = tuple(_chains(roots))

    def of(self, symbol: str, exchange: str, sec_type: str, con_id: int) -> list[Chain]:
        """Give the chains on an underlying; `exchange` is said for options on futures only, and then must be theirs."""
        wanted = "FOP" if sec_type in ("FUT", "IND") else "OPT"
        return [
            each
            for each in self._chains
            if each.symbol == symbol.upper()
            and each.sec_type == wanted
            and exchange in ("", each.exchange)
            and (wanted == "FOP" or con_id == each.under_con_id)
        ]

    def expirations(self, chain: Chain, on: date) -> list[date]:
        """List the expiries from a day on: each Friday, or the business day before it."""
        first = on + timedelta(days=(FRIDAY - on.weekday()) % 7)
        days = set(business_days(on - timedelta(days=7), first + timedelta(weeks=OPTION_FRIDAYS)))
        fridays = (first + timedelta(weeks=n) for n in range(OPTION_FRIDAYS))
        return [next(day for n in range(7) if (day := friday - timedelta(days=n)) in days) for friday in fridays]

    def strikes(self, chain: Chain) -> list[Decimal]:
        """List the strikes, rising."""
        return [chain.middle + chain.step * n for n in range(-OPTION_STRIKES, OPTION_STRIKES + 1)]

    def like(self, fields: ContractFields, on: date) -> Iterator[Listed]:
        """List the contracts that may be meant: of the symbol, and of the expiry and strike where they are said."""
        for at, chain in enumerate(self._chains):
            if chain.symbol != fields.symbol.upper() or chain.sec_type != fields.sec_type:
                continue
            for day in self.expirations(chain, on):
                if f"{day:%Y%m%d}".startswith(fields.last_trade):
                    yield from self._of_day(at, chain, day, fields)

    def by_id(self, con_id: int) -> Listed | None:
        """Give what a number of ours means; `None` if it is not an option's."""
        at, rest = divmod(con_id - OPTIONS, WEEKS * STRIKES * 2)
        if not 0 <= at < len(self._chains) or con_id < OPTIONS:
            return None
        weeks, rest = divmod(rest, STRIKES * 2)
        strike, is_put = divmod(rest, 2)
        if strike > 2 * OPTION_STRIKES:
            return None
        days = self.expirations(self._chains[at], EPOCH + timedelta(weeks=weeks - 1, days=1))
        return _listed(self._chains[at], con_id, days[0], self.strikes(self._chains[at])[strike], "P" if is_put else "C")

    def _of_day(self, at: int, chain: Chain, day: date, fields: ContractFields) -> Iterator[Listed]:
        weeks = ((day + timedelta(days=(FRIDAY - day.weekday()) % 7)) - EPOCH).days // 7
        for n, strike in enumerate(self.strikes(chain)):
            if fields.strike and Decimal(str(fields.strike)) != strike:
                continue
            for is_put in (0, 1):
                con_id = OPTIONS + ((at * WEEKS + weeks) * STRIKES + n) * 2 + is_put
                yield _listed(chain, con_id, day, strike, "P" if is_put else "C")


def _chains(roots: Mapping[str, Root]) -> Iterator[Chain]:
    for symbol, (middle, step) in OPTION_MIDDLES.items():
        root = roots.get(symbol)
        share = public.SHARES.get(symbol)
        if share is not None:
            yield Chain(symbol, "SMART", share.con_id, "OPT", symbol, "100", Decimal(middle), Decimal(step), public.US_EASTERN)
        elif root is not None:
            product = chains.product_of(root)
            under = chains.index_con_id(root)
            yield Chain(symbol, root.exchange, under, "FOP", symbol, root.multiplier, Decimal(middle), Decimal(step), product.zone)


def _listed(chain: Chain, con_id: int, day: date, strike: Decimal, right: str) -> Listed:
    return Listed(
        con_id=con_id,
        symbol=chain.symbol,
        sec_type=chain.sec_type,
        exchange=chain.exchange,
        currency="USD",
        local_symbol=f"{chain.symbol:<6}{day:%y%m%d}{right}{int(strike * 1000):08}",
        trading_class=chain.trading_class,
        market_name=chain.trading_class,
        min_tick="0.01",
        zone=chain.zone,
        calendar="NYSE" if chain.sec_type == "OPT" else "CME Globex Equity",
        exchanges=(chain.exchange,),
        rules=(public.SHARE_RULE,),
        order_types=public.OPTION_ORDERS,
        long_name=chain.symbol,
        multiplier=chain.multiplier,
        expiry=day,
        month=f"{day:%Y%m}",
        strike=str(strike),
        right=right,
        root=chain.symbol,
        under_con_id=chain.under_con_id,
        under_symbol=chain.symbol,
        under_sec_type="STK" if chain.sec_type == "OPT" else "IND",
    )
