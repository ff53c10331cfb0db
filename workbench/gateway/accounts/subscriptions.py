"""What clients are subscribed to, and when each is due. A small table; it knows no account and sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.gateway.base import Client
from workbench.wire import Answer, Request


class Subscription:
    """One request that is answered again and again; ``sent`` is what it was told last, by what it was about."""

    __slots__ = ("accounts", "client", "due_ns", "every_ns", "moves", "request", "sent", "tell")

    def __init__(
        self,
        client: Client,
        request: Request,
        accounts: tuple[str, ...],
        moves: int,
        every_ns: int,
        due_ns: int | None,
        tell: Callable[[Subscription], None],
    ) -> None:
        self.client, self.request, self.accounts, self.moves = client, request, accounts, moves
        self.every_ns, self.due_ns, self.tell = every_ns, due_ns, tell
        self.sent: dict[Any, Answer] = {}


class Subscriptions:
    """All of them, one of a kind and id for each client."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, type[Request], int], Subscription] = {}

    def begin(self, each: Subscription, req_id: int) -> None:
        """Put one in."""
        self._open[id(each.client), type(each.request), req_id] = each

    def end(self, client: Client, kind: type[Request], req_id: int) -> None:
        """Take one out, if it is there."""
        self._open.pop((id(client), kind, req_id), None)

    def has(self, client: Client, kind: type[Request], req_id: int) -> bool:
        """Tell whether it is there."""
        return (id(client), kind, req_id) in self._open

    def count(self, kind: type[Request], client: Client) -> int:
        """Count a client's of one kind."""
        return sum(each.client is client and type(each.request) is kind for each in self._open.values())

    def left(self, client: Client) -> None:
        """Take out all of a client."""
        self._open = {key: each for key, each in self._open.items() if each.client is not client}

    def all(self) -> list[Subscription]:
        """Give all, oldest first."""
        return list(self._open.values())

    def due(self, now_ns: int) -> list[Subscription]:
        """Give those whose time has come."""
        return [each for each in self._open.values() if each.due_ns is not None and each.due_ns <= now_ns]

    def next_due_ns(self) -> int | None:
        """Say when the next one is due."""
        return min((each.due_ns for each in self._open.values() if each.due_ns is not None), default=None)
