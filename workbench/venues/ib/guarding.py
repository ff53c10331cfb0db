"""A small connection of its own for who guards: what the broker has, cancels, market orders that close. Decides nothing, keeps no book.

It shares the client, the questions and the numbers with the venue, and none of its state. Rules
-----
1. A look is whole or `Unknown`: positions, open and completed orders and executions, each answered in time, over one connection, and over
   one link of TWS to IB that stood all the while: what a TWS that is cut off shows is what it remembers, or nothing.
2. Nothing that opens or closes leaves but what `close_out` made: the last gate in front of the socket knows its very bytes.
3. After silence the connection is cut: a half-open one never says so itself.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple, cast

from ib_async import ExecutionFilter, Order

from workbench.clock import Clock
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import DataError, InvariantError
from workbench.domain.events import Known, Unknown
from workbench.domain.orders import Leg
from workbench.venues.ib.book import OrderRef, read_ref, write_ref
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.codes import CodeKind, meaning
from workbench.venues.ib.connection import BROKEN, DATA_KEPT, DATA_LOST, LOST_IB
from workbench.venues.ib.hot import Hot
from workbench.venues.ib.ids import NAME, Ids
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.orders import ib_contract
from workbench.venues.ib.questions import COMPLETED, OPEN_ORDERS, POSITIONS, Questions
from workbench.venues.ib.raw import tapped
from workbench.venues.ib.translate import ENDED, FILLED, WORKS
from workbench.venues.ib.units import to_size, to_units
from workbench.wire import CompletedOrder, ErrorMessage, ExecutionData, NextValidId, OpenOrder, OrderStatus, Position, decode_answer
from workbench.wire.errors import WireError
from workbench.wire.order import OrderFields
from workbench.wire.text import Number

ANSWER_S: Final = 4.0  # for each of the four questions, asked together: what is unprotected must be flat in 15 s
OPEN_S: Final = 4.0
CUT_S: Final = 0.05  # until the socket before has told its end: it would be taken for that of the new one
IN_USE: Final = 326
PLACE: Final = b"3\0"
READ: Final = frozenset("3 4 5 9 11 15 53 55 61 62 101 102".split())  # numbers of the frames that are about orders, positions, ids
OVER: Final = ENDED | {FILLED}


class OwnOrder(NamedTuple):
    """An order of a workbench, as the broker has it. ``rest`` is what may still fill, 0 of one that is over; sizes in quanta.

    One that does not work (inactive, being cancelled, not taken yet) may fill all the same, and protects nothing.
    Of one that is over IB tells neither number nor client id: both are 0 then.
    """

    order_id: int
    client_id: int
    con_id: int
    named: OrderRef
    side: int
    filled: int
    rest: int
    works: bool


class OwnFill(NamedTuple):
    """An execution of a workbench's order."""

    order_id: int
    client_id: int
    exec_id: str
    con_id: int
    named: OrderRef
    side: int
    qty: int


class Seen(NamedTuple):
    """What the broker has of one account: asked at ``asked_ns``, answered whole. ``positions`` by conId: own and foreign together."""

    asked_ns: int
    orders: tuple[OwnOrder, ...]
    fills: tuple[OwnFill, ...]
    positions: Mapping[int, int]


