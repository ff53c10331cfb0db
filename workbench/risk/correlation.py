"""How alike contracts move: exponentially weighted correlation of their returns, one minute after the other. An accumulator; no I/O.

A return is the mid over the mid a minute before, less 1; a contract that was closed, one-sided or freshly opened has none. Of each pair
two sums are kept over the minutes in which both had one, products and squares, the n-th last minute weighing ``keep ** n``

    products_ij = sum of r_i r_j        squares_ij = sum of r_i^2 where j had a return

and the correlation is ``products_ij / sqrt(squares_ij * squares_ji)``: around zero, for the mean of a minute's return is far below its
spread. Weights grow instead of the past shrinking, which saves a pass; only + - * / and sqrt are used, rounded alike on every machine, so
that a replay finds the same bits; one compiled pass (`market.moves.kernels`) does it. Source: RiskMetrics (1996), chapter 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import sqrt
from typing import Any, Final

import msgspec
import numpy as np

from workbench.domain.native import caller
from workbench.market.moves import kernels

N_WARM: Final = 30  # minutes in common, each weighing what it weighs, before a correlation is believed: standard error below 0.2
TINY: Final = 1e-9  # by which sums that mean the same may differ
MOST: Final = 1e60  # a weight beyond becomes 1 again, and all sums with it: far below what a float holds

_minute = caller(kernels.minute_c.address, "ppl")


class Arrays:
    """The cells of a state, seen as arrays (writing here writes there), and room for a kernel to reckon in.

    One more place than there are contracts: the last row of the squares counts the weight of the minutes a contract was seen in.
    """

    def __init__(self, cells: bytearray, n: int) -> None:
        flat, m = np.frombuffer(cells, np.float64), n + 1
        self.sums = flat[: 2 * m * m].reshape(2, m, m)
        room = np.zeros((kernels.N_ROWS, m))
        self.mids, self.weight = room[kernels.MIDS, :n], room[kernels.MIDS, n:]
        self.addresses = (flat.ctypes.data, room.ctypes.data, n)
        self._kept = flat, room  # for as long as their addresses are used


class Moves(msgspec.Struct, dict=True):
    """State of the correlations of contracts ``ids``; a plain value, restored bit for bit.

    Examples
    --------
    >>> moves = Moves()
    >>> moves.begin([1, 2])
    >>> for n in range(60):
    ...     moves.update([100 + n % 2, 50 - n % 2], keep=0.99)
    >>> round(moves.correlation(1, 2), 2), moves.correlation(1, 3) is None
    (-1.0, True)
    """

    ids: list[int] = msgspec.field(default_factory=list)
    cells: bytearray = msgspec.field(default_factory=bytearray)
    weight: float = 1.0  # of the next minute
    enough: float = 0.0  # what weighs as much as the last `N_WARM` minutes, when the last one weighs 1
    minute: int = -1  # of the last update

    def begin(self, ids: Sequence[int]) -> None:
        """Know nothing, of these contracts."""
        m = len(ids) + 1
        self.ids, self.cells = list(ids), bytearray(8 * (2 * m * m + m - 1))
        self.weight, self.enough, self.minute = 1.0, 0.0, -1
        self.__dict__.clear()

    @cached_property
    def arrays(self) -> Arrays:
        """What the cells hold."""
        return Arrays(self.cells, len(self.ids))

    @cached_property
    def at(self) -> dict[int, int]:
        """Place of a contract."""
        return {id_: place for place, id_ in enumerate(self.ids)}

    def update(self, mids: Any, *, keep: float) -> None:
        """Take the mids of this minute.

        Parameters
        ----------
        mids
            In the order of ``ids``, in any unit; 0 where there is none, or where it is not above 0.
        keep
            What a minute keeps of its weight in the next, above 0 and below 1.
        """
        a, weight = self.arrays, self.weight
        a.mids[:] = mids
        a.weight[0] = weight
        _minute(*a.addresses)
        self.enough = weight * (1 - keep**N_WARM) / (1 - keep)
        self.weight = weight / keep
        if self.weight > MOST:
            self._shrink()

    def _shrink(self) -> None:
        """Begin anew with a weight of 1; every ratio stays."""
        by = 1 / self.weight
        self.arrays.sums *= by
        self.enough, self.weight = self.enough * by, 1.0

    def correlation(self, one: int, other: int) -> float | None:
        """Give the correlation of two contracts, -1 to 1; `None` while not warm."""
        i, j = self.at.get(one), self.at.get(other)
        if i is None or j is None:
            return None
        products, squares = self.arrays.sums
        seen = squares[-1]
        if seen[i] + seen[j] - seen[-1] < self.enough * (1 - TINY):  # so much at least they have in common
            return None
        spread = sqrt(squares[i, j]) * sqrt(squares[j, i])
        return max(-1.0, min(1.0, float(products[i, j]) / spread)) if spread > 0 else None
