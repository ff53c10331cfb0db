"""Bulk history from TWS or IB Gateway, one question at a time over a connection of its own. Sends no order, subscribes to nothing.

Rules
-----
1. Every question has our own deadline: some refusals (165, 321) leave the library waiting for ever.
2. An empty list is no answer: with IB's words it is `Nothing` or `Trouble`, without any it is `Trouble`.
3. Times are asked for and read as seconds since 1970, so that no zone is guessed.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import ib_async
from ib_async.ib import StartupFetchNONE
from msgspec.structs import replace

from workbench.config.roots import Root
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError, VenueError
from workbench.domain.units import SECOND
from workbench.venues.history import Bars, BarsAsked, Nothing, PastBar, PastTick, Ticks, TicksAsked, Trouble
from workbench.venues.ib.contracts import wanted
from workbench.venues.ib.orders import ib_contract

CONNECT_S: Final = 15.0
ANSWER_S: Final = 90.0  # IB answers within seconds; a farm that wakes up takes a minute
DAY_S: Final = 86_400
TICKS_AT_ONCE: Final = 1_000  # the most a question may ask for
PACE: Final = ("pacing violation", "max number of", "too many")
NO_DATA: Final = ("returned no data", "no data of type", "has expired")
GONE: Final = (166, 200)  # an expired contract, one that nobody knows
SIZES: Final = {
    **{n: f"{n} sec{'s' if n > 1 else ''}" for n in (1, 5, 10, 15, 30)},
    **{n * 60: f"{n} min{'s' if n > 1 else ''}" for n in (1, 2, 3, 5, 10, 15, 20, 30)},
    3600: "1 hour",
}
NOT_OURS: Final = range(2100, 2200)  # farms come and go; no answer to a question


@asynccontextmanager
async def open_history(host: str, port: int, client_id: int, roots: Mapping[str, Root]) -> AsyncIterator[IbHistory]:
    """Connect for as long as it takes; `VenueError` says what to look at when nobody answers."""
    logging.getLogger("ib_async").addHandler(logging.NullHandler())  # what it has to say is said here, in sentences
    ib = ib_async.IB()
    ib.RaiseRequestErrors = True
    try:
        await ib.connectAsync(host, port, clientId=client_id, timeout=CONNECT_S, readonly=True, fetchFields=StartupFetchNONE)
    except (OSError, TimeoutError) as error:
        raise VenueError(
            f"nothing answers the API at {host}:{port} ({type(error).__name__}). Is TWS or IB Gateway running, logged in, and its API on? "
            "`workbench connect` looks closer; `workbench gateway` serves a simulated one."
        ) from error
    try:
        yield IbHistory(ib, roots)
    finally:
        ib.disconnect()


class IbHistory:
    """A `venues.history.HistorySource` over a connected client."""

    def __init__(self, ib: ib_async.IB, roots: Mapping[str, Root]) -> None:
        self._ib, self._roots = ib, roots
        self._said: list[tuple[int, str]] = []  # about the question that waits
        self._heard = asyncio.Event()
        ib.errorEvent += self._on_error

    async def now_ns(self) -> int:
        """Give the server's own time."""
        answer = await self._ask(self._ib.reqCurrentTimeAsync)
        if isinstance(answer, Trouble | Nothing):
            raise VenueError(f"TWS does not say what time it is: {answer.text}")
        return int(answer.timestamp()) * SECOND

    async def contracts(self, root: str) -> Sequence[Contract]:
        """Give the contracts of a root; of a future all months, those that expired as well.

        Raises
        ------
        ConfigError
            No such root, or one without bars of its own (options).
        VenueError
            IB does not know it, or does not answer.
        """
        own = self._roots.get(root)
        if own is None:
            raise ConfigError(f"there is no root {root!r}; there are {', '.join(self._roots)}")
        answer = await self._ask(lambda: self._ib.reqContractDetailsAsync(_even_expired(wanted(own))))
        if isinstance(answer, Trouble | Nothing):
            raise VenueError(f"{root}: IB names no contract: {answer.text}")
        return sorted((_contract(own, each.contract) for each in answer), key=lambda each: each.expiry or "")

    async def bars(self, asked: BarsAsked) -> Bars | Nothing | Trouble:
        """Answer one question."""
        span_s = -(-(asked.end_ns - asked.start_ns) // SECOND)
        answer = await self._ask(
            lambda: self._ib.reqHistoricalDataAsync(
                _even_expired(ib_contract(asked.contract)),
                endDateTime=datetime.fromtimestamp(asked.end_ns // SECOND, UTC),
                durationStr=f"{span_s} S" if span_s <= DAY_S else f"{-(-span_s // DAY_S)} D",
                barSizeSetting=SIZES[asked.length_s],
                whatToShow="TRADES",
                useRTH=asked.regular_hours,
                formatDate=2,
                timeout=0,
            )
        )
        if isinstance(answer, Trouble | Nothing):
            return answer
        found = tuple(bar for each in answer if asked.start_ns <= (bar := _bar(each)).start_ns < asked.end_ns)
        return Bars(found) if found else Nothing("IB answered with bars of other times only")

    async def ticks(self, asked: TicksAsked) -> Ticks | Nothing | Trouble:
        """Answer one question about ticks. More come than a thousand where the last second holds more."""
        answer = await self._ask(
            lambda: self._ib.reqHistoricalTicksAsync(
                _even_expired(ib_contract(asked.contract)),
                "" if asked.is_last else datetime.fromtimestamp(asked.start_ns // SECOND, UTC),
                datetime.fromtimestamp(asked.end_ns // SECOND, UTC) if asked.is_last else "",
                1 if asked.is_last else TICKS_AT_ONCE,
                "BID_ASK" if asked.quotes else "TRADES",
                useRth=asked.regular_hours,
            )
        )
        if isinstance(answer, Trouble | Nothing):
            return answer
        return Ticks(tuple(_quote(each) if asked.quotes else _print(each) for each in answer))

    async def _ask(self, question: Callable[[], Any]) -> Any:
        """Wait for an answer, IB's refusal, or the deadline, whichever comes first."""
        self._said.clear()
        self._heard.clear()
        try:
            asked = question()
        except ConnectionError:  # some questions of the library notice it before they are one
            return Trouble("the connection is gone")
        answer, heard = asyncio.ensure_future(asked), asyncio.ensure_future(self._heard.wait())
        try:
            await asyncio.wait({answer, heard}, timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
            if answer.done() and answer.exception() is None and answer.result():
                return answer.result()
            if not answer.done() and not self._said:
                return Trouble(f"no answer within {ANSWER_S:.0f} s")
            if answer.done() and isinstance(answer.exception(), ConnectionError):
                return Trouble("the connection is gone")
            return refusal(*self._said[-1]) if self._said else Trouble("an empty answer without a word", is_empty=True)
        finally:
            heard.cancel()
            if not answer.done():
                answer.cancel()
            await asyncio.gather(answer, heard, return_exceptions=True)

    def _on_error(self, req_id: int, code: int, text: str, contract: Any) -> None:
        if req_id >= 0 and code not in NOT_OURS:
            self._said.append((code, text))
            self._heard.set()


def refusal(code: int, text: str) -> Nothing | Trouble:
    """Sort what IB said: for good, for now, or for our pace."""
    lower = text.lower()
    if code == 420 or any(word in lower for word in PACE):
        return Trouble(text, is_pace=True)
    if code in GONE or any(word in lower for word in NO_DATA):
        return Nothing(f"{code}: {text}")
    return Trouble(f"{code}: {text}")


def _even_expired(contract: ib_async.Contract) -> ib_async.Contract:
    contract.includeExpired = True
    return contract


def _contract(root: Root, told: ib_async.Contract) -> Contract:
    """Define a contract of ours as IB names it; id 1 until the data folder's book gives it one."""
    expiry = told.lastTradeDateOrContractMonth
    made = root.contract(1, datetime.strptime(expiry[:8], "%Y%m%d").replace(tzinfo=UTC).date() if expiry else None)
    return replace(made, symbol=told.localSymbol or made.symbol, venue_ids={"ib": str(told.conId)})


def _bar(told: Any) -> PastBar:
    start = int(told.date.timestamp()) * SECOND
    o, h, low, c = (repr(price) for price in (told.open, told.high, told.low, told.close))
    return PastBar(start, o, h, low, c, _plain(told.volume), repr(told.average), int(told.barCount))


def _print(told: Any) -> PastTick:
    return PastTick(int(told.time.timestamp()), repr(told.price), _plain(told.size))


def _quote(told: Any) -> PastTick:
    return PastTick(int(told.time.timestamp()), repr(told.priceBid), _plain(told.sizeBid), repr(told.priceAsk), _plain(told.sizeAsk))


def _plain(size: float) -> str:
    """Write a size without an exponent.

    >>> _plain(1330.0), _plain(2e7), _plain(0.5)
    ('1330', '20000000', '0.5')
    """
    return str(int(size)) if float(size).is_integer() else repr(float(size))
