"""Answers requests for the past, after the time a data farm takes; keeps bars up to date that are to be kept so. Makes no price."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import ClassVar

import msgspec

from workbench.domain.records import Records
from workbench.domain.units import MS, SECOND
from workbench.gateway import behaviour as say
from workbench.gateway.base import Client, World
from workbench.gateway.contracts import Listed, Missing
from workbench.gateway.history import asked
from workbench.gateway.history.pacing import Pacing
from workbench.gateway.history.query import Query, answered, bars_of, understood, update_of, written
from workbench.gateway.history.source import Source
from workbench.gateway.history.ticks import head_of, histogram_of, ticks_of, wanted
from workbench.wire import (
    Answer,
    CancelHeadTimestamp,
    CancelHistogramData,
    CancelHistoricalData,
    ContractFields,
    HistoricalBar,
    HistoricalData,
    ReqHeadTimestamp,
    ReqHistogramData,
    ReqHistoricalData,
    ReqHistoricalTicks,
    Request,
)

Make = Callable[[], Answer | Missing]


class _Waiting(msgspec.Struct):
    """An answer under way."""

    due_ns: int
    client: Client
    req_id: int
    make: Make
    query: Query | None = None  # of bars that are kept up to date


class _Live(msgspec.Struct):
    """Bars that are kept up to date: the last one that was sent, and when to look again."""

    client: Client
    query: Query
    due_ns: int
    last_ns: int
    sent: HistoricalBar | None


class HistoryService:
    """Bars, ticks, first times, schedules and histograms, paced as an account is."""

    requests: ClassVar[tuple[type[Request], ...]] = (
        ReqHistoricalData,
        CancelHistoricalData,
        ReqHistoricalTicks,
        ReqHeadTimestamp,
        CancelHeadTimestamp,
        ReqHistogramData,
        CancelHistogramData,
    )

    def __init__(self, world: World) -> None:
        self._world = world
        self._source = Source(world)
        self._pacing = Pacing()
        self._waiting: list[_Waiting] = []
        self._live: list[_Live] = []

    def answer(self, client: Client, request: Request) -> None:
        match request:
            case ReqHistoricalData():
                self._bars(client, request)
            case ReqHistoricalTicks():
                self._ticks(client, request)
            case ReqHeadTimestamp():
                self._plain(client, request, partial(head_of, request))
            case ReqHistogramData():
                self._plain(client, request, partial(histogram_of, request))
            case CancelHistoricalData():
                self._cancel(client, request.req_id)
            case CancelHeadTimestamp() | CancelHistogramData():
                self._drop(client, request.req_id)

    def records(self, records: Records, start: int, stop: int) -> None:
        """Nothing to do: the source reads the tape up to the clock when it is asked."""

    def advance(self, now_ns: int) -> None:
        due = [each for each in self._waiting if each.due_ns <= now_ns]
        self._waiting = [each for each in self._waiting if each.due_ns > now_ns]
        for each in due:
            self._deliver(each, now_ns)
        for live in self._live:
            if live.due_ns <= now_ns:
                self._update(live)
                live.due_ns = now_ns + say.UPDATE_S * SECOND

    def next_due_ns(self) -> int | None:
        return min([each.due_ns for each in self._waiting] + [each.due_ns for each in self._live], default=None)

    def left(self, client: Client) -> None:
        self._waiting = [each for each in self._waiting if each.client is not client]
        self._live = [each for each in self._live if each.client is not client]

    def _bars(self, client: Client, request: ReqHistoricalData) -> None:
        req_id = request.req_id
        if self._holds(client, req_id):
            client.error(req_id, 322, say.text_of(322, what=say.HISTORY_LETTERS, why=say.DUPLICATE_HISTORY))
            return
        if len(self._waiting) + len(self._live) >= say.MOST_HISTORY_N:
            client.error(req_id, 322, say.text_of(322, what=say.HISTORY_LETTERS, why=say.MOST_HISTORY))
            return
        listed = self._listed(client, req_id, request.contract)
        if listed is None:
            return
        if client.version >= say.DETAILS_TIME_SINCE and asked.lacks_zone(request.end):
            client.error(req_id, 2174, say.text_of(2174))
        query = understood(request, listed)
        if isinstance(query, Missing):
            client.error(req_id, query.code, query.text)
            return
        delay_ms = say.HISTORY_DELAY_MS
        if not 0 < query.size.seconds <= say.PACED_UP_TO_S:
            delay_ms += say.SOFT_DELAY_MS * self._pacing.slows(self._world.now_ns)
        elif not self._admits(listed, query.what, query._replace(req_id=0)):
            self._violation(client, req_id)
            return
        live = query if request.keep_up_to_date else None
        self._later(client, req_id, lambda: answered(query, self._source, client.version), live, delay_ms=delay_ms)

    def _plain(
        self, client: Client, request: ReqHeadTimestamp | ReqHistogramData, make: Callable[[Listed, Source], Answer | Missing]
    ) -> None:
        listed = self._listed(client, request.req_id, request.contract)
        if listed is not None:
            self._later(client, request.req_id, lambda: make(listed, self._source))

    def _ticks(self, client: Client, request: ReqHistoricalTicks) -> None:
        listed = self._listed(client, request.req_id, request.contract)
        if listed is None:
            return
        if request.end.strip() and listed.sec_type == "CONTFUT":
            client.error(request.req_id, 10339, say.text_of(10339))
            return
        want = wanted(request, listed, self._world.now_ns)
        if isinstance(want, Missing):
            client.error(request.req_id, want.code, want.text)
            return
        same = (listed.con_id, request.start, request.end, request.n_ticks, request.what, request.use_rth)
        if not self._admits(listed, f"{request.what.upper()} ticks", same):
            self._violation(client, request.req_id)
            return
        self._later(client, request.req_id, lambda: ticks_of(request, listed, want, self._source))

    def _listed(self, client: Client, req_id: int, contract: ContractFields) -> Listed | None:
        listed = self._world.universe.one(contract)
        if isinstance(listed, Missing):
            client.error(req_id, listed.code, listed.text)
            return None
        return listed

    def _admits(self, listed: Listed, what: str, request: Hashable) -> bool:
        kind = (listed.con_id, listed.exchange, what)
        weight = 2 if what.startswith("BID_ASK") else 1
        return self._pacing.admits(self._world.now_ns, kind, request, weight)

    @staticmethod
    def _violation(client: Client, req_id: int) -> None:
        refused = asked.hmds(say.PACING)
        client.error(req_id, refused.code, refused.text)

    def _later(self, client: Client, req_id: int, make: Make, live: Query | None = None, *, delay_ms: int = say.HISTORY_DELAY_MS) -> None:
        self._waiting.append(_Waiting(self._world.now_ns + delay_ms * MS, client, req_id, make, live))

    def _deliver(self, waiting: _Waiting, now_ns: int) -> None:
        made = waiting.make()
        if isinstance(made, Missing):
            waiting.client.error(waiting.req_id, made.code, made.text)
        else:
            waiting.client.send(made)
        if waiting.query is None or (isinstance(made, Missing) and made.code != 162):
            return
        sent = made.bars[-1] if isinstance(made, HistoricalData) else None
        self._live.append(_Live(waiting.client, waiting.query, now_ns + say.UPDATE_S * SECOND, now_ns, sent))

    def _update(self, live: _Live) -> None:
        """Send the bar that forms, if it changed; where it is a new one, first the end of the one before."""
        query, source = live.query, self._source
        span = query.span if query.size.is_daily else asked.Span(2 * max(query.size.seconds, say.SMALL_BAR_S), "S")
        recent = list(bars_of(query._replace(span=span), source, source.now_ns))[-2:]
        for bar in (written(each, query, source, live.client.version) for each in recent):
            if live.sent is None or (bar != live.sent and bar.date >= live.sent.date):
                live.client.send(update_of(live.query.req_id, bar))
                live.sent = bar

    def _cancel(self, client: Client, req_id: int) -> None:
        if self._drop(client, req_id):
            refused = asked.hmds(say.CANCELLED.format(id=req_id))
            client.error(req_id, refused.code, refused.text)
        else:
            client.error(req_id, 366, say.text_of(366, id=req_id))

    def _holds(self, client: Client, req_id: int) -> bool:
        return any(each.client is client and each.req_id == req_id for each in self._waiting) or any(
            each.client is client and each.query.req_id == req_id for each in self._live
        )

    def _drop(self, client: Client, req_id: int) -> bool:
        if not self._holds(client, req_id):
            return False
        self._waiting = [each for each in self._waiting if each.client is not client or each.req_id != req_id]
        self._live = [each for each in self._live if each.client is not client or each.query.req_id != req_id]
        return True


def services(world: World) -> list[HistoryService]:
    """Give what answers about the past."""
    return [HistoryService(world)]
