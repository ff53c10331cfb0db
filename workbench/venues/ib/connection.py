"""The one owner of the connection: opens it, knows what state it is in, and when to give it up. Subscribes to nothing, sends no order.

=============  =====================================================================================================
LOST           no socket; waits before it tries again
CONNECTING     socket, hello, startApi: until accounts and the next order id came
RESYNCING      open orders, executions, positions and account are asked for, and data must flow
READY          all of that was answered whole: known, not empty by silence
AWAY           the socket stands, but TWS has no connection to IB (1100, 2110): stops at the exchange stand, nothing is known
REFUSED        a person must look: another account, a client id in use, a login that waits for its second factor
STOPPED        ended by us
=============  =====================================================================================================

Rules
-----
1. One task connects, watches and connects again: two attempts never race (ib_insync#386).
2. Connected is not ready (`isConnected` stands through 1100 and through a half-open socket). READY is told by `ConnectionChanged(up)`,
   leaving it by another with the reason.
3. The heart beats every `HEARTBEAT_S`: a question for the time with a deadline. Without an answer the socket is cut: a half-open one
   never says so itself.
4. 326 (client id in use): wait and come back with the same id, for orders belong to it. A socket that is accepted by a TWS whose API says
   nothing is a login that waits (weekly second factor): try slowly, ask a person.
5. What the broker has is asked for again every `RECONCILE_S` while nothing else asks: what was lost without a word shows there. An answer
   that does not come is not an empty one: the connection is not ready until all of it is known.
6. Waits double up to `LONGEST_S`, with jitter from a source that is given; around the daily restart of TWS they stay short.

Client ids: the settings' ``ib.client_id`` is the trader's. A process of another role adds its offset (`roles.Role`), so that none takes the
place of another, and orders stay with the id that placed them.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from workbench.clock import Clock
from workbench.domain.events import AnyEvent, BrokerSaid, ConnectionChanged, Known
from workbench.domain.units import SECOND
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.ids import Ids
from workbench.venues.ib.questions import TIME, Questions
from workbench.venues.ib.skew import Skew
from workbench.venues.ib.validator import Limits
from workbench.wire import CurrentTime, ErrorMessage, ManagedAccounts, NextValidId

HEARTBEAT_S: Final = 5.0
BEAT_TIMEOUT_S: Final = 5.0
OPEN_S: Final = 10.0  # for the socket, and then for the API's first words
FIRST_S, LONGEST_S, SLOW_S = 0.5, 12.0, 15.0  # waits before a new attempt, so that who is back is found in seconds; in vain `OPEN_S` more
HELD_S: Final = 30.0  # a connection that stood for so long had held: waits begin anew
IN_USE_S: Final = 10.0  # the same after 326: TWS frees the id of a socket that broke within minutes
FLOW_S: Final = 5.0  # for data to flow at once; after that it is looked for at each heartbeat
RESYNCS: Final = 3  # tries on one connection
RECONCILE_S: Final = 30.0  # between two looks at what the broker has
RESTART: Final = (time(23, 40), time(0, 50))  # US/Eastern: the daily restart of TWS and the reset of IB's servers
EASTERN: Final = ZoneInfo("America/New_York")
LOST_IB, DATA_LOST, DATA_KEPT, PORT_RESET, BROKEN, IN_USE = 1100, 1101, 1102, 1300, 2110, 326
_PORT: Final = re.compile(r"\b(\d{4,5})\b")


class State(StrEnum):
    """How the connection stands."""

    LOST = "lost"
    CONNECTING = "connecting"
    RESYNCING = "resyncing"
    READY = "ready"
    AWAY = "away"
    REFUSED = "refused"
    STOPPED = "stopped"


def is_restart(now_ns: int) -> bool:
    """Tell whether TWS is likely to restart now.

    >>> is_restart(1_795_149_900 * 1_000_000_000)  # 2026-11-19 23:45 in New York
    True
    """
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=now_ns // SECOND)).astimezone(EASTERN).time()
    return moment >= RESTART[0] or moment <= RESTART[1]


class Connection:
    """Keeps a connection, for as long as it is wanted.

    Parameters
    ----------
    limits
        Which account may be traded; with `trades` False none is asked for.
    resync
        Asks for everything that may have changed; gives why it is not known, or `None`.
    why_silent
        Says why no market data flows, `None` when it does or none is expected.
    lost
        Hears that the socket is gone, and why.
    look
        Asks for what may have changed without a word; gives why it is not known, or `None`.
    reconcile_s
        How often it is asked so, in seconds.
    say
        Takes events.
    random
        For the jitter.
    """

    def __init__(
        self,
        client: LaneClient,
        questions: Questions,
        ids: Ids,
        clock: Clock,
        *,
        host: str,
        port: int,
        client_id: int,
        limits: Limits | None,
        resync: Callable[[], Awaitable[str | None]],
        why_silent: Callable[[], str | None] = lambda: None,
        lost: Callable[[str], None] = lambda why: None,
        look: Callable[[], Awaitable[str | None]] | None = None,
        reconcile_s: float = RECONCILE_S,
        say: Callable[[AnyEvent], None],
        random: Random,
    ) -> None:
        self._client, self._questions, self._ids, self._clock = client, questions, ids, clock
        self.host, self.port, self.client_id, self._limits = host, port, client_id, limits
        self._resync, self._why_silent, self._say, self._random = resync, why_silent, say, random
        self._on_lost, self._look, self._reconcile_s = lost, look, reconcile_s
        self.state, self.why = State.LOST, "not connected yet"
        self.n_attempts = self.n_connects = 0
        self._told: ConnectionChanged | None = None  # an attempt that failed as the one before is not told again
        self._wake = asyncio.Event()
        self._is_lost = self._is_away = self._must_resync = self._is_in_use = self._is_known = False
        self._lost_why = ""
        self._skew = Skew()
        self._n_links = 0  # to IB, that began
        self._known_at = 0.0  # of the loop's time: when everything was asked for last
        self._task: asyncio.Task[None] | None = None
        client.on_closed = self._closed

    # ------------------------------------------------------------------ from outside
    @property
    def is_ready(self) -> bool:
        """Whether orders that open something may leave."""
        return self.state is State.READY

    @property
    def is_known(self) -> bool:
        """Whether what the broker has was asked for since the link to it last stood: nothing that happened meanwhile is unheard."""
        return self._is_known and not self._is_in_doubt()

    @property
    def link(self) -> int | None:
        """Which unbroken link to IB this is; `None` while there is none: an order may wait in TWS then, and no answer shows it."""
        return None if self._is_lost or self._is_away else self._n_links

    def known(self) -> None:
        """Take that everything was asked for and answered."""
        self._is_known = True
        self._known_at = asyncio.get_running_loop().time()

    def start(self) -> None:
        """Begin to connect; once."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="ib connection")

    async def stop(self, why: str = "ended by hand; stops stay at the broker") -> None:
        """End it: orders stay at the broker."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._move(State.STOPPED, why)
        self._cut()

    def reconnect(self, why: str) -> None:
        """Cut the socket and begin anew."""
        self._lose(why)

    def resync(self, why: str = "") -> None:
        """Ask for everything again: what is known is in doubt; for a reason that is given nothing opens until it is known."""
        if why and self.is_ready:
            self._move(State.RESYNCING, why)
        self._must_resync = True
        self._wake.set()

    def hear(self, message: object) -> None:
        """Take what of the broker's words concerns the connection."""
        match message:
            case NextValidId(order_id=order_id):
                if not self._ids.hear(order_id) and self.state is State.CONNECTING and self.n_connects:
                    self._say(BrokerSaid(0, "ids", f"the next order id is said to be {order_id}; ours are higher and stay", None, None))
                self._wake.set()
            case ManagedAccounts():
                self._wake.set()
            case ErrorMessage(req_id=-1) as error:
                self._hear_code(error)
            case _:
                pass

    def _hear_code(self, m: ErrorMessage) -> None:
        match m.code:
            case c if c in (LOST_IB, BROKEN):
                self._is_away = True
                self._move(State.AWAY, f"{m.code}: {m.text}") if self.state in (State.READY, State.RESYNCING) else None
            case c if c in (DATA_LOST, DATA_KEPT):
                self._is_away, self._must_resync = False, True
                self._n_links += 1
                if self.state is State.READY:
                    self._move(State.RESYNCING, f"{m.code}: {m.text}")
            case c if c == PORT_RESET:
                found = [int(each) for each in _PORT.findall(m.text)]
                self.port = found[-1] if found and 1024 <= found[-1] <= 65_535 else self.port
                self._lose(f"{m.code}: {m.text}")
            case c if c == IN_USE:
                self._is_in_use = True
            case _:
                return
        self._wake.set()

    # ------------------------------------------------------------------ the one task
    async def _run(self) -> None:
        wait_s = FIRST_S
        while True:
            state, why = await self._open()
            if state is State.RESYNCING:
                ready_at = asyncio.get_running_loop().time()
                state, why = await self._live()
                if asyncio.get_running_loop().time() - ready_at > HELD_S:
                    wait_s = FIRST_S  # it had held
            self._cut()
            self._move(state, why)
            longest = LONGEST_S / 3 if is_restart(self._clock.now_ns()) else LONGEST_S
            pause_s = min(wait_s, longest) if state is not State.REFUSED else IN_USE_S if self._is_in_use else SLOW_S
            wait_s = min(2 * wait_s, LONGEST_S)
            await asyncio.sleep(pause_s * (0.5 + self._random.random() / 2))

    async def _open(self) -> tuple[State, str]:
        """Come as far as the API's first words, or say why not."""
        self._is_lost = self._is_away = self._is_in_use = self._must_resync = self._is_known = False
        self._wake.clear()
        self.n_attempts, self._n_links = self.n_attempts + 1, self._n_links + 1
        self._move(State.CONNECTING, f"{self.host}:{self.port} as client {self.client_id}")
        try:
            async with asyncio.timeout(OPEN_S):
                await self._client.open(self.host, self.port, self.client_id)
        except (OSError, TimeoutError) as error:
            restart = "; it is the time of the daily restart" if is_restart(self._clock.now_ns()) else ""
            return State.LOST, f"nothing answers at {self.host}:{self.port} ({type(error).__name__}){restart}"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OPEN_S):
                while not (self._client.is_ready or self._is_lost or self._is_in_use):
                    self._wake.clear()
                    await self._wake.wait()
        if self._is_in_use:
            return State.REFUSED, f"326: client id {self.client_id} is in use by another process; waiting for it to be free"
        if self._is_lost:
            return State.LOST, f"closed before the API was ready: {self._lost_why or 'by the other side'}"
        if not self._client.is_ready:
            return (
                State.REFUSED,
                "TWS accepts the connection and its API says nothing: log in (the weekly second factor), or look at its window",
            )
        return self._whose()

    def _whose(self) -> tuple[State, str]:
        self.n_connects += 1
        accounts = self._client.accounts
        if self._limits is None:
            return State.RESYNCING, "connected"
        why = self._limits.why_not(self._limits.account)
        if why is None and self._limits.account not in accounts:
            why = f"the login manages {', '.join(accounts)}, not {self._limits.account}"
        return (State.RESYNCING, "connected") if why is None else (State.REFUSED, why)

    async def _live(self) -> tuple[State, str]:
        """Keep a connection until it is lost."""
        self._must_resync = True
        self._move(State.RESYNCING, "connected; asking what is open")
        while not self._is_lost:
            if self._must_resync and not self._is_away:
                self._must_resync = self._is_known = False
                if (why := await self._become_ready()) is not None and not self._is_lost:
                    return State.LOST, why
                continue
            self._wake.clear()
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._wake.wait()
            except TimeoutError:
                await self._beat()
                self._look_for_data()
                await self._reconcile()
        return State.LOST, self._lost_why or "the other side closed the connection"

    async def _become_ready(self) -> str | None:
        """Ask for everything, a few times; give why it is not known, or `None`."""
        why: str | None = None
        for _ in range(RESYNCS):
            why = await self._resync()
            if self._is_in_doubt():
                return None
            if why is not None:
                self._move(State.RESYNCING, why)
                continue
            silent = await self._flow()
            if not self._is_in_doubt():
                await self._beat()
            if not self._is_in_doubt():
                self._move(State.RESYNCING, silent) if silent else self._move(State.READY, "connected, resynchronised")
            return None
        return f"not known after {RESYNCS} tries: {why}"

    async def _reconcile(self) -> None:
        """Ask for what may have changed without a word, once in a while; what is not answered is not known."""
        if self._look is None or not self.is_known or asyncio.get_running_loop().time() - self._known_at < self._reconcile_s:
            return
        why = await self._look()
        if self._is_in_doubt():
            return
        if why is None:
            self.known()
            return
        self._move(State.RESYNCING, why)
        self._must_resync = True

    def _look_for_data(self) -> None:
        """All but market data was there: look whether it has come."""
        if self.state is State.RESYNCING and not self._is_in_doubt() and self._why_silent() is None:
            self._move(State.READY, "connected, resynchronised, and market data has come")

    def _is_in_doubt(self) -> bool:
        """Whether something happened meanwhile that makes what was asked worthless."""
        return self._is_lost or self._is_away or self._must_resync

    async def _flow(self) -> str | None:
        """Wait for market data, if any is expected."""
        loop = asyncio.get_running_loop()
        until = loop.time() + FLOW_S
        while (why := self._why_silent()) is not None and loop.time() < until and not self._is_in_doubt():
            await asyncio.sleep(0.25)
        return why

    async def _beat(self) -> None:
        """Ask for the time; without an answer the connection is no more."""
        asked_ns = self._clock.now_ns()
        answer = await self._questions.single(TIME, self._client.reqCurrentTime, timeout_s=BEAT_TIMEOUT_S)
        if not isinstance(answer, Known):
            if not self._is_lost:
                self._lose(f"no heartbeat: {answer.reason}")
            return
        told = next(row for row in reversed(answer.value) if isinstance(row, CurrentTime))
        middle_s = (asked_ns + self._clock.now_ns()) / 2 / SECOND
        for event in self._skew.take(middle_s - told.time):
            self._say(event)

    @property
    def clock_difference_s(self) -> float | None:
        """Ours minus IB's, by its last answer; `None` before."""
        return self._skew.difference_s

    # ------------------------------------------------------------------ ends
    def _closed(self, why: str) -> None:
        self._lose(why or "the other side closed the connection")

    def _lose(self, why: str) -> None:
        if not self._is_lost:
            self._is_lost, self._lost_why = True, why
        self._questions.give_up(self._lost_why)
        self._wake.set()

    def _cut(self) -> None:
        self._on_lost(self._lost_why or "the connection was cut")
        self._questions.give_up(self._lost_why or "the connection was cut")
        transport = self._client.conn.transport
        self._client.disconnect()
        if transport is not None:
            transport.abort()  # a half-open socket would wait for a peer that is gone
            self._client.conn.transport = None

    def _move(self, state: State, why: str) -> None:
        self.state, self.why = state, why
        if state is State.READY:
            told = ConnectionChanged(True, why)
        elif state is State.CONNECTING:
            return  # what was told of the connection before holds on
        else:
            told = ConnectionChanged(False, f"{state}: {why}")
        if told != self._told and not (told.up and self._told is not None and self._told.up):
            self._told = told
            self._say(told)
