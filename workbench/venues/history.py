"""The second port: bulk history for research, asked for outside any loop. Values and two verbs; no implementation.

Rules
-----
1. An empty answer is never truth: a source gives bars, or says in words that it has none (`Nothing`), or that it cannot say (`Trouble`).
2. Bars are of one dated contract. A continuous series is made of them later, never asked for.
3. Asking is slow and may be refused for its pace; it stands behind no order and in front of none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from workbench.domain.contracts import Contract


class BarsAsked(NamedTuple):
    """One question: the bars of ``length_s`` that begin in ``[start_ns, end_ns)``, all hours or regular ones."""

    contract: Contract
    start_ns: int
    end_ns: int
    length_s: int
    regular_hours: bool = False

    @property
    def of(self) -> str:
        """Name the contract, as a file may be named: two of one symbol differ in their expiry."""
        return "-".join(filter(None, (self.contract.symbol, self.contract.expiry)))

    @property
    def key(self) -> str:
        """Name the question, as a file may be named."""
        return f"{self.start_ns}-{self.end_ns}-{self.length_s}s{'-rth' if self.regular_hours else ''}"

    @property
    def weight(self) -> int:
        """Tell how many questions it counts as where questions are counted."""
        return 1


class TicksAsked(NamedTuple):
    """One question: ticks from ``start_ns`` (a whole second) on, the first thousand; or, ``is_last``, the last before ``end_ns``."""

    contract: Contract
    start_ns: int
    end_ns: int
    quotes: bool = False
    regular_hours: bool = False
    is_last: bool = False

    @property
    def of(self) -> str:
        """Name the contract, as `BarsAsked.of` does."""
        return "-".join(filter(None, (self.contract.symbol, self.contract.expiry)))

    @property
    def key(self) -> str:
        """Name the question."""
        word = "quotes" if self.quotes else "prints"
        return f"{self.start_ns}-{self.end_ns}-{word}{'-rth' if self.regular_hours else ''}{'-last' if self.is_last else ''}"

    @property
    def length_s(self) -> int:
        """Ticks are paced as the smallest bars are."""
        return 0

    @property
    def weight(self) -> int:
        """Tell how many questions it counts as: bid and ask are two."""
        return 2 if self.quotes else 1


class PastBar(NamedTuple):
    """One bar: its start, prices in points and sizes as the source's own decimals, so that nothing is lost before the grid is known."""

    start_ns: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    vwap: str
    n_prints: int


class Bars(NamedTuple):
    """An answer, rising in time, at least one bar."""

    bars: tuple[PastBar, ...]


class PastTick(NamedTuple):
    """A print, or a quote (then bid first, ``ask`` and ``ask_size`` behind), in the second ``at_s``; decimals as the source wrote them."""

    at_s: int
    price: str
    size: str
    ask: str = ""
    ask_size: str = ""


class Ticks(NamedTuple):
    """An answer, in the source's order, at least one tick; its last second is whole."""

    ticks: tuple[PastTick, ...]


class Nothing(NamedTuple):
    """The source says that it has nothing there, in its own words: not asked again."""

    text: str


class Trouble(NamedTuple):
    """No answer, or a refusal that may pass (pace, farm, timeout): asked again later.

    ``is_pace``: we were too fast. ``is_empty``: an answer came, with nothing in it and without a word.
    """

    text: str
    is_pace: bool = False
    is_empty: bool = False


class HistorySource(Protocol):
    """Who knows the past."""

    async def now_ns(self) -> int:
        """Give the time at the source, to the second: what has ended there may be asked for."""

    async def contracts(self, root: str) -> Sequence[Contract]:
        """Give every contract of a root that it still has history of, expired ones with it; `VenueError` when it does not answer."""

    async def bars(self, asked: BarsAsked) -> Bars | Nothing | Trouble:
        """Answer one question; never raises for what the other side does."""

    async def ticks(self, asked: TicksAsked) -> Ticks | Nothing | Trouble:
        """Answer one question about ticks; never raises for what the other side does."""
