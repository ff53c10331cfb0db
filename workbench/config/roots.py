"""A root: what all its contracts have in common, and the way from it to one contract. Decimals stay exact; no file is read here."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import MICROS
from workbench.market.rolls import MONTH_CODES, Expires, Listing, delivery_month, local_symbol


def _decimal(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError('write decimals in quotes, "0.25", so that nothing is lost')
    try:
        if Fraction(str(value)) > 0:
            return str(value)
    except (ValueError, ZeroDivisionError):
        pass
    raise ValueError("needs a positive decimal number")


Decimal = Annotated[str, BeforeValidator(_decimal)]


class Root(BaseModel):
    """What settings say about a root; units are in the head of `workbench/roots.toml`.

    Examples
    --------
    >>> from workbench.config import load_roots
    >>> es = load_roots()["ES"]
    >>> contract = es.contract(1, date(2026, 12, 18))
    >>> contract.symbol, contract.to_px(6010.25), es.commission_micros(2)
    ('ESZ6', 24041, 4500000)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: str
    type: ContractType
    exchange: str
    currency: str
    multiplier: Decimal
    price_quantum: Decimal
    order_increment: Decimal
    size_quantum: Decimal
    calendar: str
    months: str | None = Field(default=None, min_length=1)
    expires: Expires | None = None
    commission: Decimal
    commission_min: Decimal | None = None
    initial_margin: Decimal | None = None
    initial_margin_frac: Decimal | None = None
    lead: str | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Root:
        if Fraction(self.order_increment) % Fraction(self.price_quantum):
            raise ValueError(f"order_increment {self.order_increment} is no whole number of price quanta ({self.price_quantum})")
        if (self.type is ContractType.FUTURE) != (self.months is not None and self.expires is not None):
            raise ValueError("a future, and only a future, says `months` and `expires`")
        if self.months is not None and "".join(code for code in MONTH_CODES if code in self.months) != self.months:
            raise ValueError(f"months must be codes out of {MONTH_CODES}, in that order")
        if (self.initial_margin is None) == (self.initial_margin_frac is None):
            raise ValueError("needs one of `initial_margin` (money a contract) and `initial_margin_frac` (share of notional)")
        return self

    @property
    def listing(self) -> Listing:
        """What `market.rolls` needs to know; `ConfigError` if this is no future."""
        if self.months is None or self.expires is None:
            raise ConfigError(f"{self.root} is a {self.type}: it has no delivery months")
        return Listing(self.root, self.months, self.expires)

    def contract(self, id: int, expiry: date | str | None = None) -> Contract:  # noqa: A002  the field's own name
        """Define one contract of this root.

        Parameters
        ----------
        id
            Of the contract; the caller sees to it that it was never used.
        expiry
            Last trading day of a future (``2026-12-18``); `None` for everything else.

        Raises
        ------
        ConfigError
            If a future comes without expiry, or with one in a month it does not list; if anything else comes with one; for options,
            which their venue defines.
        """
        if self.type is ContractType.OPTION:
            raise ConfigError(f"{self.root}: option contracts are defined by their venue's answer, not by settings")
        if (expiry is None) == (self.type is ContractType.FUTURE):
            raise ConfigError(f"{self.root} is a {self.type}: it {'needs an' if expiry is None else 'has no'} expiry")
        day = date.fromisoformat(expiry) if isinstance(expiry, str) else expiry
        try:
            return Contract(
                id=id,
                root=self.root,
                symbol=self.root if day is None else self._symbol(day),
                type=self.type,
                exchange=self.exchange,
                currency=self.currency,
                calendar=self.calendar,
                multiplier=self.multiplier,
                price_quantum=self.price_quantum,
                order_increment=self.order_increment,
                size_quantum=self.size_quantum,
                expiry=None if day is None else day.isoformat(),
            )
        except DataError as error:
            raise ConfigError(str(error)) from error

    def commission_micros(self, qty: int) -> int:
        """Give the assumed commission of one order of `qty` contracts or shares, in money micros, rounded up."""
        exact = max(Fraction(self.commission) * abs(qty), Fraction(self.commission_min or 0)) * MICROS
        return -(-exact.numerator // exact.denominator) if qty else 0

    def margin_micros(self, qty: int, notional_micros: int) -> int:
        """Give the assumed initial margin of `qty` contracts or shares worth `notional_micros` together, rounded up."""
        if self.initial_margin is not None:
            exact = Fraction(self.initial_margin) * abs(qty) * MICROS
        else:
            exact = Fraction(self.initial_margin_frac or 0) * abs(notional_micros)
        return -(-exact.numerator // exact.denominator)

    def _symbol(self, expiry: date) -> str:
        listing = self.listing
        year, month = delivery_month(listing.expires, expiry)
        if MONTH_CODES[month - 1] not in listing.months:
            raise ConfigError(f"{self.root} lists the months {listing.months}; {expiry} is an expiry of {MONTH_CODES[month - 1]}")
        return local_symbol(self.root, year, month)
