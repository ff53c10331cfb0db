"""Interactive Brokers as a venue: puts the parts together, hands arrivals out, lets commands leave. Decides nothing, stamps no seq.

A frame that is no market data goes one way: decoded once (`workbench.wire`), then to the translator, the account, the connection, the
streams, and last to the question that waits for it, so that an answer is known only after all that it says was told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from pathlib import Path
from random import Random
from typing import Final, cast

import msgspec

from workbench.clock import Clock
from workbench.config import Mode, Settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import InvariantError, VenueError
from workbench.domain.events import AnyEvent, BrokerSaid, OrderRejected, PositionTold
from workbench.domain.orders import AnyCommand, Ask, Cancel, Exit, Leg, Modify, Protect, Reprice, Submit
from workbench.store.flight import Flight
from workbench.venues.base import Batch, Happened
from workbench.venues.ib.account import Account
from workbench.venues.ib.book import Book
from workbench.venues.ib.budget import Budget
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.codes import CodeKind, meaning
from workbench.venues.ib.connection import RECONCILE_S, Connection, State
from workbench.venues.ib.contracts import Names, Session
from workbench.venues.ib.desk import Desk
from workbench.venues.ib.finding import Finding
from workbench.venues.ib.holding import Holding
from workbench.venues.ib.hot import Hot
from workbench.venues.ib.ids import NAME, Ids
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.market import Market, by_priority, wants
from workbench.venues.ib.orders import Orders
from workbench.venues.ib.past import Past, recover
from workbench.venues.ib.questions import OPEN_ORDERS, Questions
from workbench.venues.ib.raw import tapped
from workbench.venues.ib.reconcile import Reconciler
from workbench.venues.ib.recording import Moments, Recording
from workbench.venues.ib.roles import Role, client_id
from workbench.venues.ib.translate import Translator
from workbench.venues.ib.validator import Limits, Validator
from workbench.wire import Answer, CompletedOrder, ErrorMessage, ExecutionData, decode_answer
from workbench.wire.errors import WireError

ROLES: Final = {Mode.RECORD: Role.RECORD}  # every other mode trades, or shows what it would
TRADES: Final = frozenset({Mode.PAPER, Mode.LIVE})
READ: Final = frozenset(  # numbers of the frames that mean something to us; ib_async's own questions have answers beside
    "3 4 5 6 7 8 9 10 11 15 49 50 52 53 54 55 57 59 61 62 63 64 80 81 94 95 100 101 102 93 90 17".split()
)
UNREAD: Final = (CompletedOrder, ExecutionData)  # the translator takes them as they come
COMPLAINTS: Final = 100  # frames that cannot be read are told one by one up to here, then each hundredth


class IbVenue:
    """One session with TWS or IB Gateway, over as many connections as it takes.

    Parameters
    ----------
    clock, run
        Stamps what arrives; name of the run, which its orders bear.
    account
        The one that is traded, or looked at.
    data
        The data folder; the order ids' mark lies in ``data/ib/``.
    known
        Contracts with the ids they have.
    max_qty
        Most of one order, in size quanta.
    budget
        Streams of the account; `None`: IB's for an account without booster packs.
    reconcile_s
        How often the broker is asked what it has, in seconds.
    ignored
        Contracts whose foreign quantities are counted apart: the net position says nothing of ours there.

    Attributes
    ----------
    market
        The streams of market data.
    sends_orders
        Whether the mode lets orders leave.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        mode: Mode,
        run: str,
        account: str,
        data: Path,
        known: Iterable[Contract] = (),
        max_qty: int = 1,
        budget: Budget | None = None,
        random: Random | None = None,
        reconcile_s: float = RECONCILE_S,
        ignored: Collection[int] = (),
    ) -> None:
        self._settings, self._clock, self.mode, self.account = settings, clock, mode, account
        self.sends_orders = mode in TRADES
        moments = Moments(clock)
        self.intake = Intake(moments)
        self.hot = Hot(self.intake)
        self.ib = tapped(self.hot, LaneClient)
        self.client = cast(LaneClient, self.ib.client)
        self.client.conn.hold, self.client.conn.let_go = moments.hold, moments.let_go
        self.names = Names(known)
        number = client_id(settings.ib.client_id, ROLES.get(mode, Role.TRADE))
        self.ids = Ids(data / "ib" / f"{account}-{number}-{NAME}")
        self.questions = Questions(self.ids, unread=UNREAD)
        self.finding = Finding(settings, clock, self.client, self.questions, self.say, self.names)
        self.book = Book(run)
        self.translator = Translator(self.book, self.names.by_con_id, client_id=number)
        self.money = Account(account, self.names.by_con_id)
        orders = Orders(self.book, self.names.by_id, self.ids)
        limits = Limits(account=account, is_live=mode is Mode.LIVE, max_qty=max_qty)
        self.validator = Validator(self.book, self.names.by_id, limits, self.client.serverVersion)
        self.reconciler = Reconciler(self.questions, self.client, self.translator, self.money, self.say, lambda: self.connection.link)
        self.connection = self._connected(settings, number, limits if self.sends_orders else None, random, reconcile_s)
        self.desk = Desk(orders, self.translator, self.client, self.validator, self.questions, self.reconciler, self.connection, self.say)
        self.desk.account, self.desk.holding = self.money, Holding(ignored)
        self.market = Market(self.client, self.hot, clock, self.questions, self.names.by_id, self.say, budget=budget)
        self._consumed = self._n_unread = 0
        self._streamed: list[Contract] = []  # what led when the venue was opened: its engine knows no other contract
        self._tasks: list[asyncio.Task[None]] = []
        self._is_over = False
        self._listen()

    def _listen(self) -> None:
        """Let the client tell us what comes, and ask us of what leaves."""
        self.client.check = self.validator.check
        self.client.on_frame = self._frame
        self.client.on_trouble = lambda what, frame: self._complain(f"{what}: {frame[:200]}")
        self.client.on_unsent = self.desk.unsent
        self.client.on_kept = self.desk.kept

    def _connected(self, settings: Settings, number: int, limits: Limits | None, random: Random | None, reconcile_s: float) -> Connection:
        return Connection(
            self.client,
            self.questions,
            self.ids,
            self._clock,
            host=settings.ib.host,
            port=settings.ib.port,
            client_id=number,
            limits=limits,
            resync=self._resync,
            why_silent=lambda: self.market.why_silent(),
            lost=lambda why: self.market.lost(why),
            look=self._look,
            reconcile_s=reconcile_s,
            say=self.say,
            random=random or Random(number),  # noqa: S311  jitter, no secret
        )

    # ------------------------------------------------------------------ begin and end
    async def open(self, *, timeout_s: float = 60.0) -> tuple[Contract, ...]:
        """Connect, find the contracts of the active roots, and give them; what is to be traded is defined by them.

        Raises
        ------
        ConfigError
            IB's definitions contradict the settings.
        VenueError
            Nobody answered in time; the connection goes on trying. The text says what it saw last.
        """
        self.connection.start()
        self._tasks.append(asyncio.get_running_loop().create_task(self._tick(), name="ib housekeeping"))
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while not self.finding.there:
            if self.finding.refused is not None:
                raise self.finding.refused
            if loop.time() >= until:
                raise VenueError(f"no contracts after {timeout_s:g} s; the connection is {self.connection.state}: {self.connection.why}")
            await asyncio.sleep(0.02)
        return tuple(item.contract for item in self.finding.there)

    async def close(self) -> None:
        """End the connection; orders stay at the broker."""
        self.market.leave()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.connection.stop()
        self._is_over = True
        self.intake.came.set()

    def recover(self, past: Past) -> None:
        """Take up what earlier processes of this run left; before `open`."""
        recover(self.book, past)
        self.translator.foreign.recall(past.foreign)

    def record(self, flight: Flight) -> None:
        """Note all that goes over the socket. Before `open`."""
        self.client.conn.recorder = Recording(flight, self.intake.clock)

    def stream(self, contracts: Iterable[Contract]) -> None:
        """Say whose data is wanted, and nobody else's: an engine knows no other contract. Before `open`; without it what leads by date.

        Who says it knows what leads as well: the venue tells nothing of that.
        """
        self.finding.is_told_leads = True
        self._streamed = by_priority(contracts, self._settings.active, near_first=self.mode is Mode.RECORD)

    @property
    def accounts(self) -> Collection[str]:
        """Accounts the login may trade; empty while that is not known."""
        return self.client.accounts

    @property
    def state(self) -> State:
        """How the connection stands."""
        return self.connection.state

    @property
    def sessions(self) -> dict[int, tuple[Session, ...]]:
        """IB's trading hours, by contract id."""
        return self.finding.sessions

    # ------------------------------------------------------------------ the port
    async def events(self) -> AsyncIterator[Batch | Happened]:
        """Go through everything that arrives."""
        while not self._is_over:
            arrival = self.intake.take()
            if arrival is None:
                await self.intake.came.wait()
            elif isinstance(arrival, Happened):
                yield arrival
            else:
                self._consumed = arrival.start
                while self._consumed < arrival.stop:
                    yield arrival._replace(start=self._consumed)

    def settle(self, consumed: int) -> None:
        """Hear how far the last batch was taken."""
        self._consumed = consumed

    async def send(self, command: AnyCommand) -> None:
        """Let a command leave, or answer it.

        Raises
        ------
        InvariantError
            What would have left is not what was commanded. Nothing did.
        """
        if isinstance(command, Ask):
            self.desk.ask(command)
        elif self.sends_orders:
            self.desk.send(command)
        else:
            self._not_sent(command)

    def _not_sent(self, command: AnyCommand) -> None:
        legs = {Submit: Leg.ENTRY, Cancel: Leg.ENTRY, Modify: Leg.STOP, Exit: Leg.EXIT, Protect: Leg.STOP, Reprice: Leg.ENTRY}
        self.say(OrderRejected(command.ref, legs[type(command)], f"not sent: the mode is {self.mode.value}"))

    def say(self, event: AnyEvent) -> None:
        """Queue an event."""
        self.intake.put(event)

    # ------------------------------------------------------------------ what comes in
    def _frame(self, fields: list[str]) -> None:
        if fields[0] not in READ:
            return
        try:
            message = decode_answer(fields, self.client.serverVersion())
        except WireError as error:
            self._complain(str(error))
            return
        self.hear(message)

    def hear(self, message: Answer) -> None:
        """Take a message that is no market data."""
        events = self.translator.hear(message, is_whole=self.questions.is_asking(OPEN_ORDERS))
        events += self.money.hear(message)
        for event in events:
            self.say(event)
            if isinstance(event, PositionTold):
                self.translator.compare(event.contract, event.qty)
        if isinstance(message, ErrorMessage):
            self._hear_error(message)
        self.connection.hear(message)
        self.market.hear(message)
        self.questions.hear(message)
        self.desk.follow(message)

    def _hear_error(self, m: ErrorMessage) -> None:
        """Tell what is about no order of ours; what a question or a stream is refused with is told by its answer, or by the stream."""
        kind = meaning(m.code).kind
        is_told = self.book.find(m.req_id) is not None or self.questions.is_asking(m.req_id) or self.market.owns(m.req_id)
        if not is_told or kind is CodeKind.UNKNOWN:
            self.say(BrokerSaid(m.code, kind.value, m.text, None, None))
        if kind is CodeKind.FATAL and m.req_id <= 0:
            self.connection.reconnect(f"{m.code}: {m.text}")

    def _complain(self, text: str) -> None:
        self._n_unread += 1
        if self._n_unread <= COMPLAINTS or self._n_unread % COMPLAINTS == 0:
            self.say(BrokerSaid(0, "unread", f"{self._n_unread}: {text}", None, None))

    # ------------------------------------------------------------------ resynchronise
    async def _resync(self) -> str | None:
        """Ask for everything; give why it is not known."""
        if (why := await self.finding.find()) is not None:
            return why
        asked = self.desk.n_ticks
        if self.sends_orders or self.account in self.client.accounts:
            if (why := await self.reconciler.everything()) is not None:
                return why
            self.desk.subscribe()
        self.connection.known()
        self.desk.resume(asked)
        if not self._streamed:
            self._streamed = self.finding.leads()
        bars = self.mode is Mode.RECORD and self._settings.recorder.bars  # a run that trades asks for nothing that it can do without
        self.market.want(wants(self._streamed, bars=bars), self.sessions)
        self.market.connected()
        return None

    async def _look(self) -> str | None:
        """Ask for what may have changed without a word; give why it is not known."""
        return await self.desk.look() if self.account in self.client.accounts else None

    async def _tick(self) -> None:
        """Once a second, by a grid that does not drift: money, what hangs, what must be asked again."""
        at_s = (loop := asyncio.get_running_loop()).time()
        while True:
            at_s = max(at_s + 1.0, loop.time())
            await asyncio.sleep(at_s - loop.time())
            try:
                self.market.tick()
                await self.desk.tidy()
                for event in self.money.flush() if self.desk.is_fifth() else []:
                    self.say(event)
            except InvariantError as error:
                self.say(BrokerSaid(0, "validator", str(error), None, None))
            except (VenueError, ConnectionError, msgspec.MsgspecError) as error:
                self.say(BrokerSaid(0, "trouble", str(error), None, None))
            if self.finding.there and self.finding.is_due and self.connection.is_ready:
                self.connection.resync()  # contracts, fronts and hours are looked at anew
