"""Where the time of a bar goes: probes around the parts of a replay. A tool for whoever makes it faster; no row of the table.

``python -m benchmarks.split [recipe] [--days 50] [--contracts 1]``. A part's time is its own, without the parts inside it and without the
probes; the slowest 3 % of its calls are left out, for those were preempted. Microseconds a barrier.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import workbench.engine.engine as engine_module
import workbench.learning.learner as learner_module
import workbench.store.journal as journal_module
from benchmarks.ours import Played, play
from benchmarks.rule import setup, whole
from benchmarks.tape import Tape, tape
from workbench.engine import Engine, Setup
from workbench.features.steps import Steps
from workbench.learning.confidence import Reliability
from workbench.learning.digest import LearnLog
from workbench.learning.drift import DriftWatch
from workbench.learning.learner import Learner
from workbench.learning.models import RECIPES
from workbench.market.fold import Market
from workbench.risk.chain import Gate
from workbench.runtime.log import RunLog
from workbench.simulation.matching.exchange import Exchange
from workbench.venues.simulated import SimulatedVenue

KEPT = 0.97  # share of calls
PARTS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("fold", Market, ("fold",)),
    ("features", Steps, ("barrier",)),
    ("exchange", Exchange, ("run", "save", "back", "is_quiet", "take", "send")),
    ("learner: River predict", learner_module, ("p_up",)),
    ("learner: digest", LearnLog, ("note",)),
    ("learner: drift (River)", DriftWatch, ("update",)),
    ("learner: reliability", Reliability, ("update", "confidence")),
    ("learner: ours", Learner, ("update",)),
    ("learner: ours", Engine, ("_learn",)),
    ("desk: manage", engine_module, ("manage",)),
    ("desk: gate and reports", engine_module, ("gate", "report")),
    ("risk", Gate, ("judge",)),
    ("strategies and arbiter", Engine, ("_wishes",)),
    ("barrier", Engine, ("_barrier",)),
    ("engine: feed and step", Engine, ("feed", "step", "take_facts")),
    ("facts: encode", journal_module, ("encode_facts", "encode_event")),
    ("journal", journal_module.Journal, ("extend", "append")),
    ("journal", journal_module._OneCommit, ("_add", "_insert", "close")),
    ("log and venue", RunLog, ("keep", "place", "arrive", "commit")),
    ("log and venue", SimulatedVenue, ("settle",)),
)


class Part(NamedTuple):
    """Time of one part a barrier, how often it was called, and its median call."""

    name: str
    us: float
    calls: float
    median_us: float


class Probes:
    """Wraps functions; keeps each call's own time."""

    def __init__(self) -> None:
        self.own_ns: dict[str, list[int]] = defaultdict(list)
        self._stack = [0]
        self._undo: list[tuple[Any, str, Any]] = []
        self._inside_ns, self._outside_ns = 0, 0
        self._calibrate()

    def wrap(self, owner: Any, name: str, label: str) -> None:
        """Put a probe around ``owner.name``; what does not exist (any more) is left out."""
        inner = getattr(owner, name, None)
        if inner is None:
            return
        self._undo.append((owner, name, inner))
        setattr(owner, name, self.probe(inner, label))

    def probe(self, inner: Callable[..., Any], label: str) -> Callable[..., Any]:
        """Give `inner` with a probe around it."""
        stack, kept, clock = self._stack, self.own_ns[label], time.perf_counter_ns

        def probed(*args: Any, **kwargs: Any) -> Any:
            stack.append(0)
            start = clock()
            given = inner(*args, **kwargs)
            took = clock() - start
            kept.append(max(0, took - stack.pop() - self._inside_ns))
            stack[-1] += took + self._outside_ns
            return given

        return probed

    def _calibrate(self) -> None:
        probed = self.probe(lambda: None, "nothing")
        for _ in range(50_000):
            probed()
        self._inside_ns = int(np.median(self.own_ns["nothing"]))
        bunches = []
        for _ in range(500):
            start = time.perf_counter_ns()
            for _ in range(100):
                probed()
            bunches.append((time.perf_counter_ns() - start) / 100)
        self._outside_ns = max(0, int(min(bunches)) - self._inside_ns)
        del self.own_ns["nothing"]

    def remove(self) -> None:
        """Take all probes away."""
        for owner, name, inner in reversed(self._undo):
            setattr(owner, name, inner)


def split(of: Tape, wanted: Setup) -> tuple[list[Part], Played]:
    """Play a tape with probes; give the parts, the dearest first."""
    bare = play(of, wanted)
    probes = Probes()
    for label, owner, names in PARTS:
        for name in names:
            probes.wrap(owner, name, label)
    if wanted.recipes:
        model = type(bare.engine._learners[0][0]._model)
        probes.wrap(model, "learn_one", "learner: River learn")
    try:
        play(of, wanted)
    finally:
        probes.remove()
    n = bare.engine.n_barriers
    parts = []
    for label, own in probes.own_ns.items():
        if own:
            usual = np.sort(own)[: int(len(own) * KEPT) + 1]
            parts.append(Part(label, float(usual.mean()) * len(own) / n / 1e3, len(own) / n, float(np.median(own)) / 1e3))
    return sorted(parts, key=lambda part: -part.us), bare


def words(parts: list[Part], n: int = 4) -> str:
    """Name the dearest parts in a line."""
    return ", ".join(f"{part.name} {part.us:.1f}" for part in parts[:n]) + f" of {sum(part.us for part in parts):.1f} us a barrier"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("recipe", nargs="?", default="", help="of the catalogue; none: the rule alone")
    parser.add_argument("--days", type=int, default=50)
    parser.add_argument("--contracts", type=int, default=1)
    chosen = parser.parse_args()
    of = tape(chosen.days, contracts=chosen.contracts)
    parts, bare = split(of, whole(of, RECIPES[chosen.recipe]) if chosen.recipe else setup(of))
    for part in parts:
        print(f"{part.us:7.2f} us  {part.name:28} {part.calls:7.3f} calls, median {part.median_us:.2f} us")
    n, cost = bare.engine.n_barriers, bare.cost
    bare_us = f"{cost.cpu_s / n * 1e6:.2f} of processor, {cost.wall_s / n * 1e6:.2f} on the clock"
    print(f"{sum(part.us for part in parts):7.2f} us  sum; without probes {bare_us}")
    print(f"{of.name}: {n:,} barriers, {bare.n_brackets} brackets, {bare.cost.rate / 1e6:.2f} M events/s")


if __name__ == "__main__":
    main()
