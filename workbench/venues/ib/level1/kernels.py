"""Level 1: prices, sizes and RTVolume of a market data line become quotes and prints. Compiled; also how a record is written at all.

Rules
-----
1. A side without size is not there. A price of -1 without size means *none*; with a size it is a price.
2. A bid that reaches the ask waits for the ask, and the other way round: the sides of one change come one after another.
3. What changes nothing is not told. All of it is conflated, but for a single trade of RTVolume.
4. The first last price is that of a trade before the request: no print. RTVolume's first one, if it is older than the request, and each
   one that is older by more than clocks differ, is a print only if its contract's last print is older still: then it was made while nobody
   listened. One that says time, price and size of the one before, and no more volume of the day, tells no trade again: TWS tells how it
   stands once more when a line, a link or a farm is back, and when a day begins.
5. Where a stream tick by tick begins beside the line, the line tells trades up to the one that the stream began with, and that one and all
   behind it no more: it is known by price, size and time to the second, or by the first trade that is two seconds younger. Within
   `OVERLAP_NS` whoever keeps the streams tells the line to print no more; if not, it prints again.
6. Open interest and the day's volume are told when they are first known; then when open interest changes, when volume has grown by a
   `STEP` of what was told or begins anew, and at most once a minute. What of them cannot be read is let go: it was never told.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME, Kind
from workbench.domain.units import MINUTE
from workbench.venues.ib.decimals.kernels import DONE, EMPTY, HUGE, LIM, MALFORMED, decimal, price, quanta, size, skip, whole
from workbench.venues.ib.intake import FREED, N_DROPPED, N_LOST, RESERVE, WRITTEN
from workbench.venues.ib.streams import N_IGNORED, PRINTS, QUOTES, RT_VOLUME, VALUE, Notice

BOTH = BID | ASK
QUOTE, PRINT = int(Kind.QUOTE), int(Kind.PRINT)
DELAYED, DATA_TYPE, HALTED, TOLD = int(Notice.DELAYED), int(Notice.DATA_TYPE), int(Notice.HALTED), int(Notice.TOLD)
VOLATILITY = int(Notice.VOLATILITY)
STEP = 16  # volume that has grown by so small a part is told anew
VOLUME, DELAYED_VOLUME, OPEN_INTEREST, FUTURES_OPEN_INTEREST, IMPLIED, HALT = 8, 74, 22, 86, 24, 49  # tick types
MILLIONTHS = 6  # decimals of an implied volatility that are told
MOST_DIGITS = 10**12  # of one; with more it is none
NUL, SEMICOLON = 0, 59
NS_MS = 1_000_000
MS_S = 1_000
APART_NS = 5_000_000_000  # clocks that differ by more trade nothing
OVERLAP_NS = 3_000_000_000  # the streams are looked at each second


@njit
def write(out, s, kind, px, sz, px2, sz2, event_ns, side, level, flags):
    """Append a record, or note that its contract lost one."""
    ring, capacity, state, lost, now = out
    contract = s.contract
    needed = 1 if kind == PRINT else capacity // RESERVE
    if lost[contract] or capacity - (state[WRITTEN] - state[FREED]) < needed:
        state[N_DROPPED] += 1
        if not lost[contract]:
            lost[contract] = 1
            state[N_LOST] += 1
        return False
    r = ring[state[WRITTEN] % capacity]
    r.seq = 0
    r.recv_ns = now
    r.event_ns = event_ns
    r.px = px
    r.sz = sz
    r.px2 = px2
    r.sz2 = sz2
    r.contract = contract
    r.kind = kind
    r.side = side
    r.level = level
    r.flags = flags
    state[WRITTEN] += 1
    return True


@njit
def tell_quote(out, s, last):
    """Write the level 1 quote as it stands, unless it was written already."""
    has = 0
    if s.known & BID and s.bid_sz > 0:
        has |= BID
    if s.known & ASK and s.ask_sz > 0:
        has |= ASK
    bid = s.bid if has & BID else 0
    bid_sz = s.bid_sz if has & BID else 0
    ask = s.ask if has & ASK else 0
    ask_sz = s.ask_sz if has & ASK else 0
    if has == s.out_has and bid == s.out_bid and bid_sz == s.out_bid_sz and ask == s.out_ask and ask_sz == s.out_ask_sz:
        return
    if not s.emits & QUOTES or (s.out_has == -1 and has == 0):
        return
    q = last[s.contract]
    q.bid = bid
    q.ask = ask
    q.has = has
    s.out_has = has if write(out, s, QUOTE, bid, bid_sz, ask, ask_sz, 0, 0, 0, has | CONFLATED) else -1
    s.out_bid = bid
    s.out_bid_sz = bid_sz
    s.out_ask = ask
    s.out_ask_sz = ask_sz


@njit(inline="always")
def aggressor(q, px):
    """Who traded into whom, by the last quote: +1 at the ask or beyond, -1 at the bid or beyond, 0 between, locked or not known."""
    up = q.has & ASK and px >= q.ask
    down = q.has & BID and px <= q.bid
    return 0 if up and down else 1 if up else -1 if down else 0


@njit
def move_side(out, s, last, side, is_price):
    """A side of the level 1 quote changed: tell it, or wait for the other side when the two cross."""
    crossed = s.known == BOTH and s.bid_sz > 0 and s.ask_sz > 0 and s.bid >= s.ask
    if crossed and s.held == 0 and is_price and s.out_has == BOTH and s.out_bid < s.out_ask:
        s.held = side
        return
    if crossed and s.held == side and not is_price:
        return
    if not crossed or s.held != side:
        s.held = 0
    tell_quote(out, s, last)


@njit
def set_price(s, side, px, known):
    if side == BID:
        s.bid = px
    else:
        s.ask = px
    s.known = (s.known | side) if known else (s.known & ~side)


@njit
def level1_price(buf, at, end, base, out, s, last):
    """tickPrice, from its price on: price|size|attributes."""
    digits, scale, at, how = decimal(buf, at, end, NUL)
    if at < 0 or how == MALFORMED:
        return MALFORMED
    sz, at, how_sz = size(buf, at, end, NUL, s)
    if at < 0 or how_sz == MALFORMED or skip(buf, at, end, NUL) < 0:
        return MALFORMED
    if how == EMPTY:
        return DONE
    is_none = sz == 0 and how_sz == DONE and (how == HUGE or (digits == -1 and scale == 0))
    px = np.int64(0)
    if is_none:
        how = DONE
    elif how == DONE:
        px, how = quanta(digits, scale, s.px_mul, s.px_div)
    if base == 4:
        if is_none or how != DONE or how_sz != DONE:
            return max(how, how_sz)
        is_first = s.n_last == 0
        s.n_last += 1
        s.last_px = px
        s.last_sz = sz
        s.is_echo = 1
        if sz > 0 and not is_first and s.emits & PRINTS and not s.emits & RT_VOLUME:
            write(out, s, PRINT, px, sz, 0, 0, 0, aggressor(last[s.contract], px), 0, CONFLATED)
        return DONE
    side = BID if base == 1 else ASK
    set_price(s, side, px, how == DONE and how_sz == DONE and not is_none)
    if side == BID:
        s.bid_sz = sz
    else:
        s.ask_sz = sz
    move_side(out, s, last, side, True)
    return max(how, how_sz)


@njit
def level1_size(buf, at, end, base, out, s, last):
    """tickSize, from its size on."""
    sz, at, how = size(buf, at, end, NUL, s)
    if at < 0 or how == MALFORMED:
        return MALFORMED
    if base == 5:
        if how != DONE:
            return how
        is_new = sz > 0 and s.n_last > 0 and not (s.is_echo and sz == s.last_sz)
        s.is_echo = 0
        s.last_sz = sz
        if is_new and s.emits & PRINTS and not s.emits & RT_VOLUME:
            write(out, s, PRINT, s.last_px, sz, 0, 0, 0, aggressor(last[s.contract], s.last_px), 0, CONFLATED)
        return DONE
    side = BID if base == 0 else ASK
    if side == BID:
        s.bid_sz = sz
    else:
        s.ask_sz = sz
    move_side(out, s, last, side, False)
    return how


@njit
def is_told_by_tick(q, px, sz, seconds, now):
    """Tell whether a trade that the line tells has been told tick by tick (rule 5)."""
    if q.by_tick == 0 or now - q.tick_ns > OVERLAP_NS:
        return False
    if q.by_tick == 1 and (seconds > q.tick_s + 1 or (px == q.tick_px and sz == q.tick_sz and abs(seconds - q.tick_s) <= 1)):
        q.by_tick = 2
    return q.by_tick == 2


@njit
def rt_volume(buf, at, end, out, s, last):
    """RTVolume: ``price;size;milliseconds;volume;vwap;single``. Without a price it is a volume only; older than the request, it is old."""
    px, at, how = price(buf, at, end, SEMICOLON, s)
    if at < 0 or how == MALFORMED:
        return MALFORMED
    sz, at, how_sz = size(buf, at, end, SEMICOLON, s)
    if at < 0 or how_sz == MALFORMED:
        return MALFORMED
    ms, at, how_ms = whole(buf, at, end, SEMICOLON)
    if at < 0 or how_ms != DONE or ms > LIM // NS_MS:
        return MALFORMED
    volume, _, how_volume = size(buf, at, end, SEMICOLON, s)
    for _ in range(2):
        at = skip(buf, at, end, SEMICOLON)
        if at < 0:
            return MALFORMED
    if skip(buf, at, end, NUL) < 0:
        return MALFORMED
    if how == EMPTY or (sz == 0 and how_sz == DONE):
        return DONE
    if how != DONE or how_sz != DONE:
        return max(how, how_sz)
    q = last[s.contract]
    before_ns = s.opened_ns - ms * NS_MS
    is_old = before_ns > (0 if s.n_rt == 0 else APART_NS) and (q.traded_ns == 0 or ms * NS_MS <= q.traded_ns)
    s.n_rt += 1
    s.n_last += 1
    if how_volume == DONE and 0 < q.rt_volume >= volume and ms == q.rt_ms and px == q.rt_px and sz == q.rt_sz:
        return DONE
    q.rt_ms = ms
    q.rt_px = px
    q.rt_sz = sz
    q.rt_volume = volume if how_volume == DONE else 0
    if not is_old and s.emits & PRINTS and not is_told_by_tick(q, px, sz, ms // MS_S, out[4]):
        q.traded_ns = ms * NS_MS
        flags = EVENT_TIME if buf[at] == 116 else EVENT_TIME | CONFLATED  # "true": a single trade
        write(out, s, PRINT, px, sz, 0, 0, ms * NS_MS, aggressor(q, px), 0, flags)
    return DONE


@njit
def amount(buf, at, end, kind, s, now, control):
    """Read a tickSize of what is open or was traded today, from its size on: TOLD when it is worth telling (rule 6)."""
    is_empty = at < end and buf[at] == NUL  # no number is not 0
    sz, at, how = size(buf, at, end, NUL, s)
    if is_empty or at < 0 or how != DONE or sz < 0:
        control[N_IGNORED] += 1
        return DONE
    if kind in (VOLUME, DELAYED_VOLUME):
        s.volume = sz
    else:
        s.open_interest = sz
    told = s.told_volume
    is_first = (s.volume >= 0 and told < 0) or (s.open_interest >= 0 and s.told_open_interest < 0)
    is_news = s.open_interest != s.told_open_interest or s.volume < told or s.volume >= told + max(told // STEP, 1)
    if not is_news or (not is_first and now - s.told_ns < MINUTE):
        return DONE
    s.told_open_interest = s.open_interest
    s.told_volume = s.volume
    s.told_ns = now
    return TOLD


@njit(inline="always")
def base_of(kind):
    """The live tick type that a type stands for (delayed ones are 66 and up), -1 when it is none that is recorded."""
    if kind == 69:
        return 0
    if 66 <= kind <= 67:
        return kind - 65
    if kind == 68:
        return 4
    if kind == 70:
        return 3
    if kind == 71:
        return 5
    return kind if 0 <= kind <= 5 else -1


@njit
def level1(buf, at, end, which, out, s, last, control):
    """tickPrice, tickSize, tickGeneric, tickString, marketDataType, from behind the request id on."""
    kind, at, how = whole(buf, at, end, NUL)
    if at < 0 or how != DONE:
        return MALFORMED
    if which == 58:
        control[VALUE] = kind
        changed = kind != s.data_type
        s.data_type = kind
        return DATA_TYPE if changed else DONE
    if which == 45:
        digits, scale, at, how = decimal(buf, at, end, NUL)
        if at < 0 or how == MALFORMED:
            return MALFORMED
        if kind == IMPLIED and how == DONE and 0 < digits < MOST_DIGITS:
            control[VALUE] = digits * 10 ** (MILLIONTHS - scale) if scale <= MILLIONTHS else digits // 10 ** (scale - MILLIONTHS)
            return VOLATILITY
        if kind != HALT or how != DONE or scale:
            control[N_IGNORED] += 1
            return DONE
        before = s.halted
        s.halted = digits
        control[VALUE] = digits
        return HALTED if digits != before and (before > 0 or digits > 0) else DONE
    if which == 46:
        if kind == 48 and s.emits & RT_VOLUME:
            return rt_volume(buf, at, end, out, s, last)
        control[N_IGNORED] += 1
        return DONE if skip(buf, at, end, NUL) >= 0 else MALFORMED
    if which == 2 and kind in (VOLUME, DELAYED_VOLUME, OPEN_INTEREST, FUTURES_OPEN_INTEREST):
        return amount(buf, at, end, kind, s, out[4], control)
    base = base_of(kind)
    if base < 0 or (which == 1) != (base == 1 or base == 2 or base == 4):
        control[N_IGNORED] += 1
        return DONE
    is_delayed = 1 if kind >= 66 else 0
    if is_delayed != s.is_delayed:
        s.is_delayed = is_delayed
        control[VALUE] = is_delayed
        return DELAYED
    if which == 1:
        return level1_price(buf, at, end, base, out, s, last)
    return level1_size(buf, at, end, base, out, s, last)
