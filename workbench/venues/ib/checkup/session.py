"""The questions of a check-up over one connected client: account, clock, read-only box, precautions, and the data of each contract.

Nothing is placed: the one order that is shown to IB asks *what if* and carries that flag. What was subscribed is cancelled.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import ib_async
from ib_async.ib import StartupFetchNONE

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import VenueError
from workbench.venues.ib.checkup.lines import PRECAUTIONS, SETTINGS, Heard, Line, Verdict, of_depth, of_history, of_quotes, of_ticks

CONNECT_S: Final = 10.0
LISTEN_S: Final = 6.0  # to a stream; L1 of a quiet contract says something within it
ANSWER_S: Final = 15.0
SKEW_LOOK_S, SKEW_BAD_S = 1.5, 5.0  # TWS tells whole seconds
IN_USE: Final = 326
DELAYED_SHOWN: Final = (10167, 10168)  # refusals that delayed data follow
FARMS: Final = range(2100, 2200)
SIMULATED: Final = "DUSIM"


class Session:
    """One connected client that notes what IB says."""

    def __init__(self, ib: ib_async.IB) -> None:
        self.ib = ib
        self._said: list[tuple[int, int, str]] = []
        self._heard = asyncio.Event()
        ib.errorEvent += self._on_error

    @property
    def last_words(self) -> str:
        """What IB said last."""
        return self._said[-1][2] if self._said else ""

    def was_told(self, code: int) -> bool:
        """Whether IB said that about the question that stands."""
        return any(said == code for _, said, _ in self._said)

    def accounts(self) -> Line:
        """Say whose accounts these are."""
        names = self.ib.managedAccounts()
        told = ", ".join(names) or "none"
        if names and all(name.startswith(SIMULATED) for name in names):
            return Line("accounts", Verdict.GOOD, f"{told} (simulated gateway)")
        if names and all(name.startswith("D") for name in names):
            return Line("accounts", Verdict.GOOD, f"{told} (paper)")
        if not names:
            return Line("accounts", Verdict.BAD, told, "", "Log in with a user that has an account.")
        return Line("accounts", Verdict.LOOK, f"{told} (LIVE: real money)", "", "To trade on paper log in to the paper account.")

    async def clock(self, now_s: Callable[[], float]) -> Line:
        """Compare clocks; `now_s` is ours, seconds since 1970."""
        answer, said = await self._ask(self.ib.reqCurrentTimeAsync())
        if answer is None:
            return Line("clock", Verdict.UNKNOWN, "TWS did not tell its time", said)
        ahead_s = answer.timestamp() - now_s()
        if all(name.startswith(SIMULATED) for name in self.ib.managedAccounts()):
            return Line("clock", Verdict.GOOD, f"the simulated market's: {answer:%Y-%m-%d %H:%M:%S} UTC")
        text = f"TWS is {abs(ahead_s):.1f} s {'ahead' if ahead_s > 0 else 'behind'}"
        if abs(ahead_s) <= SKEW_LOOK_S:
            return Line("clock", Verdict.GOOD, text)
        verdict = Verdict.LOOK if abs(ahead_s) <= SKEW_BAD_S else Verdict.BAD
        return Line("clock", verdict, text, "", "Let both machines follow NTP (chrony, systemd-timesyncd).")

    async def read_only(self) -> Line:
        """See whether the API may do more than look: a box that is on by default."""
        _, said = await self._ask(self.ib.reqOpenOrdersAsync(), wait_for_answer=False)
        if "read-only" in said.lower():
            return Line("orders", Verdict.BAD, "the API may only look", said, f"Untick 'Read-Only API' ({SETTINGS}).")
        return Line("orders", Verdict.GOOD, "the API may place orders")

    async def precautions(self, contract: Contract, account: str) -> Line:
        """Ask what a far order of one contract would take: a precaution that would hold real orders answers here."""
        order = ib_async.LimitOrder("BUY", 1, contract.to_pts(contract.tick * 4), account=account, whatIf=True, transmit=True)
        answer, said = await self._ask(self.ib.whatIfOrderAsync(_ib(contract), order))
        if answer:
            return Line("what-if", Verdict.GOOD, f"1 {contract.symbol} would bind {answer.initMarginChange} of margin")
        remedy = f"Tick 'Bypass Order Precautions for API Orders' ({PRECAUTIONS})." if "precaution" in said.lower() else ""
        return Line("what-if", Verdict.BAD if said else Verdict.UNKNOWN, "IB would not take an order", said, remedy)

    async def data(self, contract: Contract) -> AsyncIterator[Line]:
        """Listen to each stream of a contract for a while."""
        told, ib = _ib(contract), self.ib
        ib.reqMarketDataType(3)  # delayed where there is no live data: so that both can be told apart
        ticker = ib.reqMktData(told)
        heard = await self._listen(lambda: int(any(_is(x) for x in (ticker.bid, ticker.ask, ticker.last))))
        ib.cancelMktData(told)
        yield of_quotes(contract, heard._replace(kind=ticker.marketDataType if heard.n_answers else None))
        ticks = ib.reqTickByTickData(told, "BidAsk")
        heard = await self._listen(lambda: len(ticks.tickByTicks))
        ib.cancelTickByTickData(told, "BidAsk")
        yield of_ticks(contract, heard)
        book = ib.reqMktDepth(told, 5, isSmartDepth=contract.type is ContractType.STOCK)
        heard = await self._listen(lambda: len(book.domBids) + len(book.domAsks))
        ib.cancelMktDepth(told, isSmartDepth=contract.type is ContractType.STOCK)
        yield of_depth(contract, heard)
        bars, _ = await self._ask(ib.reqHistoricalDataAsync(told, "", "1 D", "1 hour", "TRADES", False, formatDate=2, timeout=0))
        code, text = self._said[-1][1:] if self._said and not bars else (None, "")
        yield of_history(contract, Heard(len(bars or ()), None, code, text))

    async def _listen(self, count: Callable[[], int]) -> Heard:
        """Wait until something came, or IB refused, or for `LISTEN_S`."""
        self._said.clear()
        loop = asyncio.get_running_loop()
        until = loop.time() + LISTEN_S
        while loop.time() < until and not count():
            if any(code not in DELAYED_SHOWN for _, code, _ in self._said):
                break
            await asyncio.sleep(0.05)
        _, code, text = self._said[-1] if self._said else (0, None, "")
        return Heard(count(), None, code, text)

    async def _ask(self, question: Any, *, wait_for_answer: bool = True) -> tuple[Any, str]:
        """Give the answer, or `None` and what IB said in its place, within our own deadline."""
        self._said.clear()
        self._heard.clear()
        answer, heard = asyncio.ensure_future(question), asyncio.ensure_future(self._heard.wait())
        await asyncio.wait({answer, heard}, timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        heard.cancel()
        if not answer.done():
            answer.cancel()
        result = (await asyncio.gather(answer, heard, return_exceptions=True))[0]
        said = "; ".join(f"{code}: {text}" for _, code, text in self._said)
        return (None if isinstance(result, BaseException) or not result else result), said

    def _on_error(self, req_id: int, code: int, text: str, contract: Any) -> None:
        if code not in FARMS:
            self._said.append((req_id, code, text))
            self._heard.set()


@asynccontextmanager
async def attend(host: str, port: int, client_ids: range) -> AsyncIterator[tuple[Session, list[Line]]]:
    """Connect as the first of `client_ids` that is free; the lines tell which, and which were not."""
    lines: list[Line] = []
    for client_id in client_ids:
        ib = ib_async.IB()
        session = Session(ib)
        try:
            await ib.connectAsync(host, port, clientId=client_id, timeout=CONNECT_S, fetchFields=StartupFetchNONE)
        except (OSError, TimeoutError) as error:
            ib.disconnect()
            if session.was_told(IN_USE):
                lines.append(Line("client id", Verdict.LOOK, f"{client_id} is in use", session.last_words, "Another program has it."))
                continue
            raise VenueError(f"{host}:{port} greets, but lets no client in ({type(error).__name__})") from error
        lines.append(Line("client id", Verdict.GOOD, f"{client_id} is free"))
        try:
            yield session, lines
        finally:
            ib.disconnect()
        return
    raise VenueError(f"{host}:{port}: client ids {client_ids.start} to {client_ids.stop - 1} are all in use")


def _ib(contract: Contract) -> ib_async.Contract:
    exchange = "SMART" if contract.type is ContractType.STOCK else contract.exchange
    return ib_async.Contract(conId=int(contract.venue_ids["ib"]), exchange=exchange, symbol=contract.root, currency=contract.currency)


def _is(price: float) -> bool:
    return price == price and price != -1  # what has not come is nan; -1 says that there is none
