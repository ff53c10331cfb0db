"""What is listed, made out of the settings' roots: chains of futures, shares, a currency pair, indexes. Pure tables; knows no request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from workbench.calendars import business_days
from workbench.config import Root
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import DataError
from workbench.domain.units import SECOND
from workbench.gateway.behaviour import LISTED_MONTHS_AHEAD, LISTED_MONTHS_BACK
from workbench.gateway.contracts import public
from workbench.gateway.contracts.listed import Listed
from workbench.gateway.contracts.public import PRODUCTS, SHARES, US_CENTRAL, US_EASTERN, Product
from workbench.market.rolls import MONTH_CODES, dated, delivery_month

OURS: Final = 900_000_000  # numbers of our own begin here, above all that IB had given by 2026
SLOTS: Final = 600  # of a root: delivery months of fifty years, the last two for the index and the thing itself
INDEX_SLOT: Final = SLOTS - 1
ITSELF_SLOT: Final = SLOTS - 2
FIRST_YEAR: Final = 2005
FIGURES: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LETTERS: Final = 4  # of a root that its number tells apart
OUR_RULES: Final = 9_000  # numbers of market rules of our own: by increment
FX_CALENDAR: Final = "IDEALPRO"
INDEX: Final = "IND"
LONG_BEFORE: Final = timedelta(days=70)  # an expiry is found by the business days around its month
LONG_AFTER: Final = timedelta(days=45)


def con_id_of(root: str, slot: int) -> int:
    """Give a number of our own: the same on every machine, for every set of roots and on every day.

    >>> con_id_of("ES", 0) < con_id_of("NQ", 0) < 2**31
    True
    """
    code = 0
    for letter in root.upper()[:LETTERS]:
        code = code * (len(FIGURES) + 1) + FIGURES.find(letter) + 1
    return OURS + code * SLOTS + slot


def future_con_id(root: str, month: str) -> int:
    """Give the number of a delivery month (``202612``): IB's where it is known."""
    known = public.FUTURES.get(root, {}).get(month)
    slot = (int(month[:4]) - FIRST_YEAR) * len(MONTH_CODES) + int(month[4:]) - 1
    return known or con_id_of(root, slot % ITSELF_SLOT)


def product_of(root: Root) -> Product:
    """Give what is publicly known of a root, or what follows from its settings."""
    zone = US_CENTRAL if root.exchange in ("CME", "CBOT") else US_EASTERN
    return PRODUCTS.get(root.root) or Product(root.root, 0, 0, zone, "16:00")


def index_con_id(root: Root) -> int:
    """Give the number of what a root's futures are written on."""
    return product_of(root).under_con_id or con_id_of(root.root, INDEX_SLOT)


def rule_of(root: Root) -> int:
    """Give the number of a root's market rule: the known one, else one that says its increment in hundredths of a cent."""
    known = product_of(root).rule
    return known or OUR_RULES + round(float(root.order_increment) * 100)


def listed_months(root: Root, on: date) -> Iterator[Listed]:
    """List the delivery months that are listed on a day, those that ended within two years included, in the order of their expiry."""
    listing = root.listing
    months = [divmod(on.year * 12 + on.month - 1 + offset, 12) for offset in range(-LISTED_MONTHS_BACK, LISTED_MONTHS_AHEAD + 1)]
    kept = [(year, month + 1) for year, month in months if MONTH_CODES[month] in listing.months]
    days = business_days(date(*kept[0], 1) - LONG_BEFORE, date(*kept[-1], 28) + LONG_AFTER)
    for year, month in kept:
        yield future(root, f"{year}{month:02}", dated(listing, year, month, days).expiry)


def future(root: Root, month: str, expiry: date) -> Listed:
    """Describe one delivery month."""
    product = product_of(root)
    exchanges = (root.exchange, public.ALGO_DESK) if root.exchange == "CME" else (root.exchange,)
    last = datetime.combine(expiry, time.fromisoformat(product.last_time), ZoneInfo(product.zone))
    return Listed(
        con_id=future_con_id(root.root, month),
        symbol=root.root,
        sec_type="FUT",
        exchange=root.exchange,
        currency=root.currency,
        local_symbol=f"{root.root}{MONTH_CODES[int(month[4:]) - 1]}{month[3]}",
        trading_class=root.root,
        market_name=root.root,
        min_tick=root.order_increment,
        zone=product.zone,
        calendar=root.calendar,
        exchanges=exchanges,
        rules=(rule_of(root),) * len(exchanges),
        order_types=public.FUTURE_ORDERS,
        long_name=product.name,
        root=root.root,
        multiplier=root.multiplier,
        expiry=expiry,
        last_time=product.last_time,
        last_ns=round(last.timestamp()) * SECOND,
        month=month,
        under_con_id=index_con_id(root),
        under_symbol=root.root,
        under_sec_type=INDEX,
    )


