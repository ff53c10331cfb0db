"""Market data as a service of the gateway: requests in, streams out, under one user's budget. It holds no book and writes no bytes.

Faults call `lose_data`, `restore`, `farm`, `compete`, `freeze` and `halt`: states of the world in which streams fall silent. What is to be
said of the connection (1100, 2103 and their like, with id -1) says whoever calls them; what belongs to a request (10197, 317) is said here.
"""

from __future__ import annotations

from collections.abc import Callable

from workbench.domain.contracts import Contract
from workbench.domain.records import Records
from workbench.gateway import behaviour
from workbench.gateway.base import Client, World
from workbench.gateway.streams.asked import Asked, find
from workbench.gateway.streams.bars import BarRequest
from workbench.gateway.streams.budget import Account, Refusal
from workbench.gateway.streams.by_tick import Ticks
from workbench.gateway.streams.depth import DepthView
from workbench.gateway.streams.feeds import Feed, Feeds
from workbench.gateway.streams.level1 import DELAYED_FROZEN, LIVE, Line
from workbench.gateway.streams.opening import COMPETING, Conditions, Item, Opening, Stream
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
    TickSnapshotEnd,
)

Key = tuple[type[Item], Client, int]


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
        self._conditions = Conditions()
        self._opening = Opening(world, self.settings, self.account, self._feeds, self._conditions)

    # ---- the service -----------------------------------------------------------------------------------------------------------------
    def answer(self, client: Client, request: Request) -> None:
        """Open, change or end a stream."""
        opening = self._opening
        match request:
            case ReqMktData():
                self._open(
                    client,
                    request.req_id,
                    request.contract,
                    Line,
                    lambda asked: opening.line(client, request, asked, self._data_type.get(client, LIVE)),
                )
            case ReqTickByTick():
                self._open(client, request.req_id, request.contract, Ticks, lambda asked: opening.ticks(client, request, asked))
            case ReqDepth():
                self._open(client, request.req_id, request.contract, DepthView, lambda asked: opening.depth(client, request, asked))
            case ReqRealtimeBars():
                self._open(client, request.req_id, request.contract, BarRequest, lambda asked: opening.bars(client, request, asked))
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
        self._conditions.is_lost = True
        self._hush()

    def restore(self, kept: bool) -> None:
        """Speak again, with the streams there were (1102), or without any: they must be asked for anew (1101)."""
        self._conditions.is_lost = False
        if not kept:
            self._drop(lambda feed: True)
        self._hush()

    def farm(self, name: str, up: bool, kept: bool = True) -> None:
        """Break or mend the data farm ``name`` (``usfuture``, ``usfarm``, ``cashfarm``); mended, its streams may be gone."""
        if not up:
            self._conditions.farms_down.add(name)
        else:
            self._conditions.farms_down.discard(name)
            if not kept:
                self._drop(lambda feed: feed.farm == name)
        self._hush()

    def compete(self, on: bool) -> None:
        """Let the same user log in elsewhere (10197 to every stream, and to every request while it lasts), or leave again."""
        if on and not self._conditions.is_competing:
            for (_, client, req_id), _ in list(self._streams.items()):
                client.error(req_id, *COMPETING)
        self._conditions.is_competing = on
        self._hush()

    def freeze(self, contract: Contract, on: bool = True) -> None:
        """Let a contract's streams stand still without a word."""
        (self._conditions.frozen.add if on else self._conditions.frozen.discard)(contract.id)
        self._hush()

    def halt(self, contract: Contract, kind: int) -> None:
        """Halt trading of a contract as tick 49 tells it: 0 not halted, 1 for news, 2 for volatility."""
        self._conditions.halted[contract.id] = kind
        for feed in self._feeds:
            if feed.market.contract.id == contract.id:
                feed.lines.halted = kind
                feed.tell()

    def _hush(self) -> None:
        for feed in list(self._feeds):
            feed.hush(self._conditions.is_silent(feed))

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
