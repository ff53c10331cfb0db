"""The decoder: frames of market data, as a socket brings them, become records. Integers only; one compiled function; no I/O, no clock.

Rules
-----
1. Bytes may be cut anywhere: what is decoded is a whole frame, and each frame by itself; nothing depends on where a chunk ends.
2. A number is read from its decimal text, exactly; what is off the contract's grid is told and not recorded.
3. Room in the ring is asked for as `intake.Intake` does.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numba import carray, cfunc, njit, types

from workbench.domain.records import ASK, BID, EVENT_TIME, RECORD, Kind
from workbench.market.state import N_IDS
from workbench.venues.ib.decimals.kernels import DONE, EMPTY, LIM, MALFORMED, price, size, skip, whole
from workbench.venues.ib.intake import LAST_NS
from workbench.venues.ib.level1.kernels import aggressor, level1, write
from workbench.venues.ib.streams import (
    FRAME_FROM,
    FRAME_TO,
    FREE,
    IS_OPEN,
    LAST_QUOTE,
    LIMIT,
    N_BAD,
    N_FRAMES,
    N_HOT,
    N_ROWS,
    N_STRAY,
    NOTICE_BITS,
    PRINTS,
    QUOTES,
    ROW,
    STREAM,
    Notice,
    Source,
)

QUOTE, PRINT, INSERT = int(Kind.QUOTE), int(Kind.PRINT), int(Kind.DEPTH_INSERT)
LAST, MID, DEPTH, ENDED = int(Source.LAST), int(Source.MID), int(Source.DEPTH), int(Source.ENDED)
END, FRAME, TOO_LONG, DELAYED = int(Notice.END), int(Notice.FRAME), int(Notice.TOO_LONG), int(Notice.DELAYED)
BROKEN = int(Notice.BROKEN)
NUL = 0
NS = 1_000_000_000


@njit
def tick_by_tick(buf, at, end, out, s, last):
    """Read a tickByTick, from its type on."""
    which, at, how = whole(buf, at, end, NUL)
    if at < 0 or how != DONE:
        return MALFORMED
    seconds, at, how = whole(buf, at, end, NUL)
    if at < 0 or how != DONE or abs(seconds) > LIM // NS:
        return MALFORMED
    px, at, how = price(buf, at, end, NUL, s)
    if at < 0 or how in (MALFORMED, EMPTY):
        return MALFORMED
    if which == 4:
        return DONE  # a middle is often off the grid
    if which == 3:
        return quote_by_tick(buf, at, end, px, how, seconds, out, s, last)
    sz, at, how_sz = size(buf, at, end, NUL, s)
    if at < 0 or how_sz == MALFORMED or which not in (1, 2):
        return MALFORMED
    mask, at, how_mask = whole(buf, at, end, NUL)
    if at < 0 or how_mask != DONE:
        return MALFORMED
    for _ in range(2):
        at = skip(buf, at, end, NUL)
        if at < 0:
            return MALFORMED
    if how != DONE or how_sz != DONE:
        return max(how, how_sz)
    if s.emits & PRINTS and sz > 0:
        q = last[s.contract]
        if q.by_tick == 0:
            q.by_tick = 1
            q.tick_px = px
            q.tick_sz = sz
            q.tick_s = seconds
            q.tick_ns = out[4]
        q.traded_ns = seconds * NS + NS - 1
        side = 0 if mask & 2 else aggressor(q, px)  # an unreported trade was not made at the quote
        write(out, s, PRINT, px, sz, 0, 0, seconds * NS, side, 0, EVENT_TIME)
    return DONE


@njit
def quote_by_tick(buf, at, end, bid, how, seconds, out, s, last):
    """Read BidAsk, from the ask on. A side that cannot be told is absent."""
    ask, at, how_ask = price(buf, at, end, NUL, s)
    if at < 0 or how_ask in (MALFORMED, EMPTY):
        return MALFORMED
    bid_sz, at, how_bs = size(buf, at, end, NUL, s)
    if at < 0 or how_bs == MALFORMED:
        return MALFORMED
    ask_sz, at, how_as = size(buf, at, end, NUL, s)
    if at < 0 or how_as == MALFORMED or skip(buf, at, end, NUL) < 0:
        return MALFORMED
    if bid_sz == 0 and how_bs == DONE:
        how = DONE  # a price without size is none, -1 mostly
    if ask_sz == 0 and how_as == DONE:
        how_ask = DONE
    has = 0
    if how == DONE and how_bs == DONE and bid_sz > 0:
        has |= BID
    else:
        bid = bid_sz = 0
    if how_ask == DONE and how_as == DONE and ask_sz > 0:
        has |= ASK
    else:
        ask = ask_sz = 0
    if s.emits & QUOTES:
        q = last[s.contract]
        q.bid = bid
        q.ask = ask
        q.has = has
        write(out, s, QUOTE, bid, bid_sz, ask, ask_sz, seconds * NS, 0, 0, has | EVENT_TIME)
    return max(max(how, how_ask), max(how_bs, how_as))


@njit
def depth(buf, at, end, is_second, out, s):
    """A row of the book, from its position on: position|(maker)|operation|side|price|size."""
    level, at, how = whole(buf, at, end, NUL)
    if at < 0 or how != DONE:
        return MALFORMED
    if is_second:
        at = skip(buf, at, end, NUL)
        if at < 0:
            return MALFORMED
    operation, at, how_op = whole(buf, at, end, NUL)
    if at < 0 or how_op != DONE:
        return MALFORMED
    side, at, how_side = whole(buf, at, end, NUL)
    if at < 0 or how_side != DONE:
        return MALFORMED
    if operation < 0 or operation > 2 or side < 0 or side > 1 or level < 0 or level > 255:
        return MALFORMED
    px, at, how = price(buf, at, end, NUL, s)
    if at < 0 or how == MALFORMED:
        return MALFORMED
    sz, at, how_sz = size(buf, at, end, NUL, s)
    if at < 0 or how_sz == MALFORMED or (is_second and skip(buf, at, end, NUL) < 0):
        return MALFORMED
    if operation == 2:
        px = sz = 0  # of a row that goes, nothing but its place counts
    elif how != DONE or how_sz != DONE:
        return MALFORMED if how == EMPTY else max(how, how_sz)
    if s.is_broken:
        return DONE
    if not write(out, s, INSERT + operation, px, sz, 0, 0, 0, 1 if side else -1, level, 0):
        return BROKEN
    return DONE


@njit(inline="always")
def row_of(rows, req_id):
    """Place of a request in the table, -1 if it is not ours."""
    k = req_id & (N_ROWS - 1)
    for _ in range(N_ROWS):
        if rows[k].req_id == req_id:
            return k
        if rows[k].req_id == FREE:
            return -1
        k = (k + 1) & (N_ROWS - 1)
    return -1


@njit
def hot(buf, at, end, which, out, rows, last, control):
    """Decode one message of market data, from behind its id on; FRAME when its request is not ours."""
    if which != 99:
        at = skip(buf, at, end, NUL)  # a version that nobody reads
    if at < 0:
        return MALFORMED
    req_id, at, how = whole(buf, at, end, NUL)
    if at < 0 or how != DONE:
        return MALFORMED
    k = row_of(rows, req_id) if req_id >= 0 else -1
    if k < 0:
        return FRAME
    control[ROW] = k
    s = rows[k]
    if s.source == ENDED:
        control[N_STRAY] += 1
        return DONE
    if which == 58:
        return did(s, level1(buf, at, end, which, out, s, last, control), out[4])
    by_tick = LAST <= s.source <= MID
    if (which == 99) != by_tick or (which in (12, 13)) != (s.source == DEPTH):
        return did(s, MALFORMED, out[4])
    if which == 99:
        return did(s, tick_by_tick(buf, at, end, out, s, last), out[4])
    if s.source == DEPTH:
        return did(s, depth(buf, at, end, which == 13, out, s), out[4])
    return did(s, level1(buf, at, end, which, out, s, last, control), out[4])


@njit(inline="always")
def did(s, notice, now):
    """Count what a message did to its stream. A book that lost a row is broken."""
    if notice == DELAYED:
        return notice
    s.n_messages += 1
    s.last_ns = now
    if notice >= BROKEN:
        s.n_bad += 1
        if s.source == DEPTH and not s.is_broken:
            s.is_broken = 1
    return notice


@njit(inline="always")
def is_market_data(which):
    return 1 <= which <= 2 or 12 <= which <= 13 or 45 <= which <= 46 or which in (58, 99)


@njit
def decode(buf, at, n, control, out, rows, last):
    """Decode frames from `at` on; gives (behind the last one << NOTICE_BITS) | Notice."""
    while True:
        if n - at < 4:
            return (at << NOTICE_BITS) | END
        length = (np.int64(buf[at]) << 24) | (np.int64(buf[at + 1]) << 16) | (np.int64(buf[at + 2]) << 8) | np.int64(buf[at + 3])
        if length > control[LIMIT]:
            return (at << NOTICE_BITS) | TOO_LONG
        begin = at + 4
        end = begin + length
        if end > n:
            return (at << NOTICE_BITS) | END
        notice = FRAME
        control[ROW] = -1
        which, after, how = whole(buf, begin, end, NUL)
        if control[IS_OPEN] and how == DONE and is_market_data(which):
            notice = hot(buf, after, end, which, out, rows, last, control)
        if notice == DELAYED:
            return (at << NOTICE_BITS) | DELAYED
        control[N_FRAMES] += 1
        at = end
        if notice != FRAME:
            control[N_HOT] += 1
        if notice == DONE:
            continue
        control[FRAME_FROM] = begin
        control[FRAME_TO] = end
        if notice >= MALFORMED:
            control[N_BAD] += 1
        return (at << NOTICE_BITS) | notice


def _pointer(of):
    return types.CPointer(nb.from_dtype(of) if isinstance(of, np.dtype) else of)


@cfunc(
    types.int64(
        _pointer(types.uint8),
        types.int64,
        types.int64,
        types.int64,
        _pointer(types.int64),
        _pointer(RECORD),
        types.int64,
        _pointer(types.int64),
        _pointer(types.uint8),
        _pointer(STREAM),
        _pointer(LAST_QUOTE),
    ),
    cache=True,
)
def decode_c(buf, at, n, now, control, ring, capacity, state, lost, rows, last):
    """`decode` for callers with raw addresses; `now` is the stamp, clamped never to fall."""
    kept = carray(state, 8)
    stamp = max(now, kept[LAST_NS])
    kept[LAST_NS] = stamp
    out = (carray(ring, capacity), capacity, kept, carray(lost, N_IDS), stamp)
    return decode(carray(buf, n), at, n, carray(control, 16), out, carray(rows, N_ROWS), carray(last, N_IDS))
