"""What the broker has now: open and completed orders, executions, positions, account, asked for and waited for. Sends no order.

An order is gone only when two whole answers, `APART_S` apart, over one link to IB that stood all the while, did not name it: a gateway
shows orders late, and a TWS that is cut off from IB keeps what it was sent and lets it go when the link is back.
So is somebody else's; nobody waits for that, it is looked for again.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ib_async import ExecutionFilter

from workbench.domain.events import AnyEvent, Known, Unknown
from workbench.domain.orders import Leg
from workbench.venues.ib.account import Account
from workbench.venues.ib.book import Book, Life, Part
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.foreign import keys
from workbench.venues.ib.past import count_untold
from workbench.venues.ib.questions import COMPLETED, DOWNLOAD, OPEN_ORDERS, POSITIONS, TIMEOUT_S, Questions
from workbench.venues.ib.translate import WORKS, Translator
from workbench.wire import Answer, OpenOrder, OrderStatus, Position

APART_S: Final = 5.0  # s between the two answers that make an absence count
GONE: Final = 2  # answers without it
NO_LINK: Final = "TWS had no link to IB all the while: what it showed may not be all"


class Reconciler:
    """Asks, and counts what is missing. What the answers mean was told by the translator as they came.

    Parameters
    ----------
    link
        Gives which link of TWS to IB stands, `None` while none does.
    """

    def __init__(
        self,
        questions: Questions,
        client: LaneClient,
        translator: Translator,
        account: Account,
        say: Callable[[AnyEvent], None],
        link: Callable[[], int | None],
    ) -> None:
        self._questions, self._client, self._translator, self._account, self._say = questions, client, translator, account, say
        self._link, self._counted = link, 0  # which links: that stands, over which answers were counted
        self._turn = asyncio.Lock()

    @property
    def _book(self) -> Book:
        return self._translator.book

    async def everything(self) -> str | None:
        """Ask for all of it; say what is not known, or `None`."""
        client, account = self._client, self._account
        account.forget()
        told = await self._questions.single(DOWNLOAD, lambda: client.reqAccountUpdates(True, account.name))
        if isinstance(told, Unknown):
            return f"account {account.name}: {told.reason}"
        return await self.quietly()

    async def quietly(self, *, answer_s: float = TIMEOUT_S) -> str | None:
        """Ask for what may have changed without a word: positions, orders, executions; say what is not known, or `None`.

        Parameters
        ----------
        answer_s
            Longest that each of the questions waits for its answer.
        """
        account, link = self._account, self._link()
        held = await self._questions.single(POSITIONS, self._client.reqPositions, timeout_s=answer_s)
        if isinstance(held, Unknown):
            return f"positions: {held.reason}"
        if link is None or link != self._link():
            return NO_LINK  # a position that it does not name is not flat
        named = {row.contract.con_id for row in held.value if isinstance(row, Position) and row.account == account.name}
        self._tell(account.gone(named))
        return await self.orders(answer_s=answer_s)

    async def orders(self, *, answer_s: float = TIMEOUT_S) -> str | None:
        """Ask what orders there are, again where one is missing; say what is not known, or `None`."""
        async with self._turn:
            link = self._begin()
            why = await self._look(link, answer_s)
            doubtful = [life for life in self._book.lives.values() if life.is_doubtful]
            if why is None and (doubtful or any(not self._is_gone(part) for _, part in self._missing())):
                await asyncio.sleep(APART_S)
                why = await self._look(link, answer_s)
            if why is None:
                for life in doubtful:
                    life.is_doubtful = False
                for life, part in self._missing():
                    if not self._is_gone(part) or part.order_id in self._translator.clashed:
                        continue  # one whose number was taken is placed anew
                    if part.has_lived:
                        self._tell(self._translator.vanished(life, part))
                    elif part.refusal or _is_moot(life, part):
                        self._tell(self._translator.refuse(life, part, part.refusal or "it never reached the broker"))
                foreign, now_s = self._translator.foreign, asyncio.get_running_loop().time()
                self._tell(foreign.gone(now_s, least=GONE, apart_s=APART_S))
                self._translator.must_look |= foreign.is_missing
            return why

    def _begin(self) -> int | None:
        """Give the link that must stand; what was missing over another one is not missing."""
        link = self._link()
        if link is not None and link != self._counted:
            self._counted = link
            for _, part in self._missing():
                part.n_missed = 0
            self._translator.foreign.look_anew()
        return link

    async def _look(self, link: int | None, answer_s: float) -> str | None:
        client, ask = self._client, self._questions
        since = {id(part) for _, part in self._unended()}  # what is sent while the answer is under way is not missing from it
        shown = await ask.single(OPEN_ORDERS, client.reqAllOpenOrders, timeout_s=answer_s)
        if isinstance(shown, Unknown):
            return f"open orders: {shown.reason}"
        done = await ask.single(COMPLETED, lambda: client.reqCompletedOrders(False), timeout_s=answer_s)
        if isinstance(done, Unknown):
            return f"completed orders: {done.reason}"
        mine = ExecutionFilter(acctCode=self._account.name)
        fills = await ask.numbered(lambda req_id: client.reqExecutions(req_id, mine), timeout_s=answer_s)
        if isinstance(fills, Unknown):
            return f"executions: {fills.reason}"
        if link is None or link != self._link():
            return NO_LINK
        count_untold(self._book)
        self._count(shown, since)
        return None

    def _count(self, shown: Known, since: set[int]) -> None:
        rows: list[Answer] = shown.value
        statuses = [row for row in rows if isinstance(row, OrderStatus)]
        orders = [row.order for row in rows if isinstance(row, OpenOrder)]
        perm_ids = {order.perm_id for order in orders if order.perm_id}
        perm_ids |= {row.perm_id for row in statuses if row.status in WORKS}  # each has two; one may be lost
        order_ids = {order.order_id for order in orders if order.client_id == self._translator.client_id}
        now_s = asyncio.get_running_loop().time()
        self._translator.foreign.count(keys((row for row in rows if isinstance(row, OpenOrder)), statuses), now_s)
        for _, part in self._unended():
            if id(part) in since:
                is_there = part.perm_id in perm_ids if part.perm_id else part.order_id in order_ids
                part.n_missed = 0 if is_there or part.told > part.filled else part.n_missed + 1
                part.missed_s = now_s if part.n_missed == 1 else part.missed_s
                part.is_cancelling = part.is_cancelling and not is_there  # a cancel that is under way may be said twice

    @staticmethod
    def _is_gone(part: Part) -> bool:
        return part.n_missed >= GONE and asyncio.get_running_loop().time() - part.missed_s >= APART_S

    def _unended(self) -> list[tuple[Life, Part]]:
        return [(life, part) for life in self._book.lives.values() for part in life.parts if not part.is_over]

    def _missing(self) -> list[tuple[Life, Part]]:
        return [(life, part) for life, part in self._unended() if part.n_missed]

    def _tell(self, events: list[AnyEvent]) -> None:
        for event in events:
            self._say(event)


def _is_moot(life: Life, part: Part) -> bool:
    """Whether an order that never was is told as refused: of an entry whoever opened it asks; an exit stands in the place of a stop."""
    return part.leg is Leg.EXIT or (part.leg is not Leg.ENTRY and (life.entry.has_lived or life.entry.is_over))
