"""How long the live edge takes to be ready again: connected, all orders and executions asked for, data flowing. In virtual time.

Counted from the moment from which the broker could be reached again, with thirty to forty-five orders open, over links cut in every way.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.venues.ib.test_venue import BEGIN_NS
from tests.venues.ib.world import MID, Edge, edge, submit
from workbench.domain.orders import OrderType
from workbench.gateway.faults import When
from workbench.gateway.faults import actions as act
from workbench.gateway.faults.scenario import Rule, Scenario
from workbench.simulation.virtual import VirtualLoop, run

P50_S, P99_S, MOST_S = 3.0, 15.0, 60.0


def trouble(rng: Random) -> tuple[act.Act, float]:
    """A way to lose the broker, and for how long nobody is there."""
    for_s = rng.uniform(1, 30)
    return rng.choice(
        [
            (act.Disconnect(how="close"), 0.0),
            (act.Disconnect(how="reset", hold_id_s=2.0), 2.0),
            (act.Outage(for_s=for_s, data="kept", reports="lost"), for_s),
            (act.Outage(for_s=for_s, data="lost"), for_s),
            (act.Restart(down_s=for_s, roll_back_ids=5), for_s),
        ]
    )


def back_after_s(folder: Path, seed: int) -> float:
    """Lose the broker once; seconds from where it could be reached again to ready."""
    rng = Random(seed)
    what, away_s = trouble(rng)
    at_s = rng.uniform(20, 25)
    faults = Scenario(about="one loss", rules=(Rule(when=When(after_s=at_s), what=(what,)),), seed=seed)

    async def main(loop: VirtualLoop) -> float:
        async with edge(loop, folder, faults=faults) as world:
            await world.venue.open()
            await world.ready()
            for ref in range(1, rng.randint(10, 15) + 1):
                await world.venue.send(submit(ref, kind=OrderType.LIMIT, entry_px=MID - 200))
            await _lost(world)
            lost_s = loop.time()
            await world.until(lambda: world.venue.connection.is_ready, 120)
            return max(0.0, loop.time() - lost_s - away_s)

    return run(main, seed=seed, epoch_ns=BEGIN_NS)


async def _lost(world: Edge) -> None:
    for _ in range(6_000):
        if not world.venue.connection.is_ready:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nothing was lost")


@pytest.mark.parametrize("n", [12, pytest.param(200, marks=pytest.mark.proof)])
def test_it_is_ready_again_seconds_after_the_broker_is(tmp_path: Path, n: int) -> None:
    took = sorted(back_after_s(tmp_path / str(seed), seed) for seed in range(n))
    p50, p99 = took[n // 2], took[min(n - 1, n * 99 // 100)]
    print(f"ready again over {n} losses: p50 {p50:.2f} s, p99 {p99:.2f} s, most {took[-1]:.2f} s (virtual)")
    assert p50 <= P50_S and p99 <= P99_S and took[-1] <= MOST_S
