"""What a picked run left, in a frame that can do nothing; and what runs took beside what they may. Each section a function to HTML."""

from __future__ import annotations

from html import escape
from typing import Final

from workbench.dashboard import took
from workbench.dashboard.days import WORDS
from workbench.dashboard.pick import Pick
from workbench.dashboard.ran import BY_HAND, Ran, Row
from workbench.dashboard.report import address
from workbench.dashboard.rows import mb, name_of
from workbench.dashboard.words import NOT_KNOWN, at, clock, span
from workbench.pipelines.schedule.ledger import State

MOST_POINTS: Final = 300  # of a page, the newest


def report(r: Ran, pick: Pick, zone: str) -> str:
    """Open the page that the picked run left, in a frame that can do nothing."""
    row = next((row for row in r.rows if row.key == pick.run), None)
    if not pick.run:
        return '<p class="none">Choose a run: the page that it left opens here.</p>'
    if row is None:
        return f'<p class="none">There is no run {escape(pick.run)} among those of the last weeks.</p>'
    title = f'<span class="tag {WORDS[row.state]}">{WORDS[row.state]}</span> <b>{escape(row.page)}</b> {name_of(row)}'
    if row.state is State.RUNNING:
        return f'<p class="opened">{title}</p><p class="none">It runs since {clock(row.begun_ns, zone)}; its page comes with its end.</p>'
    ended = f"ended {at(row.ended_ns, zone):%Y-%m-%d %H:%M:%S}" if row.ended_ns else ""
    figures = " · ".join(filter(None, (ended, span(row.seconds) if row.seconds is not None else "", mb(row.peak_mb))))
    why = f'<p class="reason">{escape(row.why)}</p>' if row.why else ""
    if not row.has_page:
        left = "It did not run, so there is no page." if row.state is State.MISSED else "It left no page."
        return f'<p class="opened">{title} <span class="soft">{figures}</span></p>{why}<p class="none">{left}</p>'
    there = escape(f"{address(row.key)}&at={row.ended_ns}")
    return (
        f'<p class="opened">{title} <span class="soft">{figures}</span>'
        f'<a class="own" href="{there}" target="_blank" rel="noopener noreferrer">open in a tab of its own</a></p>{why}'
        f'<iframe class="report" sandbox="" referrerpolicy="no-referrer" title="page of the run" src="{there}"></iframe>'
    )


def used(r: Ran, pick: Pick, zone: str) -> str:
    """Draw durations and memory of each page, with what it may use."""
    names = [pick.page] if any(row.page == pick.page for row in r.rows) else sorted({row.page for row in r.rows})
    figures = "".join(_figure(name, r, zone) for name in names)
    if not figures:
        return '<p class="none">Drawn from the first run on.</p>'
    key = (
        '<p class="faint small legend"><span class="key ok"></span>by itself <span class="key hand"></span>by hand '
        '<span class="key failed"></span>failed <span class="key budget"></span>what it may use (pipeline.toml); scales of ratios</p>'
    )
    return f'<div class="charts">{figures}</div>{key}'


def _figure(name: str, r: Ran, zone: str) -> str:
    rows = [row for row in r.rows if row.page == name and row.state in (State.DONE, State.FAILED)][:MOST_POINTS]
    if not rows:
        return ""
    budget, last = r.budgets.get(name), rows[0]
    took_s = [took.Point(row.due_ns, row.seconds, _kind(row)) for row in rows if row.seconds is not None]
    peaks = [took.Point(row.due_ns, row.peak_mb, _kind(row)) for row in rows if row.peak_mb is not None]
    said = f"last {span(last.seconds)} · {mb(last.peak_mb) or NOT_KNOWN}"
    return (
        f'<figure><figcaption><b>{escape(name)}</b> <span class="faint small">{said}</span></figcaption>'
        f"{took.seconds(took_s, budget.seconds if budget else None, zone)}"
        f"{took.memory(peaks, budget.memory_mb if budget else None, zone)}</figure>"
    )


def _kind(row: Row) -> str:
    return "failed" if row.state is State.FAILED else "hand" if row.slot == BY_HAND else "ok"
