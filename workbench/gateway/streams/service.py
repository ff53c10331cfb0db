"""Market data as a service of the gateway: requests in, streams out, under one user's budget. It holds no book and writes no bytes.

Faults call `lose_data`, `restore`, `farm`, `compete`, `freeze` and `halt`: states of the world in which streams fall silent. What is to be
said of the connection (1100, 2103 and their like, with id -1) says whoever calls them; what belongs to a request (10197, 317) is said here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from workbench.domain.contracts import Contract
from workbench.domain.records import Records
from workbench.domain.units import SECOND
from workbench.gateway import behaviour
from workbench.gateway.base import Client, World
from workbench.gateway.streams import generic
from workbench.gateway.streams.asked import Asked, find
from workbench.gateway.streams.bars import BAR_NS, WHAT, BarMaker, BarRequest
from workbench.gateway.streams.budget import Account, Lane, Refusal
from workbench.gateway.streams.by_tick import Ticks
from workbench.gateway.streams.depth import DepthView, Form
from workbench.gateway.streams.feeds import Feed, Feeds
from workbench.gateway.streams.level1 import DELAYED, DELAYED_FROZEN, LIVE, Line
from workbench.gateway.streams.settings import StreamSettings
from workbench.wire import (
    CancelDepth,
    CancelMktData,
    CancelRealtimeBars,
    CancelTickByTick,
    ContractFields,
    ReqDepth,
    ReqMarketDataType,
    ReqMktData,
    ReqRealtimeBars,
    ReqTickByTick,
    Request,
    TickReqParams,
    TickSnapshotEnd,
)

Item = Line | Ticks | DepthView | BarRequest
Key = tuple[type[Item], Client, int]
COMPETING = (10197, behaviour.text_of(10197))


class Stream(NamedTuple):
    """One open request."""

    feed: Feed
    item: Item
    lane: Lane


class MarketData:
    """Streams of all clients of the gateway.

    Parameters
    ----------
    world
        Its budget counts, and its `StreamSettings` (``world.part``) say how streams behave.
    """

    requests: tuple[type[Request], ...] = (
        ReqMktData, CancelMktData, ReqMarketDataType, ReqTickByTick, CancelTickByTick, ReqDepth, CancelDepth, ReqRealtimeBars,
        CancelRealtimeBars,
    )  # fmt: skip

    def __init__(self, world: World) -> None:
        self._world = world
        self.settings = world.part(StreamSettings, StreamSettings)
        self.account = Account(world.budget)
        self._feeds = Feeds(world.tape, self.settings, self._whole)
        self._streams: dict[Key, Stream] = {}
        self._snapshots: dict[Key, int] = {}  # when each must end
        self._data_type: dict[Client, int] = {}
        self._is_lost = self._is_competing = False
        self._farms_down: set[str] = set()
        self._frozen: set[int] = set()
        self._halted: dict[int, int] = {}

    # ---- the service -----------------------------------------------------------------------------------------------------------------
    def answer(self, client: Client, request: Request) -> None:
        """Open, change or end a stream."""
        match request:
            case ReqMktData():
                self._open(client, request.req_id, request.contract, Line, lambda asked: self._line(client, request, asked))
            case ReqTickByTick():
                self._open(client, request.req_id, request.contract, Ticks, lambda asked: self._ticks(client, request, asked))
            case ReqDepth():
                self._open(client, request.req_id, request.contract, DepthView, lambda asked: self._depth(client, request, asked))
            case ReqRealtimeBars():
                self._open(client, request.req_id, request.contract, BarRequest, lambda asked: self._bars(client, request, asked))
            case CancelMktData():
                self._cancel(Line, client, request.req_id)
            case CancelTickByTick():
                self._cancel(Ticks, client, request.req_id)
            case CancelDepth():
                self._cancel(DepthView, client, request.req_id)
            case CancelRealtimeBars():
                self._cancel(BarRequest, client, request.req_id)
            case ReqMarketDataType() if LIVE <= request.kind <= DELAYED_FROZEN:
                self._data_type[client] = request.kind
            case ReqMarketDataType():
                client.error(-1, *behaviour.WRONG_DATA_TYPE)

    def records(self, records: Records, start: int, stop: int) -> None:
        """Take market records that have happened."""
        self._feeds.records(start, stop)

    def advance(self, now_ns: int) -> None:
        """Let batches, bars and snapshots that are due be told."""
        self._feeds.advance(now_ns)
        for key, deadline_ns in list(self._snapshots.items()):
            if deadline_ns <= now_ns:
                self._end(key)

    def next_due_ns(self) -> int | None:
        """Say when something is due."""
        due_ns = self._feeds.next_due_ns()
        return min([*self._snapshots.values(), *([due_ns] if due_ns is not None else [])], default=None)

    def left(self, client: Client) -> None:
        """End the streams of a client that is gone."""
        for key in [key for key in self._streams if key[1] is client]:
            self._close(key)
        self._data_type.pop(client, None)

    # ---- states of the world ---------------------------------------------------------------------------------------------------------
    def lose_data(self) -> None:
        """Fall silent everywhere: the broker's servers are out of reach (1100)."""
        self._is_lost = True
        self._hush()

    def restore(self, kept: bool) -> None:
        """Speak again, with the streams there were (1102), or without any: they must be asked for anew (1101)."""
        self._is_lost = False
        if not kept:
            self._drop(lambda feed: True)
        self._hush()

    def farm(self, name: str, up: bool, kept: bool = True) -> None:
        """Break or mend the data farm ``name`` (``usfuture``, ``usfarm``, ``cashfarm``); mended, its streams may be gone."""
        if not up:
            self._farms_down.add(name)
        else:
            self._farms_down.discard(name)
            if not kept:
                self._drop(lambda feed: feed.farm == name)
        self._hush()

    def compete(self, on: bool) -> None:
        """Let the same user log in elsewhere (10197 to every stream, and to every request while it lasts), or leave again."""
        if on and not self._is_competing:
            for (_, client, req_id), _ in list(self._streams.items()):
                client.error(req_id, *COMPETING)
        self._is_competing = on
        self._hush()

    def freeze(self, contract: Contract, on: bool = True) -> None:
        """Let a contract's streams stand still without a word."""
        (self._frozen.add if on else self._frozen.discard)(contract.id)
        self._hush()

    def halt(self, contract: Contract, kind: int) -> None:
        """Halt trading of a contract as tick 49 tells it: 0 not halted, 1 for news, 2 for volatility."""
        self._halted[contract.id] = kind
        for feed in self._feeds:
            if feed.market.contract.id == contract.id:
                feed.lines.halted = kind
                feed.tell()

    def _hush(self) -> None:
        for feed in list(self._feeds):
            feed.hush(self._is_silent(feed))

    def _is_silent(self, feed: Feed) -> bool:
        return self._is_lost or self._is_competing or feed.farm in self._farms_down or feed.market.contract.id in self._frozen

    def _drop(self, is_meant: Callable[[Feed], bool]) -> None:
        for key, stream in list(self._streams.items()):
            if is_meant(stream.feed):
                self._close(key)

    # ---- opening ---------------------------------------------------------------------------------------------------------------------
    def _open(
        self, client: Client, req_id: int, fields: ContractFields, kind: type[Item], make: Callable[[Asked], Stream | Refusal | None]
    ) -> None:
        key: Key = (kind, client, req_id)
        if key in self._streams:
            client.error(req_id, *behaviour.DUPLICATE_ID)
            return
        asked = find(self._world, self.settings, fields)
        made = make(asked) if isinstance(asked, Asked) else asked
        if isinstance(made, Stream):
            self._streams[key] = made
            if isinstance(made.item, Line) and made.item.deadline_ns is not None:
                self._snapshots[key] = made.item.deadline_ns
            self._feeds.hear(made.feed, self._world.now_ns)
            self._whole(made.feed)
        elif made is not None:
            client.error(req_id, *made)

    def _live(self, asked: Asked) -> Feed:
        return self._ready(self._feeds.live(asked.contract, asked.farm))

    def _ready(self, feed: Feed) -> Feed:
        feed.is_silent = self._is_silent(feed)
        feed.lines.halted = self._halted.get(feed.market.contract.id, 0)
        return feed

    def _line(self, client: Client, request: ReqMktData, asked: Asked) -> Stream | Refusal | None:
        wanted = generic.read(request.generic_ticks)
        if wanted.wrong:
            return 321, generic.refusal(request.generic_ticks, asked.listed.sec_type)
        is_snapshot = request.snapshot or request.regulatory_snapshot
        if is_snapshot and wanted.numbers:
            return behaviour.NO_SNAPSHOT_TICKS
        if (refused := self.account.refuse(Lane.LINE)) is not None:
            return refused
        if self._is_competing:
            return COMPETING
        data_type, said = asked.quotes(self._data_type.get(client, LIVE))
        if said is not None:
            client.error(request.req_id, *said)
        if data_type == 0:
            return None
        is_delayed = data_type in (DELAYED, DELAYED_FROZEN)
        now_ns = self._world.now_ns
        feed = self._ready(self._feeds.delayed(asked.contract, asked.farm, now_ns)) if is_delayed else self._live(asked)
        line = Line(client, request.req_id, data_type, wanted, now_ns + behaviour.SNAPSHOT_S * SECOND if is_snapshot else None)
        bbo = behaviour.BBO_EXCHANGES.get(asked.listed.sec_type, asked.listed.exchange)
        step = asked.listed.min_tick
        client.send(TickReqParams(request.req_id, Decimal(step) if step else None, bbo, behaviour.SNAPSHOT_PERMISSIONS))
        feed.lines.begin(line, feed.is_silent)
        self.account.open(Lane.LINE)
        return Stream(feed, line, Lane.LINE)

    def _ticks(self, client: Client, request: ReqTickByTick, asked: Asked) -> Stream | Refusal:
        now_ns, con_id = self._world.now_ns, asked.listed.con_id
        refused = asked.ticks(request.tick_type) or self.account.refuse_ticks(con_id, now_ns)
        if refused is not None:
            return refused
        if self._is_competing:
            return COMPETING
        feed = self._live(asked)
        ticks = Ticks(client, request.req_id, feed.market, request.tick_type, request.ignore_size)
        ticks.begin(self._world.tape, self._feeds.stop, request.n_ticks)
        feed.ticks.append(ticks)
        self.account.open_ticks(con_id, now_ns)
        return Stream(feed, ticks, Lane.BY_TICK)

    def _depth(self, client: Client, request: ReqDepth, asked: Asked) -> Stream | Refusal:
        form = asked.depth(request.is_smart)
        if not isinstance(form, Form):
            return form
        if (refused := self.account.refuse(Lane.DEPTH)) is not None:
            return refused
        if self._is_competing:
            return COMPETING
        feed = self._live(asked)
        n_rows = min(request.n_rows, behaviour.MOST_DEPTH_ROWS) if request.n_rows > 0 else behaviour.DEPTH_ROWS
        view = DepthView(client, request.req_id, feed.market, form, n_rows, self.settings.depth_moves)
        feed.views.append(view)
        if not feed.is_silent:
            view.tell()
        self.account.open(Lane.DEPTH)
        return Stream(feed, view, Lane.DEPTH)

    def _bars(self, client: Client, request: ReqRealtimeBars, asked: Asked) -> Stream | Refusal:
        if request.what not in WHAT or not asked.shows(request.what):
            return behaviour.WRONG_WHAT
        now_ns = self._world.now_ns
        refused = asked.bars() or self.account.refuse_bars(now_ns)
        if refused is not None:
            return refused
        if self._is_competing:
            return COMPETING
        feed = self._live(asked)
        maker = feed.makers.get(request.what)
        if maker is None:
            maker = feed.makers[request.what] = BarMaker(feed.market, request.what)
            self._begin_bar(maker, feed, now_ns)
        bars = BarRequest(client, request.req_id, maker, request.use_rth)
        maker.subscribers.append(bars)
        self.account.open_bars(now_ns)
        return Stream(feed, bars, Lane.LINE)

    def _begin_bar(self, maker: BarMaker, feed: Feed, now_ns: int) -> None:
        """Bring a new maker to where it would be had it counted from the beginning of the bar under way."""
        for row in self._feeds.since(feed.market.contract.id, now_ns // BAR_NS * BAR_NS):
            maker.take(row)
        if maker.is_empty:
            maker.seed()

    # ---- ending ----------------------------------------------------------------------------------------------------------------------
    def _cancel(self, kind: type[Item], client: Client, req_id: int) -> None:
        key: Key = (kind, client, req_id)
        if key in self._streams:
            self._close(key)
        elif kind is DepthView:
            code, text = behaviour.UNKNOWN_DEPTH_ID
            client.error(req_id, code, text.format(req_id))
        else:
            client.error(req_id, 300, behaviour.text_of(300, id=req_id))

    def _close(self, key: Key) -> None:
        feed, item, lane = self._streams.pop(key)
        self._snapshots.pop(key, None)
        self.account.close(lane)
        match item:
            case Line():
                feed.lines.lines.remove(item)
            case Ticks():
                feed.ticks.remove(item)
            case DepthView():
                feed.views.remove(item)
            case BarRequest():
                item.maker.subscribers.remove(item)
                if not item.maker.subscribers:
                    del feed.makers[item.maker.what]
        self._feeds.hear(feed, self._world.now_ns)

    def _whole(self, feed: Feed) -> None:
        """End snapshots of a contract that has told all there is."""
        if feed.is_silent or not feed.lines.is_whole:
            return
        for key in [key for key in self._snapshots if self._streams[key].feed is feed]:
            self._end(key)

    def _end(self, key: Key) -> None:
        """End a snapshot."""
        _, client, req_id = key
        client.send(TickSnapshotEnd(req_id))
        self._close(key)
