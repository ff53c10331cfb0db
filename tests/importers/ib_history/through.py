"""A download through the gateway: the real client library, IB's pace, what goes wrong; in memory and in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.gateway.reference import OPEN_NS, tape
from tests.gateway.worlds import settings
from workbench.domain.units import MINUTE
from workbench.gateway import build
from workbench.gateway.faults import Scenario
from workbench.gateway.gateway import Gateway
from workbench.gateway.session import Session
from workbench.gateway.transports import serve
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.history import IbHistory, open_history
from workbench.wire import Answer, ErrorMessage, ReqHistoricalData, ReqHistoricalTicks, Request

HOST, PORT = "127.0.0.1", 7497
START_NS = OPEN_NS + 5 * MINUTE
Talk = Callable[[IbHistory, VirtualLoop], Awaitable[Any]]


class Room:
    """A gateway that outlives its clients, and counts what it is asked and how often somebody was too fast."""

    def __init__(self, faults: Scenario | str | None = None) -> None:
        contracts, records = tape()
        self.gateway: Gateway = build.gateway(settings(), records, contracts, start_ns=START_NS, faults=faults)
        self.n_asked = self.n_refused = 0
        self.kill_after: int | None = None
        served, said = self.gateway.serve, self.gateway.said

        def serve(session: Session, request: Request) -> None:
            if isinstance(request, ReqHistoricalData | ReqHistoricalTicks):
                self.n_asked += 1
                if self.n_asked == self.kill_after:
                    session.close(at_once=True)
                    return
            served(session, request)

        def say(session: Session, message: Answer) -> None:
            self.n_refused += isinstance(message, ErrorMessage) and "pacing" in message.text
            said(session, message)

        self.gateway.serve, self.gateway.said = serve, say


def through(talk: Talk, faults: Scenario | str | None = None, *, kill_after: int | None = None) -> tuple[Any, Room]:
    """Connect `open_history` to a gateway and give what `talk` gave; at question `kill_after` the socket is reset."""
    room = Room(faults)
    room.kill_after = kill_after

    async def main(loop: VirtualLoop) -> Any:
        door = await serve(room.gateway, HOST, PORT)
        try:
            async with open_history(HOST, PORT, 5, settings().roots) as source:
                return await talk(source, loop)
        finally:
            await door.close()
            assert room.gateway.mishaps == []

    return run(main, seed=1, epoch_ns=START_NS), room
