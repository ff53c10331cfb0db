"""A fortnight of runs of pages, as a scheduler and a person would leave them: ledger, results, pages. Nothing is executed. No tests."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.pipelines.schedule.planning import planned
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.pipelines.schedule.ledger import Ledger, Run, State

LAST = date(2026, 11, 19)  # a Thursday
CLOSE = timedelta(hours=22, minutes=30)  # of a session, UTC
NOW = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
REPORT = "<!doctype html><title>x</title><h1>What did the session come to?</h1><p>It came to {pnl} USD.</p>"


def ns_of(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND


def number(day: date) -> int:
    return int(f"{day:%Y%m%d}")


def left(folder: Path, *, seconds: float, peak_mb: float, failure: dict[str, str] | None = None, html: str = REPORT) -> None:
    """Leave what a run leaves."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {"seconds": seconds, "peak_mb": peak_mb, "failure": failure, "result": {"pnl_usd": seconds}, "folder": folder.name}
    (folder / "result.json").write_text(json.dumps(said))
    (folder / "page.html").write_text(html.format(pnl=seconds))


def ran(ledger: Ledger, page: str, day: date, slot: str, due_ns: int, *, seconds: float = 12.0, why: str = "", mb: float = 300.0) -> str:
    """Write one run down that ended, with its page; with a reason it failed."""
    key = f"{page}/{number(day)}-{slot}-ab"
    begun_ns = due_ns + 2 * SECOND
    run = Run(key=key, page=page, digest="ab", session=number(day), slot=slot, due_ns=due_ns, begun_ns=begun_ns)
    assert ledger.claim(run)
    left(ledger.folder_of(key), seconds=seconds, peak_mb=mb, failure={"where": "checks", "kind": "E", "text": why} if why else None)
    assert ledger.end(key, State.FAILED if why else State.DONE, begun_ns + int(seconds * SECOND), why)
    return key


def missed(ledger: Ledger, page: str, day: date, slot: str, due_ns: int, why: str) -> None:
    """Write one down that was missed."""
    key = f"{page}/{number(day)}-{slot}-ab"
    run = Run(key=key, page=page, digest="ab", session=number(day), slot=slot, due_ns=due_ns, state=State.MISSED, attempts=0, why=why)
    assert ledger.claim(run)


def fortnight(data: Path, *, last: date = LAST, n_days: int = 14, every: int = 30) -> Ledger:
    """Three pages over some days: one that is well, one that fails on the last day, one that runs again and again and was missed once."""
    ledger = Ledger(data, is_written=True)
    for back in range(n_days - 1, -1, -1):
        day = last - timedelta(days=back)
        if day.weekday() > 4:
            continue
        close_ns = ns_of(datetime(day.year, day.month, day.day, tzinfo=UTC) + CLOSE)
        why = "checks: AssertionError: 14 % of the minutes of ES were not heard\nmore" if back == 0 else ""
        ran(ledger, "daily_report", day, "close+30m", close_ns, seconds=11.0 + back % 4, mb=310 + 3 * back)
        ran(ledger, "data_quality", day, "close+30m", close_ns, seconds=6.0 + back % 3, why=why, mb=240)
        for n in range(6 * HOUR // (every * MINUTE)):
            due_ns, slot = close_ns - 6 * HOUR + n * every * MINUTE, f"open+{n * every}m"
            if back == 2 and n in (3, 4):
                missed(ledger, "market_analysis", day, slot, due_ns, f"{63 - 30 * (n - 3)} min late, and missed = skip")
            else:
                ran(ledger, "market_analysis", day, slot, due_ns, seconds=3.0 + n % 3, mb=180 + n)
    left(data / "pages" / "truth" / "20261119", seconds=4.5, peak_mb=150.0)
    return ledger


def schedule(places: Path) -> None:
    """Promote two pages; only one of them has run."""
    planned(places, "daily_report", "close+30m")
    planned(places, "weekly_report", "friday close+1h")


def words(html: str) -> str:
    """Give what a person reads of a section."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
