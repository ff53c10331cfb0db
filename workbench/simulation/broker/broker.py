"""A simulated Interactive Brokers: orders of all kinds, accounts, executions. The truth, without a wire, a clock or any I/O.

Time and market records are handed in; what happened is taken out as reports, in the order in which it arose. The same calls give the
same reports. Every choice that nobody documents stands in `texts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError, InvariantError
from workbench.domain.records import Records
from workbench.risk.limits import Terms
from workbench.simulation.broker import texts
from workbench.simulation.broker.desk import Desk
from workbench.simulation.broker.entry import Entry
from workbench.simulation.broker.holdings import Booked, Position, Worth
from workbench.simulation.broker.ledger import Account, Ledger
from workbench.simulation.broker.market import Slot
from workbench.simulation.broker.matching import Matching
from workbench.simulation.broker.orders import Live, Order, OrderState, Tif
from workbench.simulation.broker.reports import Busted, Commission, Execution, Report, What
from workbench.simulation.matching.models import PLAIN, Slippage

USD_ONLY: Final = {"USD": "1"}


class Truth(NamedTuple):
    """What a client's own books must agree with. Positions that are flat are left out; executions as corrected, without the busted."""

    positions: dict[tuple[str, int], int]
    cash_micros: dict[tuple[str, str], int]
    orders: tuple[OrderState, ...]  # those that live
    executions: tuple[Execution, ...]


