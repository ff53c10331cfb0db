"""Taking in a session that somebody else made: a maker's file or the generated market. All of it, or nothing.

Rules
-----
1. The order is: journal and manifest into a hidden folder, the records in one commit, then the folder gets its name.
2. The commit carries the run's name. After a kill the next intake looks for it: there, the folder gets its name; else it goes.
3. A session that has records already is refused; `replace=True` takes the old ones out in the same commit.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np

from workbench.clock import SystemClock
from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError, StoreError
from workbench.domain.events import Arrival, ContractDefined
from workbench.domain.records import RECORD, Kind, Records
from workbench.store.digests import code_digest, environment
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, find_log, read_manifest, write_manifest
from workbench.store.recordings import EPOCH_SHIFT, Recordings
from workbench.store.tail import read_tail
from workbench.store.whole import PART, only_one, sync_folder, trouble

WAIT_S: Final = 60.0  # for another intake to end


def take_in(
    data: Path,
    *,
    session: int,
    records: Records,
    contracts: Sequence[Contract],
    source: str,
    notes: str = "",
    replace: bool = False,
    mode: Literal["import", "generate"] = "import",
    streams: Sequence[str] = (),
    recordings: Recordings | None = None,
) -> RunManifest:
    """Make `records` the log of a session.

    Parameters
    ----------
    records
        Numbered: one epoch (`store.epochs.next_epoch`), `seq` rising, `recv_ns` never falling, all of one log session.
    contracts
        Every contract the records name.
    source
        Where they come from, for a reader: file names, or the generator and its seed.
    replace
        Whether a session that has records may be replaced.
    mode
        ``"import"`` or ``"generate"``.
    recordings
        Where they lie elsewhere; `None`: in the data folder.

    Returns
    -------
    RunManifest
        Of the run that now stands in ``data/runs``.

    Raises
    ------
    DataError
        If the records are not as they must be, or the session has records already; nothing was written.
    StoreError
        If the disk refuses; what was written is taken back.
    """
    recordings = recordings or Recordings.of(data)
    epoch = _check(session, records, contracts)
    with only_one(Folders(data).runs / "intake.lock", f"another process takes a session in to {data}", wait_s=WAIT_S):
        _settle(data, recordings)
        _must_be_free(data, session, recordings, replace=replace)
        manifest = RunManifest(
            run=f"{session}-{mode}-{epoch}",
            mode=mode,
            sessions=(session,),
            epoch=epoch,
            created_ns=SystemClock().now_ns(),
            contracts=tuple(contracts),
            streams=tuple(streams),
            source=source,
            replaced=tuple(old.run for old in find_log(data, session)),
            notes=notes,
        )
        part = Folders(data).runs / f".{manifest.run}{PART}"
        try:
            manifest = _write_run(part, manifest, records)
            _write_records(recordings, manifest, session, records)
        except BaseException:
            if not recordings.version_of(manifest.run):
                shutil.rmtree(part, ignore_errors=True)
            raise
        _give_name(part)
    return manifest


def settle(data: Path, recordings: Recordings | None = None) -> list[str]:
    """Finish or take back what an intake that was killed left behind; the next intake does so by itself.

    Returns
    -------
    list of str
        Runs that were finished.
    """
    with only_one(Folders(data).runs / "intake.lock", f"another process takes a session in to {data}", wait_s=WAIT_S):
        return _settle(data, recordings or Recordings.of(data))


def _settle(data: Path, recordings: Recordings) -> list[str]:
    finished = []
    for part in sorted(Folders(data).runs.glob(f".*{PART}")):
        run = part.name[1 : -len(PART)]
        if read_manifest(part) is not None and recordings.version_of(run):
            recordings.make_durable()
            _give_name(part)
            finished.append(run)
        else:
            shutil.rmtree(part)
    return finished


def _must_be_free(data: Path, session: int, recordings: Recordings, *, replace: bool) -> None:
    if any(len(part) for part in read_tail(Folders(data).tail, session)):
        raise DataError(f"session {session} is still in the tail: seal it first (python -m workbench.store.sealer {data} --once)")
    if not replace and any(span.session == session for span in recordings.sessions()):
        raise DataError(f"session {session} has records already: choose another data folder, or replace it (replace=True)")


def _check(session: int, records: Records, contracts: Sequence[Contract]) -> int:
    """Refuse records that are no log; give their epoch."""
    if records.dtype != RECORD or not len(records):
        raise DataError(f"session {session}: there is no record to take in")
    seq, recv_ns = records["seq"], records["recv_ns"]
    if int(seq[0]) <= 0 or not bool(np.all(seq[1:] > seq[:-1])):
        raise DataError(f"session {session}: seq must be positive and rise from record to record")
    epochs = {int(seq[0]) >> EPOCH_SHIFT, int(seq[-1]) >> EPOCH_SHIFT}
    if len(epochs) > 1:
        raise DataError(f"session {session}: its records are numbered in several epochs, {sorted(epochs)}; take one with `next_epoch`")
    if not bool(np.all(recv_ns[1:] >= recv_ns[:-1])):
        at = int(np.flatnonzero(recv_ns[1:] < recv_ns[:-1])[0]) + 1
        raise DataError(f"session {session}: recv_ns falls at record {at} (seq {seq[at]})")
    if strange := sorted(set(np.unique(records["kind"]).tolist()) - set(Kind)):
        raise DataError(f"session {session}: records of kinds {strange}, which nobody knows")
    known = {0, *(contract.id for contract in contracts)}  # 0: a record of no contract, TIME
    if unknown := sorted(set(np.unique(records["contract"]).tolist()) - known):
        raise DataError(f"session {session}: records of contracts {unknown}, of which no definition was given")
    return epochs.pop()


def _write_run(part: Path, manifest: RunManifest, records: Records) -> RunManifest:
    """Write journal and manifest; the contracts stand before the first record, known when it was."""
    shutil.rmtree(part, ignore_errors=True)
    first_seq, first_ns = int(records["seq"][0]), int(records["recv_ns"][0])
    with Journal.in_one_commit(part / "journal.db") as journal:
        for n, contract in enumerate(manifest.contracts, 1):
            journal.append(Arrival(first_seq - 1, n, first_ns, ContractDefined(contract)))
    manifest = msgspec.structs.replace(
        manifest,
        first_seq=first_seq,
        last_seq=int(records["seq"][-1]),
        digests={"code": code_digest()},
        environment=environment(),
        journal_head=journal.head,
        is_closed=True,
    )
    write_manifest(part, manifest)
    return manifest


def _write_records(recordings: Recordings, manifest: RunManifest, session: int, records: Records) -> None:
    if manifest.replaced or any(span.session == session for span in recordings.sessions()):
        recordings.replace(session, records, (manifest.run, 1))
    else:
        recordings.append(session, records, (manifest.run, 1))


def _give_name(part: Path) -> None:
    named = part.with_name(part.name[1 : -len(PART)])
    with trouble(f"naming {named}"):
        if named.exists():
            raise StoreError(f"{named} exists already; a run is never written twice")
        part.replace(named)
        sync_folder(named.parent)
