"""A client without a socket: somebody else who trades in the same account. What it is told goes nowhere."""

from __future__ import annotations

from itertools import count
from typing import Final

from workbench.gateway.behaviour import MAX_VERSION
from workbench.wire import Answer

_IDS: Final = count(9_000_001)  # far from any id a real client would be given


class Ghost:
    """To services a `base.Client` like any other."""

    def __init__(self, client_id: int) -> None:
        self.id = client_id
        self.version = MAX_VERSION

    def send(self, message: Answer) -> None:
        """Nobody listens."""

    def error(self, req_id: int, code: int, text: str, advanced: str = "") -> None:
        """Nobody listens."""

    @staticmethod
    def next_order_id() -> int:
        """Give an order id no client of this process has used."""
        return next(_IDS)
