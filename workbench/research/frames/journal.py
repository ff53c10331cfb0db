"""What a run forecast, decided, ordered and filled, as frames: one pass over its journal. Reads a store; decides nothing, marks nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.domain.contracts import Contract
from workbench.domain.decisions import (
    Adopted,
    AnyFact,
    Approved,
    At,
    ClosedByHand,
    FeeCharged,
    ForecastMade,
    Issued,
    LabelMatured,
    Latched,
    Refused,
    RoundTripClosed,
    StateChanged,
)
from workbench.domain.events import (
    AccountValued,
    Answered,
    AnyEvent,
    FeeReported,
    FillCorrected,
    FillEntered,
    Known,
    OrderFilled,
    PositionAdopted,
)
from workbench.domain.orders import Cancel, Cause, Exit, Leg, Modify, OrderType, Protect, Reprice, Submit
from workbench.domain.units import MICROS, SECOND
from workbench.research.frames.sheet import Sheet, rows_sheet
from workbench.research.tallies import why_over
from workbench.store import entries
from workbench.store.sessions import FOREVER

Row = tuple[Any, ...]


class Fill(NamedTuple):
    """One execution, in quanta, with what is known of its bracket."""

    now_ns: int
    seq: int
    bracket: Submit | None
    ref: int
    leg: Leg
    qty: int
    px: int
    exec_id: str
    fee_micros: int | None
    fee_ns: int  # when the commission was known; FOREVER: never


class Table:
    """Rows of one frame while they are gathered."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.known_ns: list[int] = []
        self.late_ns: list[int] = []

    def add(self, now_ns: int, row: Row, late_ns: int | None = None) -> int:
        """Take a row; give its number."""
        self.rows.append(row)
        self.known_ns.append(now_ns)
        if late_ns is not None:
            self.late_ns.append(late_ns)
        return len(self.rows) - 1


class _Waiting(NamedTuple):
    """A forecast whose outcome is not known."""

    row: int
    now_ns: int
    p_up: float


