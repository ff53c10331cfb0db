"""The fold: the one compiled function that turns records into market state and bars. Integers only; no I/O, no clock.

Rules
-----
1. The caller hands over any number of records; the same function in the same order gives the same bits for any chunking.
2. A barrier stops *before* its record, a watch *after*. A record that reaches several boundaries makes one barrier for each.
3. Order-flow imbalance, realised variance and quoted time count only between two-sided quotes.
4. Nobody open: no bars, no barrier, and the grid jumps.
5. A TIME record looks whether feeds are alive (`market.silence`); where a verdict changes, the fold stops behind it.
6. Bars are gapped from the one in which a GAP lies to the one in which the contract is heard again. A GAP of closed time counts as one only
   if the first bar behind the opening is empty. A silence alone is a doubt: a thin market pauses too.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numba import carray, cfunc, njit, types

from workbench.domain.bars import BROKEN, GAPPED, OPENED, PRICED, RICH, ROWS, TOP_ROWS
from workbench.domain.records import ASK, BID, EVENT_TIME, PROVENANCE_SHIFT, RECORD, Kind, Phase, Provenance
from workbench.domain.units import BAR_NS
from workbench.market.fitness.kernels import before_print, imported, judge, mark_missing, quote_moved
from workbench.market.silence.kernels import begin, expect, listen
from workbench.market.state import CLOCK, LATE_NS, N_IDS, N_WATCHES, STATE, STOP_BITS, Stop

BOTH = BID | ASK
MAX_SLOTS = 1024
QUOTE, PRINT, TIME, BAR, GAP, PHASE = (int(k) for k in (Kind.QUOTE, Kind.PRINT, Kind.TIME, Kind.BAR, Kind.GAP, Kind.PHASE))
INSERT, UPDATE, RESET = int(Kind.DEPTH_INSERT), int(Kind.DEPTH_UPDATE), int(Kind.DEPTH_RESET)
ETH, HISTORY = int(Phase.ETH), int(Provenance.HISTORY)
END, BARRIER, WATCH = int(Stop.END), int(Stop.BARRIER), int(Stop.WATCH)
PAST, SILENCE, UNKNOWN, DISORDER = int(Stop.HISTORY), int(Stop.SILENCE), int(Stop.UNKNOWN), int(Stop.DISORDER)
QUIET, PRICE, WHOLE, ODD = range(4)  # what one record did: no price, a price a watch may look at, a whole bar of history, nothing known


@njit(inline="always")
def weigh(s, us):
    """Bring the time integrals up to `us` with what stood until now; called before a quote or row changes and at the close."""
    dt = us - s.last_us
    if dt > 0:
        b = s.bar
        if s.has == BOTH:
            b.spread_us += (s.ask - s.bid) * dt
            b.quoted_us += dt
            b.imb_us += (s.bsz - s.asz) * dt
        b.dimb_us += s.dimb * dt
        b.ddep_us += s.ddep * dt
        s.last_us = us


@njit(inline="always")
def fresh(b, flags):
    """Empty a bar; its price stays at the last close (PRICED tells if there ever was one)."""
    b.open = b.close
    b.high = b.close
    b.low = b.close
    b.flags = flags
    b.n = 0
    b.volume = 0
    b.signed = 0
    b.pv = 0
    b.ofi = 0
    b.rv = 0
    b.spread_us = 0
    b.quoted_us = 0
    b.imb_us = 0
    b.dimb_us = 0
    b.ddep_us = 0
    b.n_print = 0
    b.n_quote = 0
    b.n_depth = 0
    b.max_sz = 0
    b.n_crossed = 0
    b.n_late = 0
    b.n_back = 0
    b.n_outlier = 0


@njit(inline="always")
def trade(b, px, sz, side):
    if b.n_print == 0:
        b.open = px
        b.high = px
        b.low = px
    b.n_print += 1
    b.close = px
    b.high = max(b.high, px)
    b.low = min(b.low, px)
    b.flags |= PRICED
    b.volume += sz
    b.signed += side * sz
    b.pv += px * sz
    b.max_sz = max(b.max_sz, sz)


@njit(inline="always")
def part_of_bar(b, r):
    """Add one of the two records of an imported bar: level 0 open, high, volume, count; level 1 low, close, price x volume."""
    if r.level == 0:
        b.n += 1
        trade(b, r.px, r.sz, 0)
        b.high = max(b.high, r.px2)
        b.pv -= r.px * r.sz
        b.n_print += max(r.sz2, 1) - 1
    else:
        b.low = min(b.low, r.px)
        b.high = max(b.high, r.px2)
        b.close = r.px2
        b.pv += r.sz


@njit
def depth_row(s, r):
    """Move one row of the book as the venue sent it: an insert pushes the rows behind it down, a delete pulls them up."""
    d = 0 if r.side > 0 else 1
    k = np.int64(r.level)
    if r.kind == RESET:
        s.rows[0] = 0
        s.rows[1] = 0
        s.depth_sz[:] = 0
    elif k < ROWS and r.kind == INSERT:
        for j in range(ROWS - 1, k, -1):
            s.depth_px[d, j] = s.depth_px[d, j - 1]
            s.depth_sz[d, j] = s.depth_sz[d, j - 1]
        s.depth_px[d, k] = r.px
        s.depth_sz[d, k] = r.sz
        s.rows[d] = min(s.rows[d] + 1, ROWS)
    elif k < ROWS and r.kind == UPDATE:
        if k < TOP_ROWS:  # most rows are updates: correct the sums by the difference, equal to the bit
            change = r.sz - s.depth_sz[d, k]
            s.ddep += change
            s.dimb += change if d == 0 else -change
        s.depth_px[d, k] = r.px
        s.depth_sz[d, k] = r.sz
        s.rows[d] = max(s.rows[d], k + 1)
        return
    elif k < s.rows[d]:
        for j in range(k, ROWS - 1):
            s.depth_px[d, j] = s.depth_px[d, j + 1]
            s.depth_sz[d, j] = s.depth_sz[d, j + 1]
        s.depth_sz[d, ROWS - 1] = 0
        s.rows[d] -= 1
    s.dimb = 0
    s.ddep = 0
    for j in range(TOP_ROWS):
        s.dimb += s.depth_sz[0, j] - s.depth_sz[1, j]
        s.ddep += s.depth_sz[0, j] + s.depth_sz[1, j]


@njit
def quote(s, r):
    b = s.bar
    b.n += 1
    b.n_quote += 1
    has = np.int64(r.flags & BOTH)
    if has == BOTH:
        mid2 = r.px + r.px2
        if r.px >= r.px2:
            b.n_crossed += 1
        if s.has == BOTH:
            flow = np.int64(0)  # Cont, Kukanov, Stoikov (2014)
            if r.px >= s.bid:
                flow += r.sz
            if r.px <= s.bid:
                flow -= s.bsz
            if r.px2 <= s.ask:
                flow -= r.sz2
            if r.px2 >= s.ask:
                flow += s.asz
            b.ofi += flow
            move = mid2 - s.mid2
            if move != 0:
                b.rv += move * move
                quote_moved(s, move)
        s.mid2 = mid2
    s.bid = r.px
    s.bsz = r.sz
    s.ask = r.px2
    s.asz = r.sz2
    s.has = has


@njit
def phase(s, r, us):
    """A contract enters a phase. An opening begins a fresh bar and forgets the quote; between two open phases nothing is lost."""
    was_open = s.is_open
    if r.level != s.phase:
        s.phase_ns = r.recv_ns
        s.n_heard = 0  # another pace begins
    s.phase = np.int64(r.level)
    s.session = r.px
    s.is_open = np.int64(r.level >= ETH)
    if s.is_open != was_open:
        s.has = 0
        s.last_us = us
        s.is_traced = 0
        begin(s, r.recv_ns)
        s.is_gapped &= s.bar.n == s.gap_n
        s.gap_n = 0
        fresh(s.bar, (s.bar.flags & PRICED) | BROKEN | (OPENED if s.is_open else 0))


@njit(inline="always")
def clock_marks(s, r, t):
    """Count what is odd about a record's times."""
    if r.flags & EVENT_TIME:
        if r.event_ns < s.last_event_ns:
            s.bar.n_back += 1
        else:
            s.last_event_ns = r.event_ns
        if t - r.event_ns > LATE_NS:
            s.bar.n_late += 1


