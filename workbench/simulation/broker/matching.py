"""Records meet the orders at the desk: quotes, prints, bars, gaps and phases, as they come. Fills are booked by the desk.

Rules are those of `simulation.matching` at no latency: an order works from the first record later than it came; what a record shows is
there once for each account and side; a stop before its target; exits before the entry they belong to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from workbench.domain.errors import InvariantError
from workbench.domain.records import ASK, BID, EVENT_TIME, PROVENANCE_SHIFT, Kind, Phase, Provenance, Records
from workbench.simulation.broker import texts
from workbench.simulation.broker.desk import Desk
from workbench.simulation.broker.market import RTH, Slot
from workbench.simulation.broker.orders import AS_STOP, HAS_LIMIT, Live, Tif, Type
from workbench.simulation.broker.reports import What
from workbench.simulation.broker.rules import Meeting, meet_print, meet_quote, worse
from workbench.simulation.matching.models import Slippage

QUOTE, PRINT, BAR, GAP, PHASE = (int(kind) for kind in (Kind.QUOTE, Kind.PRINT, Kind.BAR, Kind.GAP, Kind.PHASE))
MAINTENANCE, HISTORY = int(Phase.MAINTENANCE), int(Provenance.HISTORY)
SIDES: Final = BID | ASK
CHUNK: Final = 4096  # records turned into rows at a time
MANY: Final = 256  # records from which on it pays to look for the last ones alone
Row = tuple[int, int, int, int, int, int, int, int, int, int, int, int]  # a record


class Matching:
    """The trading floor.

    Parameters
    ----------
    desk
        Books what fills.
    slippage
        Extra ticks against the order; none by default, as the gateway is not where a strategy's costs are judged.
    """

    def __init__(self, desk: Desk, slippage: Slippage) -> None:
        self.desk, self.slip = desk, slippage
        self.session = 0  # newest instrument session entered by any contract: the account day

    def run(self, records: Records, start: int, stop: int) -> int:
        """Let records pass from `start` to `stop`, or through the first after which there is something to tell; gives where it stands.

        Chunks do not matter so: what a record makes due is seen before the next one.
        """
        slots, desk = self.desk.slots, self.desk
        n_told = len(desk.out) + len(desk.commissions)
        if stop - start >= MANY and not any(slot.rows for slot in slots.values()):
            self._follow(slots, records[start:stop])
            return stop
        for i in range(start, stop, CHUNK):
            for at, row in enumerate(records[i : min(stop, i + CHUNK)].tolist(), i + 1):
                self._pass(slots, row)
                if len(desk.out) + len(desk.commissions) != n_told:
                    return at
        return stop

    def _follow(self, slots: Mapping[int, Slot], records: Records) -> None:
        """Let many records pass while no order lives: of quotes and prints between two other records only the last of each matters."""
        kinds = records["kind"]
        others = np.flatnonzero((kinds == BAR) | (kinds == GAP) | (kinds == PHASE))
        start = 0
        for at in (*others.tolist(), len(records)):
            if at - start < MANY:
                for row in records[start:at].tolist():
                    self._pass(slots, row)
            else:
                self._skim(slots, records[start:at])
            if at < len(records):
                self._pass(slots, records[at].item())
            start = at + 1

    def _skim(self, slots: Mapping[int, Slot], records: Records) -> None:
        """Take the last quote of each contract, the last known price of either side, and the last print."""
        kinds, contracts, flags = records["kind"], records["contract"], records["flags"]
        n_left = int(((kinds == QUOTE) | (kinds == PRINT)).sum())
        for id_ in slots:
            mine = contracts == id_
            quotes, prints = np.flatnonzero(mine & (kinds == QUOTE)), np.flatnonzero(mine & (kinds == PRINT))
            n_left -= len(quotes) + len(prints)
            lasts = {int(side[-1]) for bit in (BID, ASK) if len(side := quotes[flags[quotes] & bit > 0])} | {int(i) for i in quotes[-1:]}
            for at in (*sorted(lasts), *prints[-1:].tolist()):
                self._pass(slots, records[at].item())
        if n_left:
            unknown = np.setdiff1d(contracts[(kinds == QUOTE) | (kinds == PRINT)], list(slots))
            raise InvariantError(f"a record names contract {unknown[0]}, which the broker does not know")

    def _pass(self, slots: Mapping[int, Slot], row: Row) -> None:
        """Let one record pass."""
        kind = row[8]
        if kind in (QUOTE, PRINT):
            slot = slots.get(row[7])
            if slot is None:
                raise InvariantError(f"a record names contract {row[7]}, which the broker does not know")
            if kind == QUOTE:
                slot.quote(row[3], row[4], row[5], row[6], row[11] & SIDES)
            else:
                slot.last = row[3]
            if slot.rows and slot.is_open:
                self.desk.stamp += 1
                self._meet(slot, row, kind == QUOTE)
        elif kind == PHASE:
            self._change_phase(slots[row[7]], row)
        elif kind == BAR:
            self._bar(slots[row[7]], row)
        elif kind == GAP:
            slots[row[7]].forget()

    def _able(self, slot: Slot, row: Live, t: int) -> bool:
        """Tell whether an order meets the record of time `t`."""
        return row.working > 0 and row.from_ns < t and row.from_stamp < self.desk.stamp and slot.works(row, t)

    def _meet(self, slot: Slot, record: Row, is_quote: bool) -> None:
        t, px, size = record[1], record[3], record[4]
        slot.taken.clear()
        fars = {1: slot.far(1), -1: slot.far(-1)}
        for row in tuple(slot.rows):
            order, level = row.order, row.level
            far = fars[order.side]
            if level is not None:
                there = far if is_quote else px
                if there is None or (there - level) * row.way < 0:
                    continue
            if not self._able(slot, row, t):
                continue
            if is_quote:
                if far is not None and not self._waits(row):
                    shown = slot.asz if order.side > 0 else slot.bsz
                    meeting = meet_quote(
                        order.type, order.side, limit_px=order.limit_px, stop_px=row.stop_px, is_triggered=row.is_triggered,
                        far=far, tick=slot.tick, slip=self.slip,
                    )  # fmt: skip
                    self._take(slot, row, meeting, shown, t)
                if order.type is Type.TRAIL and not row.is_triggered:
                    row.stop_px = self.desk.trailed(row, slot)
                if order.tif is Tif.IOC and not row.is_done:
                    self.give_up(row, t)
            elif not self._waits(row):
                meeting = meet_print(
                    order.type, order.side, limit_px=order.limit_px, stop_px=row.stop_px, is_triggered=row.is_triggered, px=px
                )
                self._take(slot, row, meeting, size, t)

    def _waits(self, row: Live) -> bool:
        """Tell whether a limit of a group rests while a stop of it is under way; stops are never kept waiting."""
        return bool(row.oca) and row.order.type not in AS_STOP and self.desk.rests(row)

    def _take(self, slot: Slot, row: Live, meeting: Meeting, shown: int, t: int) -> None:
        """Set an order off and fill as much as is still shown for its account."""
        if meeting.is_triggered and not row.is_triggered:
            self.desk.trigger(row, t)
        if meeting.px is None:
            return
        mine = (row.order.account, row.order.side)
        qty = min(row.working, shown - slot.taken.get(mine, 0))
        if qty > 0:
            slot.taken[mine] = slot.taken.get(mine, 0) + qty
            self.desk.fill(row, qty, meeting.px, t)

    def give_up(self, row: Live, t: int) -> None:
        """End what an IOC order could not get."""
        row.status = row.status.PENDING_CANCEL
        self.desk.tell(row, What.CANCELLING)
        self.desk.end(row, t, texts.IOC_REST)

    # ---- phases -----------------------------------------------------------------------------------------------------------------------
    def _change_phase(self, slot: Slot, record: Row) -> None:
        """Open or close a contract; DAY orders end with its session, of shares with regular hours if they are for those [IB]."""
        t, session, phase = record[1], record[3], record[10]
        is_over = slot.is_open and (phase <= MAINTENANCE or session != slot.session)
        is_after_hours = slot.phase == RTH and phase < RTH and not slot.is_future
        slot.phase, slot.session = phase, session
        slot.forget()
        for row in list(slot.rows) if is_over or is_after_hours else ():
            if row.order.tif is Tif.DAY and (is_over or not row.order.outside_rth):
                self.desk.end(row, t, texts.EXPIRED)
        if slot.is_open and session > self.session:
            self.session = session
            self.desk.ledger.begin_day()
        for row in list(slot.rows):
            self.desk.tell_if_changed(row, t, What.RELEASED)

    # ---- bars -------------------------------------------------------------------------------------------------------------------------
    def _bar(self, slot: Slot, record: Row) -> None:
        """Put a bar together from its two records; where there are no quotes it fills orders."""
        _, t, event_ns, px, sz, px2, _, _, _, _, level, flags = record
        if flags >> PROVENANCE_SHIFT & 3 == HISTORY:
            return
        if level == 0:
            slot.bar_begun = True
            slot.bar_start_ns = event_ns if flags & EVENT_TIME and event_ns < t else None
            slot.bar_open, slot.bar_high, slot.bar_volume = px, px2, sz
        elif slot.bar_begun:
            slot.bar_begun = False
            slot.bar_low, slot.bar_close = px, px2
            if slot.rows and slot.is_open and not slot.quoted:
                self.desk.stamp += 1
                self._meet_bar(slot, t)
            slot.last = slot.close = px2

    def _meet_bar(self, slot: Slot, t: int) -> None:
        slot.taken.clear()
        for row in list(slot.rows):
            if not self._able(slot, row, t):
                continue
            filled = row.filled
            is_late = slot.is_late(row.since_ns, t)
            base = slot.bar_close if is_late and row.parent is None else slot.bar_open
            if is_late and row.parent is not None:  # what it was before it grew or moved may have gone off at the open
                base = worse(slot.bar_open, slot.bar_close, row.order.side)
            self._meet_one_bar(slot, row, t, is_late, base)
            if row.filled > filled:
                self._stops_follow(slot, row, t, is_late)
            if row.order.tif is Tif.IOC and not row.is_done:
                self.give_up(row, t)

    def _stops_follow(self, slot: Slot, entry: Live, t: int, is_late: bool) -> None:
        """Let the stops of an entry meet the rest of the bar that filled it: the order of its prices is not known."""
        base = slot.bar_close if is_late else slot.bar_open
        for child in list(entry.children):
            if child.order.type in AS_STOP and child.working > 0 and slot.works(child, t):
                if entry.order.type in AS_STOP and entry.stop_px is not None and not is_late:
                    base = worse(base, entry.stop_px, entry.order.side)
                self._meet_one_bar(slot, child, t, is_late, base)

    def _meet_one_bar(self, slot: Slot, row: Live, t: int, is_late: bool, base: int) -> None:
        """One order against a complete bar, as `simulation.matching` rules 9 and 10 say."""
        order, side, slip, tick = row.order, row.order.side, self.slip, slot.tick
        if self._waits(row):
            return
        high, low, close = slot.bar_high, slot.bar_low, slot.bar_close
        market_px = worse(slot.bar_open, slot.close, side) if slot.close is not None else slot.bar_open
        if is_late:
            market_px = worse(worse(slot.bar_open, close, side), high if side > 0 else low, side)
        market_px += side * (slip.market_ticks + slip.bar_ticks) * tick
        kind, is_off = order.type, row.is_triggered
        if kind in AS_STOP and row.stop_px is not None and not is_off:
            is_off = ((high if side > 0 else low) - row.stop_px) * side >= 0
        elif kind in (Type.TOUCHED, Type.LIMIT_TOUCHED) and row.stop_px is not None and not is_off:
            is_off = ((low if side > 0 else high) - row.stop_px) * side <= 0
        px: int | None = None
        if kind is Type.MARKET or (kind is Type.TOUCHED and is_off):
            px = market_px
        elif kind in HAS_LIMIT and order.limit_px is not None and (kind is Type.LIMIT or is_off):
            reach = close if is_late else low if side > 0 else high
            px = order.limit_px if (order.limit_px - reach) * side > 0 else None
        elif is_off and row.stop_px is not None:
            px = worse(row.stop_px, base, side) + side * (slip.stop_ticks + slip.bar_ticks) * tick
        self._take(slot, row, Meeting(is_off, px), slot.bar_volume, t)
