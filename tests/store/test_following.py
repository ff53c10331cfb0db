"""A log read as it grows: every record and event once and in order, whatever is sealed meanwhile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.store.tapes import SESSION, tape
from workbench.domain.events import Arrival, FeeReported
from workbench.store.epochs import first_seq
from workbench.store.folders import Folders
from workbench.store.following import Following, Piece
from workbench.store.journal import Journal
from workbench.store.sealer import seal
from workbench.store.tail import Tail

NEXT = 20261123


def joined(pieces: list[Piece], session: int = SESSION) -> bytes:
    return np.concatenate([piece.records for piece in pieces if piece.session == session]).tobytes()


def journal(data: Path, session: int = SESSION, mode: str = "record") -> Journal:
    return Journal(Folders(data).journal(f"{session}-{mode}-1"))


def test_records_are_given_once_though_somebody_seals_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.store.following.PIECE", 37)
    pieces, following = list[Piece](), Following(tmp_path, "record", 0)
    with journal(tmp_path), journal(tmp_path, NEXT), Tail(Folders(tmp_path).tail, session=SESSION, epoch=1, segment_records=64) as tail:
        assert list(following.new()) == []
        for at in range(0, 300, 50):
            tail.append(tape(50, start=at))
            tail.flush()
            if at in {50, 150, 200}:
                seal(tmp_path)
            if at in {0, 200}:  # what was sealed meanwhile is fetched from the recordings
                pieces += following.new()
        pieces += following.new()
        tail.roll_session(NEXT)
        tail.append(tape(20, start=300))
    seal(tmp_path)
    pieces += following.new()
    assert joined(pieces) == tape(300).tobytes() and joined(pieces, NEXT) == tape(20, start=300).tobytes()
    assert max(len(piece.records) for piece in pieces) <= 37 and list(following.new()) == []


def test_one_that_begins_late_reads_from_the_session_it_is_told(tmp_path: Path) -> None:
    with journal(tmp_path), journal(tmp_path, NEXT), Tail(Folders(tmp_path).tail, session=SESSION, epoch=1) as tail:
        tail.append(tape(30))
        tail.roll_session(NEXT)
        tail.append(tape(20, start=30))
    assert {piece.session for piece in Following(tmp_path, "record", NEXT).new()} == {NEXT}
    seal(tmp_path)
    assert joined(list(Following(tmp_path, "record", NEXT).new()), NEXT) == tape(20, start=30).tobytes()


def test_events_stand_among_the_records_that_they_follow(tmp_path: Path) -> None:
    first, following = first_seq(1), Following(tmp_path, "record", 0)
    with journal(tmp_path) as of, Tail(Folders(tmp_path).tail, session=SESSION, epoch=1) as tail:
        of.append(Arrival(first - 1, 1, 1, FeeReported("before", 1)))
        tail.append(tape(10))
        of.append(Arrival(first + 9, 1, 2, FeeReported("behind", 2)))
        of.commit()
        [piece] = following.new()
        assert [each.event.exec_id for each in piece.events if isinstance(each.event, FeeReported)] == ["before"]
        tail.append(tape(10, start=10))
        [piece] = following.new()
    assert [each.after_seq for each in piece.events] == [first + 9] and len(piece.records) == 10


def test_sessions_of_other_modes_are_passed_over(tmp_path: Path) -> None:
    with journal(tmp_path, mode="paper"), Tail(Folders(tmp_path).tail, session=SESSION, epoch=1) as tail:
        tail.append(tape(10))
    assert list(Following(tmp_path, "record", 0).new()) == []
    seal(tmp_path)
    assert list(Following(tmp_path, "record", 0).new()) == []
