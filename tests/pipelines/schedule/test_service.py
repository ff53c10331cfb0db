"""The schedule as a process: killed between the end of a run and the telling, the next one tells it once and in time; SIGTERM ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipelines.schedule.planning import planned
from workbench.clock import SystemClock
from workbench.pipelines.schedule.trigger import at, parse

TOLD_S = 60.0  # within which a failure is told


def until(is_so: Callable[[], bool], within_s: float) -> bool:
    end = time.monotonic() + within_s
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    return is_so()


@pytest.mark.nightly
@pytest.mark.covers("S1-12", "S3-17")
def test_what_failed_is_told_once_within_a_minute_whoever_was_killed_meanwhile(tmp_path: Path) -> None:
    slot = parse("close+30m").latest(SystemClock().now_ns())
    assert slot is not None
    since = f"{at(slot.due_ns - 10**9):%Y-%m-%dT%H:%M:%S.%f}Z"
    planned(tmp_path / "pipelines", "report", "close+30m", "retries = 0", at=since, checks='assert far < 1, f"{far} is too far"')
    (tmp_path / "workbench.toml").touch()
    log, here = tmp_path / "data" / "notices" / "notices.log", Path(__file__).parents[3]

    def start() -> subprocess.Popen[bytes]:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")])}
        return subprocess.Popen([sys.executable, "-m", "workbench", "schedule", "run"], cwd=tmp_path, env=environment, stdout=-3)

    first = start()
    assert until(lambda: bool(list(tmp_path.glob("data/schedule/runs/report/*/ended.json"))), 120)
    first.kill()
    first.wait()
    second, began = start(), time.monotonic()
    try:
        assert until(log.is_file, TOLD_S) and time.monotonic() - began < TOLD_S
        time.sleep(6)  # one more look, at least
    finally:
        second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0
    lines = log.read_text().splitlines()
    assert len(lines) == 1 and "report failed" in lines[0] and "8 is too far" in lines[0]


@pytest.mark.nightly
@pytest.mark.covers("S3-17")
def test_a_scheduler_that_is_killed_for_good_is_told_by_the_notifier_it_started(tmp_path: Path) -> None:
    (tmp_path / "workbench.toml").touch()
    log, here = tmp_path / "data" / "notices" / "notices.log", Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")])}
    scheduler = subprocess.Popen([sys.executable, "-m", "workbench", "schedule", "run"], cwd=tmp_path, env=environment, stdout=-3)
    assert until(lambda: bool(list(tmp_path.glob("data/**/notifier.status"))), 120)
    time.sleep(6)  # it has looked, and heard
    scheduler.kill()
    scheduler.wait()
    assert until(log.is_file, 90) and "The scheduler is silent" in log.read_text()
