"""What another process hands over is told once: handed over twice, over a restart, and also on the channels that it names alone."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from workbench.clock import ManualClock
from workbench.domain.units import MINUTE, SECOND
from workbench.runtime.notify.channels.base import ChannelError, Message
from workbench.runtime.notify.channels.made import Made
from workbench.runtime.notify.given import give, given
from workbench.runtime.notify.notice import About, Notice, Severity
from workbench.runtime.notify.notifier import Notifier, is_unwatched
from workbench.runtime.notify.schedule import Policy
from workbench.runtime.notify.secrets import Redactor, Secret
from workbench.store.folders import Folders
from workbench.store.status import Status, say

FAILED = Notice(about=About.PAGE, severity=Severity.WARNING, key="run:report/20261120-close-ab", text="report failed: no data", at_ns=7)


class Kept:
    """A channel that keeps what it was sent."""

    def __init__(self, name: str) -> None:
        self.name, self.got, self.is_down = name, list[Message](), False

    def send(self, message: Message) -> None:
        if self.is_down:
            raise ChannelError("down")
        self.got.append(message)


class Ways:
    """A folder, a clock, two channels, and notifiers over them."""

    def __init__(self, data: Path) -> None:
        self.data, self.clock = data, ManualClock(1_795_000_000 * SECOND)
        self.log, self.phone = Kept("log"), Kept("phone")
        self.begin()

    def begin(self) -> None:
        policy = Policy({"log": Severity.INFO, "phone": Severity.CRITICAL})
        made = Made({"log": self.log, "phone": self.phone}, policy, Redactor([]), Secret(""), {})
        self.notifier = Notifier(self.data, made, self.clock, is_running=lambda _: False)

    def pass_(self, seconds: int) -> None:
        async def looks() -> None:
            for _ in range(seconds):
                self.clock.advance_to(self.clock.now_ns() + SECOND)
                self.notifier.look()
                while self.notifier._busy:
                    await asyncio.sleep(0.001)

        asyncio.run(looks())


@pytest.fixture
def ways(tmp_path: Path) -> Ways:
    return Ways(tmp_path)


def test_it_is_taken_told_once_and_not_again_however_often_it_is_handed_over(ways: Ways) -> None:
    give(ways.data, FAILED)
    ways.pass_(2)
    assert given(ways.data) == [] and [each.title for each in ways.log.got] == ["Warning page [1]: report failed: no data"]
    for _ in range(2):
        give(ways.data, FAILED)  # by somebody who died before he noted that he had
        ways.begin()
        ways.clock.advance_to(ways.clock.now_ns() + 11 * MINUTE)  # longer than a notice that repeats is quiet
        ways.pass_(2)
    assert len(ways.log.got) == 1 and given(ways.data) == []


def test_it_goes_over_the_channels_that_it_names_and_where_there_is_none_of_them_by_how_loud_it_is(ways: Ways) -> None:
    give(ways.data, Notice(about=About.PAGE, severity=Severity.WARNING, key="a", text="to the phone", channels=("phone",)))
    give(ways.data, Notice(about=About.PAGE, severity=Severity.WARNING, key="b", text="to nobody", channels=("pigeon",)))
    ways.pass_(3)
    assert [each.body for each in ways.phone.got] == ["to the phone"] and len(ways.log.got) == 2


def test_while_nothing_can_be_written_down_it_is_told_once_and_its_file_stays(ways: Ways) -> None:
    """Who comes after a notifier that died then would else never hear of it."""
    memory = Folders(ways.data).notices / "notices.json"
    memory.mkdir(parents=True)
    give(ways.data, FAILED)
    ways.pass_(3)
    assert len(ways.log.got) == 1 and [notice for notice, _ in given(ways.data)] == [FAILED]
    memory.rmdir()
    ways.pass_(1)
    assert len(ways.log.got) == 1 and given(ways.data) == []


def test_what_is_no_notice_stays_where_it_lies_and_holds_up_nothing(ways: Ways) -> None:
    folder = Folders(ways.data).notices / "given"
    folder.mkdir(parents=True)
    (folder / "broken.json").write_text('{"about"')
    give(ways.data, FAILED)
    ways.pass_(1)
    assert len(ways.log.got) == 1 and [path.name for path in folder.iterdir()] == ["broken.json"]


def test_one_that_a_scheduler_started_stays_while_that_lives_and_ends_when_all_is_told(ways: Ways) -> None:
    assert is_unwatched(ways.data, ways.clock)
    ways.log.is_down = True
    give(ways.data, FAILED)
    ways.pass_(1)
    assert not is_unwatched(ways.data, ways.clock) and not ways.notifier._is_idle(1), "there is something to tell"
    ways.log.is_down = False
    ways.pass_(10)
    assert len(ways.log.got) == 1 and ways.notifier._is_idle(1)
    ways.notifier._is_running = lambda pid: pid == 1
    assert not ways.notifier._is_idle(1) and ways.notifier._is_idle(2)


def test_a_scheduler_that_goes_without_a_word_is_told_before_its_notifier_ends(ways: Ways) -> None:
    say(ways.data, Status(process="scheduler", pid=7, said_ns=ways.clock.now_ns()))
    ways.pass_(1)
    ways.notifier._is_running = lambda _: False
    assert not ways.notifier._is_idle(7), "it may come again"
    ways.pass_(61)
    assert len(ways.log.got) == 1 and "The scheduler is silent" in ways.log.got[0].body and ways.notifier._is_idle(7)


def test_one_that_a_scheduler_started_stays_also_for_a_runner_that_goes_on_without_it(ways: Ways) -> None:
    runner, scheduler = os.getpid(), os.getpid() + 1
    say(ways.data, Status(process="runner", pid=runner, said_ns=ways.clock.now_ns(), run="r", mode="paper", note="ended"))
    ways.pass_(70)
    ways.notifier._is_running = lambda pid: pid == runner
    assert not ways.notifier._is_idle(scheduler), "its next session is guarded by it"
    ways.notifier._is_running = lambda _: False
    assert ways.notifier._is_idle(scheduler)