class Broker:
    """The broker.

    Parameters
    ----------
    contracts
        Everything a record may name.
    terms
        Fee and margin of what may be traded; a contract without is known but not tradable (200).
    accounts
        As they begin.
    rates
        Worth of one unit of each currency in one common currency, decimals.
    slippage
        Extra ticks against orders; none by default.
    commission_after_ns
        How long after its execution a commission is reported; 0: with it.

    Examples
    --------
    >>> from workbench.domain.contracts import ContractType
    >>> from workbench.domain.records import ASK, BID, Kind, Phase, empty
    >>> from workbench.simulation.broker import Type
    >>> mes = Contract(id=1, root="MES", symbol="MESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...                calendar="CME Globex Equity", multiplier="5", price_quantum="0.25", order_increment="0.25")
    >>> broker = Broker([mes], [Terms(mes, 620_000, 2_000_000_000)], [Account("DUSIM1", 10_000_000_000)])
    >>> tape = empty(2)
    >>> tape["contract"], tape["recv_ns"], tape["kind"] = 1, (1, 3), (Kind.PHASE, Kind.QUOTE)
    >>> tape["level"][0], tape["flags"][1] = Phase.RTH, BID | ASK
    >>> tape["px"][1], tape["sz"][1], tape["px2"][1], tape["sz2"][1] = 23_999, 5, 24_000, 5
    >>> broker.records(tape, 0, 1)
    >>> broker.place(Order(client_id=1, order_id=5, account="DUSIM1", contract=1, side=1, qty=2, type=Type.MARKET), 2)
    >>> broker.records(tape, 1, 2)
    >>> [type(report).__name__ for report in broker.take()]
    ['OrderReport', 'Execution', 'OrderReport', 'Commission']
    >>> broker.truth().positions
    {('DUSIM1', 1): 2}
    """

    def __init__(
        self,
        contracts: Sequence[Contract],
        terms: Sequence[Terms],
        accounts: Sequence[Account],
        *,
        rates: Mapping[str, str] = USD_ONLY,
        slippage: Slippage = PLAIN.slippage,
        commission_after_ns: int = 0,
    ) -> None:
        if not accounts:
            raise ConfigError("a broker needs at least one account")
        self._slots = {contract.id: Slot(contract) for contract in contracts}
        self.ledger = Ledger(terms, accounts, rates, self.mark)
        self.accounts = tuple(account.name for account in accounts)
        self._desk = Desk(self._slots, self.ledger, commission_after_ns=commission_after_ns)
        self._matching = Matching(self._desk, slippage)
        self._entry = Entry(self._desk)
        self._now_ns = 0  # time has been advanced to here

    # ---- orders -----------------------------------------------------------------------------------------------------------------------
    def place(self, order: Order, now_ns: int) -> None:
        """Take an order, or the change of one that stands (the same client and id)."""
        self._entry.place(order, now_ns)

    def cancel(self, client_id: int, order_id: int, now_ns: int) -> None:
        """Withdraw an order of a client: 202 when it is, 10147 when there is none of its own, 10148 when it is over."""
        self._entry.cancel(client_id, order_id, now_ns)

    def cancel_by_hand(self, perm_id: int, now_ns: int) -> None:
        """Withdraw any order that lives, as a person at the screen does."""
        self._entry.cancel_by_hand(perm_id, now_ns)

    def cancel_all(self, now_ns: int) -> None:
        """Withdraw every order that lives, whoever placed it."""
        self._entry.cancel_all(now_ns)

    def what_if(self, order: Order, now_ns: int) -> None:
        """Say what an order would bind and cost, or why it would be refused; nothing is placed."""
        self._entry.what_if(order, now_ns)

    def place_by_hand(self, order: Order, now_ns: int) -> int:
        """Take an order typed at the screen (``client_id`` and ``order_id`` 0); gives its permId, 0 when it is refused."""
        return self._entry.place_by_hand(order, now_ns)

    def bind(self, perm_id: int, client_id: int = 0) -> int:
        """Make an order typed by hand known to a client, under a negative id of its own; gives that id."""
        return self._entry.bind(perm_id, client_id)

    def highest_id(self, client_id: int) -> int:
        """Highest order id a client has used, 0 if none."""
        return self._entry.highest_id(client_id)

    # ---- what the exchange takes back -------------------------------------------------------------------------------------------------
    def correct(self, exec_id: str, *, now_ns: int, px: int | None = None, qty: int | None = None) -> str:
        """Let the exchange correct an execution; gives the id of the one that stands in its place, its last number one higher."""
        old, row = self._execution(exec_id)
        px, qty = old.px if px is None else px, old.qty if qty is None else qty
        row.filled += qty - old.qty
        row.flow += px * qty - old.px * old.qty
        fee, _ = self.ledger.cost_of(old.account, old.contract, exec_id)
        root, _, nth = exec_id.rpartition(".")
        new = old._replace(
            exec_id=f"{root}.{int(nth) + 1:02d}", time_ns=now_ns, px=px, qty=qty, cum_qty=row.filled, flow=row.flow, replaces=exec_id
        )
        self.ledger.rebook(old.account, old.contract, exec_id, Booked(new.exec_id, qty * old.side, px, fee))
        del self._desk.executions[exec_id]
        self._desk.executions[new.exec_id] = new
        self._desk.out.append(new)
        self._desk.tell(row, What.CORRECTED)
        self._desk.out.append(self.commission_of(new))
        return new.exec_id

    def bust(self, exec_id: str) -> None:
        """Let the exchange take an execution back: it never was."""
        old, row = self._execution(exec_id)
        row.filled -= old.qty
        row.flow -= old.px * old.qty
        self.ledger.rebook(old.account, old.contract, exec_id, None)
        del self._desk.executions[exec_id]
        self._desk.out.append(Busted(exec_id, old.client_id, old.account, old.contract))

    def _execution(self, exec_id: str) -> tuple[Execution, Live]:
        if exec_id not in self._desk.executions:
            raise InvariantError(f"no execution {exec_id} stands")
        execution = self._desk.executions[exec_id]
        return execution, self._desk.rows[execution.perm_id]

    # ---- time and market --------------------------------------------------------------------------------------------------------------
    def records(self, records: Records, start: int, stop: int) -> None:
        """Let market records [start, stop) pass, none earlier than what was handed in before; what falls due between them happens."""
        times = records["recv_ns"]
        while start < stop:
            due, end = self.next_due_ns(), stop
            if due is not None and due <= times[stop - 1]:
                end = start + int(times[start:stop].searchsorted(due))
            start = self._matching.run(records, start, end)
            if due is not None and start == end < stop:
                self.advance(due)

    def advance(self, now_ns: int) -> None:
        """Let time come to `now_ns`: what is due by then happens."""
        desk, self._now_ns = self._desk, max(self._now_ns, now_ns)
        for row in [each for slot in self._slots.values() for each in slot.rows]:
            if row.is_done:
                continue
            if row.ioc_due_ns is not None and row.ioc_due_ns <= now_ns:
                self._matching.give_up(row, now_ns)
            elif row.order.tif is Tif.GTD and row.order.good_till_ns is not None and row.order.good_till_ns <= now_ns:
                desk.end(row, now_ns, texts.EXPIRED)
            elif row.order.good_after_ns is not None and row.order.good_after_ns <= now_ns:
                desk.tell_if_changed(row, now_ns, What.RELEASED)
        due = [report for at, report in desk.commissions if at <= now_ns]
        desk.commissions = [each for each in desk.commissions if each[0] > now_ns]
        desk.out.extend(due)

    def next_due_ns(self) -> int | None:
        """Say when `advance` is wanted next; `None` when nothing waits for a time."""
        times = [at for at, _ in self._desk.commissions]
        for slot in self._slots.values():
            for row in slot.rows:
                order = row.order
                good_till, good_after = order.good_till_ns if order.tif is Tif.GTD else None, order.good_after_ns
                after = good_after if good_after is not None and good_after > self._now_ns else None
                times += [t for t in (row.ioc_due_ns, good_till, after) if t is not None]
        return min(times, default=None)

    def take(self) -> list[Report]:
        """Give what happened since the last call, in the order in which it arose."""
        out, self._desk.out = self._desk.out, []
        return out

    def mark(self, contract: int, side: int) -> int | None:
        """Price at which a position of sign `side` could be left, as last seen; `None`: the contract was never quoted."""
        return self._slots[contract].mark(side)

    # ---- questions --------------------------------------------------------------------------------------------------------------------
    def orders(self) -> list[OrderState]:
        """Every order that is transmitted and lives, oldest first."""
        return [row.state() for row in self._desk.rows.values() if row.is_sent and not row.is_done]

    def completed(self) -> list[OrderState]:
        """Every order that is over, in the order in which they ended."""
        over = [row for row in self._desk.rows.values() if row.is_sent and row.is_done]
        return [row.state() for row in sorted(over, key=lambda row: (row.done_ns or 0, row.perm_id))]

    def order(self, perm_id: int) -> OrderState:
        """One order."""
        return self._desk.rows[perm_id].state()

    def executions(self) -> list[Execution]:
        """Executions that stand: corrected ones as they are now, without the busted, oldest first."""
        return list(self._desk.executions.values())

    def commission_of(self, execution: Execution) -> Commission:
        """What an execution cost, as it would be reported again."""
        fee, realised = self.ledger.cost_of(execution.account, execution.contract, execution.exec_id)
        return Commission(execution.exec_id, execution.client_id, fee, self._slots[execution.contract].contract.currency, realised)

    def position(self, account: str, contract: int) -> Position:
        """One holding, marked now."""
        return self.ledger.position(account, contract)

    def positions(self, account: str) -> list[Position]:
        """Holdings of an account, flat ones of the past included, marked now."""
        return self.ledger.positions(account)

    def worth(self, account: str) -> Worth:
        """What an account is worth now."""
        return self.ledger.worth(account)

    def truth(self) -> Truth:
        """Say how things stand, for who compares."""
        held = {(p.account, p.contract): p.qty for name in self.accounts for p in self.positions(name) if p.qty}
        cash = {(name, currency): micros for name in self.accounts for currency, micros in self.ledger.cash(name).items()}
        return Truth(held, cash, tuple(self.orders()), tuple(self.executions()))
