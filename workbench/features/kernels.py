"""The compiled step of a barrier: longer bars, then every family of every contract, cross-market last. No feature is defined here.

The entry point takes one argument, the address of a table of addresses (`workbench.features.layout`): a call costs 0.17 us so, and
0.84 us with thirteen pointers.
"""

from __future__ import annotations

from typing import Final

from numba import cfunc, types

from workbench.domain.bars import BAR_AT, GAPPED, PRICED, RICH
from workbench.domain.units import BAR_NS
from workbench.features.cells.kernels import (
    OPTIONS,
    Ints,
    floats_at,
    has_traded,
    ints_at,
    lose,
    marks_at,
    piece,
    price,
    record_at,
    silence,
)
from workbench.features.cross_market.kernels import step as step_cross_market
from workbench.features.layout import LENGTH, MARK, N_PRICES, ROW, SIZES, SLOT, At, Family
from workbench.features.longer.kernels import begin, gather
from workbench.features.microstructure.kernels import step as step_microstructure
from workbench.features.trend.kernels import step as step_trend
from workbench.features.volatility.kernels import step as step_volatility
from workbench.features.volume.kernels import step as step_volume

TREND: Final = int(Family.TREND)
VOLATILITY: Final = int(Family.VOLATILITY)
VOLUME: Final = int(Family.VOLUME)
MICROSTRUCTURE: Final = int(Family.MICROSTRUCTURE)

SIZES_AT: Final = int(At.SIZES)
BARS_AT: Final = int(At.BARS)
LENGTHS_AT: Final = int(At.LENGTHS)
ROWS_AT: Final = int(At.ROWS)
SLOTS_AT: Final = int(At.SLOTS)
PARAMS_AT: Final = int(At.PARAMS)
ALLOWED_AT: Final = int(At.ALLOWED)
CLOSED_AT: Final = int(At.CLOSED)
MARKS_AT: Final = int(At.MARKS)
FLOATS_AT: Final = int(At.FLOATS)
INTS_AT: Final = int(At.INTS)
VALUES_AT: Final = int(At.VALUES)
WARM_AT: Final = int(At.WARM)
PRICES_AT: Final = int(At.PRICES)
PIECE_NS: Final = int(At.PIECE_NS)
SLOT_NUMBER: Final = int(At.SLOT)
PAST_AT: Final = int(At.BAR)

T_END: Final = BAR_AT["t_end"]

CELL: Final = 8  # bytes of a float64, of an int64
BAR_BYTES: Final = RICH.itemsize
LENGTH_BYTES: Final = LENGTH.itemsize
ROW_BYTES: Final = ROW.itemsize
SLOT_BYTES: Final = SLOT.itemsize
MARK_BYTES: Final = MARK.itemsize


@piece
def run(k: int, j: int, table: Ints) -> None:
    """Move all features of slot `k` and length `j`, cross-market ones apart, by the bar that closed."""
    size = record_at(table[SIZES_AT], SIZES)
    length = record_at(table[LENGTHS_AT] + j * LENGTH_BYTES, LENGTH)
    b = record_at(table[CLOSED_AT] + (k * size.n_lengths + j) * BAR_BYTES, RICH)
    q = floats_at(table[PRICES_AT] + k * N_PRICES * CELL)
    price(b, record_at(table[SLOTS_AT] + k * SLOT_BYTES, SLOT), q)
    allowed = marks_at(table[ALLOWED_AT] + k * size.n_rows)
    mark = record_at(table[MARKS_AT] + (k * size.n_lengths + j) * MARK_BYTES, MARK)
    is_gapped = b.flags & GAPPED != 0
    if is_gapped:
        mark.is_unpriced = 1
    elif mark.is_unpriced != 0 and has_traded(b):
        mark.is_unpriced = 0
    is_priced = b.flags & PRICED != 0 and mark.is_unpriced == 0
    for i in range(length.first, length.cross):
        row = record_at(table[ROWS_AT] + i * ROW_BYTES, ROW)
        at = k * size.n_columns + row.column
        x = floats_at(table[VALUES_AT] + at * CELL)
        w = marks_at(table[WARM_AT] + at)
        s = floats_at(table[FLOATS_AT] + (k * size.n_floats + row.float_at) * CELL)
        m = ints_at(table[INTS_AT] + (k * size.n_ints + row.int_at) * CELL)
        if is_gapped:
            lose(s, m, row, b.session)
        if is_gapped or allowed[i] == 0 or (row.priced != 0 and not is_priced):
            silence(w, row.n_outputs)
            continue
        p = floats_at(table[PARAMS_AT] + row.param * CELL)
        if row.family == TREND:
            step_trend(row.op, b, q, p, s, m, x, w)
        elif row.family == VOLATILITY:
            step_volatility(row.op, b, q, p, s, m, x, w)
        elif row.family == VOLUME:
            step_volume(row.op, b, q, p, s, m, x, w)
        elif row.family == MICROSTRUCTURE:
            step_microstructure(row.op, b, q, p, s, m, x, w)


