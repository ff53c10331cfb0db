"""A session as its log tells it: whole, whatever happened on the way, and told apart from what is not there."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.replay.world import SESSION, settings, world
from tests.runtime.conftest import Traded
from tests.runtime.folders import BARS_SESSION, HEAD, MINUTES, cut_off, import_bars, trade
from workbench.domain.decisions import At, Issued
from workbench.domain.errors import DataError, WorkbenchError
from workbench.domain.events import RunStarted
from workbench.runtime.logged import open_log
from workbench.runtime.paper import Paper
from workbench.runtime.play import setup_of, trade_anew
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, write_manifest
from workbench.store.sealer import seal
from workbench.store.tail import Tail

pytestmark = pytest.mark.covers("S3-37", "S1-07")
NAMES = ("recv_ns", "event_ns", "px", "sz", "px2", "sz2", "contract", "kind", "side", "level", "flags")


def same_market(a: np.ndarray, b: np.ndarray) -> bool:
    return len(a) == len(b) and all(np.array_equal(a[name], b[name]) for name in NAMES)


def test_a_session_is_what_was_traded(traded: Traded) -> None:
    logged = open_log(traded.data, SESSION)
    assert same_market(logged.records, traded.of.records)
    assert logged.run == traded.done.run and logged.run.source == "a small world"
    assert [contract.symbol for contract in logged.contracts] == ["ESZ6", "SPY"]
    assert isinstance(logged.arrivals[0].event, RunStarted) and logged.arrivals[0].event.mode == "paper"
    facts = list(logged.facts())
    assert sum(isinstance(fact, Issued) for fact in facts) == traded.done.n_commands
    assert not any(isinstance(fact, At) for fact in facts)


def test_a_session_that_is_not_there_is_told_with_those_that_are(traded: Traded, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"no session 20261120; sessions there: {SESSION}"):
        open_log(traded.data, 20261120)
    with pytest.raises(DataError, match="none; import one, or run the demo"):
        open_log(tmp_path, SESSION)


def test_it_does_not_matter_where_the_records_lie(traded: Traded, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(traded.data, data)
    before = open_log(data, SESSION)
    seal(data)
    after = open_log(data, SESSION)
    assert np.array_equal(before.records, after.records) and before.arrivals == after.arrivals and before.run == after.run


@pytest.mark.covers("S0-07", "S0-08")
def test_a_session_says_which_kinds_of_data_each_contract_has(traded: Traded, barred: Path) -> None:
    logged = open_log(traded.data, SESSION)
    assert logged.kinds()[1][:2] == ("quotes", "prints")
    assert open_log(barred, BARS_SESSION).kinds() == {1: ("bars",), 2: ("bars",)}
    alone = logged._replace(records=logged.records[logged.records["contract"] != 2])
    assert alone.kinds()[2] == ()


def test_a_run_that_was_taken_up_is_opened_whole(tmp_path: Path) -> None:
    of = world(("ES",), minutes=25, activity=0.1)
    cut_off(tmp_path, of, 20)
    cut = open_log(tmp_path, SESSION)
    assert 0 < len(cut.records) < len(of.records) and not cut.run.is_closed  # as far as it went
    done = trade(tmp_path, of)
    for _ in ("in the tail", "sealed"):
        logged = open_log(tmp_path, SESSION)
        assert same_market(logged.records, of.records) and logged.run == done.run
        seal(tmp_path)
    assert len(set((logged.records["seq"] >> 40).tolist())) == 2


@pytest.mark.covers("S4-25")
def test_a_recording_that_was_ended_and_begun_again_is_opened_and_simulated_whole(tmp_path: Path) -> None:
    of = world(("ES",), minutes=25, activity=0.1)
    cut = len(of.records) // 2
    parts = of.records[:cut].copy(), of.records[cut:].copy()
    for epoch, part in enumerate(parts, 1):
        part["seq"] = (epoch << 40) + np.arange(1, len(part) + 1)
        run = Folders(tmp_path).run(f"{SESSION}-record-{epoch}")
        card = {"first_seq": int(part["seq"][0]), "last_seq": int(part["seq"][-1]), "is_closed": epoch == 2}  # the first one was killed
        card |= {"sessions": (SESSION,), "contracts": tuple(terms.contract for terms in of.setup.terms), "created_ns": epoch}
        write_manifest(run, RunManifest(run=run.name, mode="record", epoch=epoch, **card))
        Journal(run / "journal.db").close()
        with Tail(Folders(tmp_path).tail, session=SESSION, epoch=epoch) as tail:
            tail.append(part)
    logged = open_log(tmp_path, SESSION)
    assert same_market(logged.records, of.records) and [run.epoch for run in logged.writers] == [1, 2] and logged.run.epoch == 2
    played = asyncio.run(trade_anew(settings(), logged, setup_of(settings(), logged, strategies=[])))
    assert played.run is not None and played.run.first_seq == parts[0]["seq"][0] and played.outcome.last_seq == parts[1]["seq"][-1]


def test_of_two_runs_of_one_session_the_later_one_is_opened(traded: Traded, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(traded.data, data)
    again: Paper = trade(data, traded.of)
    logged = open_log(data, SESSION)
    assert logged.run == again.run != traded.done.run
    assert same_market(logged.records, traded.of.records)
    assert len(list(logged.facts())) == len(list(open_log(traded.data, SESSION).facts()))


def test_a_run_that_wrote_no_record_is_no_session_yet(traded: Traded, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(traded.data, data)
    shutil.rmtree(Folders(data).tail)
    with pytest.raises(DataError, match=f"session {SESSION}"):
        open_log(data, SESSION)


def test_a_run_without_its_journal_is_told_by_name(traded: Traded, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(traded.data, data)
    Folders(data).journal(traded.done.run.run).unlink()
    with pytest.raises(WorkbenchError, match="there is no journal at"):
        open_log(data, SESSION)


def test_an_import_that_replaced_another_is_opened_alone(tmp_path: Path) -> None:
    import_bars(tmp_path / "data", tmp_path)
    first = open_log(tmp_path / "data", BARS_SESSION)
    import_bars(tmp_path / "data", tmp_path, rows="\n".join([HEAD, *MINUTES[:60]]) + "\n", replace=True)
    second = open_log(tmp_path / "data", BARS_SESSION)
    assert second.run.replaced == (first.run.run,)
    assert (first.records["kind"] == 8).sum() == 240 and (second.records["kind"] == 8).sum() == 120
