"""Flight recordings: what was noted is read again, torn ends are told, a full disk ends the recording and nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.errors import StoreError
from workbench.store import flight
from workbench.store.flight import PIECE, US, Card, Chunk, Flight, Reel, Turn, Way, forget, reels, sessions, turns_of

CARD = Card(run="20261120-paper-1", session=20261120, began_ns=5)


class Timer:
    """Calls when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], object]] = []

    def later(self, _: float, call: Callable[[], object]) -> None:
        self.waiting.append(call)

    def ring(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


def written(folder: Path, chunks: list[Chunk], *, ends: bool = True) -> Path:
    timer = Timer()
    made = Flight(folder, timer.later)
    path = made.begin(CARD)
    assert path is not None
    for chunk in chunks:
        made.note(chunk.ns, chunk.connection, chunk.way, chunk.data)
    if ends:
        made.close()
    else:
        timer.ring()
    return path


CHUNKS = st.builds(Chunk, st.integers(0, 1 << 62), st.integers(1, 9), st.sampled_from(Way), st.binary(max_size=300))


@given(st.lists(CHUNKS, max_size=40), st.booleans(), st.sampled_from([16, 100, PIECE]))
def test_what_was_noted_is_read_again(tmp_path_factory: pytest.TempPathFactory, chunks: list[Chunk], ends: bool, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flight, "PIECE", piece)
        reel = Reel(written(tmp_path_factory.mktemp("flight"), chunks, ends=ends))
    assert list(reel) == chunks
    assert reel.card == CARD
    assert reel.ending == ("" if ends else "it was not ended: the process was killed, or goes on")


@given(st.lists(st.tuples(st.integers(0, 1 << 40), st.booleans(), st.booleans()), max_size=30))
def test_the_turns_of_the_loop_stand_between_the_chunks(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool, bool]]
) -> None:
    made, now_ns, told = Flight(tmp_path_factory.mktemp("flight"), Timer().later), 0, list[Turn | Chunk]()
    path = made.begin(CARD)
    for step_ns, is_fresh, brings in steps:
        now_ns += step_ns
        looks_us = (*range(step_ns % 5), step_ns)
        made.turn(now_ns, is_fresh, looks_us)
        told.append(Turn(now_ns // US * US, is_fresh, looks_us))
        if brings:
            told.append(Chunk(now_ns, 1, Way.CAME, b"came"))
            made.note(now_ns, 1, Way.CAME, b"came")
    made.close()
    assert path is not None
    read = [each for chunk in Reel(path) for each in (turns_of(chunk) if chunk.way is Way.TURNS else [chunk])]
    assert read == told


def test_a_file_cut_or_damaged_anywhere_gives_what_lies_before_and_says_so(tmp_path: Path) -> None:
    chunks = [Chunk(n, 1, Way.CAME, os.urandom(700)) for n in range(40)]
    path = written(tmp_path, chunks)
    whole = path.read_bytes()
    for at in range(len(whole) // 3, len(whole) - 1, 997):
        path.write_bytes(whole[:at])
        cut = Reel(path)
        assert (found := list(cut)) == chunks[: len(found)] and "torn or damaged" in cut.ending
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        changed = Reel(path)
        assert (found := list(changed)) == chunks[: len(found)] and changed.ending


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    assert stat.S_IMODE(written(tmp_path, []).stat().st_mode) == 0o600


def test_a_second_start_of_a_run_begins_a_second_file(tmp_path: Path) -> None:
    first, second = written(tmp_path, []), written(tmp_path, [])
    assert [path.name for path in reels(tmp_path, 20261120, CARD.run)] == ["0001.wire", "0002.wire"]
    assert reels(tmp_path, 20261120) == [first, second]


def test_a_full_disk_ends_the_recording_and_tells_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timer, told = Timer(), list[str]()
    made = Flight(tmp_path, timer.later, told.append)
    path = made.begin(CARD)
    made.note(1, 1, Way.CAME, b"kept")
    timer.ring()
    write = os.write
    monkeypatch.setattr(flight.os, "write", lambda fd, data: write(fd, data[: len(data) // 2]))
    made.note(2, 1, Way.CAME, b"lost")
    timer.ring()
    made.note(3, 1, Way.CAME, b"never taken")
    timer.ring()
    made.close()
    assert not made.is_on and len(told) == 1 and "no space left" in told[0]
    assert path is not None and [chunk.data for chunk in Reel(path)] == [b"kept"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "20261120").write_text("a file where a folder belongs")
    made = Flight(tmp_path, Timer().later, told.append)
    assert made.begin(CARD) is None and not made.is_on
    made.note(1, 1, Way.CAME, b"nobody listens")
    assert len(told) == 1 and "beginning a flight recording" in told[0]


def test_a_run_that_fills_the_budget_is_recorded_no_further(tmp_path: Path) -> None:
    timer, told = Timer(), list[str]()
    made = Flight(tmp_path, timer.later, told.append, 1_000)
    made.begin(CARD)
    made.note(1, 1, Way.CAME, os.urandom(2_000))
    timer.ring()
    assert not made.is_on and "flight.max_gb" in told[0]


def test_old_sessions_go_then_the_oldest_until_there_is_room_but_never_the_own(tmp_path: Path) -> None:
    for session in (20261101, 20261117, 20261118, 20261119, 20261120):
        folder = tmp_path / str(session) / "run"
        folder.mkdir(parents=True)
        (folder / "0001.wire").write_bytes(bytes(100))
    assert forget(tmp_path, 20261120, keep_days=14, most_bytes=1 << 30) == [20261101]
    assert forget(tmp_path, 20261120, keep_days=14, most_bytes=280) == [20261117, 20261118]
    assert sessions(tmp_path) == [20261119, 20261120]
    assert forget(tmp_path, 20261120, keep_days=14, most_bytes=1) == [20261119]


def test_something_else_is_refused(tmp_path: Path) -> None:
    (other := tmp_path / "other.wire").write_bytes(b"WB-WIRE")
    with pytest.raises(StoreError, match="no flight recording"):
        Reel(other)
    path = written(tmp_path, [])
    path.write_bytes(path.read_bytes()[:8] + (99).to_bytes(4, "little") + path.read_bytes()[12:])
    with pytest.raises(StoreError, match="wire of format 99"):
        Reel(path)
