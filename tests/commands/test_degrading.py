"""``workbench degrade``: a poorer view of a recording, beside it, that plays like any other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.commands.calling import workbench
from tests.replay.world import SESSION
from workbench.domain.records import CONFLATED, Kind
from workbench.research import open_session
from workbench.store.log import log_sessions, read_log


def test_a_session_is_kept_once_more_without_depth_and_can_be_traded(traded: Path, here: Path) -> None:
    before = read_log(traded, SESSION).copy()
    said = workbench("degrade", SESSION, "--to", "ib-l1", "--data", traded, "--json")
    told = json.loads(said.out)
    assert said.code == 0 and told["n_after"] < told["n_before"] / 2 and told["into"] == str(traded / "ib-l1")
    poor = read_log(traded / "ib-l1", SESSION)
    assert not np.isin(poor["kind"], [Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE]).any()
    assert bool((poor["flags"][poor["kind"] == Kind.QUOTE] & CONFLATED).all())
    assert np.array_equal(read_log(traded, SESSION), before)  # the recording is as it was
    day = open_session(SESSION, data=traded / "ib-l1")
    assert day.is_generated and "ib-l1 view of" in day.source and [of.symbol for of in day.contracts] == ["ESZ6", "SPY"]
    played = workbench("simulate", "--session", SESSION, "--data", traded / "ib-l1", "--json")
    assert played.code == 0
    again = workbench("degrade", SESSION, "--data", traded)
    assert again.code == 1 and "--replace" in again.text
    assert workbench("degrade", SESSION, "--data", traded, "--replace").code == 0


def test_what_cannot_be_made_coarser_is_refused(traded: Path, barred: Path, here: Path) -> None:
    same = workbench("degrade", SESSION, "--data", traded, "--into", traded)
    assert same.code == 2 and "name another folder" in same.text
    wrong = workbench("degrade", SESSION, "--to", "l3", "--data", traded)
    assert wrong.code == 2 and "ib-l1, not to 'l3'" in wrong.text
    bars = workbench("degrade", log_sessions(barred)[0], "--data", barred)
    assert bars.code == 1 and "neither quotes nor prints" in bars.text and not (barred / "ib-l1").exists()
    none = workbench("degrade", "2001-01-01", "--data", traded)
    assert none.code == 1 and "holds no session" in none.text
