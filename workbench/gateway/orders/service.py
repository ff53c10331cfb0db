"""Orders on the wire: requests become calls of the broker, its reports become messages to who may hear them. Matches and books nothing.

Who hears what
--------------
An order, its state, its executions and what they cost: the client that placed it, and the master client; of those typed by hand client 0.
Errors about an order: its own client. Lists follow the same rule, but for `ReqAllOpenOrders`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from workbench.domain.records import Records
from workbench.gateway import behaviour as say
from workbench.gateway.base import Client, World
from workbench.gateway.contracts import Missing, hours
from workbench.gateway.history.asked import instant
from workbench.gateway.orders import telling
from workbench.gateway.orders.asking import read_contract, read_order
from workbench.gateway.orders.world import Named, broker_of, named
from workbench.simulation.broker import (
    Bound,
    Broker,
    Commission,
    Execution,
    OrderReport,
    OrderState,
    Refusal,
    Report,
    Status,
    What,
    WhatIf,
)
from workbench.wire import (
    Answer,
    CancelOrder,
    CompletedOrdersEnd,
    ExecutionDataEnd,
    GlobalCancel,
    OpenOrderEnd,
    OrderBound,
    OrderFields,
    PlaceOrder,
    ReqAllOpenOrders,
    ReqAutoOpenOrders,
    ReqCompletedOrders,
    ReqExecutions,
    ReqOpenOrders,
    Request,
)

BY_HAND = 0  # client id of what is typed at the screen
SIDE_OF = {"BUY": 1, "BOT": 1, "SELL": -1, "SLD": -1, "SSHORT": -1}


class Said(NamedTuple):
    """What a client asked for, kept to be said again."""

    named: Named
    fields: OrderFields


class Orders:
    """The service for orders.

    Its `records` and `advance` move the broker: it stands before every service that shows what the broker did.
    """

    requests: tuple[type[Request], ...] = (
        PlaceOrder,
        CancelOrder,
        GlobalCancel,
        ReqOpenOrders,
        ReqAllOpenOrders,
        ReqAutoOpenOrders,
        ReqExecutions,
        ReqCompletedOrders,
    )

    def __init__(self, world: World) -> None:
        self._world = world
        self.broker: Broker = broker_of(world)
        self._said: dict[tuple[int, int], Said] = {}  # by client and order id
        self._binds = False  # client 0 asked for what is typed by hand
        self._answers: dict[type[Request], Callable[[Client, Any], None]] = {
            PlaceOrder: self._place,
            CancelOrder: self._cancel,
            GlobalCancel: self._cancel_all,
            ReqOpenOrders: self._open_orders,
            ReqAllOpenOrders: self._all_open_orders,
            ReqAutoOpenOrders: self._auto_open_orders,
            ReqExecutions: self._executions,
            ReqCompletedOrders: self._completed,
        }
        world.next_valid_id = lambda client: self.broker.highest_id(client.id) + 1

    # ---- Service ----------------------------------------------------------------------------------------------------------------------
    def answer(self, client: Client, request: Request) -> None:
        """Answer a request, and tell what came of it."""
        self._answers[type(request)](client, request)

    def records(self, records: Records, start: int, stop: int) -> None:
        """Let the broker's market move."""
        self.broker.records(records, start, stop)
        self._tell()

    def advance(self, now_ns: int) -> None:
        """Let the broker's time move; what was done behind the service's back is told too."""
        self.broker.advance(now_ns)
        self._tell()

    def next_due_ns(self) -> int | None:
        """Say when the broker wants to be advanced."""
        return self.broker.next_due_ns()

    def left(self, client: Client) -> None:
        """A client's orders stay; what is typed by hand is bound no longer when client 0 goes."""
        if client.id == BY_HAND:
            self._binds = False

    # ---- requests ---------------------------------------------------------------------------------------------------------------------
    def _place(self, client: Client, request: PlaceOrder) -> None:
        found = read_contract(self._world, request)
        order = found if isinstance(found, Missing) else read_order(self._world, client.id, request, found.contract)
        if isinstance(found, Missing) or isinstance(order, Missing):
            refusal = found if isinstance(found, Missing) else order
            assert isinstance(refusal, Missing)
            client.error(request.order_id, refusal.code, refusal.text)
            return
        now_ns, said = self._world.now_ns, Said(found, request.order)
        if request.order.what_if:
            self.broker.what_if(order, now_ns)
            self._tell(client, said)
            return
        before, self._said[order.id] = self._said.get(order.id), said
        self.broker.place(order, now_ns)
        if self._tell(client) and before is not None:  # the change was refused: what stands is what was said before
            self._said[order.id] = before

    def _cancel(self, client: Client, request: CancelOrder) -> None:
        owner = client.id
        if say.CANCELS_ACROSS_CLIENTS:
            owner = next((s.order.client_id for s in self.broker.orders() if s.order.order_id == request.order_id), owner)
        self.broker.cancel(owner, request.order_id, self._world.now_ns)
        self._tell(client)

    def _cancel_all(self, client: Client, request: GlobalCancel) -> None:
        self.broker.cancel_all(self._world.now_ns)
        self._tell()

    def _open_orders(self, client: Client, request: ReqOpenOrders) -> None:
        if client.id == BY_HAND:
            self._bind_all()
        self._list_open(client, [state for state in self.broker.orders() if state.order.client_id == client.id])

    def _all_open_orders(self, client: Client, request: ReqAllOpenOrders) -> None:
        self._list_open(client, self.broker.orders())

    def _auto_open_orders(self, client: Client, request: ReqAutoOpenOrders) -> None:
        if client.id != BY_HAND:
            client.error(-1, 321, say.text_of(321, what=say.ORDER_LETTERS, why=say.ONLY_CLIENT_0))
            return
        self._binds = request.is_bound
        if self._binds:
            self._bind_all()

    def _bind_all(self) -> None:
        for state in self.broker.orders():
            if state.order.order_id == 0:
                self.broker.bind(state.perm_id, BY_HAND)
        self._tell()

    def _list_open(self, client: Client, states: Iterable[OrderState]) -> None:
        for state in states:
            self._show(client, state)
        client.send(OpenOrderEnd())

    def _executions(self, client: Client, request: ReqExecutions) -> None:
        since_ns = instant(request.time, say.ZONE) if request.time else None
        fitting = [
            each for each in self.broker.executions() if self._may_hear(client, each.client_id) and self._fits(each, request, since_ns)
        ]
        for execution in fitting:
            client.send(telling.execution_data(execution, self._named_of(execution), request.req_id, client.version))
            if not say.COMMISSIONS_BEHIND_END:
                client.send(telling.commission_report(self.broker.commission_of(execution)))
        client.send(ExecutionDataEnd(request.req_id))
        if say.COMMISSIONS_BEHIND_END:
            for execution in fitting:
                client.send(telling.commission_report(self.broker.commission_of(execution)))

    def _fits(self, execution: Execution, request: ReqExecutions, since_ns: int | None) -> bool:
        """Tell whether an execution is of today and fits a filter; an empty field fits all."""
        listed = self._named_of(execution).listed
        is_today = hours.local(execution.time_ns, say.ZONE).date() == hours.local(self._world.now_ns, say.ZONE).date()
        return (
            is_today
            and (not request.client_id or request.client_id == execution.client_id)
            and (not request.account or request.account == execution.account)
            and (since_ns is None or execution.time_ns >= since_ns)
            and (not request.symbol or request.symbol == listed.symbol)
            and (not request.sec_type or request.sec_type == listed.sec_type)
            and (not request.exchange or request.exchange in (listed.exchange, listed.primary))
            and (not request.side or SIDE_OF.get(request.side) == execution.side)
        )

    def _completed(self, client: Client, request: ReqCompletedOrders) -> None:
        for state in self.broker.completed():
            is_today = hours.local(state.done_ns or 0, say.ZONE).date() == hours.local(self._world.now_ns, say.ZONE).date()
            if is_today and not (request.api_only and state.order.order_id <= 0):
                said = self._said_of(state)
                client.send(telling.completed(state, said.named, said.fields))
        client.send(CompletedOrdersEnd())

    # ---- reports ----------------------------------------------------------------------------------------------------------------------
    def _tell(self, asker: Client | None = None, asked: Said | None = None) -> bool:
        """Turn what the broker reported into messages, in its order; tells whether anything was refused."""
        is_refused = False
        for report in self.broker.take():
            self._tell_one(report, asker, asked)
            is_refused |= isinstance(report, Refusal)
        return is_refused

    def _tell_one(self, report: Report, asker: Client | None, asked: Said | None) -> None:
        match report:
            case OrderReport():
                self._order(report, asker)
            case Execution():
                for client in self._listeners(report.client_id):
                    client.send(telling.execution_data(report, self._named_of(report), -1, client.version))
            case Commission(client_id=client_id):
                self._send(client_id, telling.commission_report(report))
            case Refusal(client_id, order_id, code, text):
                for client in self._own(client_id, asker):
                    client.error(order_id, code, text)
            case WhatIf() if asked is not None:
                for client in self._own(report.order.client_id, asker):
                    client.send(telling.what_if(report, asked.named, asked.fields))
            case Bound():
                self._send(report.client_id, OrderBound(report.perm_id, report.client_id, report.order_id))

    def _order(self, report: OrderReport, asker: Client | None) -> None:
        state = report.state
        is_by_hand = state.order.client_id == BY_HAND and state.order.order_id == 0
        if is_by_hand and self._binds and report.what is What.PLACED:
            self.broker.bind(state.perm_id, BY_HAND)
            self._tell()
            return
        if not is_by_hand:
            is_cancel = state.status in (Status.CANCELLED, Status.PENDING_CANCEL) and not say.CANCEL_SAYS_OPEN_ORDER
            for client in self._listeners(state.order.client_id):
                self._show(client, state, with_order=not is_cancel)
        if report.code:
            text = report.text.replace("{when}", self._opens(state)) if report.code == 399 else report.text
            for client in self._own(state.order.client_id, asker):
                client.error(state.order.order_id, report.code, text)

    def _opens(self, state: OrderState) -> str:
        """When the market of an order opens next, as IB writes it."""
        listed = self._said_of(state).named.listed
        trading = hours.around(listed.calendar, self._world.now_ns)
        ns = trading.open_ns if trading.open_ns > self._world.now_ns else trading.regular[0]
        return f"{hours.local(ns, listed.zone):%Y-%m-%d %H:%M:%S} {listed.zone}"

    def _show(self, client: Client, state: OrderState, *, with_order: bool = True) -> None:
        said = self._said_of(state)
        if with_order:
            client.send(telling.open_order(state, said.named, said.fields))
        client.send(telling.order_status(state, said.named.contract))

    def _said_of(self, state: OrderState) -> Said:
        return self._said.get(state.order.id) or Said(named(self._world, state.order.contract), OrderFields())

    def _named_of(self, execution: Execution) -> Named:
        said = self._said.get((execution.client_id, execution.order_id))
        return said.named if said else named(self._world, execution.contract)

    # ---- who hears --------------------------------------------------------------------------------------------------------------------
    def _may_hear(self, client: Client, owner: int) -> bool:
        return client.id == owner or client.id == self._world.master_id or (client.id == BY_HAND and say.CLIENT_0_HEARS_ALL)

    def _listeners(self, owner: int) -> list[Client]:
        return [client for client in self._world.clients if self._may_hear(client, owner)]

    def _own(self, owner: int, asker: Client | None) -> list[Client]:
        """Give who is told of a refusal: who asked, or the owner if it is here."""
        if asker is not None and asker.id == owner:
            return [asker]
        return [client for client in self._world.clients if client.id == owner]

    def _send(self, owner: int, message: Answer) -> None:
        for client in self._listeners(owner):
            client.send(message)
