"""Compiled steps of the volume family: VWAP, on-balance volume, volume against its past, the sign of trading. Faces lie beside it."""

from __future__ import annotations

from typing import Final

from workbench.features.cells.kernels import CLOSE, PX, SPOILT, SZ, Floats, Ints, Marks, Record, average, count, piece, tell

SESSION_VWAP: Final = 0
BAR_VWAP: Final = 1
ON_BALANCE: Final = 2
RATIO: Final = 3
SIGNED_RATIO: Final = 4
SIGNED_EW: Final = 5
PRINTS: Final = 6
LARGEST: Final = 7


@piece
def begins_session(b: Record, m: Ints) -> bool:
    """Tell whether this bar is the first of its instrument session. ``m[0]``: the session, ``m[1]``: there was one, or `SPOILT`."""
    if m[1] != 0 and m[0] == b.session:
        return False
    m[0] = b.session
    m[1] = 1
    return True


@piece
def session_vwap(b: Record, q: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """``s``: sums of price x volume and of volume, whole numbers and exact below 2^53."""
    if begins_session(b, m):
        s[0] = 0.0
        s[1] = 0.0
    s[0] += b.pv
    s[1] += b.volume
    tell(x, w, 0, m[1] != SPOILT and s[1] > 0.0, q[CLOSE] - s[0] / s[1] * q[PX])


@piece
def bar_vwap(b: Record, q: Floats, x: Floats, w: Marks) -> None:
    tell(x, w, 0, b.volume > 0, q[CLOSE] - float(b.pv) / float(b.volume) * q[PX])


@piece
def on_balance(b: Record, q: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """``s``: the balance, last close. The first bar of a session counts as bought, as TA-Lib's first bar does."""
    if begins_session(b, m):
        s[0] = float(b.volume)
    elif q[CLOSE] > s[1]:
        s[0] += b.volume
    elif q[CLOSE] < s[1]:
        s[0] -= b.volume
    s[1] = q[CLOSE]
    tell(x, w, 0, m[1] != SPOILT, s[0] * q[SZ])


@piece
def ratio(b: Record, p: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """Volume over the mean of the `n` bars before. ``m``: count, place, sum, ring; integers, so the sum never drifts."""
    n = int(p[0])
    tell(x, w, 0, m[0] == n and m[2] > 0, float(b.volume) * n / float(m[2]))
    at = 3 + m[1]
    m[2] += b.volume - m[at]
    m[at] = b.volume
    m[1] = 0 if m[1] + 1 == n else m[1] + 1
    count(m, 0, n)


@piece
def signed_ratio(b: Record, x: Floats, w: Marks) -> None:
    tell(x, w, 0, b.volume > 0, float(b.signed) / float(b.volume))


@piece
def signed_average(b: Record, q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    n = int(p[0])
    k = count(m, 0, n)
    average(s, 0, k, n, float(b.signed))
    tell(x, w, 0, k >= n - 1, s[0] * q[SZ])


@piece
def step(op: int, b: Record, q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """Move the feature `op` of this family by one bar."""
    if op == SESSION_VWAP:
        session_vwap(b, q, s, m, x, w)
    elif op == BAR_VWAP:
        bar_vwap(b, q, x, w)
    elif op == ON_BALANCE:
        on_balance(b, q, s, m, x, w)
    elif op == RATIO:
        ratio(b, p, m, x, w)
    elif op == SIGNED_RATIO:
        signed_ratio(b, x, w)
    elif op == SIGNED_EW:
        signed_average(b, q, p, s, m, x, w)
    elif op == PRINTS:
        tell(x, w, 0, True, float(b.n_print))
    elif op == LARGEST:
        tell(x, w, 0, b.n_print > 0, b.max_sz * q[SZ])
