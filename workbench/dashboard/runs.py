"""The page of runs: each section a function from one look, and what a person picked, to HTML. Text only; nothing is started from here."""

from __future__ import annotations

from html import escape
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlencode

from workbench.dashboard import took
from workbench.dashboard.days import DAYS, OWED, WORDS, Calendar, Cell, Trouble, as_date, calendar, number, troubles
from workbench.dashboard.ran import BY_HAND, Ran, Row
from workbench.dashboard.report import address
from workbench.dashboard.words import NOT_KNOWN, at, clock, count, span
from workbench.domain.units import SECOND
from workbench.pipelines.schedule.ledger import State

PATH: Final = "/runs"
MOST_ROWS: Final = 60
MOST_NOTES: Final = 6
MOST_POINTS: Final = 300  # of a page, the newest
LONGEST: Final = 320  # characters of a reason
RUN: Final = "workbench schedule run"
ADVICE: Final = (
    "workbench run daily_report --session DATE",
    "workbench notebook promote NOTEBOOK --schedule close+30m",
    RUN,
)


class Pick(NamedTuple):
    """What a person chose; empty: nothing. It stands behind the ``#`` of the address, so that it can be kept and sent."""

    day: int = 0
    page: str = ""
    run: str = ""

    @classmethod
    def read(cls, text: str) -> Pick:
        """Read what stands behind the ``#``; what cannot be meant is nothing.

        >>> Pick.read("#day=20261119&page=truth"), Pick.read("#day=x")
        (Pick(day=20261119, page='truth', run=''), Pick(day=0, page='', run=''))
        """
        said = {name: values[-1] for name, values in parse_qs(text.removeprefix("#")).items()}
        day = said.get("day", "")
        return cls(int(day) if day.isdecimal() and day.isascii() and len(day) <= 8 else 0, said.get("page", ""), said.get("run", ""))

    @property
    def href(self) -> str:
        """Give the link that picks this; with the page's path, because Panel takes a link that begins with ``#`` for its own.

        >>> Pick(day=20261119, run="p/1+2").href
        '/runs#day=20261119&amp;run=p%2F1%2B2'
        """
        return escape(f"{PATH}#" + urlencode({name: value for name, value in self._asdict().items() if value}))


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
        signs.append(f"<li>next <b>{escape(due.page)}</b> {_day_of(due.due_ns, r.read_ns, zone)}{clock(due.due_ns, zone)}, in {ahead}</li>")
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
    what = f'<a href="{link}"><b>{escape(row.page)}</b></a> {_name(row)}'
    verb = "failed" if row.state is State.FAILED else "was missed"
    times = f" (and {count(n - 1, 'slot')} before it, from {_name(each.first)})" if n > 1 else ""
    css = "bad" if row.state is State.FAILED else "warn"
    return f'<li class="{css}"><span>{what} {verb}: {escape(_short(row.why))}{times}</span></li>'


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
    return [f'<li class="warn"><span>{escape(each.name)} does not run: {escape(_short(each.why))}</span></li>' for each in r.left]


# ---------------------------------------------------------------------- days and pages
def days(r: Ran, pick: Pick, zone: str) -> str:
    """Show each page on each day, in a word."""
    today = number(at(r.read_ns, "America/New_York").date())
    known = calendar(r.rows, r.coming, r.owed, today)
    if not known.pages:
        return '<p class="none">Nothing has run by itself yet: a promoted page does, while a scheduler is at work.</p>'
    ages = {day: len(known.days) - 1 - n for n, day in enumerate(known.days)}
    heads = "".join(
        f'<a class="day {_far(ages[day])}{" today" if day == today else ""}" href="{Pick(day=day).href}"{_current(pick == Pick(day=day))}>'
        f"{as_date(day):%a}<br/>{as_date(day):%-d %b}</a>"
        for day in known.days
    )
    rows = "".join(_row_of(page, known, ages, pick, zone) for page in known.pages)
    n = len(known.days)
    style = f"--n:{n};--n7:{min(7, n)};--n4:{min(4, n)}"
    legend = "a day is the session a run is of; a word with a number counts runs, of several the worst is named"
    return (
        f'<div class="days" style="{style}"><div class="row heads"><span></span>{heads}</div>{rows}</div>'
        f'<p class="faint small legend">{legend}; at most {DAYS} days</p>'
    )


def _row_of(page: str, known: Calendar, ages: dict[int, int], pick: Pick, zone: str) -> str:
    chosen = Pick(page=page)
    name = f'<a class="page" href="{chosen.href}"{_current(pick == chosen)}>{escape(page)}</a>'
    return f'<div class="row">{name}{"".join(_cell(page, day, known, age, pick, zone) for day, age in ages.items())}</div>'


def _cell(page: str, day: int, known: Calendar, age: int, pick: Pick, zone: str) -> str:
    cell, far = known.cells.get((page, day)), _far(age)
    if cell is None:
        return f'<span class="cell none {far}">·</span>'
    if cell.at_ns:
        return f'<span class="cell due {far}" title="{escape(page)}, {as_date(day)}">due {clock(cell.at_ns, zone)}</span>'
    said = ", ".join(f"{n:,} {word}" for word, n in cell.all)
    is_here = _current((pick.day, pick.page) == (day, page))
    return (
        f'<a class="cell {_css(cell)} {far}" href="{Pick(day, page).href}" title="{escape(page)}, {as_date(day)}: {said}"{is_here}>'
        f"{cell.text}{_of(cell)}</a>"
    )


def _of(cell: Cell) -> str:
    return f"<small>of {cell.of:,}</small>" if cell.of > 1 and cell.n < cell.of else ""


