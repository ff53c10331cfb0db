"""After a power cut what was synced is there, and of the rest a beginning; after a kill all of it."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.simulation.disaster.disk import Disk, wal_frames
from tests.simulation.disaster.machine import Death
from tests.simulation.disaster.points import watched
from workbench.domain.events import Arrival, FeeReported
from workbench.domain.records import Kind, Records, empty
from workbench.runtime.live import runner
from workbench.store import entries
from workbench.store.tail import read_tail

SESSION = 20261119


def some(first: int, n: int) -> Records:
    records = empty(n)
    records["seq"], records["kind"], records["contract"] = np.arange(first, first + n), Kind.TIME, 1
    return records


def written(root: Path, seed: int, death: Death) -> tuple[int, int, Disk]:
    """Write a hundred records and fifty fees, sync half of them, die; count what the next life finds."""
    disk = Disk(root, Random(seed))
    points = list[str]()
    with watched(disk, points.append, lambda each: None, lambda for_s: None, lambda: 0.0, lambda engine: None):
        tail = runner.Tail(disk.folder / "tail", session=SESSION, epoch=1)
        journal = runner.Journal(disk.folder / "runs" / "r" / "journal.db")
        for n in range(50):
            journal.append(Arrival(n, 1, n, FeeReported(f"x{n}", 1)))
            if n < 25:
                journal.commit()
        tail.append(some(1, 60))
        tail.flush()
        tail.append(some(61, 40))
        disk.crash(death)
        found = sum(map(len, read_tail(disk.folder / "tail")))
        rows = len(list(entries.arrivals(disk.folder / "runs" / "r" / "journal.db")))
        journal.close()
        tail.close()
    return found, rows, disk


def test_a_kill_loses_nothing_that_was_written(tmp_path: Path) -> None:
    assert written(tmp_path, 1, Death.KILLED)[:2] == (100, 25)


def test_a_power_cut_keeps_what_was_synced_and_a_beginning_of_the_rest(tmp_path: Path) -> None:
    found = [written(tmp_path / str(seed), seed, Death.POWER)[:2] for seed in range(12)]
    assert all(60 <= n <= 100 and rows == 25 for n, rows in found) and len({n for n, _ in found}) > 3


def test_a_commit_that_was_torn_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    found = set()
    for seed in range(12):
        disk = Disk(tmp_path / str(seed), Random(seed))

        def at(point: str, disk: Disk = disk) -> None:
            if point == "a commit under way":
                disk.crash(Death.POWER)

        with watched(disk, at, lambda each: None, lambda for_s: None, lambda: 0.0, lambda engine: None):
            journal = runner.Journal(disk.folder / "runs" / "r" / "journal.db")
            for n in range(4):
                journal.append(Arrival(n, 1, n, FeeReported(f"x{n}", 1)))
            journal.commit()
            assert wal_frames(journal.path.with_name("journal.db-wal"))
            found.add(len(list(entries.arrivals(disk.folder / "runs" / "r" / "journal.db"))))
            journal.close()
    assert found == {0, 4} or found == {0}


@pytest.mark.parametrize(("trouble", "told"), [("full", "No space left"), ("broken", "Input/output"), ("read only", "Read-only")])
def test_a_disk_in_trouble_refuses_as_the_kernel_does(tmp_path: Path, trouble: str, told: str) -> None:
    disk = Disk(tmp_path, Random(1))
    disk.trouble = trouble
    with pytest.raises(OSError, match=told):
        disk.refuse()
