"""The questions of a check-up over one connected client: account, clock, read-only box, precautions, and the data of each contract.

Nothing is placed: the one order that is shown to IB asks *what if* and carries that flag. What was subscribed is cancelled.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import ib_async

from workbench.domain.contracts import Contract, ContractType
from workbench.venues.ib.checkup.lines import PRECAUTIONS, SETTINGS, Heard, Line, Verdict, of_depth, of_history, of_quotes, of_ticks
from workbench.venues.ib.orders import ib_contract

LISTEN_S: Final = 6.0  # to a stream; L1 of a quiet contract says something within it
ANSWER_S: Final = 15.0
SKEW_LOOK_S, SKEW_BAD_S = 1.5, 5.0  # TWS tells whole seconds
DATA_FOLLOWS: Final = (10090, 10091, 10167, 10168)  # said beside data that comes all the same, in part or late
NOTICES: Final = range(2100, 2200)
IBKR, DATA, HISTORY, CONTRACTS = "IBKR", "market data", "history", "contract data"  # what may be out of reach behind TWS
BREAKS: Final = {1100: IBKR, 2110: IBKR, 2103: DATA, 2105: HISTORY, 2157: CONTRACTS}
MENDS: Final = {1101: IBKR, 1102: IBKR, 2104: DATA, 2108: DATA, 2106: HISTORY, 2107: HISTORY, 2158: CONTRACTS}
FAR: Final = 0.95  # of the bid: a price that would not trade, and near enough that TWS asks nobody whether it is meant
SIMULATED: Final = "DUSIM"
UNTICK: Final = f"Untick 'Read-Only API' ({SETTINGS})."


class Session:
    """One connected client that notes what IB says."""

    def __init__(self, ib: ib_async.IB) -> None:
        self.ib = ib
        self._said: list[tuple[int, str]] = []  # about the question that stands
        self._own_id = 0  # numbers from here on are the question's; what comes late about an earlier one is none of its business
        self._heard = asyncio.Event()
        self._broken: dict[str, str] = {}
        self._bid: float | None = None
        self.was_let_in = False  # TWS speaks of its farms once it has taken a client
        ib.errorEvent += self._on_error

    async def until_told(self, code: int) -> None:
        """Wait until IB says that."""
        while not self.was_told(code):
            self._heard.clear()
            await self._heard.wait()

    @property
    def last_words(self) -> str:
        """What IB said last."""
        return self._said[-1][1] if self._said else ""

    def was_told(self, code: int) -> bool:
        """Whether IB said that about the question that stands."""
        return any(said == code for said, _ in self._said)

    def link(self) -> Line:
        """Say whether everything behind TWS is in reach."""
        if not self._broken:
            return Line("link to IBKR", Verdict.GOOD, "up")
        out = ", ".join(self._broken)
        remedy = "It comes back by itself as a rule; else look at this machine's line, and at IB's system status."
        return Line("link to IBKR", Verdict.BAD, f"out of reach: {out}", "; ".join(self._broken.values()), remedy)

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
        answer, said = await self._ask(self.ib.reqCurrentTimeAsync)
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
        answer, said = await self._ask(self.ib.reqOpenOrdersAsync, may_be_empty=True)
        if "read-only" in said.lower():
            return Line("orders", Verdict.BAD, "the API may only look", said, UNTICK)
        if answer is None:
            return Line("orders", Verdict.UNKNOWN, "open orders were not told", said)
        return Line("orders", Verdict.GOOD, f"the API may place orders; {len(answer)} open" if answer else "the API may place orders")

    async def precautions(self, contract: Contract, account: str) -> Line:
        """Ask what a far order of one contract would take: a precaution that would hold real orders answers here."""
        far_pts = contract.to_pts(contract.tick * 4) if self._bid is None else _on_grid(contract, self._bid * FAR)
        order = ib_async.LimitOrder("BUY", 1, far_pts, account=account, whatIf=True, transmit=True)
        answer, said = await self._ask(lambda: self.ib.whatIfOrderAsync(ib_contract(contract), order))
        if answer:
            return Line("what-if", Verdict.GOOD, f"1 {contract.symbol} would bind {_money(answer.initMarginChange)}", answer.warningText)
        remedy = f"Tick 'Bypass Order Precautions for API Orders' ({PRECAUTIONS})." if "precaution" in said.lower() else ""
        remedy = UNTICK if "read-only" in said.lower() else remedy
        if not said:
            said, remedy = "", "Does a question about an order stand on its screen? Answer it, and tick 'Bypass Order Precautions' there."
        return Line("what-if", Verdict.BAD, "IB would not take an order", said, remedy)

    async def data(self, contract: Contract) -> AsyncIterator[Line]:
        """Listen to each stream of a contract for a while."""
        told, ib = ib_contract(contract), self.ib
        ib.reqMarketDataType(3)  # delayed where there is no live data: so that both can be told apart
        self._begin()
        ticker = ib.reqMktData(told)
        heard = await self._listen(lambda: int(any(_is(x) for x in (ticker.bid, ticker.ask, ticker.last))))
        self._bid = ticker.bid if _is(ticker.bid) else None
        ib.cancelMktData(told)
        yield of_quotes(contract, heard._replace(kind=ticker.marketDataType if heard.n_answers else None))
        self._begin()
        ticks = ib.reqTickByTickData(told, "BidAsk")
        heard = await self._listen(lambda: len(ticks.tickByTicks))
        ib.cancelTickByTickData(told, "BidAsk")
        yield of_ticks(contract, heard)
        self._begin()
        book = ib.reqMktDepth(told, 5, isSmartDepth=contract.type is ContractType.STOCK)
        heard = await self._listen(lambda: len(book.domBids) + len(book.domAsks))
        ib.cancelMktDepth(told, isSmartDepth=contract.type is ContractType.STOCK)
        yield of_depth(contract, heard)
        bars, _ = await self._ask(
            lambda: ib.reqHistoricalDataAsync(told, "", "1 D", "1 hour", "TRADES", useRTH=False, formatDate=2, timeout=0)
        )
        code, text = self._said[-1] if self._said and not bars else (None, "")
        yield of_history(contract, Heard(len(bars or ()), None, code, text))

    def _begin(self) -> None:
        """Begin a question: forget what was said, and hear of later numbers only."""
        self._said.clear()
        self._heard.clear()
        self._own_id = self.ib.client.getReqId()

    async def _listen(self, count: Callable[[], int]) -> Heard:
        """Wait until something came, or IB refused, or for `LISTEN_S`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LISTEN_S
        while loop.time() < until and not count():
            if any(code not in DATA_FOLLOWS for code, _ in self._said):
                break
            await asyncio.sleep(0.05)
        code, text = self._said[-1] if self._said else (None, "")
        return Heard(count(), None, code, text)

    async def _ask(self, question: Callable[[], Any], *, may_be_empty: bool = False) -> tuple[Any, str]:
        """Give the answer, or `None` and what IB said in its place, within our own deadline."""
        try:
            self._begin()
            asked = question()
        except ConnectionError:
            return None, "the connection is gone"
        answer, heard = asyncio.ensure_future(asked), asyncio.ensure_future(self._heard.wait())
        await asyncio.wait({answer, heard}, timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
        heard.cancel()
        if not answer.done():
            answer.cancel()
        result = (await asyncio.gather(answer, heard, return_exceptions=True))[0]
        said = "; ".join(f"{code}: {text}" for code, text in self._said)
        is_answer = not isinstance(result, BaseException) and (bool(result) or (may_be_empty and not said))
        return (result if is_answer else None), said

    def _on_error(self, req_id: int, code: int, text: str, contract: Any) -> None:
        if code in MENDS:
            self.was_let_in = True
            self._broken.pop(MENDS[code], None)
        if code in BREAKS:
            self._broken[BREAKS[code]] = f"{code}: {text}"
        is_ours = req_id < 0 or req_id > self._own_id  # -1 and 2147483647 belong to no request
        if is_ours and code not in NOTICES and code not in MENDS and code not in BREAKS:
            self._said.append((code, text))
            self._heard.set()


def _is(price: float) -> bool:
    return price == price and price != -1  # what has not come is nan; -1 says that there is none


def _on_grid(contract: Contract, price: float) -> float:
    """Take a price down to the contract's grid of orders.

    >>> from workbench.config import load_roots
    >>> _on_grid(load_roots()["ES"].contract(1, "2026-12-18"), 6460.1)
    6460.0
    """
    step = float(contract.order_increment)
    return int(price / step) * step


def _money(amount: str) -> str:
    """Write an amount as IB tells it.

    >>> _money("19000.00"), _money("")
    ('19,000.00 of margin', 'no margin')
    """
    try:
        return f"{float(amount):,.2f} of margin"
    except ValueError:
        return f"{amount} of margin" if amount else "no margin"
