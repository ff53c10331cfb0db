"""What a trading run has come to so far: a projection of its journal, entry by entry. Pure; it reads no store and knows no market.

Orders, positions and money are moved by the very classes the engine's desk uses (`execution.supervisor`, `execution.ledger`), so a
page shows what the engine believes. Prices come from elsewhere: what is open is valued by whoever has a quote.

Memory is bounded: what grows with a run is counted, or only its latest part is kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from workbench.domain.contracts import Contract
from workbench.domain.decisions import (
    Adopted,
    Approved,
    At,
    BracketMoved,
    ClosedByHand,
    DriftSeen,
    FeeCharged,
    ForecastMade,
    Issued,
    LabelMatured,
    LabelsVoided,
    Latched,
    ParityBroken,
    Quarantined,
    Refused,
    RoundTripClosed,
    StateChanged,
    TradingState,
)
from workbench.domain.events import (
    AccountValued,
    Answered,
    AnyEvent,
    ConnectionChanged,
    ContractDefined,
    FeeReported,
    FillCorrected,
    FillEntered,
    Known,
    OperatorAction,
    OperatorSaid,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PositionAdopted,
    RunStarted,
    Unknown,
)
from workbench.domain.orders import Ask, Cancel, Cause, Exit, Key, Leg, Modify, Protect, Reprice, Submit
from workbench.domain.units import HOUR, MINUTE
from workbench.execution.adoption import adopt
from workbench.execution.bracket import Bracket
from workbench.execution.ledger import Ledger
from workbench.execution.lifecycle import Phase
from workbench.execution.supervisor import Report, Supervisor
from workbench.research.tallies import LATEST, Fill, Learnt, Said, Trip, Turned, Worth, forget, why_over
from workbench.store.entries import Entry


class Board:
    """The projection.

    Parameters
    ----------
    account_days
        (start_ns, day) rising, as the engine counts days; empty: one day without end.

    Examples
    --------
    >>> board = Board()
    >>> board.take(Entry(1, 41, 0, 7, (StateChanged(TradingState.HALTED, "day loss of DUSIM1"),)))
    >>> board.state.value, board.why, board.realised_micros
    ('halted', 'day loss of DUSIM1', 0)
    """

    def __init__(self, account_days: Sequence[tuple[int, int]] = ()) -> None:
        self._days = list(account_days)
        self._day_until_ns = -1
        self.mode = self.run = self.account = ""
        self.contracts: dict[int, Contract] = {}
        self.state, self.why = TradingState.ACTIVE, ""
        self.state_ns: int | None = None  # when it came to stand
        self.now_ns = 0  # of the last entry
        self.n_entries = 0
        self.supervisor, self.ledger = Supervisor(), Ledger()
        self.available_micros: int | None = None
        self.start_equity_micros: int | None = None
        self.connection: ConnectionChanged | None = None
        self.operator: OperatorSaid | None = None
        self.parity: ParityBroken | None = None
        self.quarantined: dict[tuple[str, str], Quarantined] = {}  # by kind and name
        self.forecasts: dict[tuple[int, str], Said] = {}
        self.learnt: dict[str, Learnt] = {}
        self.n_labels: Counter[tuple[int, str]] = Counter()
        self.n_refused: Counter[str] = Counter()
        self.n_approved = 0
        self.last_refused: dict[int, Turned] = {}
        self.refused: deque[Turned] = deque(maxlen=LATEST)
        self.trips: deque[Trip] = deque(maxlen=LATEST)
        self.fills: deque[Fill] = deque(maxlen=LATEST)
        self.delays_ns: deque[int] = deque(maxlen=LATEST)  # from a decision to the venue's first word
        self.by_contract: dict[int, Worth] = {}
        self.by_strategy: dict[str, Worth] = {}
        self.entries_ns: deque[int] = deque()
        self.orders_ns: deque[int] = deque()
        self._approved: Approved | None = None
        self._handed_over: PositionAdopted | None = None
        self._said: dict[int, str] = {}  # by bracket: why it is being left
        self._left: set[int] = set()  # brackets whose exit a report brought about, until it is issued
        self._on = self._takers()

    def _takers(self) -> dict[type, Callable[[Any, int], None]]:
        return {
            ForecastMade: self._forecast,
            LabelMatured: self._matured,
            LabelsVoided: self._voided,
            DriftSeen: self._drift,
            Approved: self._approve,
            Refused: self._refuse,
            Issued: self._issued,
            BracketMoved: self._moved,
            RoundTripClosed: self._closed,
            FeeCharged: self._charged,
            Adopted: self._adopted,
            ClosedByHand: self._closed_by_hand,
            StateChanged: self._state,
            Latched: self._latched,
            ParityBroken: self._parity,
            Quarantined: self._quarantine,
        }

    # ------------------------------------------------------------------ taking entries
    def take(self, entry: Entry) -> None:
        """Take the next entry of the journal.

        Raises
        ------
        InvariantError
            If it contradicts those before it.
        """
        self.n_entries = entry.id
        if isinstance(entry.content, tuple):
            now_ns = entry.recv_ns
            for fact in entry.content:
                if type(fact) is At:
                    now_ns = fact.now_ns
                    self.begin_day(now_ns)
                elif (take := self._on.get(type(fact))) is not None:
                    take(fact, now_ns)
        else:
            now_ns = entry.recv_ns
            self.begin_day(now_ns)
            self._event(entry.content, now_ns, Cause(entry.after_seq, entry.n))
        self.now_ns = max(self.now_ns, now_ns)
        forget(self.entries_ns, self.now_ns - HOUR)
        forget(self.orders_ns, self.now_ns - MINUTE)

    def begin_day(self, now_ns: int) -> None:
        """Begin the account day that `now_ns` lies in, if it is another one; a quiet market changes days without an entry."""
        if now_ns < self._day_until_ns or not self.account:
            return
        at = bisect_right(self._days, (now_ns, 1 << 62)) - 1
        self._day_until_ns = self._days[at + 1][0] if at + 1 < len(self._days) else 1 << 62
        if at >= 0:
            self.ledger.begin_day(self.account, self._days[at][1])

    # ------------------------------------------------------------------ events
    def _event(self, event: AnyEvent, now_ns: int, cause: Cause) -> None:
        match event:
            case OrderAccepted() | OrderFilled() | OrderCancelled() | OrderRejected() | FillCorrected():
                self._report(event, now_ns, cause)
            case FillEntered(ref, leg, qty, px, exec_id, fee):
                self._report(OrderFilled(ref, leg, qty, px, exec_id, fee), now_ns, cause)
            case PositionAdopted():
                self._handed_over = event
            case FeeReported(exec_id=exec_id, fee_micros=fee):
                self.supervisor.fee(exec_id, fee)  # of a round trip that is over it is a fact as well
            case AccountValued(account=account, equity_micros=equity, available_micros=available):
                self.ledger.equity_micros[account] = equity
                self.available_micros = available
            case Answered(question="account", answer=answer):
                self._hear(answer)
            case RunStarted(mode=mode, run=run):
                self.mode, self.run = mode, run
            case ContractDefined(contract=contract):
                self.contracts[contract.id] = contract
            case ConnectionChanged():
                self.connection = event
            case OperatorSaid(action=action):
                self.operator = event
                for b in list(self.supervisor.brackets()) if action is OperatorAction.RESUME else ():
                    self.supervisor.let_go(b, [], now_ns)  # as the engine does
            case _:
                pass

    def _report(self, report: Report, now_ns: int, cause: Cause) -> None:
        book = self.supervisor.book
        before = book.open.get(report.ref)
        if before is not None and before.phase is Phase.PENDING:
            self.delays_ns.append(now_ns - before.sent_ns)
        if isinstance(report, OrderFilled | FillCorrected) and report.exec_id not in book.executions:
            self._executed(report, before, now_ns)
        bracket, commands, _, corrected = self.supervisor.on_report(report, now_ns, cause, [])
        self._left |= {each.ref for each in commands if isinstance(each, Exit)}
        if corrected is not None:
            self._earned(*corrected)
        if bracket is not None and bracket.ref not in book.open and not bracket.filled:
            today = self.ledger.day(bracket.key.account)
            if bracket.day == today.day:
                today.n_entries -= 1

    def _executed(self, report: OrderFilled | FillCorrected, bracket: Bracket | None, now_ns: int) -> None:
        """Show an execution that is news; a correction in the place of what it replaces, a bust not at all."""
        of = report.replaces if isinstance(report, FillCorrected) else None
        at = None if of is None else next((n for n, each in enumerate(self.fills) if each.exec_id == of), None)
        if at is not None:
            self.fills[at] = self.fills[at]._replace(qty=report.qty, px=report.px, exec_id=report.exec_id)
            if not report.qty:
                del self.fills[at]
        elif bracket is not None and report.qty and of not in self.supervisor.book.executions:
            side = bracket.side if report.leg is Leg.ENTRY else -bracket.side
            self.fills.append(Fill(now_ns, bracket.key, side, report.leg, report.qty, report.px, report.exec_id))

    def _earned(self, key: Key, value: int) -> None:
        """A round trip that is over earned more than it was told with."""
        micros = self.contracts[key.contract].value_micros(value)
        self.ledger.correct(key, micros)
        self.by_contract.setdefault(key.contract, Worth()).pnl_micros += micros
        self.by_strategy.setdefault(key.strategy, Worth()).pnl_micros += micros

    def _hear(self, answer: Known | Unknown) -> None:
        self.ledger.equity_micros.pop(self.account, None)
        if isinstance(answer, Known):
            equity = self.ledger.equity_micros[self.account] = int(answer.value["equity_micros"])
            self.available_micros = int(answer.value["available_micros"])
            if self.start_equity_micros is None:
                self.start_equity_micros = equity

    # ------------------------------------------------------------------ facts
    def _forecast(self, fact: ForecastMade, now_ns: int) -> None:
        self.forecasts[fact.contract, fact.name] = Said(now_ns, fact.p_up, fact.confidence, fact.horizon_ns)
        learnt = self._learnt(fact.name)
        learnt.n_made += 1
        learnt.horizon_ns = fact.horizon_ns

    def _matured(self, fact: LabelMatured, now_ns: int) -> None:
        self.n_labels[fact.contract, fact.name] += 1
        if fact.p_up is not None:
            learnt = self._learnt(fact.name)
            learnt.n_known += 1
            learnt.apart.take(fact.contract, fact.made_ns, learnt.horizon_ns)
            learnt.table.update(fact.p_up, fact.up)

    def _voided(self, fact: LabelsVoided, now_ns: int) -> None:
        self.forecasts.pop((fact.contract, fact.name), None)
        self._learnt(fact.name).n_void += fact.n

    def _drift(self, fact: DriftSeen, now_ns: int) -> None:
        learnt = self._learnt(fact.name)
        learnt.n_drifts += 1
        learnt.drifted_ns = now_ns

    def _learnt(self, name: str) -> Learnt:
        found = self.learnt.get(name)
        if found is None:
            found = self.learnt[name] = Learnt()
        return found

    def _approve(self, fact: Approved, now_ns: int) -> None:
        self._approved = fact
        self.n_approved += 1
        self.last_refused.pop(fact.key.contract, None)

    def _refuse(self, fact: Refused, now_ns: int) -> None:
        self.n_refused[fact.reason.value] += 1
        key, wish = fact.key, fact.proposal
        turned = Turned(now_ns, key.contract, key.strategy, wish.side, fact.reason.value, fact.value, fact.threshold)
        self.last_refused[key.contract] = turned
        self.refused.append(turned)

    def _issued(self, fact: Issued, now_ns: int) -> None:
        command, book = fact.command, self.supervisor.book
        match command:
            case Submit(ref=ref) if self._approved is not None:
                book.next_ref = ref
                day = self.ledger.day(command.key.account).day
                worst_px = self._approved.proposal.worst_px
                self.supervisor.submit(self._approved, command.decided_ns, command.cause, day)
                notional = self.contracts[command.key.contract].cost_micros(max(abs(command.entry_px), abs(worst_px)) * command.qty)
                self.ledger.enter(command.key.account, notional)
                self.entries_ns.append(now_ns)
                self.orders_ns.extend((now_ns, now_ns, now_ns))
                return
            case Ask(key=key):
                self.account = self.account or key.account
                self.begin_day(now_ns)
                return
            case Modify(ref=ref, stop_px=stop_px) if ref in book.open:
                book.open[ref].stop_px = stop_px
            case Protect(ref=ref) if ref in book.open:
                book.open[ref].n_repairs += 1
                book.open[ref].repaired_ns = command.decided_ns
            case Reprice(ref=ref, entry_px=entry_px) if ref in book.open:
                book.open[ref].reprice(entry_px, command.decided_ns)
            case Cancel(ref=ref) if ref in book.open:
                book.open[ref].withdraw(command.decided_ns)
            case Exit(ref=ref, why=why) if ref in book.open:
                book.open[ref].leaving = self._said[ref] = why
                if ref in self._left:  # the report that this exit answers has moved the bracket already
                    self._left.discard(ref)
                else:
                    book.open[ref].n_exits += 1
                    book.open[ref].is_answered = False
            case _:
                pass
        self.orders_ns.append(now_ns)

    def _adopted(self, fact: Adopted, now_ns: int) -> None:
        if self._handed_over is not None:
            self.supervisor.book.next_ref = fact.ref
            contract, day = self.contracts[fact.key.contract], self.ledger.day(fact.key.account).day
            adopt(self.supervisor, self._handed_over, contract, day, now_ns, Cause(0, 0), [])

    def _closed_by_hand(self, fact: ClosedByHand, now_ns: int) -> None:
        self._report(OrderFilled(fact.ref, Leg.EXIT, fact.qty, fact.px, fact.exec_id, fact.fee_micros), now_ns, Cause(0, 0))

    def _moved(self, fact: BracketMoved, now_ns: int) -> None:
        """Reports have moved the bracket already; what the engine moved by itself (an exit it sent) is told here."""
        bracket = self.supervisor.book.open.get(fact.ref)
        if bracket is not None and bracket.phase != fact.new:
            bracket.phase = Phase(fact.new)
            bracket.since_ns = now_ns

    def _closed(self, fact: RoundTripClosed, now_ns: int) -> None:
        self.ledger.close(fact.key, pnl_micros=fact.pnl_micros, fees_micros=fact.fees_micros)
        self.trips.append(Trip(now_ns, fact, why_over(fact, self._said.pop(fact.ref, None))))
        self.by_contract.setdefault(fact.key.contract, Worth()).take(fact)
        self.by_strategy.setdefault(fact.key.strategy, Worth()).take(fact)

    def _charged(self, fact: FeeCharged, now_ns: int) -> None:
        """A round trip that is over cost more than was known."""
        self.ledger.charge(fact.key, fact.fee_micros)
        for worth in (self.by_contract.setdefault(fact.key.contract, Worth()), self.by_strategy.setdefault(fact.key.strategy, Worth())):
            worth.pnl_micros -= fact.fee_micros
            worth.fees_micros += fact.fee_micros
        at = next((n for n, trip in enumerate(self.trips) if trip.closed.ref == fact.ref), None)
        if at is not None:
            self.trips[at] = self.trips[at].charged(fact.fee_micros)

    def _state(self, fact: StateChanged, now_ns: int) -> None:
        self.state, self.why, self.state_ns = fact.state, fact.why, now_ns

    def _latched(self, fact: Latched, now_ns: int) -> None:
        self.why += "" if fact.cause == self.why else f"; {fact.cause}"

    def _parity(self, fact: ParityBroken, now_ns: int) -> None:
        self.parity = fact

    def _quarantine(self, fact: Quarantined, now_ns: int) -> None:
        self.quarantined[fact.kind, fact.name] = fact

    # ------------------------------------------------------------------ what is asked of it
    def brackets(self) -> list[Bracket]:
        """List brackets that are not over, the oldest first."""
        return list(self.supervisor.brackets())

    @property
    def equity_micros(self) -> int | None:
        """Equity as the venue last said it."""
        return self.ledger.equity(self.account)

    @property
    def realised_micros(self) -> int:
        """P&L of all round trips after fees, since the run began."""
        return self.ledger.realised_micros.get(self.account, 0)

    def open_micros(self, bracket: Bracket, px: int | None) -> int:
        """Value what a bracket holds as if it were left at `px`, after the fees it has paid; `None`: not priced, so at its stop."""
        if not bracket.filled:
            return 0
        at_px = bracket.stop_px if px is None else px
        move = bracket.side * (bracket.out_value + bracket.open * at_px - bracket.entry_value)
        return self.contracts[bracket.key.contract].value_micros(move) - bracket.fees_micros

    def at_stake_micros(self, bracket: Bracket) -> int:
        """What a bracket loses if all of it still fills and is stopped out, before costs; never below zero."""
        value = self.contracts[bracket.key.contract].value_micros
        at_stop = bracket.out_value + bracket.open * bracket.stop_px - bracket.entry_value
        held = -value(bracket.side * at_stop) if bracket.filled else 0
        return max(0, held) + bracket.risk_micros * bracket.rest // bracket.qty
