"""A recording is put together from its files; what cannot be played from its beginning is refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.runtime.flight.world import Flown
from workbench.domain.errors import DataError
from workbench.runtime.flight.tape import load
from workbench.store.flight import Card, Flight
from workbench.wire import ManagedAccounts, NextValidId


def test_it_knows_messages_versions_and_what_left(life: Flown) -> None:
    tape = life.tape()
    first = [message for _, message in tape.came()][:2]
    assert first == [ManagedAccounts("DUSIM1"), NextValidId(1)] and tape.version == 178
    assert tape.endings == () and list(tape.sent) == [1]


def test_a_torn_end_is_said_and_what_lies_before_it_is_played(changed: Flown) -> None:
    path = changed.tape().reels[-1].path
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    tape = changed.tape()
    assert "torn or damaged" in tape.endings[0]
    verdict = changed.verdict()
    assert verdict.divergence is None and verdict.endings == tape.endings
    assert verdict.n_records > 0


def begun(folder: Path, **more: Any) -> None:
    flight = Flight(folder, lambda _, call: None)
    flight.begin(Card(run="r", session=20261119, began_ns=1, **more))
    flight.close()


def test_what_there_is_not_is_said_with_what_there_is(tmp_path: Path) -> None:
    begun(tmp_path)
    with pytest.raises(DataError, match="no flight recording of session 20261120; sessions there: 20261119"):
        load(tmp_path, 20261120)
    with pytest.raises(DataError, match="no flight recording of run other of session 20261119"):
        load(tmp_path, 20261119, "other")


def test_what_begins_inside_a_life_is_refused(tmp_path: Path) -> None:
    begun(tmp_path / "taken-up", n_entries=7)
    with pytest.raises(DataError, match="only a run's first start"):
        load(tmp_path / "taken-up", 20261119)
    begun(tmp_path / "goes-on", follows="20261118/r/0001.wire")
    with pytest.raises(DataError, match="only from its beginning"):
        load(tmp_path / "goes-on", 20261119)
