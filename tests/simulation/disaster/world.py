"""One run under a schedule: the real runner, life after life, over one gateway and one disk. Holds everything; judges nothing.

A world is small: one contract, a thin tape, no features, a strategy that always has something at the broker. Entries end when the
faults do; then it is calm, and after a minute of that the run is ended and judged.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import numpy as np

from tests.replay.world import SESSION, market
from tests.simulation.disaster.disk import Disk
from tests.simulation.disaster.machine import OWNER, Death, Died, MachineLoop, Process, run
from tests.simulation.disaster.points import watched
from tests.simulation.disaster.restless import Restless, law
from tests.simulation.disaster.safety import Safety
from tests.simulation.disaster.schedule import Crash, Deed, Moment, Schedule, Stop, Strike
from tests.simulation.disaster.striking import strike
from tests.simulation.disaster.wire import Wire
from tests.venues.ib.world import LoopClock
from workbench.config import Mode, Settings, load_settings
from workbench.domain.contracts import Contract
from workbench.domain.records import Kind, Records
from workbench.domain.units import SECOND
from workbench.engine import Engine, Setup
from workbench.gateway.build import gateway
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.gateway import Gateway
from workbench.gateway.transports import serve
from workbench.runtime import build
from workbench.runtime.live import Door, Ended, Line, News, Plan, Runner
from workbench.runtime.live.edge import IbEdge
from workbench.simulation.broker import Broker
from workbench.venues.ib.book import read_ref
from workbench.venues.ib.venue import IbVenue

ACCOUNT: Final = "DUSIM1"
FAULTS_S: Final = 40.0  # so long entries are made and faults begin
CALM_S: Final = 62.0  # the law of liveness says 60
SETTLED_S: Final = 8.0  # with nothing open at either side, so much is enough
MOST_S: Final = 400.0
MOST_BREAKS: Final = 12  # a program that breaks off so often will not come to rest
BROKEN_DOWN_S: Final = 3.0  # a run that broke off is started again after so long


@cache
def settings() -> Settings:
    return load_settings(folder="/nowhere", environment={}, flags={"active": '["ES"]'})


@cache
def tape() -> tuple[tuple[Contract, ...], Records]:
    """ES from the New York open: quotes and prints, four of them a second at most; all worlds share it."""
    contracts, records = market(("ES",), int(MOST_S) // 60 + 2, 7, 0.2, before=0)
    kept = np.isin(records["kind"], (Kind.QUOTE, Kind.PRINT, Kind.PHASE))
    thinned = records[kept]
    slots = thinned["recv_ns"] // (SECOND // 3)
    is_first = np.diff(slots, prepend=-1) > 0
    prints = np.flatnonzero(thinned["kind"] == Kind.PRINT)
    is_first[prints[::6]] = True
    is_late = thinned["recv_ns"] > thinned["recv_ns"][0] + round((FAULTS_S + 30) * SECOND)
    is_first &= ~is_late | (np.diff(thinned["recv_ns"] // SECOND, prepend=-1) > 0)
    is_first |= thinned["kind"] == Kind.PHASE
    made = thinned[is_first].copy()
    is_quote = made["kind"] == Kind.QUOTE
    for size in ("sz", "sz2"):
        made[size][is_quote] = 1 + made[size][is_quote] % 3  # so thin that orders fill in parts
    return contracts, made


@cache
def setup(begin_ns: int, seed: int) -> Setup:
    """What is traded; made once, but for the strategy."""
    contracts, _ = tape()
    made = _law()
    restless = Restless(begin_ns + round(FAULTS_S * SECOND), seed)
    return made._replace(strategies=((restless, tuple(contract.id for contract in contracts)),))


@cache
def _law() -> Setup:
    contracts, _ = tape()
    return build.setup(settings(), contracts, [SESSION], law(), account=ACCOUNT, strategies=())


class Life(NamedTuple):
    """One process: when it lived, and how it ended."""

    number: int
    from_s: float
    until_s: float
    how: str


class World:
    """One run, and everything to judge it by."""

    def __init__(self, root: Path, schedule: Schedule) -> None:
        self.schedule, self.rng = schedule, Random(schedule.seed)
        self.contracts, self.records = tape()
        self.begin_ns = int(self.records["recv_ns"][0])
        self.disk = Disk(root, self.rng)
        rules = tuple(Rule(when=each.when, what=each.what) for each in schedule.strikes if isinstance(each.when, When))
        self.gateway: Gateway = gateway(
            settings(), self.records, self.contracts, accounts=(ACCOUNT,), faults=Scenario(rules=rules, seed=schedule.seed), seed=1
        )
        self.armed = [each for each in schedule.strikes if isinstance(each.when, Moment)]
        self.struck: list[str] = []
        self.lives: list[Life] = []
        self.broke: list[tuple[float, str]] = []
        self.news: list[tuple[float, News]] = []
        self.passed: dict[str, int] = {}
        self.here = ""  # the point at which the process stands just now
        self.died: Counter[str] = Counter()
        self.in_life: dict[str, int] = {}
        self.loop: MachineLoop
        self.process: Process | None = None
        self.line: Line | None = None
        self.venue: IbVenue | None = None
        self.engine: Engine | None = None
        self.ended: Ended | None = None
        self.pause_s, self.trouble_until_s, self._calm_since = 0.0, 0.0, 0.0
        self._settled_since = 0.0
        self._sampling: asyncio.Task[None]
        self.wall_s = 0.0
        self.wire = Wire(self)
        self.safety = Safety(self)

    # ---- time -------------------------------------------------------------------------------------------------------------------------
    @property
    def now_s(self) -> float:
        return self.loop.time()

    @property
    def broker(self) -> Broker | None:
        """The truth; `None` before anybody asked for it."""
        return self.gateway.world.known(Broker)

    @property
    def is_faulty(self) -> bool:
        """Whether faults may still begin."""
        return self.now_s < FAULTS_S

    def s_of(self, ns: int) -> float:
        return (ns - self.begin_ns) / SECOND

    def run(self) -> World:
        """Go through it."""
        began = time.perf_counter()
        run(self._main, seed=self.schedule.seed, epoch_ns=self.begin_ns, horizon_s=MOST_S + 300)
        self.wall_s = time.perf_counter() - began
        return self

    async def _main(self, loop: MachineLoop) -> None:
        self.loop = loop
        loop.on_read, loop.on_write, loop.on_written = self.wire.read, self.wire.about_to_write, self.wire.written
        door = await serve(self.gateway, "127.0.0.1", settings().ib.port)
        self.safety.watch()
        self._sampling = sampling = loop.create_task(self._sample())
        for each in self.armed:
            if not each.when.point:
                loop.call_at(each.when.at_s, self._strike, each)
        with watched(self.disk, self.at, self.wire.durable, self._stand_still, loop.time, self._meet):
            try:
                while not await self._live_once() and len(self.broke) < MOST_BREAKS and self.now_s < MOST_S:
                    await asyncio.sleep(self.pause_s)
            finally:
                sampling.cancel()
                if self.process is not None and not self.process.is_dead:
                    self.process.die(Death.KILLED)
        await door.close()

    # ---- lives ------------------------------------------------------------------------------------------------------------------------
    async def _live_once(self) -> bool:
        """Let the program live until it ends; True when the world does."""
        process = self.process = self.loop.process()
        self.in_life, from_s = {}, self.now_s
        task = process.start(self._life())
        await asyncio.wait((task, process.died, self._sampling), return_when=asyncio.FIRST_COMPLETED)
        if self._sampling.done():
            self._sampling.result()  # the harness itself is at fault
        how = f"{process.died.result()}" if process.died.done() else self._how(task)
        if not process.is_dead:
            if self.ended is None:
                self.disk.crash(Death.KILLED)
            process.die(Death.KILLED)
        self.lives.append(Life(process.number, from_s, self.now_s, how))
        self.venue = self.line = self.engine = None
        return self.ended is not None

    def _how(self, task: asyncio.Task[Ended]) -> str:
        if (error := task.exception()) is not None:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).parent.name}/{Path(frame.filename).name}:{frame.lineno} {frame.name}"
            self.broke.append((self.now_s, f"{type(error).__name__}: {error} ({place})"))
            self.pause_s = BROKEN_DOWN_S
            return self.broke[-1][1]
        if self._is_over():
            self.ended = task.result()
        return "stopped"

    async def _life(self) -> Ended:
        clock = LoopClock(self.loop)
        edge = IbEdge(self._made)
        line = self.line = Line(edge, clock)
        gate = Door(Mode.PAPER, ACCOUNT, lambda: edge.accounts, None, clock)
        plan = Plan(setup(self.begin_ns, self.schedule.seed), source="disaster")
        runner = Runner(self.disk.folder, Mode.PAPER, line, gate, lambda _: plan, on_news=self._hear)
        ended = await runner.run_forever()
        await line.close()
        await edge.close()
        return ended

    def _made(self, chain: str) -> IbVenue:
        self.venue = IbVenue(
            settings(), LoopClock(self.loop), mode=Mode.PAPER, run=chain, account=ACCOUNT, data=self.disk.folder,
            known=self._known(), max_qty=4,
        )  # fmt: skip
        return self.venue

    def _known(self) -> list[Contract]:
        """Give our contracts with their conIds, as the id book of a data folder has them once they were found."""
        ours = {contract.id for contract in self.contracts}
        return [contract for contract in self.gateway.world.contracts if contract.id in ours]

    def _hear(self, news: News) -> None:
        self.news.append((self.now_s, news))

    # ---- faults -----------------------------------------------------------------------------------------------------------------------
    def at(self, point: str) -> None:
        """Stand at a point: whatever waits for it strikes."""
        process = OWNER.get()
        if process is None or process.is_dead:
            return
        self.passed[point] = self.passed.get(point, 0) + 1
        nth = self.in_life[point] = self.in_life.get(point, 0) + 1
        if not self.is_faulty:
            return
        self.here = point
        for each in list(self.armed):
            moment = each.when
            if moment.point == point and moment.nth == nth and moment.life in (0, process.number):
                self._strike(each)
        self.here = ""
        if process.is_dead:
            self.died[point] += 1
            raise Died(point)

    def _strike(self, each: Strike) -> None:
        if each in self.armed and self.is_faulty:
            self.armed.remove(each)
            self.struck.append(f"{self.now_s:.3f} {each.name}")
            for deed in each.what:
                self.do(deed)

    def do(self, deed: Deed) -> None:
        """Let one thing happen."""
        match deed:
            case Crash(death=death, down_s=down_s, hold_s=hold_s):
                if self.process is not None and not self.process.is_dead:
                    self.pause_s = down_s
                    self.safety.dying(self.process, death)
                    self.disk.crash(death)
                    self.process.die(death, hold_s)
                    self.trouble_until_s = max(self.trouble_until_s, self.now_s + max(down_s, hold_s))
            case Stop(down_s=down_s):
                if self.line is not None:
                    self.pause_s = down_s
                    self.line.stop()
            case _:
                strike(self, deed)

    def _meet(self, engine: Engine) -> None:
        self.engine = engine

    def _stand_still(self, for_s: float) -> None:
        """Let the process wait for its disk: nothing else of it goes on, and the world does."""
        self.loop._now_s += for_s

    # ---- the end ----------------------------------------------------------------------------------------------------------------------
    async def _sample(self) -> None:
        """Look each half second; end the run when it was calm for long enough."""
        while True:
            await asyncio.sleep(0.5)
            self.safety.look()
            if not self._is_calm():
                self._calm_since = self._settled_since = self.now_s
            elif not self._is_settled():
                self._settled_since = self.now_s
            if self._is_over() and self.line is not None and not self.line.is_stopping:
                self.line.stop()

    def _is_calm(self) -> bool:
        if self.is_faulty:
            return False
        self.gateway.faults._by_name.clear()  # from here on no rule strikes
        injector = self.gateway.faults
        is_quiet = (
            not injector.windows and not injector._agenda and not self.disk.trouble and self.gateway.now_ns >= injector.silent_until_ns
        )
        return is_quiet and self.now_s >= self.trouble_until_s

    def _is_over(self) -> bool:
        """Whether it was calm for as long as liveness allows, or nothing is left that could change."""
        return self.now_s - self._calm_since >= CALM_S or self.now_s - self._settled_since >= SETTLED_S or self.now_s >= MOST_S

    def _is_settled(self) -> bool:
        """Whether nothing of ours is open, on either side: nothing will change any more, and a run need not wait for its minute."""
        venue, engine, broker = self.venue, self.engine, self.broker
        if venue is None or engine is None or broker is None or not venue.connection.is_ready:
            return False
        book = engine.desk.memory.book
        if book.open or book.fees_due or any(not life.is_over for life in venue.book.lives.values()):
            return False
        return not any(read_ref(row.order.order_ref) and not row.is_done for row in broker._desk.rows.values())
