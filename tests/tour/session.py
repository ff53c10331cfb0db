"""A gateway for the tour: half an hour of a generated morning, ten times as fast, on a port of this machine, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from tests.replay.world import market, settings
from workbench.domain.contracts import Contract
from workbench.domain.records import Records
from workbench.domain.units import MINUTE
from workbench.gateway.base import AccountSetup
from workbench.gateway.build import gateway
from workbench.gateway.gateway import Gateway
from workbench.gateway.transports import serve

ROOTS = ("ES", "NQ", "SPY")
SPEED = 10.0
ACCOUNT = "DUSIM1"


@cache
def morning() -> tuple[tuple[Contract, ...], Records]:
    return market(ROOTS, 35, 11, 0.5)


def made() -> Gateway:
    contracts, records = morning()
    start_ns = int(records["recv_ns"][0]) + 10 * MINUTE  # five minutes into regular hours
    return gateway(settings(), records, contracts, accounts=[AccountSetup(name=ACCOUNT, cash="10000000")], start_ns=start_ns, speed=SPEED)


@contextmanager
def running() -> Iterator[tuple[Gateway, int]]:
    """Serve a gateway from a thread; gives it and its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="gateway", daemon=True)
    thread.start()
    built = made()
    door = asyncio.run_coroutine_threadsafe(serve(built), loop).result(10)
    try:
        yield built, door.port
    finally:
        asyncio.run_coroutine_threadsafe(door.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
