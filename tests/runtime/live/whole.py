"""A whole live run in virtual time: `wire`, the runner, the real client library, and the project's gateway over an in-memory link."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.replay.world import settings
from tests.venues.ib.world import LoopClock
from workbench.config import Mode, Settings
from workbench.gateway.build import gateway
from workbench.gateway.faults import Scenario
from workbench.gateway.gateway import Gateway
from workbench.gateway.transports import serve
from workbench.runtime.generated import Generated
from workbench.runtime.live import Ended, News
from workbench.runtime.live.wiring import Wired, wire
from workbench.simulation.virtual import VirtualLoop, run

ACCOUNT = "DUSIM1"
logging.getLogger("ib_async").addHandler(logging.NullHandler())


class Whole:
    """One process over one gateway; what it said, and how it ended."""

    def __init__(
        self,
        data: Path,
        day: Generated,
        *,
        start_ns: int,
        faults: Scenario | str | None = None,
        roots: tuple[str, ...] = ("ES",),
        **ib: Any,
    ) -> None:
        shipped = settings()
        self.settings: Settings = shipped.model_copy(update={"ib": shipped.ib.model_copy(update=ib), "active": roots})
        self.data, self.start_ns, self.news = data, start_ns, list[News]()
        self.gateway: Gateway = gateway(settings(), day.records, day.contracts, accounts=(ACCOUNT,), start_ns=start_ns, faults=faults)
        self.wired: Wired | None = None
        self.ended: list[Ended] = []

    def run(self, seconds: float, *, mode: Mode = Mode.PAPER, at: Callable[[Whole], None] | None = None, **more: Any) -> Ended:
        """Run for so long by its clock; `at` is called once a second of it."""

        async def main(loop: VirtualLoop) -> Ended:
            door = await serve(self.gateway, "127.0.0.1", self.settings.ib.port)
            wired = self.wired = await wire(
                mode, self.settings, self.data, environment={}, on_news=self.news.append, clock=LoopClock(loop), **more
            )
            session = wired.runner.run_session

            async def kept() -> Ended:
                self.ended.append(await session())
                return self.ended[-1]

            wired.runner.run_session = kept
            running = asyncio.ensure_future(wired.runner.run_forever())
            try:
                end_s = loop.time() + seconds
                while loop.time() < end_s and not running.done():
                    await asyncio.sleep(1.0)
                    if at is not None:
                        at(self)
                wired.line.stop()
                return await running
            finally:
                running.cancel()
                await wired.line.close()
                await wired.close()
                await door.close()

        return run(main, seed=1, epoch_ns=self.start_ns, horizon_s=seconds + 3600)
