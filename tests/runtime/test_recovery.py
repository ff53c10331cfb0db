"""Sessions in a row: a run begins with what the one before ended with, and is replayed from there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.replay.world import settings
from workbench import calendars
from workbench.domain.errors import DataError
from workbench.domain.units import MINUTE
from workbench.engine import Setup
from workbench.learning.models import DEFAULT
from workbench.runtime import build, play
from workbench.runtime.generated import Generated, generated
from workbench.runtime.logged import open_log
from workbench.runtime.paper import Paper, paper
from workbench.simulation.market import MarketSettings
from workbench.simulation.matching.models import CAUTIOUS
from workbench.store.folders import Folders
from workbench.store.sealer import seal

pytestmark = pytest.mark.covers("S3-34", "S0-32")
FIRST, SECOND = 20261118, 20261119


def day(session: int, minutes: int = 45) -> tuple[Generated, Setup]:
    """The first minutes of a session, and who trades it."""
    opens, _ = calendars.session_bounds(session)
    made = generated(settings(), ["ES"], session, seed=3, market=MarketSettings(activity=0.6), last_ns=opens + minutes * MINUTE)
    setup = build.setup(
        settings(), made.contracts, [session], build.constitution("demo"), account="DUSIM1", strategies=[("learned", DEFAULT)]
    )
    return made, setup


def trade(data: Path, session: int) -> Paper:
    made, setup = day(session)
    return asyncio.run(paper(data, session, made.contracts, made.records, setup, CAUTIOUS, digests={"settings": settings().digest}))


def test_a_run_begins_with_the_models_of_the_session_before_and_replays_from_there(tmp_path: Path) -> None:
    first, second = trade(tmp_path, FIRST), trade(tmp_path, SECOND)
    alone = trade(tmp_path / "alone", SECOND)
    assert second.run.starts_from == first.run.run and second.state_digest != alone.state_digest
    seal(tmp_path)
    for session, run in ((FIRST, first), (SECOND, second)):
        logged = open_log(tmp_path, session)
        played = asyncio.run(play.play_back(logged, play.setup_as_traded(settings(), logged)))
        assert played.difference is None and played.outcome.state_digest == run.state_digest


def test_a_checkpoint_made_with_other_code_is_not_used_and_that_is_said(tmp_path: Path) -> None:
    first = trade(tmp_path, FIRST)
    folder = Folders(tmp_path).run(first.run.run)
    manifest = folder / "manifest.json"
    body = msgspec.json.decode(manifest.read_bytes())
    body["digests"]["code"] = "another"
    manifest.write_bytes(msgspec.json.encode(body))
    second = trade(tmp_path, SECOND)
    assert second.run.starts_from == "" and "code" in second.run.notes


def test_a_run_whose_first_checkpoint_is_gone_cannot_be_played_again(tmp_path: Path) -> None:
    first = trade(tmp_path, FIRST)
    trade(tmp_path, SECOND)
    for path in (Folders(tmp_path).run(first.run.run) / "checkpoints").iterdir():
        path.unlink()
    logged = open_log(tmp_path, SECOND)
    with pytest.raises(DataError, match="cannot be read"):
        asyncio.run(play.play_back(logged, play.setup_as_traded(settings(), logged)))
