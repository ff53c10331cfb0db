"""What ran on which day, and run by run: what a person picks from. Each section a function to HTML. Text only."""

from __future__ import annotations

from html import escape
from typing import Final

from workbench.dashboard.days import DAYS, OWED, WORDS, Calendar, Cell, as_date, calendar, number
from workbench.dashboard.pick import Pick, current
from workbench.dashboard.ran import Ran, Row
from workbench.dashboard.rows import day_of, is_day, mb, name_of, short
from workbench.dashboard.words import at, clock, count, span

MOST_ROWS: Final = 60


def days(r: Ran, pick: Pick, zone: str) -> str:
    """Show each page on each day, in a word."""
    today = number(at(r.read_ns, "America/New_York").date())
    known = calendar(r.rows, r.coming, r.owed, today)
    if not known.pages:
        return '<p class="none">Nothing has run by itself yet: a promoted page does, while a scheduler is at work.</p>'
    ages = {day: len(known.days) - 1 - n for n, day in enumerate(known.days)}
    heads = "".join(
        f'<a class="day {_far(ages[day])}{" today" if day == today else ""}" href="{Pick(day=day).href}"{current(pick == Pick(day=day))}>'
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
    name = f'<a class="page" href="{chosen.href}"{current(pick == chosen)}>{escape(page)}</a>'
    return f'<div class="row">{name}{"".join(_cell(page, day, known, age, pick, zone) for day, age in ages.items())}</div>'


def _cell(page: str, day: int, known: Calendar, age: int, pick: Pick, zone: str) -> str:
    cell, far = known.cells.get((page, day)), _far(age)
    if cell is None:
        return f'<span class="cell none {far}">·</span>'
    if cell.at_ns:
        return f'<span class="cell due {far}" title="{escape(page)}, {as_date(day)}">due {clock(cell.at_ns, zone)}</span>'
    said = ", ".join(f"{n:,} {word}" for word, n in cell.all)
    is_here = current((pick.day, pick.page) == (day, page))
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


def runs(r: Ran, pick: Pick, zone: str) -> str:
    """List runs of what was picked, the newest first."""
    found = [row for row in r.rows if (not pick.day or _on(row, pick.day, zone)) and (not pick.page or row.page == pick.page)]
    of = " · ".join(filter(None, (escape(pick.page), f"{as_date(pick.day)}" if pick.day and is_day(pick.day) else "")))
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
    used = " · ".join(filter(None, (span(row.seconds) if row.seconds is not None else "", mb(row.peak_mb))))
    why = f'<span class="reason">{escape(short(row.why))}</span>' if row.why else ""
    link = pick._replace(run=row.key).href
    return (
        f'<a class="run" href="{link}" data-run="{escape(row.key)}"{current(row.key == pick.run)}>'
        f'<span class="when">{day_of(row.due_ns, r.read_ns, zone)}{clock(row.due_ns, zone)}</span>'
        f'<span class="what"><b>{escape(row.page)}</b> {name_of(row)}</span><span class="tag {word}">{word}{attempts}</span>'
        f'<span class="used">{used}</span>{why}</a>'
    )


def _on(row: Row, day: int, zone: str) -> bool:
    return row.session == day or (row.is_by_hand and number(at(row.ended_ns, zone).date()) == day)
