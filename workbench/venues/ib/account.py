"""What the broker says of money and positions, as events; and the answers to questions about them. Pure, but for what it remembers.

Values come one by one and are told together, by currency: when the first download ends, when the broker says of which minute they are, or
when `flush` is called. P&L of the day rides with them, as ``PnLDaily``, ``PnLUnrealized``, ``PnLRealized`` in the base currency.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.events import AccountTold, AccountValued, AnyEvent, BrokerSaid, Known, PositionTold, Unknown
from workbench.domain.units import MICROS
from workbench.venues.ib.units import to_micros, to_size
from workbench.wire import AccountDownloadEnd, AccountUpdateTime, AccountValue, Answer, OpenOrder, Pnl, Position, exact
from workbench.wire.text import Number

EQUITY, AVAILABLE, RATE = "NetLiquidation", "AvailableFunds", "ExchangeRate"
ALL: Final = "BASE"  # IB's word for the sum over currencies; the same numbers come under the base currency's own name
KEPT: Final = frozenset(
    {EQUITY, AVAILABLE, "ExcessLiquidity", "InitMarginReq", "MaintMarginReq", "FullInitMarginReq", "FullMaintMarginReq", "BuyingPower"}
    | {"EquityWithLoanValue", "GrossPositionValue", "TotalCashValue", "CashBalance", "SettledCash", "AccruedCash", "Cushion"}
    | {"UnrealizedPnL", "RealizedPnL", "FuturesPNL", "NetLiquidationByCurrency", "LookAheadInitMarginReq", "LookAheadAvailableFunds"}
)
FACTORS: Final = frozenset({"Cushion"})  # no money


class Account:
    """Of one account.

    Attributes
    ----------
    base
        Its base currency; `None` until told.
    positions
        By conId, signed size quanta of what is known, else units; as told last.
    """

    def __init__(self, name: str, contracts: Mapping[int, Contract]) -> None:
        self.name, self._contracts = name, contracts
        self.base: str | None = None
        self.is_complete = False  # a whole download came over this connection
        self.positions: dict[int, int] = {}
        self._values: dict[str, dict[str, int]] = {}  # by currency
        self._rates: dict[str, str] = {}
        self._changed: set[str] = set()
        self._valued: tuple[int, int] | None = None

    def forget(self) -> None:
        """Know nothing any more: the connection is gone. What was told of positions is kept: which are flat since must be told (`gone`)."""
        self.is_complete = False
        self._values.clear()
        self._valued = None

    def hear(self, message: Answer) -> list[AnyEvent]:
        """Give what a message means; nothing for one about something else."""
        match message:
            case AccountValue():
                if message.account == self.name:
                    self._value(message.key, message.value, message.currency)
                return []
            case AccountDownloadEnd(account=account):
                self.is_complete = self.is_complete or account == self.name
                return self.flush()
            case AccountUpdateTime():
                return self.flush() if self.is_complete else []
            case Pnl():
                self._pnl(message)
                return []
            case Position():
                return self._position(message) if message.account == self.name else []
            case _:
                return []

    def _value(self, key: str, value: str, currency: str) -> None:
        if key == RATE:
            try:
                rate = str(Decimal(value))
            except InvalidOperation:
                return
            self._changed |= {currency} if self._rates.get(currency) != rate else set()
            self._rates[currency] = rate
            return
        amount = to_micros(value) if key in KEPT and key not in FACTORS and currency not in ("", ALL) else None
        if amount is None:
            return
        if key == EQUITY:
            self.base = currency
        held = self._values.setdefault(currency, {})
        if held.get(key) != amount:
            held[key] = amount
            self._changed.add(currency)

    def _pnl(self, m: Pnl) -> None:
        if self.base is None:
            return
        for key, value in (("PnLDaily", m.daily), ("PnLUnrealized", m.unrealized), ("PnLRealized", m.realized)):
            if value is not None:
                self._value_of(key, value)

    def _value_of(self, key: str, value: Number) -> None:
        amount, held = to_micros(value), self._values.setdefault(self.base or "", {})
        if amount is not None and held.get(key) != amount:
            held[key] = amount
            self._changed.add(self.base or "")

    def flush(self) -> list[AnyEvent]:
        """Tell what changed since it was told last."""
        if not self.is_complete:
            return []
        changed, self._changed = sorted(self._changed), set()
        events: list[AnyEvent] = []
        for currency in changed:
            if values := self._values.get(currency):
                rate = "1" if currency == self.base else self._rates.get(currency)
                events.append(AccountTold(self.name, currency, dict(sorted(values.items())), rate))
        valued = self._equity()
        if valued is not None and valued != self._valued:
            self._valued = valued
            events.append(AccountValued(self.name, *valued))
        return events

    def _equity(self) -> tuple[int, int] | None:
        held = self._values.get(self.base or "", {})
        return (held[EQUITY], held[AVAILABLE]) if EQUITY in held and AVAILABLE in held else None

    def _position(self, m: Position) -> list[AnyEvent]:
        contract = self._contracts.get(m.contract.con_id)
        try:
            qty = to_size(contract, m.position) if contract is not None else int(m.position)
        except DataError as error:
            return [BrokerSaid(0, "position", str(error), None, None)]
        before = self.positions.get(m.contract.con_id)
        self.positions[m.contract.con_id] = qty
        if contract is None:
            name = m.contract.local_symbol or m.contract.symbol
            return [BrokerSaid(0, "foreign", f"{self.name} holds {m.position} {name}", None, None)] if qty and before != qty else []
        if before == qty:
            return []
        cost = exact(m.position) * exact(m.average_cost) * MICROS
        return [PositionTold(self.name, contract.id, qty, int(cost.to_integral_value()))]

    def held(self, contract: int) -> int:
        """Give the position of a contract of ours as it was told last; one that nobody named is flat."""
        return sum(qty for con_id, qty in self.positions.items() if (at := self._contracts.get(con_id)) is not None and at.id == contract)

    def held_before(self, positions: Mapping[int, int]) -> None:
        """Take what an earlier process heard of positions, by our id of a contract: which of them are flat since must be told."""
        known = {con_id: positions[contract.id] for con_id, contract in self._contracts.items() if contract.id in positions}
        self.positions.update(known)

    def gone(self, told: Collection[int], ours: Collection[int] = ()) -> list[AnyEvent]:
        """Tell that positions are flat which a whole answer did not name any more.

        `ours`: contracts, by our id, that a bracket of ours may hold. One of which nobody ever told a position is told as well: the process
        that bought it may have died before it heard so, or before that was written.
        """
        lost = [con_id for con_id, qty in self.positions.items() if qty and con_id not in told]
        untold = (con_id for con_id, contract in self._contracts.items() if contract.id in ours)
        lost += [con_id for con_id in untold if con_id not in self.positions and con_id not in told]
        for con_id in lost:
            self.positions[con_id] = 0
        return [PositionTold(self.name, self._contracts[con_id].id, 0, 0) for con_id in lost if con_id in self._contracts]

    # ------------------------------------------------------------------ answers
    def answer(self) -> Known | Unknown:
        """Give equity and free margin, as `Ask("account")` wants them."""
        valued = self._equity()
        if not self.is_complete or valued is None:
            return Unknown(f"{EQUITY} and {AVAILABLE} of {self.name} were not told over this connection")
        return Known({"equity_micros": valued[0], "available_micros": valued[1]})


def margin(rows: list[Answer]) -> Known | Unknown:
    """Read the answer to a what-if order: margins and commission in micros of the account's base currency, and IB's warning."""
    row = next((each for each in rows if isinstance(each, OpenOrder) and each.order.what_if), None)
    if row is None or row.state.init_margin_change is None or row.state.maint_margin_change is None:
        return Unknown("the broker's answer names no margin")
    state = row.state
    said: dict[str, Any] = {
        "initial_micros": to_micros(state.init_margin_change or 0),
        "maintenance_micros": to_micros(state.maint_margin_change or 0),
        "equity_after_micros": None if state.equity_with_loan_after is None else to_micros(state.equity_with_loan_after),
        "initial_after_micros": None if state.init_margin_after is None else to_micros(state.init_margin_after),
        "commission_micros": None if state.commission is None else to_micros(state.commission),
        "warning": state.warning_text,
    }
    return Known(said)


def is_what_if(message: Answer) -> bool:
    """Tell whether a message answers a what-if order."""
    return isinstance(message, OpenOrder) and message.order.what_if
