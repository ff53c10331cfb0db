"""The notifier at work: each second it reads, decides, sends, and remembers. Its own process; the runner never waits for it.

Rules
-----
1. Every channel has one message on its way at a time, in a thread: a mail server that hangs keeps nobody but itself waiting.
2. What was delivered is remembered before anything else is sent there, so a restart tells nothing twice but what a crash caught in between.
3. No text leaves before secrets are taken out of it, whatever a broker or a server has said.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from workbench.clock import Clock
from workbench.domain.errors import StoreError
from workbench.domain.units import HOUR, SECOND
from workbench.runtime.notify import memory as kept
from workbench.runtime.notify.channels.base import ChannelError, Message
from workbench.runtime.notify.channels.made import Made
from workbench.runtime.notify.follow import words_of
from workbench.runtime.notify.given import given
from workbench.runtime.notify.living import ENDED, RUNNER, SCHEDULER, is_alive
from workbench.runtime.notify.notice import About, Notice, Severity
from workbench.runtime.notify.ping import ping
from workbench.runtime.notify.schedule import Delivery, Kept, Policy
from workbench.store.requests import raise_halt
from workbench.store.status import Status, say

PROCESS: Final = "notifier"
LOOK_S: Final = 1.0
LAST_S: Final = 4.0  # at the end, for what is still to be told: who ends it waits five
ENDED_NS, ORPHAN_NS = 60 * SECOND, 12 * HOUR  # of silence, after which one that was started by a run ends
N_THREADS: Final = 8  # every channel and the ping may hang at once, and the log is still written
FAILS: Final = 3  # deliveries in a row after which the other channels are told
LOUD: Final = {Severity.CRITICAL: "CRITICAL", Severity.WARNING: "Warning", Severity.INFO: "Info"}


def is_there(pid: int) -> bool:
    """Tell whether a process is there, be it somebody else's.

    >>> is_there(os.getpid())
    True
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_unwatched(data: Path, clock: Clock) -> bool:
    """Tell whether no notifier watches a data folder, by the last words of those that did."""
    now_ns = clock.now_ns()
    return not any(word.process == PROCESS and is_alive(word, now_ns) for word in words_of(data))


