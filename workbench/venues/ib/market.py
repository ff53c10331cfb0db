"""Does what the list of streams says is to be done: tells the decoder what a request means, sends it, tells the log. Decides nothing.

What is wanted follows the settings' order of roots: prints and quotes tick by tick, then depth, of each contract that leads; every one of
them has its line of level 1 first (`subscriptions`). A recorder wants real-time bars of 5 s too, behind all else: those go to `told`, past
the intake, and become no record.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from workbench.clock import Clock
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.events import AnyEvent, Known, Unknown
from workbench.store.told_bars import ToldBar
from workbench.venues.ib.budget import Budget
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.contracts import Session
from workbench.venues.ib.deeds import Deed, Emit, EmptyBook, Gap, Poll, Start, State, Stop, Tell, Want
from workbench.venues.ib.hot import Hot, Noticed
from workbench.venues.ib.lane import TOO_FAST
from workbench.venues.ib.orders import SMART, ib_contract
from workbench.venues.ib.polled import Polled
from workbench.venues.ib.questions import Questions
from workbench.venues.ib.streams import Source
from workbench.venues.ib.subscriptions import Subscriptions
from workbench.venues.ib.told import told_bar
from workbench.wire import Answer, ErrorMessage, HistoricalData, RealtimeBar

RT_VOLUME: Final = "233"  # generic tick: prints with their own sizes and times
GENERIC: Final = {
    ContractType.FUTURE: f"{RT_VOLUME},588",  # and open interest, which comes for futures alone by this number
    ContractType.STOCK: f"{RT_VOLUME},106",  # and the volatility its options imply, which IB documents for shares alone
}
DEPTH_ROWS: Final = 10
BAR_S: Final = 5  # TWS knows no other length
POLL_S: Final = 30  # between two questions for the recent past of a contract whose line fails
POLL_TIMEOUT_S: Final = 20.0
WORDS: Final = {Source.LAST: "AllLast", Source.BID_ASK: "BidAsk", Source.MID: "MidPoint"}


def by_priority(contracts: Iterable[Contract], roots: Sequence[str], *, near_first: bool = False) -> list[Contract]:
    """Put contracts in the order of their roots; `near_first`: the near month of every root before the next of any.

    >>> from workbench.config import load_roots
    >>> es, nq = load_roots()["ES"], load_roots()["NQ"]
    >>> some = [es.contract(1, "2026-12-18"), es.contract(2, "2027-03-19"), nq.contract(3, "2026-12-18")]
    >>> [each.symbol for each in by_priority(some, ["ES", "NQ"])], [each.symbol for each in by_priority(some, ["ES"], near_first=True)]
    (['ESZ6', 'ESH7', 'NQZ6'], ['ESZ6', 'NQZ6', 'ESH7'])
    """
    order = {name: n for n, name in enumerate(roots)}
    listed = sorted(contracts, key=lambda each: (order.get(each.root, len(order)), each.id))
    if not near_first:
        return listed
    months = {each.id: sum(other.root == each.root and (other.expiry or "") < (each.expiry or "") for other in listed) for each in listed}
    return sorted(listed, key=lambda each: months[each.id])


def wants(contracts: Iterable[Contract], *, bars: bool = False) -> list[Want]:
    """List what is wanted of contracts, the most wanted first; `bars`: real-time bars too.

    >>> from workbench.config import load_roots
    >>> es = load_roots()["ES"].contract(1, "2026-12-18")
    >>> [want.source.name for want in wants([es], bars=True)]
    ['LAST', 'BID_ASK', 'DEPTH', 'BARS']
    """
    listed = list(contracts)
    by_tick = [Want(each.id, source) for each in listed for source in (Source.LAST, Source.BID_ASK)]
    last = (Source.DEPTH, Source.BARS) if bars else (Source.DEPTH,)
    return by_tick + [Want(each.id, source) for source in last for each in listed]


class Market:
    """Streams of one connection after another.

    Parameters
    ----------
    contracts
        By their id of ours.
    say
        Takes events.

    Attributes
    ----------
    told
        Takes bars of 5 s as they come, where they are wanted.
    """

    def __init__(
        self,
        client: LaneClient,
        hot: Hot,
        clock: Clock,
        questions: Questions,
        contracts: Mapping[int, Contract],
        say: Callable[[AnyEvent], None],
        *,
        budget: Budget | None = None,
    ) -> None:
        self._client, self._hot, self._clock, self._questions = client, hot, clock, questions
        self._contracts, self._say, self._polled = contracts, say, Polled(hot.intake, say)
        self.subscriptions = Subscriptions(budget or Budget(), questions.number)
        self._open: dict[int, tuple[Session, ...]] = {}
        self._polls: dict[int, asyncio.Task[None]] = {}
        self._wanted: list[Want] = []
        self.told: Callable[[ToldBar], object] = lambda bar: None
        self._bars: dict[int, Contract] = {}  # whose bars a number of this connection asked for
        hot.on_notice = self._noticed

    # ------------------------------------------------------------------ what is wanted
    def want(self, listed: Sequence[Want], sessions: Mapping[int, tuple[Session, ...]]) -> None:
        """Replace the list of wishes; `sessions` are the hours in which a contract trades."""
        self._open = dict(sessions)
        self._phases()
        if list(listed) != self._wanted:
            self._wanted = list(listed)
            self._do(self.subscriptions.want(listed, self._clock.now_ns()))

    def _phases(self) -> None:
        now_ns = self._clock.now_ns()
        for contract in {want.contract for want in self._wanted}:
            self.subscriptions.on_phase(contract, self._trades(contract, now_ns), now_ns)

    def _trades(self, contract: int, now_ns: int) -> bool:
        return any(each.open_ns <= now_ns < each.close_ns for each in self._open.get(contract, ()))

    # ------------------------------------------------------------------ what happens
    def connected(self) -> None:
        """Requests may be sent over a new connection."""
        if not self.subscriptions.is_connected:
            self._do(self.subscriptions.on_connected(self._clock.now_ns()))

    def lost(self, why: str) -> None:
        """The socket is gone."""
        self._bars.clear()
        for contract in list(self._polls):
            self._stop_polling(contract, why)
        if self.subscriptions.is_connected:
            self._do(self.subscriptions.on_disconnected(self._clock.now_ns(), why))

    def hear(self, message: Answer) -> None:
        """Take every message that is not market data."""
        if isinstance(message, ErrorMessage):
            if message.code == TOO_FAST:
                self._client.hold()
            self._do(self.subscriptions.on_error(message.req_id, message.code, message.text, self._clock.now_ns()))
        elif isinstance(message, RealtimeBar) and message.req_id in self._bars:
            self._take_bar(self._bars[message.req_id], message)

    def _take_bar(self, contract: Contract, message: RealtimeBar) -> None:
        recv_ns = self._hot.intake.clock.now_ns()
        self._do(self.subscriptions.on_data(message.req_id, recv_ns))
        if (bar := told_bar(contract, message, recv_ns)) is not None:
            self.told(bar)

    def owns(self, req_id: int) -> bool:
        """Whether a number is that of a stream: its errors are told as changes of the stream."""
        return req_id in self._hot.requests or req_id in self._bars

    def leave(self) -> None:
        """Cancel the bars before the connection ends, with which every other stream does."""
        for want, stream in self.subscriptions.streams.items():
            if want.source is Source.BARS and stream.req_id >= 0:
                with contextlib.suppress(ConnectionError, OverflowError):  # it ends all the same
                    self._stop(Stop(stream.req_id, *want))

    def tick(self) -> None:
        """See what came and what is due; once a second or oftener."""
        if not self.subscriptions.is_connected:
            return
        self._phases()
        for req_id in self._hot.requests:
            n, last_ns = self._hot.heard(req_id)
            if n:
                self._do(self.subscriptions.on_data(req_id, last_ns))
        self._do(self.subscriptions.advance(self._clock.now_ns()))

    def why_silent(self) -> str | None:
        """Say which contract that trades has a line which brought nothing yet; a line that was refused was answered."""
        self.tick()
        now_ns = self._clock.now_ns()
        for stream in self.subscriptions.streams.values():
            is_line = stream.want.source is Source.LEVEL1
            if is_line and stream.state is not State.LIVE and stream.told != "refused" and self._trades(stream.want.contract, now_ns):
                return f"no market data of {self._contracts[stream.want.contract].symbol} yet"
        return None

    def _noticed(self, noticed: Noticed) -> None:
        self._do(self.subscriptions.on_notice(*noticed, self._clock.now_ns()))

    # ------------------------------------------------------------------ deeds
    def _do(self, deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            match deed:
                case Start():
                    self._start(deed)
                case Stop():
                    self._stop(deed)
                case Emit(req_id, emits):
                    self._hot.emit(req_id, emits)
                case Gap(contract, is_line_well):
                    self._hot.lose(contract, is_line_well=is_line_well)
                case EmptyBook(req_id):
                    self._hot.empty_book(req_id)
                case Tell(event):
                    self._say(event)
                case Poll(contract, is_on):
                    self._poll(contract, is_on)

    def _start(self, deed: Start) -> None:
        contract = self._contracts[deed.contract]
        if deed.source is Source.BARS:
            self._bars[deed.req_id] = contract
            self._send(lambda: self._client.reqRealTimeBars(deed.req_id, ib_contract(contract), BAR_S, "TRADES", False, []))
            return
        self._hot.open(deed.req_id, contract, deed.source, deed.emits)
        named, client, generic = ib_contract(contract), self._client, GENERIC.get(contract.type, RT_VOLUME)
        self._send(
            {
                Source.LEVEL1: lambda: client.reqMktData(deed.req_id, named, generic, False, False, []),
                Source.DEPTH: lambda: client.reqMktDepth(deed.req_id, named, DEPTH_ROWS, contract.type in SMART, []),
            }.get(deed.source, lambda: client.reqTickByTickData(deed.req_id, named, WORDS[deed.source], 0, False))
        )

    def _stop(self, deed: Stop) -> None:
        if deed.req_id in self._hot.requests:
            self._hot.close(deed.req_id)
        client, is_smart = self._client, self._contracts[deed.contract].type in SMART
        self._send(
            {
                Source.LEVEL1: lambda: client.cancelMktData(deed.req_id),
                Source.DEPTH: lambda: client.cancelMktDepth(deed.req_id, is_smart),
                Source.BARS: lambda: client.cancelRealTimeBars(deed.req_id),
            }.get(deed.source, lambda: client.cancelTickByTickData(deed.req_id))
        )

    def _send(self, request: Callable[[], Any]) -> None:
        if self._client.is_ready:
            request()

    # ------------------------------------------------------------------ the recent past, while a line fails
    def _poll(self, contract: int, is_on: bool) -> None:
        if not is_on:
            self._stop_polling(contract, "its stream is back, or not wanted any more")
        elif contract not in self._polls:
            self._polls[contract] = asyncio.get_running_loop().create_task(self._ask_again_and_again(contract))

    def _stop_polling(self, contract: int, why: str) -> None:
        if (task := self._polls.pop(contract, None)) is not None:
            task.cancel()
        self._polled.end(contract, why)

    async def _ask_again_and_again(self, contract: int) -> None:
        named = ib_contract(self._contracts[contract])
        while True:
            answer: Known | Unknown = Unknown("it does not trade now")
            if self._client.is_ready and self._trades(contract, self._clock.now_ns()):
                answer = await self._questions.numbered(
                    lambda req_id: self._client.reqHistoricalData(req_id, named, "", "900 S", "1 min", "TRADES", False, 2, False, []),
                    timeout_s=POLL_TIMEOUT_S,
                    is_answer=lambda message: isinstance(message, HistoricalData),
                )
            if not isinstance(answer, Unknown):
                self._polled.take(self._contracts[contract], answer.value[-1])
            await asyncio.sleep(POLL_S)
