"""What accounts at a broker are worth: cash by currency, holdings, margin, profit and loss. Integer money; no orders.

Rules
-----
1. A future moves no cash but what it realises and costs; everything else is paid for in full.
2. Equity = cash + worth of what was paid for + unrealised of futures, in base currency at the rates given, marked where it could be left.
3. A correction or bust books the contract's executions of that account anew; cash moves by the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from workbench.domain.contracts import ContractType
from workbench.domain.errors import ConfigError, InvariantError
from workbench.risk.limits import Terms
from workbench.simulation.broker.holdings import Booked, CurrencyWorth, Holding, Position, Worth
from workbench.simulation.broker.reports import Margins
from workbench.simulation.broker.texts import MAINTENANCE_SHARE

Mark = Callable[[int, int], int | None]  # (contract, sign of a position) -> price at which it could be left


class Account(NamedTuple):
    """An account as it begins."""

    name: str
    cash_micros: int
    currency: str = "USD"


class Ledger:
    """The books of all accounts of one broker.

    Parameters
    ----------
    terms
        What may be held, what it binds and costs.
    rates
        Worth of one unit of a currency in one common currency, decimals; a currency without a rate is refused.
    mark
        Where a position could be left.

    Examples
    --------
    >>> from workbench.domain.contracts import Contract
    >>> mes = Contract(id=1, root="MES", symbol="MESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...                calendar="CME Globex Equity", multiplier="5", price_quantum="0.25", order_increment="0.25")
    >>> ledger = Ledger([Terms(mes, 620_000, 2_000_000_000)], [Account("DUSIM1", 10_000_000_000)], {"USD": "1"}, lambda c, s: 24_003)
    >>> ledger.book("DUSIM1", 1, Booked("a", 2, 24_000, 1_240_000))
    >>> ledger.worth("DUSIM1").equity_micros          # three ticks of two MES are 7.50 USD, 1.24 USD were paid
    10006260000
    """

    def __init__(self, terms: Sequence[Terms], accounts: Sequence[Account], rates: Mapping[str, str], mark: Mark) -> None:
        self.terms = {each.contract.id: each for each in terms}
        self.accounts = {each.name: each for each in accounts}
        self.rates = {currency: Fraction(rate) for currency, rate in rates.items()}
        needed = {each.contract.currency for each in terms} | {each.currency for each in accounts}
        if missing := sorted(needed - self.rates.keys()):
            raise ConfigError(f"rates: none for {', '.join(missing)}; say what one unit is worth in one common currency")
        self._mark = mark
        self._cash: dict[str, dict[str, int]] = {each.name: {each.currency: each.cash_micros} for each in accounts}
        self._held: dict[str, dict[int, Holding]] = {each.name: {} for each in accounts}
        self._day_equity = {each.name: each.cash_micros for each in accounts}
        self.moves = dict.fromkeys(self.accounts, 0)  # rises with everything that moves an account

    def convert(self, micros: int, currency: str, base: str) -> int:
        """Turn money into `base`, rounded down."""
        if currency == base:
            return micros
        exact = micros * self.rates[currency] / self.rates[base]
        return exact.numerator // exact.denominator

    def book(self, account: str, contract: int, booked: Booked) -> int | None:
        """Take an execution; gives what it realised net of its commission, `None` when it closed nothing."""
        terms = self.terms[contract]
        holding = self._held[account].setdefault(contract, Holding(terms.contract))
        cost = holding.cost_micros
        realised = holding.take(booked)
        self._pay(account, contract, self._unpaid(contract, holding.cost_micros - cost) - booked.spent(terms.contract))
        return realised

    def rebook(self, account: str, contract: int, exec_id: str, instead: Booked | None) -> None:
        """Put `instead` in the place of an execution, or nothing."""
        holding = self._held[account].get(contract)
        old = holding.booked.get(exec_id) if holding else None
        if holding is None or old is None:
            raise InvariantError(f"execution {exec_id} is not booked on {account}")
        cost = holding.cost_micros
        holding.replace(exec_id, instead)
        less = old.spent(holding.contract) - (instead.spent(holding.contract) if instead else 0)
        self._pay(account, contract, less + self._unpaid(contract, holding.cost_micros - cost))

    def cost_of(self, account: str, contract: int, exec_id: str) -> tuple[int, int | None]:
        """Commission of an execution, and what it realised net of it (`None`: it closed nothing)."""
        holding = self._held[account][contract]
        return holding.booked[exec_id].fee_micros, holding.results[exec_id]

    def _unpaid(self, contract: int, cost_micros: int) -> int:
        """What of a change in cost a future does not move in cash."""
        return cost_micros if self.terms[contract].contract.type is ContractType.FUTURE else 0

    def _pay(self, account: str, contract: int, micros: int) -> None:
        cash, currency = self._cash[account], self.terms[contract].contract.currency
        cash[currency] = cash.get(currency, 0) + micros
        self.moves[account] += 1

    def begin_day(self) -> None:
        """Count daily profit from here on."""
        for account, held in self._held.items():
            for holding in held.values():
                self._look(holding)
                holding.begin_day()
            self._day_equity[account] = self.worth(account).equity_micros
            self.moves[account] += 1

    def _look(self, holding: Holding) -> None:
        px = self._mark(holding.contract.id, 1 if holding.qty > 0 else -1) if holding.qty else None
        if px is not None:
            holding.mark_px = px

    def qty(self, account: str, contract: int) -> int:
        """Contracts held, below zero when short."""
        holding = self._held[account].get(contract)
        return holding.qty if holding else 0

    def cash(self, account: str) -> dict[str, int]:
        """Cash by currency, in its own micros."""
        return dict(self._cash[account])

    def position(self, account: str, contract: int) -> Position:
        """Show one holding, marked now; an empty one when nothing was ever held."""
        holding = self._held[account].get(contract) or Holding(self.terms[contract].contract)
        self._look(holding)
        return holding.show(account)

    def positions(self, account: str) -> list[Position]:
        """Show what was held at any time, marked now, in the order of contract ids."""
        return [self.position(account, contract) for contract in sorted(self._held[account])]

    def margins(self, account: str, more: Mapping[int, int] | None = None, fee_micros: int = 0) -> Margins:
        """Margin and equity of an account; `more`: as if it held so much more of a contract, having paid `fee_micros` for it."""
        base, initial, maintenance = self.accounts[account].currency, 0, Fraction(0)
        held = {contract: holding.qty for contract, holding in self._held[account].items()}
        for contract, qty in (more or {}).items():
            held[contract] = held.get(contract, 0) + qty
        for contract, qty in held.items():
            if qty:
                terms = self.terms[contract]
                holding = self._held[account].get(contract)
                px = self._mark(contract, 1 if qty > 0 else -1) or (holding.mark_px if holding else 0)
                bound = self.convert(terms.margin(abs(qty), px), terms.contract.currency, base)
                initial += bound
                maintenance += bound * MAINTENANCE_SHARE.get(terms.contract.type, Fraction(1))
        return Margins(initial, int(maintenance), self.worth(account, is_bound=False).equity_micros - fee_micros)

    def worth(self, account: str, *, is_bound: bool = True) -> Worth:
        """Value an account now; without margins when `is_bound` is not set."""
        base = self.accounts[account].currency
        positions = self.positions(account)
        parts = [self._part(currency, base, cash, positions) for currency, cash in self._all_cash(account, positions)]

        def total(name: str) -> int:
            return sum(self.convert(int(getattr(part, name)), part.currency, base) for part in parts)

        equity = total("equity_micros")
        bound = self.margins(account) if is_bound else Margins(0, 0, 0)
        gross = sum(self.convert(abs(p.value_micros), p.currency, base) for p in positions if not self._is_future(p.contract))
        return Worth(
            account, base, tuple(parts), total("cash_micros"), total("stock_micros"), gross, total("unrealised_micros"),
            total("realised_micros"), total("futures_micros"), equity - self._day_equity[account], equity, bound.initial, bound.maintenance,
        )  # fmt: skip

    def _is_future(self, contract: int) -> bool:
        return self.terms[contract].contract.type is ContractType.FUTURE

    def _all_cash(self, account: str, positions: Sequence[Position]) -> list[tuple[str, int]]:
        cash = self._cash[account]
        return [(c, cash.get(c, 0)) for c in dict.fromkeys([*cash, *(p.currency for p in positions)])]

    def _part(self, currency: str, base: str, cash: int, positions: Sequence[Position]) -> CurrencyWorth:
        mine = [each for each in positions if each.currency == currency]
        stock = sum(each.value_micros for each in mine if not self._is_future(each.contract))
        futures = sum(each.unrealised_micros for each in mine if self._is_future(each.contract))
        rate = self.rates[currency] / self.rates[base]
        unrealised, realised = sum(each.unrealised_micros for each in mine), sum(each.realised_micros for each in mine)
        return CurrencyWorth(currency, f"{float(rate):.8g}", cash, stock, futures, unrealised, realised)
