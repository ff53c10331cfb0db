"""A run that lives says so each second, and makes what it decided visible; a word that cannot be said ends nothing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.replay.world import SESSION, World, world
from tests.runtime.folders import trade
from workbench.domain.decisions import ForecastMade
from workbench.engine import Engine
from workbench.runtime.heartbeat import EVERY_S, Heartbeat
from workbench.runtime.paper import paper
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, run_folders
from workbench.store.status import heard

pytestmark = pytest.mark.covers("S0-25")


class Counts:
    """A log and a store that count what they are asked."""

    def __init__(self) -> None:
        self.n_syncs = self.n_prepared = 0

    def sync(self) -> None:
        self.n_syncs += 1

    def prepare(self) -> None:
        self.n_prepared += 1


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES",), minutes=25, activity=0.1)


def beating(data: Path, of: World, at_s: list[float]) -> tuple[Heartbeat, Counts]:
    run = RunManifest(run="night", mode="paper", sessions=(SESSION,), epoch=1, created_ns=1)
    counts = Counts()
    return Heartbeat(data, run, Engine(of.setup), counts, (counts, counts), steady=lambda: at_s[0]), counts


def test_it_beats_once_a_second_however_many_turns_there_are(tmp_path: Path, of: World) -> None:
    at_s = [50.0]
    beat, counts = beating(tmp_path, of, at_s)
    for _ in range(9):
        beat.turn(7, 3)
        at_s[0] += EVERY_S / 4
    assert (counts.n_syncs, counts.n_prepared) == (3, 6)


def test_its_word_tells_who_runs_and_what_it_is_doing(tmp_path: Path, of: World) -> None:
    beat, _ = beating(tmp_path, of, [0.0])
    beat.turn(41, 3)
    [word] = heard(tmp_path)
    assert (word.process, word.pid, word.run, word.mode, word.session) == ("runner", os.getpid(), "night", "paper", SESSION)
    assert (word.seq, word.state, word.is_ready, word.is_deciding, word.counts["records"]) == (41, "active", True, True, 3)
    assert word.now_ns is None and word.said_ns > 0  # no record has come yet, so log time is not known
    beat.end(99, 8)
    [last] = heard(tmp_path)
    assert (last.seq, last.is_deciding, last.note) == (99, False, "ended") and last.said_ns >= word.said_ns


def test_a_word_that_cannot_be_said_ends_nothing(tmp_path: Path, of: World) -> None:
    (tmp_path / "status").write_text("a file where the folder should be")
    beat, counts = beating(tmp_path, of, [0.0])
    beat.turn(1, 1)
    assert counts.n_syncs == 1


def test_a_run_in_a_quiet_market_is_seen_before_it_ends(tmp_path: Path, of: World) -> None:
    n_forecasts: list[int] = []

    def look(n: int) -> None:
        if n // 400 > len(n_forecasts):
            [folder] = run_folders(tmp_path)
            facts = entries.facts(Folders(tmp_path).journal(folder.name))
            n_forecasts.append(sum(type(fact) is ForecastMade for _, fact in facts))

    quiet = of._replace(setup=of.setup._replace(strategies=()))
    contracts = [terms.contract for terms in of.setup.terms]
    asyncio.run(paper(tmp_path, SESSION, contracts, of.records, quiet.setup, of.fills, progress=look, speed=600.0))
    assert n_forecasts[-1] > 0 and n_forecasts[0] == 0  # no order was ever sent, so nothing else made them visible


def test_a_paper_run_leaves_its_last_word(tmp_path: Path, of: World) -> None:
    done = trade(tmp_path, of)
    [word] = heard(tmp_path)
    assert (word.run, word.note, word.counts["records"], word.now_ns) == (
        done.run.run,
        "ended",
        len(of.records),
        int(of.records["recv_ns"][-1]),
    )
