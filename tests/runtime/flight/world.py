"""A recorded life: the drill's runner over the project's gateway, in virtual time, with a flight recorder; and the same played again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.simulation.drills.drill import ACCOUNT, Drill
from workbench.clock import Clock
from workbench.config import Mode
from workbench.gateway.faults import Scenario
from workbench.runtime.flight.again import Played, play, recorded
from workbench.runtime.flight.differences import Verdict, judge
from workbench.runtime.flight.tape import Tape, load
from workbench.runtime.live import Plan
from workbench.runtime.live.edge import IbEdge
from workbench.runtime.live.flight import FlightRecorder
from workbench.store.flight import Chunk, Flight, Way
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest
from workbench.venues.ib.venue import IbVenue


class DrillClock:
    """The wall of a drill's loop, which is made later."""

    def __init__(self, drill: Drill) -> None:
        self._drill = drill

    def now_ns(self) -> int:
        assert self._drill.loop is not None
        return self._drill.loop.wall_ns()

    def wait_s(self, until_ns: int) -> float:
        raise NotImplementedError

    def take_step_ns(self) -> int | None:
        return None


class Flown(Drill):
    """A drill that is recorded."""

    def __init__(self, folder: Path, faults: Scenario | None = None, **more: Any) -> None:
        super().__init__(folder, faults, **more)
        self.edge = IbEdge(self._made, FlightRecorder(self.settings, folder, Mode.PAPER, DrillClock(self)))

    @property
    def flight(self) -> Path:
        return Folders(self.folder).flight

    def tape(self) -> Tape:
        """What was recorded."""
        return load(self.flight, self.logged().session)

    def plan(self, manifest: RunManifest) -> Plan:
        return Plan(self.setup, source="drill")

    def made_again(self, chain: str, manifest: RunManifest, clock: Clock, folder: Path) -> IbVenue:
        return IbVenue(self.settings, clock, mode=Mode.PAPER, run=chain, account=ACCOUNT, data=folder, known=self.contracts, max_qty=4)

    def again(self) -> Played:
        """Play it again."""
        tape = self.tape()
        with TemporaryDirectory() as folder:
            then = recorded(self.folder, tape)
            return play(self.folder, tape, then, self.plan, self.made_again, Path(folder) / "data", self.settings.log_calendar)

    def verdict(self) -> Verdict:
        """Play it again, and hold it against the log."""
        return judge(self.tape(), self.again())


def change(tape: Tape, what: Callable[[Chunk], Chunk | None]) -> int:
    """Write a recording's last file anew with chunks changed, or gone; give how many were."""
    reel = tape.reels[-1]
    chunks, n = list(reel), 0
    with TemporaryDirectory() as folder:
        made = Flight(Path(folder), lambda _, call: None)
        path = made.begin(reel.card)
        assert path is not None
        for chunk in chunks:
            put = what(chunk)
            n += put != chunk
            if put is not None:
                made.note(put.ns, put.connection, put.way, put.data)
        made.close()
        reel.path.write_bytes(path.read_bytes())
    return n


def once(find: bytes, put: bytes, way: Way = Way.CAME, nth: int = 1) -> Callable[[Chunk], Chunk]:
    """Exchange the n-th occurrence of some bytes, once."""
    seen = 0

    def changed(chunk: Chunk) -> Chunk:
        nonlocal seen
        if chunk.way is not way or find not in chunk.data:
            return chunk
        seen += 1
        return chunk._replace(data=chunk.data.replace(find, put, 1)) if seen == nth else chunk

    return changed
