"""The way in: orders are checked, entered, transmitted, changed, withdrawn and valued. Nothing meets the market here."""

from __future__ import annotations

from workbench.domain.units import MICROS
from workbench.simulation.broker import texts
from workbench.simulation.broker.checks import Objection, invalid, object_to, object_to_change, rejected
from workbench.simulation.broker.desk import Desk
from workbench.simulation.broker.orders import ID, TRIGGERED_TYPES, Live, Order, Status
from workbench.simulation.broker.reports import Bound, Refusal, What, WhatIf


class Entry:
    """The counter of a broker: what clients ask for, and what is typed by hand."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._ledger, self._slots = desk, desk.ledger, desk.slots
        self._highest: dict[int, int] = {}  # client -> highest order id it used

    def place(self, order: Order, now_ns: int) -> None:
        """Take an order, or the change of one that stands (the same client and id)."""
        row = self._desk.by_id.get(order.id)
        if row is not None:
            self._change(row, order, now_ns)
        elif order.order_id <= 0:
            self._refuse(order.id, invalid(texts.BAD_ID))
        elif objection := self._objection(order, now_ns):
            self._refuse(order.id, objection)
        else:
            self._highest[order.client_id] = order.order_id
            self._transmit(self._enter(order, now_ns), now_ns)

    def _objection(self, order: Order, now_ns: int) -> Objection | None:
        if order.contract not in self._ledger.terms:
            return texts.NO_SECURITY
        if order.account not in self._ledger.accounts:
            return texts.BAD_ACCOUNT
        if order.order_id > 0 and order.order_id <= self._highest.get(order.client_id, 0):
            return texts.DUPLICATE_ID
        parent = self._desk.by_id.get((order.client_id, order.parent_id)) if order.parent_id else None
        if order.parent_id and parent is None:
            return texts.NO_PARENT[0], texts.NO_PARENT[1].format(parent_id=order.parent_id)
        if parent is not None and parent.is_done and (parent.status is not Status.FILLED or not texts.CHILD_OF_FILLED_WORKS):
            return rejected(texts.PARENT_OVER)
        return object_to(order, self._slots[order.contract].contract, now_ns)

    def _enter(self, order: Order, now_ns: int) -> Live:
        desk = self._desk
        parent = desk.by_id.get((order.client_id, order.parent_id)) if order.parent_id else None
        row = Live(order, desk.next_perm, now_ns, parent, desk.next_perm)
        desk.next_perm += 1
        desk.rows[row.perm_id] = row
        if order.order_id:
            desk.by_id[order.id] = row
        if parent is not None:
            parent.children.append(row)
        return row

    def _transmit(self, row: Live, now_ns: int) -> None:
        """Let an order live, and with it all of its family that waited."""
        if not row.order.transmit:
            return
        root = row
        while root.parent is not None:
            root = root.parent
        family = [each for each in descend(root) if not each.is_sent and not each.is_done]
        for each in family:
            if each.parent is None and (text := self._lacks_margin(each.order)):
                self._reject(each, now_ns, text)
                return
        for each in family:
            self._desk.start(each, now_ns)
            self._desk.tell(each, What.PLACED, *self._waits_for_open(each, now_ns))

    def _waits_for_open(self, row: Live, now_ns: int) -> tuple[int, str]:
        """Say 399 of an order that cannot work before the market opens; `{when}` is left to who knows the hours."""
        slot = self._slots[row.order.contract]
        if row.is_held or row.order.good_after_ns is not None or slot.works(row, now_ns):
            return 0, ""
        code, text = texts.ORDER_MESSAGE
        side = "BUY" if row.order.side > 0 else "SELL"
        return code, text.format(side=side, qty=row.qty, symbol=slot.contract.symbol, why=texts.HELD_UNTIL_OPEN)

    def _reject(self, root: Live, now_ns: int, why: str) -> None:
        """Refuse an order that was entered, with all that hangs on it."""
        for row in descend(root):
            row.status, row.done_ns, row.ended_as = Status.INACTIVE, now_ns, why
            row.is_sent = True
            self._desk.tell(row, What.ENDED, *rejected(why if row is root else texts.PARENT_OVER))

    def _change(self, row: Live, order: Order, now_ns: int) -> None:
        if row.is_done:
            self._refuse(order.id, texts.CANNOT_MODIFY_FILLED if row.status is Status.FILLED else texts.DUPLICATE_ID)
            return
        objection = object_to_change(row, order) or object_to(order, self._slots[order.contract].contract, now_ns)
        if objection:
            self._refuse(order.id, objection)
            return
        if order.qty != row.order.qty:  # said anew; else what its group has taken from it stays taken
            row.qty = order.qty
            if row.parent is not None and row.is_sent:
                row.released = order.qty if row.parent.is_done else min(order.qty, row.released)
        if not row.is_triggered and (order.stop_px is not None or order.type not in TRIGGERED_TYPES or order.type is not row.order.type):
            row.stop_px = order.stop_px  # a trailing stop that says nothing goes on from where it stands
        if order.type is not row.order.type:
            row.is_triggered = False
        goes_on = row.is_triggered and order.qty == row.order.qty  # what has gone off has no level any more to begin anew at
        row.order = order
        if not row.is_sent:
            self._transmit(row, now_ns)
            return
        if not goes_on:
            row.since_ns, row.from_ns, row.from_stamp = now_ns, now_ns, self._desk.stamp
        self._desk.look(row, now_ns)
        row.aim()
        row.status = self._desk.status_of(row, now_ns)
        self._desk.tell(row, What.MODIFIED)

    def cancel(self, client_id: int, order_id: int, now_ns: int) -> None:
        """Withdraw an order of a client: 202 when it is, 10147 when there is none of its own, 10148 when it is over."""
        row = self._desk.by_id.get((client_id, order_id))
        if row is None:
            self._refuse((client_id, order_id), (texts.NOT_FOUND[0], texts.NOT_FOUND[1].format(order_id=order_id)))
        elif row.is_done:
            code, text = texts.CANNOT_CANCEL
            self._refuse((client_id, order_id), (code, text.format(order_id=order_id, state=row.status.value)))
        else:
            self._withdraw(row, now_ns)

    def cancel_by_hand(self, perm_id: int, now_ns: int) -> None:
        """Withdraw any order that lives, as a person at the screen does."""
        self._withdraw(self._desk.rows[perm_id], now_ns)

    def cancel_all(self, now_ns: int) -> None:
        """Withdraw every order that lives, whoever placed it, by hand too."""
        for row in [each for each in self._desk.rows.values() if not each.is_done]:
            self._withdraw(row, now_ns)

    def _withdraw(self, row: Live, now_ns: int) -> None:
        self._desk.end(row, now_ns, "", by_client=True, ended_as=texts.COMPLETED_CANCELLED)

    def _refuse(self, id_: ID, objection: Objection) -> None:
        self._desk.out.append(Refusal(*id_, *objection))

    def what_if(self, order: Order, now_ns: int) -> None:
        """Say what an order would bind and cost, or why it would be refused; nothing is placed."""
        objection = self._objection(order, now_ns)
        if objection:
            self._refuse(order.id, objection)
            return
        terms = self._ledger.terms[order.contract]
        fee = terms.fee(order.qty)
        base = self._ledger.accounts[order.account].currency
        paid = self._ledger.convert(fee, terms.contract.currency, base)
        before = self._ledger.margins(order.account)
        after = self._ledger.margins(order.account, {order.contract: order.side * order.qty}, paid)
        self._desk.out.append(WhatIf(order, before, after, fee, terms.contract.currency))

    def _lacks_margin(self, order: Order) -> str:
        """Say why an account cannot hold what this order and all others of its direction would bring it; empty when it can."""
        working = sum(
            row.working
            for row in self._slots[order.contract].rows
            if row.order.account == order.account and row.order.side == order.side and row.parent is None
        )
        now = self._ledger.margins(order.account)
        then = self._ledger.margins(order.account, {order.contract: order.side * (order.qty + working)})
        if then.initial <= now.initial or then.initial <= then.equity_with_loan:
            return ""
        equity, margin = (f"{micros / MICROS:.2f}" for micros in (then.equity_with_loan, then.initial))
        return texts.NO_MARGIN.format(equity=equity, margin=margin, currency=self._ledger.accounts[order.account].currency)

    def place_by_hand(self, order: Order, now_ns: int) -> int:
        """Take an order typed at the screen (``client_id`` and ``order_id`` 0); gives its permId, 0 when it is refused."""
        order = order if order.order_id == 0 and order.client_id == 0 else _by_hand(order)
        objection = self._objection(order, now_ns)
        if objection:
            self._refuse(order.id, objection)
            return 0
        row = self._enter(order, now_ns)
        self._transmit(row, now_ns)
        return row.perm_id

    def bind(self, perm_id: int, client_id: int = 0) -> int:
        """Make an order typed by hand known to a client, under a negative id of its own; gives that id."""
        desk, row = self._desk, self._desk.rows[perm_id]
        if row.order.order_id == 0:
            row.order = _renamed(row.order, client_id, desk.next_hand)
            desk.next_hand -= 1
            desk.by_id[row.order.id] = row
            desk.out.append(Bound(perm_id, client_id, row.order.order_id))
            desk.tell(row, What.BOUND)
        return row.order.order_id

    def highest_id(self, client_id: int) -> int:
        """Highest order id a client has used, 0 if none."""
        return self._highest.get(client_id, 0)


def descend(root: Live) -> list[Live]:
    """Give an order and all that hangs on it, parents first."""
    family = [root]
    for row in family:
        family.extend(row.children)
    return family


def _renamed(order: Order, client_id: int, order_id: int) -> Order:
    fields = {name: getattr(order, name) for name in order.__struct_fields__}
    return Order(**{**fields, "client_id": client_id, "order_id": order_id})


def _by_hand(order: Order) -> Order:
    return _renamed(order, 0, 0)
