"""Real processes on disks in trouble: the run ends by one sentence, its stops stay where they are, and the next start takes it up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kill.disks import CANNOT, FILLER, break_, fill, mount_small, set_read_only, slow_down
from tests.kill.lives import Death, Lives
from tests.kill.points import BEHIND_A_COMMIT
from tests.kill.runs import in_a_process

pytestmark = [pytest.mark.covers("S0-17")]
SMALL = 24 << 20
HOLDING = "a fee added, its facts not"  # a position stands, and its stop at the broker
POINTS = [(HOLDING, 1), ("an entry about to leave", 2), ("a command decided, not added", 2)]


def must_end_by_a_sentence(end: tuple[int, Any]) -> None:
    """It ended by itself, not well, and says why in one line; what it says is no surprise to the program."""
    status, said = end
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 1, end
    kind, text, _ = said
    assert kind == "StoreError" and len(text.splitlines()) == 1 and "failed" in text, said


def must_be_covered(lives: Lives) -> None:
    """What is held has its stop or exit at the broker."""
    assert not lives.naked(), lives.ends


def on_a_small_disk(tmp_path: Path, work: Callable[[Path], None]) -> None:
    """Work in a process that sees a small disk at a folder."""
    folder = tmp_path / "small"
    folder.mkdir()

    def mounted() -> None:
        if not mount_small(folder, SMALL):
            os._exit(CANNOT)
        work(folder)

    status = in_a_process(mounted)[0]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == CANNOT:
        pytest.skip("this system lets no process of ours mount a disk of its own")
    assert status == 0


@pytest.mark.parametrize("point", POINTS)
def test_a_disk_that_is_full_ends_the_run_and_touches_no_order(tmp_path: Path, point: tuple[str, int]) -> None:
    def work(data: Path) -> None:
        def between(lives: Lives) -> None:
            if (data / FILLER).exists():
                must_end_by_a_sentence(lives.ends[-1])
                must_be_covered(lives)
                (data / FILLER).unlink()
                lives.look_again()
                seen.append("mended")

        seen: list[str] = []
        Lives(data, [Death(*point, fill)], between=between).run().must_be_whole()
        assert seen

    on_a_small_disk(tmp_path, work)


@pytest.mark.parametrize("point", POINTS)
def test_a_disk_that_cannot_sync_ends_the_run_and_touches_no_order(
    tmp_path: Path, point: tuple[str, int], capfd: pytest.CaptureFixture[str]
) -> None:
    lives = Lives(tmp_path, [Death(*point, break_)], between=must_be_covered).run()
    must_end_by_a_sentence(lives.ends[0])
    assert "Traceback" not in capfd.readouterr().err  # of any of its processes
    lives.must_be_whole()


def test_a_full_disk_met_twice_and_a_kill_between_lose_nothing(tmp_path: Path) -> None:
    def work(data: Path) -> None:
        deaths = [Death(HOLDING, 1, fill), Death("the log played again"), Death("an event added, its facts not", 3, fill)]
        lives = Lives(data, deaths, between=lambda _: (data / FILLER).unlink(missing_ok=True)).run()
        assert len(lives.ends) == 4
        must_end_by_a_sentence(lives.ends[0])
        must_end_by_a_sentence(lives.ends[2])
        lives.must_be_whole()

    on_a_small_disk(tmp_path, work)


def test_a_folder_that_became_read_only_begins_no_run_and_touches_no_order(tmp_path: Path) -> None:
    def work(data: Path) -> None:
        n_orders: list[int] = []

        def between(lives: Lives) -> None:
            n_orders.append(lives.n_orders)
            must_be_covered(lives)
            set_read_only(data, is_so=len(lives.ends) == 1)

        lives = Lives(data, [Death(HOLDING, 1), Death("a session closed, the next not begun", 99)], between=between)
        lives.run()
        kind, text, _ = lives.ends[1][1]
        assert kind == "StoreError" and "Read-only file system" in text and len(text.splitlines()) == 1
        assert n_orders[0] == n_orders[1] > 0
        lives.must_be_whole()

    on_a_small_disk(tmp_path, work)


def test_a_disk_that_takes_five_seconds_for_each_sync_loses_nothing(tmp_path: Path) -> None:
    lives = Lives(tmp_path, [Death(BEHIND_A_COMMIT[2], 1, slow_down), Death(HOLDING, 1, slow_down)]).run()
    assert [status for status, _ in lives.ends] == [0]  # it waits, and goes on
    lives.must_be_whole()
