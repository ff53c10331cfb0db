"""What is missing in a recording, from when until when, and why. Pure: records and events in, gaps out; calendars are handed in.

Rules
-----
1. A contract's data is missing from its last record before a GAP, or from the last second that a run marked before a time in which
   nobody ran, to its next quote or print.
2. Only time in which the contract trades can be missing: a gap over a night is one for each stretch of trading in it.
3. Of a contract that is seen for the first time within a session, that session's beginning is missing.
4. A stream that flowed and then did not (tick-by-tick, depth) is missing by itself; the line of level 1 went on.
5. Where a trade ends a gap and the quote is not known yet, quotes are missing until one has the sides that the last one before had,
   or nobody runs.
6. While a contract is closed nothing of it is missing: a line that is back before it opens, or never went, lost nothing. What breaks
   `NOTICED_NS` behind a close, or later, took nothing from before it: the link's heart was heard to beat.
7. What is shorter than a second is none: the streams themselves are a quarter apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.events import Arrival, ConnectionChanged, ContractDefined, RunStarted, StreamChanged
from workbench.domain.records import ASK, BID, Kind, Records
from workbench.domain.units import MINUTE, SECOND

MARKET, QUOTES = "market", "quotes"  # all of a contract's data; its quotes alone
LEAST_NS: Final = SECOND
ALONE_NS: Final = MINUTE  # a run marks each second; where none is marked for so long, nobody ran
NOTICED_NS: Final = 15 * SECOND  # a dead link is noticed within: a heartbeat each 5 s, and 5 s for its answer
LINE: Final = "l1-250ms"
NOBODY: Final = "nobody recorded"
FIRST: Final = "recording began within the session"
LIVE: Final = (Kind.QUOTE, Kind.PRINT, Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE)
AWAY: Final = frozenset({"lost", "silent", "degraded"})
OF_ITSELF: Final = frozenset({"tick-by-tick", "depth"})
Stretches = Callable[[Contract, int, int], list[tuple[int, int]]]


class Gap(NamedTuple):
    """Data of a contract that is missing. ``filled_by`` and ``n_filled``: what was found of it; ``why_not``: why nothing was."""

    began_ns: int
    ended_ns: int
    contract: int
    symbol: str
    stream: str
    why: str
    filled_by: str | None = None
    n_filled: int | None = None
    why_not: str | None = None

    @property
    def key(self) -> tuple[int, str, int]:
        """Name it."""
        return self.contract, self.stream, self.began_ns


class Gaps:
    """Finds gaps in a log, in its order.

    Parameters
    ----------
    open_
        Gives the stretches in which a contract trades, within two times; one that goes on begins at its own beginning.

    Attributes
    ----------
    lost
        Contracts whose data is missing at this moment: since when, and why.
    """

    def __init__(self, open_: Stretches) -> None:
        self._open = open_
        self._contracts: dict[int, Contract] = {}
        self._heard: dict[int, int] = {}
        self._fresh: set[int] = set()  # wanted, and not heard of yet
        self.lost: dict[int, tuple[int, str]] = {}
        self._streams: dict[tuple[int, str], tuple[int, str]] = {}
        self._lines: dict[int, bool] = {}  # of level 1: whether it flows
        self._sides: dict[int, int] = {}  # of the last quote
        self._unquoted: dict[int, tuple[int, str, int]] = {}  # since when, why, and which sides one must have
        self._why, self._last_ns = "", 0

    def hear(self, arrival: Arrival) -> list[Gap]:
        """Take an event at its place among the records."""
        match arrival.event:
            case RunStarted():
                self._contracts.clear()
                self._streams.clear()
                self._lines.clear()
            case ContractDefined(contract=contract):
                self._contracts[contract.id] = contract
                if contract.id not in self._heard:
                    self._fresh.add(contract.id)
            case ConnectionChanged(up=False, why=why):
                self._why = why
            case StreamChanged(contract=contract, stream=stream, state=state, why=why) if stream in OF_ITSELF:
                self._why = why if state in AWAY else self._why
                return self._stream((contract, stream), state, why, arrival.recv_ns)
            case StreamChanged(contract=contract, stream=stream, state=state, why=why):
                self._why = why if state in AWAY else self._why
                if stream == LINE:
                    self._lines[contract] = state == "live"
                    return self._back(contract, arrival.recv_ns)
            case _:
                pass
        return []

    def _stream(self, of: tuple[int, str], state: str, why: str, now_ns: int) -> list[Gap]:
        if state in AWAY:
            self._streams.setdefault(of, (now_ns, why))
            return []
        began = self._streams.pop(of, None)
        return list(self._pieces(of[0], of[1], began[0], now_ns, began[1])) if began is not None and state == "live" else []

    def _back(self, id_: int, now_ns: int) -> list[Gap]:
        """See a line that flows: of what is closed nothing is missing from then on."""
        is_back = self._lines[id_] and id_ in self._contracts and not is_open(self._stretch(id_, now_ns), now_ns)
        return list(self._found(id_, now_ns)) if is_back else []

    def _stretch(self, id_: int, now_ns: int) -> tuple[int, int] | None:
        """Give the stretch in which a contract trades, or has traded just now."""
        found = self._open(self._contracts[id_], now_ns - NOTICED_NS, now_ns + 1)
        return found[-1] if found else None

    def take(self, records: Records) -> list[Gap]:
        """Take records; give the gaps that end with them."""
        found: list[Gap] = []
        for part in np.split(records, np.flatnonzero(np.diff(records["recv_ns"]) > ALONE_NS) + 1):
            if len(part):
                found += [*self._begin(int(part["recv_ns"][0])), *self._take(part)]
                self._last_ns = int(part["recv_ns"][-1])
        return found

    def _begin(self, first_ns: int) -> Iterator[Gap]:
        """See who is here for the first time, and whether somebody ran since the last record."""
        if self._last_ns and first_ns - self._last_ns > ALONE_NS:
            for id_ in self._heard:
                yield from self._found(id_, self._last_ns)
                yield from self._quoted(id_, self._last_ns)
                self.lost[id_] = self._last_ns, NOBODY
        for id_ in sorted(self._fresh):
            now = self._open(self._contracts[id_], first_ns, first_ns + 1) if id_ in self._contracts else []
            self._heard[id_] = first_ns
            if now and first_ns - now[0][0] > LEAST_NS:
                self.lost[id_] = now[0][0], FIRST
        self._fresh.clear()
        for id_ in [id_ for id_ in self._heard if id_ not in self._contracts]:  # it leads no more
            del self._heard[id_]
            for of in (self.lost, self._unquoted, self._sides):
                of.pop(id_, None)

    def _take(self, part: Records) -> Iterator[Gap]:
        mine = part[np.isin(part["kind"], (*LIVE, Kind.GAP)) & np.isin(part["contract"], list(self._contracts))]
        if not len(mine):
            return
        mine = mine[np.argsort(mine["contract"], kind="stable")]
        ids, starts = np.unique(mine["contract"], return_index=True)
        for id_, rows in zip(ids.tolist(), np.split(mine, starts[1:]), strict=True):
            at = 0
            for cut in [*np.flatnonzero(rows["kind"] == Kind.GAP).tolist(), len(rows)]:
                if cut > at:
                    yield from self._heard_again(id_, rows[at:cut])
                if cut < len(rows):
                    yield from self._lose(id_, int(rows["recv_ns"][cut]))
                at = cut + 1

    def _heard_again(self, id_: int, rows: Records) -> Iterator[Gap]:
        """Take data of a contract in which no GAP lies."""
        quotes = rows[rows["kind"] == Kind.QUOTE]
        if (lost := self.lost.get(id_)) is not None and id_ in self._sides and rows["kind"][0] != Kind.QUOTE:
            self._unquoted.setdefault(id_, (int(rows["recv_ns"][0]), lost[1], self._sides[id_]))
        yield from self._found(id_, int(rows["recv_ns"][0]))
        self._heard[id_] = int(rows["recv_ns"][-1])
        if len(quotes) and (unquoted := self._unquoted.get(id_)) is not None:
            whole = np.flatnonzero(quotes["flags"] & unquoted[2] == unquoted[2])
            if len(whole):
                yield from self._quoted(id_, int(quotes["recv_ns"][whole[0]]))
        if len(quotes) and id_ not in self._unquoted:
            self._sides[id_] = int(quotes["flags"][-1]) & (BID | ASK)

    def _lose(self, id_: int, now_ns: int) -> Iterator[Gap]:
        """See a GAP: of the stretch before nothing is missing, and of a line that flows nothing while it is closed."""
        stretch, why = self._stretch(id_, now_ns), self._why or "its stream was lost"
        began_ns = now_ns if stretch is None else max(stretch[0], self._heard.get(id_, now_ns))
        if self._lines.get(id_) and not is_open(stretch, now_ns):
            yield from self._pieces(id_, MARKET, began_ns, now_ns, why)
        else:
            self.lost.setdefault(id_, (began_ns, why))

    def _found(self, id_: int, now_ns: int) -> Iterator[Gap]:
        if (lost := self.lost.pop(id_, None)) is not None:
            yield from self._pieces(id_, MARKET, lost[0], now_ns, lost[1])

    def _quoted(self, id_: int, now_ns: int) -> Iterator[Gap]:
        """Wait for quotes no longer."""
        if (unquoted := self._unquoted.pop(id_, None)) is not None:
            yield from self._pieces(id_, QUOTES, unquoted[0], now_ns, unquoted[1])

    def _pieces(self, id_: int, stream: str, began_ns: int, ended_ns: int, why: str) -> Iterator[Gap]:
        """Cut a time in which something is missing into the stretches of trading in it."""
        contract = self._contracts.get(id_)
        for open_ns, close_ns in self._open(contract, began_ns, ended_ns) if contract is not None else []:
            first, last = max(open_ns, began_ns), min(close_ns, ended_ns)
            if last - first >= LEAST_NS:
                yield Gap(first, last, id_, contract.symbol if contract else "", stream, why)


def is_open(stretch: tuple[int, int] | None, now_ns: int) -> bool:
    """Whether a stretch of trading goes on."""
    return stretch is not None and stretch[1] > now_ns


def merged(known: Iterable[Gap], found: Iterable[Gap]) -> list[Gap]:
    """Put gaps that were found beside those that are known, by time: one that is known stays, with what was found of it.

    >>> one = Gap(1, 9, 7, "ESZ6", MARKET, "lost", "bars 5s", 2)
    >>> [(gap.began_ns, gap.filled_by) for gap in merged([one], [one._replace(filled_by=None), one._replace(began_ns=0, filled_by=None)])]
    [(0, None), (1, 'bars 5s')]
    """
    by_key = {gap.key: gap for gap in found} | {gap.key: gap for gap in known}
    return sorted(by_key.values(), key=lambda gap: (gap.began_ns, gap.contract, gap.stream))
