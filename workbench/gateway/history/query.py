"""A request for bars, understood: which sessions, which bars, which words. Pure but for the source it reads; sends nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import NamedTuple

import numpy as np

from workbench.domain.units import SECOND
from workbench.gateway import behaviour as say
from workbench.gateway.contracts import Listed, Missing
from workbench.gateway.contracts.hours import Trading, local, number
from workbench.gateway.history import asked, words
from workbench.gateway.history.asked import Size, Span
from workbench.gateway.history.bars import Bar, merged, of_prints, of_quotes, starts_of
from workbench.gateway.history.series import Ints
from workbench.gateway.history.source import Source
from workbench.wire import HistoricalBar, HistoricalData, HistoricalSchedule, HistoricalSession, HistoricalUpdate, ReqHistoricalData

HOLIDAYS = 20  # days of calendar beyond a span that are looked at for sessions; weekends and holidays beside, for many days


class Query(NamedTuple):
    """What was asked for. `end_ns` is `None` where it is the moment of the answer."""

    req_id: int
    listed: Listed
    size: Size
    span: Span
    end_ns: int | None
    what: str
    is_regular: bool
    format_date: int

    @property
    def shows_trades(self) -> bool:
        """Whether bars are made of trades."""
        return self.what in ("TRADES", "ADJUSTED_LAST")


class Dated(NamedTuple):
    """A bar, and the last session in it."""

    bar: Bar
    one: Trading


def understood(request: ReqHistoricalData, listed: Listed) -> Query | Missing:
    """Check a request as the broker does, in its order."""
    end_ns = asked.instant(request.end, listed.zone) if request.end.strip() else None
    if request.end.strip() and end_ns is None:
        return Missing(*say.END_INVALID)
    span = asked.span_of(request.duration)
    if isinstance(span, Missing):
        return span
    size = asked.size_of(request.bar_size)
    if isinstance(size, Missing):
        return size
    if (refused := _refused(request, listed, size, span)) is not None:
        return refused
    return Query(request.req_id, listed, size, span, end_ns, request.what.upper(), request.use_rth, request.format_date)


def _refused(request: ReqHistoricalData, listed: Listed, size: Size, span: Span) -> Missing | None:
    what = request.what.upper()
    has_end = bool(request.end.strip())
    if has_end and listed.sec_type == "CONTFUT":
        return Missing(10339, say.text_of(10339))
    if what == "ADJUSTED_LAST" and has_end:
        return asked.invalid(say.NO_END_ADJUSTED)
    if (refused := asked.what_refused(what)) is not None:
        return refused
    if request.format_date not in (1, 2, 3):
        return asked.invalid(say.NO_FORMAT.format(n=request.format_date))
    if request.keep_up_to_date and has_end:
        return asked.invalid(say.NO_END_LIVE)
    if request.keep_up_to_date and what not in asked.LIVE:
        return asked.invalid(say.NO_LIVE)
    if what == "SCHEDULE" and size.text != "1 day":
        return asked.invalid(say.SCHEDULE_DAILY)
    return asked.hmds(say.TOO_LONG) if asked.too_long(size, span) else None


def answered(query: Query, source: Source, version: int) -> HistoricalData | HistoricalSchedule | Missing:
    """Answer a query as of now."""
    end_ns = min(query.end_ns if query.end_ns is not None else source.now_ns, source.now_ns)
    zone = query.listed.zone
    if query.what == "SCHEDULE":
        return _schedule(query, source, end_ns)
    found = list(bars_of(query, source, end_ns))
    if not found:
        return asked.no_data(query.listed, query.what)
    if len(found) > say.MOST_BARS:
        return asked.hmds(say.TOO_LONG)
    shown_end = query.end_ns if query.end_ns is not None else source.now_ns
    start = query.span.before(local(shown_end, zone).replace(tzinfo=None))
    return HistoricalData(
        query.req_id,
        words.clock(start, zone, version),
        words.clock(local(shown_end, zone), zone, version),
        tuple(written(each, query, source, version) for each in found),
    )


def bars_of(query: Query, source: Source, end_ns: int) -> Iterator[Dated]:
    """Give the bars of a query up to `end_ns`."""
    if query.what in asked.NEVER or (query.shows_trades and query.listed.sec_type == "CASH") or query.listed.sec_type in say.PRICELESS:
        return
    oldest = source.now_ns - say.SMALL_BARS_KEPT_DAYS * 86_400 * SECOND
    sessions = chosen(query, source, end_ns)
    if not query.size.is_daily:
        for one, start_ns in sessions:
            if query.size.seconds > say.SMALL_BAR_S or start_ns >= oldest:
                yield from (Dated(bar, one) for bar in of_session(query, source, one, start_ns, end_ns))
        return
    daily = [Dated(bar, one) for one, start_ns in sessions if (bar := _of_day(query, source, one, start_ns, end_ns)) is not None]
    for _, group in groupby(daily, key=lambda each: _period(each.one, query.size.sessions)):
        parts = list(group)
        named = parts[-1].one if say.ENDED_WEEK_DATE else parts[0].one
        yield Dated(merged([each.bar for each in parts], parts[0].bar.start_ns), named)


def _of_day(query: Query, source: Source, one: Trading, start_ns: int, end_ns: int) -> Bar | None:
    """Give the bar of one session, kept once the session is over: years of them are asked for again and again."""
    key = (query.listed.con_id, query.listed.sec_type, one.session, query.is_regular, query.what)
    is_whole = source.is_over(one) and end_ns >= one.close_ns and start_ns <= one.open_ns
    if is_whole and key in source.days:
        return source.days[key]
    bars = of_session(query, source, one, start_ns, end_ns)
    if bars and is_whole:
        source.days[key] = bars[0]
    return bars[0] if bars else None


def of_session(query: Query, source: Source, one: Trading, start_ns: int, end_ns: int) -> list[Bar]:
    """Give the bars of one session from `start_ns` (or the start of its part) up to `end_ns`; one bar if the size counts sessions."""
    first_ns, last_ns = part_of(one, query.is_regular)
    begin, end = max(first_ns, start_ns), min(last_ns, end_ns)
    if begin > first_ns and not query.size.is_daily:  # a bar is told whole or not at all
        begin = int(starts_of(np.array([begin]), first_ns, query.size.seconds, query.listed.zone)[0])
    if begin >= end:
        return []
    if query.shows_trades:
        prints = source.prints(query.listed, one, begin, end)
        return of_prints(prints, _starts(query, prints.ns, first_ns))
    quotes = source.quotes(query.listed, one, begin, end)
    return of_quotes(quotes, _starts(query, quotes.ns, first_ns), query.what)


def _starts(query: Query, ns: Ints, first_ns: int) -> Ints:
    return np.full_like(ns, first_ns) if query.size.is_daily else starts_of(ns, first_ns, query.size.seconds, query.listed.zone)


def chosen(query: Query, source: Source, end_ns: int) -> list[tuple[Trading, int]]:
    """Choose the sessions of a query, rising, each with the instant from which on it counts.

    Days count sessions, seconds count open time back from the end; weeks, months and years go back on the calendar.
    """
    end = local(end_ns, query.listed.zone)
    if query.span.unit in "DS":  # of what has ended, its last sessions
        last = source.life(query.listed)[1]
        end = min(end, end.replace(year=last.year, month=last.month, day=last.day) + timedelta(days=1))
    start = query.span.before(end.replace(tzinfo=None))
    more = HOLIDAYS + (query.span.n // 2 if query.span.unit == "D" else 0)
    known = source.sessions(query.listed, start.date() - timedelta(days=more), end.date() + timedelta(days=4))
    before = [each for each in known if part_of(each, query.is_regular)[0] < end_ns]
    if query.span.unit == "D":
        return [(each, each.open_ns) for each in before[-query.span.n :]]
    if query.span.unit != "S":
        return [(each, each.open_ns) for each in before if each.day > start.date()]
    return _of_seconds(before, query, end_ns)


def _of_seconds(before: Sequence[Trading], query: Query, end_ns: int) -> list[tuple[Trading, int]]:
    left = query.span.n * SECOND
    found: list[tuple[Trading, int]] = []
    for one in reversed(before):
        first, last = part_of(one, query.is_regular)
        last = min(last, end_ns)
        begin = max(first, last - left)
        found.append((one, begin))
        left -= last - begin
        if left <= 0:
            break
    return found[::-1]


def part_of(one: Trading, is_regular: bool) -> tuple[int, int]:
    """Give the part of a session that is meant."""
    return one.regular if is_regular else (one.open_ns, one.close_ns)


def written(dated: Dated, query: Query, source: Source, version: int) -> HistoricalBar:
    """Write a bar."""
    bar = dated.bar
    quantum = source.quantum(query.listed)
    num, den = quantum.numerator, quantum.denominator
    wap = -1.0 if bar.wap is None else round(bar.wap * num / den, 6)
    first, high, low, close = (each * num / den for each in (bar.open, bar.high, bar.low, bar.close))
    return HistoricalBar(date_of(dated, query, version), first, high, low, close, bar.volume, wap, bar.n_prints)


def date_of(dated: Dated, query: Query, version: int) -> str:
    """Write a bar's date; a day is a day, in either form."""
    if query.size.is_daily:
        return words.day(dated.one)
    return words.bar_date(dated.bar.start_ns, query.listed.zone, query.format_date, version)


def update_of(req_id: int, bar: HistoricalBar) -> HistoricalUpdate:
    """Write a bar as an update: the same, in the protocol's odd order."""
    return HistoricalUpdate(req_id, bar.count, bar.date, bar.open, bar.close, bar.high, bar.low, bar.wap, bar.volume)


def _schedule(query: Query, source: Source, end_ns: int) -> HistoricalSchedule | Missing:
    zone = query.listed.zone
    sessions = [one for one, _ in chosen(query, source, end_ns)]
    if not sessions:
        return asked.no_data(query.listed, query.what)
    rows = [(*(words.dashed(each, zone) for each in part_of(one, query.is_regular)), str(number(one.day))) for one in sessions]
    return HistoricalSchedule(query.req_id, rows[0][0], rows[-1][1], zone, tuple(HistoricalSession(*row) for row in rows))


def _period(one: Trading, unit: str) -> tuple[int, ...]:
    if unit == "W":
        return one.day.isocalendar()[:2]
    return (one.day.year, one.day.month) if unit == "M" else (one.session,)
