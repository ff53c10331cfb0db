"""What a person is told of a schedule: which page failed, was missed, or does not run. Values in, notices out; hands nothing over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from workbench.pipelines.schedule.ledger import Run
from workbench.pipelines.schedule.planned import Left
from workbench.runtime.notify.notice import About, Notice, Severity

LOUD: Final = Severity.WARNING  # nothing trades on a page: it halts nothing


def of_failed(run: Run, why: str, folder: Path, channels: tuple[str, ...], now_ns: int) -> Notice:
    """Tell of a run that failed for good: which, why, and where what it left lies."""
    text = f"{run.page} failed: of {run.session}, {run.slot}: {why}\n{folder}"
    return Notice(about=About.PAGE, severity=LOUD, key=f"run:{run.key}", text=text, at_ns=now_ns, channels=channels)


def of_missed(runs: Sequence[Run], channels: tuple[str, ...], now_ns: int) -> Notice:
    """Tell in one word what one look found missed, be it a fortnight of every five minutes.

    >>> slots = [Run(key=f"p/20261120-open+{n}m-ab", page="p", digest="ab", session=20261120, slot=f"open+{n}m", due_ns=n, why="late")
    ...          for n in (5, 10)]
    >>> print(of_missed(slots, (), 0).text)
    p was missed: of 20261120, open+5m, to 20261120, open+10m, 2 slots: late
    """
    first, last = runs[0], runs[-1]
    span = f"{first.session}, {first.slot}" + (f", to {last.session}, {last.slot}, {len(runs)} slots" if len(runs) > 1 else "")
    text = f"{first.page} was missed: of {span}: {last.why}"
    return Notice(about=About.PAGE, severity=LOUD, key=f"missed:{first.key}", text=text, at_ns=now_ns, channels=channels)


def of_left(left: Left, now_ns: int) -> Notice:
    """Tell of a page that was promoted and does not run."""
    text = f"{left.name} does not run: {left.why}"
    return Notice(about=About.PAGE, severity=LOUD, key=f"left:{left.name}:{now_ns}", text=text, at_ns=now_ns)