class Story:
    """The journal of one run, read once.

    Parameters
    ----------
    run
        Its name.
    contracts
        All it knew.
    earlier
        Brackets that were open when it began, by ref: the run it goes on from submitted them.
    held
        Executions of those of them that held something then.
    said
        Why those of them were being left that already were.
    """

    def __init__(
        self,
        run: str,
        contracts: Sequence[Contract],
        earlier: Mapping[int, Submit] | None = None,
        held: Sequence[Fill] = (),
        said: Mapping[int, str] | None = None,
    ) -> None:
        self.run = run
        self.of = {contract.id: contract for contract in contracts}
        self.tables = {name: Table() for name in ("forecasts", "decisions", "refusals", "orders", "round_trips", "states")}
        self.held = tuple(held)
        self.fills: list[Fill] = []
        self.equity_micros: list[tuple[int, int]] = []  # (known at, as the venue said it)
        self.began_ns: int | None = None
        self.last_ns = 0  # up to here nothing is missing: whatever is not read yet was known at this moment or later
        self.submitted: dict[int, Submit] = dict(earlier or {})
        self.said: dict[int, str] = dict(said or {})  # by bracket: why it was left, as its last exit says
        self._waiting: dict[tuple[int, str], deque[_Waiting]] = {}
        self._fill_of: dict[str, int] = {}
        self._paid: set[str] = set()  # corrected executions whose commission was charged before: it counts once, as in the engine
        self._trip_of: dict[int, int] = {}
        self._handed_over: PositionAdopted | None = None
        self._moved: StateChanged | None = None
        self._take: dict[type, Callable[[Any, At], None]] = {
            ForecastMade: self._forecast,
            LabelMatured: self._outcome,
            Approved: self._approved,
            Refused: self._refused,
            Issued: self._issued,
            RoundTripClosed: self._round_trip,
            FeeCharged: self._charged,
            Adopted: self._adopted,
            ClosedByHand: self._closed_by_hand,
            StateChanged: self._state,
            Latched: self._latched,
        }

    def read(self, path: Path) -> None:
        """Take in what is committed of a journal."""
        for entry in entries.read_journal(path):
            if self.began_ns is None:
                self.began_ns = entry.recv_ns
            self.last_ns = max(self.last_ns, entry.recv_ns)
            if isinstance(entry.content, tuple):
                self._facts(entry.content, At(entry.recv_ns, Cause(entry.after_seq, entry.n)))
            else:
                self._event(entry.content, entry.recv_ns, entry.after_seq)

    def _facts(self, facts: tuple[AnyFact, ...], at: At) -> None:
        take = self._take
        for fact in facts:
            if type(fact) is At:
                at = fact
                self.last_ns = max(self.last_ns, at.now_ns)
            elif (taken := take.get(type(fact))) is not None:
                taken(fact, at)

    def _forecast(self, fact: ForecastMade, at: At) -> None:
        horizon_s = fact.horizon_ns / SECOND
        symbol = self.of[fact.contract].symbol
        told = (at.now_ns, symbol, self.run, fact.name, fact.p_up, fact.confidence, horizon_s, None, at.cause.seq)
        row = self.tables["forecasts"].add(at.now_ns, told, FOREVER)
        self._waiting.setdefault((fact.contract, fact.name), deque()).append(_Waiting(row, at.now_ns, fact.p_up))

    def _outcome(self, fact: LabelMatured, at: At) -> None:
        """Join an outcome to its forecast. Outcomes come in the order of the forecasts; those that are void or tied are passed over."""
        if fact.p_up is None or fact.made_ns < (self.began_ns or 0):
            return
        waiting = self._waiting.get((fact.contract, fact.name), deque())
        while waiting:
            made = waiting.popleft()
            if made.now_ns >= fact.made_ns and made.p_up == fact.p_up:
                table = self.tables["forecasts"]
                row = table.rows[made.row]
                table.rows[made.row] = (*row[:7], fact.up, row[8])
                table.late_ns[made.row] = at.now_ns
                return

    def _approved(self, fact: Approved, at: At) -> None:
        of = self.of[fact.key.contract]
        self._verdict(fact, at, "approved", None, _units(of, fact.qty), None, None)

    def _refused(self, fact: Refused, at: At) -> None:
        self._verdict(fact, at, "refused", fact.reason.value, None, fact.value, fact.threshold)

    def _verdict(
        self,
        fact: Approved | Refused,
        at: At,
        verdict: str,
        reason: str | None,
        qty: float | None,
        value: float | None,
        threshold: float | None,
    ) -> None:
        of, wish = self.of[fact.key.contract], fact.proposal
        prices = of.to_pts(wish.entry_px), of.to_pts(wish.stop_px), of.to_pts(wish.target_px)
        head = (at.now_ns, of.symbol, fact.key.strategy, self.run, verdict, reason, wish.side, qty)
        row = (*head, *prices, value, threshold, at.cause.seq)
        self.tables["decisions"].add(at.now_ns, row)
        if verdict == "refused":
            self.tables["refusals"].add(at.now_ns, row)

    def _issued(self, fact: Issued, at: At) -> None:
        command = fact.command
        if isinstance(command, Submit):
            self.submitted[command.ref] = command
        elif isinstance(command, Exit):
            self.said[command.ref] = command.why
        for row in self._orders(command):
            self.tables["orders"].add(command.decided_ns, row)

    def _orders(self, command: Any) -> Iterator[Row]:
        of = self.of.get(command.key.contract)
        if of is None:
            return  # a question: no order
        first = self.submitted.get(command.ref)
        side = first.side if first is not None else None
        back = -side if side is not None else None
        head = (command.decided_ns, of.symbol, command.key.strategy, self.run, command.ref)
        seq = command.cause.seq
        match command:
            case Submit():
                qty = _units(of, command.qty)
                entry_type = OrderType(command.entry_type).name.lower()
                yield (*head, "entry", "submit", side, qty, entry_type, of.to_pts(command.entry_px), None, seq)
                yield (*head, "stop", "submit", back, qty, "stop", of.to_pts(command.stop_px), None, seq)
                yield (*head, "target", "submit", back, qty, "limit", of.to_pts(command.target_px), None, seq)
            case Modify():
                yield (*head, "stop", "modify", back, None, "stop", of.to_pts(command.stop_px), None, seq)
            case Protect():
                qty = _units(of, command.qty)
                yield (*head, "stop", "protect", back, qty, "stop", of.to_pts(command.stop_px), None, seq)
                yield (*head, "target", "protect", back, qty, "limit", of.to_pts(command.target_px), None, seq)
            case Reprice():
                yield (*head, "entry", "reprice", side, None, "limit", of.to_pts(command.entry_px), None, seq)
            case Cancel():
                yield (*head, "entry", "cancel", side, None, None, None, None, seq)
            case Exit():
                yield (*head, "exit", "exit", back, None, "market", None, command.why, seq)

    def _round_trip(self, fact: RoundTripClosed, at: At) -> None:
        of = self.of[fact.key.contract]
        head = (fact.opened_ns, fact.closed_ns, of.symbol, fact.key.strategy, self.run, fact.ref, fact.side, _units(of, fact.qty))
        money = (fact.pnl_micros / MICROS, fact.fees_micros / MICROS, fact.r, why_over(fact, self.said.get(fact.ref)))
        self._trip_of[fact.ref] = self.tables["round_trips"].add(at.now_ns, (*head, fact.entry_pts, fact.exit_pts, *money), at.now_ns)

    def _state(self, fact: StateChanged, at: At) -> None:
        self.tables["states"].add(at.now_ns, (at.now_ns, self.run, fact.state.value, fact.why))
        self._moved = fact

    def _latched(self, fact: Latched, at: At) -> None:
        """Give one that was latched beside what holds the state a row of its own."""
        if self._moved is None or fact.cause != self._moved.why:
            self._state(StateChanged(fact.state if self._moved is None else self._moved.state, fact.cause), at)

    def _event(self, event: AnyEvent, now_ns: int, seq: int) -> None:
        match event:
            case OrderFilled(ref, leg, qty, px, exec_id, fee) | FillEntered(ref, leg, qty, px, exec_id, fee):
                self._fill(Fill(now_ns, seq, self.submitted.get(ref), ref, leg, qty, px, exec_id, fee, FOREVER if fee is None else now_ns))
            case FillCorrected():
                self._correct(event, now_ns, seq)
            case PositionAdopted():
                self._handed_over = event
            case FeeReported(exec_id, fee) if exec_id in self._fill_of and exec_id not in self._paid:
                at = self._fill_of[exec_id]
                self.fills[at] = self.fills[at]._replace(fee_micros=fee, fee_ns=now_ns)
            case AccountValued(equity_micros=equity):
                self.equity_micros.append((now_ns, equity))
            case Answered(answer=Known(value={"equity_micros": equity})):
                self.equity_micros.append((now_ns, int(equity)))
            case _:
                pass

    def _fill(self, fill: Fill) -> None:
        self._fill_of[fill.exec_id] = len(self.fills)
        self.fills.append(fill)

    def _correct(self, new: FillCorrected, now_ns: int, seq: int) -> None:
        """Take an execution back and book another, as a ledger does: what was known before the correction stays as it was known."""
        if new.exec_id in self._fill_of:
            return
        first = self.submitted.get(new.ref)
        if new.replaces not in self._fill_of:  # the correction is the first we hear of it
            if new.qty:
                self._fill(Fill(now_ns, seq, first, new.ref, new.leg, new.qty, new.px, new.exec_id, None, FOREVER))
            return
        old = self.fills[self._fill_of[new.replaces]]
        self.fills.append(old._replace(now_ns=now_ns, seq=seq, qty=-old.qty, fee_micros=0, fee_ns=now_ns))
        if new.qty and old.fee_micros is None:  # its commission is still to come, under whichever of the two ids
            self._fill(Fill(now_ns, seq, first, new.ref, new.leg, new.qty, new.px, new.exec_id, None, FOREVER))
            self._fill_of[new.replaces] = self._fill_of[new.exec_id]
        elif new.qty:
            self._paid.add(new.exec_id)
            self._fill(Fill(now_ns, seq, first, new.ref, new.leg, new.qty, new.px, new.exec_id, 0, now_ns))

    def _adopted(self, fact: Adopted, at: At) -> None:
        """Show a position that was handed over as entered at what it had cost."""
        given = self._handed_over
        if given is None:
            return
        side, qty = (1 if fact.qty > 0 else -1), abs(fact.qty)
        head = (fact.ref, fact.key, at.now_ns, at.cause)
        self.submitted[fact.ref] = first = Submit(*head, side, qty, OrderType.MARKET, given.px, given.stop_px, given.target_px)
        self._fill(Fill(at.now_ns, at.cause.seq, first, fact.ref, Leg.ENTRY, qty, given.px, f"adopted-{fact.ref}", 0, at.now_ns))

    def _closed_by_hand(self, fact: ClosedByHand, at: At) -> None:
        first = self.submitted.get(fact.ref)
        known = (fact.ref, Leg.EXIT, fact.qty, fact.px, fact.exec_id, fact.fee_micros, at.now_ns)
        self._fill(Fill(at.now_ns, at.cause.seq, first, *known))

    def _charged(self, fact: FeeCharged, at: At) -> None:
        """Count a commission that came after its round trip was over into what the trip earned."""
        row_at = self._trip_of.get(fact.ref)
        if row_at is None:
            return
        table = self.tables["round_trips"]
        *head, pnl_usd, fees_usd, r, why = table.rows[row_at]
        fee_usd = fact.fee_micros / MICROS
        table.rows[row_at] = (*head, pnl_usd - fee_usd, fees_usd + fee_usd, r * (pnl_usd - fee_usd) / pnl_usd if pnl_usd else r, why)
        table.late_ns[row_at] = at.now_ns


