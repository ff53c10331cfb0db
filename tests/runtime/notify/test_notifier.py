"""A notifier over real stores and real sockets, its seconds counted: told in time, not twice, and a halt where nobody answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.notify.servers import Sink, web
from workbench.config import load_settings
from workbench.domain.decisions import AnyFact, BracketMoved, ParityBroken, RoundTripClosed, StateChanged, TradingState
from workbench.domain.events import AnyEvent, Arrival, ConnectionChanged, OrderRejected
from workbench.domain.orders import Key, Leg
from workbench.domain.units import MINUTE, SECOND
from workbench.runtime.notify import memory
from workbench.runtime.notify.channels.made import channels_of
from workbench.runtime.notify.notifier import Notifier
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, write_manifest
from workbench.store.requests import halted
from workbench.store.status import Status, heard, say

RUN, CANARY = "20261119-paper-3", "canary-5c2e77"
T0 = 1_795_000_000 * SECOND


class At:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ns = T0

    def now_ns(self) -> int:
        return self.ns


class World:
    """A run that says it lives, its journal, a web server to tell, and notifiers over them."""

    def __init__(self, data: Path, sink: Sink) -> None:
        self.data, self.sink, self.clock = data, sink, At()
        self.n, self.is_alive, self.is_between = 0, True, False
        manifest = RunManifest(run=RUN, mode="paper", sessions=(20261119,), epoch=3, created_ns=0)
        write_manifest(Folders(data).run(RUN), manifest)
        self.manifest, self.journal = manifest, Journal(Folders(data).journal(RUN))
        self.begin()

    def begin(self) -> None:
        """Start a notifier, in the place of one there was."""
        flags = {
            "notify.channels": ["webhook"],
            "notify.webhook.url": "env:HOOK",
            "notify.webhook.least": "info",
            "notify.ping_url": "env:PING",
        }
        settings = load_settings(folder=self.data, environment={}, flags=flags).notify
        secrets = {"HOOK": f"{self.sink.url}/{CANARY}", "PING": f"{self.sink.url}/ping-{CANARY}"}
        made = channels_of(settings, self.data, Folders(self.data).notices / "notices.log", self.clock.now_ns, secrets)
        self.notifier = Notifier(self.data, made, self.clock, is_running=lambda _: self.is_alive or self.is_between)

    def happen(self, *what: AnyEvent | AnyFact) -> None:
        """Write it as a run does."""
        for each in what:
            self.n += 1
            if each.__class__.__module__.endswith("decisions"):
                self.journal.extend(self.n, 0, self.clock.ns, [each])
            else:
                self.journal.append(Arrival(self.n, 1, self.clock.ns, each))
        self.journal.commit()

    def pass_(self, seconds: int) -> None:
        """Let time pass: a look each second, as the notifier does."""

        async def looks() -> None:
            for _ in range(seconds):
                self.clock.ns += SECOND
                if self.is_alive:
                    say(self.data, Status(process="runner", pid=os.getpid(), said_ns=self.clock.ns, run=RUN, mode="paper"))
                self.notifier.look()
                while self.notifier._busy or (self.notifier._pinging and not self.notifier._pinging.done()):
                    await asyncio.sleep(0.001)

        asyncio.run(looks())

    @property
    def told(self) -> list[str]:
        return [each.json["title"] for each in self.sink.got if each.method == "POST"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with web() as sink:
        made = World(tmp_path, sink)
        yield made
        made.journal.close()


@pytest.mark.covers("S3-17")
def test_a_halt_is_told_within_ten_seconds_of_the_fact_and_once(world: World) -> None:
    world.pass_(1)
    world.happen(StateChanged(TradingState.HALTED, "day loss of DUSIM1"))
    world.pass_(3)
    assert world.told == ["CRITICAL loss limit [1]: HALTED: day loss of DUSIM1"]
    world.pass_(30)
    assert len(world.told) == 1


def test_a_restart_tells_nothing_twice_and_misses_nothing_that_came_meanwhile(world: World) -> None:
    world.pass_(1)
    world.happen(StateChanged(TradingState.HALTED, "stray fill"))
    world.pass_(3)
    world.happen(ParityBroken("Submit", "none"))  # nobody looks
    world.begin()
    world.pass_(3)
    assert [title.split(" [")[0] for title in world.told] == ["CRITICAL halt", "CRITICAL break"]


def test_a_channel_that_was_down_gets_it_when_it_is_back_and_the_failure_has_no_secret(world: World) -> None:
    world.sink.code, world.sink.says = 503, "no {path}"
    world.happen(BracketMoved(7, "working", "filled", "exposed"), OrderRejected(7, Leg.STOP, "201: margin"))
    world.pass_(40)  # the ping does not arrive either
    kept = memory.recall(world.data).schedule.kept
    assert "503" in kept[0].ways["webhook"].why and [each.notice.about.value for each in kept] == ["protection", "channel", "channel"]
    world.sink.got.clear()
    world.sink.code = 200
    world.pass_(400)
    assert any("refused the stop of bracket 7" in title for title in world.told)
    assert_no_canary(world.data)


def test_nobody_answers_and_after_ten_minutes_the_halt_file_lies_there(world: World) -> None:
    world.pass_(1)
    world.happen(ParityBroken("Submit", "none"))
    world.pass_(599)
    assert halted(world.data) is None and sum("break" in title for title in world.told) == 2, "told, and told again at half time"
    world.pass_(10)
    assert "notifier: nobody acknowledged notice 1 in 10 min: PARITY BROKEN" in (halted(world.data) or "")


def test_who_acknowledges_is_not_halted_even_if_no_notifier_ran_at_that_moment(world: World) -> None:
    world.pass_(1)
    world.happen(ParityBroken("Submit", "none"))
    world.pass_(2)
    memory.acknowledge(world.data, 1, "operator")
    world.begin()
    world.pass_(900)
    assert halted(world.data) is None and memory.acknowledged(world.data) == []


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_silent_runner_is_told_and_halts_unless_it_speaks_again(world: World, comes_back: bool) -> None:
    world.pass_(5)
    world.is_alive = False
    world.pass_(12)
    assert any("CRITICAL runner" in title for title in world.told)
    world.is_alive = comes_back
    world.pass_(620)
    assert (halted(world.data) is None) is comes_back
    assert any("speaks again" in title for title in world.told) is comes_back


def test_the_ping_goes_each_minute_only_while_the_runner_lives(world: World) -> None:
    world.pass_(181)
    assert sum(each.method == "GET" for each in world.sink.got) == 4
    world.is_alive = False
    world.pass_(300)
    assert sum(each.method == "GET" for each in world.sink.got) == 4


def test_at_the_end_of_the_session_its_summary_is_told_once(world: World) -> None:
    import msgspec

    world.pass_(1)
    trip = RoundTripClosed(1, Key("A", 1, "s"), 1, 1, 6000.0, 6001.0, 0, 1, 4, 1_240_000, 48_760_000, 0.4, "target")
    world.happen(trip, msgspec.structs.replace(trip, pnl_micros=-10_000_000))
    write_manifest(Folders(world.data).run(RUN), msgspec.structs.replace(world.manifest, is_closed=True))
    world.pass_(3)
    world.begin()
    world.pass_(30)
    bodies = [each.json["body"] for each in world.sink.got if each.method == "POST"]
    assert len(bodies) == 1 and "2 round trips, 1 won; P&L after costs +38.76 USD" in bodies[0]


def test_a_link_that_flaps_is_one_notice_and_its_end_one(world: World) -> None:
    world.pass_(1)
    for _ in range(20):
        world.happen(ConnectionChanged(False, "nothing answers"), ConnectionChanged(True, "connected"))
        world.pass_(5)
    assert len(world.told) == 2, world.told


def test_a_run_of_yesterday_is_nobody_to_follow(world: World) -> None:
    world.happen(ParityBroken("Submit", "none"))
    say(world.data, Status(process="runner", pid=1, said_ns=T0 - 60 * MINUTE, run=RUN, mode="paper"))
    world.is_alive = False
    world.pass_(700)
    assert world.told == [] and halted(world.data) is None


def test_it_says_that_it_lives_and_how_many_wait(world: World) -> None:
    world.happen(ParityBroken("Submit", "none"))
    world.pass_(2)
    (word,) = [each for each in heard(world.data) if each.process == "notifier"]
    assert word.counts["unacknowledged"] == 1 and word.said_ns == world.clock.ns


def test_when_it_is_ended_it_tells_what_is_still_to_be_told(world: World) -> None:
    world.pass_(1)
    world.happen(ParityBroken("Submit", "none"))

    async def ended() -> None:
        stop = asyncio.Event()
        stop.set()
        await world.notifier.run(stop)

    asyncio.run(ended())
    assert len(world.told) == 1


def assert_no_canary(data: Path) -> None:
    for path in data.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


def test_one_that_a_run_started_ends_by_itself_when_the_run_has_ended_and_all_is_told(world: World) -> None:
    world.pass_(2)
    assert not world.notifier._is_idle(1)
    say(world.data, Status(process="runner", pid=os.getpid(), said_ns=world.clock.ns, run=RUN, mode="paper", note="ended"))
    world.is_alive, world.is_between = False, True
    world.pass_(70)
    assert not world.notifier._is_idle(1), "its process goes on into the next session"
    world.is_between = False
    assert world.notifier._is_idle(1) and halted(world.data) is None


def test_a_damaged_memory_is_put_aside_and_told_and_it_goes_on(world: World) -> None:
    world.pass_(1)
    world.happen(ParityBroken("Submit", "none"))
    world.pass_(2)
    path = Folders(world.data).notices / "notices.json"
    path.write_bytes(path.read_bytes()[:40])
    world.begin()
    world.pass_(5)
    assert any("not known, and may be told again" in title for title in world.told)
    assert path.with_name("notices.damaged.json").exists() and memory.recall(world.data).schedule.kept
