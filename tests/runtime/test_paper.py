"""Paper runs: a log a live run would write, taken up after a stop, and never mixed with another market or another trader."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.replay.world import SESSION, World, settings, world
from tests.runtime.conftest import Traded
from tests.runtime.folders import cut_off, n_in_tail, trade
from workbench.domain.errors import InvariantError, WorkbenchError
from workbench.domain.events import Arrival, ClockStepped
from workbench.engine import Engine
from workbench.market.sessions import number
from workbench.runtime.paper import paper
from workbench.runtime.recovery import Image
from workbench.runtime.replay import simulate
from workbench.store import checkpoints, entries
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import read_manifest, run_folders
from workbench.store.tail import read_tail

pytestmark = pytest.mark.covers("S3-34", "S3-37", "S2-03")


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES",), minutes=25, activity=0.1)


def test_a_paper_run_decides_what_a_simulation_decides(traded: Traded) -> None:
    records = number(traded.of.records.copy(), traded.done.run.epoch)
    alone = asyncio.run(simulate(traded.of.setup, records, traded.of.fills))
    assert alone.commands_digest == traded.done.commands_digest and alone.n_commands > 20
    assert alone.state_digest == traded.done.state_digest


def test_its_log_is_closed_proved_and_names_who_traded(traded: Traded) -> None:
    run = traded.done.run
    assert read_manifest(Folders(traded.data).run(run.run)) == run and run.is_closed
    assert (run.mode, run.account, run.profile, run.sessions) == ("paper", "DUSIM1", "demo", (SESSION,))
    assert run.digests["constitution"] == traded.of.setup.law.digest and len(run.digests["code"]) == 64
    head = entries.verify(Folders(traded.data).journal(run.run), run.journal_head)
    assert head == run.journal_head
    assert n_in_tail(traded.data) == len(traded.of.records) == traded.done.n_records


def test_its_checkpoint_is_its_end(traded: Traded) -> None:
    found = checkpoints.latest(Folders(traded.data).run(traded.done.run.run))
    assert found.checkpoint is not None and found.checkpoint.seq == traded.done.run.last_seq
    engine = Engine(traded.of.setup)
    engine.restore(msgspec.msgpack.decode(found.checkpoint.blob, type=Image).engine)
    assert engine.digest() == traded.done.state_digest


def test_a_run_that_ended_is_not_taken_up_again(tmp_path: Path, of: World) -> None:
    first, second = trade(tmp_path, of), trade(tmp_path, of)
    assert first.run.run != second.run.run and second.run.epoch > first.run.epoch
    assert first.state_digest != "" and len(run_folders(tmp_path)) == 2
    written = np.concatenate(read_tail(Folders(tmp_path).tail, SESSION))
    assert len(written) == 2 * len(of.records) and set((written["seq"] >> 40).tolist()) == {first.run.epoch, second.run.epoch}


def test_a_run_that_was_cut_off_is_taken_up_and_ends_as_if_it_had_not_been(tmp_path: Path, of: World) -> None:
    whole = trade(tmp_path / "whole", of)
    data = tmp_path / "cut"
    for turns in (3, 20, 33):
        cut_off(data, of, turns)
    done = trade(data, of)
    assert len(run_folders(data)) == 1 and done.run.run == f"{SESSION}-paper-1" and done.run.is_closed
    assert done.n_commands == whole.n_commands and n_in_tail(data) == len(of.records)
    facts = [sum(1 for _ in entries.facts(Folders(each).journal(done.run.run))) for each in (data, tmp_path / "whole")]
    assert facts[0] == facts[1]


def test_the_tail_of_another_market_is_not_gone_on_with(tmp_path: Path, of: World) -> None:
    cut_off(tmp_path, of, 20)
    n = n_in_tail(tmp_path)
    with pytest.raises(InvariantError, match="not the beginning of this market"):
        trade(tmp_path, world(("ES",), minutes=25, activity=0.1, seed=8))
    assert n_in_tail(tmp_path) == n
    assert trade(tmp_path, of).run.is_closed  # its own market still goes on


def test_a_market_that_is_shorter_than_its_own_log_is_not_gone_on_with(tmp_path: Path, of: World) -> None:
    cut_off(tmp_path, of, 20)
    with pytest.raises(InvariantError, match="not the beginning of this market"):
        trade(tmp_path, of._replace(records=of.records[: n_in_tail(tmp_path) // 2]))


def test_a_log_that_knows_more_than_the_run_comes_to_is_another_run(tmp_path: Path, of: World) -> None:
    cut_off(tmp_path, of, 5)
    [folder] = run_folders(tmp_path)
    written = of._replace(records=of.records[: n_in_tail(tmp_path)])
    with Journal(folder / "journal.db") as journal:
        journal.append(Arrival(1 << 60, 1, 1, ClockStepped(1)))
        journal.commit()
    with pytest.raises(InvariantError, match="1 events and facts that this run did not come to"):
        trade(tmp_path, written)


def test_a_run_is_not_taken_up_by_another_account(tmp_path: Path, of: World) -> None:
    cut_off(tmp_path, of, 20)
    with pytest.raises(WorkbenchError, match="cannot be taken up: account"):
        trade(tmp_path, of._replace(setup=of.setup._replace(account="DUSIM2")))
    assert trade(tmp_path, of).run.account == "DUSIM1"


def test_progress_rises_to_the_last_record(tmp_path: Path, of: World) -> None:
    heard: list[int] = []
    contracts, digests = [terms.contract for terms in of.setup.terms], {"settings": settings().digest}
    made = paper(tmp_path, SESSION, contracts, of.records, of.setup, of.fills, progress=heard.append, digests=digests)
    done = asyncio.run(made)
    assert heard == sorted(heard) and heard[-1] == len(of.records) == done.n_records
    assert done.run.digests["settings"] == settings().digest