LATE: Final = {"forecasts": ("is_up",), "round_trips": ("pnl_usd", "fees_usd", "r")}  # columns that may be known later than their row
FRAMES: Final = ("forecasts", "decisions", "refusals", "orders", "fills", "round_trips", "states")


def story_sheet(name: str, story: Story, zone: str, symbols: Collection[str] | None) -> Sheet:
    """Make one of `FRAMES`.

    Parameters
    ----------
    symbols
        Only these contracts; `None`: all.
    """
    if name == "fills":
        rows = [_fill_row(story, fill) for fill in story.fills]
        known, late = [fill.now_ns for fill in story.fills], {"fee_usd": [fill.fee_ns for fill in story.fills]}
    else:
        table = story.tables[name]
        rows, known = table.rows, table.known_ns
        late = dict.fromkeys(LATE.get(name, ()), table.late_ns)
    if symbols is not None and name != "states":
        at = 2 if name == "round_trips" else 1
        mine = [n for n, row in enumerate(rows) if row[at] in symbols]
        rows, known = [rows[n] for n in mine], [known[n] for n in mine]
        late = {column: [when[n] for n in mine] for column, when in late.items()}
    return rows_sheet(name, zone, rows, known, late)


def _fill_row(story: Story, fill: Fill) -> Row:
    first = fill.bracket
    of = story.of[first.key.contract] if first is not None else None
    side = None if first is None else first.side if fill.leg is Leg.ENTRY else -first.side
    return (
        fill.now_ns,
        of.symbol if of is not None else None,
        first.key.strategy if first is not None else None,
        story.run,
        fill.ref,
        Leg(fill.leg).name.lower(),
        side,
        _units(of, fill.qty) if of is not None else float(fill.qty),
        of.to_pts(fill.px) if of is not None else None,
        None if fill.fee_micros is None else fill.fee_micros / MICROS,
        fill.exec_id,
        fill.seq,
    )


def _units(of: Contract, qty: int) -> float:
    """Give a quantity in contracts, shares, coins."""
    return float(qty * Fraction(of.size_quantum))
