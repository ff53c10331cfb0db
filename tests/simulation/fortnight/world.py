"""A recorder's lives over the project's gateway, in virtual time: the whole program with its keeper and its back-fill. No test here.

Each life has a gateway of its own over the same tape, as if TWS had been started anew too. A life that is killed leaves what its disk held
then: its folder is copied behind a turn, and the next life goes on in the copy.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.replay.world import settings
from tests.runtime.live.whole import ACCOUNT
from tests.venues.ib.world import LoopClock
from workbench.clock import Clock
from workbench.config import Mode, Settings
from workbench.domain.units import SECOND
from workbench.gateway.build import gateway
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.gateway.gateway import Gateway
from workbench.gateway.transports import serve
from workbench.runtime.generated import Generated
from workbench.runtime.live.wiring import wire
from workbench.runtime.recorder.filling import answer
from workbench.runtime.recorder.keeper import Keeper
from workbench.simulation.virtual import run
from workbench.store.folders import Folders

LOOK_S = 600.0  # between two looks of the keeper
GRAIN_S = 0.25  # of the gateway's clock


def at(text: str) -> int:
    """Read a time of Chicago."""
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("America/Chicago")).timestamp()) * SECOND


class Life(NamedTuple):
    """One process: from when until when, what goes wrong by then, and whether it is killed at its end."""

    from_ns: int
    until_ns: int
    faults: tuple[tuple[int, act.Action], ...] = ()
    is_killed: bool = False


class Held(NamedTuple):
    """What a recorder held at a look of its keeper: MB of memory, files of the tail, of all tables."""

    memory_mb: float
    n_tail: int
    n_files: int


class Recorder:
    """Lives, one after the other, over one tape.

    Attributes
    ----------
    data
        Folder of the stores; another one after a kill.
    held
        At each look of the keeper.
    """

    def __init__(self, root: Path, of: Generated, roots: Sequence[str]) -> None:
        shipped = settings()
        flight = shipped.flight.model_copy(update={"on": False})
        self.settings: Settings = shipped.model_copy(update={"active": tuple(roots), "flight": flight})
        self.of, self.data, self._root, self._n = of, root / "1", root, 1
        self.held: list[Held] = []

    def live(self, life: Life) -> Recorder:
        """Go through a life in virtual time, over a link in memory."""
        run(lambda loop: self._live(life, LoopClock(loop)), seed=self._n, epoch_ns=life.from_ns, horizon_s=40 * 86_400)
        if life.is_killed:
            self._n += 1
            self.data = self._root / str(self._n)
        return self

    def live_over_tcp(self, life: Life, speed: float) -> Recorder:
        """Go through a life by the machine's clock, over a socket, so many times as fast."""
        ib = self.settings.ib.model_copy(update={"speed": speed})
        self.settings = self.settings.model_copy(update={"ib": ib})
        asyncio.run(self._live(life, None, speed))
        return self

    async def _live(self, life: Life, clock: Clock | None, speed: float = 1.0) -> None:
        door = await serve(self._tws(life, speed), "127.0.0.1", 0, grain_s=GRAIN_S / speed)
        ib = self.settings.ib.model_copy(update={"port": door.port})
        wired = await wire(Mode.RECORD, self.settings.model_copy(update={"ib": ib}), self.data, environment={}, clock=clock)
        clock, keeper = wired.line.clock, Keeper(self.data, self.settings)
        beside = asyncio.ensure_future(answer(self.data, wired.edge, clock))
        running = asyncio.ensure_future(wired.runner.run_forever())
        try:
            while (rest_ns := life.until_ns - clock.now_ns()) > 0:
                await asyncio.wait([running], timeout=min(LOOK_S, rest_ns / SECOND) / speed + 1e-3)
                if running.done():
                    running.result()
                keeper.look(asyncio.get_running_loop().time())
                self.held.append(self._held())
            if life.is_killed:
                shutil.copytree(self.data, self._root / str(self._n + 1))
            else:
                wired.line.stop()
                await running
                keeper.finish()
        finally:
            for task in (beside, running):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            await wired.line.close()
            await wired.close()
            await door.close()

    def _tws(self, life: Life, speed: float) -> Gateway:
        rules = tuple(Rule(when=When(after_s=(ns - life.from_ns) / SECOND), what=(what,)) for ns, what in life.faults)
        return gateway(
            settings(),
            self.of.records,
            self.of.contracts,
            accounts=(ACCOUNT,),
            start_ns=life.from_ns,
            faults=Scenario(rules=rules),
            speed=speed,
        )

    def _held(self) -> Held:
        gc.collect()
        memory = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        folders = Folders(self.data)
        n_tail, n_files = (sum(1 for each in place.rglob("*") if each.is_file()) for place in (folders.tail, folders.recordings))
        return Held(memory, n_tail, n_files)
