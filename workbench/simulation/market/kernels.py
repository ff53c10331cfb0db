"""The generated market, compiled: random numbers, efficient prices, and one contract's book from second to second. No I/O, no clock.

Rules
-----
1. Every random number comes from a xoshiro256++ state that the caller hands in (Blackman and Vigna 2021, ACM TOMS 47(4)): same state,
   same bytes.
2. An efficient price is a step function of time, one for each leader; quotes follow it when it leaves them, they never move it.
3. Records of one contract that have one `recv_ns` are one change of its book; it ends with the quote if the touch changed. On the way each
   side stays strictly ordered and the sides never meet; before and after it, row 0 is the quote. `recv_ns` rises from change to change.
4. A row's price is the touch minus (bid) or plus (ask) its level: no empty rows in between.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numba import njit, types

from workbench.domain.records import ASK, BID, EVENT_TIME, PROVENANCE_SHIFT, RECORD, Kind, Provenance

QUOTE, PRINT, INSERT, UPDATE, DELETE, RESET = (
    int(k) for k in (Kind.QUOTE, Kind.PRINT, Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET)
)
STAMP = EVENT_TIME | (int(Provenance.GENERATED) << PROVENANCE_SHIFT)
SECOND = 1_000_000_000
SLOWEST_HZ = 1e-6  # a rate of 0 would divide by it

# what one contract obeys; times in ns, prices in ticks (order increments) unless they say otherwise
WHOLE = ("contract", "tick", "rows", "lot", "spread_ticks", "lead_ns", "step_ns", "start_ns", "latency_ns")
REAL = (
    "tick_pts", "ratio", "basis_frac", "slack_ticks", "top_size", "print_size", "pull", "take_frac", "excitement", "excitement_s",
)  # fmt: skip
RULES = np.dtype([(name, "<i8") for name in WHOLE] + [(name, "<f8") for name in REAL])

# numbers of the book that no setting moves
P_PRINT, P_TOP = 0.65, 0.85  # an event is a print, a new size at the touch, or (the rest) a new size further down
P_HEAL = 0.6  # an event closes a spread that is wider than usual
P_WIDER = 0.4  # a wide quote is one tick wider still
MOST_WIDE = 8  # ticks above the usual spread
DEEPER = 0.5  # a row holds so much more than the one before it, up to four rows down
SIZE_SD, PRINT_SD = 0.45, 0.9  # of log size
LEAN = 0.9  # how far sizes at the touch lean to where the efficient price is
P_ODD = 0.35  # a print of a contract with lots is not of whole lots
OPENING_NS = 50e6  # the first book of a span comes within this
BASIS_S = 20.0  # s; a follower's distance from its leader forgets itself by 1/e
P_EXCITING = 0.8  # of the events that excite further ones, about
SHOCK_TICKS = 4  # quotes that have to go as far come back wide, half of the time


@njit(types.uint64(types.uint64[::1]), cache=True)
def draw(s):
    """Draw 64 random bits: xoshiro256++ 1.0."""
    x = s[0] + s[3]
    out = ((x << np.uint64(23)) | (x >> np.uint64(41))) + s[0]
    t = s[1] << np.uint64(17)
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = (s[3] << np.uint64(45)) | (s[3] >> np.uint64(19))
    return out


@njit(types.float64(types.uint64[::1]), cache=True)
def uniform(s):
    """Draw from [0, 1)."""
    return np.float64(np.int64(draw(s) >> np.uint64(11))) * 2.0**-53


@njit(types.float64(types.uint64[::1]), cache=True)
def normal(s):
    """Draw from the standard normal distribution: Marsaglia's polar method, the second of the pair dropped."""
    while True:
        x = 2.0 * uniform(s) - 1.0
        y = 2.0 * uniform(s) - 1.0
        q = x * x + y * y
        if 0.0 < q < 1.0:
            return x * np.sqrt(-2.0 * np.log(q) / q)


@njit(types.float64(types.uint64[::1]), cache=True)
def exponential(s):
    """Draw from the exponential distribution with mean 1."""
    return -np.log(1.0 - uniform(s))


