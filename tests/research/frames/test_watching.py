"""Whoever watches a session that runs sees it grow, to its end; and can send nothing: he reads files, and knows no engine and no venue."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dashboard.serving import ROOT
from tests.replay.world import SESSION, world
from tests.research.conftest import Traded
from workbench.domain.errors import DataError
from workbench.research import Session, watch
from workbench.runtime.paper import paper

pytestmark = pytest.mark.covers("S0-25")
# what a watcher does, told by the interpreter itself (PEP 578): every file opened for writing, every connection, process, removal
WATCHER = """
import json, sys
from pathlib import Path
data = Path(sys.argv[1]).resolve()
done = {"written": set(), "asked": set(), "looks": []}
def hook(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        path = Path(args[0].decode() if isinstance(args[0], bytes) else args[0]).absolute()
        if path.is_relative_to(data) and args[2] is not None and args[2] & 0x3:
            done["written"].add(str(path.relative_to(data)))
    elif event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork", "os.kill", "shutil.")):
        done["asked"].add(event)
    elif event in ("os.remove", "os.rename", "os.rmdir", "os.truncate", "os.mkdir") and Path(str(args[0])).absolute().is_relative_to(data):
        done["written"].add(f"{event} {Path(str(args[0])).absolute().relative_to(data)}")
    elif event == "sqlite3.connect" and "mode=ro" not in str(args[0]):
        done["asked"].add(f"{event} {args[0]}")
sys.addaudithook(hook)
from workbench.domain.errors import DataError
from workbench.research import watch
while not done["looks"]:
    try:
        for day in watch(data=data, every_s=0.5):
            done["looks"].append((len(day.prints), len(day.fills), len(day.forecasts), day.is_unfinished))
    except DataError as error:
        if not any(text in str(error) for text in ("holds no session", "there are no ")):
            raise
known = [name for name in sys.modules if name.startswith(("workbench.engine", "workbench.venues", "workbench.runtime", "ib_async"))]
print(json.dumps({"written": sorted(done["written"]), "asked": sorted(done["asked"]), "looks": done["looks"], "known": known}))
"""


def test_a_run_is_seen_to_grow_and_to_end(tmp_path: Path) -> None:
    of = world(("ES",), minutes=8, activity=0.15)
    looks: list[Session] = []
    grown: list[int] = []
    watching = None
    n_turns = 0

    def progress(_: int) -> None:
        nonlocal watching, n_turns
        n_turns += 1
        if n_turns % 12 == 0:
            watching = watching or watch(data=tmp_path, every_s=0)
            looks.append(next(watching))
            grown.append(len(looks[-1].prints))

    contracts = [terms.contract for terms in of.setup.terms]
    asyncio.run(paper(tmp_path, SESSION, contracts, of.records, of.setup, of.fills, chunk=lambda: 29, progress=progress))
    assert watching is not None and len(looks) > 2 and all(each.is_unfinished for each in looks)
    rest = list(watching)
    assert len(rest) == 1 and not rest[0].is_unfinished
    grown.append(len(rest[0].prints))
    assert grown == sorted(grown) and grown[0] < grown[-1]


def test_what_has_ended_is_given_once_and_where_nothing_is_that_is_said(traded: Traded, tmp_path: Path) -> None:
    [day] = watch(data=traded.data, roots=["ES"], zone="America/New_York")
    assert day.frame("prints").equals(traded.open(roots=["ES"], zone="America/New_York").prints)
    assert [each.sessions for each in watch(SESSION, data=traded.data)] == [day.sessions]
    with pytest.raises(DataError, match="nothing to watch"):
        next(watch(data=tmp_path / "nowhere"))


@pytest.mark.proof
def test_who_watches_a_run_in_another_process_can_send_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    writer = subprocess.Popen([sys.executable, "-m", "tests.research.writing", str(data)], cwd=ROOT)
    try:
        words = [sys.executable, "-c", WATCHER, str(data)]
        ended = subprocess.run(words, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False)
    finally:
        writer.wait(timeout=120)
    assert writer.returncode == 0 and ended.returncode == 0, ended.stderr[-2_000:]
    told = json.loads(ended.stdout)
    assert told["known"] == [] and told["asked"] == []
    assert [path for path in told["written"] if not path.startswith("cache/")] == []
    assert len(told["looks"]) > 3 and [look[3] for look in told["looks"]] == [True] * (len(told["looks"]) - 1) + [False]
    assert told["looks"][0][0] < told["looks"][-1][0]
