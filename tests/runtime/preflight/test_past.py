"""Yesterday's parity: green where the replay says the same, red where it does not, and said where there is none."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest

from tests.replay.world import SESSION, settings
from workbench import calendars
from workbench.config import Mode
from workbench.domain.units import MINUTE
from workbench.runtime import build
from workbench.runtime.generated import generated
from workbench.runtime.paper import paper
from workbench.runtime.preflight import past
from workbench.runtime.preflight.report import Colour
from workbench.simulation.market import MarketSettings
from workbench.store.folders import Folders
from workbench.store.manifest import runs, write_manifest

pytestmark = pytest.mark.covers("S2-46")


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data, opens = tmp_path_factory.mktemp("closed"), calendars.session_bounds(SESSION)[0] + (15 * 60 + 25) * MINUTE
    market = MarketSettings(activity=0.2)
    made = generated(settings(), ["ES"], SESSION, seed=3, market=market, first_ns=opens, last_ns=opens + 8 * MINUTE)
    setup = build.setup(settings(), made.contracts, [SESSION], build.constitution("demo"), account="DUSIM7", strategies=[("tour", "")])
    digests = {"settings": settings().digest}
    asyncio.run(paper(data, SESSION, made.contracts, made.records, setup, build.fills(settings()), source="minutes", digests=digests))
    return data


def test_a_run_that_a_replay_makes_again_is_green(closed: Path) -> None:
    line = asyncio.run(past.parity(settings(), closed))
    assert line.colour is Colour.GREEN and "the same" in line.found and runs(closed)[0].run in line.found


def test_other_commands_are_red_and_those_that_a_change_explains_yellow(closed: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(closed, tmp_path / "data"))
    (run,) = runs(data)
    other = msgspec.structs.replace(run, traders=())
    write_manifest(Folders(data).run(run.run), other)
    line = asyncio.run(past.parity(settings(), data))
    assert line.colour is Colour.RED and "replay" in line.remedy
    write_manifest(Folders(data).run(run.run), msgspec.structs.replace(other, digests=run.digests | {"code": "another"}))
    assert asyncio.run(past.parity(settings(), data)).colour is Colour.YELLOW


def test_a_log_that_cannot_be_read_is_red(closed: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(closed, tmp_path / "data"))
    Folders(data).journal(runs(data)[0].run).unlink()
    assert asyncio.run(past.parity(settings(), data)).colour is Colour.RED


def test_where_no_run_was_closed_that_is_said(tmp_path: Path) -> None:
    assert asyncio.run(past.parity(settings(), tmp_path)).colour is Colour.YELLOW


@pytest.mark.covers("S2-48")
def test_money_wants_sessions_without_it_first_and_of_this_code(closed: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(closed, tmp_path / "data"))
    (run,) = runs(data)
    assert past.rehearsed(data, Mode.LIVE, "c").colour is Colour.RED  # a demonstration in memory is no rehearsal
    for n, code in enumerate(("old", "c")):
        name = f"2026112{n}-paper-{n}"
        over = {"run": name, "sessions": (20261120 + n,), "source": "ib 127.0.0.1:7497", "digests": {"code": code}}
        write_manifest(Folders(data).run(name), msgspec.structs.replace(run, **over))
        assert past.rehearsed(data, Mode.LIVE, "c").colour is (Colour.GREEN if n else Colour.YELLOW)
    assert past.rehearsed(tmp_path / "nothing", Mode.PAPER, "c").colour is Colour.YELLOW
    assert past.rehearsed(data, Mode.LIVE, "newer").colour is Colour.YELLOW
