"""A sweep, compiled: signals of a rule, and a walk over bars that fills them. Whole numbers of price quanta and money micros; no I/O.

A signal is a byte a bar, known at the bar's close: bits of what it wants. The walk fills it at the open of the next bar, never earlier.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

BUY, SELL, LEAVE_LONG, LEAVE_SHORT = 1, 2, 4, 8  # SELL opens a short position
STOP, TARGET, SIGNAL, TIME, SESSION = 1, 2, 3, 4, 5  # why a trip ended; 0: it has not
N_TRIPS, N_WON, PNL, FEES, DRAWDOWN, N_HELD, N_STOPS, N_TARGETS, OPEN = range(9)  # of a row of results
N_TOTALS = 9
FAR = 1 << 60  # no price is so far away
TRIP = 6  # of a row of trips: side, bar of entry, bar of exit, price of entry, price of exit, why

READ = types.Array(types.int64, 1, "C", readonly=True)
F_READ = types.Array(types.float64, 1, "C", readonly=True)
I8, U1, F8 = types.int64, types.uint8[::1], types.float64[::1]


@njit(types.Tuple((I8, I8))(I8, I8, I8, I8, I8, I8, I8, I8, I8, READ, I8), cache=True, inline="always")
def leaving(phase, side, want, now, low, high, close, entry, age, exits, slip):
    """Say why a position is left at the open (phase 0), within the bar (1) or at the end of a session (2), and at what price; 0: not."""
    stop, target, hold = exits[0], exits[1], exits[2]
    if phase == 0:
        if want & (SELL | LEAVE_LONG if side > 0 else BUY | LEAVE_SHORT) != 0:
            return SIGNAL, now - side * slip
        return (TIME, now - side * slip) if 0 < hold <= age else (0, 0)
    if phase == 2:
        return SESSION, close - side * slip
    bad, good = (low, high) if side > 0 else (high, low)
    if stop > 0 and side * (bad - entry) <= -stop:
        edge = entry - side * stop
        return STOP, (min(now, edge) if side > 0 else max(now, edge)) - side * slip
    return (TARGET, entry + side * target) if target > 0 and side * (good - entry) > target else (0, 0)


@njit(types.Tuple((I8, I8, I8))(READ, READ, READ, U1, I8, I8, I8, I8, I8, I8, I8, I8, I8), cache=True, inline="always")
def quiet(high, low, close, signal, i, behind, side, worth, floor, ceiling, level, peak, worst):
    """Hold a position from bar i until something may happen to it; give the bar at which it may, and peak and worst until there."""
    leave = SELL | LEAVE_LONG if side > 0 else BUY | LEAVE_SHORT
    step, last, bounded = side * worth, close[i - 1], floor > -FAR or ceiling < FAR
    while i < behind and not (bounded and (low[i] <= floor or high[i] >= ceiling)):
        level += step * (close[i] - last)
        last = close[i]
        peak = max(peak, level)
        worst = max(worst, peak - level)
        i += 1
        if signal[i - 1] & leave != 0:
            break
    return i, peak, worst


@njit(types.Tuple((I8, I8, I8, I8))(I8, READ, READ, READ, I8, types.boolean, I8, I8, I8, I8, I8, READ, READ, types.int64[::1],
                                    types.int64[:, ::1]), cache=True, inline="always")  # fmt: skip
def bar(now, high, low, close, i, ends, want, side, entry, since, cash, terms, exits, totals, trips):
    """Do what may be done in one bar: leave and enter at its open, leave within it, leave at its close where a session ends."""
    slip, fee, worth = terms[0], terms[1] * terms[3], terms[2] * terms[3]
    for phase in range(3 if ends else 2):
        if phase == 1 and side == 0 and (want & BUY != 0) != (want & SELL != 0):
            side = 1 if want & BUY != 0 else -1
            entry, since, cash = now + side * slip, i, cash - fee
            totals[FEES] += fee
            if len(trips) > 0:
                trips[totals[N_TRIPS]] = np.array([side, i, -1, entry, 0, 0])
        if side == 0:
            continue
        totals[N_HELD] += phase == 1
        why, px = leaving(phase, side, want, now, low[i], high[i], close[i], entry, i - since, exits, slip)
        if why != 0:
            if len(trips) > 0:
                trips[totals[N_TRIPS]] = np.array([side, since, i, entry, px, why])
            gain = side * (px - entry) * worth
            cash, side = cash + gain - fee, 0
            totals[FEES] += fee
            totals[N_TRIPS] += 1
            totals[N_WON] += gain > 2 * fee
            totals[N_STOPS] += why == STOP
            totals[N_TARGETS] += why == TARGET
    return side, entry, since, cash


@njit(types.void(READ, READ, READ, READ, READ, READ, I8, U1, READ, READ, types.int64[::1], F8, types.int64[::1], types.int64[:, ::1],
                 types.int64[::1]), cache=True)  # fmt: skip
def walk(opened, high, low, close, moved2, edges, leaves_at_end, signal, terms, exits, totals, squares, blocks, trips, equity):
    """Trade signals over bars; fill totals, the P&L of each block of bars, and what is asked for (empty arrays are not): trips, equity.

    ``edges`` cut the bars into blocks; with ``leaves_at_end`` nothing is held from one to the next: a position is left at the last close.
    ``moved2[i]`` is the sum of the squares of the moves from close to close before bar i. ``terms``: slippage in quanta, fee in micros a
    contract and side, micros a quantum, contracts. ``exits``: distance of stop and target in quanta, bars until the position is left; 0:
    none. Within a bar the stop comes first, at the worse of its price and the open; a target must be passed, and is filled at its price.
    """
    worth, keeps_equity = terms[2] * terms[3], len(equity) > 0
    side, entry, since, cash, worth_now, peak, want, worst, square = 0, 0, 0, 0, 0, 0, 0, 0, 0.0
    totals[:] = 0
    for b in range(len(edges) - 1):
        before, i, behind = worth_now, edges[b], edges[b + 1]
        while i < behind:
            if side == 0 and want & (BUY | SELL) == 0:  # nothing is held and nothing to do: on to the next signal
                at = i
                while i < behind and signal[i] & (BUY | SELL) == 0:
                    i += 1
                if keeps_equity:
                    equity[at : min(i + 1, behind)] = worth_now
                if i < behind:
                    want = signal[i]
                    i += 1
                continue
            if side != 0 and want & (SELL | LEAVE_LONG if side > 0 else BUY | LEAVE_SHORT) == 0:  # held, and no wish to leave
                bad, good = exits[0] if exits[0] > 0 else 2 * FAR, exits[1] + 1 if exits[1] > 0 else 2 * FAR
                floor, ceiling = (entry - bad, entry + good) if side > 0 else (entry - good, entry + bad)
                until = behind - leaves_at_end
                until = min(until, since + exits[2]) if exits[2] > 0 else until
                at = i
                i, peak, worst = quiet(high, low, close, signal, i, until, side, worth, floor, ceiling, worth_now, peak, worst)
                if i > at:
                    totals[N_HELD] += i - at
                    square += float(moved2[i] - moved2[at]) * float(worth) * float(worth)
                    worth_now = cash + side * (close[i - 1] - entry) * worth
                    if keeps_equity:
                        for k in range(at, i):
                            equity[k] = cash + side * (close[k] - entry) * worth
                    want = signal[i - 1]
                    continue
            ends = leaves_at_end != 0 and i == behind - 1
            side, entry, since, cash = bar(
                opened[i], high, low, close, i, ends, want, side, entry, since, cash, terms, exits, totals, trips
            )
            moved = cash + side * (close[i] - entry) * worth - worth_now
            worth_now += moved
            peak = max(peak, worth_now)
            worst = max(worst, peak - worth_now)
            square += float(moved) * float(moved)
            if keeps_equity:
                equity[i] = worth_now
            want = signal[i]
            i += 1
        want = 0 if leaves_at_end != 0 else want
        blocks[b] = worth_now - before
    totals[PNL], totals[DRAWDOWN], totals[OPEN], squares[0] = worth_now, worst, worth_now - cash, square


@njit([types.void(F_READ, I8, I8, types.int8[::1], U1), types.void(READ, I8, I8, types.int8[::1], U1)], cache=True)
def cross(sums, fast, slow, sides, out):
    """Signal where the mean of the last `fast` closes crosses that of the last `slow`. ``sums[i]`` is the sum of the first i closes.

    Each mean times both lengths, in whole numbers (also as floats, where they hold them exactly: those are compared four at a time): no
    rounding says that there was a cross. The first side that is known is no cross. ``sides`` is room, of any size that stays in cache.
    """
    out[:] = 0
    side, n = 0, len(sides)
    for begin in range(slow, len(sums), n):
        m = min(n, len(sums) - begin)
        here, near, far = sums[begin : begin + m], sums[begin - fast : begin - fast + m], sums[begin - slow : begin - slow + m]
        for k in range(m):
            apart = (here[k] - near[k]) * slow - (here[k] - far[k]) * fast
            sides[k] = np.int8(apart > 0) - np.int8(apart < 0)
        for k in range(m):
            now = sides[k]
            if now != side and now != 0:
                if side != 0:
                    out[begin + k - 1] = BUY | LEAVE_SHORT if now > 0 else SELL | LEAVE_LONG
                side = now


@njit(types.void(READ, types.int64, types.int64, types.int64[::1], types.int64[::1]), cache=True)
def highest_before(x, n, sign, places, out):
    """Fill `out` with the highest of the `n` values before each (sign -1: the lowest); ``places`` is room for as many numbers."""
    head, tail = 0, 0  # places[head:tail] are candidates, their values falling
    for i in range(len(x)):
        if i >= n:
            out[i] = x[places[head]]
            if places[head] == i - n:
                head += 1
        while tail > head and sign * x[places[tail - 1]] <= sign * x[i]:
            tail -= 1
        places[tail] = i
        tail += 1


@njit(types.void(READ, READ, READ, READ, READ, types.int64, types.int64, U1), cache=True)
def breakout(close, top, bottom, near_top, near_bottom, n, n_near, out):
    """Signal where a close leaves the range of the `n` bars before it, and leave where it is behind that of the last `n_near`."""
    out[:] = 0
    was = 0
    for i in range(max(n, n_near), len(close)):
        is_out = 1 if close[i] > top[i] else -1 if close[i] < bottom[i] else 0
        bits = 0
        if is_out != 0 and is_out != was:
            bits |= BUY if is_out > 0 else SELL
        bits |= LEAVE_LONG if close[i] < near_bottom[i] else 0
        bits |= LEAVE_SHORT if close[i] > near_top[i] else 0
        out[i] = bits
        was = is_out


@njit(types.void(F_READ, types.float64, types.float64, types.float64, types.int64, U1), cache=True)
def threshold(x, low, middle, high, follows, out):
    """Signal where a number comes to a level that it was not at: fade it, or follow it; leave at the middle. NaN is not known."""
    out[:] = 0
    at_low, at_high = BUY | LEAVE_SHORT, SELL | LEAVE_LONG
    if follows != 0:
        at_low, at_high = at_high, at_low
    for i in range(1, len(x)):
        now, before = x[i], x[i - 1]
        if now != now:
            continue
        bits = 0
        if now <= low and before > low:
            bits |= at_low
        elif now >= high and before < high:
            bits |= at_high
        rises, falls = (LEAVE_SHORT, LEAVE_LONG) if follows != 0 else (LEAVE_LONG, LEAVE_SHORT)
        if now >= middle:
            bits |= rises
        if now <= middle:
            bits |= falls
        out[i] = bits
