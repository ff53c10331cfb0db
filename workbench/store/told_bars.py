"""Bars of 5 s as the broker counted them: handed over in files that grow, kept in a table. Beside the log; no engine ever sees them.

::

    data/told/<ns>-<token>.bars1       rows of one recorder's day, one behind the other, as it hears them; gone once they are in the table

Rules
-----
1. The recorder writes each bar at once, with one write: a kill loses nothing and leaves no half of one behind it. What cannot be written
   is left away: a disk that is full stops no recording for the sake of a witness.
2. The keeper takes what a file has more than the table knows of, and tells the table in the same commit how far it got: killed at any
   moment, the next one doubles nothing. A file that is taken whole, and is not the newest, goes.
3. Of a contract bars only go on: one that is told again is left away.
"""

from __future__ import annotations

import contextlib
import math
import secrets
import struct
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.domain.units import DAY, MINUTE
from workbench.store.folders import Folders
from workbench.store.side import SideTable
from workbench.store.whole import trouble

SUFFIX: Final = ".bars1"  # with the version of its rows
ROW: Final = struct.Struct("<7qd2q")


class ToldBar(NamedTuple):
    """A bar: prices in price quanta, volume in size quanta; `wap_pts` is the mean price by volume, which lies on no grid.

    `None`: nothing was traded, or nobody said. Whole numbers fit into 63 bits.
    """

    start_ns: int
    contract: int
    open_px: int
    high_px: int
    low_px: int
    close_px: int
    volume: int
    wap_pts: float | None
    n_prints: int
    recv_ns: int


COLUMNS: Final[dict[str, type]] = {name: float if name == "wap_pts" else int for name in ToldBar._fields}


def pack(bar: ToldBar) -> bytes:
    """Write a bar as a row."""
    return ROW.pack(*bar._replace(wap_pts=math.nan if bar.wap_pts is None else bar.wap_pts))


def unpack(row: tuple[Any, ...]) -> ToldBar:
    """Read a row."""
    bar = ToldBar(*row)
    return bar._replace(wap_pts=None) if math.isnan(bar.wap_pts or 0.0) else bar


class ToldFile:
    """Where a recorder leaves what it hears.

    Parameters
    ----------
    data
        Folder of the stores.
    """

    def __init__(self, data: Path) -> None:
        self._folder = Folders(data).told
        self._path: Path | None = None
        self._day, self._not_before_ns = 0, 0
        self._last: dict[int, int] = {}  # contract -> start of the last bar

    def take(self, bar: ToldBar) -> bool:
        """Write a bar; whether it was."""
        if bar.start_ns <= self._last.get(bar.contract, -1) or bar.recv_ns < self._not_before_ns:
            return False
        if self._path is None or bar.recv_ns // DAY != self._day:
            self._path, self._day = self._folder / f"{bar.recv_ns:019}-{secrets.token_hex(4)}{SUFFIX}", bar.recv_ns // DAY
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab", buffering=0) as file:
                is_whole = file.write(pack(bar)) == ROW.size
        except OSError:
            is_whole = False
        if is_whole:
            self._last[bar.contract] = bar.start_ns
        else:  # a half of a row ends its file
            self._path, self._not_before_ns = None, bar.recv_ns + MINUTE
        return is_whole


class ToldBarTable:
    """The bars of one data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = Folders(data).told
        self.table = SideTable(Folders(data).told_bars, "told_bars", COLUMNS)

    def take_up(self, sessions_of: Callable[[Sequence[int]], Sequence[int]]) -> int:
        """Bring what lies in files into the table; give how many bars that were.

        Parameters
        ----------
        sessions_of
            Names the log session of each instant.
        """
        with trouble(f"reading {self._folder}"):
            paths = sorted(self._folder.glob(f"[0-9]*{SUFFIX}"))
        n_all = 0
        for path in paths:
            n_all += self._take(path, sessions_of)
            if path != paths[-1]:  # nobody writes it any more
                with trouble(f"removing {path}"):
                    path.unlink()
        return n_all

    def _take(self, path: Path, sessions_of: Callable[[Sequence[int]], Sequence[int]]) -> int:
        application = f"told_bars/{path.stem}"
        n = first = self.table.version_of(application)
        rows = _read(path, first)
        named = sessions_of([row.start_ns for row in rows]) if rows else []
        for session, group in groupby(zip(named, rows, strict=True), key=lambda each: each[0]):
            mine = [row for _, row in group]
            n += len(mine)
            self.table.append(session, mine, (application, n))
        return n - first

    def sessions(self) -> list[int]:
        """List the log sessions it has bars of: those in which they began."""
        return self.table.sessions()

    def read(self, session: int) -> list[ToldBar]:
        """Read a session, in the order of time."""
        return [ToldBar(*row) for row in self.table.read(session)]


def _read(path: Path, first: int) -> list[ToldBar]:
    """Read the whole rows of a file from one on; nothing if it is gone."""
    with trouble(f"reading {path}"), contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        file.seek(first * ROW.size)
        body = file.read()
        return [unpack(row) for row in ROW.iter_unpack(body[: len(body) // ROW.size * ROW.size])]
    return []
