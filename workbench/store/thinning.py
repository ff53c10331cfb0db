"""Letting a session's records go but for windows: one commit, marked before it happens, so that any kill is made good by the next call.

Rules
-----
1. The order is: the mark, durably; one commit that puts the windows in the place of the session; caches of it away.
2. A mark without its commit is a session that nobody plays any more and that still lies there whole: called again, it goes on.
3. What lies in the tail is never touched: a session is let go when all of it is sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench.domain.errors import DataError, StoreError
from workbench.store import segments
from workbench.store.folders import Folders
from workbench.store.recordings import Recordings
from workbench.store.retention import Thinned, is_thinned, mark, writers_of
from workbench.store.whole import trouble

Window = tuple[int, int]  # ns, both ends included


def merged(moments: Sequence[int], around_ns: int) -> tuple[Window, ...]:
    """Give the windows around moments, those that touch as one.

    >>> merged([100, 105, 300], 10)
    ((90, 115), (290, 310))
    """
    windows: list[Window] = []
    for moment in sorted(moments):
        if windows and moment - around_ns <= windows[-1][1]:
            windows[-1] = windows[-1][0], moment + around_ns
        else:
            windows.append((moment - around_ns, moment + around_ns))
    return tuple(windows)


def within(times_ns: npt.NDArray[np.int64], windows: Sequence[Window]) -> npt.NDArray[np.bool_]:
    """Tell which moments lie in a window.

    >>> within(np.array([1, 5, 9]), [(4, 6), (9, 9)]).tolist()
    [False, True, True]
    """
    inside = np.zeros(len(times_ns), bool)
    for first, last in windows:
        inside |= (times_ns >= first) & (times_ns <= last)
    return inside


def thin(data: Path, session: int, windows: Sequence[Window], decided_ns: int) -> Thinned:
    """Let the records of a session go but for `windows`; called again it does what is left, and changes no mind about the windows.

    Raises
    ------
    DataError
        Part of the session is in the tail.
    StoreError
        A disk refuses, or what is there is not what was marked.
    """
    if segments.paths(Folders(data).tail, session):
        raise DataError(f"session {session} is still in the tail: seal it first (workbench seal)")
    recordings = Recordings.of(data)
    found = is_thinned(data, session)
    if found is None:
        records = recordings.read(session)
        n_after = int(np.sum(within(records["recv_ns"], windows)))
        found = Thinned(
            session=session,
            writers=writers_of(data, session),
            n_before=len(records),
            n_after=n_after,
            windows=tuple(windows),
            decided_ns=decided_ns,
        )
        mark(data, found)
    if not is_done(recordings, found):
        records = recordings.read(session)
        kept = records[within(records["recv_ns"], found.windows)]
        if len(kept) != found.n_after:
            raise StoreError(f"session {session}: {found.n_after:,} records were to stay, {len(kept):,} are there; nothing was let go")
        if len(kept):
            recordings.replace(session, kept)
        else:
            recordings.delete(session)
    recordings.make_durable()
    with trouble(f"removing caches of session {session}"):
        for path in Folders(data).cache.glob(f"{session}-*.seg"):
            path.unlink(missing_ok=True)
    return found


def is_done(recordings: Recordings, what: Thinned) -> bool:
    """Whether nothing but its windows is left of a session."""
    return next((span.n for span in recordings.sessions() if span.session == what.session), 0) == what.n_after
