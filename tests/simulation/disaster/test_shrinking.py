"""A planted bug is seen, and its schedule shrinks to what shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from tests.simulation.disaster.faults import draw
from tests.simulation.disaster.findings import open_findings
from tests.simulation.disaster.machine import Death
from tests.simulation.disaster.running import run_schedule, run_seed
from tests.simulation.disaster.schedule import Crash, Moment, Schedule, Strike
from tests.simulation.disaster.shrinking import shrink
from workbench.runtime.log import RunLog
from workbench.store.journal import Journal


@contextmanager
def sends_before_it_writes() -> Iterator[None]:
    with patch.object(RunLog, "commit", lambda log: None):
        yield


@contextmanager
def does_not_sync() -> Iterator[None]:
    """A journal whose commits lie in the page cache alone."""
    prepared = Journal._prepare_file

    def prepare(journal: Journal) -> object:
        head = prepared(journal)
        journal._db.execute("PRAGMA synchronous = OFF")
        return head

    with patch.object(Journal, "_prepare_file", prepare):
        yield


def test_a_program_that_sends_before_it_writes_is_caught_by_the_bytes_it_sends() -> None:
    verdict = run_seed(0, plant=sends_before_it_writes)
    assert {each.law for each in verdict.violations} >= {"I2"} and not open_findings(verdict)
    assert run_seed(0).is_good


def test_a_journal_that_does_not_sync_is_caught_when_the_power_goes() -> None:
    gone = Strike("crash", Moment("a fill taken, not written"), (Crash(Death.POWER, 0.5, 1.0),))
    schedules = [Schedule(seed, (gone,)) for seed in (0, 1, 2, 4)]
    assert all(run_schedule(each).is_good for each in schedules)
    assert not all(run_schedule(each, plant=does_not_sync).is_good for each in schedules)


def test_a_schedule_shrinks_to_nothing_where_the_program_needs_no_fault_to_fail() -> None:
    schedule = draw(1)
    shrunk = shrink(schedule, run_schedule(schedule, plant=sends_before_it_writes), plant=sends_before_it_writes)
    assert len(schedule.strikes) > 1 and not shrunk.schedule.strikes
    assert shrunk.text().startswith("python -m tests.simulation.disaster 1 --drop ")
