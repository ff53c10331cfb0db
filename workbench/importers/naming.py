"""From a name a person or a file uses (ESH4, ES.c, SPY) to a contract. Ids are not given here: every contract leaves with id 1.

One digit of a year says no decade; meant is the first such month that had not expired when the data begin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Final, NamedTuple

from msgspec.structs import replace

from workbench.calendars import business_days
from workbench.config import Root
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import SECOND
from workbench.market.rolls import MONTH_CODES, Dated, dated

UNNUMBERED: Final = 1
CONTINUOUS: Final = {"continuous": "true"}  # in `Contract.venue_ids`: a simulation trades it, no broker is sent an order
MONTH: Final = re.compile(rf"^(.+?)([{MONTH_CODES}])(\d{{1,2}})$")
YEARS_AHEAD: Final = 10


class Name(NamedTuple):
    """What a name says: its root, and for a future a month, or that it is a continuous series."""

    text: str
    root: Root
    month: int | None = None
    year: str = ""  # one or two digits
    is_continuous: bool = False
    expiry: date | None = None

    def contract(self, near_ns: int) -> Contract:
        """Define the contract that is meant by data which begin at `near_ns`.

        Raises
        ------
        ConfigError
            The root does not list that month, or nothing so named was alive then.
        """
        near = datetime.fromtimestamp(near_ns // SECOND, UTC).date()
        if self.is_continuous:
            some = self.root.contract(UNNUMBERED, self._listed(near).expiry)
            return replace(some, symbol=f"{self.root.root}.c", expiry=None, venue_ids=CONTINUOUS)
        if self.root.type is not ContractType.FUTURE:
            return self.root.contract(UNNUMBERED)
        if self.expiry is not None:
            return self._expiring(self.expiry)
        return self.root.contract(UNNUMBERED, self._dated(near).expiry)

    def _expiring(self, expiry: date) -> Contract:
        contract = self.root.contract(UNNUMBERED, expiry)
        if self.month is not None and contract.symbol != f"{self.root.root}{MONTH_CODES[self.month - 1]}{self.year[-1]}":
            raise ConfigError(f"{self.text} does not expire on {expiry}: that is {contract.symbol}")
        return contract

    def _dated(self, near: date) -> Dated:
        assert self.month is not None
        for year in range(near.year, near.year + YEARS_AHEAD + 1):
            if str(year).endswith(self.year):
                found = self._month(year, self.month)
                if found.expiry >= near:
                    return found
        raise ConfigError(f"{self.text}: no such month was alive on {near}, when the data begin; say --expiry if it is another decade")

    def _listed(self, near: date) -> Dated:
        return self._month(near.year, MONTH_CODES.index(self.root.listing.months[0]) + 1)

    def _month(self, year: int, month: int) -> Dated:
        return dated(self.root.listing, year, month, business_days(date(year - 1, 11, 1), date(year + 1, 2, 28)))


def name(text: str, roots: Mapping[str, Root], *, expiry: date | None = None) -> Name:
    """Understand a name.

    Raises
    ------
    ConfigError
        No such root, or a future without its month.

    Examples
    --------
    >>> from workbench.config import load_roots
    >>> name("ESH4", load_roots()).contract(1_703_462_400 * SECOND).expiry
    '2024-03-15'
    >>> name("ES.c", load_roots()).contract(1_703_462_400 * SECOND).symbol
    'ES.c'
    """
    if expiry is not None and (text.endswith(".c") or (text in roots and roots[text].type is not ContractType.FUTURE)):
        raise ConfigError(f"{text} has no expiry; leave it away")
    if text.endswith(".c") and text[:-2] in roots:
        return Name(text, _future(text[:-2], roots), is_continuous=True)
    if text in roots:
        root = roots[text]
        if root.type is ContractType.FUTURE and expiry is None:
            raise ConfigError(f"{text} is a future: which month? Name it {text}H6 or so, give --expiry, or {text}.c: a continuous series")
        return Name(text, root, expiry=expiry)
    found = MONTH.match(text)
    if found is not None and found[1] in roots:
        return Name(text, _future(found[1], roots), MONTH_CODES.index(found[2]) + 1, found[3], expiry=expiry)
    raise unknown(text, roots)


def day(text: str | None) -> date | None:
    """Read the day of an expiry.

    >>> day("2024-03-15")
    datetime.date(2024, 3, 15)
    """
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"expiry {text!r} is no day; write 2024-03-15") from error


def unknown(text: str, roots: Mapping[str, Root]) -> ConfigError:
    """Say that no root fits, and which come near."""
    near = get_close_matches(text, roots, 3, 0.4) or sorted(roots)
    return ConfigError(f"{text!r} names no root of the settings; near are {', '.join(near)}. Add others as [roots.X] to workbench.toml")


def check_increment(contract: Contract, increment: int | None, where: str) -> None:
    """Hold what the exchange says about the price step (1e-9 points) against the settings; `DataError` if prices could not be written."""
    if increment is not None and increment % (contract.quantum * 1_000_000_000):
        step = increment / 1e9
        raise DataError(f"{where}: the exchange's price step of {contract.symbol} is {step}, no multiple of {contract.price_quantum}")


def _future(root: str, roots: Mapping[str, Root]) -> Root:
    if roots[root].type is not ContractType.FUTURE:
        raise ConfigError(f"{root} is a {roots[root].type}: it has no months and no continuous series; name it {root}")
    return roots[root]
