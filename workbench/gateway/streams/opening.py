"""How a stream begins: the request is checked in TWS's order, its contract's feed brought up to now, and what is known told.

It keeps no list of streams and ends none.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from workbench.domain.units import SECOND
from workbench.gateway import behaviour
from workbench.gateway.base import Client, World
from workbench.gateway.streams import generic
from workbench.gateway.streams.asked import Asked
from workbench.gateway.streams.bars import BAR_NS, WHAT, BarMaker, BarRequest
from workbench.gateway.streams.budget import Account, Lane, Refusal
from workbench.gateway.streams.by_tick import Ticks
from workbench.gateway.streams.depth import DepthView, Form
from workbench.gateway.streams.feeds import Feed, Feeds
from workbench.gateway.streams.level1 import DELAYED, DELAYED_FROZEN, Line
from workbench.gateway.streams.settings import StreamSettings
from workbench.wire import ReqDepth, ReqMktData, ReqRealtimeBars, ReqTickByTick, TickReqParams

Item = Line | Ticks | DepthView | BarRequest
COMPETING: Final = (10197, behaviour.text_of(10197))


class Stream(NamedTuple):
    """One open request."""

    feed: Feed
    item: Item
    lane: Lane


class Conditions:
    """States of the world in which streams are silent, or halted."""

    def __init__(self) -> None:
        self.is_lost = self.is_competing = False
        self.farms_down: set[str] = set()
        self.frozen: set[int] = set()  # ids of contracts
        self.halted: dict[int, int] = {}  # by contract, as tick 49 tells it

    def is_silent(self, feed: Feed) -> bool:
        """Tell whether a feed says nothing now."""
        return self.is_lost or self.is_competing or feed.farm in self.farms_down or feed.market.contract.id in self.frozen


class Opening:
    """Opens streams on the feeds of a world, within its account's budget.

    Each verb gives the stream, or the error that the client is to be told.
    """

    def __init__(self, world: World, settings: StreamSettings, account: Account, feeds: Feeds, conditions: Conditions) -> None:
        self._world = world
        self._settings = settings
        self._account = account
        self._feeds = feeds
        self._conditions = conditions

    def _live(self, asked: Asked) -> Feed:
        return self._ready(self._feeds.live(asked.contract, asked.farm))

    def _ready(self, feed: Feed) -> Feed:
        feed.is_silent = self._conditions.is_silent(feed)
        feed.lines.halted = self._conditions.halted.get(feed.market.contract.id, 0)
        return feed

    def line(self, client: Client, request: ReqMktData, asked: Asked, data_type: int) -> Stream | Refusal | None:
        """Open a line of L1; None where it was refused and that has been said."""
        wanted = generic.read(request.generic_ticks)
        if wanted.wrong:
            return 321, generic.refusal(request.generic_ticks, asked.listed.sec_type)
        is_snapshot = request.snapshot or request.regulatory_snapshot
        if is_snapshot and wanted.numbers:
            return behaviour.NO_SNAPSHOT_TICKS
        if (refused := self._account.refuse(Lane.LINE)) is not None:
            return refused
        if self._conditions.is_competing:
            return COMPETING
        kind, said = asked.quotes(data_type)
        if said is not None:
            client.error(request.req_id, *said)
        if kind == 0:
            return None
        is_delayed = kind in (DELAYED, DELAYED_FROZEN)
        now_ns = self._world.now_ns
        feed = self._ready(self._feeds.delayed(asked.contract, asked.farm, now_ns)) if is_delayed else self._live(asked)
        line = Line(client, request.req_id, kind, wanted, now_ns + behaviour.SNAPSHOT_S * SECOND if is_snapshot else None)
        bbo = behaviour.BBO_EXCHANGES.get(asked.listed.sec_type, asked.listed.exchange)
        step = asked.listed.min_tick
        client.send(TickReqParams(request.req_id, Decimal(step) if step else None, bbo, behaviour.SNAPSHOT_PERMISSIONS))
        feed.lines.begin(line, feed.is_silent)
        self._account.open(Lane.LINE)
        return Stream(feed, line, Lane.LINE)

    def ticks(self, client: Client, request: ReqTickByTick, asked: Asked) -> Stream | Refusal:
        """Open tick-by-tick data."""
        now_ns, con_id = self._world.now_ns, asked.listed.con_id
        refused = asked.ticks(request.tick_type) or self._account.refuse_ticks(con_id, now_ns)
        if refused is not None:
            return refused
        if self._conditions.is_competing:
            return COMPETING
        feed = self._live(asked)
        ticks = Ticks(client, request.req_id, feed.market, request.tick_type, request.ignore_size)
        ticks.begin(self._world.tape, self._feeds.stop, request.n_ticks)
        feed.ticks.append(ticks)
        self._account.open_ticks(con_id, now_ns)
        return Stream(feed, ticks, Lane.BY_TICK)

    def depth(self, client: Client, request: ReqDepth, asked: Asked) -> Stream | Refusal:
        """Open a book."""
        form = asked.depth(request.is_smart)
        if not isinstance(form, Form):
            return form
        if (refused := self._account.refuse(Lane.DEPTH)) is not None:
            return refused
        if self._conditions.is_competing:
            return COMPETING
        feed = self._live(asked)
        n_rows = min(request.n_rows, behaviour.MOST_DEPTH_ROWS) if request.n_rows > 0 else behaviour.DEPTH_ROWS
        view = DepthView(client, request.req_id, feed.market, form, n_rows, self._settings.depth_moves)
        feed.views.append(view)
        if not feed.is_silent:
            view.tell()
        self._account.open(Lane.DEPTH)
        return Stream(feed, view, Lane.DEPTH)

    def bars(self, client: Client, request: ReqRealtimeBars, asked: Asked) -> Stream | Refusal:
        """Open real-time bars."""
        if request.what not in WHAT or not asked.shows(request.what):
            return behaviour.WRONG_WHAT
        now_ns = self._world.now_ns
        refused = asked.bars() or self._account.refuse_bars(now_ns)
        if refused is not None:
            return refused
        if self._conditions.is_competing:
            return COMPETING
        feed = self._live(asked)
        maker = feed.makers.get(request.what)
        if maker is None:
            maker = feed.makers[request.what] = BarMaker(feed.market, request.what)
            self._begin_bar(maker, feed, now_ns)
        bars = BarRequest(client, request.req_id, maker, request.use_rth)
        maker.subscribers.append(bars)
        self._account.open_bars(now_ns)
        return Stream(feed, bars, Lane.LINE)

    def _begin_bar(self, maker: BarMaker, feed: Feed, now_ns: int) -> None:
        """Bring a new maker to where it would be had it counted from the beginning of the bar under way."""
        for row in self._feeds.since(feed.market.contract.id, now_ns // BAR_NS * BAR_NS):
            maker.take(row)
        if maker.is_empty:
            maker.seed()
