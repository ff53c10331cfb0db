"""What the broker says of orders, as events: pure, state is the `Book`. Sends nothing, asks nothing, reads no clock.

Rules
-----
1. Only executions fill, each once by the root of its id, also when they are told again after a reconnect. A higher correction number
   replaces (`FillCorrected`); a lower one that comes late is nothing.
2. Only an order's status, its row among the open or completed orders, or its absence from whole answers ends it. An error is a claim
   (`BrokerSaid`) and asked about: believed too early, an entry or exit would be sent twice. Only of a stop or target that showed no sign
   of life a refusal counts at once: less is protected then than was thought, never more.
3. An order ends once. Executions that come behind its end are fills all the same; a status that comes behind its end is nothing.
4. What is filled never falls: a cancel gives up what neither an execution nor any status called filled.
5. A changed order is acknowledged when the broker shows it changed; what it showed before is nothing then. In a whole answer of the
   broker (`is_whole`) what it shows counts.
6. Nothing is ours but what bears our orderRef of this run, or a number that such an order bears. All else is foreign.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.events import (
    AnyEvent,
    BrokerSaid,
    FeeReported,
    FillCorrected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from workbench.domain.orders import Leg, OrderType
from workbench.venues.ib.book import Book, Done, Life, Part, Stage, Terms, read_ref, short_run, split_exec_id, which
from workbench.venues.ib.codes import CodeKind, meaning
from workbench.venues.ib.foreign import Foreign
from workbench.venues.ib.past import CLOSES
from workbench.venues.ib.units import nearest_px, to_micros, to_px, to_size
from workbench.wire import Answer, CommissionReport, CompletedOrder, ErrorMessage, ExecutionData, OpenOrder, OrderStatus
from workbench.wire.order import OrderFields
from workbench.wire.text import Number

WORKS: Final = frozenset({"PreSubmitted", "Submitted"})
ENDED: Final = frozenset({"Cancelled", "ApiCancelled"})
WAITS: Final = frozenset({"PendingSubmit", "PendingCancel", "ApiPending"})
FILLED, INACTIVE = "Filled", "Inactive"
REFUSALS: Final = frozenset({CodeKind.ORDER_REJECTED, CodeKind.REQUEST_REFUSED, CodeKind.CONFIG})
ALSO_REFUSE: Final = frozenset({104, 105, 110})  # a change, or an order off its tick, was not taken; what stands before lives on
ABOUT_A_CANCEL: Final = frozenset({135, 136, 161, 10147, 10148})  # the cancel was refused; of the order it says nothing
DUPLICATE: Final = 103
LOOK: Final = frozenset({CodeKind.ORDER_UNKNOWN_OUTCOME, CodeKind.ORDER_CANCELLED})  # what an order is now must be asked


class Translator:
    """Answers in, events out.

    Attributes
    ----------
    must_look
        Something was said that only a fresh answer of the broker (open orders, executions) can settle. Who asks clears it.
    clashed
        Orders whose number was taken (103).
    undead
        Numbers of orders that are over for us and that the broker shows working: they must be cancelled.

    Parameters
    ----------
    contracts
        By conId.
    client_id
        Ours: numbers of other clients' orders mean nothing.
    """

    def __init__(self, book: Book, contracts: Mapping[int, Contract], *, client_id: int) -> None:
        self.book, self.contracts, self.client_id = book, contracts, client_id
        self.run = short_run(book.run)
        self.foreign = Foreign(contracts)
        self.must_look = False
        self.clashed: set[int] = set()
        self.undead: set[int] = set()

    def hear(self, message: Answer, *, is_whole: bool = False) -> list[AnyEvent]:
        """Give what a message means; nothing for one that is not about orders.

        Parameters
        ----------
        is_whole
            The message is part of an answer to a question for all open orders.
        """
        match message:
            case OpenOrder():
                return [] if message.order.what_if else self._open_order(message, is_whole)
            case OrderStatus():
                return self._status(message, is_whole)
            case ExecutionData():
                return self._execution(message)
            case CommissionReport():
                return self._commission(message)
            case CompletedOrder():
                return self._completed(message)
            case ErrorMessage():
                return self._error(message)
            case _:
                return []

    def compare(self, contract: int, qty: int) -> None:
        """Take the broker's position of a contract: one that neither our executions nor foreign ones make up must be looked into."""
        mine = sum(x.submit.side * (x.open + x.by_hand) for x in self.book.lives.values() if x.submit.key.contract == contract)
        self.must_look = self.must_look or qty != mine + self.foreign.net.get(contract, 0)

    # ------------------------------------------------------------------ whose it is
    def _own(self, order_ref: str, order_id: int, client_id: int, perm_id: int, qty: int = 0) -> tuple[Life, Part] | None:
        named = read_ref(order_ref)
        if named is None:
            found = self.book.find(order_id if client_id == self.client_id else 0, perm_id)
            if found is not None:
                self.book.number(*found, 0, perm_id)
            return found
        life = self.book.lives.get(named.ref) if named.run == self.run else None
        if life is None:
            return None
        part = which([part for part in life.parts if part.leg is named.leg], order_id, perm_id)
        if part is None and named.leg is not Leg.ENTRY and qty:  # sent by a process that is no more
            part = Part(0, named.leg, -life.submit.side, CLOSES[named.leg], Terms(qty, None), is_recalled=True)
            life.parts.append(part)
        if part is None:
            return None
        self.book.number(life, part, 0 if part.order_id else order_id, perm_id)
        return life, part

    def _contract(self, life: Life) -> Contract | None:
        contract_id = life.submit.key.contract
        return next((contract for contract in self.contracts.values() if contract.id == contract_id), None)

    # ------------------------------------------------------------------ orders
    def _open_order(self, m: OpenOrder, is_whole: bool) -> list[AnyEvent]:
        order = m.order
        own = self._own(order.order_ref, order.order_id, order.client_id, order.perm_id, int(order.total_quantity or 0))
        if own is None:
            return self.foreign.order(m)
        life, part = own
        if part.is_recalled and part.leg is not Leg.ENTRY:
            part.group, part.is_alone, part.is_recalled = order.oca_group or part.group, not order.parent_id, False
            if part.stage is Stage.FILLED and part.filled < (order.total_quantity or 0):
                part.stage = Stage.SENT  # known by an execution of a part of it alone
        if m.state.status in ENDED:
            return self._end(life, part, 0)
        if m.state.status in WAITS or m.state.status == FILLED:
            return []
        if m.state.status == INACTIVE:
            return self._inactive(life, part)
        return self._show(life, part, self._terms(m, part), is_whole)  # an older gateway tells no status here

    def _terms(self, m: OpenOrder, part: Part) -> Terms:
        contract = self.contracts.get(m.contract.con_id)
        if contract is None or m.order.total_quantity is None:
            return part.wanted
        try:
            px = _level(m.order, part)
            return Terms(to_size(contract, m.order.total_quantity), part.wanted.px if px is None else to_px(contract, px))
        except DataError:  # off the grid: no order of ours was; what it is, the book does not know better
            return part.wanted

    def _status(self, m: OrderStatus, is_whole: bool) -> list[AnyEvent]:
        own = self._own("", m.order_id, m.client_id, m.perm_id)
        if own is None:
            return self.foreign.status(m)
        life, part = own
        told = self._size(life, m.filled)
        part.told = max(part.told, told)
        if m.status in ENDED:
            return self._end(life, part, told)
        if m.status == INACTIVE:
            return self._inactive(life, part)
        if m.status == FILLED:
            part.has_lived, size = True, (part.known or part.wanted).qty
            self._all_filled(part, told)
            is_less = part.leg is Leg.STOP and (less := size - part.known.qty if part.known else 0) > 0
            return (
                [OrderCancelled(life.submit.ref, Leg.STOP, less)] if is_less else []
            )  # somebody had cut it: of the rest it covers nothing
        return self._show(life, part, part.known or part.wanted, is_whole) if m.status in WORKS else []

    @staticmethod
    def _all_filled(part: Part, told: int) -> None:
        """Take that an order is filled, of which `told` (0: not said). A child was for less where its entry ended with a part filled."""
        terms = part.known or part.wanted
        if told and not part.is_over:
            part.known = terms = Terms(max(told, part.filled), terms.px)
        part.told = max(part.told, terms.qty)
        if part.stage in (Stage.SENT, Stage.WORKING) and part.filled >= part.told:
            part.stage = Stage.FILLED

    def _show(self, life: Life, part: Part, shown: Terms, is_whole: bool) -> list[AnyEvent]:
        """Take that an order works, with these terms."""
        if part.is_over:
            if part.stage is not Stage.FILLED and (is_whole or not part.has_lived):
                self.undead.add(part.order_id)
            return []
        is_news = part.stage is Stage.SENT or part.known is None
        part.has_lived, part.is_inactive, part.n_missed, part.stage = True, False, 0, Stage.WORKING
        if is_news:
            part.refusal = ""  # a claim that was not true
            part.wanted = Terms(shown.qty, shown.px if part.wanted.px is None else part.wanted.px)  # an earlier process may have cut it
        elif shown != part.wanted:
            is_pending = part.known != part.wanted
            if shown == part.known or (not is_whole and (is_pending or shown == part.before)):
                return []  # an echo of what it was
            if not is_pending:
                part.wanted = shown  # changed by another hand, or reduced by its OCA group
                self._stands(life, part, shown)
        elif shown == part.known:
            return []
        part.before, part.known = part.known, shown
        return [_accepted(life, part, shown)]

    @staticmethod
    def _stands(life: Life, part: Part, shown: Terms) -> None:
        """Take the broker's word on where an order stands for what was commanded."""
        if part.leg is Leg.STOP and shown.px is not None:
            life.stop_px = shown.px
        elif part.leg is Leg.ENTRY and shown.px is not None:
            life.entry_px = shown.px

    def _end(self, life: Life, part: Part, told: int) -> list[AnyEvent]:
        part.told = max(part.told, told)
        if part.is_over:
            return []
        rest = part.wanted.qty - max(part.filled, part.told)
        if rest <= 0:  # what is all filled was not cancelled; its executions may be under way
            part.stage = Stage.FILLED if part.filled >= part.wanted.qty else part.stage
            return []
        if part.refusal and not part.told and not part.filled:
            return self._reject(life, part, part.refusal)
        part.stage = Stage.CANCELLED
        self._left(life, part)
        return [OrderCancelled(life.submit.ref, part.leg, rest)]

    def _reject(self, life: Life, part: Part, text: str) -> list[AnyEvent]:
        part.stage = Stage.REJECTED
        self._left(life, part)
        return [OrderRejected(life.submit.ref, part.leg, text)]

    @staticmethod
    def _left(life: Life, part: Part) -> None:
        if part.leg is Leg.EXIT:
            life.is_leaving = False  # whoever wants to leave says so again

    def _inactive(self, life: Life, part: Part) -> list[AnyEvent]:
        if part.is_over or part.is_inactive:
            return []
        part.is_inactive = True
        if part.refusal:
            return self._reject(life, part, part.refusal)
        if part.leg is not Leg.STOP:
            return []
        part.stage, part.known = Stage.SENT, None  # protects nobody; acknowledged anew if it comes back
        return [OrderRejected(life.submit.ref, part.leg, "the broker holds it as inactive")]

    def _completed(self, m: CompletedOrder) -> list[AnyEvent]:
        own = self._own(m.order.order_ref, 0, -1, m.order.perm_id)
        if own is None:
            return self.foreign.completed(m)
        life, part = own
        told = self._size(life, m.order.filled_quantity or 0)
        part.told = max(part.told, told)
        return self._end(life, part, told) if m.state.status in ENDED else []

    def vanished(self, life: Life, part: Part) -> list[AnyEvent]:
        """Take that an order which had worked is in none of the broker's answers any more."""
        return self._end(life, part, part.told)

    def refuse(self, life: Life, part: Part, text: str) -> list[AnyEvent]:
        """End an order that never left us, or never arrived."""
        return [] if part.is_over else self._reject(life, part, text)

    # ------------------------------------------------------------------ fills and fees
    def _size(self, life: Life, units: Number) -> int:
        contract = self._contract(life)
        try:
            return to_size(contract, units) if contract is not None else int(units)
        except DataError:
            return int(units)

    def _execution(self, m: ExecutionData) -> list[AnyEvent]:
        e = m.execution
        root, number = split_exec_id(e.exec_id)
        done = self.book.executions.get(root)
        if done is not None and (number <= split_exec_id(done.exec_id)[1] or done.ref < 0):
            return [] if done.ref >= 0 or number <= split_exec_id(done.exec_id)[1] else self._foreign_correction(m, done)
        own = self._own(e.order_ref, m.order_id, e.client_id, e.perm_id, int(e.shares))
        if own is None:
            return self._not_in_book(m, root)
        life, part = own
        if (contract := self._contract(life)) is None:
            return self._not_in_book(m, root)
        qty, px = self._size(life, e.shares), nearest_px(contract, e.price, up=e.side.upper().startswith("B"))
        before = self.book.known_before.get(root) if done is None else None
        is_news = before is None or number > split_exec_id(before.exec_id)[1]
        exec_id, counts = (e.exec_id, qty) if before is None or is_news else (before.exec_id, before.qty)
        part.has_lived = True
        part.filled += counts - (done.qty if done else 0)
        if part.stage in (Stage.SENT, Stage.WORKING) and part.filled >= (part.known or part.wanted).qty:
            part.stage = Stage.FILLED
        ref, fee = life.submit.ref, self.book.fees_early.pop(e.exec_id, None)
        self.book.executions[root] = Done(exec_id, counts, ref, part.order_id, fee)
        self.book.forget_oldest()
        if not is_news:
            return []
        if (old := done or before) is None:
            return [OrderFilled(ref, part.leg, qty, px, e.exec_id, fee)]
        corrected = FillCorrected(ref, part.leg, qty, px, e.exec_id, old.exec_id)
        return [corrected] if fee is None else [corrected, FeeReported(e.exec_id, fee)]

    def _not_in_book(self, m: ExecutionData, root: str) -> list[AnyEvent]:
        """A fill of an order that is not in the book: of a bracket long over, which the engine must hear of, or foreign."""
        e = m.execution
        contract = self.contracts.get(m.contract.con_id)
        named = read_ref(e.order_ref)
        if contract is None or named is None or named.run != self.run:
            self.book.executions[root] = Done(e.exec_id, 0, -1, 0)
            return self.foreign.execution(m)
        qty, px = to_size(contract, e.shares), nearest_px(contract, e.price, up=e.side.upper().startswith("B"))
        self.book.executions[root] = Done(e.exec_id, qty, named.ref, m.order_id)
        before = self.book.known_before.get(root)
        if before is None:
            return [OrderFilled(named.ref, named.leg, qty, px, e.exec_id, None)]
        is_news = split_exec_id(e.exec_id)[1] > split_exec_id(before.exec_id)[1]
        return [FillCorrected(named.ref, named.leg, qty, px, e.exec_id, before.exec_id)] if is_news else []

    def _foreign_correction(self, m: ExecutionData, done: Done) -> list[AnyEvent]:
        text = f"execution {done.exec_id} of an order that is not ours is corrected: {m.execution.shares} at {m.execution.price}"
        done.exec_id = m.execution.exec_id
        return [BrokerSaid(0, "correction", text, None, None)]

    def _commission(self, m: CommissionReport) -> list[AnyEvent]:
        fee = None if m.commission is None else to_micros(m.commission)
        if fee is None:
            return []
        done = self.book.executions.get(split_exec_id(m.exec_id)[0])
        if done is None or (done.exec_id != m.exec_id and split_exec_id(m.exec_id)[1] > split_exec_id(done.exec_id)[1]):
            self.book.fees_early[m.exec_id] = fee
            self.book.forget_oldest()
            return []
        if done.ref < 0 or done.fee == fee or done.exec_id != m.exec_id:
            return []
        life = self.book.lives.get(done.ref)
        contract = None if life is None else self._contract(life)
        if contract is not None and m.currency and m.currency != contract.currency:
            text = f"the commission of {m.exec_id} is {m.commission} {m.currency}, the contract's currency is {contract.currency}"
            return [BrokerSaid(0, "fee", text, done.ref, contract.id)]
        is_first, done.fee = done.fee is None, fee
        if not is_first:
            return [BrokerSaid(0, "fee", f"the commission of {m.exec_id} is told again, as {m.commission}", done.ref, None)]
        return [FeeReported(m.exec_id, fee)]

    # ------------------------------------------------------------------ words
    def _error(self, m: ErrorMessage) -> list[AnyEvent]:
        found = self.book.find(m.req_id)
        if found is None:
            return []
        life, part = found
        kind = meaning(m.code).kind
        said = BrokerSaid(m.code, kind.value, m.text, life.submit.ref, life.submit.key.contract)
        is_settled = part.stage is Stage.CANCELLED and m.code != DUPLICATE  # the broker has shown its end: words behind it add nothing
        self.must_look = self.must_look or (kind in LOOK and not is_settled)
        if m.code == DUPLICATE and not part.has_lived:
            self.clashed.add(part.order_id)
            return [said]
        if m.code in ABOUT_A_CANCEL:
            return [said]  # it is sent again when the broker shows the order in a whole answer, and not before
        if part.is_over or (kind not in REFUSALS and m.code not in ALSO_REFUSE):
            return [said]
        text = f"{m.code}: {m.text}"
        if part.has_lived and part.known is not None and part.known != part.wanted:
            part.wanted = part.known
            self._stands(life, part, part.known)
            refused = [OrderRejected(life.submit.ref, part.leg, text)]  # of an entry it would be the end
            return [said, *(refused if part.leg is not Leg.ENTRY else []), _accepted(life, part, part.known)]
        part.refusal = text
        if part.is_inactive or (part.leg in (Leg.STOP, Leg.TARGET) and not part.has_lived):
            return [said, *self._reject(life, part, text)]
        self.must_look = True
        return [said]


def _level(order: OrderFields, part: Part) -> Number | None:
    """Give the price that a type of order works with."""
    return {OrderType.LIMIT: order.lmt_price, OrderType.STOP: order.aux_price}.get(part.type)


def _accepted(life: Life, part: Part, terms: Terms) -> OrderAccepted:
    """Tell where an order works; of a stop, what it still protects."""
    return OrderAccepted(life.submit.ref, part.leg, terms.qty - part.filled * (part.leg is Leg.STOP), _px(life, terms))


def _px(life: Life, terms: Terms) -> int:
    """An order at market is told with the price its decision saw."""
    return life.submit.entry_px if terms.px is None else terms.px
