"""An attempt begins at most once, ends whole, and is known to be at work while it is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.pipelines.schedule.planning import effects, writes_a_line
from workbench.domain.errors import DataError
from workbench.pipelines.schedule.attempt import (
    ORDER,
    Ended,
    Order,
    ended,
    forestall,
    give_up,
    how_it_died,
    is_at_work,
    log_of,
    perform,
    run_page,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    order = Order(page="pages/report", given={"session": 20261120}, data=str(tmp_path), digest="ab")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ORDER).write_bytes(msgspec.json.encode(order))
    return tmp_path / "run"


def test_it_is_done_once(folder: Path) -> None:
    perform(folder, 1, writes_a_line)
    perform(folder, 1, writes_a_line)
    assert len(effects(folder.parent)) == 1 and ended(folder) == Ended(attempt=1, is_good=True)


def test_one_that_was_forestalled_never_begins(folder: Path) -> None:
    assert forestall(folder, 1)
    perform(folder, 1, writes_a_line)
    assert effects(folder.parent) == [] and ended(folder) is None
    perform(folder, 2, writes_a_line)
    assert ended(folder) == Ended(attempt=2, is_good=True)


def test_while_it_works_that_is_seen_and_an_error_is_how_it_ended(folder: Path) -> None:
    def looks(_: Order, run: Path) -> Ended:
        assert is_at_work(run)
        raise DataError("no data of that day")

    perform(folder, 1, looks)
    assert not is_at_work(folder) and ended(folder) == Ended(attempt=1, is_good=False, why="no data of that day")


def test_a_page_that_is_not_promoted_any_more_is_not_run(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    told = run_page(Order(page=str(tmp_path / "page"), given={}, data=str(tmp_path), digest="ab"), folder)
    assert not told.is_good and "promoted anew or demoted" in told.why


def test_an_attempt_that_a_cluster_never_took_ends_and_one_that_ended_there_stays_as_it_is(folder: Path) -> None:
    give_up(folder, 1, "no scheduler answers there")
    assert ended(folder) == Ended(attempt=1, is_good=False, why="no scheduler answers there") and not forestall(folder, 1)
    perform(folder, 2, writes_a_line)
    give_up(folder, 2, "the connection was lost")
    assert ended(folder) == Ended(attempt=2, is_good=True)


def test_whatever_it_breaks_on_is_said_and_of_one_that_died_its_last_words(folder: Path) -> None:
    def breaks(_: Order, __: Path) -> Ended:
        raise KeyError("bid")

    perform(folder, 1, breaks)
    assert ended(folder) == Ended(attempt=1, is_good=False, why="KeyError: 'bid'")
    assert how_it_died(folder, 2) == "its process died"
    log_of(folder, 2).write_text("a line\nMemoryError\n\n")
    assert how_it_died(folder, 2) == "its process died: MemoryError"
