"""A disk that takes no more, in the middle of a run: it ends by one sentence, nothing is sent that was not written, orders stay."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.replay.world import SESSION, World, world
from tests.runtime.live.scripted import Broker, Played, bare
from tests.runtime.live.test_runner import must_replay
from tests.runtime.recorder.world import recorder
from workbench.domain.decisions import Issued
from workbench.domain.errors import StoreError
from workbench.domain.events import ClockStepped
from workbench.domain.orders import Ask
from workbench.domain.records import Kind
from workbench.domain.units import SECOND
from workbench.runtime.live.alone import alone
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.log import read_log

PAGE = 4096


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES", "SPY"), minutes=40, activity=0.25)


class Full:
    """Lets this process write nothing beyond the first page of a file, from a turn on: what a full disk does, without filling one."""

    def __init__(self, turn: int) -> None:
        self.turn, self.n, self.before = turn, 0, resource.getrlimit(resource.RLIMIT_FSIZE)

    def __call__(self) -> None:
        self.n += 1
        if self.n == self.turn:
            resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, self.before[1]))

    def mend(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


@contextmanager
def full_from(turn: int) -> Iterator[Full]:
    made = Full(turn)
    try:
        yield made
    finally:
        made.mend()


@pytest.mark.covers("S0-17")
@pytest.mark.parametrize("turn", [40, pytest.param(400, marks=pytest.mark.proof)])
def test_a_full_disk_ends_the_run_and_what_was_sent_was_written(tmp_path: Path, of: World, turn: int) -> None:
    broker = Broker(4)
    live = Played(tmp_path, of, broker, cuts=0.0)
    inner = live.runner._at_turn
    with full_from(turn) as disk:
        live.runner._at_turn = lambda seq: (inner(seq), disk())[0]
        with pytest.raises(StoreError) as told:
            live.run()
    disk.mend()
    assert len(str(told.value).splitlines()) == 1
    [run] = list((tmp_path / "runs").iterdir())
    written = [fact.command for _, fact in entries.facts(Folders(tmp_path).journal(run.name)) if isinstance(fact, Issued)]
    sent = [command for command in broker.sent if not isinstance(command, Ask)]
    assert sent == [command for command in written if not isinstance(command, Ask)][: len(sent)]  # nothing left that was not written
    again = Played(tmp_path, of, broker, at=live.venue.at, from_ns=live.clock.now_ns())
    must_replay(tmp_path, of, again.run())


def test_a_folder_that_cannot_be_written_begins_no_run(tmp_path: Path, of: World) -> None:
    (tmp_path / "data").write_text("a file, where a folder should be")
    broker = Broker(4)
    with pytest.raises((StoreError, OSError)):
        Played(tmp_path / "data", of, broker).run()
    assert not broker.sent
    shutil.rmtree(tmp_path / "data", ignore_errors=True)


@pytest.mark.covers("S0-17", "S4-10")
def test_a_full_disk_ends_a_recorder_and_what_it_took_before_is_there_once(tmp_path: Path) -> None:
    live = recorder(tmp_path)
    inner = live.runner._at_turn
    with full_from(60) as disk:
        live.runner._at_turn = lambda seq: (inner(seq), disk())[0]
        with pytest.raises(StoreError) as told:
            live.run()
    disk.mend()
    assert len(str(told.value).splitlines()) == 1
    kept = bare(read_log(tmp_path, SESSION))
    assert np.array_equal(kept["px"], live.venue.market["px"][: len(kept)]) and len(kept) > 100  # all of it, in its order, up to there
    recorder(tmp_path, at=live.venue.at, from_ns=live.clock.now_ns()).run()
    whole = bare(read_log(tmp_path, SESSION))
    there = whole[whole["kind"] != Kind.GAP]
    later = live.venue.market["px"][live.venue.at :]
    assert np.array_equal(there["px"], np.concatenate([kept["px"], later]))


def test_two_recorders_do_not_work_in_one_folder(tmp_path: Path) -> None:
    with alone(tmp_path, "DUSIM1", trades=False), pytest.raises(StoreError, match="another run works in"):
        recorder(tmp_path).run()


def test_a_clock_that_steps_back_stamps_nothing_earlier_and_says_so(tmp_path: Path) -> None:
    live, turns = recorder(tmp_path), [0]
    inner, steps = live.runner._at_turn, [-7 * SECOND]

    def turn(seq: int) -> None:
        inner(seq)
        turns[0] += 1
        if turns[0] == 50:
            live.clock.take_step_ns = lambda: steps.pop() if steps else None

    live.runner._at_turn = turn
    live.run()
    records = read_log(tmp_path, SESSION)
    [run] = list((tmp_path / "runs").iterdir())
    said = [each.event for each in entries.arrivals(Folders(tmp_path).journal(run.name)) if isinstance(each.event, ClockStepped)]
    assert said == [ClockStepped(-7 * SECOND)] and bool(np.all(np.diff(records["recv_ns"]) >= 0))