@njit(types.void(types.uint64[::1], types.float64, types.float64[::1]), cache=True)
def wander(s, keep, out):
    """Fill `out` with a mean-reverting walk of variance 1 that keeps the part `keep` of itself from cell to cell."""
    fresh = np.sqrt(1.0 - keep * keep)
    x = normal(s)
    for k in range(len(out)):
        out[k] = x
        x = keep * x + fresh * normal(s)


@njit(types.void(types.uint64[::1], types.float64[::1], types.float64[::1], types.float64, types.float64, types.float64[::1]), cache=True)
def moves(s, vol, drift, jumps, jump_s, out):
    """Fill `out` with the log moves of one factor, step by step.

    `vol` and `drift` are the standard deviation and mean of each second's move. ``jumps * vol`` is the chance of a jump in a second, whose
    standard deviation is that of ``jump_s`` seconds.
    """
    n = len(out) // len(vol)
    for k in range(len(vol)):
        step = vol[k] / np.sqrt(n)
        for j in range(k * n, k * n + n):
            out[j] = drift[k] / n + step * normal(s)
        if uniform(s) < jumps * vol[k]:
            out[k * n + min(np.int64(uniform(s) * n), n - 1)] += np.sqrt(jump_s) * vol[k] * normal(s)


@njit(inline="always")
def put(out, at, rules, kind, side, level, px, sz):
    """Write one record of the change under way; `at` holds how many there are, `event_ns`, `recv_ns`."""
    r = out[at[0]]
    r.event_ns = at[1]
    r.recv_ns = at[2]
    r.px = px * rules.tick
    r.sz = sz
    r.contract = rules.contract
    r.kind = kind
    r.side = side
    r.level = level
    r.flags = STAMP
    at[0] += 1


@njit(inline="always")
def quote(out, at, rules, best, sizes):
    put(out, at, rules, QUOTE, 0, 0, best[0], sizes[0, 0])
    r = out[at[0] - 1]
    r.px2 = best[1] * rules.tick
    r.sz2 = sizes[1, 0]
    r.flags = STAMP | BID | ASK


@njit
def some(s, rules, level, scale):
    """Draw the size of a row."""
    mean = rules.top_size * scale * (1.0 + DEEPER * min(level, 4))
    lots = np.int64(mean * np.exp(SIZE_SD * normal(s) - 0.5 * SIZE_SD * SIZE_SD) / rules.lot + 0.5)
    return max(lots, 1) * rules.lot


@njit
def shift(out, at, rules, best, sizes, s, scale, d, k):
    """Move side `d` (0 bid, 1 ask) by `k` ticks: above 0 towards the other side. Few ticks by rows that come and go, many by new rows."""
    side = 1 - 2 * d
    rows = rules.rows
    last = sizes.shape[1] - 1
    if 2 * abs(k) >= rows:
        best[d] += side * k
        for i in range(last + 1):
            level = i if k > 0 else last - i  # the end that makes room goes first
            sizes[d, level] = some(s, rules, level, scale)
            if rows:
                put(out, at, rules, UPDATE, side, level, best[d] - side * level, sizes[d, level])
        return
    for _ in range(abs(k)):
        gone, new = (last, 0) if k > 0 else (0, last)
        put(out, at, rules, DELETE, side, gone, best[d] - side * gone, sizes[d, gone])
        if k > 0:
            best[d] += side
            for i in range(last, 0, -1):
                sizes[d, i] = sizes[d, i - 1]
        else:
            best[d] -= side
            for i in range(last):
                sizes[d, i] = sizes[d, i + 1]
        sizes[d, new] = some(s, rules, new, scale)
        put(out, at, rules, INSERT, side, new, best[d] - side * new, sizes[d, new])


@njit
def requote(out, at, rules, best, sizes, s, scale, bid, ask):
    """Bring the quotes to `bid` and `ask`: first the side that makes room, then the other."""
    up, down = bid - best[0], best[1] - ask
    if up < 0:
        shift(out, at, rules, best, sizes, s, scale, 0, up)
    if down < 0:
        shift(out, at, rules, best, sizes, s, scale, 1, down)
    if up > 0:
        shift(out, at, rules, best, sizes, s, scale, 0, up)
    if down > 0:
        shift(out, at, rules, best, sizes, s, scale, 1, down)
    quote(out, at, rules, best, sizes)


