"""What was executed, closed and charged in an account, over all its runs: journals read once, every correction counted once.

Rules
-----
1. An execution is the same one by its id. What a correction replaces is gone, a bust leaves nothing, and both count once, in whichever
   run they were told.
2. A commission belongs to the execution it names; a correction that no commission was told for keeps that of what it replaces.
3. What others did in the account is kept apart; what a later run is told of an execution of ours from an earlier run is not foreign.
4. Money is exact: quanta times the contract's worth, as decimals. Nothing is rounded here.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.decisions import AnyFact, ClosedByHand, FeeCharged, Issued, RoundTripClosed
from workbench.domain.events import (
    AccountTold,
    AccountValued,
    Answered,
    AnyEvent,
    ContractDefined,
    FeeReported,
    FillCorrected,
    FillEntered,
    ForeignFilled,
    Known,
    OrderFilled,
)
from workbench.domain.orders import Leg, Submit
from workbench.domain.units import MICROS
from workbench.importers.statement import family
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, runs

REAL: Final = frozenset({"paper", "live"})  # modes of runs whose orders leave
SIMULATED: Final = "DUSIM"  # accounts of the simulated gateway begin so
EXACT: Final = Context(prec=60, traps=[Inexact])


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One execution that stands. ``side`` +1 bought, -1 sold; ``qty`` and ``px`` in the contract's quanta.

    ``how`` it came: ``reported``, ``corrected``, ``entered`` (by a person, afterwards), ``by hand`` (somebody else closed a position of
    ours; its commission is an estimate), ``foreign``.
    """

    time_ns: int  # when it was first known here
    run: str
    mode: str
    account: str
    contract: Contract
    strategy: str
    ref: int
    leg: str
    side: int
    qty: int
    px: int
    exec_id: str
    how: str
    fee_micros: int | None = None
    rate: str | None = None  # base currency for one unit of the contract's, as told last before
    base: str | None = None

    @property
    def quantity(self) -> Decimal:
        """Contracts, shares, coins."""
        return exact(self.qty * Fraction(self.contract.size_quantum))

    @property
    def price(self) -> Decimal:
        """Points."""
        return exact(self.px * self.contract.quantum)

    @property
    def gross(self) -> Decimal:
        """What was paid (below 0) or taken in, before commission: price x quantity x multiplier."""
        return exact(-self.side * self.qty * self.px * self.contract.quantum_value)

    @property
    def commission(self) -> Decimal | None:
        """What it cost: below 0 paid, above 0 a rebate; `None` while not known."""
        return None if self.fee_micros is None else micros(-self.fee_micros)

    @property
    def net(self) -> Decimal | None:
        """Gross and commission together."""
        return None if self.commission is None else self.gross + self.commission


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """One round trip: the fact of its end, with the commissions and corrections that came later."""

    run: str
    mode: str
    contract: Contract
    fact: RoundTripClosed
    rate: str | None
    base: str | None


class Told(NamedTuple):
    """What the venue said an account is worth, and when."""

    now_ns: int
    equity_micros: int


class RunBooks(msgspec.Struct, kw_only=True):
    """What one run's journal holds of the account. Lists are in the order of the journal."""

    manifest: RunManifest
    submitted: dict[int, Submit]
    equity: list[Told] = []
    rates: dict[str, str] = {}  # by currency, base for one unit
    n_events: int = 0

    @property
    def base(self) -> str | None:
        """The account's base currency, as far as told."""
        return next((currency for currency, rate in self.rates.items() if rate == "1"), None)


class Books(msgspec.Struct, kw_only=True):
    """Everything asked for: executions of ours, of others, round trips, and each run by itself; all by time."""

    executions: list[Execution]
    foreign: list[Execution]
    trips: list[Trip]
    runs: list[RunBooks]
    unplaced: list[str]  # ids of executions of brackets that no journal here knows: neither contract nor side can be told


def account_books(data: Path, *, first: int = 0, last: int = 99_999_999, run: str | None = None, account: str | None = None) -> Books:
    """Read the books of all runs that traded in the log sessions from `first` to `last`.

    Parameters
    ----------
    run
        Only this run, whatever its mode; `None`: every paper and live run, none that was replaced on a simulated account.
    account
        Only this account.
    """
    every = runs(data)
    wanted = [each for each in every if _is_wanted(each, every, run, account) and any(first <= day <= last for day in each.sessions)]
    reader = _Reader(data, {each.run: each for each in every})
    for each in sorted(wanted, key=lambda it: (it.created_ns, it.run)):
        reader.read(each)
    return reader.books({each.run for each in wanted})


