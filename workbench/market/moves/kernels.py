"""One minute of every pair of contracts: returns, and the two weighted sums of each pair. Arithmetic in one pass; keeps nothing itself.

``cells`` are, for n contracts and m = n + 1: products (m x m), squares (m x m), and the inverse of the mids of the minute before (n), as
`risk.correlation` describes them. ``room`` is four rows of m to reckon in: the mids of this minute with its weight behind them, returns,
whether there was one (1 behind them), and weighted squares with the weight behind them.

Only + - * / are used, each rounded by itself (nothing is fused or reordered), so that every machine finds the same bits.
"""

from __future__ import annotations

from numba import carray, cfunc, njit, types

MIDS, RETURNS, TOLD, SQUARES, N_ROWS = range(5)  # rows of the room, and how many there are


@njit(inline="always")
def sign(x):
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0


@njit(error_model="numpy")
def returns(inverse, room, n):
    """Make of mids the returns of this minute, and keep what the next one divides by."""
    weight = room[MIDS, n]
    for i in range(n):
        now = room[MIDS, i]
        ratio = now * inverse[i]
        told = sign(ratio)
        r = ratio - told
        wr = r * weight
        has = sign(now)
        room[RETURNS, i] = r
        room[TOLD, i] = told
        room[SQUARES, i] = wr * r
        inverse[i] = has / ((1.0 - has) + now)
    room[RETURNS, n] = 0.0
    room[TOLD, n] = 1.0
    room[SQUARES, n] = weight


@njit
def add(sums, room, n):
    """Add a minute to the sums of all pairs."""
    weight = room[MIDS, n]
    r, told = room[RETURNS], room[TOLD]
    for i in range(n):
        wr = r[i] * weight
        products = sums[0, i]
        for j in range(n):
            products[j] += wr * r[j]
    for i in range(n + 1):
        wr2 = room[SQUARES, i]
        squares = sums[1, i]
        for j in range(n + 1):
            squares[j] += wr2 * told[j]


@cfunc(types.int64(types.CPointer(types.float64), types.CPointer(types.float64), types.int64), cache=True)
def minute_c(cells, room, n):
    """Take the minute whose mids and weight stand in the room."""
    m = n + 1
    flat = carray(cells, 2 * m * m + n)
    rows = carray(room, (N_ROWS, m))
    returns(flat[2 * m * m :], rows, n)
    add(flat[: 2 * m * m].reshape(2, m, m), rows, n)
    return 0
