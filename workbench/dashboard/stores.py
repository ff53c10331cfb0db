"""What lies in a data folder for a page: which runs there are, which one to show, and its picture once a second. Reads, never writes.

A look never raises and never waits long: what cannot be read now is said on the page, beside what was read last.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from workbench.clock import SystemClock
from workbench.config import Settings
from workbench.dashboard.compose import compose, is_told, runner_of
from workbench.dashboard.following import Following
from workbench.dashboard.picture import Choice, Picture, Runner
from workbench.domain.errors import WorkbenchError
from workbench.domain.units import SECOND
from workbench.store.folders import Folders
from workbench.store.manifest import NAME, RunManifest, read_manifest, run_folders
from workbench.store.status import Status, heard

SILENT_S: Final = 5.0  # a runner speaks once a second
MAX_CHOICES: Final = 12
ADVICE: Final = "Nothing has been traded here yet"


class Read(NamedTuple):
    """One look at the stores."""

    following: Following | None
    runner: Runner | None
    choices: tuple[Choice, ...]
    trouble: str
    read_ns: int
    took_ms: float


class Stores:
    """Follows the newest run of a data folder, or one that is named.

    Parameters
    ----------
    folders
        Of the first that holds a run that traded, the runs are shown.
    settings
        For leaders, lengths of features, the account's calendar.
    wanted
        Name of a run; empty: the one that runs, else the newest.
    wall_ns, steady
        Clocks, given in tests.
    """

    def __init__(
        self,
        folders: tuple[Path, ...],
        settings: Settings,
        wanted: str = "",
        *,
        wall_ns: Callable[[], int] | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folders, self._settings, self._wanted = folders, settings, wanted
        self._wall_ns, self._steady = wall_ns or SystemClock().now_ns, steady
        self._cards: dict[Path, tuple[int, RunManifest]] = {}
        self._following: Following | None = None
        self._grown: tuple[int, float] | None = None  # last seq, and when it was first seen
        self._paces: list[tuple[float, int]] = []  # (steady, log time) of the last looks
        self.data = folders[0]

    def look(self) -> Read:
        """Take what has come since the last look."""
        began, trouble, runner = self._steady(), "", None
        choices: tuple[Choice, ...] = ()
        try:
            runs, words = self._runs()
            choices = tuple(Choice(run.run, _label(run)) for run in runs[:MAX_CHOICES])
            run = self._choose(runs, words)
            if run is not None:
                self._follow(run, runs)
            if run is not None and self._following is not None:
                try:
                    self._following.advance(run)
                finally:
                    runner = self._runner(self._following, [word for word in words if word.run == run.run], began)
        except (WorkbenchError, OSError) as error:
            trouble = str(error)
        took_ms = (self._steady() - began) * 1_000
        return Read(self._following, runner, choices, trouble, self._wall_ns(), took_ms)

    def _runs(self) -> tuple[list[RunManifest], list[Status]]:
        for folder in self._folders:
            runs = [run for path in run_folders(folder) if (run := self._card(path)) is not None and is_told(run)]
            if runs:
                break
        else:
            self.data = self._folders[0]
            return [], []
        self.data = folder
        runs = [run for run in runs if Folders(folder).journal(run.run).exists()]
        return sorted(runs, key=lambda run: (run.created_ns, run.run), reverse=True), heard(folder)

    def _card(self, folder: Path) -> RunManifest | None:
        """Read a manifest, once for each time it was written."""
        try:
            stamp = (folder / NAME).stat().st_mtime_ns
        except OSError:
            return None
        held = self._cards.get(folder)
        if held is None or held[0] != stamp:
            found = read_manifest(folder)
            if found is None:
                return None
            held = self._cards[folder] = (stamp, found)
        return held[1]

    def _choose(self, runs: list[RunManifest], words: list[Status]) -> RunManifest | None:
        named = {run.run: run for run in runs}
        if self._wanted:
            return named.get(self._wanted)
        now_ns = self._wall_ns()
        speaking = [word.run for word in words if word.run in named and not word.note and now_ns - word.said_ns < SILENT_S * SECOND]
        return named[speaking[0]] if speaking else runs[0] if runs else None

    def _follow(self, run: RunManifest, runs: list[RunManifest]) -> None:
        """Begin to follow another run; a folder that was made anew may use a name again."""
        held = self._following.run if self._following is not None else None
        if held is not None and (held.run, held.created_ns) == (run.run, run.created_ns):
            return
        before = next((each for each in runs if each.run == run.starts_from and not each.ended_flat), None)
        self._following = None
        self._following = Following(self.data, run, self._settings, before)
        self._grown, self._paces = None, []

    def _runner(self, f: Following, words: list[Status], now_s: float) -> Runner:
        last = f.feed.last_seq
        is_first = self._grown is None
        if self._grown is None or self._grown[0] != last:
            self._grown = (last, now_s)
        word = words[0] if words else None
        age_s = None if word is None else max(0, self._wall_ns() - word.said_ns) / SECOND
        if f.run.is_closed:
            said = "ended"
        elif word is None or age_s is None:
            said = "stopped"
        else:
            said = "runs" if age_s < SILENT_S else "silent"
        self._paces = [*self._paces[-8:], (now_s, f.feed.now_ns)]
        feed_age_s = None if said != "runs" or (is_first and f.feed.n_records == 0) else now_s - self._grown[1]
        return runner_of(f, word=said, age_s=age_s, feed_age_s=feed_age_s, speed=self._speed() if said == "runs" else None)

    def _speed(self) -> float | None:
        (first_s, first_ns), (last_s, last_ns) = self._paces[0], self._paces[-1]
        return (last_ns - first_ns) / SECOND / (last_s - first_s) if last_s - first_s > 1 and first_ns else None


def picture(read: Read, stores: Stores, zone: str) -> Picture:
    """Make the picture of a look, in a time zone."""
    if read.following is None or read.runner is None:
        text = "" if read.trouble else ADVICE
        return Picture(read.read_ns, read.took_ms, str(stores.data), advice=text, trouble=read.trouble, choices=read.choices)
    made = compose(read.following, read.runner, read_ns=read.read_ns, data=str(stores.data), zone=zone, choices=read.choices)
    return made._replace(trouble=read.trouble, took_ms=read.took_ms)


def _label(run: RunManifest) -> str:
    day = str(run.sessions[-1])
    return f"{day[:4]}-{day[4:6]}-{day[6:]} · {run.mode} · {run.run.rsplit('-', 1)[-1]}"
