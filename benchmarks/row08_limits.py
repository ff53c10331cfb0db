"""Row 8, the risk check: one proposal through sizing and every limit, approved. The anchor is an earlier system's budget, 2 ms."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from benchmarks.rounds import Line, alone, frozen, percentile
from benchmarks.rule import AWAY, HOLD_NS, law, setup
from benchmarks.tape import tape
from workbench.domain.decisions import Approved, Proposal, TradingState
from workbench.domain.orders import Key, OrderType
from workbench.domain.units import MICROS
from workbench.engine import Engine
from workbench.risk.chain import Gate
from workbench.risk.limits import LIMITS, Standing

ANCHOR_US = 2_000.0
N_CALLS = 40_000
N_ROUNDS = 5


def measure(quick: bool) -> list[Line]:
    of = tape(1)
    engine = Engine(setup(of, strategies=()))
    engine.feed(of.records.ctypes.data, 0, len(of.records) * 3 // 4)
    view, terms, judge = engine.view(1), engine.setup.terms[0], Gate(law()).judge
    key, entry = Key("DUSIM1", 1, "rule"), view.bar.ask
    wish = Proposal(1, OrderType.MARKET, entry, entry - AWAY, entry + AWAY, HOLD_NS)
    now = Standing(TradingState.ACTIVE, False, 1, 3, 300 * MICROS, 57_000 * MICROS, 10**8 * MICROS, 0, 5, 2, 3, 60 * 10**9, 1, 3600 * 10**9)
    verdict = judge(key, wish, view, terms, now)
    assert isinstance(verdict, Approved), verdict
    clocks = (time.perf_counter_ns, time.thread_time_ns)
    rounds, of_cpu = ([_round(lambda: judge(key, wish, view, terms, now), clock) for _ in range(N_ROUNDS)] for clock in clocks)
    p50, p99 = (statistics.median(percentile(took, share) for took in rounds) for share in (0.5, 0.99))
    cpu_p99 = statistics.median(percentile(took, 0.99) for took in of_cpu)
    return [
        Line(
            row=8,
            what=f"risk check, {len(LIMITS)} limits, p99",
            anchor=f"an earlier system's budget {ANCHOR_US:.0f} us",
            ours=f"p50 {p50:.2f}, p99 {p99:.2f} us",
            ratio=p99,
            worst=max(percentile(took, 0.99) for took in rounds),
            bar=20,
            goal=20,
            unit="us",
            more_is_better=False,
            notes=[
                f"{N_CALLS:,} approvals a round, {N_ROUNDS} rounds; of the processor, without preemption, p99 {cpu_p99:.2f} us",
                f"{ANCHOR_US / p99:.0f} x the budget",
            ],
        )
    ]


def _round(call: Callable[[], object], clock: Callable[[], int]) -> list[float]:
    took = []
    with frozen():
        for _ in range(N_CALLS):
            start = clock()
            call()
            took.append((clock() - start) / 1e3)
    return took


if __name__ == "__main__":
    alone(measure)
