"""Work that is spread comes back in order, here and from a cluster, of which machines may die; a cluster that is away is told plainly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from workbench.config import load_settings
from workbench.domain.errors import ConfigError
from workbench.research.cluster import command, sees, spread
from workbench.research.sweeps import Cross, planted_bars, sweep, terms_of
from workbench.research.sweeps.sweep import SHARE
from workbench.research.trials.ledger import families


def squared(n: int) -> int:
    return n * n


def fails_on_three(n: int) -> int:
    if n == 3:
        raise ValueError("three is not a number here")
    return n


def dies_once(told: tuple[str, int]) -> int:
    """Kill the process it runs in, where nobody did before; slow enough that others wait behind it."""
    marker, n = Path(told[0]), told[1]
    if n == 2 and not marker.exists():
        marker.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return n * 10


def test_here_it_is_done_in_order_and_told_one_by_one() -> None:
    told: list[int] = []
    assert spread(squared, range(4), done=told.append) == [0, 1, 4, 9] and told == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="three is not a number"):
        spread(fails_on_three, range(5))


@pytest.mark.proof
def test_a_cluster_that_is_away_is_told_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"no scheduler answers there.*dask scheduler"):
        spread(squared, [1], address="tcp://127.0.0.1:9")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real scheduler and two workers, processes of this machine."""
    folder = tmp_path_factory.mktemp("cluster")
    where = folder / "scheduler.json"
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": paths, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}

    def start(*words: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(where)]
        return subprocess.Popen(line, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    with ExitStack() as stack:
        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        stack.callback(scheduler.wait)
        stack.callback(scheduler.kill)
        while not where.exists():
            assert scheduler.poll() is None
            time.sleep(0.1)
        for _ in range(2):
            worker = start("worker", "--host", "127.0.0.1", "--nthreads", "1", "--nworkers", "1", "--nanny", "--no-dashboard")
            stack.callback(worker.wait)
            stack.callback(worker.terminate)
        yield json.loads(where.read_text())["address"]


@pytest.mark.proof
@pytest.mark.covers("S1-12")
def test_on_a_cluster_it_is_done_in_order_and_a_worker_that_is_killed_midway_costs_nothing(cluster: str, tmp_path: Path) -> None:
    told: list[int] = []
    marker = tmp_path / "died"
    items = [(str(marker), n) for n in range(24)]
    assert spread(dies_once, items, address=cluster, done=told.append) == [n * 10 for n in range(24)]
    assert marker.exists() and told[-1] == 24
    with pytest.raises(ValueError, match="three is not a number"):
        spread(fails_on_three, range(5), address=cluster)


@pytest.mark.proof
def test_a_command_runs_there_and_its_words_come_back(cluster: str, tmp_path: Path) -> None:
    assert sees(tmp_path, address=cluster) and not sees(tmp_path / "nowhere", address=cluster)
    ended = command(["sessions", "--data", str(tmp_path)], address=cluster)
    assert ended.code in (0, 1) and (ended.out or ended.err)
    refused = command(["no-such-command"], address=cluster)
    assert refused.code == 2 and "no-such-command" in refused.err


@pytest.mark.proof
@pytest.mark.covers("S1-12")
def test_a_sweep_comes_to_the_same_there_and_is_counted_here(cluster: str, tmp_path: Path) -> None:
    terms = terms_of("ES", settings=load_settings(environment={}))
    bars, grid = planted_bars(terms, n_sessions=25, n_minutes=60), {"fast": range(2, 14), "slow": range(20, 80, 6)}
    here, there = (
        sweep(bars, Cross(), grid, terms, data=tmp_path / name, address=address) for name, address in (("here", ""), ("there", cluster))
    )
    assert len(here) > SHARE and here.equals(there)
    assert families(tmp_path / "here") == families(tmp_path / "there") == {"cross": len(here)}
