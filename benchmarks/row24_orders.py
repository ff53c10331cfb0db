"""Row 24, memory of orders that are over: ten thousand of them through the live edge, and through ib_async alone, over one gateway.

A bracket is entered at market and left at market: four orders, of which two fill and two are cancelled. The gateway is another process.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.rounds import Line, alone
from benchmarks.wire.room import Program, market, room
from workbench.gateway import behaviour

BRACKETS: Final = 2_500
FEW: Final = 250
MEMORY: Final = Path("/dev/shm")  # order ids are kept durably, two syncs in thirty brackets: a busy disk would set the pace
QUOTE_NS: Final = 5_000_000  # an order at market fills at the next quote


async def through(who: str, n: int) -> dict[str, Any]:
    """Send so many brackets through one of them; give what it said of its memory."""
    behaviour.RATE_PER_S = 1_000_000  # limits spread messages in time, and keep nothing
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        async with room(market(200_000, QUOTE_NS)) as opened:
            program = Program("benchmarks.wire.finished", who, opened.port, name, n)
            try:
                return await program.told("kind", 900)
            finally:
                program.end()


def measure(quick: bool) -> list[Line]:
    if not Path("/proc/self/status").exists():
        print("row 24: needs Linux (/proc/self/status)", file=sys.stderr)
        return []
    n = FEW if quick else BRACKETS
    ours, theirs = (asyncio.run(through(who, n)) for who in ("ours", "theirs"))
    grown, grown_there = (told["after_mb"] - told["before_mb"] for told in (ours, theirs))
    return [
        Line(
            row=24,
            what=f"{4 * n:,} finished orders, anonymous memory",
            anchor=f"ib_async alone {grown_there:+.0f} MB ({theirs['kept']})",
            ours=f"{grown:+.1f} MB, from {ours['before_mb']:.0f} ({ours['kept']})",
            ratio=grown,
            goal=20,
            unit="MB",
            more_is_better=False,
            notes=[f"{ours['took_s']:.0f} s ours, {theirs['took_s']:.0f} s ib_async's: the gateway's fills set the pace"],
        )
    ]


if __name__ == "__main__":
    alone(measure)
