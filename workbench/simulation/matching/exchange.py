"""The simulated exchange: orders go in by command, records pass by, reports come out. It decides nothing and feeds no engine.

Rules
-----
1. A command takes effect ``order_ns`` after it left, and its order works from the first record later than that. A report reaches us
   ``report_ns`` after it arose; reports come in the order in which they arose.
2. Orders fill only while their contract's phase is open. A gap or a phase forgets the quote.
3. A market order takes the next quote, as much as it shows; what a quote, print or bar shows is there once for each account.
4. A limit fills at its own price, when a quote shows the far side there or a print goes through it; with ``Queue.BEHIND`` also out
   of prints at its price that exceed what was before it. Never better than its limit.
5. A stop goes off when the far side or a print reaches it, or at once when it already lies there; then it takes the next quotes (the
   very quote that set it off is one) at the worse of its level and the quote. While it does, its target rests.
6. Stop and target work for what the entry has filled and grow with it, each growth acknowledged. Each fill of one takes as much from
   the other and ends what is left of the entry; when nothing is held, the rest of both is cancelled.
7. Entries are DAY orders: their rest is cancelled when the contract closes, goes into maintenance, or opens a new session. Stops,
   targets and exits stay.
8. A moved stop is acknowledged anew. An off-tick change is rejected, and the standing stop acknowledged. A command on a bracket
   that is over is dropped, since its last report is under way; on a ref that never was, it is rejected. What protects is put over as
   much as is held and no more, and acknowledged anew also where it stood already; over nothing, every exit is cancelled. A limit entry
   that is moved goes to the end of the queue; refused or not, where it stands is acknowledged.
9. A contract without quotes is matched by bars. Market: the worse of the next bar's open and the close before it. Limit: only if
   the bar goes beyond it. Stop: if high or low reaches it, at the worse of level and open, before any target; also in the bar of
   its entry. A bar has its volume to give and no more. A contract that shows prints alone fills limits and nothing else.
10. What a bar shows may lie before an order that came while the bar was under way: later than 1 s after its start, or a tenth of its
   length if that is less; any order, when the bar does not tell its start. Then, market: the worst of open, close, and high for who
   buys or low for who sells. Limit: only if the close lies beyond it. Stop: if high or low reaches it, at the worse of level and
   close; one that covers a position also no better than the open, where it may have gone off before it was moved. So with an exit
   that was sent, a stop that was moved, and a stop and target whose entry filled while the bar was under way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from workbench.domain.contracts import Contract
from workbench.domain.errors import InvariantError, StoreError
from workbench.domain.events import AnyEvent, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.native import caller
from workbench.domain.orders import AnyCommand, Cancel, Exit, Leg, Modify, Protect, Reprice, Submit
from workbench.domain.records import ASK, BID
from workbench.simulation.matching import kernels
from workbench.simulation.matching.models import CAUTIOUS, FillModel, Queue
from workbench.simulation.matching.state import (
    BRACKET,
    COMMAND,
    DESK,
    N_LEGS,
    ORDER,
    REPORT,
    RULES,
    SLOT,
    STOP_BITS,
    Broken,
    Do,
    Stop,
    Tell,
    Why,
)

SNAPSHOT_VERSION: Final = 2
_MASK, _DUE, _BROKEN = (1 << STOP_BITS) - 1, int(Stop.DUE), int(Stop.BROKEN)
BROKEN, TOLD, TAKEN, SENT, ARRIVED, LAST_ARRIVAL, NOW, N_USED = (
    DESK.names.index(name)  # type: ignore[union-attr]  # a structured dtype has names
    for name in ("broken", "told", "taken", "sent", "arrived", "last_arrival_ns", "now_ns", "n_used")
)
WORDS: Final = {
    Why.OFF_TICK: "price is not on the order increment",
    Why.MALFORMED: "side or quantity cannot be meant",
    Why.UNKNOWN_ORDER: "no such order",
}
BREAKS: Final = {
    Broken.UNKNOWN_CONTRACT: "a record names a contract that was never defined",
    Broken.REPORTS_FULL: "more reports under way than limits.reports",
    Broken.BRACKETS_FULL: "more brackets in flight than limits.brackets",
}
LEGS: Final = tuple(Leg)


class Snapshot(msgspec.Struct, array_like=True):
    """Wire form of an exchange's state."""

    version: int
    model: bytes  # digest
    contracts: list[int]
    accounts: list[str]
    state: bytes
    reports: bytes  # those under way


