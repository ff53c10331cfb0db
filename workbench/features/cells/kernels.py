"""Compiled pieces every family shares: the decorator, prices of a bar, rings and averages. No feature lives here.

How a feature step looks
------------------------
``step(b, q, p, s, m, x, w)`` takes one closed bar and moves one feature (or a few that share work):

=====  ============  =======================================================================================
``b``  record RICH   the bar, integers in quanta
``q``  float64[6]    its prices in points: ``q[OPEN] .. q[CLOSE]``; ``q[PX]`` one price quantum in points, ``q[SZ]`` one size
                     quantum
``p``  float64[]     parameters, as written in the feature's name
``s``  float64[]     its state, zeros at the start
``m``  int64[]       its counters, zeros at the start
``x``  float64[]     out: values
``w``  uint8[]       out: 1 where the value means something on this bar, else 0
=====  ============  =======================================================================================

All of them are addresses of plain memory, not arrays: numba counts references to arrays, which costs more than most steps. Only the
entry point in `workbench.features.kernels` carries a signature and lies in the cache on disk: all else is linked into it, and one object
is loaded at the start. No fast-math and no reductions: additions happen in the order they are written. ``a / 0`` follows IEEE 754
instead of raising inside compiled code: every step guards its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit, types
from numba.extending import intrinsic

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Marks = npt.NDArray[np.uint8]
Record = Any  # one record of a structured array; numba reads its fields as attributes

OPEN: Final = 0
HIGH: Final = 1
LOW: Final = 2
CLOSE: Final = 3
PX: Final = 4
SZ: Final = 5
SPOILT: Final = 2  # in ``m[1]`` of a step that resets with each session: a gap lies in this one
OPTIONS: Final = {"error_model": "numpy"}  # of every compiled function of this floor

FLOATS: Final = types.CPointer(types.float64)
INTS: Final = types.CPointer(types.int64)
MARKS: Final = types.CPointer(types.uint8)

F = TypeVar("F", bound=Callable[..., Any])


def piece(function: F) -> F:
    """Compile a function that is only called from compiled code."""
    return cast(F, njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)(function))


def _cast_to(kind: Any) -> Any:
    return lambda context, builder, _, arguments: builder.inttoptr(arguments[0], context.get_value_type(kind))


@intrinsic
def floats_at(typing_context: Any, address: Any) -> Any:
    """Give the float64 cells at an address."""
    return FLOATS(address), _cast_to(FLOATS)


@intrinsic
def ints_at(typing_context: Any, address: Any) -> Any:
    """Give the int64 cells at an address."""
    return INTS(address), _cast_to(INTS)


@intrinsic
def marks_at(typing_context: Any, address: Any) -> Any:
    """Give the uint8 cells at an address."""
    return MARKS(address), _cast_to(MARKS)


@intrinsic
def record_at(typing_context: Any, address: Any, of: Any) -> Any:
    """Give the record of dtype `of` at an address."""
    return of.dtype(address, of), _cast_to(of.dtype)


@piece
def tell(x: Floats, w: Marks, j: int, means: bool, value: float) -> None:
    """Give output `j`. What does not mean anything keeps its last number and loses its mark."""
    if means:
        x[j] = value
        w[j] = 1
    else:
        w[j] = 0


@piece
def silence(w: Marks, n: int) -> None:
    """Take the marks of the first `n` outputs away."""
    for j in range(n):
        w[j] = 0


@piece
def lose(s: Floats, m: Ints, row: Record, session: int) -> None:
    """Forget what lies before a gap. What is of a session stays silent until the next one: ``m[0]`` names it, ``m[1]`` is `SPOILT`."""
    for j in range(row.n_floats):
        s[j] = 0.0
    for j in range(row.n_ints):
        m[j] = 0
    if row.session != 0:
        m[0] = session
        m[1] = SPOILT


@piece
def price(b: Record, slot: Record, q: Floats) -> None:
    """Fill `q`. Multiplied first and divided last: one rounding, the same as `Contract.to_pts`."""
    num = slot.px_num
    den = slot.px_den
    q[OPEN] = b.open * num / den
    q[HIGH] = b.high * num / den
    q[LOW] = b.low * num / den
    q[CLOSE] = b.close * num / den
    q[PX] = num / den
    q[SZ] = slot.sz


@piece
def has_traded(b: Record) -> bool:
    """Tell whether a price of this bar is of this bar. Imported bars may come without a count, an index without a volume."""
    return b.n_print > 0 or b.volume > 0 or b.high > b.low


@piece
def push(s: Floats, m: Ints, n: int, value: float) -> float:
    """Put `value` in the ring ``s[:n]`` and give what it replaces. ``m[0]`` counts up to `n`, ``m[1]`` is the place to write."""
    at = m[1]
    old = s[at]
    s[at] = value
    at += 1
    m[1] = 0 if at == n else at
    if m[0] < n:
        m[0] += 1
    return old


@piece
def mean_and_deviation(s: Floats, m: Ints, n: int) -> tuple[float, float]:
    """Mean and population standard deviation of a full ring, summed from the oldest to the newest.

    In two passes: nothing is carried from bar to bar, so the numbers depend on the window alone, to the last bit.
    """
    first = m[1]
    total = 0.0
    for i in range(first, n):
        total += s[i]
    for i in range(first):
        total += s[i]
    mean = total / n
    squares = 0.0
    for i in range(first, n):
        squares += (s[i] - mean) * (s[i] - mean)
    for i in range(first):
        squares += (s[i] - mean) * (s[i] - mean)
    return mean, np.sqrt(squares / n)


@piece
def has_moved(deviation: float, n: int, q: Floats) -> bool:
    """Tell a deviation from rounding. One price of `n` that is off by a quantum deviates by more than the quantum over `n`."""
    return deviation > 0.5 * q[PX] / n


@piece
def average(s: Floats, j: int, k: int, n: int, value: float) -> None:
    """Exponential average in ``s[j]``, weight ``2 / (n + 1)``; `k` values came before.

    The first `n` are averaged plainly, as TA-Lib does; until then ``s[j]`` holds their sum.
    """
    if k < n:
        s[j] += value
        if k == n - 1:
            s[j] /= n
    else:
        s[j] = (value - s[j]) * (2.0 / (n + 1.0)) + s[j]


@piece
def wilder(s: Floats, j: int, k: int, n: int, value: float) -> None:
    """Wilder's average in ``s[j]``, weight ``1 / n``; started like `average`. The order of operations is TA-Lib's."""
    if k < n:
        s[j] += value
        if k == n - 1:
            s[j] /= n
    else:
        s[j] = (s[j] * (n - 1.0) + value) / n


@piece
def count(m: Ints, j: int, limit: int) -> int:
    """Give the counter ``m[j]`` as it was, and move it on, up to `limit`."""
    k = m[j]
    if k < limit:
        m[j] = k + 1
    return k
