"""A live run life after life, each a forked process that is killed at a point or ends by itself, over one gateway that lives on.

The gateway lies in the parent, the program in the child (`tether`): the real runner, `ib_async`, locks, files and a socket. After each
kill the kernel alone cleans up. What must hold is checked against the gateway's books and against what another process reads of the disk.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as _polars  # noqa: F401  a life needs it: imported once, before the first fork

from tests.kill.points import VERSION, Bytes, plant
from tests.kill.tether import PORT, Child, ChildLoop, WorldLoop
from tests.kill.trader import Trader
from tests.runtime.live.scripted import ShortHours
from tests.simulation.disaster.quiescence import fills_of
from tests.simulation.disaster.world import ACCOUNT, settings, setup, tape
from tests.venues.ib.world import LoopClock
from workbench.config import Mode
from workbench.domain.contracts import Contract
from workbench.domain.decisions import Issued
from workbench.domain.errors import StoreError
from workbench.domain.orders import Leg, Submit
from workbench.domain.units import SECOND
from workbench.engine import Setup
from workbench.gateway.build import gateway
from workbench.gateway.orders.world import broker_of
from workbench.gateway.transports import serve
from workbench.runtime import play
from workbench.runtime.live import Door, Line, Plan, Runner
from workbench.runtime.live.doors import ORDERS, before_the_wire
from workbench.runtime.live.edge import IbEdge
from workbench.runtime.logged import open_log
from workbench.simulation.broker import Broker
from workbench.store import checkpoints, entries
from workbench.store.digests import code_digest, deciding_digest, environment
from workbench.store.fence import Fence
from workbench.store.folders import Folders
from workbench.store.manifest import runs
from workbench.store.requests import Request, put
from workbench.venues.ib.book import read_ref
from workbench.venues.ib.venue import IbVenue
from workbench.wire import PlaceOrder, decode_request, fields

ENTRIES_S: Final = 46.0  # so long a run enters
SESSION_S: Final = 21.0  # a session is over after so long, and the next begins
DOWN_S: Final = 0.7  # from a death to the next start
ASKS_S: Final = 4.0  # a person asks for something so often
NAKED_S: Final = 20.0  # five to repair and fifteen to leave, from when a life could begin
SETTLED_S: Final = 14.0  # nothing of ours lives or is held for so long, in which an unknown outcome is asked about twice: the end
MOST_S: Final = 140.0
code_digest(), deciding_digest(), environment()  # once, before the first fork


class Death(NamedTuple):
    """What befalls a life when it passes a point for the n-th time: SIGKILL, or some trouble that it may come out of."""

    point: str
    nth: int = 1
    how: Callable[[Path, ChildLoop], None] = lambda data, loop: os.kill(os.getpid(), signal.SIGKILL)


class Order(NamedTuple):
    """A live order of ours at the broker."""

    leg: Leg
    rest: int


@cache
def trading() -> tuple[Setup, int]:
    """Give what is traded and when the tape begins; after this a fork costs what a fork costs."""
    begin_ns = int(tape()[1]["recv_ns"][0])
    made = setup(begin_ns, 0)
    trader = Trader(begin_ns + round(ENTRIES_S * SECOND))
    gc.collect()
    gc.freeze()
    return made._replace(strategies=((trader, tuple(contract.id for contract in tape()[0])),)), begin_ns


class Lives:
    """One world.

    Parameters
    ----------
    data
        Folder of the stores.
    deaths
        Of the first lives, one each; the life after the last ends by itself.
    between
        Called when a life has ended.
    """

    def __init__(self, data: Path, deaths: list[Death], *, seed: int = 0, between: Callable[[Lives], None] = lambda _: None) -> None:
        self.data, self.deaths, self._between = data, deaths, between
        self.setup, self.begin_ns = trading()
        self.contracts, records = tape()
        self.gateway = gateway(settings(), records, self.contracts, accounts=(ACCOUNT,), seed=seed)
        self.loop = WorldLoop(seed, horizon_s=MOST_S + 60, epoch_ns=self.begin_ns)
        self.points: Counter[str] = Counter()
        self.ends: list[tuple[int, Any]] = []  # wait status of each life, and what it said at its end
        self.wrong: list[str] = []
        self.sent: dict[int, Submit] = {}  # entries of which bytes came, as another process read them on the disk
        self.n_orders = self.n_sent = 0  # orders; all that changes something at the broker
        self.unread: set[int] = set()  # brackets of which bytes came while the disk could not be read
        self.died: Counter[str] = Counter()  # points at which a life was killed
        self._naked_s: float | None = None
        self._settled_s = 0.0
        self.is_settled = False
        self.at_half_second: Callable[[], None] = lambda: None

    # ---- the world ---------------------------------------------------------------------------------------------------------------
    def run(self) -> Lives:
        """Go through it, and judge it."""
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._main())
        finally:
            if self.loop.child is not None:
                self.loop.child.kill()
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_until_complete(asyncio.sleep(0.1))
            asyncio.set_event_loop(None)
            self.loop.close()
        return self

    async def _main(self) -> None:
        door = await serve(self.gateway, "127.0.0.1", PORT)
        broker = self.broker
        take = broker.take

        def taken() -> list[Any]:
            reports = take()
            if reports:
                self._look_at_orders()
            return reports

        broker.take = taken
        sampling = self.loop.create_task(self._sample())
        await self.story()
        if sampling.done():
            sampling.result()
        sampling.cancel()
        await door.close()

    async def story(self) -> None:
        """Live life after life."""
        for life in range(len(self.deaths) + 1):
            death = self.deaths[life] if life < len(self.deaths) else None
            await self.live(death)
            self._between(self)
            if self.ends[-1][0] == 0 and self.is_settled:
                break
            await asyncio.sleep(DOWN_S)

    async def live(self, death: Death | None) -> Child:
        """Live once, to a death or to an end."""
        child = self.fork(death)
        self._settled_s = self.loop.time()  # a life asks about what it was not told, and waits for the answers
        status = await child.over
        self.points.update(child.points)
        self.ends.append((status, child.said))
        if death is not None and status == signal.SIGKILL:
            self.died[death.point] += 1
        return child

    def fork(self, death: Death | None) -> Child:
        """Start a process, and let it be the one that the world waits for."""
        child = Child(self.loop, self._work, self.begin_ns, lambda loop: _deadly(self.data, loop, death))
        child.on_bytes = self._look_at_bytes
        self.loop.child = child
        return child

    @property
    def broker(self) -> Broker:
        return broker_of(self.gateway.world)

    # ---- the child ---------------------------------------------------------------------------------------------------------------
    async def _work(self, loop: ChildLoop) -> Any:
        clock = LoopClock(loop)
        fence = Fence(self.data, ACCOUNT)

        def made(chain: str) -> IbVenue:
            venue = IbVenue(settings(), clock, mode=Mode.PAPER, run=chain, account=ACCOUNT, data=self.data, known=self._known(), max_qty=4)
            venue.client.check = before_the_wire(fence, venue.client.check)
            return venue

        edge = IbEdge(made)
        line = Line(edge, clock)
        loop.on_stop = line.stop
        door = Door(Mode.PAPER, ACCOUNT, lambda: edge.accounts, None, clock, fence=fence)
        plan = Plan(self.setup, source="killed")
        hours = ShortHours(self.begin_ns, round(SESSION_S * SECOND))
        runner = Runner(self.data, Mode.PAPER, line, door, lambda _: plan, hours=hours)
        fence.take()
        ended = await runner.run_forever()
        await line.close()
        await edge.close()
        fence.give_back()
        memory = ended.engine.desk.memory
        return {"causes": list(memory.breaker.causes), "open": {ref: each.phase.value for ref, each in memory.book.open.items()}}

    def _known(self) -> list[Contract]:
        """Give our contracts with their conIds, as the id book of a data folder has them."""
        ours = {contract.id for contract in self.contracts}
        return [contract for contract in self.gateway.world.contracts if contract.id in ours]

    # ---- what must hold at every instant -----------------------------------------------------------------------------------------
    def _look_at_bytes(self, data: bytes) -> None:
        """I2 and I1: what leaves is committed, as somebody else reads the disk."""
        payload = data[4:]
        self.n_sent += payload.startswith(ORDERS)
        if not payload.startswith(b"3\0"):
            return
        request = decode_request(fields(payload), VERSION)
        assert isinstance(request, PlaceOrder)
        named = read_ref(request.order.order_ref)
        if named is None or request.order.what_if:
            return
        self.n_orders += 1
        if named.ref not in self.sent:
            try:
                found = [each for each in self.commands() if each.ref == named.ref]
            except StoreError:  # on a full disk SQLite cannot even read: what the disk holds is seen when there is room again
                self.unread.add(named.ref)
                return
            self._read(named.ref, found)

    def _read(self, ref: int, found: list[Submit]) -> None:
        if len(found) != 1:
            self._say(f"I2: an order of bracket {ref} left, the disk has {len(found)} commands for it")
        else:
            self.sent[ref] = found[0]

    def look_again(self) -> None:
        """Read what could not be read while the disk was full."""
        for ref in self.unread:
            self._read(ref, [each for each in self.commands() if each.ref == ref])
        self.unread.clear()

    def commands(self) -> list[Submit]:
        """Read the entries that are committed."""
        paths = [Folders(self.data).journal(run.run) for run in runs(self.data)]
        facts = (fact for path in paths if path.exists() for _, fact in entries.facts(path) if isinstance(fact, Issued))
        return [fact.command for fact in facts if isinstance(fact.command, Submit)]

    def _books(self) -> tuple[dict[int, list[Order]], dict[int, Counter[Leg]]]:
        live: dict[int, list[Order]] = defaultdict(list)
        filled: dict[int, Counter[Leg]] = defaultdict(Counter)
        for row in self.broker._desk.rows.values():
            if (named := read_ref(row.order.order_ref)) is not None:
                filled[named.ref][named.leg] += row.filled
                if row.is_sent and not row.is_done:
                    live[named.ref].append(Order(named.leg, row.qty - row.filled))
        return live, filled

    def _look_at_orders(self) -> None:
        live, filled = self._books()
        for ref in live.keys() | filled.keys():
            legs = [each for each in live[ref] if each.leg is Leg.ENTRY]
            if ref in self.unread:
                continue
            most = self.sent[ref].qty if ref in self.sent else 0
            if len(legs) > 1 or sum(each.rest for each in legs) + filled[ref][Leg.ENTRY] > most:
                self._say(f"I1: bracket {ref} may come to more than {most}: {legs}, filled {filled[ref]}")
            if _held(filled[ref]) < 0:
                self._say(f"I8: bracket {ref} was closed for more than it held")

    def _say(self, text: str) -> None:
        if text not in self.wrong:
            self.wrong.append(text)

    async def _sample(self) -> None:
        """Look each half second: protected, settled; and let a person ask for something now and then."""
        n = 0
        while self.loop.time() < MOST_S:
            await asyncio.sleep(0.5)
            n += 1
            self._look_at_cover()
            self.at_half_second()
            now_s = self.loop.time()
            if n % round(ASKS_S * 2) == 0 and now_s < ENTRIES_S:
                with suppress(StoreError):  # a person whose disk is full may ask in vain
                    put(self.data, Request(action="resume", why="go on", by="operator", asked_ns=self.loop.wall_ns()))
            live, filled = self._books()
            if now_s < ENTRIES_S + 2 or any(live.values()) or any(_held(each) for each in filled.values()):
                self._settled_s = now_s
            self.is_settled = now_s - self._settled_s > SETTLED_S
            if self.is_settled and self.loop.child is not None:
                self.loop.child.stop()
                self._settled_s = now_s
        self._say(f"I26: nothing came to rest in {MOST_S:g} s: {self._books()}")
        if self.loop.child is not None:
            self.loop.child.kill()

    def naked(self) -> int:
        """Count contracts that are held and have neither stop nor exit at the broker."""
        live, filled = self._books()
        stops = {ref: sum(each.rest for each in live.get(ref, []) if each.leg in (Leg.STOP, Leg.EXIT)) for ref in filled}
        return sum(max(0, _held(filled[ref]) - stops[ref]) for ref in filled)

    def holds(self) -> bool:
        """Whether a bracket of ours holds something."""
        return any(_held(each) > 0 for each in self._books()[1].values())

    def _look_at_cover(self) -> None:
        naked = self.naked()
        if not naked or self._naked_s is None:
            self._naked_s = self.loop.time() if naked else None
        elif self.loop.time() - self._naked_s > NAKED_S + DOWN_S * len(self.deaths):
            self._say(f"I7: {naked} contracts had neither stop nor exit for more than {NAKED_S:g} s")

    # ---- what must hold at the end -----------------------------------------------------------------------------------------------
    def must_be_whole(self) -> None:
        """I1, I2 and I7 so far; I5 and I6 against the broker; each session's log is chained, closed, and replays to its commands."""
        wrong = [*self.wrong, *map(str, self.gateway.mishaps)]
        status, said = self.ends[-1]
        if status or not isinstance(said, dict) or said["open"]:
            wrong.append(f"the last life ended with {status}: {said}")
        journals = [Folders(self.data).journal(run.run) for run in runs(self.data)]
        told = fills_of(arrival for path in journals for arrival in entries.arrivals(path))
        truth = {each.exec_id: _told(each) for each in self.broker.executions()}
        differ = [id_ for id_ in truth | told if truth.get(id_) != told.get(id_)]
        wrong += [f"I6: execution {id_}: disk {told.get(id_)}, broker {truth.get(id_)}" for id_ in differ]
        own = sum(qty * self.sent[ref].side * (1 if leg is Leg.ENTRY else -1) for ref, leg, qty, _ in told.values())
        if own != self.broker.position(ACCOUNT, self.contracts[0].id).qty:
            wrong.append(f"I5: the disk comes to {own}")
        wrong += self._logs()
        assert not wrong, "\n".join([f"deaths {self.deaths}, ends {self.ends}", *wrong])

    def _logs(self) -> list[str]:
        """I17: the log of each session, with its checkpoint."""
        wrong = []
        refs = Counter(each.ref for each in self.commands())
        wrong += [f"I1: bracket {ref} was commanded {n} times" for ref, n in refs.items() if n > 1]
        for session in sorted({run.sessions[-1] for run in runs(self.data)}):
            logged = open_log(self.data, session)
            entries.verify(logged.journal, logged.run.journal_head)
            played = self.played_back(logged)
            if played.difference is not None:
                wrong.append(f"I17: session {session} replays otherwise: {played.difference}")
            if not logged.run.is_closed:
                wrong.append(f"I17: session {session} is not closed")
            found = checkpoints.latest(Folders(self.data).run(logged.run.run)).checkpoint
            if found is None:
                wrong.append(f"I17: session {session} has no checkpoint")
        return wrong

    def played_back(self, logged: Any) -> play.Played:
        return asyncio.run(play.play_back(logged, self.setup))


def _deadly(data: Path, loop: ChildLoop, death: Death | None) -> Callable[..., None]:
    """Count the points of a child, and kill it at one; gives what hears of its bytes."""
    seen: Counter[str] = Counter()

    def at(point: str) -> None:
        seen[point] += 1
        is_last = death is not None and point == death.point and seen[point] == death.nth
        if is_last or seen[point] == 1:
            loop.wire.send(b"P", 0, 0.0, point.encode())
        if is_last:
            death.how(data, loop)

    plant(at, loop.time)
    return Bytes(at)


def _held(filled: Counter[Leg]) -> int:
    return filled[Leg.ENTRY] - filled[Leg.STOP] - filled[Leg.TARGET] - filled[Leg.EXIT]


def _told(execution: Any) -> tuple[int, Leg, int, int]:
    named = read_ref(execution.order_ref)
    assert named is not None
    return named.ref, named.leg, execution.qty, execution.px