@piece
def run_cross(k: int, j: int, table: Ints) -> None:
    """Move the cross-market features of slot `k` and length `j`; the leader is there when its bar of this length ends with ours."""
    size = record_at(table[SIZES_AT], SIZES)
    length = record_at(table[LENGTHS_AT] + j * LENGTH_BYTES, LENGTH)
    slot = record_at(table[SLOTS_AT] + k * SLOT_BYTES, SLOT)
    if slot.leader < 0:
        return
    other = slot.leader * size.n_lengths + j
    b = record_at(table[CLOSED_AT] + (k * size.n_lengths + j) * BAR_BYTES, RICH)
    of_lead = record_at(table[CLOSED_AT] + other * BAR_BYTES, RICH)
    mark = record_at(table[MARKS_AT] + (k * size.n_lengths + j) * MARK_BYTES, MARK)
    of_other = record_at(table[MARKS_AT] + other * MARK_BYTES, MARK)
    led = of_other.closed_ns == b.t_end and of_lead.flags & PRICED != 0 and of_other.is_unpriced == 0
    is_gapped = b.flags & GAPPED != 0 or (of_other.closed_ns == b.t_end and of_lead.flags & GAPPED != 0)
    q = floats_at(table[PRICES_AT] + k * N_PRICES * CELL)
    lead = floats_at(table[PRICES_AT] + slot.leader * N_PRICES * CELL)
    price(b, slot, q)
    price(of_lead, record_at(table[SLOTS_AT] + slot.leader * SLOT_BYTES, SLOT), lead)
    allowed = marks_at(table[ALLOWED_AT] + k * size.n_rows)
    for i in range(length.cross, length.end):
        row = record_at(table[ROWS_AT] + i * ROW_BYTES, ROW)
        at = k * size.n_columns + row.column
        x = floats_at(table[VALUES_AT] + at * CELL)
        w = marks_at(table[WARM_AT] + at)
        s = floats_at(table[FLOATS_AT] + (k * size.n_floats + row.float_at) * CELL)
        m = ints_at(table[INTS_AT] + (k * size.n_ints + row.int_at) * CELL)
        if is_gapped:
            lose(s, m, row, b.session)
        if is_gapped or allowed[i] == 0 or b.flags & PRICED == 0 or mark.is_unpriced != 0:
            silence(w, row.n_outputs)
            continue
        p = floats_at(table[PARAMS_AT] + row.param * CELL)
        step_cross_market(row.op, q, lead, led, p, s, m, x, w)


@piece
def take(b: Ints, piece_ns: int, k: int, table: Ints) -> None:
    """Hand a closed bar of `piece_ns` to slot `k`: to its own length and to the multiples of it. What is not new is passed over."""
    n = record_at(table[SIZES_AT], SIZES).n_lengths
    for j in range(n):
        at = k * n + j
        mark = record_at(table[MARKS_AT] + at * MARK_BYTES, MARK)
        mark.closed_ns = 0
        length_ns = record_at(table[LENGTHS_AT] + j * LENGTH_BYTES, LENGTH).ns
        if length_ns % piece_ns != 0 or b[T_END] <= mark.seen_ns:
            continue
        mark.seen_ns = b[T_END]
        closed = ints_at(table[CLOSED_AT] + at * BAR_BYTES)
        if length_ns == piece_ns:
            begin(closed, b, b[T_END])
            mark.covered_ns = 0
        elif not gather(closed, mark, b, piece_ns, length_ns):
            continue
        mark.closed_ns = b[T_END]
        run(k, j, table)


@piece
def take_cross(t_end: int, k: int, table: Ints) -> None:
    """Run the cross-market features of the lengths of slot `k` that closed at `t_end`."""
    n = record_at(table[SIZES_AT], SIZES).n_lengths
    for j in range(n):
        if record_at(table[MARKS_AT] + (k * n + j) * MARK_BYTES, MARK).closed_ns == t_end:
            run_cross(k, j, table)


@piece
def barrier(table: Ints) -> None:
    """Take the closed bar of every contract, then run what looks at two. A contract without a bar loses its marks, not its state."""
    size = record_at(table[SIZES_AT], SIZES)
    for k in range(size.n_slots):
        b = ints_at(table[BARS_AT] + k * BAR_BYTES)
        if b[T_END] == 0:
            silence(marks_at(table[WARM_AT] + k * size.n_columns), size.n_columns)
        else:
            take(b, BAR_NS, k, table)
    for k in range(size.n_slots):
        t_end = ints_at(table[BARS_AT] + k * BAR_BYTES)[T_END]
        if t_end != 0:
            take_cross(t_end, k, table)


@piece
def history(table: Ints) -> None:
    """Take one bar of one contract: only its own features move."""
    b = ints_at(table[PAST_AT])
    take(b, table[PIECE_NS], table[SLOT_NUMBER], table)
    take_cross(b[T_END], table[SLOT_NUMBER], table)


@cfunc(types.void(types.int64), cache=True, **OPTIONS)
def _step(address: int) -> None:
    table = ints_at(address)
    if table[PIECE_NS] == 0:
        barrier(table)
    else:
        history(table)


STEP: Final[int] = _step.address
