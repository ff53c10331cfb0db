"""The same tour of the simulated gateway, in memory and in virtual time: what a TWS is compared with. No socket, nothing kept."""

from __future__ import annotations

from typing import Final

from workbench.calendars import session_bounds
from workbench.config import Settings
from workbench.domain.units import HOUR, MINUTE
from workbench.gateway import build
from workbench.gateway.faults.scenario import Scenario
from workbench.gateway.transports import serve
from workbench.runtime.generated import generated
from workbench.runtime.proof.talk import Conversation
from workbench.runtime.proof.tour import tour
from workbench.simulation.virtual import VirtualLoop, run

SESSION: Final = 20261119
SEED: Final = 7
BEGINS_NS: Final = 16 * HOUR  # into the session: half past nine in New York and a little
LASTS_NS: Final = 30 * MINUTE
PORT: Final = 7497
CLIENT_ID: Final = 41


def reference(
    settings: Settings, root: str, *, account: str = "DUSIM1", seed: int = SEED, faults: Scenario | str | None = None
) -> Conversation:
    """Make the tour of a gateway with a generated market of that root."""
    first = session_bounds(SESSION)[0] + BEGINS_NS
    market = generated(settings, [root], SESSION, seed=seed, first_ns=first - 10 * MINUTE, last_ns=first + LASTS_NS)
    made = build.gateway(settings, market.records, market.contracts, accounts=[account], start_ns=first, seed=seed, faults=faults)

    async def main(loop: VirtualLoop) -> Conversation:
        door = await serve(made, "127.0.0.1", PORT)
        try:
            return await tour("127.0.0.1", PORT, CLIENT_ID, settings.roots[root])
        finally:
            await door.close()

    return run(main, seed=seed, epoch_ns=first)