@njit
def whole_book(out, at, rules, best, sizes, s, scale):
    """Send all rows and the quote: an opening."""
    if rules.rows:
        put(out, at, rules, RESET, 0, 0, 0, 0)
    for d in range(2):
        for level in range(sizes.shape[1]):
            sizes[d, level] = some(s, rules, level, scale)
            if rules.rows:
                put(out, at, rules, INSERT, 1 - 2 * d, level, best[d] - (1 - 2 * d) * level, sizes[d, level])
    quote(out, at, rules, best, sizes)


@njit
def resize(out, at, rules, best, sizes, d, level, size):
    sizes[d, level] = size
    if rules.rows:
        put(out, at, rules, UPDATE, 1 - 2 * d, level, best[d] - (1 - 2 * d) * level, size)
    quote(out, at, rules, best, sizes)


@njit
def trade(out, at, rules, best, sizes, s, scale, d, wanted):
    """Print at side `d` of the book, at most what is shown; a touch of which no whole lot is left goes."""
    size = min(wanted, sizes[d, 0])
    put(out, at, rules, PRINT, 2 * d - 1, 0, best[d], size)
    left = (sizes[d, 0] - size) // rules.lot * rules.lot
    if left > 0:
        resize(out, at, rules, best, sizes, d, 0, left)
    elif best[1] - best[0] < rules.spread_ticks + MOST_WIDE:
        shift(out, at, rules, best, sizes, s, scale, d, -1)
        quote(out, at, rules, best, sizes)
    else:
        resize(out, at, rules, best, sizes, d, 0, some(s, rules, 0, scale))


