"""What a live run may begin with: nothing else than it ran with, while something was open; and what its start must not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.replay.world import World, world
from tests.runtime.live.scripted import Broker, CutOffError, Played
from workbench.config import Mode
from workbench.domain.errors import ConfigError
from workbench.runtime.live import Plan
from workbench.store.manifest import NAME, run_folders

FORBIDDEN = ("river", "sklearn", "pandas", "panel", "vectorbt", "jupyter", "IPython", "ib_async")


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES",), minutes=12, activity=0.2)


def edited(data: Path, **changes: object) -> None:
    [folder] = run_folders(data)
    card = msgspec.json.decode((folder / NAME).read_bytes())
    (folder / NAME).write_bytes(msgspec.json.encode(card | changes))


def stopped(data: Path, of: World) -> Played:
    live = Played(data, of, Broker(1), cuts=0.0)
    live.runner._at_turn = lambda _: live.line.stop() if live.venue.at > 300 else None
    live.run()
    return live


def test_a_run_that_died_is_not_taken_up_with_another_law_and_says_so(tmp_path: Path, of: World) -> None:
    with pytest.raises(CutOffError):
        Played(tmp_path, of, Broker(1), turns=40).run()
    other = of.setup._replace(digests={"own strategy": "another"})
    with pytest.raises(ConfigError, match="cannot be taken up: own strategy changed"):
        Played(tmp_path, of, Broker(1), plan=lambda _: Plan(other, source="scripted")).run()
    assert Played(tmp_path, of, Broker(1)).run().run.is_closed


def test_a_run_that_ended_flat_is_begun_with_cold_where_something_changed(tmp_path: Path, of: World) -> None:
    stopped(tmp_path, of)
    other = of.setup._replace(digests={"own strategy": "another"})
    ended = Played(tmp_path, of, Broker(1), at=400, plan=lambda _: Plan(other, source="scripted")).run()
    assert ended.run.starts_from == "" and "own strategy" in ended.run.notes


def test_a_run_that_ended_with_something_open_is_not_forgotten(tmp_path: Path, of: World) -> None:
    stopped(tmp_path, of)
    edited(tmp_path, ended_flat=False)
    other = of.setup._replace(digests={"own strategy": "another"})
    with pytest.raises(ConfigError, match="bring back what it ran with"):
        Played(tmp_path, of, Broker(1), at=400, plan=lambda _: Plan(other, source="scripted")).run()


def test_runs_of_another_mode_or_account_are_other_runs(tmp_path: Path, of: World) -> None:
    stopped(tmp_path, of)
    assert Played(tmp_path, of, Broker(1), mode=Mode.OBSERVE, at=400).run().run.starts_from == ""
    another = of.setup._replace(account="DUSIM2")
    ended = Played(tmp_path, of, Broker(1), at=400, plan=lambda _: Plan(another, source="scripted")).run()
    assert ended.run.starts_from == "" and ended.run.account == "DUSIM2"


def test_the_start_of_a_live_run_imports_no_research_no_learner_and_no_broker() -> None:
    code = "import sys, workbench.runtime.live, workbench.commands.live; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in FORBIDDEN if name in told]
