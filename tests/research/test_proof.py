"""A proof is a replay of the log, or the digest of one, held against what was recorded."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.research.conftest import Traded
from tests.runtime.folders import BARS_SESSION
from tests.teaching import teaching
from workbench.research.again import simulate_session
from workbench.research.proof import Proof, Proofs, proof, proofs
from workbench.research.sample import SESSION
from workbench.runtime.logged import open_log
from workbench.runtime.replay import issued


def test_a_digest_is_held_against_the_log(traded: Traded) -> None:
    told = asyncio.run(proof(traded.data, traded.session, replayed=traded.done.commands_digest))
    assert told is not None and told.same and told.n_commands == len(issued(open_log(traded.data, traded.session).facts()))
    assert "replayed alike" in str(told)
    other = asyncio.run(proof(traded.data, traded.session, replayed="00"))
    assert other is not None and not other.same and str(other).startswith("PARITY BROKEN: recorded digest")


def test_where_nobody_traded_there_is_nothing_to_prove(barred: Path) -> None:
    assert asyncio.run(proof(barred, BARS_SESSION)) is None


def test_of_a_simulation_there_is_nothing_to_prove(traded: Traded, tmp_path: Path) -> None:
    data = Path(shutil.copytree(traded.data, tmp_path / "data"))
    asyncio.run(simulate_session(traded.session, data=data))
    digest = traded.done.commands_digest
    assert asyncio.run(proof(data, traded.session, run="simulate", replayed=digest)) is None
    for run in ("", "paper", traded.done.run.run):
        told = asyncio.run(proof(data, traded.session, run=run, replayed=digest))
        assert told is not None and told.same


def test_what_changed_is_said_beside_a_difference() -> None:
    assert str(Proof(False, 1, "00", "recorded a, made b", ("code",))) == "PARITY BROKEN: recorded a, made b; changed since: code"


def test_sessions_are_proven_one_by_one_and_the_last_alone_where_none_is_named(
    barred: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = teaching(tmp_path_factory) / "data" / "sample"
    told = asyncio.run(proofs(data, 0, 99_999_999))
    assert told.sessions.keys() == {SESSION} and not told.broken and told.frame["same"].to_list() == [True]
    assert told.result == {str(SESSION): told.held[SESSION].digest} and told.held[SESSION].n_commands > 50
    assert asyncio.run(proofs(data, SESSION + 1, 99_999_999)).sessions == {}
    assert asyncio.run(proofs(barred, 0, 99_999_999)).held == {}


def test_one_that_differs_is_broken_whatever_the_others_are() -> None:
    same, other = Proof(True, 3, "ab", "", ()), Proof(False, 2, "cd", "recorded a, made b", ("code",))
    told = Proofs({1: same, 2: other, 3: None})
    assert told.broken == {2: other} and len(told.frame) == 2 and told.frame["changed"].to_list() == ["", "code"]
    assert "of 3 sessions recorded" in repr(told.cards)
