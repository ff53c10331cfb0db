"""A proof is a replay of the log, or the digest of one, held against what was recorded."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from tests.research.conftest import Traded
from tests.runtime.folders import BARS_SESSION
from workbench.research.again import simulate_session
from workbench.research.proof import Proof, proof
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
