"""The records of a session that came since the last look, wherever they lie: in the tail, or sealed meanwhile. Reads, never writes."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.domain.records import Records
from workbench.store import segments
from workbench.store.folders import Folders
from workbench.store.log import read_log


class NewRecords:
    """Gives each record of a session once, in order.

    Parameters
    ----------
    after
        Seq behind which it begins.
    """

    def __init__(self, data: Path, session: int, after: int) -> None:
        self._data, self._session, self._after = data, session, after
        self._searched: tuple[object, ...] | None = None  # what there was when the whole log was last read

    def read(self, until: int) -> list[Records]:
        """Give what has come, up to record `until`; arrays stay readable when their files go.

        Only the newest segments of the tail are opened, back to the one that joins what was read before. Where that is sealed already
        the whole log of the session is read: at the first look at an older session, or after a minute asleep.
        """
        if self._after >= until:
            return []
        parts = self._from_tail()
        if parts is None:
            there = self._there()
            if there == self._searched:
                return []
            parts, self._searched = [read_log(self._data, self._session)], there
        cut = [part[part["seq"].searchsorted(self._after, side="right") : part["seq"].searchsorted(until, side="right")] for part in parts]
        found = [part for part in cut if len(part)]
        if found:
            self._after = int(found[-1]["seq"][-1])
        return found

    def _from_tail(self) -> list[Records] | None:
        """Read the tail back to the record behind the last one; `None` if it does not reach so far."""
        parts: list[Records] = []
        for path in reversed(segments.paths(Folders(self._data).tail, self._session)):
            try:
                segment, records = segments.read(path)
            except FileNotFoundError:
                continue  # sealed between two looks
            if len(records):
                parts.append(records)
                if segment.first_seq <= self._after + 1:
                    return parts[::-1]
        return None

    def _there(self) -> tuple[object, ...]:
        commits = Folders(self._data).recordings / "_delta_log"
        sealed = max(os.listdir(commits), default="") if commits.is_dir() else ""
        return sealed, *((path.name, path.stat().st_mtime_ns) for path in segments.paths(Folders(self._data).tail, self._session))
