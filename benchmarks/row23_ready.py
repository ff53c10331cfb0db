"""Row 23, from connecting to ready: connected, resynchronised, market data flowing, entries allowed. The gateway is up, in another process.

Counted from the venue's first byte, as after any loss of the connection; then from the first look, which finds accounts and contracts, and
which waits for a simulated gateway's second to change (a real TWS is asked once); then from the start of the process. The control is a bare
asyncio client: connected, greeted, told accounts and the next order id.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.rounds import Line, alone
from benchmarks.wire.room import Program, message, room
from workbench.wire.framing import hello

ROUNDS: Final = 5


async def connected(folder: Path, flags: list[str]) -> tuple[float, float, float, float]:
    """Start an edge; seconds to ready from the venue's connecting, the first look and the process, and of the bare control."""
    async with room() as opened:
        bare_s = await _bare(opened.port)
        program = Program("benchmarks.wire.edge", opened.port, folder, *flags)
        try:
            told = await program.told("ready")
        finally:
            program.end()
    ready = told["ready_ns"]
    return (ready - told["connects_ns"]) / 1e9, (ready - told["began_ns"]) / 1e9, (ready - program.began_ns) / 1e9, bare_s


async def _bare(port: int) -> float:
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(hello())
    data = b""
    while b"\0" not in data[4:]:
        data += await reader.read(4096)
    writer.write(message(71, 2, 99, ""))
    while b"\x009\x001\x00" not in b"\0" + data and b"9\x001\x00" not in data:
        data += await reader.read(4096)
    took = time.monotonic() - began
    writer.close()
    return took


def _line(what: str, flags: list[str], goal: float | None, n_rounds: int) -> Line:
    took = []
    for _ in range(n_rounds):
        with tempfile.TemporaryDirectory() as name:
            took.append(asyncio.run(connected(Path(name), flags)))
    ready, looked, process, bare = (statistics.median(each) for each in zip(*took, strict=True))
    return Line(
        row=23,
        what=f"connect to ready, {what}",
        anchor=f"bare client, connected and greeted: {bare * 1e3:.0f} ms",
        ours=f"{ready:.2f} s; with the first look {looked:.2f}, with the process's start {process:.2f} s",
        ratio=ready,
        worst=max(each[0] for each in took),
        goal=goal,
        unit="s",
        more_is_better=False,
        notes=[f"{n_rounds} starts, empty journals"],
    )


def measure(quick: bool) -> list[Line]:
    n_rounds = 2 if quick else ROUNDS
    return [_line("a rule", ["--rule"], 1.0, n_rounds), _line("the default recipe", [], 1.0, n_rounds)]


if __name__ == "__main__":
    alone(measure)
