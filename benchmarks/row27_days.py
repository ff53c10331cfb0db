"""Row 27, memory over days: ten sessions traded on paper by one process, each with its log, its checkpoint and the models of the last.

Anonymous memory after each session, once what the allocator keeps for later was given back; what grows from the second to the last, a
million records. The market is made by another process and mapped, and its pages are not counted. Linux.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.peers import as_installed
from benchmarks.rounds import Line, alone

DAYS: Final = (20261109, 20261110, 20261111, 20261112, 20261113, 20261116, 20261117, 20261118, 20261119, 20261120)
ACTIVITY: Final = 0.5
MAKE: Final = """
import sys
from pathlib import Path
from workbench.config import load_settings
from workbench.runtime.generated import generated
from workbench.simulation.market import MarketSettings
from workbench.store import segments
settings = load_settings(environment={})
for day in map(int, sys.argv[3:]):
    made = generated(settings, ["ES"], day, seed=day, market=MarketSettings(activity=float(sys.argv[2]), rows=0))
    made.records["seq"] = range(1, len(made.records) + 1)
    segments.write(Path(sys.argv[1]) / f"{day}.seg", made.records, session=day)
"""
PLAY: Final = """
import asyncio, ctypes, gc, json, sys
from pathlib import Path
from workbench.config import load_settings
from workbench.runtime import build
from workbench.runtime.demonstration import TRADERS
from workbench.runtime.paper import paper
from workbench.store.segments import read
folder, settings = Path(sys.argv[1]), load_settings(environment={})
trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)  # glibc: give back what is free
def anon():
    rows = dict(line.split(":") for line in open("/proc/self/status") if ":" in line)
    return int(rows["RssAnon"].split()[0]) / 1024
def mb():
    gc.collect()
    held = anon()
    trim(0)
    return held, anon()
told = []
for day in map(int, sys.argv[2:]):
    contracts, records = build.fronts(settings, ["ES"], day), read(folder / f"{day}.seg")[1]
    setup = build.setup(settings, contracts, [day], build.constitution("demo"), account="DUSIM1", strategies=TRADERS)
    ended = asyncio.run(paper(folder / "data", day, contracts, records, setup, build.fills(settings)))
    told.append((ended.n_records, ended.n_commands, *mb()))
    del records, setup, ended
print(json.dumps(told))
"""


def _said(program: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, check=False, env=as_installed()
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def played(days: tuple[int, ...]) -> list[tuple[int, int, float, float]]:
    """Trade these sessions in turn; of each the records, the commands, and the anonymous MB after it, with and without what is free."""
    with tempfile.TemporaryDirectory() as name:
        _said(MAKE, name, ACTIVITY, *days)
        told: list[Any] = json.loads(_said(PLAY, name, *days))
    return [tuple(each) for each in told]


def measure(quick: bool) -> list[Line]:
    if not Path("/proc/self/status").exists():
        print("row 27: needs Linux (/proc/self/status)", file=sys.stderr)
        return []
    days = DAYS[:3] if quick else DAYS
    told = played(days)
    held, used = [each[2] for each in told], [each[3] for each in told]
    millions = sum(each[0] for each in told[2:]) / 1e6
    grown = (used[-1] - used[1]) / millions
    return [
        Line(
            row=27,
            what=f"{len(days)} sessions on paper by one process, growth from the second to the last",
            anchor=f"{sum(each[0] for each in told):,} records, {sum(each[1] for each in told):,} commands",
            ours=f"in use after each: {', '.join(f'{each:.0f}' for each in used)} MB; held {', '.join(f'{each:.0f}' for each in held)} MB",
            ratio=grown,
            goal=1.0,
            unit="MB a million records",
            more_is_better=False,
            notes=["the default traders, with River; the garbage is collected before each look"],
        )
    ]


if __name__ == "__main__":
    alone(measure)
