"""The fold once more, in plain Python and slowly: what `workbench.market.kernels` must agree with, field by field.

Written from the rules of `domain.records` and `market.kernels`, with dictionaries and Python integers, one record at a time.
"""

from __future__ import annotations

from typing import Any

from workbench.domain.bars import BROKEN, GAPPED, OPENED, PRICED, TOP_ROWS
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Phase
from workbench.domain.units import BAR_NS
from workbench.market.quality import PENALTIES
from workbench.market.state import DRY_NS, LATE_NS, SPREAD_AFTER, SPREAD_FACTOR, STUCK_NS

BOTH = BID | ASK
SUMS = (
    "n volume signed pv ofi rv spread_us quoted_us imb_us dimb_us ddep_us n_print n_quote n_depth max_sz n_crossed n_late n_back"
).split()


class Slow:
    """One contract."""

    def __init__(self, contract: int) -> None:
        self.contract, self.phase, self.session, self.last_us = contract, 0, 0, 0
        self.quote: tuple[int, int, int, int] = (0, 0, 0, 0)
        self.has, self.close, self.flags, self.last_event = 0, 0, 0, 0
        self.rows: dict[int, list[tuple[int, int]]] = {1: [], -1: []}
        self.traced: int | None = None  # the last print since the opening or a gap
        self.phase_ns = self.traded_ns = self.stuck_ns = self.n_spreads = self.usual_spread = self.usual_quoted = 0
        self.is_stuck = self.is_missing = False
        self.fresh(0)

    def fresh(self, flags: int) -> None:
        self.sums = dict.fromkeys(SUMS, 0)
        self.n_lost = 0  # records of this bar in front of a gap
        self.flags = flags
        self.prints: list[int] = []

    @property
    def is_open(self) -> bool:
        return self.phase >= Phase.ETH

    def until(self, us: int) -> None:
        dt = us - self.last_us
        if dt <= 0:
            return
        bid, bsz, ask, asz = self.quote
        if self.has == BOTH:
            self.sums["spread_us"] += (ask - bid) * dt
            self.sums["quoted_us"] += dt
            self.sums["imb_us"] += (bsz - asz) * dt
        bids, asks = (sum(sz for _, sz in self.rows[side][:TOP_ROWS]) for side in (1, -1))
        self.sums["dimb_us"] += (bids - asks) * dt
        self.sums["ddep_us"] += (bids + asks) * dt
        self.last_us = us

    def bar(self, t_end: int) -> dict[str, int]:
        self.until(t_end // 1000)
        self.spreads()
        was_heard = self.sums["n"] > self.n_lost
        if self.is_missing and not (was_heard and self.flags & OPENED):
            self.flags |= GAPPED
        self.is_missing &= not was_heard
        bid, bsz, ask, asz = self.quote
        first = self.prints[0] if self.prints else self.close
        bar = dict(self.sums, t_end=t_end, contract=self.contract, flags=self.flags, phase=self.phase, session=self.session)
        bar |= dict(open=first, high=max(self.prints, default=first), low=min(self.prints, default=first), close=self.close)
        bar |= dict(bid=bid, bsz=bsz, ask=ask, asz=asz, has=self.has)
        bar["doubts"] = sum(1 << bit for bit, name in enumerate(PENALTIES) if self.doubts(t_end)[name])
        self.is_stuck = False
        self.open_close = self.close
        self.fresh(self.flags & PRICED)
        return bar

    def doubts(self, t_end: int) -> dict[str, bool]:
        """Say what is wrong with the bar; what needs many records to be known is tried elsewhere."""
        bid, _, ask, _ = self.quote
        found = dict.fromkeys(PENALTIES, False)
        found["opening"] = bool(self.flags & OPENED)
        found["gap"] = bool(self.flags & BROKEN) and not found["opening"]
        found["time back"], found["late"] = self.sums["n_back"] > 0, self.sums["n_late"] > 0
        found["crossed"] = self.sums["n_crossed"] > 0 or (self.has == BOTH and bid >= ask)
        found["stuck print"] = self.is_stuck
        is_dry = t_end - max(self.traded_ns, self.phase_ns) >= DRY_NS
        found["no volume"] = self.phase == Phase.RTH and bool(self.flags & PRICED) and is_dry
        found["spread"] = self.is_wide
        return found

    def spreads(self) -> None:
        """Hold the bar's average spread against the usual one."""
        self.is_wide = False
        if self.sums["quoted_us"] >= 1_000_000:
            spread, quoted = self.sums["spread_us"], self.sums["quoted_us"]
            known = max(self.usual_spread, self.usual_quoted)
            is_wide = spread * (self.usual_quoted >> 10) > SPREAD_FACTOR * known * (quoted >> 10)
            self.is_wide = self.n_spreads >= SPREAD_AFTER and is_wide
            self.n_spreads += 1
            self.usual_spread += (spread - self.usual_spread) >> 6
            self.usual_quoted += (quoted - self.usual_quoted) >> 6

    def printed(self, t: int, px: int, sz: int) -> None:
        """See whether a price is printed again and again beside the quote."""
        bid, _, ask, _ = self.quote
        is_beside = self.has == BOTH and not bid <= px <= ask
        if self.traced == px and is_beside:
            self.is_stuck |= t - self.stuck_ns >= STUCK_NS
        else:
            self.stuck_ns = t
        self.traced = px
        self.traded_ns = t if sz > 0 else self.traded_ns

    def lose(self) -> None:
        """Take a GAP."""
        self.flags |= (BROKEN | GAPPED) if self.is_open else BROKEN
        self.is_missing, self.n_lost = True, self.sums["n"]
        self.has, self.rows, self.traced = 0, {1: [], -1: []}, None

    def take(self, r: Any) -> None:
        t, kind, s = int(r["recv_ns"]), Kind(int(r["kind"])), self.sums
        px, sz, px2, sz2, side, level = (int(r[f]) for f in ("px", "sz", "px2", "sz2", "side", "level"))
        if kind in (Kind.QUOTE, Kind.PRINT) and int(r["flags"]) & EVENT_TIME:
            if kind is Kind.QUOTE:
                self.until(t // 1000)
            s["n_back"] += int(r["event_ns"]) < self.last_event
            self.last_event = max(self.last_event, int(r["event_ns"]))
            s["n_late"] += t - int(r["event_ns"]) > LATE_NS
        if kind is Kind.QUOTE:
            self.until(t // 1000)
            s["n"] += 1
            s["n_quote"] += 1
            has = int(r["flags"]) & BOTH
            if has == BOTH:
                s["n_crossed"] += px >= px2
                if self.has == BOTH:
                    bid, bsz, ask, asz = self.quote
                    s["ofi"] += (
                        (sz if px >= bid else 0) - (bsz if px <= bid else 0) - (sz2 if px2 <= ask else 0) + (asz if px2 >= ask else 0)
                    )
                    s["rv"] += (px + px2 - self.mid2) ** 2
                self.mid2 = px + px2
            self.quote, self.has = (px, sz, px2, sz2), has
        elif kind is Kind.PRINT:
            self.printed(t, px, sz)
            s["n"] += 1
            s["n_print"] += 1
            s["volume"] += sz
            s["signed"] += side * sz
            s["pv"] += px * sz
            s["max_sz"] = max(s["max_sz"], sz)
            self.prints.append(px)
            self.close = px
            self.flags |= PRICED
        elif kind in (Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET):
            self.until(t // 1000)
            s["n"] += 1
            s["n_depth"] += 1
            rows = self.rows[1 if side > 0 else -1]
            if kind is Kind.DEPTH_RESET:
                self.rows = {1: [], -1: []}
            elif kind is Kind.DEPTH_INSERT:
                rows.insert(level, (px, sz))
                del rows[10:]
            elif kind is Kind.DEPTH_UPDATE:
                rows[level : level + 1] = [(px, sz)]
            elif level < len(rows):
                del rows[level]
        elif kind is Kind.GAP:
            self.until(t // 1000)
            self.lose()
        elif kind is Kind.PHASE:
            was = self.is_open
            self.phase_ns = t if level != self.phase else self.phase_ns
            self.phase, self.session = level, px
            if was != self.is_open:
                self.has, self.last_us, self.traced = 0, t // 1000, None
                self.is_missing &= self.sums["n"] == self.n_lost
                self.fresh((self.flags & PRICED) | BROKEN | (OPENED if self.is_open else 0))


def slow_fold(records: Any, ids: list[int]) -> list[tuple[int, int, list[dict[str, int]]]]:
    """Give (cause seq, boundary, bars of open contracts in id order) for each barrier."""
    world = {i: Slow(i) for i in ids}
    out, next_ns = [], 0
    for r in records:
        t = int(r["recv_ns"])
        while t >= next_ns:
            if next_ns and any(c.is_open for c in world.values()):
                out.append((int(r["seq"]), next_ns, [c.bar(next_ns) for c in world.values() if c.is_open]))
                next_ns += BAR_NS
            else:
                next_ns = t - t % BAR_NS + BAR_NS
        if int(r["kind"]) != Kind.TIME:
            world[int(r["contract"])].take(r)
    return out
