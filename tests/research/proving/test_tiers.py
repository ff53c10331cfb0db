"""A judge reads the evidence of a data folder, says what is missing, and counts nothing that does not speak."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import msgspec
import pytest

from tests.replay.world import SESSION, market, settings
from tests.research.conftest import Traded
from workbench import calendars
from workbench.domain.errors import ConfigError, StoreError
from workbench.learning.models import DEFAULT
from workbench.research.again import simulate_session
from workbench.research.proving import State, judge
from workbench.research.proving.tiers import NO_MARKET
from workbench.runtime import build
from workbench.runtime.paper import paper
from workbench.runtime.shadow import decide_beside, enter
from workbench.store.digests import deciding_digest
from workbench.store.drills import Drilled, keep_drill
from workbench.store.folders import Folders
from workbench.store.shadows import put_slot

pytestmark = pytest.mark.covers("S3-29", "S2-48")
BEGINS_NS = calendars.session_bounds(SESSION)[0]
CANDIDATE = ("vwap_reversion", "")
CLAIMS = (("stops in place", True, ""),)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session that `tour` traded on paper, a drill, and a candidate that went through it in the slot."""
    folder = tmp_path_factory.mktemp("judged")
    contracts, records = market(("ES", "SPY"), 25, 7, 0.15)
    law, traders = build.constitution("demo"), [("tour", ""), ("learned", DEFAULT)]
    setup = build.setup(settings(), contracts, [SESSION], law, account="DUSIM1", strategies=traders)
    fills, digests = build.fills(settings()), {"settings": settings().digest}
    asyncio.run(paper(folder, SESSION, contracts, records, setup, fills, source="a small world, generated", digests=digests))
    keep_drill(folder, Drilled(drill="kill", at_ns=1, code=deciding_digest(), seconds=1.0, claims=CLAIMS))
    slot = enter(settings(), CANDIDATE, "demo", BEGINS_NS - 1)
    put_slot(folder, slot)
    asyncio.run(decide_beside(settings(), folder, SESSION, slot))
    asyncio.run(simulate_session(SESSION, data=folder, strategies=[CANDIDATE], profile="demo"))
    return folder


def test_the_session_on_paper_speaks_and_the_day_is_passed(data: Path) -> None:
    verdict = judge("strategy", "tour", data, generated=True)
    assert "1 day" in verdict.passed and [each.how for each in verdict.stints] == ["paper"]
    assert verdict.tier == "2 days" and verdict.state is State.NOT_YET and not verdict.is_passed
    told = str(verdict)
    assert "not enough sessions yet (1 of 2)" in told and verdict.stints[0].journal.as_posix() in told and NO_MARKET in told
    assert json.loads(json.dumps(verdict.as_dict()))["evidence"][0]["session"] == SESSION


def test_a_shadow_speaks_and_a_plain_simulation_does_not(data: Path) -> None:
    verdict = judge("strategy", "vwap_reversion", data, generated=True)
    assert [(each.how, each.run.account) for each in verdict.stints] == [("shadow", "shadow:vwap_reversion")]
    parity = next(line for line in verdict.lines if line.what == "parity")
    assert parity.state is State.PASSED and parity.runs == (verdict.stints[0].run.run,)


def test_hindsight_does_not_speak(data: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(data, tmp_path / "data"))
    put_slot(folder, enter(settings(), CANDIDATE, "demo", BEGINS_NS + 1))
    late = judge("strategy", "vwap_reversion", folder, generated=True)
    assert not late.stints and any("hindsight" in note for note in late.notes)
    put_slot(folder, msgspec.structs.replace(enter(settings(), CANDIDATE, "demo", 1), digests={"own strategies/x.py": "00"}))
    assert any("edited since" in note for note in judge("strategy", "vwap_reversion", folder, generated=True).notes)
    shutil.rmtree(Folders(folder).shadow)
    assert any("never was in the shadow slot" in note for note in judge("strategy", "vwap_reversion", folder, generated=True).notes)


def test_what_is_no_market_counts_only_where_that_is_asked_for(data: Path) -> None:
    verdict = judge("recipe", "flow_1m", data)
    assert not verdict.stints and verdict.passed == () and any("no market" in note for note in verdict.notes)


def test_a_replay_is_made_once(data: Path) -> None:
    judge("recipe", "flow_1m", data, generated=True)
    (kept,) = Folders(data).proving.glob("*paper*.json")
    before = kept.stat().st_mtime_ns
    judge("recipe", "flow_1m", data, generated=True)
    assert kept.stat().st_mtime_ns == before
    kept.write_text("garbage")
    assert judge("recipe", "flow_1m", data, generated=True).lines and kept.read_text() != "garbage"


@pytest.mark.parametrize("kind", ["page", "feature", "", "Recipe"])
def test_what_has_no_tiers_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no tiers"):
        judge(kind, "x", tmp_path)


def test_a_drill_that_is_none_is_an_error_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "drills").mkdir()
    (tmp_path / "drills" / "x.json").write_text("[1]")
    with pytest.raises(StoreError, match=r"x\.json is no record of a drill"):
        judge("recipe", "flow_1m", tmp_path)


def test_a_session_of_another_law_is_no_evidence_of_this_one(traded: Traded) -> None:
    verdict = judge("strategy", "learned", traded.data, generated=True)
    parity = next(line for line in verdict.lines if line.what == "parity")
    assert parity.state is State.NOT_YET and "changed since: constitution" in parity.said
