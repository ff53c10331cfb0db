"""The card of a run: what it was, what it wrote or played, and what it was made with. One JSON file a run, written whole; no journal.

A run that *writes* a log session gives it records (`import`, `generate`, `record`, `observe`, `paper`, `live`); one that *plays* it
(`simulate`, `replay`) names the session it played and adds none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.errors import StoreError
from workbench.store.chain import Head
from workbench.store.folders import Folders
from workbench.store.versions import FORMATS, bring_forward
from workbench.store.whole import trouble, write_whole

NAME: Final = "manifest.json"
Mode = Literal["import", "generate", "record", "simulate", "replay", "observe", "paper", "live"]
WRITERS: Final[frozenset[str]] = frozenset({"import", "generate", "record", "observe", "paper", "live"})


class RunManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a run.

    Parameters
    ----------
    run
        Its name, that of its folder.
    sessions
        Log sessions it wrote or played, dates written 20261120.
    epoch
        Start epoch of its records; 0 of a run that plays.
    first_seq, last_seq
        Of the records it wrote or played; `None` while none is known.
    streams
        Kinds of record streams: ``"L1 250 ms"``, ``"tick-by-tick"``, ``"L3"``, ``"bars 1m"``; a model's card names those it learned from.
    digests
        code (that decides: `store.digests.DECIDES`), package (all code, for the record), settings, constitution, a user's own files.
    environment
        `store.digests.environment`.
    replaced
        Runs whose records of these sessions were taken out for those of this one.
    journal_head
        Where the chain of its journal ended when this was written, for `entries.verify`; `None`: not exported.
    account, profile, traders
        Who traded, by which law, with which strategies and recipes; empty of a run that did not trade.
    closes
        Ends of sessions by contract id, of contracts whose hours the broker told otherwise than their calendar.
    not_entered
        Contracts that it held or watched and did not enter: they led no more, or ended within a week.
    own_features
        Names of a user's features that it valued beside the shipped ones.
    starts_from
        Run whose last checkpoint this one began with; empty: it began with nothing.
    carries
        What of that checkpoint: ``all``, or ``orders`` alone where code, law or contracts changed in between.
    ended_flat
        Whether it ended without an open bracket and without a halt.
    is_closed
        Whether it ended by itself. A run that was killed stays open.
    """

    format: int = FORMATS["manifest"]
    run: str
    mode: Mode
    sessions: tuple[int, ...]
    epoch: int
    created_ns: int
    first_seq: int | None = None
    last_seq: int | None = None
    contracts: tuple[Contract, ...] = ()
    streams: tuple[str, ...] = ()
    digests: dict[str, str] = {}
    environment: dict[str, str] = {}
    source: str = ""
    replaced: tuple[str, ...] = ()
    starts_from: str = ""
    carries: Literal["all", "orders"] = "all"
    account: str = ""
    profile: str = ""
    traders: tuple[tuple[str, str], ...] = ()
    closes: dict[int, tuple[int, ...]] = {}
    not_entered: tuple[int, ...] = ()
    own_features: tuple[str, ...] = ()
    journal_head: Head | None = None
    ended_flat: bool = True
    is_closed: bool = False
    notes: str = ""


def write_manifest(folder: Path, manifest: RunManifest) -> None:
    """Put a manifest into a run's folder, in the place of an older one, whole and durable."""
    write_whole(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def read_manifest(folder: Path) -> RunManifest | None:
    """Read the manifest of a run's folder; `None` if there is none.

    Raises
    ------
    StoreError
        If it is damaged or of a newer format.
    """
    path = folder / NAME
    with trouble(f"reading {path}"):
        if not path.exists():
            return None
        content = path.read_bytes()
    try:
        found = msgspec.json.decode(content, type=_Format).format
        if bring_forward("manifest", path, found) is not None:
            content = path.read_bytes()
        return msgspec.json.decode(content, type=RunManifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is no manifest of a run: {error}") from error


class _Format(msgspec.Struct):
    format: int


def run_folders(data: Path) -> list[Path]:
    """List the folders of all runs, by name; those whose name begins with a dot are not runs yet."""
    folder = Folders(data).runs
    if not folder.exists():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def runs(data: Path) -> list[RunManifest]:
    """Read the manifests of all runs, the oldest first."""
    found = [manifest for folder in run_folders(data) if (manifest := read_manifest(folder)) is not None]
    return sorted(found, key=lambda manifest: (manifest.created_ns, manifest.run))


def find_log(data: Path, session: int) -> list[RunManifest]:
    """Find the runs whose records a log session consists of, in the order of their epochs. None of those replaced since."""
    writers = [manifest for manifest in runs(data) if manifest.mode in WRITERS and session in manifest.sessions]
    gone = {name for manifest in writers for name in manifest.replaced}
    return sorted((manifest for manifest in writers if manifest.run not in gone), key=lambda manifest: manifest.epoch)
