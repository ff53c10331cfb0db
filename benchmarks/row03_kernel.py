"""Row 3, the kernel alone: the fold makes 5 s bars, polars makes the same bars with a group-by on all its threads.

Polars gets columns, ready in memory, and makes what it can in one pass without a book: eleven integer columns, which must equal the
fold's, bar by bar. The fold makes all thirty-five, time integrals, book and quality among them; a compiled loop keeps its bars.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import polars as pl

from benchmarks.kernels import bars_of
from benchmarks.rounds import Cost, Line, alone, in_turn, many, rate, ratios
from benchmarks.tape import Tape, tape
from workbench.domain.bars import BAR_FIELDS, RICH
from workbench.domain.records import Kind, Records
from workbench.domain.units import BAR_NS
from workbench.market.fold import Market
from workbench.market.state import Stop

N_RECORDS = 10_000_000
EQUAL = ("n", "n_quote", "n_print", "n_depth", "volume", "signed", "pv", "high", "low", "max_sz", "ofi")
OF_PRINTS = ("high", "low")  # without a print the fold keeps the last price


def measure(quick: bool) -> list[Line]:
    return [_line(with_depth=False), _line(with_depth=True)]


def _line(*, with_depth: bool) -> Line:
    day = tape(1, with_depth=with_depth)
    of = tape(N_RECORDS // len(day.records), with_depth=with_depth)
    frame, out = columns(of.records), np.zeros(of.n_days * 721, RICH)
    compiled(day.records, out)
    works = (lambda: grouped(frame), lambda: compiled(of.records, out), lambda: folded(of.records))
    theirs, ours, called = in_turn(*(lambda work=work: _timed(work, of) for work in works))
    middle, worst = ratios(theirs, ours)
    different, n_bars = differences(tape(3, with_depth=with_depth))
    n_calls = folded(of.records)
    per_call = statistics.median((b.wall_s - a.wall_s) / n_calls * 1e6 for a, b in zip(ours, called, strict=True))
    return Line(
        row=3,
        what="kernel, bars of " + ("quotes, prints and depth" if with_depth else "quotes and prints"),
        anchor=f"polars, {pl.thread_pool_size()} threads: {many(rate(theirs))} records/s",
        ours=f"fold, one core: {many(rate(ours))} records/s",
        ratio=middle,
        worst=worst,
        bar=1.5,
        goal=1.5,
        notes=[
            f"by processor time {ratios(theirs, ours, of_cpu=True)[0]:.3g} x; aimed at besides: 60 M records/s",
            f"called from Python at each bar, as the engine does: {many(rate(called))} records/s, {ratios(theirs, called)[0]:.3g} x",
            f"{n_calls:,} calls of {len(of.records) / n_calls:.0f} records, {per_call:.2f} us each on top",
            f"{len(EQUAL)} integer columns of {n_bars:,} bars compared: {different} different values",
        ],
    )


def _timed(work: object, of: Tape) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, len(of.records))


def columns(records: Records) -> pl.DataFrame:
    """Give the records' fields as columns."""
    names = ("recv_ns", "px", "sz", "px2", "sz2", "kind", "side")
    return pl.DataFrame({name: np.ascontiguousarray(records[name]) for name in names})


def grouped(frame: pl.DataFrame) -> pl.DataFrame:
    """Make bars with polars; order-flow imbalance within one stretch of two-sided quotes, as this tape is."""
    quote, printed = pl.col("kind") == Kind.QUOTE, pl.col("kind") == Kind.PRINT
    depth = pl.col("kind").is_between(Kind.DEPTH_INSERT, Kind.DEPTH_RESET)
    px, sz, px2, sz2 = (pl.col(name) for name in ("px", "sz", "px2", "sz2"))
    bid, bsz, ask, asz = (pl.col(name).shift(1) for name in ("px", "sz", "px2", "sz2"))
    flow = (
        pl.when(px >= bid).then(sz).otherwise(0) - pl.when(px <= bid).then(bsz).otherwise(0)
        - pl.when(px2 <= ask).then(sz2).otherwise(0) + pl.when(px2 >= ask).then(asz).otherwise(0)
    )  # fmt: skip
    end = ((pl.col("recv_ns") // BAR_NS + 1) * BAR_NS).alias("t_end")
    is_first = pl.col("recv_ns") - pl.col("recv_ns").shift(1) > 3600 * 1_000_000_000  # a night lies between
    flows = frame.lazy().filter(quote).with_columns(pl.when(is_first).then(0).otherwise(flow).alias("ofi"))
    counts = frame.lazy().filter(quote | printed | depth).group_by(end).agg(
        pl.len().cast(pl.Int64).alias("n"),
        quote.sum().cast(pl.Int64).alias("n_quote"),
        printed.sum().cast(pl.Int64).alias("n_print"),
        depth.sum().cast(pl.Int64).alias("n_depth"),
    )  # fmt: skip
    prints = frame.lazy().filter(printed).group_by(end).agg(
        sz.sum().alias("volume"), (sz * pl.col("side")).sum().alias("signed"), (px * sz).sum().alias("pv"),
        px.max().alias("high"), px.min().alias("low"), sz.max().alias("max_sz"),
    )  # fmt: skip
    of_flow = flows.group_by(end).agg(pl.col("ofi").sum())
    return counts.join(prints, on="t_end", how="left").join(of_flow, on="t_end", how="left").sort("t_end").collect()


def folded(records: Records, keep: list[np.ndarray] | None = None) -> int:
    """Fold a tape; say how many calls it took."""
    market, addr, n, i, calls = Market([1]), records.ctypes.data, len(records), 0, 0
    while i < n:
        i, stop = market.fold(addr, i, n)
        calls += 1
        if keep is not None and stop == Stop.BARRIER:
            keep.append(market.bars.copy())
    return calls


def compiled(records: Records, out: np.ndarray) -> int:
    """Fold a tape and keep its bars, all in compiled code."""
    market = Market([1])
    return bars_of(records, market.clock, market.slot_of, market.states, market.bars, out)


def differences(of: Tape) -> tuple[int, int]:
    """Compare both makers' bars; give how many values differ, and how many bars had records."""
    kept: list[np.ndarray] = []
    folded(of.records, kept)
    bars = np.concatenate(kept) if kept else np.zeros(0, RICH)
    ours = pl.DataFrame({name: bars[name] for name in BAR_FIELDS}).filter((pl.col("n") > 0) & (pl.col("t_end") > 0))
    theirs = grouped(columns(of.records))
    both = theirs.join(ours, on="t_end", how="inner", suffix="_ours")
    different = abs(len(theirs) - len(ours)) + abs(len(both) - len(ours))
    for name in EQUAL:
        rows = both.filter(pl.col("n_print") > 0) if name in OF_PRINTS else both
        different += int((rows[name].fill_null(0) != rows[f"{name}_ours"]).sum())
    return different, len(both)


if __name__ == "__main__":
    alone(measure)
