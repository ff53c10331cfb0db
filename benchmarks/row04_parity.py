"""Row 4, parity: one record at a time, random chunks and the whole tape give one digest of commands, facts, events and state.

No anchor proves it; nothing is timed here. A difference of one bit anywhere counts as one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

import msgspec
import numpy as np

from benchmarks.rounds import Line, alone
from benchmarks.rule import setup, whole
from benchmarks.tape import Tape, tape
from workbench.domain.decisions import encode_facts
from workbench.engine import Setup
from workbench.learning.models import RECIPES
from workbench.runtime.replay import simulate
from workbench.simulation.matching.models import CAUTIOUS

N_CHUNKINGS = 100
N_CHUNKINGS_QUICK = 10
Chunk = Callable[[], int]


def measure(quick: bool) -> list[Line]:
    n = N_CHUNKINGS_QUICK if quick else N_CHUNKINGS
    worlds: list[tuple[str, Tape, Setup, int]] = []
    one, deep, mixed = tape(2), tape(2, with_depth=True), tape(1, contracts=4)
    worlds.append(("rule, one contract", one, setup(one), n))
    worlds.append(("default recipe, four strategies, depth", deep, whole(deep), n))
    worlds.append(("tree recipe, four strategies", one, whole(one, RECIPES["flow_tree_1m"]), n // 5))
    worlds.append(("default recipe, four contracts mixed", mixed, whole(mixed), n // 2))
    return [_line(*world) for world in worlds]


def _line(name: str, of: Tape, wanted: Setup, n_chunkings: int) -> Line:
    reference, n_commands = digest(of, wanted, None)
    chunks: list[Chunk] = [lambda: 1, *(random_chunks(seed) for seed in range(n_chunkings))]
    n_different = sum(digest(of, wanted, chunk)[0] != reference for chunk in chunks)
    return Line(
        row=4,
        what=f"parity: {name}",
        anchor=f"the whole tape at once, {len(of.records):,} records",
        ours=f"n = 1 and {n_chunkings} random chunkings",
        ratio=n_different,
        bar=0,
        goal=0,
        unit="different",
        more_is_better=False,
        notes=[f"{n_commands} commands; digest {reference[:16]} over commands, facts, events and the whole state at the end"],
    )


def digest(of: Tape, wanted: Setup, chunk: Chunk | None) -> tuple[str, int]:
    """Play a tape in chunks; hash all that came of it, and say how many commands there were."""
    came = asyncio.run(simulate(wanted, of.records, CAUTIOUS, chunk=chunk))
    h = hashlib.sha256(f"{came.last_seq} {came.commands_digest} {came.state_digest}".encode())
    h.update(encode_facts(came.facts))
    h.update(msgspec.msgpack.encode(came.arrivals))
    return h.hexdigest(), came.n_commands


def random_chunks(seed: int) -> Chunk:
    """Cut as a socket might: mostly small, now and then a flood."""
    rng = np.random.default_rng(seed)
    sizes = np.where(rng.random(4096) < 0.2, rng.integers(1, 5_000, 4096), rng.integers(1, 60, 4096)).tolist()
    at = iter(range(1 << 62))
    return lambda: sizes[next(at) % len(sizes)]


if __name__ == "__main__":
    alone(measure)
