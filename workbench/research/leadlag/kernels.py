"""Lead and lag, compiled: Hayashi and Yoshida's covariance at many lags, and rolling correlations of many series. Sums only; no I/O.

Every sum is taken in the order of time and nothing is fused, so that a loop in plain Python over the same numbers finds the same bits.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

I8, F8 = types.int64[::1], types.float64[::1]
READ = types.Array(types.int64, 1, "C", readonly=True)  # columns of frames are


@njit(types.void(READ, READ, I8), cache=True)
def last_known(t, at, out):
    """Fill `out` with the place of the last of the rising `t` that is not after each of the rising `at`; -1 where there is none."""
    j, n = 0, len(t)
    for i in range(len(at)):
        moment = at[i]
        while j < n and t[j] <= moment:
            j += 1
        out[i] = j - 1


@njit(types.void(I8, F8, I8, F8, I8, I8, types.float64[:, ::1]), cache=True)
def shifted_covariance(t1, r1, t2, x2, lags, edges, out):
    """Fill ``out[block, lag]`` with the sum of products of all moves whose intervals overlap once series 2 is moved back by the lag.

    The moves of series 2 that overlap one interval of series 1 add up to one difference, and where it ends the next one begins: one pointer
    walks through series 2. That has a value before all time and one after it, so that the pointer never leaves it; ``r1[i]`` is the move
    of series 1 from ``t1[i]`` to ``t1[i + 1]``, and blocks are ranges ``edges[b] <= i < edges[b + 1]`` of them.

    Hayashi and Yoshida (2005), Bernoulli 11(2); with a lag: Hoffmann, Rosenbaum and Yoshida (2013), Bernoulli 19(2).
    """
    one = np.uint64(1)  # unsigned places are not looked at for being negative: a quarter of the time
    for k in range(len(lags)):
        lag = lags[k]
        begin = t1[edges[0]] + lag
        j = np.uint64(np.searchsorted(t2, begin))
        low = x2[j] if t2[j] == begin else x2[j - one]
        for b in range(len(edges) - 1):
            total = 0.0
            for i in range(np.uint64(edges[b]), np.uint64(edges[b + 1])):
                until = t1[i + one] + lag
                j += np.uint64(t2[j] < until)  # the usual one step without a branch to guess: a fifth of the time
                while t2[j] < until:
                    j += one
                high = x2[j]
                total += r1[i] * (high - low)
                low = high if t2[j] == until else x2[j - one]
            out[b, k] = total


@njit(types.void(F8, F8, F8, F8, types.float64))
def add_row(row, s, s2, products, sign):
    """Add a row to the sums, or take it off."""
    k, at = len(row), 0
    for i in range(k):
        x = sign * row[i]
        s[i] += x
        s2[i] += x * row[i]
        for j in range(i + 1, k):
            products[at] += x * row[j]
            at += 1


@njit(types.void(types.float64[:, ::1], types.int64, types.float64[:, ::1]), cache=True)
def rolling(returns, window, out):
    """Fill ``out[row, pair]`` with the correlation of two columns over the last `window` rows; NaN where one is incomplete or never moved.

    Pairs in the order (0, 1), (0, 2) ... (1, 2) ...; sums are made anew every `window` rows, so that rounding does not add up.
    """
    n, k = returns.shape
    s, s2, gone, alike = np.zeros(k), np.zeros(k), np.zeros(k, np.int64), np.zeros(k, np.int64)
    clean = np.zeros((n, k))
    for row in range(n):
        for i in range(k):
            x = returns[row, i]
            clean[row, i] = x if x == x else 0.0
    products = np.zeros(out.shape[1])
    inverse = np.zeros(k)
    for row in range(n):
        anew = row >= window and row % window == 0
        if anew:
            s[:] = 0.0
            s2[:] = 0.0
            products[:] = 0.0
        for each in range(row - window + 1 if anew else row, row + 1):
            add_row(clean[each], s, s2, products, 1.0)
        if row >= window and not anew:
            add_row(clean[row - window], s, s2, products, -1.0)
        for i in range(k):
            gone[i] += returns[row, i] != returns[row, i]
            if row >= window:
                gone[i] -= returns[row - window, i] != returns[row - window, i]
            alike[i] = alike[i] + 1 if row > 0 and clean[row, i] == clean[row - 1, i] else 1
            spread = s2[i] - s[i] * s[i] / window
            told = row >= window - 1 and gone[i] == 0 and alike[i] < window and spread > 0.0  # what never moves leaves rounding, no spread
            inverse[i] = 1.0 / np.sqrt(spread) if told else np.nan
        at = 0
        for i in range(k):
            a, b = s[i] / window, inverse[i]
            for j in range(i + 1, k):
                out[row, at] = (products[at] - a * s[j]) * b * inverse[j]
                at += 1
