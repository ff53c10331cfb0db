"""Historical ticks, volume by price, and the first instant of which there is anything. Reads the source; sends nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, NamedTuple

import numpy as np

from workbench.domain.units import SECOND
from workbench.gateway import behaviour as say
from workbench.gateway.contracts import Listed, Missing
from workbench.gateway.contracts.hours import Trading, local
from workbench.gateway.history import asked, words
from workbench.gateway.history.query import part_of
from workbench.gateway.history.series import Ints, Prints, Quotes, joined_prints, joined_quotes
from workbench.gateway.history.source import Source
from workbench.wire import (
    HeadTimestamp,
    Histogram,
    HistogramEntry,
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    HistoricalTicksMid,
    ReqHeadTimestamp,
    ReqHistogramData,
    ReqHistoricalTicks,
)

FAR_DAYS: Final = 21  # of calendar that a request for ticks looks through
KINDS: Final = ("TRADES", "BID_ASK", "MIDPOINT")
_PERIOD: Final = re.compile(r"(\d{1,4}) (second|minute|hour|day|week|month|year)s?", re.ASCII)
_DAYS: Final = {"second": 1, "minute": 1, "hour": 1, "day": 1, "week": 7, "month": 30, "year": 365}


class Wanted(NamedTuple):
    """Which ticks: from a start on, or up to an end."""

    start_ns: int | None
    end_ns: int
    n: int


def wanted(request: ReqHistoricalTicks, listed: Listed, now_ns: int) -> Wanted | Missing:
    """Check a request for ticks."""
    start, end = (asked.instant(each, listed.zone) if each.strip() else None for each in (request.start, request.end))
    if (request.start.strip() and start is None) or (request.end.strip() and end is None):
        return Missing(*say.END_INVALID)
    if (start is None) == (end is None):
        return asked.invalid(say.TICKS_BOTH)
    if not 1 <= request.n_ticks <= say.TICKS_A_REQUEST:
        return asked.invalid(say.TICKS_NUMBER)
    if request.what.upper() not in KINDS:
        return asked.invalid(say.NO_WHAT)
    return Wanted(start, now_ns if end is None else min(end, now_ns), request.n_ticks)


def ticks_of(
    request: ReqHistoricalTicks, listed: Listed, want: Wanted, source: Source
) -> HistoricalTicksLast | HistoricalTicksBidAsk | HistoricalTicksMid:
    """Give the ticks a request asks for; more than asked for where the last second holds more, so that no second is cut in two."""
    what = request.what.upper()
    if listed.sec_type in say.PRICELESS:
        return HistoricalTicksLast(request.req_id)
    quantum = source.quantum(listed)
    num, den = quantum.numerator, quantum.denominator
    if what == "TRADES":
        prints = _prints(request, listed, want, source)
        place = listed.exchange if listed.exchange != "SMART" else listed.primary
        rows = zip((prints.ns // SECOND).tolist(), prints.px.tolist(), prints.sz.tolist(), strict=True)
        return HistoricalTicksLast(request.req_id, tuple(HistoricalTickLast(at, 0, px * num / den, sz, place) for at, px, sz in rows))
    quotes = _quotes(request, listed, want, source)
    columns = zip(*(each.tolist() for each in (quotes.ns // SECOND, quotes.bid, quotes.ask, quotes.bid_sz, quotes.ask_sz)), strict=True)
    if what == "BID_ASK":
        both = tuple(HistoricalTickBidAsk(at, 0, bid * num / den, ask * num / den, *sizes) for at, bid, ask, *sizes in columns)
        return HistoricalTicksBidAsk(request.req_id, both)
    return HistoricalTicksMid(
        request.req_id, tuple(HistoricalTick(at, 0, (bid + ask) * num / den / 2, 0) for at, bid, ask, _, _ in columns)
    )


def head_of(request: ReqHeadTimestamp, listed: Listed, source: Source) -> HeadTimestamp | Missing:
    """Give the first instant of which there are prices."""
    first, _ = source.life(listed)
    sessions = source.sessions(listed, first, first + timedelta(days=FAR_DAYS))
    is_nothing = listed.sec_type in say.PRICELESS or (listed.sec_type == "CASH" and request.what.upper() == "TRADES")
    if (refused := asked.what_refused(request.what.upper())) is not None:
        return refused
    if not sessions or is_nothing or request.what.upper() in asked.NEVER:
        return asked.hmds(say.NO_HEAD)
    return HeadTimestamp(request.req_id, words.head_date(part_of(sessions[0], request.use_rth)[0], request.format_date))


def histogram_of(request: ReqHistogramData, listed: Listed, source: Source) -> Histogram | Missing:
    """Give the volume at each price over a span."""
    found = _PERIOD.fullmatch(request.span.strip())
    if found is None:
        return asked.invalid(say.DURATION_INVALID)
    today = local(source.now_ns, listed.zone).date()
    days = int(found[1]) * _DAYS[found[2]]
    sessions = source.sessions(listed, today - timedelta(days=days + 4), today + timedelta(days=4))
    parts = [source.prints(listed, one, *part_of(one, request.use_rth)) for one in sessions if one.day > today - timedelta(days=days)]
    prints = joined_prints(parts)
    quantum = source.quantum(listed)
    px, at = np.unique(prints.px, return_inverse=True)
    volume = np.zeros(len(px), np.int64)
    np.add.at(volume, at, prints.sz)
    rows = zip(px.tolist(), volume.tolist(), strict=True)
    return Histogram(request.req_id, tuple(HistogramEntry(each * quantum.numerator / quantum.denominator, n) for each, n in rows))


def _prints(request: ReqHistoricalTicks, listed: Listed, want: Wanted, source: Source) -> Prints:
    parts: list[Prints] = []
    for one, start_ns, end_ns in _stretches(request, listed, want, source):
        parts.append(source.prints(listed, one, start_ns, end_ns))
        if sum(len(each.ns) for each in parts) >= want.n:
            break
    all_of = joined_prints(parts if want.start_ns is not None else parts[::-1])
    return Prints(*(each[_whole_seconds(all_of.ns, want)] for each in all_of))


def _quotes(request: ReqHistoricalTicks, listed: Listed, want: Wanted, source: Source) -> Quotes:
    parts: list[Quotes] = []
    for one, start_ns, end_ns in _stretches(request, listed, want, source):
        parts.append(source.quotes(listed, one, start_ns, end_ns))
        if sum(len(each.ns) for each in parts) >= want.n:
            break
    all_of = joined_quotes(parts if want.start_ns is not None else parts[::-1])
    return Quotes(*(each[_whole_seconds(all_of.ns, want)] for each in all_of))


def _stretches(request: ReqHistoricalTicks, listed: Listed, want: Wanted, source: Source) -> Iterator[tuple[Trading, int, int]]:
    """Give parts of sessions: rising from the start on, or falling from the end back."""
    at = want.end_ns if want.start_ns is None else want.start_ns
    day = local(at, listed.zone).date()
    far = timedelta(days=FAR_DAYS)
    first, last = (day - far, day + timedelta(days=4)) if want.start_ns is None else (day, day + far)
    sessions = source.sessions(listed, first, last)
    for one in sessions if want.start_ns is not None else reversed(sessions):
        begin, end = part_of(one, request.use_rth)
        begin, end = max(begin, want.start_ns or begin), min(end, want.end_ns)
        if begin < end:
            yield one, begin, end


def _whole_seconds(ns: Ints, want: Wanted) -> slice:
    if len(ns) <= want.n:
        return slice(None)
    seconds = ns // SECOND
    if want.start_ns is not None:
        return slice(0, int(np.searchsorted(seconds, seconds[want.n - 1], side="right")))
    return slice(int(np.searchsorted(seconds, seconds[-want.n], side="left")), None)
