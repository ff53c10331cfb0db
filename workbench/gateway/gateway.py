"""What all clients share: who is connected, the clock, the tape, the services and the faults between them. No socket, no clock of its own.

A transport calls `connect`, `receive`, `lost` and `advance`; everything that must leave has left, through the sessions' pipes, when such a
call returns. One step of time: records that are due to every service, then `advance`, then faults that are due.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from workbench.domain.errors import InvariantError
from workbench.domain.units import MS, SECOND
from workbench.gateway import behaviour
from workbench.gateway.base import Service, World
from workbench.gateway.faults.injector import Injector
from workbench.gateway.faults.scenario import Scenario
from workbench.gateway.session import NO_ID, Pipe, Session, Stage
from workbench.gateway.streaming import Streams
from workbench.gateway.tape import Tape
from workbench.wire import Answer, ManagedAccounts, NextValidId, Request

log = logging.getLogger(__name__)
STEP_NS: Final = 250 * MS  # records handed out in one step span at most this much
DRIP_NS: Final = 20 * MS  # how often a drip is looked after


class Gateway:
    """A simulated TWS.

    Parameters
    ----------
    world
        What services share; its ``now_ns`` is where the clock begins.
    services
        In the order in which they see records. Records up to the start are theirs before any client comes.
    scenario
        What goes wrong, and when; nothing if `None`.
    """

    def __init__(self, world: World, services: Sequence[Service], scenario: Scenario | None = None) -> None:
        self.world = world
        self.services = tuple(services)
        self.sessions: list[Session] = []
        self.streams = Streams()
        self.mishaps: list[str] = []  # errors of our own that a request brought out; none is the only good number
        self._by_request = _who_answers(self.services)
        self._taken: dict[int, Session] = {}
        self._held_ns: dict[int, int] = {}
        self._tape = Tape(world.tape)
        self.faults = Injector(self, scenario or Scenario())
        self._step(world.now_ns)

    # ---- time ------------------------------------------------------------------------------------------------------------------------
    @property
    def now_ns(self) -> int:
        """Session time."""
        return self.world.now_ns

    @property
    def speed(self) -> float:
        """Session seconds in one of a client's."""
        return self.world.speed

    @property
    def is_over(self) -> bool:
        """Whether the tape has been played to its end; clients are served on."""
        return self._tape.is_over

    def advance(self, now_ns: int) -> None:
        """Let session time come to `now_ns`; what is due in between happens at its own time. Going back does nothing."""
        self._walk(now_ns)
        self.flush()

    def _walk(self, now_ns: int) -> None:
        """Step through what is due up to `now_ns`; if that is now, let services do what they have just put off until now."""
        here_ns = self.world.now_ns
        if now_ns <= here_ns:
            if any(due <= here_ns for due in self._dues()):
                self._step(here_ns)
            return
        while self.world.now_ns < now_ns:
            self._step(min([now_ns, *(due for due in self._dues() if due > self.world.now_ns)]))

    def _dues(self) -> list[int]:
        """When something happens that must not be late: of records only that their steps are short."""
        dues = [due for service in self.services if (due := service.next_due_ns()) is not None]
        if (due := self.faults.next_due_ns()) is not None:
            dues.append(due)
        if (due := self._tape.next_ns()) is not None:
            dues.append(max(due, self.world.now_ns + STEP_NS))
        return dues + [due for session in self.sessions if (due := session.paced_ns()) is not None]

    def _step(self, now_ns: int) -> None:
        self.world.now_ns = max(now_ns, self.world.now_ns)
        while True:
            start, stop = self._tape.due(now_ns)
            if start == stop:
                break
            for service in self.services:
                service.records(self.world.tape, start, stop)
        for service in self.services:
            service.advance(now_ns)
        self.faults.advance(now_ns)
        for session in tuple(self.sessions):
            session.pace()
            if session.deadline_ns is not None and session.deadline_ns <= now_ns:
                session.close()

    def next_due_ns(self) -> int | None:
        """When `advance` is wanted next; `None` if nothing waits and the tape is over."""
        dues = [due for service in self.services if (due := service.next_due_ns()) is not None]
        dues += [session.deadline_ns for session in self.sessions if session.deadline_ns is not None]
        dues += [self.world.now_ns + DRIP_NS for session in self.sessions if session.n_unsent]
        dues += [due for session in self.sessions if (due := session.paced_ns()) is not None]
        dues += [due for due in (self.faults.next_due_ns(), self._tape.next_ns()) if due is not None]
        return min(dues, default=None)

    # ---- transports ------------------------------------------------------------------------------------------------------------------
    def connect(self, pipe: Pipe) -> Session | None:
        """Take a new connection; `None`, and it is to be closed, if there are too many."""
        if len(self.sessions) >= behaviour.MOST_SOCKETS:
            return None
        session = Session(self, pipe)
        self.sessions.append(session)
        return session

    def receive(self, session: Session, data: bytes) -> None:
        """Take bytes from a client."""
        session.receive(data)
        self._walk(self.world.now_ns)
        self.flush()

    def lost(self, session: Session) -> None:
        """Take that a client's socket is gone; of a half-open one nobody learns."""
        if not self.faults.is_half_open(session):
            session.lost()
        self.flush()

    def flush(self) -> None:
        """Let everything leave that was said."""
        for session in tuple(self.sessions):
            session.flush()

    # ---- what a session asks (session.Host) ------------------------------------------------------------------------------------------
    def wall_text(self) -> str:
        """The gateway's time as it greets with it."""
        return wall_text(self.world.now_ns)

    def hears(self, session: Session) -> bool:
        return self.faults.hears(session)

    def greeted(self, session: Session) -> bool:
        return sum(each.stage in (Stage.STARTING, Stage.READY) for each in self.sessions) < behaviour.MOST_CLIENTS

    def started(self, session: Session, client_id: int) -> bool:
        """Begin a client's session, unless its id is taken, or held by a socket that was not let go yet."""
        if client_id in self._taken or self._held_ns.get(client_id, 0) > self.world.now_ns:
            return False
        self._taken[client_id] = session
        session.id, session.stage = client_id, Stage.READY
        self.world.clients.append(session)
        self.faults.started(session)
        session.send(ManagedAccounts(",".join(account.name for account in self.world.accounts)))
        session.send(NextValidId(self.world.next_valid_id(session)))
        for code, text in behaviour.FARMS:
            session.error(NO_ID, code, text)
        return True

    def asked(self, session: Session, request: Request) -> None:
        """Take a request: faults first, then the service that answers it."""
        self.faults.request(session, request)

    def said(self, session: Session, message: Answer) -> None:
        """Take an answer: faults first, then the wire."""
        self.faults.answer(session, message)

    def serve(self, session: Session, request: Request) -> None:
        """Hand a request to the service that answers it."""
        if session.stage is not Stage.READY:
            return
        self.streams.asked(session, request)
        service = self._by_request.get(type(request))
        if service is None:
            session.error(_id_of(request), 321, behaviour.text_of(321, what=type(request).__name__, why="not supported by this gateway"))
            return
        try:
            service.answer(session, request)
        except Exception as error:  # one client's request must not take the others down; tests hold `mishaps` to be empty
            log.exception("%s of client %s", type(request).__name__, session.id)
            self.mishaps.append(f"{type(request).__name__}: {error!r}")
            del self.mishaps[:-100]
            session.error(_id_of(request), 320, behaviour.text_of(320, why="internal error"))

    def let_speak(self) -> None:
        """Let services tell what was done behind their backs."""
        for service in self.services:
            service.advance(self.world.now_ns)

    def gone(self, session: Session) -> None:
        """Forget a session."""
        self.sessions.remove(session)
        self.streams.left(session)
        self.faults.left(session)
        if self._taken.get(session.id) is session:
            del self._taken[session.id]
            self.world.clients.remove(session)
            for service in self.services:
                service.left(session)

    def hold_id(self, client_id: int, for_s: float) -> None:
        """Keep a client id taken for a while after its socket has gone."""
        self._held_ns[client_id] = self.world.now_ns + round(for_s * SECOND)


def wall_text(now_ns: int) -> str:
    """Write a time as TWS greets with it.

    >>> wall_text(1_795_185_060_000_000_000)
    '20261120 08:31:00 US/Central'
    """
    return f"{datetime.fromtimestamp(now_ns // SECOND, UTC).astimezone(ZoneInfo(behaviour.ZONE)):%Y%m%d %H:%M:%S} {behaviour.ZONE}"


def _who_answers(services: Sequence[Service]) -> dict[type[Request], Service]:
    found: dict[type[Request], Service] = {}
    for service in services:
        for request in service.requests:
            if request in found:
                raise InvariantError(f"{request.__name__} is answered by {type(found[request]).__name__} and {type(service).__name__}")
            found[request] = service
    return found


def _id_of(request: Request) -> int:
    return getattr(request, "req_id", getattr(request, "order_id", NO_ID))
