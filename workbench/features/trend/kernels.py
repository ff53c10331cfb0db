"""Compiled steps of the trend family: returns, averages, MACD, RSI, distance from the mean. Faces and their headers lie beside it."""

from __future__ import annotations

from typing import Final

from workbench.features.cells.kernels import (
    CLOSE,
    OPEN,
    Floats,
    Ints,
    Marks,
    Record,
    average,
    count,
    has_moved,
    has_traded,
    mean_and_deviation,
    piece,
    push,
    tell,
    wilder,
)

RETURN: Final = 0
MOMENTUM: Final = 1
SESSION_RETURNS: Final = 2
EMA: Final = 3
EMA_GAP: Final = 4
MACD: Final = 5
RSI: Final = 6
Z: Final = 7


@piece
def period_return(q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    n = int(p[0])
    full = m[0] == n
    old = push(s, m, n, q[CLOSE])
    tell(x, w, 0, full and old > 0.0, (q[CLOSE] - old) / old)


@piece
def momentum(q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    n = int(p[0])
    full = m[0] == n
    old = push(s, m, n, q[CLOSE])
    tell(x, w, 0, full, q[CLOSE] - old)


@piece
def session_returns(b: Record, q: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """``s``: first price of the session, last close of the one before, last close. ``m``: session, have each of them, or `SPOILT`."""
    if b.session != m[0]:
        m[0] = b.session
        m[1] = 0
        s[1] = s[2]
        m[2] = m[3]
    if m[1] == 0 and has_traded(b):
        s[0] = q[OPEN]
        m[1] = 1
    s[2] = q[CLOSE]
    m[3] = 1
    before = m[2] == 1 and s[1] > 0.0
    tell(x, w, 0, m[1] == 1 and s[0] > 0.0, (q[CLOSE] - s[0]) / s[0])
    tell(x, w, 1, before, (q[CLOSE] - s[1]) / s[1])
    tell(x, w, 2, before and m[1] == 1, (s[0] - s[1]) / s[1])


@piece
def ema(q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    n = int(p[0])
    k = count(m, 0, n)
    average(s, 0, k, n, q[CLOSE])
    tell(x, w, 0, k >= n - 1, s[0])


@piece
def ema_gap(q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    fast = int(p[0])
    slow = int(p[1])
    k = count(m, 0, slow)
    average(s, 0, k, fast, q[CLOSE])
    average(s, 1, k, slow, q[CLOSE])
    tell(x, w, 0, k >= slow - 1, s[0] - s[1])


@piece
def macd(q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """TA-Lib starts the fast average late, with the plain mean of the last `fast` closes of the first `slow`."""
    fast = int(p[0])
    slow = int(p[1])
    signal = int(p[2])
    k = count(m, 0, slow)
    if k >= slow - fast:
        average(s, 0, k - (slow - fast), fast, q[CLOSE])
    average(s, 1, k, slow, q[CLOSE])
    line = s[0] - s[1]
    warm = False
    if k >= slow - 1:
        j = count(m, 1, signal)
        average(s, 2, j, signal, line)
        warm = j >= signal - 1
    tell(x, w, 0, warm, line)
    tell(x, w, 1, warm, s[2])
    tell(x, w, 2, warm, line - s[2])


@piece
def rsi(q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """``s``: last close, average gain, average loss."""
    n = int(p[0])
    move = q[CLOSE] - s[0]
    s[0] = q[CLOSE]
    k = count(m, 0, n + 1)
    if k > 0:
        wilder(s, 1, k - 1, n, max(move, 0.0))
        wilder(s, 2, k - 1, n, max(-move, 0.0))
    both = s[1] + s[2]
    tell(x, w, 0, k >= n and both > 1e-14, 100.0 * (s[1] / both))


@piece
def distance(q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    n = int(p[0])
    push(s, m, n, q[CLOSE])
    if m[0] < n:
        w[0] = 0
        return
    mean, deviation = mean_and_deviation(s, m, n)
    tell(x, w, 0, has_moved(deviation, n, q), (q[CLOSE] - mean) / deviation)


@piece
def step(op: int, b: Record, q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """Move the feature `op` of this family by one bar."""
    if op == RETURN:
        period_return(q, p, s, m, x, w)
    elif op == MOMENTUM:
        momentum(q, p, s, m, x, w)
    elif op == SESSION_RETURNS:
        session_returns(b, q, s, m, x, w)
    elif op == EMA:
        ema(q, p, s, m, x, w)
    elif op == EMA_GAP:
        ema_gap(q, p, s, m, x, w)
    elif op == MACD:
        macd(q, p, s, m, x, w)
    elif op == RSI:
        rsi(q, p, s, m, x, w)
    elif op == Z:
        distance(q, p, s, m, x, w)
