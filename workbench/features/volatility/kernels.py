"""Compiled steps of the volatility family: ranges, bands, realised variance. Faces and their headers lie beside it."""

from __future__ import annotations

from typing import Final

import numpy as np

from workbench.features.cells.kernels import (
    CLOSE,
    HIGH,
    LOW,
    PX,
    Floats,
    Ints,
    Marks,
    Record,
    average,
    count,
    has_moved,
    mean_and_deviation,
    piece,
    push,
    tell,
    wilder,
)

ATR: Final = 0
BOLLINGER: Final = 1
REALISED: Final = 2
REALISED_EW: Final = 3
RANGE: Final = 4
CLOSE_PLACE: Final = 5


@piece
def true_range(q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """``s``: last close, Wilder's average. The first bar has no true range: it has no close before it."""
    n = int(p[0])
    k = count(m, 0, n + 1)
    if k > 0:
        wide = max(q[HIGH] - q[LOW], max(abs(s[0] - q[HIGH]), abs(s[0] - q[LOW])))
        wilder(s, 1, k - 1, n, wide)
    s[0] = q[CLOSE]
    tell(x, w, 0, k >= n, s[1])


@piece
def bollinger(q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    n = int(p[0])
    push(s, m, n, q[CLOSE])
    if m[0] < n:
        w[0] = 0
        w[1] = 0
        return
    mean, deviation = mean_and_deviation(s, m, n)
    half = p[1] * deviation
    tell(x, w, 0, has_moved(deviation, n, q), (q[CLOSE] - (mean - half)) / (2.0 * half))
    tell(x, w, 1, True, 2.0 * half)


@piece
def realised(b: Record, q: Floats, x: Floats, w: Marks) -> None:
    """The bar sums squared moves of twice the mid: half the root is in quanta."""
    tell(x, w, 0, b.quoted_us > 0 and b.rv >= 0, 0.5 * np.sqrt(float(b.rv)) * q[PX])


@piece
def realised_average(b: Record, q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """Variances are averaged, then the root is taken: variances add over time, deviations do not."""
    n = int(p[0])
    if b.quoted_us <= 0 or b.rv < 0:
        w[0] = 0
        return
    k = count(m, 0, n)
    average(s, 0, k, n, float(b.rv))
    tell(x, w, 0, k >= n - 1, 0.5 * np.sqrt(s[0]) * q[PX])


@piece
def high_low(q: Floats, x: Floats, w: Marks) -> None:
    tell(x, w, 0, True, q[HIGH] - q[LOW])


@piece
def close_place(q: Floats, x: Floats, w: Marks) -> None:
    wide = q[HIGH] - q[LOW]
    tell(x, w, 0, wide > 0.0, ((q[CLOSE] - q[LOW]) - (q[HIGH] - q[CLOSE])) / wide)


@piece
def step(op: int, b: Record, q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """Move the feature `op` of this family by one bar."""
    if op == ATR:
        true_range(q, p, s, m, x, w)
    elif op == BOLLINGER:
        bollinger(q, p, s, m, x, w)
    elif op == REALISED:
        realised(b, q, x, w)
    elif op == REALISED_EW:
        realised_average(b, q, p, s, m, x, w)
    elif op == RANGE:
        high_low(q, x, w)
    elif op == CLOSE_PLACE:
        close_place(q, x, w)