@njit
def print_size(s, rules, scale):
    size = np.int64(rules.print_size * scale * np.exp(PRINT_SD * normal(s) - 0.5 * PRINT_SD * PRINT_SD) + 0.5)
    if rules.lot > 1 and uniform(s) > P_ODD:
        size = (size + rules.lot // 2) // rules.lot * rules.lot
    return max(size, 1)


@njit
def around(s, rules, fair, wide_frac, was_shocked):
    """Choose the quotes for an efficient price (in ticks): the usual spread or, at times, a wider one, `fair` in the middle tick."""
    spread = rules.spread_ticks
    if uniform(s) < (0.5 if was_shocked else wide_frac):
        spread += 1
        while spread < rules.spread_ticks + MOST_WIDE and uniform(s) < P_WIDER:
            spread += 1
    bid = np.int64(np.floor(fair - 0.5 * (spread - 1)))
    return bid, bid + spread


@njit
def an_event(out, at, rules, best, sizes, s, scale, volume, fair, wide_frac, tilt):
    """Let one thing happen to the book, knowing the efficient price; say whether it excites more."""
    usual = best[1] - best[0] <= rules.spread_ticks
    off = max(fair - best[1], best[0] - fair)
    if off > rules.slack_ticks or (not usual and uniform(s) < P_HEAL):
        bid, ask = around(s, rules, fair, wide_frac if usual else 0.0, off > SHOCK_TICKS)
        d = 1 if fair > best[1] else 0
        if off > 0 and uniform(s) < rules.take_frac:
            put(out, at, rules, PRINT, 2 * d - 1, 0, best[d], min(sizes[d, 0], 2 * print_size(s, rules, volume)))
        if bid != best[0] or ask != best[1]:
            requote(out, at, rules, best, sizes, s, scale, bid, ask)
            return True
        resize(out, at, rules, best, sizes, d, 0, some(s, rules, 0, scale))
        return False
    where = 2.0 * min(max((fair - best[0]) / (best[1] - best[0]), 0.0), 1.0) - 1.0  # -1 at the bid, 1 at the ask
    u = uniform(s)
    if u < P_PRINT:
        d = 1 if uniform(s) < 0.5 + 0.5 * np.tanh(tilt + rules.pull * where) else 0
        trade(out, at, rules, best, sizes, s, scale, d, print_size(s, rules, volume))
        return True
    d = 1 if uniform(s) < 0.5 else 0
    if u < P_TOP or rules.rows < 2:
        size = (sizes[d, 0] + some(s, rules, 0, scale * np.exp(LEAN * where * (0.5 - d)))) // (2 * rules.lot) * rules.lot
        size = max(size, rules.lot)
        resize(out, at, rules, best, sizes, d, 0, size if size != sizes[d, 0] else size + rules.lot)
    else:
        level = 1 + min(np.int64(uniform(s) * (rules.rows - 1)), rules.rows - 2)
        sizes[d, level] = some(s, rules, level, scale)
        put(out, at, rules, UPDATE, 1 - 2 * d, level, best[d] - (1 - 2 * d) * level, sizes[d, level])
    return False


@njit
def stamp(s, rules, at, event_ns):
    """Set the time of the next change: known a little later than it happened, and after the one before."""
    half = 0.5 * rules.latency_ns
    at[1] = event_ns
    at[2] = max(at[2] + 1, event_ns + 1 + np.int64(half + half * exponential(s)))


@njit
def next_event(s, rules, rates, t, end, excited):
    """Wait for the next event; give its time (`end` or later: none), and what is left of the excitement by then.

    The calm rate changes each second, the excited part fades within it: thinning, Ogata (1981), IEEE Trans. Information Theory 27(1).
    """
    while t < end:
        k = min((t - rules.start_ns) // SECOND, len(rates) - 1)
        calm = rates[k] * (1.0 - rules.excitement)
        rate = max(calm + excited, SLOWEST_HZ)
        wait = np.int64(exponential(s) / rate * SECOND) + 1
        to_next_s = rules.start_ns + (k + 1) * SECOND - t
        is_over = wait < to_next_s or to_next_s <= 0
        if not is_over:
            wait = to_next_s
        t += wait
        excited *= np.exp(-wait / (SECOND * rules.excitement_s))
        if is_over and uniform(s) * rate < calm + excited:
            break
    return t, excited


@njit
def efficient(s, rules, path, t, basis, passed_ns):
    """Give the price in ticks that this contract follows at `t`, and how far it now is from its leader's (a fraction)."""
    lapse = np.exp(-passed_ns / (SECOND * BASIS_S))
    basis = basis * lapse + rules.basis_frac * np.sqrt(1.0 - lapse * lapse) * normal(s)
    seen = min(max((t - rules.lead_ns - rules.start_ns) // rules.step_ns, 0), len(path) - 1)
    return path[seen] * rules.ratio / rules.tick_pts * (1.0 + basis), basis


@njit(
    types.int64(
        nb.from_dtype(RECORD)[::1], nb.from_dtype(RULES)[::1], types.int64[:, ::1], types.uint64[::1], types.float64[::1],
        types.float64[:, ::1],
    ),
    cache=True,
)  # fmt: skip
def keep_book(out, rules_of_one, spans, s, path, by_second):
    """Write one contract's records of a session into `out`.

    Parameters
    ----------
    out
        Zeros; as many as there may be.
    rules_of_one
        One row of RULES.
    spans
        Start and end (ns) of each time it is open.
    s
        Random state; is moved on.
    path
        The leader's efficient price in points, a step each.
    by_second
        Rows: events a second, tilt of the aggressor, factor on print sizes, factor on row sizes, share of wide quotes.

    Returns
    -------
    int
        Records written; -1 when `out` is too short.
    """
    rules = rules_of_one[0]
    best = np.zeros(2, np.int64)
    sizes = np.zeros((2, max(rules.rows, 1)), np.int64)
    at = np.zeros(3, np.int64)
    room = 4 * (2 * sizes.shape[1] + 4)
    basis = 0.0
    for span in range(len(spans)):
        start, end = spans[span, 0], spans[span, 1]
        t, before, excited = start + 1 + np.int64(uniform(s) * OPENING_NS), start, 0.0  # not everybody opens in the same instant
        while t < end:
            stamp(s, rules, at, t)
            if at[2] >= end:
                break
            if at[0] + room > len(out):
                return -1
            k = (t - rules.start_ns) // SECOND
            fair, basis = efficient(s, rules, path, t, basis, t - before)
            if before == start:
                best[0], best[1] = around(s, rules, fair, by_second[4, k], False)
                whole_book(out, at, rules, best, sizes, s, by_second[3, k])
            elif an_event(out, at, rules, best, sizes, s, by_second[3, k], by_second[2, k], fair, by_second[4, k], by_second[1, k]):
                excited += rules.excitement / (rules.excitement_s * P_EXCITING)
            before = t
            t, excited = next_event(s, rules, by_second[0], t, end, excited)
    return at[0]
