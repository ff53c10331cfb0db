"""Where everything lies in a data folder. Names only; nothing is created or read here.

::

    data/
      tail/<session>/<epoch>-<n>.seg     market records of the running loop (`store.tail`)
      recordings/records/                one Delta Lake table of all sealed records (`store.recordings`)
      recordings/place.json              where that table lies, if not here (`store.place`)
      recordings/futures_snapshots/      what a recorder makes of them every five minutes (`store.side`)
      recordings/gaps/                   what is missing in them, and what was found of it
      recordings/backfill/               that, as records; no engine ever sees it
      recordings/told_bars/              bars of 5 s as the broker counted them (`store.told_bars`)
      told/                              those on their way there
      recordings/thinned/                of which sessions only windows around own orders are left (`store.retention`)
      bars/<length>/<session>.parquet    bars that stay when records go (`store.bars`)
      runs/<run>/                        journal.db, manifest.json, checkpoints/ (`store.journal`, `store.manifest`)
      cache/<session>-<version>.seg      a session as the engine eats it; may be deleted at any time
      contracts.jsonl                    the id book (`store.contracts`)
      epoch                              the last start epoch given away (`store.epochs`)
      status/                            what the running processes say about themselves (`store.status`)
      HALT, requests/                    what a person or another process asks of the runner (`store.requests`)
      fence/                             whose orders may leave (`store.fence`)
      notices/                           what a person was told, and has taken note of
      preflight/                         the look before a session, one file each
      drills/<when>-<drill>.json         what rehearsals came to (`store.drills`)
      shadow/<name>.json                 who decides beside the live run, and since when (`store.shadows`)
      proving/                           what replays of evidence came to; may be deleted at any time
      flight/<session>/<run>/<n>.wire    what went over the broker's socket (`store.flight`)
      research/trials.db                 every configuration that was evaluated (`research.trials`)
      schedule/runs.db, runs/<key>/      what ran by itself, and what each run left (`pipelines.schedule`)
      promotion/<name>/<digest>/         what the gates saw, and what was promoted (`pipelines.promotion.evidence`)
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Folders(NamedTuple):
    """The paths of one data folder.

    >>> Folders(Path("data")).journal("night").as_posix()
    'data/runs/night/journal.db'
    """

    data: Path

    @property
    def tail(self) -> Path:
        """Segments not yet sealed."""
        return self.data / "tail"

    @property
    def recordings(self) -> Path:
        """The table of all sealed records."""
        return self.data / "recordings" / "records"

    @property
    def place(self) -> Path:
        """Where that table lies, if elsewhere."""
        return self.data / "recordings" / "place.json"

    @property
    def snapshots(self) -> Path:
        """The table of snapshots."""
        return self.data / "recordings" / "futures_snapshots"

    @property
    def gaps(self) -> Path:
        """The table of gaps."""
        return self.data / "recordings" / "gaps"

    @property
    def backfill(self) -> Path:
        """The table of records that were asked for afterwards."""
        return self.data / "recordings" / "backfill"

    @property
    def told_bars(self) -> Path:
        """The table of bars as the broker counted them."""
        return self.data / "recordings" / "told_bars"

    @property
    def told(self) -> Path:
        """Those on their way there."""
        return self.data / "told"

    @property
    def beside(self) -> tuple[tuple[Path, str], ...]:
        """Tables beside that of the records, each with its kind (`store.versions.FORMATS`)."""
        others = (self.backfill, "recordings"), (self.told_bars, "told_bars")
        return (self.snapshots, "snapshots"), (self.gaps, "gaps"), *others

    @property
    def thinned(self) -> Path:
        """Of which sessions records were let go."""
        return self.data / "recordings" / "thinned"

    @property
    def bars(self) -> Path:
        """Bars that stay when records go."""
        return self.data / "bars"

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self.data / "runs"

    @property
    def cache(self) -> Path:
        """What can be made again."""
        return self.data / "cache"

    @property
    def contracts(self) -> Path:
        """The id book."""
        return self.data / "contracts.jsonl"

    @property
    def epoch(self) -> Path:
        """The last start epoch given away."""
        return self.data / "epoch"

    @property
    def status(self) -> Path:
        """Heartbeats, one file a process."""
        return self.data / "status"

    @property
    def halt(self) -> Path:
        """The file whose mere presence halts."""
        return self.data / "HALT"

    @property
    def requests(self) -> Path:
        """What the runner is asked to do."""
        return self.data / "requests"

    @property
    def fence(self) -> Path:
        """Whose orders may leave, one file an account."""
        return self.data / "fence"

    @property
    def notices(self) -> Path:
        """What a person was told."""
        return self.data / "notices"

    @property
    def preflight(self) -> Path:
        """Looks before a session."""
        return self.data / "preflight"

    @property
    def drills(self) -> Path:
        """What rehearsals came to, one file each."""
        return self.data / "drills"

    @property
    def shadow(self) -> Path:
        """Who decides beside the live run, one file each."""
        return self.data / "shadow"

    @property
    def proving(self) -> Path:
        """What replays of evidence came to."""
        return self.data / "proving"

    @property
    def flight(self) -> Path:
        """What went over sockets."""
        return self.data / "flight"

    @property
    def trials(self) -> Path:
        """Every configuration that was evaluated."""
        return self.data / "research" / "trials.db"

    @property
    def schedule(self) -> Path:
        """What ran by itself."""
        return self.data / "schedule"

    @property
    def promotion(self) -> Path:
        """What the gates saw of everything that was promoted."""
        return self.data / "promotion"

    def run(self, name: str) -> Path:
        """Give the folder of one run."""
        return self.runs / name

    def journal(self, name: str) -> Path:
        """Give the journal of one run."""
        return self.runs / name / "journal.db"
