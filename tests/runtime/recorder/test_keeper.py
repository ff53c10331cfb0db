"""The keeper: what it writes is what the log says, however often it looks, whenever it dies, and whoever else writes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.replay.world import SESSION
from tests.runtime.live.scripted import ShortHours
from tests.runtime.recorder.world import made_of, often, recorder, small
from workbench.domain.errors import StoreError
from workbench.domain.records import Kind
from workbench.domain.units import MINUTE, SECOND
from workbench.runtime.recorder.gaps import FIRST, Gap
from workbench.runtime.recorder.keeper import Keeper, keep
from workbench.store.folders import Folders
from workbench.store.recordings import Recordings
from workbench.store.sealer import seal
from workbench.store.tail import read_segments
from workbench.store.whole import only_one


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session nobody has kept yet."""
    data = tmp_path_factory.mktemp("recorded")
    recorder(data).run()
    return data


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(recorded, tmp_path / "data")


@pytest.mark.proof
@pytest.mark.covers("S1-03", "S1-13", "S4-10")
def test_rows_made_while_a_log_grows_are_those_the_whole_log_gives(tmp_path: Path) -> None:
    keeper, live = Keeper(tmp_path, often()), recorder(tmp_path)
    inner, n = live.runner._at_turn, 0

    def turn(seq: int) -> None:
        nonlocal n
        inner(seq)
        n += 1
        if n % 40 == 0:
            keeper.look(float(n))
        if n == 200:
            seal(tmp_path)  # by hand, behind its back

    live.runner._at_turn = turn
    live.run()
    keeper.finish()
    rows = keeper.table.read(SESSION)
    assert rows == made_of(tmp_path, SESSION) and len(rows) > 30 and {row.symbol for row in rows} == {"ESZ6", "SPY"}
    assert read_segments(Folders(tmp_path).tail) == [] and Recordings.of(tmp_path).sessions()[0].session == SESSION


@pytest.mark.covers("S1-32")
def test_a_keeper_that_dies_anywhere_is_followed_by_one_that_doubles_nothing(folder: Path) -> None:
    died = Keeper(folder, often())
    for piece in died._following.new():
        died._take(piece, 0.0)
    [(session, rows)] = died._batch.take()
    half = rows[: len(rows) // 4 * 2]
    died.table.append(session, half)
    seal(folder)
    for _ in range(2):
        Keeper(folder, often()).finish()
    assert died.table.read(SESSION) == rows == made_of(folder, SESSION)


def test_after_trouble_with_a_table_it_begins_anew_and_lacks_nothing(folder: Path) -> None:
    Folders(folder).snapshots.parent.mkdir()
    Folders(folder).snapshots.write_text("in the way")
    with pytest.raises(StoreError):
        Keeper(folder, often()).finish()
    Folders(folder).snapshots.unlink()
    keeper = Keeper(folder, often())
    keeper.finish()
    assert keeper.table.read(SESSION) == made_of(folder, SESSION)


@pytest.mark.proof
@pytest.mark.covers("S1-13")
def test_a_session_that_is_over_is_put_together_and_the_next_goes_on(tmp_path: Path) -> None:
    hours = ShortHours(int(small().records["recv_ns"][0]) - SECOND, 8 * MINUTE)
    keeper, live, n = Keeper(tmp_path, often()), recorder(tmp_path, hours=hours), 0
    inner = live.runner._at_turn

    def turn(seq: int) -> None:
        nonlocal n
        inner(seq)
        n += 1
        if n % 90 == 0:
            keeper.look(1e6 * n)  # a minute and more has passed each time: a file for every look

    live.runner._at_turn = turn
    live.run()
    keeper.finish()
    sessions = [span.session for span in Recordings.of(tmp_path).sessions()]
    assert sessions == list(hours.NAMES[: len(sessions)]) and len(sessions) >= 3
    table, snapshots = Recordings.of(tmp_path).table(), keeper.table.table._table.open()
    assert table is not None and snapshots is not None
    for session in sessions[:-1]:
        assert sum(f"session={session}/" in uri for uri in table.file_uris()) <= len(Kind)
        assert sum(f"session={session}/" in uri for uri in snapshots.file_uris()) == 1
        assert keeper.table.read(session)
    assert [row.ns for session in sessions for row in keeper.table.read(session) if row.symbol == "ESZ6"] == sorted(
        {row.ns for session in sessions for row in keeper.table.read(session)}
    )


@pytest.mark.proof
@pytest.mark.covers("S4-12")
def test_a_keeper_that_begins_anew_in_a_later_session_misses_nothing_that_the_one_before_was_heard_in(tmp_path: Path) -> None:
    recorder(tmp_path, hours=ShortHours(int(small().records["recv_ns"][0]) - SECOND, 8 * MINUTE)).run()
    found: list[list[Gap]] = []
    for _ in range(2):
        keeper = Keeper(tmp_path, often())
        found.append([])
        keeper.missing.add = found[-1].extend
        keeper.finish()
    assert len(keeper.table.sessions()) >= 3 and [gap.why for gap in found[0]].count(FIRST) == 2
    assert FIRST not in [gap.why for gap in found[1]]


def test_two_keepers_do_not_work_at_once(tmp_path: Path) -> None:
    with only_one(Folders(tmp_path).recordings.with_name("keeper.lock"), ""), pytest.raises(StoreError, match="another keeper works on"):
        keep(often(), tmp_path, once=True)


@pytest.mark.proof
def test_it_is_a_process_that_ends_when_the_recorder_has(folder: Path) -> None:
    words = [sys.executable, "-m", "workbench", "keeper", "--data", str(folder), "--with", "4194303"]  # no such process
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("sealed "), done.stderr
    assert len(Recordings.of(folder).read(SESSION)) > len(small().records) // 2
