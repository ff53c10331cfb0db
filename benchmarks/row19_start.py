"""Row 19, start-up: a process until its engine is ready, kernels compiled before; what it must not have imported; its first decision.

The runner's own imports, and the engine of the order side without learners. What a venue needs on top is in row 23.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.peers import as_installed
from benchmarks.rounds import N_ROUNDS, Line, alone
from benchmarks.tape import tape

FORBIDDEN = ("river", "sklearn", "pandas", "panel", "vectorbt", "jupyter", "jupyter_core", "IPython")
HEAVY = ("scipy", "polars", "pyarrow", "deltalake", "coverage")
READY = """
import json, sys, time
began = time.perf_counter()
import workbench.runtime.live
imported = time.perf_counter()
from workbench.domain.contracts import Contract, ContractType
from workbench.engine import Engine, Setup
from workbench.risk.constitution import parse
from workbench.risk.limits import Terms
from workbench.strategies.vwap_reversion import VwapReversion
contract = Contract(id=1, root="ES", symbol="ESH4", type=ContractType.FUTURE, exchange="CME", currency="USD",
                    calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
terms = (Terms(contract, fee_micros=2_250_000, margin_micros=19_000_000_000),)
engine = Engine(Setup("DUSIM1", terms, parse(json.loads(sys.argv[1])), strategies=((VwapReversion(), (1,)),)))
ready = time.perf_counter()
import numpy as np
records = np.load(sys.argv[2], mmap_mode="r")
loaded = time.perf_counter()
i = 0
while not engine.n_barriers:
    i, _ = engine.feed(records.ctypes.data, i, i + 1)
first = time.perf_counter()
print(json.dumps({"import_s": imported - began, "ready_s": ready - began, "first_s": first - loaded,
                  "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""
CONTROL = "import numpy, asyncio"


def measure(quick: bool) -> list[Line]:
    from benchmarks.law import law_table

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "day.npy"
        np.save(path, tape(1).records)
        program = [sys.executable, "-c", READY, json.dumps(law_table()), str(path)]
        subprocess.run(program, check=True, capture_output=True, env=as_installed())  # warm
        walls, controls, told = [], [], []
        for _ in range(N_ROUNDS):
            controls.append(_wall([sys.executable, "-c", CONTROL])[0])
            wall, out = _wall(program)
            walls.append(wall)
            told.append(json.loads(out))
    ready, imported, first = (statistics.median(each[key] for each in told) for key in ("ready_s", "import_s", "first_s"))
    bad, others = ([name for name in names if name in told[0]["modules"]] for names in (FORBIDDEN, HEAVY))
    return [
        Line(
            row=19,
            what="start-up to a ready engine, warm kernel cache",
            anchor=f"process with numpy and asyncio: {statistics.median(controls):.2f} s",
            ours=f"import {imported:.2f}, ready {ready:.2f} s; whole process {statistics.median(walls):.2f} s",
            ratio=ready,
            worst=max(each["ready_s"] for each in told),
            bar=1.5,
            goal=1.5,
            unit="s",
            more_is_better=False,
            notes=[f"first decision {first * 1e3:.1f} ms of records later", *_dearest()],
        ),
        Line(
            row=19,
            what="libraries the start must not import",
            anchor=", ".join(FORBIDDEN),
            ours=f"imported: {', '.join(bad) or 'none'}",
            ratio=len(bad),
            bar=0,
            goal=0,
            unit="imported",
            more_is_better=False,
            notes=[f"of what is heavy, but allowed: {', '.join(others) or 'none'}"],
        ),
    ]


def _wall(command: list[str]) -> tuple[float, str]:
    start = time.perf_counter()
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=as_installed()).stdout
    return time.perf_counter() - start, out


def _dearest() -> list[str]:
    """Name what the imports spend their time on, by Python's own import clock; kernels by themselves."""
    program = [sys.executable, "-X", "importtime", "-c", "import workbench.runtime.live"]
    told = subprocess.run(program, check=True, capture_output=True, text=True, env=as_installed()).stderr
    rows = [line.removeprefix("import time:").split("|") for line in told.splitlines() if "|" in line and "imported" not in line]
    top: dict[str, int] = {}
    for own, _, name in rows:
        module = name.strip()
        key = module.removeprefix("workbench.") if module.endswith(".kernels") else module.partition(".")[0]
        top[key] = top.get(key, 0) + int(own)
    dear = sorted(top.items(), key=lambda item: -item[1])[:7]
    return ["own import time: " + ", ".join(f"{name} {us / 1e3:.0f} ms" for name, us in dear)]


if __name__ == "__main__":
    alone(measure)
