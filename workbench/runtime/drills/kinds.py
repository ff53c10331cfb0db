"""The drills: what is done to a run, one function each. What is claimed afterwards is the stage's."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from workbench.config import Settings
from workbench.runtime.drills.stage import HEAL_S, LOOK_S, Stage, Verdict, kill
from workbench.store.requests import halted, lift_halt

GOES_ON_S: Final = 5.0  # of the wall, after it is whole again
ALONE: Final = "--no-guardian"  # no guardian: it would be as right to act as the operator who is rehearsing
PATIENCE: Final = {"WORKBENCH_GUARDIAN__SILENT_S": "4", "WORKBENCH_GUARDIAN__FLAT_AFTER_S": "10"}  # s; usual 10 and 120: a drill is short
CUT: Final = """
about = "A cable is pulled at the first fill: nothing comes any more and nobody says so"

[[rules]]
when = { on = "ExecutionData", nth = 1 }
what = [{ do = "disconnect", how = "half_open", in_s = 5, hold_id_s = 30 }]
"""
RESTART: Final = """
about = "The gateway restarts after the first fill, and is away for 30 s"

[[rules]]
when = { on = "ExecutionData", nth = 1 }
what = [{ do = "restart", in_s = 5, down_s = 30, hold_id_s = 5 }]
"""
Claim = tuple[str, bool, str]
Drill = Callable[[Stage], Iterator[Claim]]


def kill_the_runner(stage: Stage) -> Iterator[Claim]:
    """End the runner by SIGKILL with a protected position, and take it up."""
    with stage.gateway():
        with stage.runner(ALONE) as first:
            stage.until_protected(first)
            kill(first, signal.SIGKILL)
            stage.tell("kill -9 of the runner: nobody looks after the position now, but its stop at the broker")
        seen = stage.holding()
        stage.tell(f"  the gateway holds: {seen}")
        yield "the stop stood while nobody ran", seen is not None and not seen.uncovered, str(seen)
        with stage.runner(ALONE) as second:
            stage.tell("the same command again: the log is played, then TWS is asked")
            stage.until_ready(second)
            time.sleep(GOES_ON_S)
            yield stage.stops_in_place()
        yield stage.not_halted()
        yield from stage.books()


def cut_the_link(stage: Stage) -> Iterator[Claim]:
    """Pull the cable for 30 s of the session: half open, nobody says so."""
    yield from _away(stage, CUT, "the link is cut: the socket stands, and nothing comes")


def restart_the_gateway(stage: Stage) -> Iterator[Claim]:
    """Let the gateway restart, with a position at the broker."""
    yield from _away(stage, RESTART, "the gateway is away: it restarts")


def _away(stage: Stage, faults: str, what: str) -> Iterator[Claim]:
    with stage.gateway(faults):
        with stage.runner(ALONE) as run:
            stage.until_ready(run)

            def is_up() -> bool | None:
                word = stage.word(pid=run.pid)
                return None if word is None else word.is_connected

            stage.until(f"{what}; the run says: connection lost", lambda: is_up() is False, run)
            word = stage.word(pid=run.pid)
            yield "entries were shut meanwhile", word is not None and not word.is_deciding, "" if word is None else word.state
            stage.until("connected again, resynchronised", lambda: is_up() is True, run)
            time.sleep(GOES_ON_S)
            yield stage.stops_in_place()
        yield from stage.books()


def stop_the_runner(stage: Stage) -> Iterator[Claim]:
    """Freeze the runner (SIGSTOP) with a protected position: the guardian takes over and makes it flat; then the run is taken up."""
    with _patience(), stage.gateway():
        with stage.runner() as run:
            stage.until("a guardian watches", lambda: stage.word("guardian") is not None, run)
            stage.until_protected(run)
            kill(run, signal.SIGSTOP)
            stage.tell("the runner is frozen (SIGSTOP): it says nothing, and can send nothing for now")
            yield from _guarded(stage)
        _end_companions(stage)
        lift_halt(stage.data)
        stage.tell("a person has looked, and takes the HALT file away; the same command again")
        with stage.runner(ALONE) as second:
            stage.until_ready(second)
            time.sleep(GOES_ON_S)
            yield stage.stops_in_place()
        yield stage.not_halted()
        yield from stage.books()


def _guarded(stage: Stage) -> Iterator[Claim]:
    """Watch the guardian until nothing is left at the gateway."""
    began = time.monotonic()
    seen, why = stage.holding(), halted(stage.data)
    while why is None and (seen is None or not seen.is_empty) and time.monotonic() - began < HEAL_S:
        time.sleep(LOOK_S)
        seen, why = stage.holding(), halted(stage.data)
    if why is not None:
        stage.tell(f"the guardian acts after {time.monotonic() - began:.0f} s: {why}")
    else:
        stage.tell("stop or target ended the position at the broker, before the guardian's patience was over")
    while (seen is None or not seen.is_empty) and time.monotonic() - began < HEAL_S:
        time.sleep(LOOK_S)
        seen = stage.holding()
    stage.tell(f"  the gateway holds: {seen} ({time.monotonic() - began:.0f} s after the freeze)")
    yield "flat, and nothing at work", seen is not None and seen.is_empty, str(seen)
    yield "the guardian acted, or had nothing left to do", why is None or why.startswith("guardian"), why or "nothing was left"


def _end_companions(stage: Stage) -> None:
    """End what a frozen run has left behind; to outlive it is their purpose."""
    for process in ("guardian", "notifier"):
        word = stage.word(process)
        if word is not None and not word.note.startswith("ended"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(word.pid, signal.SIGTERM)
    time.sleep(2.0)


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Let the processes of a drill be less patient: they read their settings from the environment."""
    before = {name: os.environ.get(name) for name in PATIENCE}
    os.environ.update(PATIENCE)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


DRILLS: Final[dict[str, Drill]] = {
    "kill": kill_the_runner,
    "disconnect": cut_the_link,
    "restart": restart_the_gateway,
    "guardian": stop_the_runner,
}


def rehearse(name: str, settings: Settings, folder: Path, session: int, tell: Callable[[str], None]) -> Verdict:
    """Go through one drill.

    Raises
    ------
    WorkbenchError
        A process failed, or nothing happened in time: there is no verdict.
    """
    began = time.monotonic()
    stage = Stage(settings, folder, session, tell)
    claims = tuple(DRILLS[name](stage))
    return Verdict(name, claims, time.monotonic() - began)
