"""Stands between clients and services: sees every request and every answer, and lets a scenario's rules act on them and on time.

Draws only from its own seeded source. What a fault itself sends is not looked at again: a rule never sets itself off.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol
from zoneinfo import ZoneInfo

from workbench.domain.units import SECOND
from workbench.gateway import behaviour
from workbench.gateway.faults import actions as act
from workbench.gateway.faults import kinds
from workbench.gateway.faults.doing import do, say
from workbench.gateway.faults.refs import Refs
from workbench.gateway.faults.scenario import Rule, Scenario
from workbench.gateway.faults.windows import Window
from workbench.gateway.session import Session, Stage
from workbench.wire import Answer, CurrentTime, ErrorMessage, Message, NextValidId, Request

if TYPE_CHECKING:
    from workbench.gateway.gateway import Gateway

STILL_LIVE: Final = frozenset({10090, 10091, 10167, 317, 399, 102, 300, 310, 322, 366})  # on a stream's id, and the stream goes on


class PortDoor(Protocol):
    """What a transport lets a fault do to its listening port."""

    port: int

    def shut(self) -> None: ...
    def reopen(self, port: int | None = None) -> None: ...


class Injector:
    """A scenario at work in one gateway.

    `door` is set by the transport, once it listens; without one a restart only drops the sockets.
    """

    def __init__(self, gateway: Gateway, scenario: Scenario) -> None:
        self.gateway, self.scenario = gateway, scenario
        self.rng = random.Random(scenario.seed)  # noqa: S311  a simulation, not a secret
        self.door: PortDoor | None = None
        self.refs = Refs()
        self.windows: list[Window] = []
        self.skew_s = 0.0
        self.roll_back_ids = 0
        self.silent_until_ns = 0
        self.n_fired: dict[int, int] = {}  # by the rule's number, from 1: what a test asks whether its fault has happened
        self._n_fit: dict[int, int] = {}
        self._by_name: dict[str, list[tuple[int, Rule]]] = {}
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._n_agenda = 0
        self._behind: list[tuple[Session, frozenset[str], Answer]] = []
        self._half_open: set[Session] = set()
        self._swallows = self._has_begun = False
        for number, rule in enumerate(scenario.rules, 1):
            for name in kinds.names_of(rule.when.on) if rule.when.on else ():
                self._by_name.setdefault(name, []).append((number, rule))

    # ---- time ------------------------------------------------------------------------------------------------------------------------
    def later(self, in_s: float, call: Callable[[], None]) -> None:
        """Do something after so many session seconds; at once if none."""
        if in_s <= 0:
            call()
            return
        self._n_agenda += 1
        heapq.heappush(self._agenda, (self.gateway.now_ns + round(in_s * SECOND), self._n_agenda, call))

    def next_due_ns(self) -> int | None:
        return self._agenda[0][0] if self._agenda else None

    def advance(self, now_ns: int) -> None:
        """Do what is due, in the order in which it was put off."""
        while self._agenda and self._agenda[0][0] <= now_ns:
            heapq.heappop(self._agenda)[2]()

    def started(self, session: Session) -> None:
        """Begin counting time with the first client that starts."""
        if self._has_begun:
            return
        self._has_begun = True
        for number, rule in enumerate(self.scenario.rules, 1):
            if rule.when.on is None:
                self.later(self._seconds_to(rule) or 1e-9, self._timed(number, rule))

    def _seconds_to(self, rule: Rule) -> float:
        if rule.when.after_s is not None:
            return rule.when.after_s
        assert rule.when.at is not None
        here = datetime.fromtimestamp(self.gateway.now_ns / SECOND, UTC).astimezone(ZoneInfo(behaviour.ZONE))
        hour, minute, *second = (int(each) for each in rule.when.at.split(":"))
        there = here.replace(hour=hour, minute=minute, second=second[0] if second else 0, microsecond=0)
        return ((there if there > here else there + timedelta(days=1)) - here).total_seconds()

    def _timed(self, number: int, rule: Rule) -> Callable[[], None]:
        def fire() -> None:
            self._count(number)
            for action in rule.what:
                self._do(action, None, None)
            again = rule.when.every_s
            if again is not None and (rule.when.times is None or self.n_fired[number] < rule.when.times):
                self.later(again, fire)

        return fire

    # ---- messages --------------------------------------------------------------------------------------------------------------------
    def request(self, session: Session, request: Request) -> None:
        """Take a client's request on its way to its service."""
        self.refs.learn(session, request)
        if self._is_caught(session, request):
            return
        fired = self._fired(session, request)
        for action in fired:
            if isinstance(action, act.Change):
                request = kinds.with_fields(request, action.fields)
            elif isinstance(action, act.FIRST):
                self._do(action, session, request)
        stops = next((action for action in fired if isinstance(action, act.STOPS_REQUEST)), None)
        if isinstance(stops, act.Refuse):
            say(self, session, stops.code, stops.text, stops.why, kinds.id_of(request))
        elif isinstance(stops, act.Delay):
            self.later(stops.for_s, lambda: self.gateway.serve(session, request))
        elif stops is None:
            self.gateway.serve(session, request)
        self._do_rest([action for action in fired if not isinstance(action, act.FIRST)], session, request)

    def answer(self, session: Session, message: Answer) -> None:
        """Take a service's answer on its way to its client."""
        if self._swallows or session in self._half_open:
            return
        if isinstance(message, (ErrorMessage, NextValidId, CurrentTime)):
            message = self._session_answer(session, message)
        if not (self._by_name or self.windows or self._behind):
            session.emit(message)
            return
        self.refs.learn(session, message)
        if self._is_caught(session, message):
            return
        fired = self._fired(session, message)
        for action in fired:
            if isinstance(action, act.Change):
                message = kinds.with_fields(message, action.fields)
        self._deliver(session, message, fired)
        self._do_rest(fired, session, message)

    def _session_answer(self, session: Session, message: Answer) -> Answer:
        """Let standing faults show in what the gateway says of itself."""
        match message:
            case NextValidId(order_id) if self.roll_back_ids:
                return NextValidId(max(1, order_id - self.roll_back_ids))
            case CurrentTime(time) if self.skew_s:
                return CurrentTime(time + round(self.skew_s))
            case ErrorMessage(req_id, code) if not (2100 <= code < 2200 or code in STILL_LIVE):
                self.gateway.streams.refused(session, req_id)
        return message

    def _deliver(self, session: Session, message: Answer, fired: list[act.Action]) -> None:
        """Send an answer, or do with it what was found for it."""
        for action in fired:
            match action:
                case act.Lose():
                    return
                case act.Delay():
                    self.later(action.for_s, lambda: session.emit(message))
                    return
                case act.Reorder():
                    waits = (session, kinds.names_of(action.behind), message)
                    self._behind.append(waits)
                    self.later(action.within_s, partial(self._release, waits))
                    return
                case act.HalfFrame():
                    return  # `doing` sends the half of it
        session.emit(message)
        if self._behind:
            self._release_behind(session, message)

    def _release_behind(self, session: Session, message: Answer) -> None:
        """Send what waited for a message like this one: of the same order or request, where both say whose they are."""
        about = kinds.id_of(message)
        for waits in tuple(self._behind):
            own = kinds.id_of(waits[2])
            if waits[0] is session and type(message).__name__ in waits[1] and (None in (about, own) or about == own):
                self._release(waits)

    def _release(self, waits: tuple[Session, frozenset[str], Answer]) -> None:
        at = next((at for at, each in enumerate(self._behind) if each is waits), None)
        if at is not None:
            del self._behind[at]
            waits[0].emit(waits[2])

    def _is_caught(self, session: Session, message: Message) -> bool:
        for window in self.windows:
            if window.covers(session, message):
                if window.keeps:
                    window.kept.append((session, message))
                return True
        return False

    def _fired(self, session: Session, message: Message) -> list[act.Action]:
        found: list[act.Action] = []
        for number, rule in self._by_name.get(type(message).__name__, ()):
            if self._fits(rule, session, message) and self._is_its_turn(number, rule):
                self._count(number)
                found.extend(rule.what)
        return found

    def _fits(self, rule: Rule, session: Session, message: Message) -> bool:
        when = rule.when
        if when.client is not None and when.client != session.id:
            return False
        return all(kinds.fits(self.refs.value(session, message, name), str(pattern)) for name, pattern in when.where.items())

    def _is_its_turn(self, number: int, rule: Rule) -> bool:
        when, n_fit = rule.when, self._n_fit.get(number, 0) + 1
        self._n_fit[number] = n_fit
        if when.times is not None and self.n_fired.get(number, 0) >= when.times:
            return False
        if when.chance is not None:
            return self.rng.random() < when.chance
        return (when.nth is None or n_fit == when.nth) and (when.every is None or n_fit % when.every == 0)

    def _count(self, number: int) -> None:
        self.n_fired[number] = self.n_fired.get(number, 0) + 1

    # ---- actions ---------------------------------------------------------------------------------------------------------------------
    def inject(self, action: act.Action, session: Session | None = None, subject: Message | None = None) -> None:
        """Do an action now, from code: what a rule would do; what was said leaves at once."""
        self._do(action, session, subject)
        self.gateway.flush()

    def _do_rest(self, fired: list[act.Action], session: Session, message: Message) -> None:
        for action in fired:
            if not isinstance(action, (act.Refuse, act.Ignore, act.Lose, act.Delay, act.Reorder, act.Change)):
                self._do(action, session, message)

    def _do(self, action: act.Action, session: Session | None, message: Message | None) -> None:
        self.later(action.in_s, lambda: do(self, action, session, message))

    def open_window(self, window: Window, for_s: float | None, at_end: Callable[[], None] | None = None) -> None:
        """Begin a window; at its end what it kept goes on its way."""
        self.windows.append(window)

        def end() -> None:
            self.windows.remove(window)
            if at_end is not None:
                at_end()
            for session, message in window.kept:
                if isinstance(message, Answer):
                    session.emit(message)
                elif isinstance(message, Request):
                    self.gateway.serve(session, message)

        if for_s is not None:
            self.later(for_s, end)

    def swallow(self, session: Session, request: Request) -> None:
        """Let a service take a request that nobody sent, and say nothing of it."""
        self._swallows = True
        try:
            self.gateway.serve(session, request)
        finally:
            self._swallows = False

    def ready(self) -> list[Session]:
        """List the clients that have started."""
        return [session for session in self.gateway.sessions if session.stage is Stage.READY]

    # ---- sockets ---------------------------------------------------------------------------------------------------------------------
    def hears(self, session: Session) -> bool:
        """Tell whether what this socket sends is heard at all."""
        return session not in self._half_open and self.gateway.now_ns >= self.silent_until_ns

    def silence(self, for_s: float) -> None:
        """Answer nothing that any socket sends, for a while."""
        self.silent_until_ns = self.gateway.now_ns + round(for_s * SECOND)

    def half_open(self, session: Session) -> None:
        """Cut a session off without telling its client, nor taking notice of its end."""
        self._half_open.add(session)

    def is_half_open(self, session: Session) -> bool:
        return session in self._half_open

    def left(self, session: Session) -> None:
        """Forget a session."""
        self._half_open.discard(session)
        self.refs.left(session)
        self._behind = [each for each in self._behind if each[0] is not session]
        for window in self.windows:
            window.kept = [each for each in window.kept if each[0] is not session]
