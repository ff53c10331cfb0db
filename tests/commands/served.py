"""A gateway over TCP in a thread of its own, for commands that run a loop themselves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.gateway.worlds import es, settings, tape
from workbench.gateway import build
from workbench.gateway.faults.scenario import load_scenario, parse_scenario
from workbench.gateway.transports import serve


@contextmanager
def served(faults: str | None = None) -> Iterator[int]:
    """Serve until the block ends; gives the port. `faults`: a shipped scenario's name, or a scenario's text."""
    scenario = None if faults is None else parse_scenario(faults, "mine") if "[[" in faults else load_scenario(faults)
    made = build.gateway(settings(), tape(), [es()], faults=scenario)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    door = asyncio.run_coroutine_threadsafe(serve(made, port=0), loop).result(10)
    try:
        yield door.port
    finally:
        asyncio.run_coroutine_threadsafe(door.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
