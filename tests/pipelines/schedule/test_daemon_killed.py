"""A scheduler that is killed at random points, again and again: every slot ran exactly once, or is reported missed."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.pipelines.schedule.planning import effects, forked, planned
from workbench.clock import Clock, ManualClock, ScaledClock
from workbench.domain.units import MINUTE
from workbench.pipelines.schedule.daemon import Scheduler, work_off
from workbench.pipelines.schedule.ledger import Ledger, State
from workbench.pipelines.schedule.planned import on_schedule
from workbench.pipelines.schedule.trigger import ns_of
from workbench.runtime.notify.given import given

SPEED = 600.0  # five minutes in half a second
BEGINS = ns_of(datetime(2026, 11, 18, 15, 0, tzinfo=UTC))


def killed(n_kills: int, tmp_path: Path, seed: int) -> None:
    data, pages, rng = tmp_path / "data", tmp_path / "pages", random.Random(seed)
    planned(pages, "scan", "open every 5m until close", at="2026-11-18T15:00:00.000000Z")
    planned(pages, "skips", "open every 10m until close", 'missed = "skip"', at="2026-11-18T15:00:00.000000Z")
    data.mkdir()
    clock = ScaledClock(BEGINS, SPEED)
    for _ in range(n_kills):
        child = os.fork()
        if not child:
            live(data, pages, clock)
        time.sleep(rng.uniform(0.02, 0.5))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    until_ns = max(clock.now_ns(), BEGINS + 25 * MINUTE)  # by then two slots of each are owed
    last = Scheduler(data, [pages], ManualClock(until_ns), start=forked)  # none falls due while it catches up
    n_runs = -1
    while n_runs != (n_runs := len(last.ledger.runs())) or last.n_running:
        last.look()
        work_off(last, look_s=0.02)
    judge(data, pages, until_ns)


def live(data: Path, pages: Path, clock: Clock) -> None:
    """Be a scheduler until somebody kills it."""
    of = Scheduler(data, [pages], clock, start=forked)
    while True:
        of.look()
        time.sleep(0.02)


def judge(data: Path, pages: Path, now_ns: int) -> None:
    ran = Counter((line.split()[0], line.split()[2]) for line in effects(data))
    ledger = Ledger(data)
    runs = ledger.runs()
    assert all(n == 1 for n in ran.values()), "nothing ran twice"
    for run in runs:
        n = ran[run.page, Path(run.key).name]
        assert run.state in (State.DONE, State.MISSED), run
        assert n == (run.state is State.DONE), f"{run}: {n} effects"
        assert run.why or run.state is State.DONE
    told = [notice.text for notice, _ in given(data)]
    n_told = sum(int(found[1]) if (found := re.search(r"(\d+) slots: ", text)) else 1 for text in told)
    assert n_told == sum(run.state is State.MISSED for run in runs), "each is told, in one word with others, and no other time"
    for page in on_schedule([pages])[0]:
        mine = [run.slot for run in runs if run.page == page.name]
        first = min(run.due_ns for run in runs if run.page == page.name)
        owed = [slot.name for slot in page.trigger.between(first - 1, now_ns)]
        assert mine == owed and len(mine) > 1, "no slot was lost between two lives"


def test_killed_a_few_times_every_slot_ran_once_or_is_told_as_missed(tmp_path: Path) -> None:
    killed(3, tmp_path, seed=1)


@pytest.mark.proof
@pytest.mark.covers("S1-12")
def test_killed_at_fifty_random_points_every_slot_ran_once_or_is_told_as_missed(tmp_path: Path) -> None:
    killed(50, tmp_path, seed=2)
