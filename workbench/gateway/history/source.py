"""Where history comes from: the tape for what it has, the seeded past before it and for what it has not. Holds what it made; sends nothing.

Nothing later than the gateway's clock is ever given.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.records import ASK, BID, Kind, Records
from workbench.gateway import behaviour as say
from workbench.gateway.base import World
from workbench.gateway.contracts import Listed
from workbench.gateway.contracts.hours import Trading, around, between
from workbench.gateway.history.bars import Bar
from workbench.gateway.history.markets import CARRY_A_YEAR, lead_of, market_of, trade_of
from workbench.gateway.history.past import Levels, Made, session_of
from workbench.gateway.history.series import Prints, Quotes, joined_prints, joined_quotes, no_prints, no_quotes

KEPT: Final = 128  # sessions of single contracts, some 0.5 MB each
YEAR_DAYS: Final = 365.25


class Source:
    """All prints and quotes of all contracts up to now.

    Parameters
    ----------
    world
        Its tape, its contracts, its clock.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._levels: dict[str, Levels] = {}
        self._made: OrderedDict[tuple[int, str, int], Made] = OrderedDict()
        self._taped: dict[int, tuple[Prints, Quotes]] = {}
        self._anchors: dict[int, float] = {}
        self.days: dict[tuple[int, str, int, bool, str], Bar] = {}  # of sessions that are over
        tape = world.tape
        self._anchor_ns = int(tape["recv_ns"][0]) if len(tape) else world.now_ns

    @property
    def now_ns(self) -> int:
        """The gateway's clock."""
        return self._world.now_ns

    def sessions(self, listed: Listed, first: date, last: date) -> list[Trading]:
        """List the sessions in which a contract has traded or may have, for days `first` to `last`, none that begins later than now."""
        start, end = self.life(listed)
        found = between(listed.calendar, max(first, start), min(last, end))
        return [each for each in found if each.open_ns < self.now_ns]

    def life(self, listed: Listed) -> tuple[date, date]:
        """Give the first and the last day of which there are prices."""
        today = self._world.universe.today
        back = today.replace(year=today.year - say.HISTORY_YEARS, day=min(today.day, 28))
        if listed.expiry is None or listed.sec_type == "CONTFUT":
            return back, today + timedelta(days=10)
        return max(back, listed.expiry - timedelta(days=say.LISTED_DAYS)), listed.expiry

    def quantum(self, listed: Listed) -> Fraction:
        """Give the unit of a contract's prices, in points."""
        contract = self._world.universe.traded(listed)
        return contract.quantum if contract is not None else Fraction(listed.min_tick)

    def prints(self, listed: Listed, one: Trading, start_ns: int, end_ns: int) -> Prints:
        """Give the prints of one session in ``[start_ns, end_ns)``, none after now."""
        end_ns = self._cut(listed, end_ns)
        taped_from = self._tape_start(listed)
        parts = []
        if start_ns < min(end_ns, taped_from):
            parts.append(self._session(listed, one).prints.between(start_ns, min(end_ns, taped_from)))
        if end_ns > taped_from:
            parts.append(self._tape(listed)[0].between(max(start_ns, taped_from), end_ns))
        return joined_prints(parts) if parts else no_prints()

    def quotes(self, listed: Listed, one: Trading, start_ns: int, end_ns: int) -> Quotes:
        """Give the two-sided quotes of one session in ``[start_ns, end_ns)``, none after now."""
        end_ns = self._cut(listed, end_ns)
        taped_from = self._tape_start(listed)
        parts = []
        if start_ns < min(end_ns, taped_from):
            parts.append(self._session(listed, one).quotes.between(start_ns, min(end_ns, taped_from)))
        if end_ns > taped_from:
            parts.append(self._tape(listed)[1].between(max(start_ns, taped_from), end_ns))
        return joined_quotes(parts) if parts else no_quotes()

    def is_over(self, one: Trading) -> bool:
        """Tell whether a session can change no more."""
        return one.close_ns <= self.now_ns

    def _cut(self, listed: Listed, end_ns: int) -> int:
        last = listed.last_ns if listed.sec_type != "CONTFUT" and listed.last_ns is not None else end_ns
        return min(end_ns, self.now_ns + 1, last)

    def _tape_start(self, listed: Listed) -> int:
        contract = self._world.universe.traded(listed)
        if contract is None:
            return 2**63 - 1
        prints, quotes = self._tape(listed)
        starts = [int(each.ns[0]) for each in (prints, quotes) if len(each.ns)]
        return min(starts) if starts else 2**63 - 1

    def _tape(self, listed: Listed) -> tuple[Prints, Quotes]:
        contract = self._world.universe.traded(listed)
        assert contract is not None
        if contract.id not in self._taped:
            self._taped[contract.id] = _taped(self._world.tape[self._world.tape["contract"] == contract.id])
        return self._taped[contract.id]

    def _session(self, listed: Listed, one: Trading) -> Made:
        key = (listed.con_id, listed.sec_type, one.session)
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        market, _ = market_of(listed.root)
        lead = None if listed.sec_type == "CONTFUT" else lead_of(listed, self._world.settings.roots)
        tick = Fraction(listed.min_tick) / self.quantum(listed)
        made = session_of(
            one,
            self._level(market.name, listed),
            key=listed.con_id,
            seed=say.PAST_SEED,
            level_pts=self._anchor(listed),
            tick_pts=float(Fraction(listed.min_tick)),
            tick=max(int(tick), 1),
            trade=trade_of(listed.root),
            share=1.0 if lead is None else lead.share(one.day),
        )
        self._made[key] = made
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return made

    def _level(self, name: str, listed: Listed) -> Levels:
        if name not in self._levels:
            market, _ = market_of(listed.root)
            day = around(market.calendar, self._anchor_ns).day
            self._levels[name] = Levels(market, say.PAST_SEED, self._anchor_ns, day, say.HISTORY_YEARS + 1)
        return self._levels[name]

    def _anchor(self, listed: Listed) -> float:
        """Give a contract's price in points at the tape's start: its own there, else by another's of its market, else a table's."""
        if listed.con_id not in self._anchors:
            self._anchors[listed.con_id] = self._own_anchor(listed)
        return self._anchors[listed.con_id]

    def _own_anchor(self, listed: Listed) -> float:
        contract = self._world.universe.traded(listed)
        own = None if contract is None else self._first_pts(contract)
        if own is not None and contract is not None:
            market, _ = market_of(listed.root)
            first = np.array([float(self._tape_start(listed))])
            return own / float(np.exp(self._level(market.name, listed).log(first)[0]))
        market, ratio = market_of(listed.root)
        front = self._world.universe.front(listed.root)
        at = front.expiry if front is not None and front.expiry is not None else None
        carry = 1.0 if at is None or listed.expiry is None else 1 + CARRY_A_YEAR * (listed.expiry - at).days / YEAR_DAYS
        for other in sorted(self._world.universe.contracts, key=lambda each: each.root != listed.root):
            other_market, other_ratio = market_of(other.root)
            pts = self._first_pts(other) if other_market.name == market.name else None
            if pts is not None:
                return pts / other_ratio * ratio * carry
        return market.level_pts * ratio * carry

    def _first_pts(self, contract: Contract) -> float | None:
        prints, quotes = self._tape(self._world.universe.listed_of(contract))
        if len(quotes.ns) and (not len(prints.ns) or quotes.ns[0] <= prints.ns[0]):
            return float(quotes.bid[0] + quotes.ask[0]) / 2 * float(contract.quantum)
        return float(prints.px[0]) * float(contract.quantum) if len(prints.ns) else None


