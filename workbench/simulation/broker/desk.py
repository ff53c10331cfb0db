"""The order desk: what an order's start, fill and end do to the others of its bracket and group, and what is reported. No matching.

Rules
-----
1. A child works for what its parent has filled, in proportion to its size, and grows with it.
2. An execution of a child takes as much from its siblings; it ends what is left of the parent (`texts.CHILD_FILL_ENDS_PARENT`).
3. A parent that ends before any fill takes its children along; one that ends later leaves them what it filled.
4. Groups: type 1 ends the others at the first execution; types 2 and 3 take from each as large a share as was filled of this one.
5. An order that its client cancels takes its group along; one that expires does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workbench.domain.errors import InvariantError
from workbench.simulation.broker import texts
from workbench.simulation.broker.holdings import Booked
from workbench.simulation.broker.ledger import Ledger
from workbench.simulation.broker.market import Slot
from workbench.simulation.broker.orders import AS_STOP, DONE, ID, TRIGGERED_TYPES, Live, OcaType, Status, Tif, Type
from workbench.simulation.broker.reports import Commission, Execution, OrderReport, Report, What
from workbench.simulation.broker.rules import is_reached, trail

HELD_TYPES: Final = TRIGGERED_TYPES | {Type.MARKET}


class Desk:
    """Everything that lives at the broker, and what it has to tell."""

    def __init__(self, slots: Mapping[int, Slot], ledger: Ledger, *, commission_after_ns: int) -> None:
        self.slots, self.ledger = slots, ledger
        self.rows: dict[int, Live] = {}  # by permId, those that are over included
        self.by_id: dict[ID, Live] = {}
        self.groups: dict[tuple[str, str], list[Live]] = {}  # (account, name) -> members that live
        self.executions: dict[str, Execution] = {}  # by id, those that were corrected or busted excluded
        self.out: list[Report] = []
        self.commissions: list[tuple[int, Commission]] = []  # (due, report)
        self.commission_after_ns = commission_after_ns
        self.stamp = 0  # rises with each record
        self.next_perm, self.next_exec, self.next_hand = texts.FIRST_PERM_ID, texts.FIRST_EXEC, -1

    # ---- reports ----------------------------------------------------------------------------------------------------------------------
    def tell(self, row: Live, what: What, code: int = 0, text: str = "") -> None:
        """Report how an order stands."""
        self.out.append(OrderReport(row.state(), what, code, text))

    def status_of(self, row: Live, now_ns: int) -> Status:
        """Say where a living order stands."""
        if row.filled:
            return Status.SUBMITTED
        waits = row.is_held or (row.order.type in HELD_TYPES and not row.is_triggered)
        if waits or not self.slots[row.order.contract].works(row, now_ns):
            return Status.PRESUBMITTED
        return Status.SUBMITTED

    def tell_if_changed(self, row: Live, now_ns: int, what: What) -> None:
        """Report an order whose status is no longer what was said last."""
        status = self.status_of(row, now_ns)
        if status is not row.status:
            row.status = status
            self.tell(row, what)

    # ---- beginnings -------------------------------------------------------------------------------------------------------------------
    def start(self, row: Live, now_ns: int) -> None:
        """Let a transmitted order live: with its group, at its market; a child waits for its parent."""
        order, parent = row.order, row.parent
        row.is_sent = True
        row.from_stamp, row.from_ns, row.since_ns = self.stamp, now_ns, now_ns
        if order.oca_group:
            row.oca, row.oca_type = order.oca_group, order.oca_type or OcaType.REDUCE
        elif parent is not None:
            row.oca, row.oca_type = str(parent.perm_id), texts.CHILD_OCA_TYPE
        if row.oca:
            self.groups.setdefault((order.account, row.oca), []).append(row)
        if parent is not None:
            row.released = order.qty * parent.filled // parent.order.qty
            row.is_held = not row.released
        if order.tif is Tif.IOC and not row.is_held:
            row.ioc_due_ns = now_ns + texts.IOC_NS
        self.slots[order.contract].add(row)
        self.look(row, now_ns)
        row.aim()
        row.status = self.status_of(row, now_ns)

    def look(self, row: Live, now_ns: int) -> None:
        """Compare an order that starts, grows or moves with the quote that stands: it may go off at once, or begin to trail."""
        slot, order = self.slots[row.order.contract], row.order
        if row.is_held or order.type not in TRIGGERED_TYPES or not slot.works(row, now_ns):
            return
        far = slot.far(order.side)
        if far is None:
            return
        if order.type is Type.TRAIL:
            row.stop_px = self.trailed(row, slot)
        if row.stop_px is not None and is_reached(order.type, order.side, row.stop_px, far):
            row.is_triggered = True

    def trailed(self, row: Live, slot: Slot) -> int | None:
        """Give where a trailing stop stands now."""
        order, near = row.order, slot.far(row.order.side)
        if near is None:
            return row.stop_px
        return trail(order.side, stop_px=row.stop_px, near=near, trail_px=order.trail_px, trail_ppm=order.trail_ppm, tick=slot.tick)

    def trigger(self, row: Live, now_ns: int) -> None:
        """Set an order off and say so."""
        row.is_triggered = True
        row.aim()
        self.tell_if_changed(row, now_ns, What.TRIGGERED)

    # ---- fills ------------------------------------------------------------------------------------------------------------------------
    def fill(self, row: Live, qty: int, px: int, now_ns: int) -> None:
        """Book an execution, and let what hangs on it follow."""
        if qty <= 0 or qty > row.working:
            raise InvariantError(f"order {row.perm_id} would fill {qty} of {row.working}")
        execution, commission = self._execute(row, qty, px, now_ns)
        self.out.append(execution)
        if row.parent is not None and not row.parent.is_done and texts.CHILD_FILL_ENDS_PARENT:
            self.end(row.parent, now_ns, texts.OCA_DONE)
        self._settle(row, now_ns)
        if self.commission_after_ns:
            self.commissions.append((now_ns + self.commission_after_ns, commission))
        else:
            self.out.append(commission)
        self._rebalance(row, qty, now_ns)
        for child in list(row.children):
            self._release(child, row, now_ns)

    def _execute(self, row: Live, qty: int, px: int, now_ns: int) -> tuple[Execution, Commission]:
        order, terms = row.order, self.ledger.terms[row.order.contract]
        row.filled += qty
        row.flow += px * qty
        row.last_px, row.last_fill_qty = px, qty
        fee = terms.fee(row.filled) - row.fee_micros
        row.fee_micros += fee
        exec_id = f"{texts.EXEC_PREFIX}.{self.next_exec:08x}.01.01"
        self.next_exec += 1
        realised = self.ledger.book(order.account, order.contract, Booked(exec_id, qty * order.side, px, fee))
        execution = Execution(
            exec_id, now_ns, row.perm_id, order.client_id, order.order_id, order.account, order.contract, order.side, qty, px,
            row.filled, row.flow, order.order_ref, order.type not in (Type.LIMIT, Type.LIMIT_TOUCHED),
        )  # fmt: skip
        self.executions[exec_id] = execution
        return execution, Commission(exec_id, order.client_id, fee, terms.contract.currency, realised)

    def _settle(self, row: Live, now_ns: int) -> None:
        """Say how an order stands after an execution of its own."""
        if row.filled >= row.qty:
            self._close(row, Status.FILLED, now_ns, texts.COMPLETED_FILLED.format(qty=row.filled))
        else:
            row.status = Status.SUBMITTED
        self.tell(row, What.FILLED)

    def _rebalance(self, row: Live, qty: int, now_ns: int) -> None:
        """Let the group of an order follow its execution."""
        for other in list(self.groups.get((row.order.account, row.oca), ())) if row.oca else ():
            if other is row or other.is_done:
                continue
            if row.oca_type == OcaType.CANCEL:
                self.end(other, now_ns, texts.OCA_DONE)
            else:
                self._reduce(other, -(-qty * other.order.qty // row.order.qty), now_ns)

    def _reduce(self, row: Live, by: int, now_ns: int) -> None:
        row.released = max(row.filled, row.released - by)
        row.qty = max(row.filled, row.qty - by)
        if row.qty <= row.filled:
            self.end(row, now_ns, texts.OCA_DONE)
        else:
            self.tell(row, What.REDUCED)

    def _release(self, child: Live, parent: Live, now_ns: int) -> None:
        """Let a child work for what its parent has filled by now."""
        if child.is_done or not child.is_sent:
            return
        whole = parent.order.qty
        newest = parent.last_fill_qty
        grown = child.order.qty * parent.filled // whole - child.order.qty * (parent.filled - newest) // whole
        if grown <= 0:
            return
        child.released += grown
        child.is_held = False
        child.from_stamp, child.since_ns = self.stamp, now_ns
        if child.order.tif is Tif.IOC:
            child.ioc_due_ns = now_ns + texts.IOC_NS
        self.look(child, now_ns)
        child.aim()
        child.status = self.status_of(child, now_ns)
        self.tell(child, What.RELEASED)

    # ---- ends -------------------------------------------------------------------------------------------------------------------------
    def end(self, row: Live, now_ns: int, why: str, *, by_client: bool = False, ended_as: str = "") -> None:
        """Give up what is left of an order, and of what hangs on it."""
        if row.status in DONE:
            return
        self._close(row, Status.CANCELLED, now_ns, ended_as or texts.COMPLETED_SYSTEM)
        if row.is_sent or by_client:
            code, text = texts.CANCELLED
            self.tell(row, What.ENDED, *((0, "") if why == texts.IOC_REST else (code, text.format(why=why))))
        for child in list(row.children):
            if not row.last_fill_qty:  # what it filled may have been busted since; its children work for it all the same
                self.end(child, now_ns, texts.PARENT_CANCELLED)
            else:
                self._trim(child, now_ns)
        if by_client and row.oca:
            for other in list(self.groups.get((row.order.account, row.oca), ())):
                self.end(other, now_ns, texts.OCA_DONE)

    def _trim(self, child: Live, now_ns: int) -> None:
        """Leave a child what its parent, which is over, filled."""
        if child.is_done or not child.is_sent or child.qty <= child.released:
            return
        child.qty = child.released
        if child.qty > child.filled:
            self.tell(child, What.REDUCED)
        elif not child.filled:
            self.end(child, now_ns, texts.OCA_DONE)

    def _close(self, row: Live, status: Status, now_ns: int, ended_as: str) -> None:
        row.status, row.done_ns, row.ended_as = status, now_ns, ended_as
        slot = self.slots[row.order.contract]
        if row in slot.rows:
            slot.rows.remove(row)
        members = self.groups.get((row.order.account, row.oca)) if row.oca else None
        if members and row in members:
            members.remove(row)
            if not members:
                del self.groups[row.order.account, row.oca]

    def rests(self, row: Live) -> bool:
        """Tell whether an order waits while another of its group, with block, or of its bracket is being filled as a stop."""
        if not row.oca or (row.oca_type == OcaType.REDUCE and not (row.parent is not None and texts.BRACKET_RESTS)):
            return False
        return any(
            other is not row and other.is_triggered and other.working > 0 and other.order.type in AS_STOP
            for other in self.groups.get((row.order.account, row.oca), ())
        )
