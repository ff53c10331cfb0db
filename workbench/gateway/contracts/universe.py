"""What exists at the broker, and which of it a request means. Pure look-ups; sends nothing.

Rules (`find`)
--------------
1. A conId says all; the other fields are not compared, but an exchange must be one of the contract's.
2. Without one, a security type and a symbol or local symbol are needed; every field that is given must fit.
3. ``yyyymm`` is the month of delivery, ``yyyymmdd`` the last trading day.
4. What has expired is found with `include_expired` only, and for as long as IB keeps it.
5. CONTFUT is the month that leads, under its own conId; it has details and history and takes no order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from workbench.calendars import business_days
from workbench.config import Root
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import DataError
from workbench.gateway import behaviour as say
from workbench.gateway.contracts import chains
from workbench.gateway.contracts.hours import local
from workbench.gateway.contracts.listed import Listed, Missing
from workbench.gateway.contracts.options import Options
from workbench.gateway.contracts.public import RULES, US_CENTRAL
from workbench.market.rolls import front
from workbench.wire import ContractFields

CONTINUOUS = "CONTFUT"
BOTH = "FUT+CONTFUT"
FAR = (date(2000, 1, 1), date(2035, 12, 31))


class Universe:
    """All contracts of the gateway.

    Parameters
    ----------
    contracts
        What trades on the tape.
    roots
        Of the settings: their chains are listed.
    now_ns
        The gateway's clock: what has expired depends on it.

    Examples
    --------
    >>> from workbench.config import load_roots
    >>> friday = 1_795_185_000_000_000_000                                                  # 20 November 2026, 8:30 in Chicago
    >>> universe = Universe((), load_roots(), lambda: friday)
    >>> [each.local_symbol for each in universe.find(ContractFields(symbol="ES", sec_type="FUT", exchange="CME", last_trade="202612"))]
    ['ESZ6']
    >>> universe.one(ContractFields(symbol="ES", sec_type="FUT", exchange="CME"))
    Missing(code=200, text='The contract description specified for ES is ambiguous.')
    """

    def __init__(self, contracts: Sequence[Contract], roots: Mapping[str, Root], now_ns: Callable[[], int]) -> None:
        self._roots, self._now_ns = roots, now_ns
        self._by_id = {each.con_id: each for each in chains.everything(roots, contracts, now_ns())}
        self._traded: dict[int, Contract] = {}
        self._ids: dict[int, int] = {}
        for contract in contracts:
            con_id = chains.of_contract(contract, roots.get(contract.root), list(self._by_id.values())).con_id
            if con_id in self._traded:
                raise DataError(f"{contract.symbol} and {self._traded[con_id].symbol} would both have the conId {con_id}")
            named = contract if contract.venue_ids.get("ib") == str(con_id) else _named(contract, con_id)
            self._traded[con_id], self._ids[contract.id] = named, con_id
        self._options = Options(roots)

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """What trades on the tape, each with its conId in ``venue_ids["ib"]``."""
        return tuple(self._traded.values())

    @property
    def today(self) -> date:
        """The day in Chicago, by which contracts expire."""
        return local(self._now_ns(), US_CENTRAL).date()

    def con_id(self, contract: Contract) -> int:
        """Give the conId of what trades on the tape."""
        return self._ids[contract.id]

    def listed_of(self, contract: Contract) -> Listed:
        """Give what the broker says about what trades on the tape."""
        return self._by_id[self._ids[contract.id]]

    def traded(self, listed: Listed | int) -> Contract | None:
        """Give the contract on the tape of a listed one (or its conId); `None` if it does not trade there."""
        return self._traded.get(listed if isinstance(listed, int) else listed.con_id)

    def by_id(self, con_id: int) -> Listed | None:
        """Give what a conId means, expired or not."""
        return self._by_id.get(con_id) or self._options.by_id(con_id)

    def find(self, fields: ContractFields, include_expired: bool = False) -> list[Listed]:
        """List what a description fits, by expiry; nothing if it fits nothing (rules above)."""
        with_expired = include_expired or fields.include_expired
        if fields.con_id:
            one = self.by_id(fields.con_id)
            found = [] if one is None or not self._is_there(one, with_expired) else [one]
            if fields.sec_type == CONTINUOUS:
                found = [self._continuous(each) for each in found]
        elif fields.sec_type in (CONTINUOUS, BOTH):
            found = self._leading(fields)
            if fields.sec_type == BOTH:
                found += self._fitting(replace(fields, sec_type="FUT"), with_expired)
        else:
            found = self._fitting(fields, with_expired)
        return [at for each in found if (at := _at(each, fields.exchange)) is not None]

    def one(self, fields: ContractFields, include_expired: bool = False) -> Listed | Missing:
        """Give the one contract a request for data or an order means, or the error that says why there is none."""
        if (refused := refusal(fields)) is not None:
            return refused
        found = self.find(fields, include_expired)
        if not found:
            return Missing(200, say.text_of(200))
        if len({each.con_id for each in found}) > 1:
            return Missing(200, say.AMBIGUOUS_TEXT.format(symbol=fields.symbol or fields.local_symbol))
        return found[0]

    def front(self, root: str) -> Listed | None:
        """Give the month of a root that leads today: seven days before it must be left, the next one does."""
        settings = self._roots.get(root)
        if settings is None or settings.type is not ContractType.FUTURE:
            return None
        month = front(settings.listing, self.today, business_days(*FAR))
        return self._by_id.get(chains.future_con_id(root, f"{month.year}{month.month:02}"))

    def rule(self, number: int) -> tuple[tuple[str, str], ...] | None:
        """Give a market rule: from which price on prices are multiples of what. `None`: there is no such rule."""
        if number in RULES:
            return RULES[number]
        ours = [each.min_tick for each in self._by_id.values() if number in each.rules]
        return (("0", ours[0]),) if ours else None

    def options(self) -> Options:
        """Give the option chains."""
        return self._options

    def matching(self, pattern: str) -> list[Listed]:
        """List what has a symbol or a name like `pattern`, without the single months."""
        text = pattern.upper()
        found = [each for each in self._by_id.values() if each.sec_type != "FUT"]
        begin = [each for each in found if each.symbol.startswith(text)]
        return begin + [each for each in found if each not in begin and text in each.long_name.upper()]

    def _fitting(self, fields: ContractFields, with_expired: bool) -> list[Listed]:
        pool: Iterable[Listed] = self._by_id.values()
        if fields.sec_type in ("OPT", "FOP"):
            pool = self._options.like(fields, self.today)
        found = [each for each in pool if _fits(each, fields) and self._is_there(each, with_expired)]
        return sorted(found, key=lambda each: (each.expiry or date.min, each.con_id))

    def _leading(self, fields: ContractFields) -> list[Listed]:
        roots = [root for root in self._roots.values() if root.type is ContractType.FUTURE]
        leading = [self.front(root.root) for root in roots if root.root == fields.symbol.upper()]
        asked = replace(fields, sec_type="FUT", last_trade="")
        return [self._continuous(each) for each in leading if each is not None and _fits(each, asked)]

    @staticmethod
    def _continuous(listed: Listed) -> Listed:
        return replace(listed, sec_type=CONTINUOUS) if listed.sec_type == "FUT" else listed

    def _is_there(self, listed: Listed, with_expired: bool) -> bool:
        if listed.expiry is None or listed.expiry >= self.today:
            return True
        kept_from = date(self.today.year - say.EXPIRED_KEPT_YEARS, self.today.month, min(self.today.day, 28))
        return with_expired and listed.sec_type == "FUT" and listed.expiry >= kept_from


def refusal(fields: ContractFields) -> Missing | None:
    """Say what a description lacks before anything is looked for."""
    if fields.con_id:
        return None
    if fields.sec_type not in say.SECURITY_TYPES:
        return Missing(321, say.text_of(321, what=say.CONTRACT_LETTERS, why=say.NO_SECURITY_TYPE))
    if not fields.symbol and not fields.local_symbol and not fields.sec_id:
        return Missing(321, say.text_of(321, what=say.CONTRACT_LETTERS, why=say.NO_SYMBOL))
    return None


def _fits(listed: Listed, fields: ContractFields) -> bool:
    return (
        _same(listed.sec_type, fields.sec_type)
        and _same(listed.symbol, fields.symbol.upper())
        and _same(listed.local_symbol, fields.local_symbol)
        and _same(listed.currency, fields.currency)
        and _same(listed.trading_class, fields.trading_class)
        and _same_number(listed.multiplier, fields.multiplier)
        and _same(listed.right, fields.right[:1] if fields.right not in ("0", "?") else "")
        and (not fields.strike or Decimal(listed.strike or 0) == Decimal(str(fields.strike)))
        and (not fields.primary_exchange or _home(fields.primary_exchange) in (_home(listed.primary), listed.exchange))
        and (not fields.sec_id or (fields.sec_id_type.upper(), fields.sec_id) in listed.sec_ids)
        and _expires(listed, fields.last_trade)
    )


def _same(has: str, asked: str) -> bool:
    return not asked or has == asked


def _same_number(has: str, asked: str) -> bool:
    try:
        return not asked or Decimal(has or 1) == Decimal(asked)
    except ArithmeticError:
        return False


def _expires(listed: Listed, asked: str) -> bool:
    asked = asked.split(" ", maxsplit=1)[0].split("-", maxsplit=1)[0]
    if len(asked) == len("202612"):
        return listed.month == asked if listed.month else listed.last_trade.startswith(asked)
    return not asked or listed.last_trade == asked


def _home(exchange: str) -> str:
    return "ISLAND" if exchange == "NASDAQ" else exchange  # one exchange by two names


def _at(listed: Listed, exchange: str) -> Listed | None:
    """The same, seen from the exchange that was asked for; `None` if it does not trade there."""
    if not exchange or exchange == listed.exchange:
        return listed
    return replace(listed, exchange=exchange) if _home(exchange) in map(_home, listed.exchanges) else None


def _named(contract: Contract, con_id: int) -> Contract:
    return replace(contract, venue_ids={**contract.venue_ids, "ib": str(con_id)})