class Quote(NamedTuple):
    """Prices at which a position could be left now, in quanta; `None`: not known."""

    bid: int | None
    ask: int | None


class Exchange:
    """Meets orders with records, in one compiled call for any number of them.

    Parameters
    ----------
    contracts
        Everything a record may name, ids rising.
    model
        Latency, queue, slippage, fees and limits.

    Examples
    --------
    >>> from workbench.domain.contracts import ContractType
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...               calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> exchange = Exchange([es])
    >>> exchange.is_quiet(), exchange.next_due_ns()
    (True, None)
    """

    def __init__(self, contracts: Sequence[Contract], model: FillModel = CAUTIOUS) -> None:
        self._ids = [contract.id for contract in contracts]
        if not contracts or any(a >= b for a, b in zip(self._ids, self._ids[1:], strict=False)):
            raise InvariantError(f"an exchange needs contracts with rising ids, not {self._ids}")
        self.model = model
        self._slots = {contract.id: slot for slot, contract in enumerate(contracts)}
        self._fees = [model.fee_of(contract) for contract in contracts]
        self._accounts: dict[str, int] = {}
        self._rules = self._rules_of(model, len(contracts), self._ids[-1] + 1)
        self._ticks = np.array([contract.tick for contract in contracts], np.int64)
        self._slot_of = np.full(self._ids[-1] + 1, -1, np.int32)
        self._slot_of[self._ids] = np.arange(len(contracts))
        self._lay_out(model, len(contracts))

    @staticmethod
    def _rules_of(model: FillModel, n_slots: int, n_ids: int) -> npt.NDArray[np.void]:
        slip, limits = model.slippage, model.limits
        numbers = (model.latency.report_ns, model.queue is Queue.BEHIND, slip.market_ticks, slip.stop_ticks, slip.bar_ticks)
        return np.array([(*numbers, limits.brackets, limits.reports, limits.commands, n_slots, n_ids)], RULES)

    def _lay_out(self, model: FillModel, n_slots: int) -> None:
        """Cut one buffer into tables; contracts last, so that more of them leave the rest where it is."""
        n = model.limits
        rows_of = {DESK: 1, BRACKET: n.brackets, ORDER: n.brackets * N_LEGS, COMMAND: n.commands, SLOT: n_slots}
        self._state = np.zeros(sum(dtype.itemsize * rows for dtype, rows in rows_of.items()) // 8, np.int64)
        self._saved = np.zeros_like(self._state)
        self._cells, self._saved_cells = self._state.data, self._saved.data  # copied in half the time that arrays take
        parts, at = [], 0
        for dtype, rows in rows_of.items():
            end = at + dtype.itemsize * rows // 8
            parts.append(self._state[at:end].view(dtype))
            at = end
        desk, brackets, orders, commands, slots = parts
        reports = np.zeros(n.reports, REPORT)
        self._under_way = reports[:0]  # as `save` found them
        self._desk = desk.view(np.int64).data
        self._reports, self._commands, self._brackets, self._slot_rows = reports, commands, brackets, slots
        tables = (self._rules, self._ticks, self._slot_of, desk, brackets, orders, reports, commands, slots)
        self._args = tuple(table.ctypes.data for table in tables)
        self._run = caller(kernels.run_c.address, "pll" + "p" * len(self._args))

    def run(self, addr: int, i: int, n: int) -> tuple[int, bool]:
        """Let records pass, from index `i` to `n` of the array at raw address `addr`.

        Returns
        -------
        tuple[int, bool]
            ``(j, True)``: a report is due before record j, which has not passed. ``(n, False)``: all have passed.

        Raises
        ------
        InvariantError
            A record of an undefined contract, or a table that is full. The exchange cannot go on.
        """
        result = self._run(addr, i, n, *self._args)
        stop = result & _MASK
        if stop == _BROKEN:
            raise InvariantError(f"simulated exchange, at record {result >> STOP_BITS}: {BREAKS[Broken(self._desk[BROKEN])]}")
        return result >> STOP_BITS, stop == _DUE

    def take(self) -> tuple[int, AnyEvent]:
        """Give the next report and when it reaches us."""
        desk = self._desk
        if desk[TAKEN] == desk[TOLD]:
            raise InvariantError("simulated exchange: no report is under way")
        row = self._reports[desk[TAKEN] % len(self._reports)]
        desk[TAKEN] += 1
        due_ns, kind, ref, leg_at, slot, qty, px, nth, before = row.item()
        leg = LEGS[leg_at]
        match kind:
            case Tell.ACCEPTED:
                return due_ns, OrderAccepted(ref, leg, qty, px)
            case Tell.FILLED:
                fee = self._fees[slot]
                return due_ns, OrderFilled(ref, leg, qty, px, f"S{ref}.{leg_at}.{nth}", fee.total(before + qty) - fee.total(before))
            case Tell.CANCELLED:
                return due_ns, OrderCancelled(ref, leg, qty)
            case _:
                return due_ns, OrderRejected(ref, leg, WORDS[Why(qty)])

    def next_due_ns(self) -> int | None:
        """Give when the next report reaches us; `None` when none has arisen yet."""
        desk = self._desk
        if desk[TAKEN] == desk[TOLD]:
            return None
        return int(self._reports[desk[TAKEN] % len(self._reports)]["due_ns"])

    def send(self, command: AnyCommand, at_ns: int) -> None:
        """Take a command that leaves us at `at_ns`, no earlier than the last record that passed."""
        desk = self._desk
        if at_ns < desk[NOW]:
            raise InvariantError(f"{type(command).__name__} {command.ref} leaves {desk[NOW] - at_ns} ns before the record that just passed")
        if desk[SENT] - desk[ARRIVED] >= len(self._commands):
            raise InvariantError(f"more commands under way than limits.commands ({len(self._commands)})")
        due_ns = max(at_ns + self.model.latency.order_ns, desk[LAST_ARRIVAL])
        self._commands[desk[SENT] % len(self._commands)] = self._row(command, due_ns)
        desk[SENT] += 1
        desk[LAST_ARRIVAL] = due_ns

    def _row(self, command: AnyCommand, due_ns: int) -> tuple[int, ...]:
        slot = self._slots.get(command.key.contract)
        if slot is None:
            raise InvariantError(f"{type(command).__name__} {command.ref} names contract {command.key.contract}, which was never defined")
        match command:
            case Submit(ref, key):
                self._refuse_again(ref)
                account = self._accounts.setdefault(key.account, len(self._accounts))
                c = command
                return due_ns, Do.SUBMIT, ref, slot, account, c.side, c.entry_type, c.qty, c.entry_px, c.stop_px, c.target_px
            case Modify(ref, stop_px=stop_px):
                return due_ns, Do.MODIFY, ref, slot, 0, 0, 0, 0, 0, stop_px, 0
            case Protect(ref, qty=qty, stop_px=stop_px, target_px=target_px):
                return due_ns, Do.PROTECT, ref, slot, 0, 0, 0, qty, 0, stop_px, target_px
            case Reprice(ref, entry_px=entry_px):
                return due_ns, Do.REPRICE, ref, slot, 0, 0, 0, 0, entry_px, 0, 0
            case Cancel(ref) | Exit(ref):
                return due_ns, Do.CANCEL if isinstance(command, Cancel) else Do.EXIT, ref, slot, 0, 0, 0, 0, 0, 0, 0
            case _:
                raise InvariantError(f"{type(command).__name__} {command.ref} is nothing that this exchange does")

    def _refuse_again(self, ref: int) -> None:
        desk, size = self._desk, len(self._commands)
        waiting = [self._commands[at % size] for at in range(desk[ARRIVED], desk[SENT])]
        if (self._brackets["ref"] == ref).any() or any(row["kind"] == Do.SUBMIT and row["ref"] == ref for row in waiting):
            raise InvariantError(f"bracket {ref} is submitted a second time")

    def is_quiet(self) -> bool:
        """Tell whether nothing can come of the next records: no order works, no command or report is under way."""
        desk = self._desk
        return desk[N_USED] == 0 and desk[TOLD] == desk[TAKEN] and desk[SENT] == desk[ARRIVED]

    def quote(self, contract: int) -> Quote:
        """Give what a position in `contract` could be left at: the quote, or where there is none the close of the newest bar."""
        slot = self._slot_rows[self._slots[contract]]
        if slot["has_last"] and not slot["quoted"]:
            return Quote(int(slot["last"]), int(slot["last"]))
        return Quote(int(slot["bid"]) if slot["has"] & BID else None, int(slot["ask"]) if slot["has"] & ASK else None)

    def save(self) -> None:
        """Set the whole state aside."""
        self._saved_cells[:] = self._cells
        desk = self._desk
        self._under_way = self._reports[self._places()].copy() if desk[TOLD] > desk[TAKEN] else self._reports[:0]

    def back(self) -> None:
        """Put back what `save` set aside: whatever has passed or been taken since has not."""
        self._cells[:] = self._saved_cells
        if len(self._under_way):
            self._reports[self._places()] = self._under_way

    def _places(self) -> slice | npt.NDArray[np.int64]:
        """Give where in the ring the reports under way lie, in their order; a slice, unless they lie over its end, is found much faster."""
        first, n, size = self._desk[TAKEN] % len(self._reports), self._desk[TOLD] - self._desk[TAKEN], len(self._reports)
        return slice(first, first + n) if first + n <= size else np.arange(first, first + n) % size

    def _digest(self) -> bytes:
        return hashlib.blake2b(msgspec.msgpack.encode(self.model, order="deterministic"), digest_size=16).digest()

    def snapshot(self) -> bytes:
        """Write the state down."""
        accounts = sorted(self._accounts, key=self._accounts.__getitem__)
        reports = self._reports[self._places()].tobytes()
        return msgspec.msgpack.encode(Snapshot(SNAPSHOT_VERSION, self._digest(), self._ids, accounts, self._state.tobytes(), reports))

    def restore(self, blob: bytes) -> None:
        """Read a snapshot back. It must come of the same model and the same contracts, or the first of them.

        Raises
        ------
        StoreError
            It does not; nothing has changed.
        """
        try:
            kept = msgspec.msgpack.decode(blob, type=Snapshot)
        except msgspec.DecodeError as error:
            raise StoreError(f"this is no snapshot of a simulated exchange: {error}") from error
        if kept.version != SNAPSHOT_VERSION or kept.model != self._digest():
            raise StoreError("the snapshot was made by another version or fill model of the simulated exchange; replay from the start")
        if kept.contracts != self._ids[: len(kept.contracts)]:
            raise StoreError(f"the snapshot knows contracts {kept.contracts}, this exchange {self._ids}")
        self._state[:] = 0
        self._state[: len(kept.state) // 8] = np.frombuffer(kept.state, np.int64)
        self._reports[self._places()] = np.frombuffer(kept.reports, REPORT)
        self.save()
        self._accounts = {name: at for at, name in enumerate(kept.accounts)}
