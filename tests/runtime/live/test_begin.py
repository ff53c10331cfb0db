"""What a live run begins with: all of what was, or the order side alone where something changed; and what its start must not import."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.replay.world import SESSION, World, world
from tests.runtime.live.scripted import Broker, CutOffError, Played
from workbench.config import Mode
from workbench.domain.decisions import Issued
from workbench.domain.orders import Submit
from workbench.engine import Engine
from workbench.engine.retelling import Told, retell
from workbench.runtime.live import Plan
from workbench.runtime.live.begin import begin, relive
from workbench.runtime.log import RunLog
from workbench.runtime.logged import open_log
from workbench.runtime.play import play_back
from workbench.store.entries import facts, read_journal
from workbench.store.folders import Folders
from workbench.store.manifest import read_manifest, run_folders

FORBIDDEN = ("river", "sklearn", "pandas", "panel", "vectorbt", "jupyter", "IPython", "ib_async")


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES",), minutes=12, activity=0.2)


@pytest.fixture(scope="module")
def busy() -> World:
    return world(("ES", "SPY"), minutes=40, activity=0.25)


def stopped(data: Path, of: World, at: int = 300) -> str:
    live = Played(data, of, Broker(1), cuts=0.0)
    live.runner._at_turn = lambda _: live.line.stop() if live.venue.at > at else None
    return live.run().run.run


def submits(data: Path, run: str) -> list[Submit]:
    found = (fact.command for _, fact in facts(Folders(data).journal(run)) if isinstance(fact, Issued))
    return [command for command in found if isinstance(command, Submit)]


def other_plan(of: World) -> Plan:
    return Plan(of.setup._replace(digests={"own strategy": "another"}), source="scripted")


def died(data: Path, of: World, turns: int) -> tuple[str, int]:
    """A run that was cut off: its name, and how far the market had come."""
    live = Played(data, of, Broker(1), turns=turns)
    with pytest.raises(CutOffError):
        live.run()
    [folder] = run_folders(data)
    return folder.name, live.venue.at


@pytest.mark.parametrize("turns", [250, 310, 370, 430, 520, 640])
def test_a_journal_retold_makes_the_order_side_that_playing_the_log_makes(tmp_path: Path, busy: World, turns: int) -> None:
    name, _ = died(tmp_path, busy, turns)
    plan = Plan(busy.setup, source="scripted")
    begun = begin(tmp_path, SESSION, Mode.PAPER, plan)
    played, retold = Engine(begun.setup(plan)), Engine(busy.setup)
    asyncio.run(relive(begun, played, RunLog(past=begun.past)))
    told = (Told(each.after_seq, each.n, each.recv_ns, each.content) for each in read_journal(Folders(tmp_path).journal(name)))
    retell(retold, told)
    one, other = played.desk.memory, retold.desk.memory
    assert other.book.next_ref == one.book.next_ref and other.ledger == one.ledger and other.breaker.state == one.breaker.state
    assert other.book.executions == one.book.executions and other.last_entry_ns == one.last_entry_ns
    for bracket in (*one.book.open.values(), *other.book.open.values()):
        bracket.watch = None  # of another market
    assert other.book == one.book and other.referee == one.referee
    for contract, seen in one.quality.seen.items():  # what a market was worth leaving at is not retold, what came of it is
        assert other.quality.value(contract) == seen.value
    assert other.care.tended.keys() == one.care.tended.keys() and other.entries_ns == one.entries_ns


def test_a_run_that_died_under_another_law_is_closed_and_its_orders_go_on(tmp_path: Path, busy: World) -> None:
    name, at = died(tmp_path, busy, 400)
    ended = Played(tmp_path, busy, Broker(1), at=at, plan=lambda _: other_plan(busy)).run()
    before = read_manifest(Folders(tmp_path).run(name))
    assert before is not None and before.is_closed
    assert (ended.run.starts_from, ended.run.carries) == (name, "orders") and "own strategy" in ended.run.notes
    refs = [command.ref for run in (name, ended.run.run) for command in submits(tmp_path, run)]
    assert refs == sorted(set(refs)) and len(refs) > 1  # counted on, never used again


def test_where_something_changed_the_days_counters_are_not_forgotten(tmp_path: Path, busy: World) -> None:
    entered = len(submits(tmp_path, stopped(tmp_path, busy, len(busy.records) // 2)))
    ended = Played(tmp_path, busy, Broker(1), at=len(busy.records) // 2, plan=lambda _: other_plan(busy)).run()
    assert ended.run.carries == "orders" and entered > 0
    assert ended.engine.desk.memory.book.next_ref > entered
    logged = open_log(tmp_path, SESSION)
    setup = other_plan(busy).setup
    assert asyncio.run(play_back(logged, setup)).difference is None


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
