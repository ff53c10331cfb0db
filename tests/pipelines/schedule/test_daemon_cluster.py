"""A scheduled page on a real cluster: it runs there; a machine that is killed under it costs an attempt, and is made up for on another."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from tests.pipelines.schedule.planning import Said, planned
from tests.research.test_cluster import cluster
from workbench.clock import ManualClock
from workbench.pipelines.schedule.daemon import Scheduler, started_here, work_off
from workbench.pipelines.schedule.ledger import State
from workbench.pipelines.schedule.trigger import ns_of

__all__ = ["cluster"]
SLEEPS = "import os, time\n(own_folder() / 'worker').write_text(str(os.getppid()))\ntime.sleep(5)"


@pytest.mark.proof
@pytest.mark.covers("S1-12")
def test_a_page_whose_machine_is_killed_runs_on_another_one_and_is_published_once(cluster: str, tmp_path: Path) -> None:
    pages, data, said = tmp_path / "pages", tmp_path / "data", Said()
    outputs = (
        f"from workbench.pipelines.kernel import own_folder\n{SLEEPS}\nresult = {{'far': far, 'is_up': is_up, 'session': session}}\nresult"
    )
    planned(pages, "report", "close+30m", 'retries = 1\n[writes]\nfiles = ["worker"]', effects="artefact", outputs=outputs)
    start = partial(started_here, address=cluster)
    of = Scheduler(data, [pages], ManualClock(ns_of(datetime(2026, 11, 16, 22, 31, tzinfo=UTC))), start=start, hand=said)
    of.look()
    end = time.monotonic() + 60
    while not (found := list(data.rglob("worker"))) and time.monotonic() < end:
        time.sleep(0.1)
    os.kill(int(found[0].read_text()), signal.SIGKILL)
    work_off(of, is_over=lambda: time.monotonic() > end + 60)
    run = of.ledger.of("report")
    assert run is not None and (run.state, run.attempts) == (State.DONE, 2) and not said.titles
    assert (data / "pages" / "report" / "20261116" / "worker").is_file() and (of.ledger.folder_of(run.key) / "page.html").is_file()