def _taped(records: Records) -> tuple[Prints, Quotes]:
    kind = records["kind"]
    told = records[kind == Kind.PRINT]
    prints = Prints(*(np.ascontiguousarray(told[name]) for name in ("recv_ns", "px", "sz")))
    both = BID | ASK
    shown = records[(kind == Kind.QUOTE) & ((records["flags"] & both) == both)]
    quotes = Quotes(*(np.ascontiguousarray(shown[name]) for name in ("recv_ns", "px", "px2", "sz", "sz2")))
    bars = records[kind == Kind.BAR]
    if not len(prints.ns) and len(bars):
        prints = _of_bars(bars)
    if not len(quotes.ns) and len(prints.ns):
        quotes = Quotes(prints.ns, prints.px, prints.px, prints.sz, prints.sz)
    return prints, quotes


def _of_bars(bars: Records) -> Prints:
    """Make four prints of each bar of a tape that has only bars: open, high, low, close."""
    one, two = bars[bars["level"] == 0], bars[bars["level"] == 1]
    n = min(len(one), len(two))
    one, two = one[:n], two[:n]
    px = np.stack([one["px"], one["px2"], two["px"], two["px2"]], axis=1).ravel()
    part = one["sz"] // 4
    sz = np.stack([part, part, part, one["sz"] - 3 * part], axis=1).ravel()
    ns = np.stack([one["event_ns"], one["event_ns"] + 1, two["event_ns"] - 1, two["event_ns"]], axis=1).ravel()
    return Prints(np.ascontiguousarray(ns), px, sz)
