"""What the simulated broker believes an account is worth: cash, positions, margin. Integer money; no orders, no market of its own.

Equity is cash and what every position is worth marked at the side it could be left at: bid when long, ask when short. A side that is
not shown leaves the last mark, at first the price of the fill. Margin is a number for each contract held, by root.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from workbench.domain.errors import ConfigError, InvariantError, StoreError
from workbench.domain.events import AccountValued, AnyEvent, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import Leg, Submit
from workbench.risk.limits import Terms
from workbench.simulation.matching.exchange import Quote


class Holding(msgspec.Struct):
    """One contract in one account: signed ``qty``, ``flow`` = minus the sum of signed quantity x price of its fills, last mark."""

    qty: int = 0
    flow: int = 0
    mark_px: int = 0


class Bracket(msgspec.Struct):
    """What a fill does not say: whose it is and in which direction the entry went. ``rest`` of the entry may still fill."""

    account: str
    contract: int
    side: int
    rest: int
    held: int = 0


class Books(msgspec.Struct):
    """Everything the accounts remember."""

    cash_micros: dict[str, int] = {}
    holdings: dict[str, dict[int, Holding]] = {}
    brackets: dict[int, Bracket] = {}


class Accounts:
    """The accounts of one simulated broker, all of one currency.

    Parameters
    ----------
    terms
        What may be held, and what it binds.
    cash_micros
        What an account begins with, when it is first heard of.
    currency
        Of the accounts; a contract in another one is refused, since no rate is known here.

    Raises
    ------
    ConfigError
        A contract without a margin, or in another currency.

    Examples
    --------
    >>> from workbench.domain.contracts import Contract, ContractType
    >>> from workbench.domain.orders import Cause, Key, OrderType
    >>> mes = Contract(id=1, root="MES", symbol="MESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...                calendar="CME Globex Equity", multiplier="5", price_quantum="0.25", order_increment="0.25")
    >>> accounts = Accounts([Terms(mes, fee_micros=620_000, margin_micros=2_000_000_000)], cash_micros=5_000_000_000)
    >>> accounts.open(Submit(1, Key("DUSIM1", 1, "vwap"), 0, Cause(1, 0), 1, 2, OrderType.MARKET, 24_000, 23_988, 24_012))
    >>> accounts.book(OrderFilled(1, Leg.ENTRY, 2, 24_000, "S1.0.1", 1_240_000))
    >>> accounts.value("DUSIM1", {1: Quote(24_003, 24_004)})     # three ticks of two MES are 7.50 USD
    AccountValued(account='DUSIM1', equity_micros=5006260000, available_micros=1006260000)
    """

    def __init__(self, terms: Sequence[Terms], *, cash_micros: int, currency: str = "USD") -> None:
        for each in terms:
            contract = each.contract
            if not (each.margin_micros or each.margin_frac):
                raise ConfigError(f"margins: none for root {contract.root}; name it, for one contract or as a share of notional")
            if contract.currency != currency:
                raise ConfigError(f"{contract.symbol} is priced in {contract.currency}, the simulated account is in {currency}")
        self._contracts = {each.contract.id: each.contract for each in terms}
        self._terms = {each.contract.id: each for each in terms}
        self._begin = cash_micros
        self._books = Books()

    def open(self, command: Submit) -> None:
        """Hear of a bracket, before its first report."""
        if command.key.contract not in self._contracts:
            raise InvariantError(f"bracket {command.ref} names contract {command.key.contract}, which was never defined")
        account = command.key.account
        self._books.cash_micros.setdefault(account, self._begin)
        self._books.brackets[command.ref] = Bracket(account, command.key.contract, command.side, command.qty)

    def book(self, event: AnyEvent) -> None:
        """Take a report of the exchange; one that moves no quantity changes nothing."""
        match event:
            case OrderFilled():
                self._fill(event)
            case OrderCancelled(ref, Leg.ENTRY, qty) if ref in self._books.brackets:
                self._end_entry(ref, qty)
            case OrderRejected(ref, Leg.ENTRY) if ref in self._books.brackets:
                self._end_entry(ref, self._books.brackets[ref].rest)

    def _fill(self, fill: OrderFilled) -> None:
        bracket = self._books.brackets.get(fill.ref)
        if bracket is None:
            raise InvariantError(f"execution {fill.exec_id} of a bracket nobody opened, or that is over")
        is_entry = fill.leg is Leg.ENTRY
        signed = fill.qty * (bracket.side if is_entry else -bracket.side)
        bracket.held += fill.qty if is_entry else -fill.qty
        bracket.rest -= fill.qty if is_entry else 0
        self._books.cash_micros[bracket.account] -= fill.fee_micros or 0
        holding = self._books.holdings.setdefault(bracket.account, {}).setdefault(bracket.contract, Holding())
        holding.qty += signed
        holding.flow -= signed * fill.px
        holding.mark_px = fill.px
        if holding.qty == 0:
            self._books.cash_micros[bracket.account] += self._contracts[bracket.contract].value_micros(holding.flow)
            del self._books.holdings[bracket.account][bracket.contract]
        self._forget_if_over(fill.ref)

    def _end_entry(self, ref: int, qty: int) -> None:
        self._books.brackets[ref].rest -= qty
        self._forget_if_over(ref)

    def _forget_if_over(self, ref: int) -> None:
        bracket = self._books.brackets[ref]
        if bracket.rest <= 0 and bracket.held == 0:
            del self._books.brackets[ref]

    def accounts(self) -> Iterable[str]:
        """Go through the accounts heard of, first heard first."""
        return self._books.cash_micros.keys()

    def held(self, account: str) -> tuple[int, ...]:
        """Give the contracts an account holds now."""
        return tuple(self._books.holdings.get(account, {}))

    def position(self, account: str, contract: int) -> int:
        """Give the contracts held, below zero when short."""
        holding = self._books.holdings.get(account, {}).get(contract)
        return holding.qty if holding else 0

    def margin_micros(self, contract: int, qty: int, px: int = 0) -> int:
        """Give the initial margin of `qty` contracts at about `px`, in money micros."""
        return self._terms[contract].margin(abs(qty), px)

    def value(self, account: str, quotes: Mapping[int, Quote]) -> AccountValued:
        """Mark an account at `quotes` (by contract id; those it does not hold are not looked at)."""
        equity = self._books.cash_micros.get(account, self._begin)
        margin = 0
        for contract, holding in self._books.holdings.get(account, {}).items():
            quote = quotes.get(contract, Quote(None, None))
            side = quote.bid if holding.qty > 0 else quote.ask
            if side is not None:
                holding.mark_px = side
            equity += self._contracts[contract].value_micros(holding.flow + holding.qty * holding.mark_px)
            margin += self.margin_micros(contract, holding.qty, holding.mark_px)
        return AccountValued(account, equity, equity - margin)

    def snapshot(self) -> bytes:
        """Write the books down."""
        return msgspec.msgpack.encode(self._books)

    def restore(self, blob: bytes) -> None:
        """Read a snapshot back; `StoreError`, and nothing has changed, if it is none."""
        try:
            self._books = msgspec.msgpack.decode(blob, type=Books)
        except msgspec.DecodeError as error:
            raise StoreError(f"this is no snapshot of simulated accounts: {error}") from error
