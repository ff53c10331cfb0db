"""An asyncio loop in virtual time, without sockets or threads, and links between its ends: weeks in seconds, the same every time.

Nothing here knows what is spoken over a link; code written for asyncio runs on it unchanged.
"""

from workbench.simulation.virtual.clock import wall_clock_of
from workbench.simulation.virtual.links import Link, MemoryTransport, Network
from workbench.simulation.virtual.loop import DeadlockError, HorizonError, VirtualLoop
from workbench.simulation.virtual.running import run, run_on

__all__ = ["DeadlockError", "HorizonError", "Link", "MemoryTransport", "Network", "VirtualLoop", "run", "run_on", "wall_clock_of"]
