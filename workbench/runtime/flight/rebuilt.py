"""From a data folder to a verdict: the recording of a day, the runner as it was then, and what came of playing it. Prints nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from workbench.clock import Clock
from workbench.config import Mode, Settings
from workbench.runtime import play
from workbench.runtime.flight.again import Run, recorded, settings_of
from workbench.runtime.flight.again import play as play_tape
from workbench.runtime.flight.differences import Verdict, judge
from workbench.runtime.flight.tape import Tape, load
from workbench.runtime.live import Plan
from workbench.runtime.live.wiring import maker
from workbench.runtime.logged import Logged
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest

if TYPE_CHECKING:
    from workbench.venues.ib.venue import IbVenue


class Recorded(NamedTuple):
    """A recording, its log, the settings it was made with, and what has changed since."""

    tape: Tape
    then: tuple[Run, ...]
    settings: Settings
    changed: tuple[str, ...]

    @property
    def run(self) -> RunManifest:
        """The run that was asked for: the last of its process so far."""
        return self.then[-1].manifest


def open_recording(settings: Settings, data: Path, session: int, run: str | None = None) -> Recorded:
    """Find the recording of a session.

    Raises
    ------
    DataError
        There is none, it cannot be played from its beginning, or its log is gone.
    """
    tape = load(Folders(data).flight, session, run)
    then = recorded(data, tape)
    mine = settings_of(tape, settings)
    logged = _logged(data, then[-1])
    changed = play.what_changed(mine, logged, play.setup_as_traded(mine, logged))
    library = tape.cards[0].versions.get("ib_async", "")
    if library != version("ib_async"):
        changed.append(f"ib_async ({library}, now {version('ib_async')})")
    return Recorded(tape, then, mine, tuple(changed))


def replay_wire(data: Path, found: Recorded) -> Verdict:
    """Play it, and hold it against the log. Writes nothing into the data folder."""
    settings, runs = found.settings, {each.manifest.run: each for each in found.then}

    def plan(manifest: RunManifest) -> Plan:
        setup = play.setup_as_traded(settings, _logged(data, runs[manifest.run]))
        return Plan(setup, source=manifest.source.partition(" ")[2])

    def make(chain: str, manifest: RunManifest, clock: Clock, folder: Path) -> IbVenue:
        return maker(Mode(manifest.mode), settings, folder, manifest.account, clock, None)(chain)

    with TemporaryDirectory(prefix="workbench-") as folder, _quiet():
        played = play_tape(data, found.tape, found.then, plan, make, Path(folder) / "data", settings.log_calendar)
    return judge(found.tape, played)


def _logged(data: Path, run: Run) -> Logged:
    return Logged(data, run.manifest.sessions[-1], run.manifest, run.records, run.arrivals, (run.manifest,))


@contextmanager
def _quiet() -> Iterator[None]:
    """Let the library keep to itself what it says of connections that break: it is in the log."""
    logger = logging.getLogger("ib_async")
    logger.addHandler(silent := logging.NullHandler())
    try:
        yield
    finally:
        logger.removeHandler(silent)
