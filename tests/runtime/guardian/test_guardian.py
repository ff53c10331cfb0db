"""The guardian at work where nobody answers: its beat, its words, its end. What it does at a broker: tests/simulation/drills."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from workbench.clock import ManualClock
from workbench.domain.contracts import Contract
from workbench.domain.units import SECOND
from workbench.runtime.guardian.guardian import Guardian
from workbench.runtime.guardian.values import Limits, Runner
from workbench.simulation.virtual import VirtualLoop, run
from workbench.store.fence import Fence
from workbench.store.requests import halted
from workbench.store.status import word_of
from workbench.venues.ib.guarding import Link

LIMITS = Limits(10 * SECOND, 15 * SECOND, 120 * SECOND)


class Steps(ManualClock):
    """The clock of a virtual loop, from one second on."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def now_ns(self) -> int:
        return round((1 + self._loop.time()) * SECOND)


class Silent:
    """A runner that said one word, and no more."""

    is_gone, breaks = True, False

    def look(self) -> Runner:
        if self.breaks:
            raise RuntimeError("a mistake of our own")
        return Runner(7, is_ready=True)

    def why_out_of_reach(self) -> str | None:
        return None

    def end(self) -> None:
        return


def guarding(loop: VirtualLoop, data: Path, told: list[str], watched: Silent) -> Guardian:
    clock = Steps(loop)

    def link(number: int, contracts: Mapping[int, Contract]) -> Link:
        return Link("127.0.0.1", 4, number, "DU1", contracts, data, clock)

    return Guardian(data, "DU1", Fence(data, "DU1"), watched, link, (15, 10), LIMITS, clock, told.append, clock.now_ns)


def test_without_a_broker_and_a_runner_it_lays_halt_says_so_once_and_goes_on(tmp_path: Path) -> None:
    told: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        guardian = guarding(loop, tmp_path, told, Silent())
        running = loop.create_task(guardian.run())
        await asyncio.sleep(60)
        word = word_of(tmp_path, "guardian")
        assert word is not None and word.state == "alarm" and "nothing answers" in word.note
        guardian.is_stopping = True
        await running

    run(main, seed=1)
    assert len(told) == 1 and "does not answer" in told[0]
    assert str(halted(tmp_path)).startswith("guardian: the runner is silent and the broker does not answer")


def test_a_turn_that_breaks_stops_its_heart_and_the_next_one_that_does_not_starts_it_again(tmp_path: Path) -> None:
    told: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        watched, fence = Silent(), Fence(tmp_path, "DU1")
        guardian = guarding(loop, tmp_path, told, watched)
        running = loop.create_task(guardian.run())
        await asyncio.sleep(3)
        now_ns = Steps(loop).now_ns
        assert (fence.guardian_silent_ns(now_ns()) or 0) <= SECOND
        watched.breaks = True
        await asyncio.sleep(15)
        assert (fence.guardian_silent_ns(now_ns()) or 0) > 10 * SECOND
        word = word_of(tmp_path, "guardian")
        assert word is not None and word.state == "alarm" and "a mistake of our own" in word.note
        watched.breaks = False
        await asyncio.sleep(3)
        assert (fence.guardian_silent_ns(now_ns()) or 0) <= SECOND and not running.done()
        guardian.is_stopping = True
        await running

    run(main, seed=1)
