"""Every few minutes a row a contract: quote, last price, volume, how far it moved. Pure: records and events in, rows out; reads no store.

Rules
-----
1. Rows lie on the clock's grid. A row at T says what was known before T: the first record at or behind T closes it, as a barrier does.
2. A contract has a row where it was open before T: the close has one, the open has none.
3. What is not known is `None`: after a gap the quote until the next quote, the last price until the next print.
4. A change is that of the last price against one of a row before: what was known an hour or four ago, or at the end of the last regular
   hours; and, for the session, against its first price. *Overnight* moves while regular hours are over, and rests from their opening on.
5. Volume is the greater of what the broker told last and the prints since, and of the prints from the session's opening where none can
   be missing: a 250 ms line leaves some out, and the broker tells its sum seldom.
6. Quality is the share of the time since the row before in which both sides of the quote were known.

So the same log gives the same rows, whoever reads it, and however it is cut.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.events import AnyEvent, ContractDefined, ContractTold, VolatilityTold
from workbench.domain.records import ASK, BID, Kind, Phase, Records
from workbench.domain.units import HOUR, MICROS, MINUTE

EVERY_NS: Final = 5 * MINUTE
LONG_NS: Final = 4 * HOUR
BOTH: Final = BID | ASK
ALONE_NS: Final = MINUTE  # a run marks each second; where none is marked for so long, nobody ran
MARKET: Final = (Kind.QUOTE, Kind.PRINT, Kind.BAR, Kind.GAP, Kind.PHASE)


class Snapshot(NamedTuple):
    """One row. ``ns`` is T, ``seq`` the last record before it; prices in points, sizes in units, changes in per cent; `None`: not known."""

    ns: int
    seq: int
    contract: int
    symbol: str
    session: int
    phase: int
    bid_pts: float | None
    bid_size: float | None
    ask_pts: float | None
    ask_size: float | None
    last_pts: float | None
    volume: float | None
    change_1h_pct: float | None
    change_4h_pct: float | None
    change_overnight_pct: float | None
    change_session_pct: float | None
    implied_vol_frac: float | None
    open_interest: int | None
    quality_frac: float


@dataclass(slots=True)
class _Place:
    """What is known of one contract."""

    phase: int = Phase.CLOSED
    session: int = 0
    has: int = 0  # BID | ASK: sides of the quote that are known
    bid: tuple[int, int] = (0, 0)
    ask: tuple[int, int] = (0, 0)
    last_px: int | None = None
    known_ns: int = 0  # how long both sides were known since the last row
    since_ns: int = 0  # up to where that was counted
    is_lost: bool = False  # nobody ran for a while, and its phase was not told since
    is_whole: bool = False  # the session was seen from its opening on, without a gap
    first_px: int | None = None  # of the session
    n_traded: int = 0  # in it, size quanta
    told: int | None = None  # volume as the broker told it last
    told_before: int = -1  # of the session before, which is told again until this one has more
    at_least: int | None = None  # what it told of this session, and the prints since
    open_interest: int | None = None
    implied_micros: int | None = None
    regular_px: int | None = None  # last price of the last regular hours that are over
    overnight_px: int | None = None  # last price before the regular hours that are on
    past: deque[tuple[int, int | None]] = field(default_factory=deque)  # last price of rows before, by their time


class Snapshots:
    """Makes rows out of a log, in its order.

    Parameters
    ----------
    every_ns
        Grid.

    Examples
    --------
    >>> from workbench.domain.contracts import ContractType
    >>> from workbench.domain.records import empty
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", expiry="2026-12-18",
    ...               calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> records = empty(3)
    >>> records["kind"], records["contract"], records["seq"] = [Kind.PHASE, Kind.PRINT, Kind.TIME], [1, 1, 0], [1, 2, 3]
    >>> records["px"], records["level"] = [20261120, 24_000, 0], [Phase.ETH, 0, 0]
    >>> records["recv_ns"] = [EVERY_NS - 2, EVERY_NS - 1, EVERY_NS]
    >>> [(row.symbol, row.last_pts, row.bid_pts, row.change_1h_pct) for row in Snapshots([es]).take(records)]
    [('ESZ6', 6000.0, None, None)]
    """

    def __init__(self, contracts: Iterable[Contract] = (), every_ns: int = EVERY_NS) -> None:
        self._every_ns = every_ns
        self._contracts: dict[int, Contract] = {each.id: each for each in contracts}
        self._places: dict[int, _Place] = {}
        self._next_ns = self._last_ns = self._seq = 0

    def hear(self, event: AnyEvent) -> None:
        """Take an event at its place among the records."""
        match event:
            case ContractDefined(contract=contract):
                self._contracts[contract.id] = contract
            case ContractTold():
                place = self._place(event.contract)
                place.open_interest = event.open_interest if event.open_interest is not None else place.open_interest
                if event.volume is not None and event.volume != place.told:
                    place.told = event.volume
                    if event.volume > place.told_before:
                        place.at_least = max(event.volume, place.at_least or 0)
            case VolatilityTold(contract=id_, implied_micros=micros):
                self._place(id_).implied_micros = micros
            case _:
                pass

    def take(self, records: Records) -> list[Snapshot]:
        """Take records; give the rows they close."""
        made: list[Snapshot] = []
        jumps = np.flatnonzero(np.diff(records["recv_ns"]) > ALONE_NS) + 1
        for part in np.split(records, jumps):
            if len(part):
                made += self._take(part)
        return made

    def _take(self, records: Records) -> list[Snapshot]:
        made: list[Snapshot] = []
        recv_ns, at = records["recv_ns"], 0
        first_ns, last_ns = int(recv_ns[0]), int(recv_ns[-1])
        if first_ns - self._last_ns > ALONE_NS:  # nobody ran meanwhile: no row says what nobody saw
            self._lose()
        if self._next_ns <= first_ns - self._every_ns or not self._next_ns:
            self._next_ns = (first_ns // self._every_ns + 1) * self._every_ns
        self._last_ns = last_ns
        while self._next_ns <= last_ns:
            stop = int(recv_ns.searchsorted(self._next_ns))
            self._absorb(records[at:stop])
            made += self._close()
            at, self._next_ns = stop, self._next_ns + self._every_ns
        self._absorb(records[at:])
        return made

    def remember(self, rows: Iterable[Snapshot]) -> None:
        """Know rows of sessions before, oldest first: what changes are held against. They are made by nobody a second time."""
        for row in rows:
            contract = self._contracts.get(row.contract)
            if contract is None:
                continue
            place, px = self._place(row.contract), None if row.last_pts is None else contract.to_px(row.last_pts)
            self._moved_on(place, row.session, row.phase)
            place.last_px = px if px is not None else place.last_px
            self._keep(place, row.ns, px)
            self._last_ns = row.ns

    # ------------------------------------------------------------------ within
    def _place(self, contract: int) -> _Place:
        return self._places.setdefault(contract, _Place())

    def _lose(self) -> None:
        """Know nothing of the present any more, and all of the past."""
        self._next_ns = 0
        for place in self._places.values():
            place.has, place.known_ns, place.since_ns, place.last_px, place.is_whole, place.is_lost = 0, 0, 0, None, False, True

    def _absorb(self, part: Records) -> None:
        if not len(part):
            return
        self._seq = int(part["seq"][-1])
        mine = part[np.isin(part["kind"], MARKET)]
        if not len(mine):
            return
        mine = mine[np.argsort(mine["contract"], kind="stable")]
        ids, starts = np.unique(mine["contract"], return_index=True)
        for id_, rows in zip(ids.tolist(), np.split(mine, starts[1:]), strict=True):
            place = self._place(id_)
            cuts = np.flatnonzero((rows["kind"] == Kind.GAP) | (rows["kind"] == Kind.PHASE)).tolist()
            at = 0
            for cut in [*cuts, len(rows)]:
                _trade(place, rows[at:cut])
                if cut < len(rows):
                    self._change(place, rows[cut])
                at = cut + 1

    def _change(self, place: _Place, row: np.void) -> None:
        """Take a GAP or a PHASE."""
        at_ns = int(row["recv_ns"])
        if row["kind"] == Kind.GAP:
            _count(place, at_ns)
            place.has, place.last_px, place.is_whole = 0, None, False
            return
        phase, session = int(row["level"]), int(row["px"])
        was_open = place.phase >= Phase.ETH
        if place.is_lost and session != place.session:
            place.regular_px = place.overnight_px = None  # regular hours may have passed unseen
        place.is_lost = False
        if phase == place.phase and session == place.session:
            return  # a run that goes on says it again
        is_first = place.since_ns == 0  # of a log that begins within a session nobody knows how that began
        _count(place, at_ns)
        if session != place.session or phase >= Phase.ETH > place.phase:
            place.has = 0
        if session != place.session:
            place.is_whole = not is_first or phase < Phase.ETH
        self._moved_on(place, session, phase)
        if phase >= Phase.ETH and not was_open:
            place.since_ns = at_ns

    def _moved_on(self, place: _Place, session: int, phase: int) -> None:
        """Keep what a session or its regular hours end with."""
        if place.phase == Phase.RTH and phase != Phase.RTH:
            place.regular_px = place.last_px
            place.overnight_px = None
        if phase == Phase.RTH and place.phase != Phase.RTH:
            place.overnight_px = place.last_px
        if session != place.session:
            place.told_before = place.told_before if place.told is None else place.told
            place.first_px, place.n_traded, place.told, place.at_least = None, 0, None, None
        place.session, place.phase = session, phase

    def _close(self) -> Iterator[Snapshot]:
        """Make the rows at the next place of the grid."""
        for id_, place in sorted(self._places.items()):
            _count(place, self._next_ns)
            known_ns, place.known_ns = place.known_ns, 0
            if place.phase >= Phase.ETH and id_ in self._contracts:
                yield self._row(self._contracts[id_], place, known_ns)
                self._keep(place, self._next_ns, place.last_px)

    def _keep(self, place: _Place, ns: int, px: int | None) -> None:
        place.past.append((ns, px))
        while len(place.past) > 1 and place.past[1][0] <= ns - LONG_NS:
            place.past.popleft()

    def _row(self, of: Contract, place: _Place, known_ns: int) -> Snapshot:
        px = place.last_px
        night_px = px if place.phase != Phase.RTH else place.overnight_px
        return Snapshot(
            self._next_ns,
            self._seq,
            of.id,
            of.symbol,
            place.session,
            place.phase,
            *_side(of, place.bid, place.has & BID),
            *_side(of, place.ask, place.has & ASK),
            None if px is None else of.to_pts(px),
            _volume(of, place),
            _change_pct(_known_at(place.past, self._next_ns - HOUR), px),
            _change_pct(_known_at(place.past, self._next_ns - LONG_NS), px),
            _change_pct(place.regular_px, night_px),
            _change_pct(place.first_px if place.is_whole else None, px),
            None if place.implied_micros is None else place.implied_micros / MICROS,
            place.open_interest,
            round(known_ns / self._every_ns, 4),
        )


def _trade(place: _Place, rows: Records) -> None:
    """Take quotes, prints and bars between two changes."""
    quotes = rows[rows["kind"] == Kind.QUOTE]
    if len(quotes):
        both = (quotes["flags"] & BOTH) == BOTH
        at_ns = quotes["recv_ns"]
        _count(place, int(at_ns[0]))
        place.known_ns += int(np.diff(at_ns)[both[:-1]].sum())
        last = quotes[-1]
        place.since_ns, place.has = int(at_ns[-1]), int(last["flags"]) & BOTH
        place.bid, place.ask = (int(last["px"]), int(last["sz"])), (int(last["px2"]), int(last["sz2"]))
    prints = rows[(rows["kind"] == Kind.PRINT) | ((rows["kind"] == Kind.BAR) & (rows["level"] == 1))]
    if not len(prints):
        return
    px = np.where(prints["kind"] == Kind.PRINT, prints["px"], prints["px2"])
    if place.first_px is None:
        opening = rows[(rows["kind"] == Kind.PRINT) | (rows["kind"] == Kind.BAR)][0]
        place.first_px = int(opening["px"])
    traded = (rows["kind"] == Kind.PRINT) | ((rows["kind"] == Kind.BAR) & (rows["level"] == 0))
    n_traded = int(rows["sz"][traded].sum())
    place.last_px, place.n_traded = int(px[-1]), place.n_traded + n_traded
    place.at_least = None if place.at_least is None else place.at_least + n_traded


def _count(place: _Place, now_ns: int) -> None:
    """Count time in which both sides were known, up to now."""
    if place.has == BOTH and place.since_ns:
        place.known_ns += max(now_ns - place.since_ns, 0)
    place.since_ns = max(place.since_ns, now_ns)


def _side(of: Contract, side: tuple[int, int], is_there: int) -> tuple[float | None, float | None]:
    return (of.to_pts(side[0]), _size(of, side[1])) if is_there else (None, None)


def _size(of: Contract, n: int) -> float:
    return float(n * Fraction(of.size_quantum))


def _volume(of: Contract, place: _Place) -> float | None:
    known = [place.n_traded] if place.is_whole else []
    if place.at_least is not None:
        known.append(place.at_least)
    return _size(of, max(known)) if known else None


def _known_at(past: Iterable[tuple[int, int | None]], ns: int) -> int | None:
    """Give the last price as it was known at a moment: that of the last row up to then; `None` if it was not known then."""
    found = None
    for at_ns, px in past:
        if at_ns > ns:
            break
        found = px
    return found


def _change_pct(then: int | None, now: int | None) -> float | None:
    """Give a change in per cent of the price then, to a ten-thousandth; `None` where it means nothing: a price of zero or below.

    >>> _change_pct(24_000, 24_240), _change_pct(None, 1), _change_pct(-3, 1)
    (1.0, None, None)
    """
    return round((now - then) / then * 100, 4) if then is not None and now is not None and then > 0 else None
