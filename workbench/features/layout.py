"""Where each number of the compiled step lies: dtypes of its tables, and how a list of features becomes tables. No formula here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from workbench.domain.errors import ConfigError
from workbench.domain.units import BAR_NS, HOUR, MINUTE, SECOND

Table = npt.NDArray[Any]  # structured


class Family(IntEnum):
    """Of features; they run in this order."""

    TREND = 0
    VOLATILITY = 1
    VOLUME = 2
    MICROSTRUCTURE = 3
    CROSS_MARKET = 4


class At(IntEnum):
    """Places in the table of addresses that the compiled step is called with.

    ``PIECE_NS`` is 0 at a barrier; else one bar of that length, at address ``BAR``, goes to slot ``SLOT`` alone.
    """

    SIZES = 0
    BARS = 1
    LENGTHS = 2
    ROWS = 3
    SLOTS = 4
    PARAMS = 5
    ALLOWED = 6
    CLOSED = 7
    MARKS = 8
    FLOATS = 9
    INTS = 10
    VALUES = 11
    WARM = 12
    PRICES = 13
    PIECE_NS = 14
    SLOT = 15
    BAR = 16


def _of(names: str, **others: str) -> np.dtype[np.void]:
    return np.dtype([(name, others.get(name, "<i8")) for name in names.split()])


SIZES: Final = _of("n_slots n_lengths n_rows n_params n_floats n_ints n_columns")
LENGTH: Final = _of("ns first cross end")  # its rows: [first, cross) look at one contract, [cross, end) at the leader too
ROW: Final = _of("family op param float_at int_at n_floats n_ints column n_outputs priced session")  # session: it resets with each
# priced: not run before the first price, nor behind a gap before the first trade
SLOT: Final = _of("leader px_num px_den sz", px_num="<f8", px_den="<f8", sz="<f8")  # leader: a slot, or -1
# of a (slot, length): last piece, what the open window holds, closed by the last call, and whether a gap came and no trade since
MARK: Final = _of("seen_ns covered_ns closed_ns is_unpriced")
N_PRICES: Final = 6  # scratch of a contract: open, high, low, close, one price quantum, one size quantum


def length_name(length_ns: int) -> str:
    """Write a bar's length as it ends a feature's name.

    >>> [length_name(n) for n in (BAR_NS, MINUTE, 90 * SECOND, 4 * HOUR)]
    ['5s', '1m', '90s', '4h']
    """
    for unit_ns, letter in ((HOUR, "h"), (MINUTE, "m")):
        if length_ns % unit_ns == 0:
            return f"{length_ns // unit_ns}{letter}"
    return f"{length_ns // SECOND}s"


@dataclass(frozen=True, slots=True)
class Spec:
    """One output of one compiled step, at one length. Equal (family, op, params) of a length share the step."""

    name: str  # without the length
    family: Family
    op: int
    params: tuple[int, ...]
    output: int
    n_outputs: int
    n_floats: int
    n_ints: int
    needs: tuple[str, ...]
    resets: str = "never"


@dataclass(frozen=True, slots=True)
class Program:
    """The steps of all lengths, in the order in which they run, and the columns their outputs go to."""

    lengths: Table
    rows: Table
    params: npt.NDArray[np.float64]
    n_floats: int
    n_ints: int
    n_columns: int
    columns: dict[str, int]
    needs: tuple[tuple[str, ...], ...]  # of each row


def lay_out(lengths_ns: Sequence[int], specs_of: Sequence[Sequence[Spec]]) -> Program:
    """Lay the features of every length out.

    Parameters
    ----------
    lengths_ns
        Rising, positive multiples of the barrier's grid.
    specs_of
        What runs at each length.

    Raises
    ------
    ConfigError
        If a length cannot be meant, or two features have one name.
    """
    if not lengths_ns or sorted(set(lengths_ns)) != list(lengths_ns) or any(n <= 0 or n % BAR_NS for n in lengths_ns):
        raise ConfigError(f"lengths of bars must rise and be multiples of {length_name(BAR_NS)}, not {list(lengths_ns)} ns")
    draft = _Draft()
    lengths = np.zeros(len(lengths_ns), LENGTH)
    for j, (length_ns, specs) in enumerate(zip(lengths_ns, specs_of, strict=True)):
        specs = sorted(specs, key=lambda spec: spec.family)
        alone = [spec for spec in specs if spec.family < Family.CROSS_MARKET]
        first = draft.add(alone, length_ns)
        cross = draft.add(specs[len(alone) :], length_ns)
        lengths[j] = length_ns, first, cross, len(draft.rows)
    return draft.program(lengths)


class _Draft:
    """Counts up while rows are laid down."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, ...]] = []
        self.params: list[int] = []
        self.needs: list[tuple[str, ...]] = []
        self.columns: dict[str, int] = {}
        self.n_floats = self.n_ints = self.n_columns = 0

    def add(self, specs: Sequence[Spec], length_ns: int) -> int:
        """Lay down the rows of one length; the number of the first one."""
        first = len(self.rows)
        shared: dict[tuple[int, int, tuple[int, ...]], int] = {}
        taken: set[int] = set()
        for spec in specs:
            step = (int(spec.family), spec.op, spec.params)
            if step not in shared or shared[step] + spec.output in taken:  # ret_60_1m and ret_1h_1m are two columns
                shared[step] = self.n_columns
                self._row(spec)
            name, column = f"{spec.name}_{length_name(length_ns)}", shared[step] + spec.output
            if name in self.columns:
                raise ConfigError(f"two features are called {name}")
            self.columns[name] = column
            taken.add(column)
        return first

    def _row(self, spec: Spec) -> None:
        where = len(self.params), self.n_floats, self.n_ints, spec.n_floats, spec.n_ints, self.n_columns
        how = spec.n_outputs, int("bars" in spec.needs), int(spec.resets == "session")
        self.rows.append((int(spec.family), spec.op, *where, *how))
        self.params += spec.params
        self.needs.append(spec.needs)
        self.n_floats += spec.n_floats
        self.n_ints += spec.n_ints
        self.n_columns += spec.n_outputs

    def program(self, lengths: Table) -> Program:
        rows = np.array(self.rows, ROW) if self.rows else np.zeros(0, ROW)
        params = np.array(self.params, np.float64)
        needs = tuple(self.needs)
        return Program(lengths, rows, params, self.n_floats, self.n_ints, self.n_columns, self.columns, needs)