class Link:
    """One client id at one TWS, for one account.

    Parameters
    ----------
    contracts
        By conId; orders and positions of others are not ours to know.
    data
        Where the numbers of orders are kept, in the file of this account and client id.
    clock
        The wall; says when was asked.

    Attributes
    ----------
    refused
        Numbers of our closing orders that the broker refused.
    """

    def __init__(
        self, host: str, port: int, client_id: int, account: str, contracts: Mapping[int, Contract], data: Path, clock: Clock
    ) -> None:
        self._host, self._port, self.client_id, self._account = host, port, client_id, account
        self._contracts, self._clock = contracts, clock
        self._client = cast(LaneClient, tapped(Hot(Intake(clock)), LaneClient).client)
        self._ids = Ids(data / "ib" / f"{account}-{client_id}-{NAME}")
        self._questions = Questions(self._ids)
        self._why = self._unread = ""
        self._may_leave = set[bytes]()
        self._is_away, self._n_links = False, 0  # TWS has no link to IB; links that began
        self._came = asyncio.Event()
        self.refused: set[int] = set()
        self._client.on_frame = self._frame
        self._client.on_closed = self._closed
        self._client.check = self._check

    # ------------------------------------------------------------------ begin and end
    @property
    def is_away(self) -> bool:
        """Whether TWS has said that it has no link to IB, over a connection that still stands."""
        return self._is_away and self.is_open

    @property
    def is_open(self) -> bool:
        """Whether the broker's API knows us."""
        return self._client.is_ready and not self._why

    async def open(self) -> str | None:
        """Connect, once; say why it did not come to that."""
        await asyncio.sleep(CUT_S)
        self._why, self._is_away = "", False
        try:
            async with asyncio.timeout(OPEN_S):
                await self._client.open(self._host, self._port, self.client_id)
                while not (self._client.is_ready or self._why):
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            self._why = "TWS takes the connection and does not answer"
        except OSError as error:
            self._why = f"nothing answers ({type(error).__name__})"
        if not self._why and self._account not in self._client.accounts:
            self._why = f"the login manages {', '.join(self._client.accounts)}, not {self._account}"
        if not self._why:
            return None
        why = self._why
        self.close()
        return f"{self._host}:{self._port} as client {self.client_id}: {why}"

    def close(self) -> None:
        """Cut the connection; orders stay."""
        self._questions.give_up(self._why or "closed")
        transport = self._client.conn.transport
        self._client.disconnect()
        if transport is not None:
            transport.abort()
            self._client.conn.transport = None

    def _closed(self, why: str) -> None:
        self._why = self._why or why or "the other side closed the connection"
        self._questions.give_up(self._why)
        self._came.set()

    # ------------------------------------------------------------------ what comes in
    def _frame(self, fields: list[str]) -> None:
        if fields[0] not in READ:
            return
        try:
            message = decode_answer(fields, self._client.serverVersion())
        except WireError as error:
            self._unread = str(error)  # it may have been the row of a stop
            return
        if isinstance(message, NextValidId):
            self._ids.hear(message.order_id)
        elif isinstance(message, ErrorMessage):
            self._hear_error(message)
        self._questions.hear(message)
        self._came.set()

    def _hear_error(self, m: ErrorMessage) -> None:
        if m.req_id < 0 and m.code == IN_USE:
            self._why = "326: the client id is in use"
        elif m.code in (LOST_IB, BROKEN):
            self._is_away = True
        elif m.code in (DATA_LOST, DATA_KEPT):
            self._is_away, self._n_links = False, self._n_links + 1
        elif meaning(m.code).kind in (CodeKind.ORDER_REJECTED, CodeKind.REQUEST_REFUSED, CodeKind.CONFIG):
            self.refused.add(m.req_id)

    # ------------------------------------------------------------------ looking
    async def look(self) -> Seen | Unknown:
        """Ask for everything; a part that did not come makes all of it unknown."""
        client, ask, asked_ns, link = self._client, self._questions, self._clock.now_ns(), self._n_links
        self._unread = ""
        told = await asyncio.gather(
            ask.single(POSITIONS, client.reqPositions, timeout_s=ANSWER_S),
            ask.single(COMPLETED, lambda: client.reqCompletedOrders(False), timeout_s=ANSWER_S),
            ask.numbered(lambda req_id: client.reqExecutions(req_id, ExecutionFilter(acctCode=self._account)), timeout_s=ANSWER_S),
            ask.single(OPEN_ORDERS, client.reqAllOpenOrders, timeout_s=ANSWER_S),
        )
        missing = [answer.reason for answer in told if isinstance(answer, Unknown)]
        if missing:
            self._why = self._why or missing[0]
            self.close()
            return Unknown(missing[0])
        if self._is_away or link != self._n_links:
            return Unknown("TWS has no link to IB, or had none a moment ago")
        if self._unread:
            return Unknown(f"a part of the answer cannot be read: {self._unread}")
        rows = [row for answer in told if isinstance(answer, Known) for row in answer.value]
        try:
            return self._seen(asked_ns, rows)
        except DataError as error:  # a size off its grid: what it means is not known
            return Unknown(str(error))

    def _seen(self, asked_ns: int, rows: list[object]) -> Seen:
        status = {row.perm_id: row for row in rows if isinstance(row, OrderStatus)}
        orders = [self._open(row.order, row.contract.con_id, row.state.status, status) for row in rows if isinstance(row, OpenOrder)]
        orders += [self._over(row.order, row.contract.con_id) for row in rows if isinstance(row, CompletedOrder)]
        fills = [self._fill(row) for row in rows if isinstance(row, ExecutionData) and row.execution.account == self._account]
        held = [row for row in rows if isinstance(row, Position) and row.account == self._account]
        positions = {row.contract.con_id: self._size(row.contract.con_id, row.position) for row in held}
        return Seen(asked_ns, tuple(each for each in orders if each), tuple(each for each in fills if each), positions)

    def _open(self, order: OrderFields, con_id: int, state: str, told: Mapping[int, OrderStatus]) -> OwnOrder | None:
        status = told.get(order.perm_id)
        total = self._size(con_id, order.total_quantity or 0)
        filled = 0 if status is None else self._size(con_id, status.filled)
        rest = total - filled if status is None else self._size(con_id, status.remaining)
        word = status.status if status is not None else state
        return self._order(order, con_id, filled, 0 if word in OVER else max(rest, 0), works=word in WORKS)

    def _over(self, order: OrderFields, con_id: int) -> OwnOrder | None:
        return self._order(order, con_id, self._size(con_id, order.filled_quantity or 0), 0, works=False)

    def _order(self, order: OrderFields, con_id: int, filled: int, rest: int, *, works: bool) -> OwnOrder | None:
        named = read_ref(order.order_ref)
        if named is None or order.account != self._account or order.what_if:
            return None
        return OwnOrder(order.order_id, order.client_id, con_id, named, 1 if order.action == "BUY" else -1, filled, rest, works)

    def _fill(self, row: ExecutionData) -> OwnFill | None:
        each, con_id, named = row.execution, row.contract.con_id, read_ref(row.execution.order_ref)
        if named is None:
            return None
        return OwnFill(
            row.order_id, each.client_id, each.exec_id, con_id, named, 1 if each.side == "BOT" else -1, self._size(con_id, each.shares)
        )

    def _size(self, con_id: int, units: Number) -> int:
        contract = self._contracts.get(con_id)
        return int(units) if contract is None else to_size(contract, units)  # of others only whether there is any counts

    # ------------------------------------------------------------------ acting
    def cancel(self, order_id: int) -> None:
        """Cancel an order of this client id."""
        self._client.cancelOrder(order_id)

    def cancel_everything(self) -> None:
        """Cancel every order of the login, whoever placed it."""
        self._client.reqGlobalCancel()

    def close_out(self, contract: Contract, run: str, ref: int, qty: int) -> int:
        """Close `qty` (above 0: sell so many) of a bracket at market, by an orderRef that its runner will know; give its number."""
        order = Order(orderId=self._ids.order(), action="SELL" if qty > 0 else "BUY", totalQuantity=to_units(contract, abs(qty)))
        order.orderType, order.tif, order.account, order.transmit = "MKT", "DAY", self._account, True
        order.orderRef, order.outsideRth = write_ref(run, ref, Leg.EXIT), contract.type is ContractType.FUTURE
        payload = self._client.payload_of(ib_contract(contract), order)
        self._may_leave.add(payload)
        self._client.send_payload(payload)
        return order.orderId

    def _check(self, payload: bytes) -> None:
        if payload.startswith(PLACE) and payload not in self._may_leave:
            raise InvariantError("an order that nobody made was about to leave the guardian")
        self._may_leave.discard(payload)
