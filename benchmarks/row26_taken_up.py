"""Row 26, from the start of a process to ready: with nothing in the data folder, and over the journal of a run that died in its session.

Ready is reconciled and resynchronised, stops supervised; the gateway is up, in another process. The run that died has a hundred thousand
rows in its journal, two thirds of a session of records in its tail, and no checkpoint: it is played again, and held against its log.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from typing import Any, Final

from benchmarks.rounds import Line, alone
from benchmarks.wire.room import Program, room

ROUNDS: Final = 3
ROWS: Final = 100_000


async def ready(flags: list[str], n_rows: int) -> tuple[float, float, dict[str, Any]]:
    """Start an edge over a folder; seconds from the start of its process to ready, of the clock and of a processor, and what it held."""
    with tempfile.TemporaryDirectory() as folder:
        async with room() as opened:
            held: dict[str, Any] = {}
            if n_rows:
                held = await _said("rows", opened.port, folder, flags, "--die", n_rows)
            program = Program("benchmarks.wire.edge", opened.port, folder, "--steps", *flags)
            try:
                told = await program.told("ready", 120)
            finally:
                program.end()
    return (told["ready_ns"] - program.began_ns) / 1e9, told["cpu_s"], held


async def _said(key: str, port: int, folder: str, flags: list[str], *more: object) -> dict[str, Any]:
    program = Program("benchmarks.wire.edge", port, folder, "--steps", *flags, *more)
    try:
        return await program.told(key, 300)
    finally:
        program.end()


def _line(what: str, flags: list[str], n_rows: int, goal: float | None, n_rounds: int) -> Line:
    took = [asyncio.run(ready(flags, n_rows)) for _ in range(n_rounds)]
    seconds, cpu_s, held = [each[0] for each in took], [each[1] for each in took], took[-1][2]
    told = f"{held['rows']:,} rows, {held['records']:,} records, {held['barriers']:,} barriers" if held else "nothing"
    return Line(
        row=26,
        what=f"process start to ready, {what}",
        anchor=f"the folder holds {told}",
        ours=f"p50 {statistics.median(seconds):.2f}, max {max(seconds):.2f} s; of a processor {statistics.median(cpu_s):.2f} s",
        ratio=statistics.median(seconds),
        worst=max(seconds),
        goal=goal,
        unit="s",
        more_is_better=False,
        notes=[f"{n_rounds} cold starts"],
    )


def measure(quick: bool) -> list[Line]:
    n = 1 if quick else ROUNDS
    return [
        _line("a rule, empty journal", ["--rule"], 0, 2.0, n),
        _line("a rule, journal of a run that died", ["--rule"], ROWS, 5.0, n),
        _line("the default recipe, empty journal", [], 0, None, n),
        _line("the default recipe, journal of a run that died", [], ROWS, 5.0, n),
    ]


if __name__ == "__main__":
    alone(measure)
