"""Row 16, sweeps: a cross of means over 350,000 minute bars beside vectorbt, the memory of a thousand of them, a hundred confirmed.

Both run on one core and give the P&L of each configuration; ours also its trips, fees, drawdown and ratio, and writes each into the
ledger of trials. vectorbt has 25 at once: more at once takes more memory, and no less time each.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.peers import ENGINES
from benchmarks.rounds import Cost, Line, alone, frozen, in_turn, ratios
from workbench.config import load_settings
from workbench.research import open_session
from workbench.research.sample import SESSION, sample
from workbench.research.sweeps import Cross, confirm, sweep, terms_of

N_BARS, N_A_DAY = 350_000, 1380
FAST, SLOW = range(2, 27), range(30, 230, 5)  # 1,000 together
N_THEIRS, N_OURS, N_CONFIRMED = 25, 100, 100
ES = terms_of("ES", slippage_ticks=0, settings=load_settings(environment={}))._replace(fee_micros=0)
USD = ES.worth_micros / 1e6 / float(ES.quantum)  # of a point


def measure(quick: bool) -> list[Line]:
    return [*_beside_vectorbt(), *_thousand(), _confirmed()]


def _beside_vectorbt() -> list[Line]:
    made, pairs = bars(), [[fast, slow] for slow in SLOW for fast in FAST]
    drawn = np.random.default_rng(16).permutation(len(pairs))
    theirs, ours = ([pairs[int(each)] for each in drawn[:n]] for n in (N_THEIRS, N_OURS))
    with tempfile.TemporaryDirectory() as folder:
        tape = Path(folder) / "tape.npy"
        np.save(tape, np.stack([made["open_pts"].to_numpy(), made["close_pts"].to_numpy()]) * USD)
        command = [sys.executable, "-W", "ignore", str(ENGINES / "run_vectorbt.py"), str(tape)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
            _answer(peer)
            told: list[dict] = []

            def slow() -> Cost:
                peer.stdin.write(json.dumps(theirs) + "\n")
                peer.stdin.flush()
                told.append(_answer(peer))
                return Cost(told[-1]["wall_s"], told[-1]["cpu_s"], len(theirs))

            slow_costs, fast_costs = in_turn(slow, lambda: _swept(made, ours, folder))
            peer.stdin.close()
        pnl = sweep(made, Cross(), configs(theirs), ES, hold="overnight", data=folder)["pnl_usd"].to_numpy()
    worth = float(made["close_pts"].max()) * USD
    apart = float(np.abs(pnl - np.array(told[-1]["usd"])).max()) / worth
    (middle, worst), (by_cpu, _) = ratios(slow_costs, fast_costs), ratios(slow_costs, fast_costs, of_cpu=True)
    ms = [1e3 * statistics.median(each.wall_s / each.n for each in costs) for costs in (slow_costs, fast_costs)]
    return [
        Line(
            row=16, what=f"sweep of {N_BARS:,} bars, a configuration", anchor=f"vectorbt, {N_THEIRS} at once: {ms[0]:.0f} ms",
            ours=f"{ms[1]:.2f} ms", ratio=middle, worst=worst, bar=30, goal=30,
            notes=[
                f"by processor time {by_cpu:.1f} x; vectorbt's peak {told[-1]['peak_mb']:,.0f} MB",
                f"P&L of the same {N_THEIRS}: furthest apart {apart:.1e} of a contract's worth",
            ],
        )
    ]  # fmt: skip


def _swept(made: pl.DataFrame, pairs: list[list[int]], folder: str) -> Cost:
    grid = configs(pairs)
    with tempfile.TemporaryDirectory(dir=folder) as ledger, frozen():
        wall, cpu = time.perf_counter(), time.process_time()
        sweep(made, Cross(), grid, ES, hold="overnight", data=ledger)
        return Cost(time.perf_counter() - wall, time.process_time() - cpu, len(grid))


def _thousand() -> list[Line]:
    """A thousand in a process of their own: how long, and how much memory they take."""
    code = "from benchmarks import row16_sweep as row; row.thousand()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    n = len(FAST) * len(SLOW)
    all_s, notes = told["cpu_s"] * 10_000 / n, [f"on the clock {told['wall_s'] * 10_000 / n:.1f} s; with the ledger"]
    peak, before = told["peak_mb"], f"{told['before_mb']:.0f} MB of it before a bar was there: Python and libraries"
    line = {"row": 16, "anchor": "", "more_is_better": False}
    ours = f"{told['cpu_s']:.2f} s of processor for {n:,}"
    return [
        Line(**line, what=f"memory of {n:,} x {N_BARS:,}", ours=f"{peak:.0f} MB", ratio=peak, goal=300, bar=300, unit="MB", notes=[before]),
        Line(**line, what="10,000 configurations, by a thousand", ours=ours, ratio=all_s, goal=15, unit="s of processor", notes=notes),
    ]


def thousand() -> None:
    """Sweep a thousand and say what it took."""
    before = peak_mb()
    made = bars()
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        sweep(made, Cross(), {"fast": FAST, "slow": SLOW}, ES, hold="overnight", data=folder)
        took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    print(json.dumps(took | {"before_mb": before, "peak_mb": peak_mb()}))


def peak_mb() -> float:
    """Give the most memory this process ever had; what `getrusage` gives begins with that of the process that started it."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def _confirmed() -> Line:
    terms = terms_of("ES", settings=load_settings(environment={}))
    with tempfile.TemporaryDirectory() as folder:
        data = sample(Path(folder) / "sample")
        made = open_session(SESSION, data=data).bars("ES", "1m")
        grid = {"fast": range(2, 22), "slow": range(25, 75, 2), "stop_ticks": [16]}
        best = sweep(made, Cross(), grid, terms, data=folder).sort("pnl_usd").tail(N_CONFIRMED)
        wall, cpu = time.perf_counter(), time.process_time()
        told = confirm(made, Cross(), best, terms, data=data, profile="demo")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    note = f"by processor time {cpu:.1f} s; {told.table['replay_trips'].sum():,} round trips; a generated session of 128,000 records each"
    return Line(
        row=16, what=f"{N_CONFIRMED} winners through the engine", anchor="", ours=f"{wall:.1f} s", ratio=wall, bar=60, goal=60, unit="s",
        more_is_better=False, notes=[note],
    )  # fmt: skip


def configs(pairs: list[list[int]]) -> list[dict[str, float]]:
    return [{"fast": fast, "slow": slow} for fast, slow in pairs]


def bars() -> pl.DataFrame:
    """Make a walk on the grid, a year of minutes of a market that trades around the clock."""
    rng = np.random.default_rng(7)
    close = 5000 + 0.25 * np.cumsum(rng.integers(-2, 3, N_BARS))
    opened = np.concatenate([close[:1], close[:-1]]) + 0.25 * rng.integers(-1, 2, N_BARS)
    day = np.arange(N_BARS) // N_A_DAY
    began = datetime(2020, 1, 1, tzinfo=UTC)
    at = pl.datetime_range(began, began + timedelta(minutes=N_BARS - 1), "1m", eager=True)
    prices = {"open_pts": opened, "high_pts": np.maximum(opened, close), "low_pts": np.minimum(opened, close), "close_pts": close}
    return pl.DataFrame({"time": at, "session": day} | prices)


def _answer(peer: subprocess.Popen) -> dict:
    for line in peer.stdout:
        if line.startswith("{"):
            return json.loads(line)
    raise RuntimeError(f"the peer ended with {peer.wait()}")


if __name__ == "__main__":
    alone(measure)
