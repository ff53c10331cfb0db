"""Live runs against a scripted broker: what is decided live is decided again by the replay of the log, cut off and taken up or not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.replay.world import SESSION, World, settings, world
from tests.runtime.live.scripted import Broker, CutOffError, Played, ShortHours, bare
from workbench.config import Mode
from workbench.domain.events import ConnectionChanged, OrderRejected
from workbench.domain.orders import Ask, Submit
from workbench.domain.records import Kind
from workbench.domain.units import MINUTE, SECOND
from workbench.market.sessions import weave
from workbench.runtime import play
from workbench.runtime.live import Ended
from workbench.runtime.logged import Logged, open_log
from workbench.store import entries
from workbench.store.manifest import run_folders

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(1, 6))]


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES", "SPY"), minutes=40, activity=0.25)


def must_replay(data: Path, of: World, ended: Ended, session: int = SESSION) -> Logged:
    """The log gives the very commands and the very state of the live run."""
    logged = open_log(data, session)
    played = asyncio.run(play.play_back(logged, of.setup))
    assert played.difference is None
    assert (played.outcome.commands_digest, played.outcome.state_digest) == (ended.commands_digest, ended.state_digest)
    entries.verify(logged.journal, ended.run.journal_head)
    return logged


@pytest.mark.parametrize("seed", SEEDS)
def test_a_live_session_and_the_replay_of_its_log_are_one(tmp_path: Path, of: World, seed: int) -> None:
    broker = Broker(seed)
    live = Played(tmp_path, of, broker)
    ended = live.run()
    logged = must_replay(tmp_path, of, ended)
    assert sum(isinstance(command, Submit) for command in broker.sent) > 1 and broker.executions
    assert ended.run.mode == "paper" and ended.run.is_closed and ended.n_records == len(logged.records)
    recv_ns = logged.records["recv_ns"]
    assert bool(np.all(recv_ns[1:] >= recv_ns[:-1])) and bool(np.all(np.diff(logged.records["seq"]) == 1))
    times = recv_ns[logged.records["kind"] == Kind.TIME]
    assert bool(np.all(np.diff(times) == SECOND))  # each whole second, none twice


def test_the_records_are_framed_as_an_importer_frames_them(tmp_path: Path, of: World) -> None:
    live = Played(tmp_path, of, Broker(1), mode=Mode.RECORD, cuts=0.0)
    begin_ns = live.clock.now_ns()
    ended = live.run()
    written = open_log(tmp_path, SESSION).records
    market = bare(of.records)
    hours = live.runner._hours
    last_ns = int(written["recv_ns"][-1])
    phases = np.concatenate([hours.phases(terms.contract, begin_ns + 1, last_ns) for terms in of.setup.terms])
    whole = weave(market, phases, first_ns=begin_ns + 1, last_ns=last_ns)
    names = [name for name in whole.dtype.names or () if name not in ("seq", "recv_ns")]
    assert len(whole) == len(written) == ended.n_records
    for name in names:  # a record that waited while a second passed is stamped with that second, no other field moves
        assert np.array_equal(np.sort(whole[name]), np.sort(written[name]))
    is_market = (written["kind"] != Kind.TIME) & (written["kind"] != Kind.PHASE)
    assert np.array_equal(written[is_market]["px"], market["px"])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_that_was_cut_off_is_taken_up_and_its_log_is_still_one(tmp_path: Path, of: World, seed: int) -> None:
    rng, broker, at, from_ns = np.random.default_rng(seed), Broker(seed), 0, 0
    for _ in range(3):
        died = Played(tmp_path, of, broker, at=at, from_ns=from_ns, turns=int(rng.integers(1, 150)))
        with pytest.raises(CutOffError):
            died.run()
        at = min(died.venue.at + int(rng.integers(0, 400)), len(died.venue.market) * 3 // 4)  # what came meanwhile is gone
        from_ns = died.clock.now_ns()
        if rng.random() < 0.5:
            broker.move()
    last = Played(tmp_path, of, broker, at=at, from_ns=from_ns)
    ended = last.run()
    logged = must_replay(tmp_path, of, ended)
    assert len(run_folders(tmp_path)) == 1 and len({seq >> 40 for seq in logged.records["seq"].tolist()}) > 1
    assert np.count_nonzero(logged.records["kind"] == Kind.GAP) >= 2  # each contract, each time it was blind
    refs = [command.ref for command in broker.sent if isinstance(command, Submit)]
    assert len(refs) == len(set(refs))


@pytest.mark.proof
def test_a_run_that_died_before_its_first_record_is_taken_up(tmp_path: Path, of: World) -> None:
    broker = Broker(3)
    for turns in (1, 2, 3, 4):
        with pytest.raises(CutOffError):
            Played(tmp_path, of, broker, turns=turns).run()
    ended = Played(tmp_path, of, broker).run()
    must_replay(tmp_path, of, ended)
    assert len(run_folders(tmp_path)) == 1


def test_observing_decides_and_sends_nothing(tmp_path: Path, of: World) -> None:
    broker = Broker(2)
    ended = Played(tmp_path, of, broker, mode=Mode.OBSERVE).run()
    assert {type(command) for command in broker.sent} == {Ask} and not broker.orders
    logged = must_replay(tmp_path, of, ended)
    marked = [each.event for each in logged.arrivals if isinstance(each.event, OrderRejected)]
    assert len(marked) > 1 and {each.text for each in marked} == {"not sent: the mode is observe"}


def test_recording_decides_nothing_and_its_session_can_be_traded_anew(tmp_path: Path, of: World) -> None:
    broker = Broker(2)
    setup = of.setup._replace(strategies=(), recipes=(), traders=())
    ended = Played(tmp_path, of._replace(setup=setup), broker, mode=Mode.RECORD).run()
    assert {type(command) for command in broker.sent} == {Ask} and ended.run.mode == "record"
    logged = open_log(tmp_path, SESSION)
    assert not play.has_orders(logged)
    anew = asyncio.run(play.trade_anew(settings(), logged, of.setup))
    assert anew.outcome.n_commands > 3


def test_a_session_that_ends_goes_on_as_the_next_over_the_same_line(tmp_path: Path, of: World) -> None:
    hours = ShortHours(int(of.records["recv_ns"][0]) - SECOND, 11 * MINUTE)
    live = Played(tmp_path, of, Broker(5), cuts=0.0, hours=hours)
    ended = live.run()
    assert len(run_folders(tmp_path)) == 4 and ended.is_last
    logged = must_replay(tmp_path, of, ended, hours.NAMES[3])
    ups = [each for each in logged.arrivals if isinstance(each.event, ConnectionChanged)]
    assert ups == [] and logged.run.starts_from.startswith(str(hours.NAMES[2]))
    for name in hours.NAMES[:4]:
        part = open_log(tmp_path, name)
        assert hours.close_ns(name) - hours.length_ns < int(part.records["recv_ns"][0])
        assert int(part.records["recv_ns"][-1]) <= hours.close_ns(name)
        played = asyncio.run(play.play_back(part, of.setup))
        assert played.difference is None
    whole = np.concatenate([open_log(tmp_path, name).records for name in hours.NAMES[:4]])
    assert np.count_nonzero((whole["kind"] != Kind.TIME) & (whole["kind"] != Kind.PHASE)) == len(live.venue.market)


@pytest.mark.proof
def test_a_run_that_died_in_a_session_that_is_over_is_closed_and_begun_with(tmp_path: Path, of: World) -> None:
    hours = ShortHours(int(of.records["recv_ns"][0]) - SECOND, 11 * MINUTE)
    broker = Broker(6)
    died = Played(tmp_path, of, broker, turns=150, hours=hours)
    with pytest.raises(CutOffError):
        died.run()
    late = int(np.searchsorted(died.venue.market["recv_ns"], hours.close_ns(hours.NAMES[1]) + SECOND))
    ended = Played(tmp_path, of, broker, at=late, hours=hours).run()
    must_replay(tmp_path, of, ended, hours.NAMES[3])
    first = open_log(tmp_path, hours.NAMES[0])
    assert first.run.is_closed and open_log(tmp_path, hours.NAMES[2]).run.starts_from == first.run.run


def test_a_run_ended_by_hand_says_so_closes_and_is_begun_with(tmp_path: Path, of: World) -> None:
    broker = Broker(7)
    live = Played(tmp_path, of, broker, cuts=0.0)
    live.runner._at_turn = lambda _: live.line.stop() if live.venue.at > 6_000 else None
    ended = live.run()
    logged = must_replay(tmp_path, of, ended)
    last = logged.arrivals[-1].event
    assert ended.is_last and ended.run.is_closed and isinstance(last, ConnectionChanged) and "stops stay" in last.why
    next_ = Played(tmp_path, of, broker, at=live.venue.at, from_ns=live.clock.now_ns())
    again = next_.run()
    assert again.run.starts_from == ended.run.run
    [recalled] = next_.venue.recalled
    held = ended.engine.desk.memory.book
    assert recalled.chain == ended.run.run and recalled.executions.keys() == held.executions.keys()
    assert {sent.ref for sent, _ in recalled.lives} == set(held.open)
    must_replay(tmp_path, of, again)


def test_stages_are_told_as_they_come(tmp_path: Path, of: World) -> None:
    live = Played(tmp_path, of, Broker(8), cuts=0.0)
    live.run()
    stages = [news.stage.value for news in live.news]
    assert stages[:3] == ["connecting", "ready", "deciding"] and stages[-1] == "ended"
