"""What lies in a data folder for a page: which runs there are, which one to show, and its picture once a second. Reads, never writes.

A look never raises and never waits long: what cannot be read now is said on the page, beside what was read last.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
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
from workbench.store.shadows import PREFIX, is_shadow
from workbench.store.status import Status, heard

MIN_STEPS: Final = 3  # between looks, before a pace is told
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
        self._runner: Runner | None = None
        self._troubles: list[str] = []
        self._grown: tuple[int, float] | None = None  # last seq, and when it was first seen
        self._paces: list[tuple[float, int]] = []  # (steady, log time) of the last looks
        self.data = folders[0]

    def look(self) -> Read:
        """Take what has come since the last look."""
        began = self._steady()
        self._troubles = []
        choices: tuple[Choice, ...] = ()
        try:
            runs = self._runs()
            choices = tuple(Choice(run.run, _label(run)) for run in runs[:MAX_CHOICES])
            words = self._words()
            self._advance(self._choose(runs, words), runs, words, began)
        except (WorkbenchError, OSError) as error:
            self._troubles.append(str(error))
        except Exception as error:  # noqa: BLE001  a page that goes dark tells nobody anything; this one says what it met
            self._troubles.append(f"{type(error).__name__}: {error}")
        took_ms = (self._steady() - began) * 1_000
        return Read(self._following, self._runner, choices, "; ".join(self._troubles), self._wall_ns(), took_ms)

    def _advance(self, run: RunManifest | None, runs: list[RunManifest], words: list[Status], began_s: float) -> None:
        if run is None:
            self._following = self._runner = None
            return
        followed, word = self._follow(run, runs), next((word for word in words if word.run == run.run), None)
        try:
            followed.advance(run, None if word is None else word.seq)
        finally:
            self._runner = self._runner_of(followed, word, began_s)

    def _runs(self) -> list[RunManifest]:
        """List what traded in the first folder in which something did, the newest first."""
        for folder in self._folders:
            told = [run for path in run_folders(folder) if (run := self._card(path)) is not None and is_told(run)]
            found = [run for run in told if Folders(folder).journal(run.run).exists()]
            if found:
                self.data = folder
                return sorted(found, key=lambda run: (run.created_ns, run.run), reverse=True)
        self.data = self._folders[0]
        return []

    def _words(self) -> list[Status]:
        try:
            return heard(self.data)
        except WorkbenchError as error:
            self._troubles.append(str(error))
            return []

    def _card(self, folder: Path) -> RunManifest | None:
        """Read a manifest, once for each time it was written."""
        try:
            stamp = (folder / NAME).stat().st_mtime_ns
        except OSError:
            return None
        held = self._cards.get(folder)
        if held is None or held[0] != stamp:
            try:
                found = read_manifest(folder)
            except WorkbenchError as error:  # one damaged card hides no other run
                self._troubles.append(str(error))
                return None
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
        ours = [run for run in runs if not is_shadow(run.account)] or runs  # a shadow is shown where it is chosen
        return named[speaking[0]] if speaking else ours[0] if ours else None

    def _follow(self, run: RunManifest, runs: list[RunManifest]) -> Following:
        """Go on following a run, or begin to follow another; a folder that was made anew may use a name again."""
        held = self._following
        if held is not None and (held.run.run, held.run.created_ns) == (run.run, run.created_ns):
            return held
        before = next((each for each in runs if each.run == run.starts_from and not each.ended_flat), None)
        self._following = self._runner = None
        self._grown, self._paces = None, []
        self._following = Following(self.data, run, self._settings, before)
        return self._following

    def _runner_of(self, f: Following, word: Status | None, now_s: float) -> Runner:
        last = f.newest_seq
        is_first = self._grown is None
        if self._grown is None or self._grown[0] != last:
            self._grown = (last, now_s)
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
        """Give log seconds a wall second, as most of the last looks saw it: a run that catches up is fast for one look only."""
        steps = [((b_ns - a_ns) / SECOND, b_s - a_s) for (a_s, a_ns), (b_s, b_ns) in pairwise(self._paces) if a_ns and b_s > a_s]
        return median(log_s / wall_s for log_s, wall_s in steps) if len(steps) >= MIN_STEPS else None


def picture(read: Read, stores: Stores, zone: str) -> Picture:
    """Make the picture of a look, in a time zone."""
    if read.following is None or read.runner is None:
        text = "" if read.trouble else ADVICE
        return Picture(read.read_ns, read.took_ms, str(stores.data), advice=text, trouble=read.trouble, choices=read.choices)
    made = compose(read.following, read.runner, read_ns=read.read_ns, data=str(stores.data), zone=zone, choices=read.choices)
    return made._replace(trouble=read.trouble, took_ms=read.took_ms)


def _label(run: RunManifest) -> str:
    day = str(run.sessions[-1])
    what = run.account.replace(PREFIX, "shadow ") if is_shadow(run.account) else run.mode
    return f"{day[:4]}-{day[4:6]}-{day[6:]} · {what} · {run.run.rsplit('-', 1)[-1]}"