class Notifier:
    """One notifier over one data folder.

    Parameters
    ----------
    data
        Whose runs.
    made
        Channels, and what they may.
    clock
        The machine's: heartbeats are of wall time.
    ping_s
        Seconds between two pings.
    is_running
        Tells whether a process of this machine is there.
    """

    def __init__(self, data: Path, made: Made, clock: Clock, *, ping_s: int = 60, is_running: Callable[[int], bool] = is_there) -> None:
        self._data, self._made, self._clock, self._is_running = data, made, clock, is_running
        self._policy: Policy = made.policy
        self._memory, trouble = kept.recall_or_begin(data)
        self._pool = ThreadPoolExecutor(max_workers=N_THREADS, thread_name_prefix=PROCESS)
        self._written = b""
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._ping_ns, self._pinged_ns = ping_s * SECOND, 0
        self._pinging: asyncio.Task[None] | None = None
        self._ping_why = ""
        if trouble:
            self._take(_of_channel("memory", trouble))
        for name, why in made.broken.items():
            self._take(_of_channel(f"broken:{name}", f"Channel {name} is not used: {why}"))

    async def run(self, stop: asyncio.Event, *, beside: int | None = None) -> None:
        """Go on until `stop`, then look once more and give what is to be told some seconds.

        Parameters
        ----------
        beside
            The process that started it, a run or a scheduler: it ends when that one is gone and nobody is left to be watched.
        """
        while not stop.is_set() and not (beside is not None and self._is_idle(beside)):
            self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
        self.look()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_S):
                while self._busy:
                    await asyncio.wait(self._busy.values())
                    self._send()
        for task in self._busy.values():
            task.cancel()
        self._remember()
        self._say("ended")

    def _is_idle(self, beside: int) -> bool:
        """Whether who started it is gone, the runner has ended by itself and all is told, or nobody has run for half a day.

        A scheduler that went without a word is told first: it may come again within its minute.
        A runner says that it ended at the end of each session, and may go on an hour later: its process tells.
        """
        now_ns, words = self._clock.now_ns(), words_of(self._data)
        word = next((each for each in words if each.process == RUNNER), None)
        if self._memory.living.is_waited_for(SCHEDULER):
            return False
        if self._is_running(beside) or (word is not None and self._is_running(word.pid)):
            return False
        is_told = not any(way.told_ns is None for each in self._memory.schedule.kept for way in each.ways.values())
        if word is None:
            return is_told
        silent_ns = now_ns - word.said_ns
        return silent_ns > ORPHAN_NS or (word.note.startswith(ENDED) and silent_ns > ENDED_NS and is_told)

    def look(self) -> None:
        """Do once what is done each second."""
        now_ns, words = self._clock.now_ns(), words_of(self._data)
        for notice in self._memory.living.look(words, now_ns):
            self._take(notice)
        for notice in self._memory.reading.look(self._data, words, now_ns):
            self._take(notice)
        self._take_given()
        self._hear()
        self._escalate(now_ns)
        self._ping(words, now_ns)
        self._remember()
        self._send()
        self._say("")

    def _take(self, notice: Notice) -> None:
        clean = msgspec.structs.replace(notice, text=self._made.redact(notice.text))
        self._memory.schedule.take(clean, self._clock.now_ns(), self._policy)

    def _take_given(self) -> None:
        """Take what other processes have to tell; a file goes when its notice is remembered."""
        for notice, path in given(self._data):
            if not any(each.notice.key == notice.key for each in self._memory.schedule.kept):
                self._take(notice)
            if self._remember():
                path.unlink(missing_ok=True)

    def _hear(self) -> None:
        """Take the acknowledgements of people."""
        for id_, path in kept.acknowledged(self._data):
            self._memory.schedule.acknowledge(id_, self._clock.now_ns())
            self._remember()  # before the file goes: an acknowledgement is not lost
            path.unlink(missing_ok=True)

    def _escalate(self, now_ns: int) -> None:
        schedule = self._memory.schedule
        schedule.remind(now_ns, self._policy)
        while (unanswered := schedule.must_halt(now_ns, self._policy)) is not None:
            minutes = self._policy.escalate_ns // (60 * SECOND)
            why = f"nobody acknowledged notice {unanswered.id} in {minutes} min: {unanswered.notice.text}"
            with contextlib.suppress(StoreError):  # a disk that refuses halts the runner by itself
                raise_halt(self._data, why, PROCESS)
            text = f"The HALT file was raised: {why}\nTake it away, and resume, when somebody has looked."
            self._take(Notice(about=About.HALT, severity=Severity.WARNING, key=f"unanswered:{unanswered.id}", text=text))

    # ------------------------------------------------------------------ sending
    def _send(self) -> None:
        """Put a message on its way on each channel that is free."""
        now_ns = self._clock.now_ns()
        for delivery in self._memory.schedule.due(now_ns, self._policy):
            if delivery.channel not in self._busy:
                task = asyncio.get_running_loop().create_task(self._deliver(delivery), name=f"notify {delivery.channel}")
                self._busy[delivery.channel] = task

    async def _deliver(self, delivery: Delivery) -> None:
        name, message = delivery.channel, message_of(delivery.kept, delivery.n_held)
        try:
            why = ""
            await asyncio.get_running_loop().run_in_executor(self._pool, self._made.channels[name].send, message)
        except ChannelError as error:
            why = self._made.redact(str(error)) or "it failed"
        except Exception as error:  # noqa: BLE001  whatever a channel raises, the others go on; its text may hold anything
            why = f"it failed: {type(error).__name__}"
        finally:
            self._busy.pop(name, None)
        now_ns = self._clock.now_ns()
        if not why:
            self._memory.schedule.delivered(delivery, now_ns)
        elif self._memory.schedule.failed(delivery, why, now_ns) == FAILS:
            text = f"Channel {name} does not deliver: {why}"
            self._take(_of_channel(f"fails:{name}", text))
        self._remember()

    def _ping(self, words: list[Status], now_ns: int) -> None:
        is_up = any(word.process == RUNNER and is_alive(word, now_ns) for word in words)
        if not self._made.ping_url or not is_up or now_ns - self._pinged_ns < self._ping_ns:
            return
        if self._pinging is None or self._pinging.done():
            self._pinged_ns = now_ns
            self._pinging = asyncio.get_running_loop().create_task(self._say_alive(), name="ping")

    async def _say_alive(self) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, ping, self._made.ping_url)
            self._ping_why = ""
        except ChannelError as error:
            self._ping_why = str(error)
            text = f"The ping that says that the runner lives does not arrive: {error}"
            self._take(_of_channel("ping", text))

    # ------------------------------------------------------------------ its own state
    def _remember(self) -> bool:
        """Write what is known, if it is other than what was written; whether it is written."""
        encoded = msgspec.json.encode(self._memory)
        if encoded != self._written:
            with contextlib.suppress(StoreError):  # the next look tries again; telling goes on without a disk
                kept.remember(self._data, encoded)
                self._written = encoded
        return encoded == self._written

    def _say(self, note: str) -> None:
        schedule = self._memory.schedule
        n_open = sum(each.is_open for each in schedule.kept)
        failing = sorted({name for each in schedule.kept for name, way in each.ways.items() if way.why and way.told_ns is None})
        told = note or "; ".join([f"{name} does not deliver" for name in failing] + ([self._ping_why] if self._ping_why else []))
        counts = {"notices": schedule.next_id - 1, "unacknowledged": n_open, "channels": len(self._made.channels)}
        word = Status(process=PROCESS, pid=os.getpid(), said_ns=self._clock.now_ns(), counts=counts, note=told, is_ready=not note)
        with contextlib.suppress(StoreError):
            say(self._data, word)


def _of_channel(key: str, text: str) -> Notice:
    return Notice(about=About.CHANNEL, severity=Severity.WARNING, key=key, text=text)


def message_of(each: Kept, n_held: int = 0) -> Message:
    """Write a notice as it is sent.

    >>> halt = Notice(about=About.HALT, severity=Severity.CRITICAL, key="k", text="HALTED: smoke")
    >>> message_of(Kept(7, halt, 0)).title
    'CRITICAL halt [7]: HALTED: smoke'
    """
    notice = each.notice
    first = notice.text.split("\n", 1)[0]
    lines = [notice.text]
    if each.is_open and notice.halts:
        again = "Still unacknowledged. " if each.reminded_ns is not None else ""
        lines.append(f"{again}Acknowledge it, or trading halts: workbench notify ack {each.id}")
    if n_held:
        lines.append(f"{n_held} more {'was' if n_held == 1 else 'were'} held back: workbench notify list")
    return Message(f"{LOUD[notice.severity]} {notice.about.value} [{each.id}]: {first[:120]}", "\n".join(lines), notice.severity, each.id)
