"""The protocol of all rows: rounds in turn, the median of the per-round ratios, and the line that is printed. Knows no row.

A row is a module ``row01_replay`` with ``measure(quick) -> list[Line]``; ``python -m benchmarks.row01_replay`` runs it alone.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

N_ROUNDS = 5
SHARE = 0.8  # of the bar, that no round may fall under


class Cost(NamedTuple):
    """What a piece of work took: seconds on the clock and of the processor, for `n` units."""

    wall_s: float
    cpu_s: float
    n: int

    @property
    def rate(self) -> float:
        """Units a second on the clock."""
        return self.n / self.wall_s


class Line(msgspec.Struct, kw_only=True):
    """One result. ``ratio`` is held against ``bar`` (of today) and ``goal``, the way ``more_is_better`` says; `None`: printed only."""

    row: int
    what: str
    anchor: str
    ours: str
    ratio: float | None = None
    worst: float | None = None  # round
    bar: float | None = None
    goal: float | None = None
    unit: str = "x"
    more_is_better: bool = True
    notes: list[str] = []

    def reaches(self, wanted: float | None) -> bool | None:
        """Whether the median reaches it and no round falls under its share of it."""
        if wanted is None or self.ratio is None:
            return None
        worst = self.ratio if self.worst is None else self.worst
        if self.more_is_better:
            return self.ratio >= wanted and worst >= SHARE * wanted
        return self.ratio <= wanted and worst <= wanted / SHARE


@contextmanager
def frozen() -> Iterator[None]:
    """Run with the collector emptied, frozen and off, as the runner does between session boundaries."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def cost(work: Callable[[], int]) -> Cost:
    """Time a piece of work that says how many units it did."""
    with frozen():
        wall, cpu = time.perf_counter(), time.process_time()
        n = work()
        return Cost(time.perf_counter() - wall, time.process_time() - cpu, n)


def in_turn(*works: Callable[[], Cost], n_rounds: int = N_ROUNDS) -> list[list[Cost]]:
    """Do pieces of work in turn, ``a b a b ...``; give their costs, one list a piece."""
    costs: list[list[Cost]] = [[] for _ in works]
    for _ in range(n_rounds):
        for kept, work in zip(costs, works, strict=True):
            kept.append(work())
    return costs


def ratios(slow: list[Cost], fast: list[Cost], *, of_cpu: bool = False) -> tuple[float, float]:
    """Give the median and the worst of how many times as many units a second `fast` does as `slow`, round by round."""
    per_unit = [[(c.cpu_s if of_cpu else c.wall_s) / c.n for c in costs] for costs in (slow, fast)]
    each = [a / b for a, b in zip(*per_unit, strict=True)]
    return statistics.median(each), min(each)


def rate(costs: list[Cost]) -> float:
    """Median units a second."""
    return statistics.median(c.rate for c in costs)


def percentile(values: list[float] | object, share: float) -> float:
    """Give the value below which `share` of the values lie, 0 to 1 (nearest rank)."""
    ordered = sorted(values)
    return float(ordered[min(len(ordered) - 1, int(share * len(ordered)))])


def many(n: float) -> str:
    """Write a large number short.

    >>> many(1_234_567), many(890)
    ('1.23 M', '890')
    """
    return f"{n / 1e6:.3g} M" if n >= 1e6 else f"{n / 1e3:.3g} k" if n >= 1e4 else f"{n:.3g}"


def show(line: Line) -> str:
    """Write a line for a person."""
    verdicts = {True: "reached", False: "NOT REACHED", None: "not held against"}
    sign = ">=" if line.more_is_better else "<="
    text = [f"row {line.row:>2}  {line.what}", f"        anchor {line.anchor}", f"        ours   {line.ours}"]
    if line.ratio is not None:
        worst = f" (worst round {line.worst:.3g})" if line.worst is not None else ""
        text.append(f"        {line.ratio:.3g} {line.unit}{worst}")
        for name, wanted in (("bar", line.bar), ("goal", line.goal)):
            if wanted is not None:
                text.append(f"        {name:<4} {sign} {wanted:g} {line.unit}: {verdicts[line.reaches(wanted)]}")
    text += [f"        {note}" for note in line.notes]
    return "\n".join(text)


def alone(measure: Callable[[bool], list[Line]]) -> None:
    """Run one row as a program: ``--quick`` leaves peers out, ``--out`` keeps the lines for a table."""
    parser = argparse.ArgumentParser(description=(sys.modules["__main__"].__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="leave out peers that need an environment of their own")
    parser.add_argument("--out", type=Path, help="file for the results, JSON")
    chosen = parser.parse_args()
    before = os.getloadavg()[0]
    lines = measure(chosen.quick)
    for line in lines:
        line.notes = [*line.notes, f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores"]
        print(show(line), flush=True)
    if chosen.out is not None:
        chosen.out.write_bytes(msgspec.json.encode(lines))
