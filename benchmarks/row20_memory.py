"""Row 20, memory: a process with the core, with River, and after replays of one, ten and fifty days. Linux: resident and anonymous pages.

The days are mapped from a segment file, as the cache of recordings is: pages of the file are the system's, and are not counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.peers import as_installed
from benchmarks.rounds import Line, alone
from benchmarks.tape import SESSION, tape
from workbench.store import segments

DAYS = (1, 10, 50)
PLAY = """
import json, sys
from pathlib import Path
def told():
    rows = dict(line.split(":") for line in open("/proc/self/status") if ":" in line)
    return {name: int(rows[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon", "RssFile")}
import workbench.engine, workbench.runtime.loop
core = told()
import msgspec
from workbench.domain.contracts import Contract
from workbench.engine import Engine, Setup
from workbench.learning.models import DEFAULT, RECIPES
from workbench.risk.constitution import parse
from workbench.risk.limits import Terms
from workbench.strategies.learned import Learned
from workbench.strategies.vwap_reversion import VwapReversion
law, contract, river = json.loads(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Contract), sys.argv[3] == "river"
terms = (Terms(contract, fee_micros=2_250_000, margin_micros=19_000_000_000),)
recipes = ((RECIPES[DEFAULT], (1,)),) if river else ()
strategies = ((Learned(DEFAULT), (1,)), (VwapReversion(), (1,))) if river else ((VwapReversion(), (1,)),)
setup = Setup("DUSIM1", terms, parse(law), strategies=strategies, recipes=recipes)
engine = Engine(setup)
ready = told()
import asyncio, tempfile
from workbench.runtime.replay import simulate
from workbench.simulation.matching.models import CAUTIOUS
from workbench.store.journal import Journal
from workbench.store.segments import read
records = read(Path(sys.argv[4]))[1]
with tempfile.TemporaryDirectory() as folder:
    journal = Journal.in_one_commit(Path(folder) / "journal.db")
    came = asyncio.run(simulate(setup, records, CAUTIOUS, journal=journal, keep=False))
    journal.close()
print(json.dumps({"core": core, "ready": ready, "after": told(), "n": len(records), "n_commands": came.n_commands}))
"""


def measure(quick: bool) -> list[Line]:
    if not Path("/proc/self/status").exists():
        print("row 20: needs Linux (/proc/self/status)")
        return []
    without, with_river = _plays("none", DAYS), _plays("river", DAYS)
    core, bare = without[0]["core"]["VmRSS"], without[0]["ready"]["VmRSS"]
    river = with_river[0]["ready"]["VmRSS"]
    lines = [
        _line("core without River: engine ready, resident", bare, 150, f"import alone {core:.0f} MB", _what_is_loaded()),
        _line("with River: engine ready, resident", river, 250, f"without {bare:.0f} MB", []),
    ]
    for name, plays in (("without a learner", without), ("with River", with_river)):
        anon = [play["after"]["RssAnon"] for play in plays]
        after = ", ".join(f"{days} x {mb:.0f}" for days, mb in zip(DAYS, anon, strict=True))
        lines.append(
            _line(f"replay of {DAYS[-1]} days over one, {name}", anon[-1] - anon[0], 50, f"anonymous memory at the end: {after} MB", [])
        )
    return lines


def _line(what: str, mb: float, bar: float, anchor: str, notes: list[str]) -> Line:
    return Line(
        row=20, what=what, anchor=anchor, ours=f"{mb:.0f} MB", ratio=mb, bar=bar, goal=bar, unit="MB", more_is_better=False, notes=notes
    )


def _plays(learner: str, days: tuple[int, ...]) -> list[dict[str, dict[str, float]]]:
    import msgspec

    from benchmarks.law import law_table
    from benchmarks.tape import es

    told = []
    with tempfile.TemporaryDirectory() as name:
        for n in days:
            path = Path(name) / f"{n}.seg"
            segments.write(path, tape(n).records, session=SESSION)
            arguments = [json.dumps(law_table()), msgspec.json.encode(es()).decode(), learner, str(path)]
            done = subprocess.run([sys.executable, "-c", PLAY, *arguments], capture_output=True, text=True, check=False, env=as_installed())
            if done.returncode:
                raise RuntimeError(done.stderr)
            told.append(json.loads(done.stdout))
            os.unlink(path)
    return told


def _what_is_loaded() -> list[str]:
    """Say what the largest libraries of the core add, each on top of those before it."""
    program = (
        "import sys\n"
        "def mb(): return int(next(l for l in open('/proc/self/status') if l.startswith('VmRSS')).split()[1]) / 1024\n"
        "was = mb(); out = [f'python {was:.0f}']\n"
        "for name in ('asyncio', 'numpy', 'msgspec', 'cffi', 'numba', 'workbench.engine', 'workbench.runtime.loop'):\n"
        "    __import__(name); now = mb(); out.append(f'{name} +{now - was:.0f}'); was = now\n"
        "print(', '.join(out) + ' MB')"
    )
    return [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=as_installed()).stdout.strip()]


if __name__ == "__main__":
    alone(measure)
