"""Depth: one client's view of a contract's book, row by row. Plain (12), by market maker (13), or SMART (13 with exchanges)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from workbench.gateway import behaviour
from workbench.gateway.base import Client
from workbench.gateway.streams.book import DELETE, Level, Move, in_place, shifting
from workbench.gateway.streams.market import Market
from workbench.gateway.streams.settings import DepthMoves
from workbench.wire import Depth, DepthL2


class Form(Enum):
    """Which message rows come in."""

    PLAIN = auto()
    MAKER = auto()
    SMART = auto()


class DepthView:
    """One request for depth of one client."""

    __slots__ = ("_form", "_market", "_moves", "_shown", "client", "n_rows", "req_id")

    def __init__(self, client: Client, req_id: int, market: Market, form: Form, n_rows: int, moves: DepthMoves) -> None:
        self.client = client
        self.req_id = req_id
        self.n_rows = n_rows
        self._form = form
        self._market = market
        shifts = form is Form.SMART or moves is DepthMoves.SHIFT
        self._moves: Callable[[list[Level], list[Level], int], list[Move]] = shifting if shifts else in_place
        self._shown: tuple[list[Level], list[Level]] = ([], [])

    def tell(self) -> None:
        """Tell what changed since the last time."""
        for side, shown in enumerate(self._shown):
            rows = self._market.book.sides[side][: self.n_rows]
            if rows != shown:
                for move in self._moves(shown, rows, side):
                    self._send(move)

    def reset(self) -> None:
        """Say that the client is to empty its book; nothing is shown from here on."""
        if any(self._shown):
            self.client.error(self.req_id, *behaviour.DEPTH_RESET)
        for shown in self._shown:
            shown.clear()

    def _send(self, move: Move) -> None:
        units = self._market.units
        px, sz = move.level
        price, size = (0, 0) if move.operation == DELETE else (units.price(px), units.size(sz))
        if self._form is Form.PLAIN:
            self.client.send(Depth(self.req_id, move.position, move.operation, move.side, price, size))
            return
        is_smart = self._form is Form.SMART
        names = behaviour.SMART_EXCHANGES if is_smart else behaviour.MARKET_MAKERS
        maker = names[px % len(names)] if move.operation != DELETE else ""
        self.client.send(DepthL2(self.req_id, move.position, maker, move.operation, move.side, price, size, is_smart))