def _is_wanted(of: RunManifest, every: Iterable[RunManifest], run: str | None, account: str | None) -> bool:
    if account is not None and of.account != account:
        return False
    if run is not None:
        return of.run == run
    if of.mode not in REAL:
        return False
    return not (of.account.startswith(SIMULATED) and any(of.run in other.replaced for other in every))


class _Reader:
    """Journals read one after another, each behind the run it goes on from."""

    def __init__(self, data: Path, by_name: dict[str, RunManifest]) -> None:
        self._data, self._by_name = data, by_name
        self._runs: dict[str, RunBooks] = {}
        self._contracts: dict[tuple[str, int], Contract] = {}
        self._standing: dict[str, Execution] = {}
        self._replaced: set[str] = set()
        self._foreign: dict[str, Execution] = {}
        self._families: set[str] = set()  # of ids of ours
        self._fees: dict[str, int] = {}
        self._trips: dict[tuple[str, int], Trip] = {}
        self._unplaced: dict[str, str] = {}  # execution id -> run

    def read(self, manifest: RunManifest) -> RunBooks:
        """Read a run, and before it those it carries open positions of."""
        if manifest.run in self._runs:
            return self._runs[manifest.run]
        before = self._by_name.get(manifest.starts_from)
        earlier = self.read(before).submitted if before is not None and not before.ended_flat else {}
        made = self._runs[manifest.run] = RunBooks(manifest=manifest, submitted=dict(earlier))
        for contract in manifest.contracts:
            self._contracts[manifest.run, contract.id] = contract
        path = Folders(self._data).journal(manifest.run)
        if path.exists():
            for entry in entries.read_journal(path):
                if isinstance(entry.content, tuple):
                    for fact in entry.content:
                        self._fact(made, fact, entry.recv_ns)
                else:
                    self._event(made, entry.content, entry.recv_ns)
        return made

    def books(self, wanted: set[str]) -> Books:
        """Give what was read of the wanted runs."""
        own = [self._charged(key, each) for key, each in self._standing.items() if each.qty and each.run in wanted]
        theirs = [each for each in self._foreign.values() if family(each.exec_id) not in self._families and each.run in wanted]
        trips = [each for each in self._trips.values() if each.run in wanted]
        return Books(
            executions=sorted(own, key=_order),
            foreign=sorted(theirs, key=_order),
            trips=sorted(trips, key=lambda it: (it.fact.closed_ns, it.run, it.fact.ref)),
            runs=[each for each in self._runs.values() if each.manifest.run in wanted],
            unplaced=[exec_id for exec_id, run in self._unplaced.items() if run in wanted],
        )

    def _charged(self, key: str, each: Execution) -> Execution:
        fee = self._fees.get(key, each.fee_micros)
        return msgspec.structs.replace(each, fee_micros=fee)

    # ------------------------------------------------------------------ facts
    def _fact(self, of: RunBooks, fact: AnyFact, now_ns: int) -> None:
        match fact:
            case Issued(command=Submit() as first):
                of.submitted[first.ref] = first
            case ClosedByHand(ref, qty, px, exec_id, fee):
                self._book(of, now_ns, (ref, Leg.EXIT, qty, px, exec_id, fee), "by hand")
            case RoundTripClosed():
                contract = self._contracts[of.manifest.run, fact.key.contract]
                rate, base = of.rates.get(contract.currency), of.base
                trip = Trip(run=of.manifest.run, mode=of.manifest.mode, contract=contract, fact=fact, rate=rate, base=base)
                self._trips[of.manifest.run, fact.ref] = trip
            case FeeCharged(ref=ref, fee_micros=fee):
                self._amend(of, ref, fees_micros=fee, pnl_micros=-fee)
            case _:
                pass

    def _amend(self, of: RunBooks, ref: int, *, fees_micros: int, pnl_micros: int) -> None:
        """Count into a round trip what became known after it was over."""
        at = next((key for key in ((of.manifest.run, ref), (of.manifest.starts_from, ref)) if key in self._trips), None)
        if at is not None:
            old = self._trips[at]
            fees, pnl = old.fact.fees_micros + fees_micros, old.fact.pnl_micros + pnl_micros
            fact = msgspec.structs.replace(old.fact, fees_micros=fees, pnl_micros=pnl)
            self._trips[at] = msgspec.structs.replace(old, fact=fact)

    # ------------------------------------------------------------------ events
    def _event(self, of: RunBooks, event: AnyEvent, now_ns: int) -> None:
        of.n_events += 1
        match event:
            case ContractDefined(contract):
                self._contracts[of.manifest.run, contract.id] = contract
            case OrderFilled(ref, leg, qty, px, exec_id, fee):
                self._book(of, now_ns, (ref, leg, qty, px, exec_id, fee), "reported")
            case FillEntered(ref, leg, qty, px, exec_id, fee):
                self._book(of, now_ns, (ref, leg, qty, px, exec_id, fee), "entered")
            case FillCorrected():
                self._correct(of, event, now_ns)
            case FeeReported(exec_id, fee):
                self._fees[self._key(of, exec_id)] = fee
            case ForeignFilled():
                self._others(of, event, now_ns)
            case AccountTold(currency=currency, rate=str(rate)):
                of.rates[currency] = rate
            case AccountValued(equity_micros=equity):
                of.equity.append(Told(now_ns, equity))
            case Answered(answer=Known(value={"equity_micros": equity})):
                of.equity.append(Told(now_ns, int(equity)))
            case _:
                pass

    def _book(self, of: RunBooks, now_ns: int, told: tuple[int, Leg, int, int, str, int | None], how: str) -> None:
        ref, leg, qty, px, exec_id, fee = told
        key, first = self._key(of, exec_id), of.submitted.get(ref)
        if key in self._standing or key in self._replaced:
            return
        if first is None:
            self._unplaced[exec_id] = of.manifest.run
            return
        if how != "by hand":
            self._families.add(family(exec_id))
        side = first.side if leg is Leg.ENTRY else -first.side
        legs = {"ref": ref, "leg": Leg(leg).name.lower(), "strategy": first.key.strategy}
        self._standing[key] = self._made(of, now_ns, first.key.contract, exec_id, how, side, qty, px, fee, legs)

    def _correct(self, of: RunBooks, new: FillCorrected, now_ns: int) -> None:
        key, at = self._key(of, new.exec_id), self._key(of, new.replaces)
        if key in self._standing:
            return
        self._replaced.add(at)
        old = self._standing.pop(at, None)
        fee = None if old is None else self._fees.get(at, old.fee_micros)
        at_ns = now_ns if old is None else old.time_ns  # it is the same trade, told better
        self._book(of, at_ns, (new.ref, new.leg, new.qty, new.px, new.exec_id, fee), "corrected")
        if old is None or key not in self._standing:
            return
        made = self._standing[key]
        if made.qty == old.qty:  # a change of quantity is a bracket's business: it is not over, or a person has looked
            earned = -old.side * (new.qty * new.px - old.qty * old.px)
            self._amend(of, new.ref, fees_micros=0, pnl_micros=old.contract.value_micros(earned))

    def _others(self, of: RunBooks, event: ForeignFilled, now_ns: int) -> None:
        legs = {"ref": 0, "leg": "", "strategy": ""}
        made = self._made(of, now_ns, event.contract, event.exec_id, "foreign", event.side, event.qty, event.px, None, legs)
        at = family(event.exec_id)
        if at not in self._foreign or self._foreign[at].exec_id < event.exec_id:
            self._foreign[at] = msgspec.structs.replace(made, account=event.account)

    def _made(
        self, of: RunBooks, now_ns: int, contract: int, exec_id: str, how: str, side: int, qty: int, px: int, fee: int | None, legs: Any
    ) -> Execution:
        named = self._contracts[of.manifest.run, contract]
        return Execution(
            time_ns=now_ns,
            run=of.manifest.run,
            mode=of.manifest.mode,
            account=of.manifest.account,
            contract=named,
            side=side,
            qty=qty,
            px=px,
            exec_id=exec_id,
            how=how,
            fee_micros=fee,
            rate=of.rates.get(named.currency),
            base=of.base,
            **legs,
        )

    def _key(self, of: RunBooks, exec_id: str) -> str:
        """Name an execution for good: IB's ids are its own, those of a simulated venue begin anew with each run."""
        return exec_id if family(exec_id) != exec_id else f"{of.manifest.run}|{exec_id}"


def exact(value: Fraction) -> Decimal:
    """Write a fraction as a decimal, refusing to round it.

    >>> exact(Fraction("5000.25") * 2)
    Decimal('10000.5')
    """
    return EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))


def micros(amount: int) -> Decimal:
    """Give an amount of money micros in whole units.

    >>> micros(-2_250_000)
    Decimal('-2.25')
    """
    return exact(Fraction(amount, MICROS))


def _order(each: Execution) -> tuple[int, str, str]:
    return each.time_ns, each.run, each.exec_id