@njit
def touched(s, was_print):
    """Which watches this record touches, as a bit mask. A watch fires once."""
    mask = 0
    for w in range(N_WATCHES):
        d = s.watch_dir[w]
        on = s.watch_on[w]
        if d == 0 or (on == 0 and not was_print) or (on != 0 and not s.has & on):
            continue
        px = s.bar.close if on == 0 else s.bid if on == BID else s.ask
        if (px - s.watch_px[w]) * d >= 0:
            s.watch_dir[w] = 0
            s.n_watch -= 1
            mask |= 1 << w
    return mask


@njit
def close_bars(states, c, bars):
    """Close the bar of every open contract, in slot order. False when nobody is open."""
    any_open = False
    for k in range(c.n_slots):
        s = states[k]
        b = s.bar
        bars[k].t_end = 0
        if not s.is_open:
            continue
        any_open = True
        weigh(s, c.next_ns // 1000)
        b.t_end = c.next_ns
        b.phase = s.phase
        b.session = s.session
        b.bid = s.bid
        b.bsz = s.bsz
        b.ask = s.ask
        b.asz = s.asz
        b.has = s.has
        mark_missing(s)
        judge(s)
        expect(s)
        bars[k] = b
        fresh(b, b.flags & PRICED)
    return any_open


@njit
def history(s, r):
    """Put a bar of history together; True when it is whole. It moves no market state, and begins where its first record says."""
    p = s.past
    if r.level == 0:
        p.contract = s.bar.contract
        p.t_end = r.event_ns
        fresh(p, 0)
        part_of_bar(p, r)
        return False
    part_of_bar(p, r)
    p.session = r.sz2
    p.phase = ETH
    p.quality = 1000
    return True


@njit(inline="always")
def gap(s, us):
    """Nothing of this contract is known until the next quote."""
    weigh(s, us)
    s.bar.flags |= (BROKEN | GAPPED) if s.is_open else BROKEN
    s.is_gapped = 1
    s.gap_n = s.bar.n
    s.has = 0
    s.is_traced = 0
    s.rows[:] = 0
    s.depth_sz[:] = 0
    s.dimb = 0
    s.ddep = 0


@njit
def consume(s, r, t):
    """Let one record move one contract; gives what it did."""
    if r.kind == QUOTE:
        weigh(s, t // 1000)
        clock_marks(s, r, t)
        quote(s, r)
        return PRICE
    if r.kind == PRINT:
        clock_marks(s, r, t)
        before_print(s, r, t)
        s.bar.n += 1
        trade(s.bar, r.px, r.sz, np.int64(r.side))
        return PRICE
    if INSERT <= r.kind <= RESET:
        weigh(s, t // 1000)
        s.bar.n += 1
        s.bar.n_depth += 1
        depth_row(s, r)
        return QUIET
    if r.kind == BAR:
        if (r.flags >> PROVENANCE_SHIFT) & 3 == HISTORY:
            return WHOLE if history(s, r) else QUIET
        imported(s, r, t)
        part_of_bar(s.bar, r)
        return PRICE
    if r.kind == GAP:
        gap(s, t // 1000)
        return QUIET
    if r.kind == PHASE:
        phase(s, r, t // 1000)
        return QUIET
    return ODD


@njit
def fold(recs, i, n, clock, slot_of, states, bars):
    """Fold recs[i:n]; gives (next index << STOP_BITS) | Stop."""
    c = clock[0]
    while i < n:
        r = recs[i]
        t = r.recv_ns
        if t >= c.next_ns:
            c.now_ns = t
            c.cause_seq = r.seq
            if c.next_ns and close_bars(states, c, bars):
                c.t_end = c.next_ns
                c.next_ns += BAR_NS
                return (i << STOP_BITS) | BARRIER
            c.next_ns = t - t % BAR_NS + BAR_NS
        if t < c.last_ns:
            return (i << STOP_BITS) | DISORDER
        c.last_ns = t
        i += 1
        if r.kind == TIME:
            if listen(states, c, t):
                c.now_ns = t
                c.cause_seq = r.seq
                return (i << STOP_BITS) | SILENCE
            continue
        k = slot_of[r.contract] if r.contract < N_IDS else np.int32(-1)
        did = consume(states[k], r, t) if k >= 0 else ODD
        if did == QUIET:
            continue
        stop = END
        if did == ODD:
            return ((i - 1) << STOP_BITS) | UNKNOWN
        if did == WHOLE:
            stop = PAST
            c.fired = r.event_ns - states[k].past.t_end
            states[k].past.t_end = r.event_ns
        elif states[k].n_watch and states[k].is_open:
            mask = touched(states[k], r.kind != QUOTE)
            if mask:
                c.fired = mask
                stop = WATCH
        if stop != END:
            c.fired_slot = k
            c.now_ns = t
            c.cause_seq = r.seq
            return (i << STOP_BITS) | stop
    return (n << STOP_BITS) | END


def _pointer(of):
    return types.CPointer(nb.from_dtype(of) if isinstance(of, np.dtype) else of)


@cfunc(
    types.int64(_pointer(RECORD), types.int64, types.int64, _pointer(CLOCK), _pointer(types.int32), _pointer(STATE), _pointer(RICH)),
    cache=True,
)
def fold_c(recs, i, n, clock, slot_of, states, bars):
    """`fold` for callers with raw addresses."""
    return fold(carray(recs, n), i, n, carray(clock, 1), carray(slot_of, N_IDS), carray(states, MAX_SLOTS), carray(bars, MAX_SLOTS))
