"""The guardian at work: looks, steps, does what the step says, and says that it lives. All decisions are `core`'s."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from workbench.clock import Clock, SystemClock
from workbench.domain.contracts import Contract
from workbench.domain.errors import StoreError, WorkbenchError
from workbench.domain.events import Unknown
from workbench.domain.units import SECOND
from workbench.runtime.guardian.core import begun, is_silent, step
from workbench.runtime.guardian.ours import Ours
from workbench.runtime.guardian.process import Watched
from workbench.runtime.guardian.values import (
    Action,
    Alarm,
    Cancel,
    CancelEverything,
    Close,
    Closing,
    Goal,
    Halt,
    LetGo,
    Limits,
    Observation,
    Reach,
    TakeOver,
    Truth,
)
from workbench.store.fence import Fence
from workbench.store.requests import raise_halt
from workbench.store.status import Status, say
from workbench.venues.ib.guarding import Link, Seen

GUARDIAN: Final = "guardian"
TICK_S: Final = 1.0
TURN_S: Final = 30.0  # the longest that questions with deadlines of their own can take, and more
CALM_NS: Final = 10 * SECOND  # between two looks at the broker while a runner is at work
MakeLink = Callable[[int, Mapping[int, Contract]], Link]


class Guardian:
    """Of one account.

    Parameters
    ----------
    data
        Folder of the stores.
    ids
        Client ids: its own, and the runner's.
    link
        Makes a connection under a client id.
    watched
        The runner.
    clock
        Measures patience: one that is never set back.
    tell
        Hears each change, in words.
    steady
        Stamps the heartbeat in the fence.
    is_beside
        Whether it ends with its run, or when that left nothing to guard.
    """

    def __init__(
        self,
        data: Path,
        account: str,
        fence: Fence,
        watched: Watched,
        link: MakeLink,
        ids: tuple[int, int],
        limits: Limits,
        clock: Clock,
        tell: Callable[[str], None] = lambda _: None,
        steady: Callable[[], int] = time.monotonic_ns,
        *,
        is_beside: bool = False,
    ) -> None:
        self._data, self._account, self._fence, self._watched = data, account, fence, watched
        self._make, (self._own_id, self.runner_id), self.limits = link, ids, limits
        self._clock, self._tell, self._steady = clock, tell, steady
        self.ours = Ours(data, account)
        self.state = begun(clock.now_ns())
        self.is_stopping = False
        self._is_beside, self._has_nothing = is_beside, False  # the last whole answer showed nothing of ours
        self._links: dict[int, Link] = {}
        self._closing: dict[tuple[int, int], Closing] = {}  # by client id and number
        self._reach, self._note, self._trouble, self._broken = Reach.FREE, "", "", ""
        self._asked_ns: int | None = None

    # ------------------------------------------------------------------ the loop
    async def run(self) -> None:
        """Guard until told to stop. A turn that breaks is tried again, and meanwhile it is silent, which shuts entries."""
        beating = asyncio.create_task(self._beats())
        try:
            while not (self.is_stopping or self._is_over()):
                try:
                    async with asyncio.timeout(TURN_S):
                        await self.turn()
                    self._broken = ""
                except Exception as error:  # noqa: BLE001  who dies in the middle of closing leaves it half closed
                    self._broken = f"{type(error).__name__}: {error}"
                    self._tell(f"broken: {self._broken}")
                await asyncio.sleep(TICK_S)
        finally:
            beating.cancel()
            for link in self._links.values():
                link.close()
            self._fence.let_go()

    def _is_over(self) -> bool:
        """Whether the run it stands beside is over, and left nothing to guard."""
        if not self._is_beside or self.state.goal is not Goal.WATCH or not self._watched.is_gone:
            return False
        runner = self._watched.look()
        return runner.has_ended or (self._has_nothing and is_silent(self.state, Observation(self._clock.now_ns(), runner), self.limits))

    @property
    def fence_is_down(self) -> bool:
        """Whether it has nothing in its hands."""
        return self._fence.raised_by is None

    async def _beats(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(TICK_S)

    def beat(self) -> None:
        """Say that it lives: to whoever enters, and to who looks."""
        if not self._broken:
            self._fence.beat(self._steady())
        acting = self.state.goal is not Goal.WATCH
        note = self._broken or (self._note if acting or self.state.told else self._trouble)
        is_up = self._own_id in self._links and self._links[self._own_id].is_open
        said_ns, word = SystemClock().now_ns(), "acting" if acting else "alarm" if self.state.told or self._broken else "watching"
        status = Status(process=GUARDIAN, pid=os.getpid(), said_ns=said_ns, state=word, is_connected=is_up, is_ready=is_up, note=note)
        with contextlib.suppress(StoreError):  # a full disk does not end a guardian
            say(self._data, status)

    async def turn(self) -> None:
        """Look once, and do what follows."""
        runner = self._watched.look()
        before = Observation(self._clock.now_ns(), runner)
        is_close = self.state.goal is not Goal.WATCH or is_silent(self.state, before, self.limits)
        truth: Truth | None = None
        if is_close or self._trouble or self._asked_ns is None or before.now_ns - self._asked_ns >= CALM_NS:
            self._asked_ns = before.now_ns
            truth = await self._look()
        seen = Observation(self._clock.now_ns(), self._watched.look(), truth, self._trouble, self._reach, tuple(self._closing.values()))
        goal = self.state.goal
        self.state, actions = step(self.state, seen, self.limits)
        if goal is Goal.WATCH and self.state.goal is not goal:
            self._tell(f"acting: {self.state.why}")
        for action in actions:
            try:
                await self._do(action)
            except (WorkbenchError, ConnectionError, OverflowError) as error:  # it is looked again, and what is still to be done is done
                self._note = f"{type(action).__name__}: {error}"
                self._tell(self._note)

    async def _look(self) -> Truth | None:
        """Ask the broker, through the runner's id once that is ours; what is not known is told in `_trouble`."""
        self._trouble = ""
        try:
            self.ours.read()
            link = await self._link(self.runner_id if self._reach is Reach.TAKEN else self._own_id)
            if isinstance(link, str):
                self._lost(link)
                return None
            seen = await link.look()
            if isinstance(seen, Unknown) or any(each.is_away for each in self._links.values()):  # a newcomer is not told
                self._lost(seen.reason if isinstance(seen, Unknown) else "TWS has no link to IB")
                return None
            self._follow(link, seen)
            truth = self.ours.truth(seen, client_id=self.runner_id, mine=self._closing)
        except (WorkbenchError, ConnectionError) as error:
            self._trouble = str(error)
            return None
        self._has_nothing = not (truth.live or truth.held)
        return truth

    def _lost(self, why: str) -> None:
        self._trouble = why
        if self._reach is Reach.TAKEN and not self._links[self.runner_id].is_open:
            self._reach = Reach.WAITING  # to be taken again

    async def _link(self, client_id: int) -> Link | str:
        """Give the open connection of a client id, or why there is none."""
        link = self._links.get(client_id)
        if link is None:
            link = self._links[client_id] = self._make(client_id, self.ours.contracts)
        why = None if link.is_open else await link.open()
        return link if why is None else why

    def _follow(self, link: Link, seen: Seen) -> None:
        """See how far our closing orders are."""
        shown = {(each.client_id, each.order_id): each.rest for each in seen.orders}
        filled = {(each.client_id, each.order_id) for each in seen.fills}  # one that is over is known by its fills alone
        refused = {(link.client_id, number) for number in link.refused}
        for key, each in self._closing.items():
            is_seen = each.is_seen or key in shown or key in filled
            is_over = each.is_over or key in refused or (is_seen and not shown.get(key, 0))
            self._closing[key] = each._replace(is_seen=is_seen, is_over=is_over)

    # ------------------------------------------------------------------ what is to be done
    async def _do(self, action: Action) -> None:
        match action:
            case Halt(why=why):
                self._halt(why)
            case TakeOver():
                await self._take_over()
            case Cancel(order_id=order_id):
                self._links[self.runner_id].cancel(order_id)
            case CancelEverything():
                self._links[self._own_id].cancel_everything()
            case Close():
                self._close(action)
            case LetGo():
                self._let_go()
            case Alarm(text=text):
                self._tell(f"alarm: {text}")
                self._halt(text)

    def _halt(self, why: str) -> None:
        self._note = why
        raise_halt(self._data, why, GUARDIAN)

    async def _take_over(self) -> None:
        """Come as far as it goes: fence, process, client id."""
        why = self._watched.why_out_of_reach()
        if why is None or self.limits.is_dedicated:
            self._fence.put_up()
        self._reach = Reach.WAITING if why is None else Reach.CANNOT
        if why is not None:
            self._note = why
            return
        self._watched.end()
        if self._watched.is_gone:
            link = await self._link(self.runner_id)
            self._reach = Reach.WAITING if isinstance(link, str) else Reach.TAKEN
            self._note = link if isinstance(link, str) else self._note

    def _close(self, what: Close) -> None:
        link = self._links[self.runner_id if self._reach is Reach.TAKEN else self._own_id]
        contract = next(each for each in self.ours.contracts.values() if each.id == what.contract)
        number = link.close_out(contract, self.ours.chain, what.ref, what.qty)
        self._closing[link.client_id, number] = Closing(what.ref, self._clock.now_ns(), is_seen=False, is_over=False)
        self._tell(f"closing {what.qty:+d} {contract.symbol} of bracket {what.ref}")

    def _let_go(self) -> None:
        """Leave the runner's client id, then lower the fence: in this order, or the next runner finds its id in use."""
        if (link := self._links.pop(self.runner_id, None)) is not None:
            link.close()
        self._closing = {key: each for key, each in self._closing.items() if not each.is_over}
        self._reach = Reach.FREE
        self._fence.let_go()
        self._tell("done; the fence is down")
