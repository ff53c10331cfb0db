"""The arrays a compiled step works on, and the call. One instance serves a bank of many contracts, or one feature in a notebook."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from workbench.domain.bars import RICH, Bars
from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.native import caller
from workbench.features.kernels import STEP
from workbench.features.layout import MARK, N_PRICES, SIZES, SLOT, At, Program

KEPT: Final = ("closed", "marks", "floats", "ints", "values", "warm")  # arrays that are state; all else is made again
_step: Final = caller(STEP, "p", "void")


class Steps:
    """State of a program for some contracts.

    Parameters
    ----------
    program
        What runs, from `layout.lay_out`.
    contracts
        One a slot; `None` counts in quanta.
    leaders
        The leader's slot of each slot, or -1.
    kinds
        Record kinds each slot's data has, or `None` for all: steps that need another one never run.
    n_more
        Columns behind the program's own, for values that others write.
    """

    def __init__(
        self,
        program: Program,
        contracts: Sequence[Contract | None],
        leaders: Sequence[int],
        kinds: Sequence[Collection[str] | None],
        n_more: int = 0,
    ) -> None:
        n, n_lengths, n_columns = len(contracts), len(program.lengths), program.n_columns + n_more
        self.program = program
        self.closed: Bars = np.zeros((n, n_lengths), RICH)
        self.marks: npt.NDArray[Any] = np.zeros((n, n_lengths), MARK)
        self.floats = np.zeros((n, program.n_floats))
        self.ints = np.zeros((n, program.n_ints), np.int64)
        self.values = np.zeros((n, n_columns))
        self.warm = np.zeros((n, n_columns), np.uint8)
        self._slots = np.array([_slot(of, at) for of, at in zip(contracts, leaders, strict=True)], SLOT)
        fed = [
            [is_fed(of, needs) and (at >= 0 or "leader" not in needs) for needs in program.needs]
            for of, at in zip(kinds, leaders, strict=True)
        ]
        self._allowed = np.array(fed, np.uint8)
        sizes = (n, n_lengths, len(program.rows), len(program.params), program.n_floats, program.n_ints, n_columns)
        self._sizes = np.array([sizes], SIZES)
        self._bars: Bars = np.zeros(n, RICH)
        self._prices = np.zeros((n, N_PRICES))
        self._table = np.zeros(len(At), np.int64)
        self._point()

    def _point(self) -> None:
        tables = {
            At.SIZES: self._sizes,
            At.BARS: self._bars,
            At.LENGTHS: self.program.lengths,
            At.ROWS: self.program.rows,
            At.SLOTS: self._slots,
            At.PARAMS: self.program.params,
            At.ALLOWED: self._allowed,
            At.PRICES: self._prices,
        }
        tables |= {At[name.upper()]: getattr(self, name) for name in KEPT}
        for at, table in tables.items():
            self._table[at] = table.ctypes.data
        self._address = self._table.ctypes.data

    def bind(self, bars: Bars) -> None:
        """Read the barrier's bars from this array from now on: slot k in ``bars[k]``."""
        if bars.dtype != RICH or bars.ndim != 1 or not bars.flags.c_contiguous or len(bars) < len(self._slots):
            raise DataError(f"features of {len(self._slots)} contracts need as many rich bars in one piece, not {bars.shape} {bars.dtype}")
        self._bars = bars
        self._point()

    def barrier(self) -> None:
        """Take the bars that closed; one compiled call."""
        _step(self._address)

    def history(self, slot: int, bar: Bars, length_ns: int) -> None:
        """Take one bar of `length_ns` of one slot."""
        table = self._table
        table[At.PIECE_NS], table[At.SLOT], table[At.BAR] = length_ns, slot, bar.ctypes.data
        _step(self._address)
        table[At.PIECE_NS] = 0

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All state, by name; to be copied byte by byte."""
        return {name: getattr(self, name) for name in KEPT}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_table", "_address")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._table = np.zeros(len(At), np.int64)
        self._point()


def _slot(contract: Contract | None, leader: int) -> tuple[int, float, float, float]:
    if contract is None:
        return leader, 1.0, 1.0, 1.0
    return leader, float(contract.quantum.numerator), float(contract.quantum.denominator), float(contract.size_quantum)


def is_fed(kinds: Collection[str] | None, needs: Collection[str]) -> bool:
    """Tell whether data of these record kinds (`None`: all) has what is needed; prints are as good as bars.

    >>> is_fed({"prints"}, ("bars",)), is_fed({"bars"}, ("prints",))
    (True, False)
    """
    return kinds is None or all(need in kinds or need == "leader" or (need == "bars" and "prints" in kinds) for need in needs)
