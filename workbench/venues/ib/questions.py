"""Questions to the broker, each with our own deadline: what came whole is `Known`, everything else `Unknown` with its reason. No reading.

ib_async answers a request that failed with an empty list, waits for ever after code 321, and forgets the first of two equal questions
(ib_async 2.1). Here no question is answered by silence.

Rules
-----
1. Known means: the end of the answer came, in time, over the connection that was asked.
2. Questions without a number (open orders, positions, the time) are asked one at a time. Rows of an answer that came too late count for
   the next one: better a row too many than an order that is thought gone.
3. An error under the question's number ends it; a notice (`NOTICES`) does not.
4. What has a number may be asked again under another one while it waits: whichever is answered first ends it. What has none may not: the
   answer to the question before would be taken for that of the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from workbench.domain.events import Known, Unknown
from workbench.venues.ib.ids import Ids
from workbench.wire import (
    AccountDownloadEnd,
    AccountSummaryEnd,
    Answer,
    CompletedOrder,
    CompletedOrdersEnd,
    ContractDataEnd,
    CurrentTime,
    ErrorMessage,
    ExecutionDataEnd,
    OpenOrder,
    OpenOrderEnd,
    OrderStatus,
    Position,
    PositionEnd,
)

TIMEOUT_S: Final = 10.0  # a TWS answers in ms; under load of its own in a few s
OPEN_ORDERS, COMPLETED, POSITIONS, TIME, DOWNLOAD = "open orders", "completed orders", "positions", "time", "account download"
_ROWS: Final[dict[type[Answer], str]] = {
    OpenOrder: OPEN_ORDERS,
    OrderStatus: OPEN_ORDERS,
    CompletedOrder: COMPLETED,
    Position: POSITIONS,
    CurrentTime: TIME,
}
_ENDS: Final[dict[type[Answer], str]] = {
    OpenOrderEnd: OPEN_ORDERS,
    CompletedOrdersEnd: COMPLETED,
    PositionEnd: POSITIONS,
    CurrentTime: TIME,
    AccountDownloadEnd: DOWNLOAD,
}
_NUMBERED_ENDS: Final = (ContractDataEnd, ExecutionDataEnd, AccountSummaryEnd)
NOTICES: Final = frozenset({2100, 2103, 2104, 2105, 2106, 2107, 2108, 2109, 2119, 2137, 2158, 2161, 2168, 2174, 10167, 10349, 399})


class _Pending:
    def __init__(self, is_answer: Callable[[Answer], bool] | None) -> None:
        self.rows: list[Answer] = []
        self.is_answer = is_answer
        self.of: int | None = None  # the first number of what is asked under several
        self.future: asyncio.Future[Known | Unknown] = asyncio.get_running_loop().create_future()

    def end(self, answer: Known | Unknown) -> None:
        if not self.future.done():
            self.future.set_result(answer)


class Questions:
    """Asks and waits; `hear` must get every answer that comes in.

    Parameters
    ----------
    unread
        Messages that whoever asks takes as they come: of an answer made of them its end alone is waited for, and no row is kept. A day's
        orders and executions are asked for again and again, and would be held as a whole each time.
    """

    def __init__(self, ids: Ids, *, unread: Collection[type[Answer]] = ()) -> None:
        self._ids, self._unread = ids, frozenset(unread)
        self._pending: dict[int | str, _Pending] = {}
        self._late: dict[str, list[Answer]] = {}  # rows of an unnumbered answer whose question was given up
        self._turn: dict[str, asyncio.Lock] = {}

    async def numbered(
        self,
        send: Callable[[int], object],
        *,
        timeout_s: float = TIMEOUT_S,
        number: int | None = None,
        is_answer: Callable[[Answer], bool] | None = None,
        again_s: float | None = None,
    ) -> Known | Unknown:
        """Ask under a number of its own; ``Known`` holds the list of messages.

        Parameters
        ----------
        number
            To be used; `None`: a new one.
        is_answer
            Whether a message that bears the number ends the answer by itself.
        again_s
            How often it is asked again, under a new number, while nobody answers; `None`: never.
        """
        req_id = self._ids.request() if number is None else number
        asked = self._ask(req_id, lambda: send(req_id), timeout_s, is_answer)
        if again_s is None:
            return await asked
        asking = asyncio.ensure_future(asked)
        try:
            while not (await asyncio.wait((asking,), timeout=again_s))[0]:
                self._again(req_id, send)
            return await asking
        finally:
            asking.cancel()
            for each in [key for key, pending in self._pending.items() if pending.of == req_id]:
                del self._pending[each]

    def _again(self, req_id: int, send: Callable[[int], object]) -> None:
        """Ask once more what is still waited for."""
        pending = self._pending.get(req_id)
        if pending is None:
            return
        number = self._ids.request()
        pending.of, self._pending[number] = req_id, pending
        try:
            send(number)
        except (ConnectionError, OverflowError) as error:
            pending.end(Unknown(str(error) or "not connected"))

    async def single(self, key: str, send: Callable[[], object], *, timeout_s: float = TIMEOUT_S) -> Known | Unknown:
        """Ask what has no number, when nobody else is asking it."""
        async with self._turn.setdefault(key, asyncio.Lock()):
            return await self._ask(key, send, timeout_s, None)

    async def _ask(
        self, key: int | str, send: Callable[[], object], timeout_s: float, is_answer: Callable[[Answer], bool] | None
    ) -> Known | Unknown:
        pending = self._pending[key] = _Pending(is_answer)
        if isinstance(key, str):
            pending.rows = self._late.pop(key, [])
        try:
            send()
            async with asyncio.timeout(timeout_s):
                return await pending.future
        except TimeoutError:
            if isinstance(key, str):
                self._late[key] = pending.rows
            return Unknown(f"no answer in {timeout_s:g} s")
        except (ConnectionError, OverflowError) as error:
            return Unknown(str(error) or "not connected")
        finally:
            self._pending.pop(key, None)

    def number(self) -> int:
        """Give a number for a request that is not a question: a stream."""
        return self._ids.request()

    def is_asking(self, key: int | str) -> bool:
        """Whether an answer to this question is under way."""
        return key in self._pending

    def hear(self, message: Answer) -> None:
        """Take a message: a row, an end, an error, or nothing to anybody here."""
        kind = type(message)
        if kind is ErrorMessage:
            self._hear_error(message)  # type: ignore[arg-type]
            return
        if kind in self._unread:
            return
        if (kind in _ROWS or kind in _ENDS) and not (isinstance(message, OpenOrder) and message.order.what_if):
            self._hear_single(message)
        req_id = message.order.order_id if isinstance(message, OpenOrder) and message.order.what_if else getattr(message, "req_id", None)
        pending = self._pending.get(req_id) if isinstance(req_id, int) else None
        if pending is None:
            return
        if not isinstance(message, _NUMBERED_ENDS):
            pending.rows.append(message)
        if isinstance(message, _NUMBERED_ENDS) or (pending.is_answer is not None and pending.is_answer(message)):
            pending.end(Known(pending.rows))

    def _hear_single(self, message: Answer) -> None:
        row, end = _ROWS.get(type(message)), _ENDS.get(type(message))
        if row is not None and row in self._pending:
            self._pending[row].rows.append(message)
        elif row is not None and row in self._late and len(self._late[row]) < 10_000:
            self._late[row].append(message)
        if end is not None and end in self._pending:
            self._pending[end].end(Known(self._pending[end].rows))
        elif end is not None:
            self._late.pop(end, None)

    def _hear_error(self, m: ErrorMessage) -> None:
        pending = self._pending.get(m.req_id)
        if pending is not None and m.code not in NOTICES:
            pending.end(Unknown(f"{m.code}: {m.text}"))

    def give_up(self, why: str) -> None:
        """End all that is under way: the connection is gone."""
        self._late.clear()
        for pending in list(self._pending.values()):
            pending.end(Unknown(why))
