"""The log of a session, wherever its records lie at this moment: sealed, in the tail, or both. Reads; never writes a record."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.domain.errors import DataError
from workbench.domain.records import Records
from workbench.store import opened
from workbench.store.folders import Folders
from workbench.store.recordings import EPOCH_SHIFT, Recordings
from workbench.store.retention import is_thinned, thinned
from workbench.store.tail import read_segments


def read_log(data: Path, session: int, *, epoch: int | None = None, recordings: Recordings | None = None, windows: bool = False) -> Records:
    """Read all records of a log session in the order of `seq`, each once, also while a loop writes and a sealer moves them.

    A session that lies in the recordings alone is mapped from their cache; otherwise it is put together in memory.

    Parameters
    ----------
    epoch
        Only what this start wrote; `None`: the whole session.
    recordings
        Where they lie elsewhere; `None`: in the data folder.
    windows
        Whether the windows around own orders will do, of a session whose other records were let go.

    Raises
    ------
    DataError
        The session's records were let go, and `windows` will not do.
    """
    if not windows and (gone := is_thinned(data, session)) is not None:
        raise DataError(
            f"of session {session} {gone.n_after:,} of {gone.n_before:,} records are kept, around own orders: it cannot be played; its "
            "bars, fills and decisions are there"
        )
    opened.reads("recordings", Folders(data).tail, session)
    recordings = recordings or Recordings.of(data)
    # The tail first: what the sealer moves between the two looks is then seen twice, and sorted out by its own transaction.
    parts = [part for part in read_segments(Folders(data).tail, session) if len(part[1])]
    if not parts:
        records = recordings.cache(session) if any(span.session == session for span in recordings.sessions()) else recordings.read(session)
    else:
        sealed, offsets = recordings.snapshot(session, [segment.name for segment, _ in parts])
        records = np.concatenate([sealed, *(rows[offsets.get(segment.name, 0) :] for segment, rows in parts)])
        if len(records) and not bool(np.all(records["seq"][1:] > records["seq"][:-1])):
            records = records[np.argsort(records["seq"], kind="stable")]
    if epoch is None:
        return records
    lo, hi = np.searchsorted(records["seq"], [epoch << EPOCH_SHIFT, (epoch + 1) << EPOCH_SHIFT])
    return records[lo:hi]


def log_sessions(data: Path, recordings: Recordings | None = None) -> list[int]:
    """List the log sessions of which there are records, sealed or not, and those whose records were let go."""
    recordings = recordings or Recordings.of(data)
    in_tail = {segment.session for segment, rows in read_segments(Folders(data).tail) if len(rows)}
    return sorted(in_tail | {span.session for span in recordings.sessions()} | thinned(data).keys())
