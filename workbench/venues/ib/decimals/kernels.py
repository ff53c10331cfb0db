"""Numbers out of text, exactly: whole ones and decimals up to a mark, and decimals as quanta. Compiled; no float, nothing raised.

A field is read from `at` up to and with its mark (NUL between fields, ``;`` inside one). What was read comes with `how`: `DONE`,
`EMPTY` (nothing before the mark), or a `Notice`: `MALFORMED`, `OFF_GRID`, `HUGE`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from workbench.venues.ib.streams import SCALES, Notice

DONE, EMPTY = 0, 1
MALFORMED, OFF_GRID, HUGE = int(Notice.MALFORMED), int(Notice.OFF_GRID), int(Notice.HUGE)
MOST = 10**17  # another digit fits behind no more than this
LIM = 1 << 62
MINUS, PLUS, POINT, ZERO = 45, 43, 46, 48
E_MOST = 400  # no double has a power of ten beyond it


@njit(inline="always")
def skip(buf, at, end, mark):
    """Go behind the next `mark`; -1 when the frame ends before."""
    while at < end:
        if buf[at] == mark:
            return at + 1
        at += 1
    return -1


@njit
def whole(buf, at, end, mark):
    """Read an integer up to `mark`: (value, behind it, how). Behind is -1 when there is no mark."""
    value = np.int64(0)
    negative = False
    n = 0
    how = DONE
    if at < end and (buf[at] == MINUS or buf[at] == PLUS):
        negative = buf[at] == MINUS
        at += 1
        how = MALFORMED  # until there is a digit
    elif at < end and buf[at] == mark:
        return value, at + 1, EMPTY
    while at < end:
        digit = np.int64(buf[at]) - ZERO
        at += 1
        if digit == mark - ZERO:
            return -value if negative else value, at, how
        if digit < 0 or digit > 9:
            break
        if n == 0:
            how = DONE
        n += 1
        if value > MOST:
            how = HUGE
        else:
            value = value * 10 + digit
    return value, skip(buf, at - 1, end, mark), MALFORMED


@njit
def decimal(buf, at, end, mark):
    """Read a decimal up to `mark`: (digits, how many of them are decimals, behind it, how). Trailing zeros are left away."""
    if at < end and buf[at] == mark:
        return np.int64(0), 0, at + 1, EMPTY
    value = np.int64(0)
    scale, zeros, n = 0, 0, 0
    negative = False
    fraction = False
    how = DONE
    if at < end and (buf[at] == MINUS or buf[at] == PLUS):
        negative = buf[at] == MINUS
        at += 1
    while at < end:
        c = np.int64(buf[at])
        at += 1
        digit = c - ZERO
        if 0 <= digit <= 9:
            n += 1
            if fraction and digit == 0:
                zeros += 1
                continue
            for _ in range(zeros):
                if value > MOST:
                    how = HUGE
                else:
                    value *= 10
                scale += 1
            zeros = 0
            if value > MOST:
                how = HUGE
            else:
                value = value * 10 + digit
            if fraction:
                scale += 1
        elif c == POINT and not fraction:
            fraction = True
        elif c == mark and n:
            return -value if negative else value, scale, at, how
        elif (c == 69 or c == 101) and n:  # 1.0E7 is how Java writes ten million
            power, at, read = whole(buf, at, end, mark)
            if read != DONE or at < 0:
                return value, scale, at, MALFORMED
            if abs(power) > E_MOST:
                return value, scale, at, HUGE
            scale -= power
            while scale < 0 and value != 0 and how == DONE:
                if value > MOST:
                    how = HUGE
                value *= 10
                scale += 1
            return -value if negative else value, max(scale, 0), at, how
        else:
            break
    return value, scale, skip(buf, at - 1, end, mark) if at > 0 else -1, MALFORMED


@njit(inline="always")
def quanta(digits, scale, mul, div):
    """Turn digits with `scale` decimals into quanta: (value, how)."""
    if digits == 0:
        return np.int64(0), DONE
    if scale >= SCALES:
        return np.int64(0), OFF_GRID
    m = mul[scale]
    if m == 0 or abs(digits) > LIM // m:
        return np.int64(0), HUGE
    value = digits * m
    d = div[scale]
    if value % d != 0:
        return np.int64(0), OFF_GRID
    return value // d, DONE


@njit(inline="always")
def price(buf, at, end, mark, s):
    digits, scale, at, how = decimal(buf, at, end, mark)
    value = np.int64(0)
    if how == DONE:
        value, how = quanta(digits, scale, s.px_mul, s.px_div)
    return value, at, how


@njit(inline="always")
def size(buf, at, end, mark, s):
    """Read a size; none is 0, less than none is malformed."""
    digits, scale, at, how = decimal(buf, at, end, mark)
    value = np.int64(0)
    if how == DONE:
        value, how = quanta(digits, scale, s.sz_mul, s.sz_div)
        if value < 0:
            how = MALFORMED
    elif how == EMPTY:
        how = DONE
    return value, at, how
