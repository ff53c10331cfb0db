"""One contract in one account at average cost, and what is shown of it. Integer money; it knows no orders and no market."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.contracts import Contract
from workbench.simulation.broker.texts import BUYING_POWER


class Booked(NamedTuple):
    """One execution as booked; ``signed`` size, above zero when bought."""

    exec_id: str
    signed: int
    px: int
    fee_micros: int

    def spent(self, contract: Contract) -> int:
        """Paid for it, commission included; below zero when sold."""
        return contract.value_micros(self.signed * self.px) + self.fee_micros


class Holding:
    """What is held of a contract, in money micros of its currency.

    ``cost_micros`` is what the open part was paid, commissions apart, with the sign of ``qty``: what closes takes its share at average,
    what turns it around begins anew.

    Examples
    --------
    >>> from workbench.domain.contracts import ContractType
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...               calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> holding = Holding(es)
    >>> holding.take(Booked("a", 1, 100, 0)), holding.take(Booked("b", 1, 103, 0)), holding.take(Booked("c", -1, 104, 0))
    (None, None, 31250000)
    >>> holding.qty, holding.cost_micros            # 2.5 ticks of 12.50 USD were realised; the average, 101.5 ticks, stays
    (1, 1268750000)
    """

    __slots__ = (
        "booked",
        "contract",
        "cost_micros",
        "day_realised",
        "day_spent",
        "day_value",
        "mark_px",
        "qty",
        "realised_micros",
        "results",
    )

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.booked: dict[str, Booked] = {}  # by execution, in their order
        self.results: dict[str, int | None] = {}  # by execution: what it realised net of its commission
        self.mark_px = 0
        self.qty = self.cost_micros = 0
        self.realised_micros = 0  # net of the commission of what closed, ever
        self.day_realised = 0  # of it, realised before this account day
        self.day_value = self.day_spent = 0  # worth as the day began; paid since, commissions included

    def take(self, booked: Booked) -> int | None:
        """Add an execution; gives what it realised net of its commission, `None` when it closed nothing."""
        self.booked[booked.exec_id] = booked
        self.day_spent += booked.spent(self.contract)
        self.mark_px = booked.px
        return self._step(booked)

    def _step(self, booked: Booked) -> int | None:
        self.results[booked.exec_id] = result = self._move(booked)
        return result

    def _move(self, booked: Booked) -> int | None:
        signed, px, worth = booked.signed, booked.px, self.contract.value_micros
        if self.qty * signed >= 0:
            self.qty += signed
            self.cost_micros += worth(signed * px)
            return None
        closing = min(abs(self.qty), abs(signed)) * (1 if self.qty > 0 else -1)
        released = self.cost_micros if closing == self.qty else self.cost_micros * closing // self.qty
        realised = worth(closing * px) - released - booked.fee_micros
        rest = signed + closing
        self.qty += signed
        self.cost_micros += worth(rest * px) - released
        self.realised_micros += realised
        return realised

    def replace(self, exec_id: str, instead: Booked | None) -> bool:
        """Put `instead` in the place of an execution, or nothing, and book everything anew; `False` when it is not here."""
        old = self.booked.get(exec_id)
        if old is None:
            return False
        stand = [instead if each is old else each for each in self.booked.values()]
        self.booked = {each.exec_id: each for each in stand if each is not None}
        self.qty = self.cost_micros = self.realised_micros = 0
        self.results.clear()
        for each in self.booked.values():
            self._step(each)
        self.day_spent += (instead.spent(self.contract) if instead else 0) - old.spent(self.contract)
        return True

    def value_micros(self) -> int:
        """Worth of all of it at its mark."""
        return self.contract.value_micros(self.qty * self.mark_px)

    def begin_day(self) -> None:
        """Count the day's profit from here on."""
        self.day_realised, self.day_value, self.day_spent = self.realised_micros, self.value_micros(), 0

    def show(self, account: str) -> Position:
        """Freeze it."""
        value = self.value_micros()
        return Position(
            account,
            self.contract.id,
            self.contract.currency,
            self.qty,
            self.cost_micros,
            self.mark_px,
            value,
            value - self.cost_micros,
            self.realised_micros - self.day_realised,
            value - self.day_value - self.day_spent,
        )


class Position(NamedTuple):
    """A holding as it is shown, money in the contract's currency. ``realised`` and ``daily`` are of this account day."""

    account: str
    contract: int
    currency: str
    qty: int
    cost_micros: int
    mark_px: int
    value_micros: int
    unrealised_micros: int
    realised_micros: int
    daily_micros: int

    @property
    def avg_cost_micros(self) -> int:
        """Average price paid x multiplier: IB's ``avgCost``."""
        return self.cost_micros // self.qty if self.qty else 0


class Worth(NamedTuple):
    """An account in micros of its base currency; ``by_currency`` in micros of each."""

    account: str
    currency: str
    by_currency: tuple[CurrencyWorth, ...]
    cash_micros: int
    stock_micros: int
    gross_micros: int
    unrealised_micros: int
    realised_micros: int
    futures_micros: int
    daily_micros: int
    equity_micros: int
    initial_micros: int
    maintenance_micros: int

    @property
    def available_micros(self) -> int:
        """Equity that binds nothing."""
        return self.equity_micros - self.initial_micros

    @property
    def excess_micros(self) -> int:
        """Equity above what must be maintained."""
        return self.equity_micros - self.maintenance_micros

    @property
    def buying_power_micros(self) -> int:
        """What could be bought on margin."""
        return max(0, self.available_micros) * BUYING_POWER


class CurrencyWorth(NamedTuple):
    """The part of an account that is in one currency, in its own micros; ``rate`` is base currency for one unit of it."""

    currency: str
    rate: str
    cash_micros: int
    stock_micros: int
    futures_micros: int
    unrealised_micros: int
    realised_micros: int

    @property
    def equity_micros(self) -> int:
        """All of it."""
        return self.cash_micros + self.stock_micros + self.futures_micros
