"""A whole gateway out of its parts: a world, the services in their order, a scenario. No socket, no loop: `transports.serve` opens it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.config import Settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import Records
from workbench.gateway import accounts as account_services
from workbench.gateway import contracts as contract_services
from workbench.gateway import history as history_services
from workbench.gateway import orders as order_services
from workbench.gateway import streams as stream_services
from workbench.gateway.base import AccountSetup, Budget, Service, World
from workbench.gateway.contracts import Universe
from workbench.gateway.courtesies import Courtesies
from workbench.gateway.faults.scenario import Scenario, load_scenario
from workbench.gateway.gateway import Gateway
from workbench.gateway.groups import WindowGroups
from workbench.gateway.streams import StreamSettings

MOST_SPEED = 20.0  # a client's timeouts are its own seconds: beyond this they no longer fit what happens


def gateway(
    settings: Settings,
    records: Records,
    contracts: Sequence[Contract],
    *,
    accounts: Sequence[AccountSetup | str] = ("DUSIM1",),
    faults: Scenario | str | None = None,
    start_ns: int | None = None,
    speed: float = 1.0,
    budget: Budget | None = None,
    streams: StreamSettings | None = None,
    seed: int = 1,
    master_id: int | None = None,
) -> Gateway:
    """Put a gateway together.

    Parameters
    ----------
    records
        Market records of a recorded or generated session, sorted by time.
    contracts
        What the records name. Their conIds are the gateway's own; ``Gateway.world.contracts`` carries them.
    accounts
        Names, beginning with DUSIM, or how each begins.
    faults
        A scenario, or the name or path of one.
    start_ns
        Where the clock begins; records before are what happened already. The first record's time if `None`.
    speed
        Session seconds in one of a client's, 1 to 20. On a virtual loop leave it at 1: that loop costs nothing.

    Raises
    ------
    ConfigError
        A speed, account or scenario that cannot be meant.
    DataError
        No records, or not sorted.
    """
    if not len(records):
        raise DataError("the gateway's session has no records")
    if not 0 < speed <= MOST_SPEED:
        raise ConfigError(f"--speed {speed:g}: a gateway runs at most {MOST_SPEED:g} times as fast as the session was")
    world = World(
        settings=settings,
        contracts=contracts,
        records=records,
        now_ns=int(records["recv_ns"][0]) if start_ns is None else start_ns,
        accounts=[AccountSetup(name=each) if isinstance(each, str) else each for each in accounts],
        budget=budget,
        seed=seed,
        speed=speed,
        master_id=master_id,
    )
    world.universe = Universe(world.contracts, settings.roots, lambda: world.now_ns)
    world.contracts = world.universe.contracts
    if streams is not None:
        world.part(StreamSettings, lambda: streams)
    scenario = load_scenario(faults) if isinstance(faults, str) else faults
    return Gateway(world, services(world), scenario)


PARTS: tuple[Callable[[World], Sequence[Service]], ...] = (
    order_services.services,  # the broker sees a record before anybody is shown it
    account_services.services,
    stream_services.services,
    history_services.services,
    contract_services.services,
)


def services(world: World) -> list[Service]:
    """Make all services of a world, in the order in which they see records; what nobody claims is a courtesy."""
    made = [service for part in PARTS for service in part(world)]
    courtesies = Courtesies(world)
    claimed = {request for service in made for request in service.requests}
    courtesies.requests = tuple(request for request in courtesies.requests if request not in claimed)
    return [*made, WindowGroups(), courtesies]
