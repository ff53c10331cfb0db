"""The promise on recorded markets: an hour of ES by every order in its book, and a day of minute bars of three contracts."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.data import shared
from tests.replay.world import random_chunks, same, settings
from workbench.domain.decisions import ForecastMade, LabelMatured, RoundTripClosed
from workbench.engine import Setup
from workbench.importers import base, csv_files, databento
from workbench.importers.mapping import declare
from workbench.runtime import build, play
from workbench.runtime.logged import Logged, open_log
from workbench.runtime.replay import Outcome, first_difference, replay, simulate

pytestmark = pytest.mark.covers("S0-22", "S0-27", "S3-55")
BOOK = "nautilus_databento/esh4-glbx-mdp3-20231225.mbo.dbn.zst"
BARS = "firstrate_samples/2026-01-26_2026-02-09"
CASES = {"book of an hour": 20231226, "bars of a day": 20260204}


class Case(NamedTuple):
    """A recorded session, who trades it, and what came of it when it was played whole."""

    logged: Logged
    setup: Setup
    whole: Outcome


def take_in(data: Path, name: str) -> Logged:
    """Import what the case is made of."""
    roots = settings().roots
    if name == "book of an hour":
        readings = list(databento.read_all([shared(BOOK)], roots))
    else:
        names = [f"{c}={shared(f'{BARS}/{f}_1min_sample.csv')}" for c, f in (("ES.c", "ES"), ("SPY", "SPY"), ("QQQ", "QQQ"))]
        declared = declare(names, None, {"zone": "America/New_York", "stamp": "start", "length": "1m"})
        readings = [csv_files.read(each, roots) for each in declared]
    base.keep(base.plan("test", readings), data)
    return open_log(data, CASES[name])


def eager(logged: Logged) -> Setup:
    """What the data allows, with learners that speak soon and strategies that trade on little: there is no more than this to trade."""
    setup = play.setup_of(settings(), logged, "demo")
    law = setup.law
    law = msgspec.structs.replace(law, data=msgspec.structs.replace(law.data, entry_quality=0.5))
    wide = {"max_friction_frac": 10.0, "max_entries_per_hour": 200, "min_seconds_between_entries": 0.0, "max_loss_per_trade_usd": 2_000.0}
    law = msgspec.structs.replace(law, risk=msgspec.structs.replace(law.risk, **wide))
    quick: dict[str, Any] = {"min_labels": 20, "min_outcomes": 40, "params": {"learning_rate": 0.05}}
    recipes = tuple((msgspec.structs.replace(recipe, **quick), ids) for recipe, ids in setup.recipes)
    strategies = tuple((s._replace(edge=0.01) if hasattr(s, "edge") else s._replace(stretch=0.5), ids) for s, ids in setup.strategies)
    return setup._replace(law=law, recipes=recipes, strategies=strategies)


def closed(case: Case, chunk: Any = None) -> Outcome:
    return asyncio.run(simulate(case.setup, case.logged.records, build.fills(settings()), chunk=chunk))


def back(case: Case, chunk: Any = None) -> Outcome:
    return asyncio.run(replay(case.setup, case.logged.records, case.whole.arrivals, chunk=chunk))


def make(data: Path, name: str) -> Case:
    logged = take_in(data, name)
    setup = eager(logged)
    return Case(logged, setup, asyncio.run(simulate(setup, logged.records, build.fills(settings()))))


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make(tmp_path_factory.mktemp("real"), request.param)


def test_a_recorded_market_is_worth_its_proofs(case: Case) -> None:
    kinds = {type(fact) for fact in case.whole.facts}
    assert {ForecastMade, LabelMatured, RoundTripClosed} <= kinds and case.whole.n_commands > 20
    assert len(case.logged.records) > 50_000


def test_one_record_at_a_time_is_the_same(case: Case) -> None:
    assert same(case.whole, closed(case, lambda: 1))


@pytest.mark.parametrize("seed", range(3))
def test_random_chunks_are_the_same(case: Case, seed: int) -> None:
    assert same(case.whole, closed(case, random_chunks(seed)))


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_a_replay_issues_the_very_same_commands(case: Case, seed: int | None) -> None:
    again = back(case, None if seed is None else random_chunks(seed))
    assert first_difference(case.whole.commands, again.commands) is None and same(case.whole, again)


@pytest.mark.proof
def test_many_random_chunkings_of_both_proofs_are_the_same(case: Case) -> None:
    for seed in range(100, 125):
        assert same(case.whole, closed(case, random_chunks(seed, most=20_000))), seed
        assert same(case.whole, back(case, random_chunks(seed, most=20_000))), seed
    assert same(case.whole, back(case, lambda: 1))


HASHED = """
import sys
from pathlib import Path
from tests.replay.test_real_parity import make
whole = make(Path(sys.argv[1]), "bars of a day").whole
print(whole.commands_digest, whole.state_digest)
"""


@pytest.mark.proof
def test_three_hash_seeds_give_one_digest_of_a_recorded_day(tmp_path: Path) -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", HASHED, str(tmp_path / seed)],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }  # fmt: skip
    assert len(said) == 1 and len(said.pop().split()) == 2