def index(root: Root) -> Listed:
    """Describe what a root's futures are written on: it has details and options, no prices."""
    product = product_of(root)
    return Listed(
        con_id=index_con_id(root),
        symbol=root.root,
        sec_type=INDEX,
        exchange=root.exchange,
        currency=root.currency,
        local_symbol=root.root,
        trading_class=root.root,
        market_name=root.root,
        min_tick=root.order_increment,
        zone=product.zone,
        calendar=root.calendar,
        exchanges=(root.exchange,),
        rules=(rule_of(root),),
        order_types="",
        long_name=product.name,
        root=root.root,
        derivatives=("FUT", "FOP"),
    )


def share(symbol: str, root: Root | None = None, currency: str = "USD") -> Listed:
    """Describe a share or an ETF; of one that is not publicly known, what its settings say."""
    known = SHARES.get(symbol)
    primary = known.primary if known else root.exchange if root else "NASDAQ"
    trading_class = known.trading_class if known else symbol
    industry, category, subcategory = known.industry if known else ("", "", "")
    return Listed(
        con_id=known.con_id if known else con_id_of(symbol, ITSELF_SLOT),
        symbol=symbol,
        sec_type="STK",
        exchange="SMART",
        currency=root.currency if root else currency,
        local_symbol=symbol,
        trading_class=trading_class,
        market_name=trading_class,
        min_tick=root.order_increment if root else public.SHARE_TICK,
        zone=US_EASTERN,
        calendar=root.calendar if root else "NYSE",
        exchanges=public.SHARE_EXCHANGES,
        rules=(public.SHARE_RULE,) * len(public.SHARE_EXCHANGES),
        order_types=public.SHARE_ORDERS,
        long_name=known.name if known else symbol,
        primary=primary,
        root=symbol,
        industry=industry,
        category=category,
        subcategory=subcategory,
        stock_type=known.stock_type if known else "COMMON",
        sec_ids=(("ISIN", known.isin),) if known else (),
        sizes=("1", "1", "100"),
        agg_group=public.SHARE_AGG_GROUP,
        derivatives=("CFD", "OPT", "BAG"),
    )


def euro() -> Listed:
    """Describe EUR.USD."""
    return Listed(
        con_id=public.EUR_USD,
        symbol="EUR",
        sec_type="CASH",
        exchange="IDEALPRO",
        currency="USD",
        local_symbol="EUR.USD",
        trading_class="EUR.USD",
        market_name="EUR.USD",
        min_tick=public.FX_TICK,
        zone=US_EASTERN,
        calendar=FX_CALENDAR,
        exchanges=("IDEALPRO",),
        rules=(public.FX_RULE,),
        order_types=public.FX_ORDERS,
        long_name=public.EUR_USD_NAME,
        root="EUR.USD",
        agg_group=4,
    )


def everything(roots: Mapping[str, Root], contracts: Sequence[Contract], now_ns: int) -> list[Listed]:
    """List all the gateway knows: chains, indexes, shares, the euro, and whatever else trades on the tape."""
    on = datetime.fromtimestamp(now_ns // SECOND, UTC).date()
    found: dict[int, Listed] = {}
    for root in roots.values():
        if root.type is ContractType.FUTURE:
            found.update((each.con_id, each) for each in listed_months(root, on))
            found.setdefault(index_con_id(root), index(root))
    stocks = [root.root for root in roots.values() if root.type is ContractType.STOCK]
    for symbol in dict.fromkeys([*stocks, *SHARES]):
        one = share(symbol, roots.get(symbol))
        found[one.con_id] = one
    found[public.EUR_USD] = euro()
    for contract in contracts:
        one = of_contract(contract, roots.get(contract.root), list(found.values()))
        found.setdefault(one.con_id, one)
    return list(found.values())


def of_contract(contract: Contract, root: Root | None, known: Sequence[Listed]) -> Listed:
    """Describe what trades on the tape; the number its venue gave it, if any, wins. A future without expiry is looked for by its symbol.

    Raises
    ------
    DataError
        If a future's month cannot be told.
    """
    root = root or _root_like(contract)
    if contract.type is ContractType.FUTURE and contract.expiry and root.expires is not None:
        expiry = date.fromisoformat(contract.expiry)
        year, month = delivery_month(root.expires, expiry)
        found = future(root, f"{year}{month:02}", expiry)
    elif contract.type is ContractType.FUTURE:
        named = [each for each in known if each.sec_type == "FUT" and each.local_symbol == contract.symbol]
        if not named:
            raise DataError(f"{contract.symbol}: a future on the tape without an expiry, and no listed month is called so")
        found = named[-1]
    elif contract.type is ContractType.FX:
        found = euro()
    else:
        found = share(contract.symbol, root)
    given = contract.venue_ids.get("ib")
    return found if given is None else replace(found, con_id=int(given))


def _root_like(contract: Contract) -> Root:
    is_future = contract.type is ContractType.FUTURE
    return Root.model_validate(
        {
            "root": contract.root,
            "type": contract.type,
            "exchange": contract.exchange,
            "currency": contract.currency,
            "multiplier": contract.multiplier,
            "price_quantum": contract.price_quantum,
            "order_increment": contract.order_increment,
            "size_quantum": contract.size_quantum,
            "calendar": contract.calendar,
            "months": MONTH_CODES if is_future else None,
            "expires": "third_friday" if is_future else None,
            "commission": "1",
            "initial_margin_frac": "0.5",
        }
    )