def _css(cell: Cell) -> str:
    return "missed" if cell.word == OWED else cell.word


def _far(age: int) -> str:
    return "far" if age >= 7 else "mid" if age >= 4 else "near"


def _current(is_it: bool) -> str:
    return ' aria-current="true"' if is_it else ""


# ---------------------------------------------------------------------- runs
def runs(r: Ran, pick: Pick, zone: str) -> str:
    """List runs of what was picked, the newest first."""
    found = [row for row in r.rows if (not pick.day or _on(row, pick.day, zone)) and (not pick.page or row.page == pick.page)]
    of = " · ".join(filter(None, (escape(pick.page), f"{as_date(pick.day)}" if pick.day and _is_day(pick.day) else "")))
    every = f'{of} <a href="{Pick().href}">show all</a>' if of else "all pages"
    top = f'<p class="soft small picked">{every}: {count(len(found), "run")}{_latest(len(found))}</p>'
    if not found:
        return top + '<p class="none">None.</p>'
    return top + f'<div class="list">{"".join(_run(row, r, pick, zone) for row in found[:MOST_ROWS])}</div>'


def _latest(n: int) -> str:
    return f", the latest {MOST_ROWS} of them" if n > MOST_ROWS else ""


def _run(row: Row, r: Ran, pick: Pick, zone: str) -> str:
    word = WORDS[row.state]
    attempts = f" ({row.attempts} attempts)" if row.attempts > 1 else ""
    used = " · ".join(filter(None, (span(row.seconds) if row.seconds is not None else "", _mb(row.peak_mb))))
    why = f'<span class="reason">{escape(_short(row.why))}</span>' if row.why else ""
    link = pick._replace(run=row.key).href
    return (
        f'<a class="run" href="{link}" data-run="{escape(row.key)}"{_current(row.key == pick.run)}>'
        f'<span class="when">{_day_of(row.due_ns, r.read_ns, zone)}{clock(row.due_ns, zone)}</span>'
        f'<span class="what"><b>{escape(row.page)}</b> {_name(row)}</span><span class="tag {word}">{word}{attempts}</span>'
        f'<span class="used">{used}</span>{why}</a>'
    )


def _on(row: Row, day: int, zone: str) -> bool:
    return row.session == day or (row.is_by_hand and number(at(row.ended_ns, zone).date()) == day)


def _is_day(day: int) -> bool:
    try:
        return bool(as_date(day))
    except ValueError:
        return False


def _name(row: Row) -> str:
    of = f"of {as_date(row.session)}" if row.session and _is_day(row.session) else "" if not row.is_by_hand else _value(row)
    return f"{of}{', ' if of else ''}{escape(row.slot)}"


def _value(row: Row) -> str:
    return f"of {escape(row.key.rpartition('/')[2])}"


def _mb(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} MB"


def _day_of(ns: int, now_ns: int, zone: str) -> str:
    day = at(ns, zone)
    return "" if day.date() == at(now_ns, zone).date() else f"{day:%a %-d %b} "


def _short(text: str) -> str:
    line = text.split("\n")[0]
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


# ---------------------------------------------------------------------- the open report
def report(r: Ran, pick: Pick, zone: str) -> str:
    """Open the page that the picked run left, in a frame that can do nothing."""
    row = next((row for row in r.rows if row.key == pick.run), None)
    if not pick.run:
        return '<p class="none">Choose a run: the page that it left opens here.</p>'
    if row is None:
        return f'<p class="none">There is no run {escape(pick.run)} among those of the last weeks.</p>'
    title = f'<span class="tag {WORDS[row.state]}">{WORDS[row.state]}</span> <b>{escape(row.page)}</b> {_name(row)}'
    if row.state is State.RUNNING:
        return f'<p class="opened">{title}</p><p class="none">It runs since {clock(row.begun_ns, zone)}; its page comes with its end.</p>'
    ended = f"ended {at(row.ended_ns, zone):%Y-%m-%d %H:%M:%S}" if row.ended_ns else ""
    figures = " · ".join(filter(None, (ended, span(row.seconds) if row.seconds is not None else "", _mb(row.peak_mb))))
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


# ---------------------------------------------------------------------- what they used
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
    said = f"last {span(last.seconds)} · {_mb(last.peak_mb) or NOT_KNOWN}"
    return (
        f'<figure><figcaption><b>{escape(name)}</b> <span class="faint small">{said}</span></figcaption>'
        f"{took.seconds(took_s, budget.seconds if budget else None, zone)}"
        f"{took.memory(peaks, budget.memory_mb if budget else None, zone)}</figure>"
    )


def _kind(row: Row) -> str:
    return "failed" if row.state is State.FAILED else "hand" if row.slot == BY_HAND else "ok"


# ---------------------------------------------------------------------- the page as a whole
def foot(r: Ran, pick: Pick, zone: str) -> str:
    """Say where this was read."""
    n = count(len(r.rows), "run")
    return f'<p class="foot faint small">{escape(r.data)}: {n}, read in {r.took_ms:,.0f} ms; times in {escape(zone)}</p>'


def title(r: Ran) -> str:
    """Name the page's tab."""
    bad = troubles(r.rows)
    word, _ = _word(r, bad, sum(row.state is State.RUNNING for row in r.rows))
    return f"{'! ' if bad else ''}{word.lower() if r.rows else 'no runs'} · workbench"


def is_empty(r: Ran) -> bool:
    """Whether there is nothing to show but what to do."""
    return not (r.rows or r.planned or r.left)
