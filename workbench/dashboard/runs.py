"""The page of runs as a whole: whether all ran, what did not and why, what comes next. Text only; nothing is started from here."""

from __future__ import annotations

from html import escape
from typing import Final

from workbench.dashboard.days import Trouble, as_date, troubles
from workbench.dashboard.pick import Pick
from workbench.dashboard.ran import Ran
from workbench.dashboard.rows import day_of, name_of, short
from workbench.dashboard.words import at, clock, count, span
from workbench.domain.units import SECOND
from workbench.pipelines.schedule.ledger import State

MOST_NOTES: Final = 6
RUN: Final = "workbench schedule run"
ADVICE: Final = (
    "workbench run daily_report --session DATE",
    "workbench notebook promote NOTEBOOK --schedule close+30m",
    RUN,
)


def head(r: Ran, pick: Pick, zone: str) -> str:
    """Say where these runs are, and what time it is."""
    when = at(r.read_ns, zone)
    return (
        f'<div class="mast"><span class="mark">workbench</span><span class="pill">runs</span><span class="soft">{escape(r.data)}</span>'
        f'<span class="now" title="{when:%Y-%m-%d}">{when:%H:%M:%S}</span></div>'
    )


def state(r: Ran, pick: Pick, zone: str) -> str:
    """Say whether all ran, what did not and why, and what comes next."""
    if is_empty(r):
        return _advice(r)
    bad = troubles(r.rows)
    n_running = sum(row.state is State.RUNNING for row in r.rows)
    word, css = _word(r, bad, n_running)
    signs = [f"<li>scheduler <b>{'at work' if r.is_scheduled else 'not at work here'}</b></li>"] if r.is_scheduled is not None else []
    signs += [f"<li>running <b>{n_running}</b></li>"] if n_running else []
    if r.coming:
        due = r.coming[0]
        ahead = span((due.due_ns - r.read_ns) / SECOND)
        signs.append(f"<li>next <b>{escape(due.page)}</b> {day_of(due.due_ns, r.read_ns, zone)}{clock(due.due_ns, zone)}, in {ahead}</li>")
    notes = [*_unread(r), *(_note(each, zone) for each in bad[:MOST_NOTES]), *_not_at_work(r), *_left(r)]
    more = f'<p class="soft small">and {len(bad) - MOST_NOTES} more</p>' if len(bad) > MOST_NOTES else ""
    told = f'<ul class="notes">{"".join(notes)}</ul>{more}' if notes else ""
    return (
        f'<div class="state {css}"><span class="word"><span class="dot"></span>{word}</span>'
        f'<ul class="signs">{"".join(signs)}</ul></div>{told}'
    )


def _word(r: Ran, bad: list[Trouble], n_running: int) -> tuple[str, str]:
    n_failed = sum(each.last.state is State.FAILED for each in bad)
    if n_failed:
        return f"{count(n_failed, 'page')} failed", "halted"
    if bad:
        return f"{count(len(bad), 'page')} missed", "reducing"
    if r.owed and (not n_running or r.is_scheduled is False):
        return "Late", "reducing"
    return ("Running" if n_running else "All ran" if r.rows else "Waiting"), "active"


def _advice(r: Ran) -> str:
    if r.trouble:
        return f'<ul class="notes">{"".join(_unread(r))}</ul>'
    lines = "".join(f"<code>{line}</code>" for line in ADVICE)
    return (
        f'<div class="advice"><h3>No page has run here yet</h3><p>The folder <b>{escape(r.data)}</b> holds no run of a page. Run one by '
        f"hand; or promote one, say when it is due, and start the scheduler:</p>{lines}</div>"
    )


def _unread(r: Ran) -> list[str]:
    return [f'<li class="bad"><span>It cannot be read what ran: {escape(r.trouble)}</span></li>'] if r.trouble else []


def _note(each: Trouble, zone: str) -> str:
    row, n = each.last, each.n
    link = Pick(row.session, row.page, row.key).href
    what = f'<a href="{link}"><b>{escape(row.page)}</b></a> {name_of(row)}'
    verb = "failed" if row.state is State.FAILED else "was missed"
    times = f" (and {count(n - 1, 'slot')} before it, from {name_of(each.first)})" if n > 1 else ""
    css = "bad" if row.state is State.FAILED else "warn"
    return f'<li class="{css}"><span>{what} {verb}: {escape(short(row.why))}{times}</span></li>'


def _not_at_work(r: Ran) -> list[str]:
    late = r.owed
    if late:
        due, by = late[0], span((r.read_ns - late[0].due_ns) / SECOND)
        more = f", and {count(len(late) - 1, 'slot')} more" if len(late) > 1 else ""
        first = f"{escape(due.page)} of {as_date(due.session)}, {escape(due.slot)} is {by} late and not begun{more}"
        is_busy = r.is_scheduled is not False and any(row.state is State.RUNNING for row in r.rows)
        hint = ": it waits for its turn" if is_busy else "" if r.is_scheduled else f"; is a scheduler at work? <b>{RUN}</b>"
        return [f'<li class="warn"><span>{first}{hint}</span></li>']
    if r.planned and r.is_scheduled is False:
        n = count(len(r.planned), "page")
        return [f'<li class="warn"><span>{n} on the schedule, and no scheduler is at work here: <b>{RUN}</b></span></li>']
    return []


def _left(r: Ran) -> list[str]:
    return [f'<li class="warn"><span>{escape(each.name)} does not run: {escape(short(each.why))}</span></li>' for each in r.left]


def foot(r: Ran, pick: Pick, zone: str) -> str:
    """Say where this was read."""
    n = count(len(r.rows), "run")
    return f'<p class="foot faint small">{escape(r.data)}: {n}, read in {r.took_ms:,.0f} ms; times in {escape(zone)}</p>'


def title(r: Ran) -> str:
    """Name the page's tab."""
    if r.trouble:
        return "! cannot be read · workbench"
    bad = troubles(r.rows)
    word, _ = _word(r, bad, sum(row.state is State.RUNNING for row in r.rows))
    return f"{'! ' if bad else ''}{word.lower() if r.rows else 'no runs'} · workbench"


def is_empty(r: Ran) -> bool:
    """Whether there is nothing to show but what to do."""
    return not (r.rows or r.planned or r.left)
