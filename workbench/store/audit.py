"""Whether everything a data folder keeps can be read and is what was written: tail, recordings, journals, books. Reads; repairs nothing.

Rules
-----
1. *Wrong* is what has been lost or changed; a *note* is what cannot be told. Each says where, what, and what to do.
2. It may run beside a runner and a sealer: a segment that is sealed meanwhile is looked for in the recordings.
3. ``seq`` rises by one from record to record of an epoch; a hole is a loss, but for sessions of which only windows are kept
   (`store.retention`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from deltalake import DeltaTable

from workbench.domain.errors import StoreError
from workbench.domain.records import Records
from workbench.store import checksums, entries, segments
from workbench.store.bars import kept_bars
from workbench.store.contracts import ContractBook
from workbench.store.delta_table import RecordsTable, files_of
from workbench.store.folders import Folders
from workbench.store.manifest import WRITERS, RunManifest, read_manifest, run_folders
from workbench.store.recordings import EPOCH_SHIFT, Recordings
from workbench.store.retention import thinned

RESTORE: Final = "bring it back from a backup (workbench restore), or take it out and import the session again"
AWAY: Final = "look again when the object store answers; what is not sealed is in the tail"
KEEP: Final = "leave both as they are and compare them before anything is deleted"
Seqs = npt.NDArray[np.int64]


class Finding(NamedTuple):
    """One thing that is not as it must be, or cannot be told."""

    is_wrong: bool
    where: str
    said: str
    todo: str


class Audit(NamedTuple):
    """What was looked at, and what was found."""

    n_segments: int
    n_files: int
    n_bytes: int
    n_records: int
    n_journals: int
    findings: tuple[Finding, ...]

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not any(each.is_wrong for each in self.findings)


def audit(data: Path, *, first: int = 0, last: int = 99_999_999, tell: Callable[[str], None] = lambda _: None) -> Audit:
    """Look at everything of the log sessions from `first` to `last`.

    Parameters
    ----------
    tell
        Hears what is looked at next.
    """
    days, recordings = (first, last), Recordings.of(data)
    found: list[Finding] = []
    # In this order, for others may be at work: runs that had ended, then the tail, then the table that it is sealed into.
    manifests = [(folder, read_manifest(folder)) for folder in run_folders(data)]
    tell("tail")
    parts = _tail(data, days, found)
    try:
        spans = recordings.sessions()
    except StoreError as error:
        found.append(Finding(True, recordings.root, str(error), RESTORE if recordings.is_here else AWAY))
        return Audit(len(parts), 0, 0, 0, 0, tuple(found))  # what should be where cannot be told without it
    files = _all_files(data, recordings, days, found, tell)
    seqs: dict[int, Seqs] = {}
    for span in spans:
        if first <= span.session <= last and span.session not in files.damaged:
            tell(f"records of {span.session}")
            seqs[span.session] = _sequence(recordings, span.session, found)
    for segment, rows in parts:
        if segment.session not in files.damaged:
            _sealed(recordings, segment, rows, found)
            before = seqs.get(segment.session, np.empty(0, np.int64))
            seqs[segment.session] = np.union1d(before, np.array(rows["seq"], np.int64))
    gone = thinned(data)
    for session, all_of_it in seqs.items():
        if session not in gone:
            found += _holes(session, all_of_it)
    n_journals = 0
    replaced = {run for _, manifest in manifests if manifest is not None for run in manifest.replaced}
    for folder, manifest in manifests:
        if manifest is not None and any(first <= session <= last for session in manifest.sessions):
            tell(f"journal of {folder.name}")
            n_journals += _journal(folder, manifest, found)
            if manifest.run not in replaced and not (gone.keys() | files.damaged) & set(manifest.sessions):
                found += _written(manifest, seqs)
    try:
        ContractBook(data).contracts()
    except StoreError as error:
        found.append(Finding(True, "contracts.jsonl", str(error), RESTORE))
    return Audit(len(parts), files.n, files.n_bytes, sum(len(each) for each in seqs.values()), n_journals, tuple(found))


# ---------------------------------------------------------------------- the tail
def _tail(data: Path, days: tuple[int, int], found: list[Finding]) -> list[tuple[segments.Segment, Records]]:
    """Map every segment; its records stay readable when it is sealed and deleted."""
    parts = []
    for path in reversed(segments.paths(Folders(data).tail)):  # the newest first: where one holds records, those before it are complete
        try:
            segment, rows = segments.read(path)
        except FileNotFoundError:
            continue  # sealed in the meantime
        except StoreError as error:
            found.append(Finding(True, str(path), str(error), "a journal may hold its last records; " + RESTORE))
            continue
        if days[0] <= segment.session <= days[1] and len(rows):
            parts.append((segment, rows))
    return parts[::-1]


def _sealed(recordings: Recordings, segment: segments.Segment, rows: Records, found: list[Finding]) -> None:
    """Hold what of a segment is sealed against the recordings."""
    sealed = rows[: recordings.version_of(segment.name)]
    if not len(sealed):
        return
    again = recordings.read(segment.session, seqs=(int(sealed["seq"][0]), int(sealed["seq"][-1])))
    if again.tobytes() != sealed.tobytes():
        said = f"{len(sealed):,} of its records are sealed, the recordings hold {len(again):,} in their place, or others"
        found.append(Finding(True, str(segment.path), said, KEEP))


# ---------------------------------------------------------------------- the recordings
class _Files(NamedTuple):
    n: int
    n_bytes: int
    damaged: set[int]  # sessions with a file that is not what was written: to read it may end the process


def _all_files(data: Path, recordings: Recordings, days: tuple[int, int], found: list[Finding], tell: Callable[[str], None]) -> _Files:
    """Hold the files of every table, and the bars, against what was written."""
    if recordings.is_here:
        files = _files(Folders(data).recordings, recordings.table(), days, found, tell)
    else:
        files = _listed(recordings.table(), days)
    others = [_bars(data, days, found)]
    for folder, kind in Folders(data).beside:
        try:
            others.append(_files(folder, RecordsTable(folder, None, kind=kind).open(), days, found, tell))
        except StoreError as error:
            found.append(Finding(True, str(folder), str(error), RESTORE))
    return files._replace(n=files.n + sum(each.n for each in others), n_bytes=files.n_bytes + sum(each.n_bytes for each in others))


def _files(folder: Path, table: DeltaTable | None, days: tuple[int, int], found: list[Finding], tell: Callable[[str], None]) -> _Files:
    """Hold every file of a table against its length and its checksum."""
    if table is None:
        return _Files(0, 0, set())
    listed, n_bytes, unlisted, damaged = checksums.known(folder), 0, 0, set[int]()
    files = files_of(table).sort("path").select("path", "size_bytes", "partition.session").rows()
    files = [each for each in files if days[0] <= each[2] <= days[1]]
    for name, size, session in files:
        tell(name)
        n_bytes, path = n_bytes + size, folder / name
        if not path.exists():
            wrong = "the table names it, and it is gone"
        elif path.stat().st_size != size:
            wrong = f"it has {path.stat().st_size:,} bytes, written were {size:,}"
        elif name in listed and checksums.measure(path) != listed[name]:
            wrong = "its bytes are not those that were written (SHA-256)"
        else:
            unlisted += name not in listed
            continue
        damaged.add(session)
        found.append(Finding(True, str(path), wrong, RESTORE))
    if unlisted:
        said = f"{unlisted} files have no checksum: they were written just now, before there were any, or brought back from a backup"
        found.append(Finding(False, str(folder), said, "workbench data compact keeps them"))
    return _Files(len(files), n_bytes, damaged)


def _listed(table: DeltaTable | None, days: tuple[int, int]) -> _Files:
    """Count what a table on an object store names: every record is read back below, which no file survives that is gone or cut."""
    files = files_of(table).select("size_bytes", "partition.session").rows() if table is not None else []
    sizes = [size for size, session in files if days[0] <= session <= days[1]]
    return _Files(len(sizes), sum(sizes), set())


def _bars(data: Path, days: tuple[int, int], found: list[Finding]) -> _Files:
    """Hold the bars that are kept against their checksums."""
    folder = Folders(data).bars
    listed, files = checksums.known(folder), [each for each in kept_bars(data) if days[0] <= each.session <= days[1]]
    for each in files:
        name = each.path.relative_to(folder).as_posix()
        if name not in listed:
            found.append(
                Finding(False, str(each.path), "it has no checksum: whoever kept it was cut off", "workbench data prune goes on with it")
            )
        elif checksums.measure(each.path) != listed[name]:
            found.append(Finding(True, str(each.path), "its bytes are not those that were written (SHA-256)", RESTORE))
    names = {each.path.relative_to(folder).as_posix() for each in kept_bars(data)}
    found += [Finding(True, str(folder / name), "it is listed, and it is gone", RESTORE) for name in sorted(listed.keys() - names)]
    return _Files(len(files), sum(each.n_bytes for each in files), set())


def _sequence(recordings: Recordings, session: int, found: list[Finding]) -> Seqs:
    """Read every record of a session; give its numbers, rising."""
    import polars as pl

    where = f"recordings of {session}"
    try:
        records = recordings.read(session)
    except (OSError, StoreError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        found.append(Finding(True, where, f"cannot be read: {text}", RESTORE))
        return np.empty(0, np.int64)
    seqs = np.array(records["seq"], np.int64)
    if len(seqs) > 1 and bool(np.any(seqs[1:] <= seqs[:-1])):
        n = int(np.sum(seqs[1:] <= seqs[:-1]))
        found.append(Finding(True, where, f"{n:,} records stand in it more than once", KEEP))
        seqs = np.unique(seqs)
    return seqs


def _holes(session: int, seqs: Seqs) -> Iterator[Finding]:
    at = np.flatnonzero(np.diff(seqs) > 1)
    for k in at[(seqs[at] >> EPOCH_SHIFT) == (seqs[at + 1] >> EPOCH_SHIFT)].tolist():
        n, behind = int(seqs[k + 1] - seqs[k]) - 1, int(seqs[k])
        yield Finding(True, f"session {session}", f"{n:,} records behind {behind} are missing", RESTORE)


# ---------------------------------------------------------------------- the runs
def _journal(folder: Path, manifest: RunManifest, found: list[Finding]) -> int:
    path = folder / "journal.db"
    if not path.exists():
        if manifest.is_closed:
            found.append(Finding(True, str(path), "the run has ended, and its journal is gone", RESTORE))
        return 0
    try:
        entries.verify(path, manifest.journal_head)
    except StoreError as error:
        found.append(Finding(True, str(path), str(error), "a journal is never mended: " + RESTORE))
    return 1


def _written(manifest: RunManifest, seqs: dict[int, Seqs]) -> Iterator[Finding]:
    """Hold how many records a run says it wrote against those there are; of a run that ended, in one epoch and one session."""
    first, last = manifest.first_seq, manifest.last_seq
    if manifest.mode not in WRITERS or not manifest.is_closed or first is None or last is None or len(manifest.sessions) != 1:
        return
    if first >> EPOCH_SHIFT != last >> EPOCH_SHIFT:
        return
    there = int(np.diff(np.searchsorted(seqs.get(manifest.sessions[0], np.empty(0, np.int64)), [first, last + 1]))[0])
    if there != last - first + 1:
        yield Finding(True, f"run {manifest.run}", f"it wrote {last - first + 1:,} records, {there:,} are there", RESTORE)
