"""Window groups of TWS: what a client may list, watch and set. Without windows: what is set is remembered, and told to who watches."""

from __future__ import annotations

from typing import ClassVar

from workbench.domain.records import Records
from workbench.gateway import behaviour
from workbench.gateway.base import Client
from workbench.wire import (
    DisplayGroupList,
    DisplayGroupUpdated,
    QueryDisplayGroups,
    Request,
    SubscribeToGroupEvents,
    UnsubscribeFromGroupEvents,
    UpdateDisplayGroup,
)


class WindowGroups:
    """A service for the seven groups that all clients share."""

    requests: ClassVar[tuple[type[Request], ...]] = (
        QueryDisplayGroups,
        SubscribeToGroupEvents,
        UpdateDisplayGroup,
        UnsubscribeFromGroupEvents,
    )

    def __init__(self) -> None:
        self._shown: dict[int, str] = {int(each): behaviour.EMPTY_GROUP for each in behaviour.WINDOW_GROUPS.split("|")}
        self._watched: dict[tuple[int, int], tuple[Client, int]] = {}  # by client and request

    def answer(self, client: Client, request: Request) -> None:
        """List the groups, or begin, use or end a watch."""
        match request:
            case QueryDisplayGroups():
                client.send(DisplayGroupList(request.req_id, behaviour.WINDOW_GROUPS))
            case SubscribeToGroupEvents():
                if request.group_id not in self._shown:
                    client.error(request.req_id, 321, behaviour.text_of(321, what="bt", why=behaviour.NO_GROUP))
                    return
                self._watched[client.id, request.req_id] = client, request.group_id
                client.send(DisplayGroupUpdated(request.req_id, self._shown[request.group_id]))
            case UpdateDisplayGroup():
                if (client.id, request.req_id) not in self._watched:
                    client.error(request.req_id, 300, behaviour.text_of(300, id=request.req_id))
                    return
                self._show(self._watched[client.id, request.req_id][1], request.contract[: behaviour.MOST_GROUP_TEXT])
            case UnsubscribeFromGroupEvents():
                self._watched.pop((client.id, request.req_id), None)

    def _show(self, group: int, contract: str) -> None:
        self._shown[group] = contract
        for (_, req_id), (client, watched) in tuple(self._watched.items()):
            if watched == group:
                client.send(DisplayGroupUpdated(req_id, contract))

    def records(self, records: Records, start: int, stop: int) -> None:
        """Nothing of the market is shown."""

    def advance(self, now_ns: int) -> None:
        """Nothing waits."""

    def next_due_ns(self) -> int | None:
        return None

    def left(self, client: Client) -> None:
        """Forget what a client watched."""
        for key in [key for key in self._watched if key[0] == client.id]:
            del self._watched[key]
