"""What a data folder holds as a recording: the newest session, how whole and how fit it is, what pages said of leads. Never writes.

A look opens the session anew and takes it in whole, some tenths of a second: it is made every ten seconds, however many pages show it.
It never raises: what cannot be read is said, beside nothing else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from workbench.clock import SystemClock
from workbench.domain.errors import WorkbenchError
from workbench.domain.records import Kind
from workbench.domain.units import SECOND
from workbench.research.frames.opening import open_session
from workbench.research.frames.session import Session
from workbench.research.quality import completeness, gaps, stream_quality
from workbench.store.log import log_sessions

LEADS: Final = Path("pages", "lead_lag")
RESULT: Final = "result.json"
MOST_GAPS: Final = 10
MARKET: Final = (Kind.QUOTE, Kind.PRINT, Kind.BAR)


class Stream(NamedTuple):
    """One contract of the session. ``line`` is (bar's end, close in points) by the minute; ages in seconds of wall time."""

    symbol: str
    kind: str
    minutes_expected: int
    minutes_seen: int
    complete_frac: float | None
    quality_frac: float | None
    n_bars: int
    n_unfit: int
    lowered: tuple[tuple[str, int], ...]
    heard_s: float | None
    line: tuple[tuple[int, float], ...]


class Hole(NamedTuple):
    """A stretch in which nothing came of an open contract."""

    symbol: str
    began_ns: int
    ended_ns: int
    why: str


class Verdict(NamedTuple):
    """What the newest page on leads said of a pair."""

    pair: str
    text: str
    stage: str
    session: str


class Gathered(NamedTuple):
    """One look. Without a session there is nothing else."""

    read_ns: int
    took_ms: float
    data: str
    trouble: str = ""
    session: int = 0
    source: str = ""
    is_generated: bool = False
    is_unfinished: bool = False
    last_ns: int = 0
    n_records: int = 0
    streams: tuple[Stream, ...] = ()
    holes: tuple[Hole, ...] = ()
    n_holes: int = 0
    verdicts: tuple[Verdict, ...] = ()


class Gathering:
    """Looks at the newest session of the first data folder that has one.

    Parameters
    ----------
    folders
        Data folders, the first that holds a session counts.
    wall_ns
        Clock, given in tests.
    """

    def __init__(self, folders: tuple[Path, ...], *, wall_ns: Callable[[], int] | None = None) -> None:
        self._folders, self._wall_ns = folders, wall_ns or SystemClock().now_ns

    def look(self) -> Gathered:
        """Take in what there is now."""
        began, now_ns = time.monotonic(), self._wall_ns()
        folder, session = self._folders[0], 0
        try:
            folder, session = self._newest()
            made = self._gathered(folder, session, now_ns) if session else Gathered(now_ns, 0.0, str(folder))
        except (WorkbenchError, OSError) as error:
            made = Gathered(now_ns, 0.0, str(folder), f"session {session}: {error}" if session else str(error))
        except Exception as error:  # noqa: BLE001  a page that goes dark tells nobody anything; this one says what it met
            made = Gathered(now_ns, 0.0, str(folder), f"{type(error).__name__}: {error}")
        return made._replace(took_ms=(time.monotonic() - began) * 1_000)

    def _newest(self) -> tuple[Path, int]:
        for folder in self._folders:
            if folder.is_dir() and (sessions := log_sessions(folder)):
                return folder, sessions[-1]
        return self._folders[0], 0

    def _gathered(self, folder: Path, session: int, now_ns: int) -> Gathered:
        day = open_session(session, data=folder)
        holes = gaps(day)
        newest = holes.sort("began").tail(MOST_GAPS).reverse()
        rows = newest.select("symbol", pl.col("began", "ended").dt.epoch("ns"), "why").iter_rows()
        records = day.logs[-1].records
        return Gathered(
            read_ns=now_ns,
            took_ms=0.0,
            data=str(folder),
            session=session,
            source=day.source,
            is_generated=day.is_generated,
            is_unfinished=day.is_unfinished,
            last_ns=int(records["recv_ns"][-1]) if len(records) else 0,
            n_records=len(records),
            streams=_streams(day, now_ns if day.is_unfinished else None),
            holes=tuple(Hole(*row) for row in rows),
            n_holes=len(holes),
            verdicts=_verdicts(folder),
        )


def _streams(day: Session, now_ns: int | None) -> tuple[Stream, ...]:
    worth = {row["symbol"]: row for row in stream_quality(day).iter_rows(named=True)}
    bars = day.bars(None, "1m").filter(pl.col("close_pts").is_not_null())
    made = []
    for symbol, expected, seen, share in completeness(day).iter_rows():
        row = worth.get(symbol, {})
        lowered = ((name.removeprefix("n_").replace("_", " "), n) for name, n in row.items() if name.startswith("n_") and n)
        own = bars.filter(pl.col("symbol") == symbol)
        line = tuple(zip(own["time"].dt.epoch("ns").to_list(), own["close_pts"].to_list(), strict=True))
        made.append(
            Stream(
                symbol, row.get("stream") or "none", expected, seen, share, row.get("quality_mean"), row.get("n_bars", 0),
                row.get("n_below_080", 0), tuple(each for each in lowered if each[0] != "bars" and not each[0].startswith("below")),
                None if now_ns is None else _age_s(day, symbol, now_ns), line,
            )
        )  # fmt: skip
    return tuple(made)


def _age_s(day: Session, symbol: str, now_ns: int) -> float | None:
    records, ids = day.logs[-1].records, {contract.symbol: contract.id for contract in day.contracts}
    mine = records["recv_ns"][(records["contract"] == ids[symbol]) & (records["kind"] != Kind.PHASE)]
    return max(0, now_ns - int(mine[-1])) / SECOND if len(mine) else None


def _verdicts(folder: Path) -> tuple[Verdict, ...]:
    """Read what the newest page on leads came to; none where there is no page."""
    pages = sorted((folder / LEADS).glob(f"*/{RESULT}"))
    if not pages:
        return ()
    told = json.loads(pages[-1].read_text(encoding="utf-8")).get("result") or {}
    return tuple(
        Verdict(pair, str(each.get("verdict", "")), str(each.get("stage", "")), pages[-1].parent.name) for pair, each in told.items()
    )
