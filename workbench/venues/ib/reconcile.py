"""What the broker has now: open and completed orders, executions, positions, account, asked for and waited for. Sends no order.

An order is gone only when two answers about open orders did not name it, executions were told behind the last of them, and that one was
asked for `APART_S` after the order had arrived: so late as that a gateway shows orders. It had arrived when anything was answered that was
asked for behind it; so a question that stays without an answer keeps nobody waiting longer than it is silent. One link to IB must have
stood all the while: a TWS that is cut off keeps what it was sent, and lets it go when the link is back.
So is somebody else's; nobody waits for that, it is looked for again.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ib_async import ExecutionFilter

from workbench.domain.events import AnyEvent, Unknown
from workbench.domain.orders import Leg
from workbench.venues.ib.account import Account
from workbench.venues.ib.book import Book, Life, Part
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.foreign import keys
from workbench.venues.ib.past import count_untold
from workbench.venues.ib.questions import COMPLETED, DOWNLOAD, OPEN_ORDERS, POSITIONS, TIMEOUT_S, Questions
from workbench.venues.ib.translate import WORKS, Translator
from workbench.wire import Answer, OpenOrder, OrderStatus, Position

APART_S: Final = 5.0  # s from an order's arrival to the question whose answer makes its absence count
GONE: Final = 2  # answers without it
AGAIN_S: Final = 1.0  # until executions are asked for once more, while nobody answers
TINY_S: Final = 1e-6  # what adding up seconds may lose
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
        return await self.quietly(goes_on=False)

    async def quietly(self, *, answer_s: float = TIMEOUT_S, goes_on: bool = True) -> str | None:
        """Ask for what may have changed without a word: positions, orders, executions; say what is not known, or `None`.

        Parameters
        ----------
        answer_s
            Longest that each of the questions waits for its answer.
        goes_on
            Whether orders are asked for also where positions are not told: what is known of them may let a position be left.
        """
        account, link, asked = self._account, self._begin(), [part for _, part in self._unended()]
        held = await self._questions.single(POSITIONS, self._client.reqPositions, timeout_s=answer_s)
        if isinstance(held, Unknown):
            why = await self.orders(answer_s=answer_s) if goes_on else None
            return f"positions: {held.reason}" if why is None else f"positions: {held.reason}; {why}"
        if not self._stands(link):
            return NO_LINK  # a position that it does not name is not flat
        self._arrived(asked)
        named = {row.contract.con_id for row in held.value if isinstance(row, Position) and row.account == account.name}
        self._tell(account.gone(named, {life.submit.key.contract for life in self._book.lives.values() if not life.is_over}))
        return await self.orders(answer_s=answer_s)

    async def orders(self, *, answer_s: float = TIMEOUT_S) -> str | None:
        """Ask what orders there are, again where one is missing; say what is not known, or `None`."""
        async with self._turn:
            link = self._begin()
            why = await self._look(link, answer_s)
            doubtful = [life for life in self._book.lives.values() if life.is_doubtful]
            if why is None and (doubtful or any(not self._is_gone(part) for _, part in self._missing())):
                await asyncio.sleep(APART_S if doubtful else self._too_soon_s())
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
                foreign, now_s = self._translator.foreign, _now_s()
                self._tell(foreign.gone(now_s, least=GONE, apart_s=APART_S))
                self._translator.must_look |= foreign.is_missing
            return why

    def _begin(self) -> int | None:
        """Give the link that must stand; what was missing over another one is not missing."""
        link = self._link()
        if link is not None and link != self._counted:
            self._counted = link
            for _, part in self._unended():
                part.n_missed, part.behind_s = 0, None
            self._translator.foreign.look_anew()
        return link

    async def _look(self, link: int | None, answer_s: float) -> str | None:
        client, ask = self._client, self._questions
        since, asked_s = [part for _, part in self._unended()], _now_s()  # what is sent meanwhile is not missing from the answer
        shown = await ask.single(OPEN_ORDERS, client.reqAllOpenOrders, timeout_s=answer_s)
        if isinstance(shown, Unknown):
            return f"open orders: {shown.reason}"
        if self._stands(link):
            self._arrived(since)
            self._count(shown.value, since, asked_s)
        done = await ask.single(COMPLETED, lambda: client.reqCompletedOrders(False), timeout_s=answer_s)
        if isinstance(done, Unknown):
            return f"completed orders: {done.reason}"
        mine = ExecutionFilter(acctCode=self._account.name)
        fills = await ask.numbered(lambda req_id: client.reqExecutions(req_id, mine), timeout_s=answer_s, again_s=AGAIN_S)
        if isinstance(fills, Unknown):
            return f"executions: {fills.reason}"
        if not self._stands(link):
            return NO_LINK
        count_untold(self._book)
        for _, part in self._unended():
            part.n_missed = 0 if part.told > part.filled else part.n_missed  # it filled, though no execution says so yet
        statuses = [row for row in shown.value if isinstance(row, OrderStatus)]
        self._translator.foreign.count(keys((row for row in shown.value if isinstance(row, OpenOrder)), statuses), _now_s())
        return None

    def _stands(self, link: int | None) -> bool:
        """Whether the link over which something was asked stood until now."""
        return link is not None and link == self._link()

    @staticmethod
    def _arrived(parts: list[Part]) -> None:
        """Take that something was answered that was asked for behind these orders."""
        for part in parts:
            part.behind_s = _now_s() if part.behind_s is None else part.behind_s

    def _count(self, rows: list[Answer], since: list[Part], asked_s: float) -> None:
        """Count which orders are not among those that are open; what has filled meanwhile is told before it counts."""
        statuses = [row for row in rows if isinstance(row, OrderStatus)]
        orders = [row.order for row in rows if isinstance(row, OpenOrder)]
        perm_ids = {order.perm_id for order in orders if order.perm_id}
        perm_ids |= {row.perm_id for row in statuses if row.status in WORKS}  # each has two; one may be lost
        order_ids = {order.order_id for order in orders if order.client_id == self._translator.client_id}
        for part in (each for each in since if not each.is_over):
            is_there = part.perm_id in perm_ids if part.perm_id else part.order_id in order_ids
            part.n_missed = 0 if is_there or part.told > part.filled else part.n_missed + 1
            if part.n_missed == 1:
                part.missed_s = _now_s() if part.has_lived or part.behind_s is None else part.behind_s
            part.lacked_s = asked_s
            part.is_cancelling = part.is_cancelling and not is_there  # a cancel that is under way may be said twice

    @staticmethod
    def _is_gone(part: Part) -> bool:
        return part.n_missed >= GONE and part.lacked_s - part.missed_s >= APART_S - TINY_S

    def _too_soon_s(self) -> float:
        """Say how long it is until an answer without what is missing counts."""
        return max(0.0, max(part.missed_s for _, part in self._missing()) + APART_S - _now_s())

    def _unended(self) -> list[tuple[Life, Part]]:
        return [(life, part) for life in self._book.lives.values() for part in life.parts if not part.is_over]

    def _missing(self) -> list[tuple[Life, Part]]:
        return [(life, part) for life, part in self._unended() if part.n_missed]

    def _tell(self, events: list[AnyEvent]) -> None:
        for event in events:
            self._say(event)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _is_moot(life: Life, part: Part) -> bool:
    """Whether an order that never was is told as refused: of an entry whoever opened it asks; an exit stands in the place of a stop."""
    return part.leg is Leg.EXIT or (part.leg is not Leg.ENTRY and (life.entry.has_lived or life.entry.is_over))
