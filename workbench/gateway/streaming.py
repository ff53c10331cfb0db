"""Which streams each client has asked for and not ended: a list, so that a fault can end or name them. Sends nothing."""

from __future__ import annotations

from typing import Final

from workbench.gateway.base import Client
from workbench.wire import (
    CancelDepth,
    CancelHistoricalData,
    CancelMktData,
    CancelRealtimeBars,
    CancelTickByTick,
    ReqDepth,
    ReqHistoricalData,
    ReqMktData,
    ReqRealtimeBars,
    ReqTickByTick,
    Request,
)

ENDS: Final[dict[type[Request], type[Request]]] = {
    ReqMktData: CancelMktData,
    ReqTickByTick: CancelTickByTick,
    ReqDepth: CancelDepth,
    ReqRealtimeBars: CancelRealtimeBars,
    ReqHistoricalData: CancelHistoricalData,
}
_STARTS: Final = {end: start for start, end in ENDS.items()}


class Streams:
    """The streams of all clients, by client and request id."""

    def __init__(self) -> None:
        self._of: dict[Client, dict[int, Request]] = {}

    def asked(self, client: Client, request: Request) -> None:
        """See a request on its way to its service."""
        kind = type(request)
        if kind in ENDS and not getattr(request, "snapshot", False) and getattr(request, "keep_up_to_date", True):
            self._of.setdefault(client, {})[_req_id(request)] = request
        elif kind in _STARTS:
            there = self._of.get(client, {})
            if isinstance(there.get(_req_id(request)), _STARTS[kind]):
                del there[_req_id(request)]

    def refused(self, client: Client, req_id: int) -> None:
        """See that a request was refused."""
        self._of.get(client, {}).pop(req_id, None)

    def of(self, client: Client) -> tuple[int, ...]:
        """List a client's request ids, first asked first."""
        return tuple(self._of.get(client, {}))

    def requests(self, client: Client) -> tuple[Request, ...]:
        """List what a client asked for, first asked first."""
        return tuple(self._of.get(client, {}).values())

    def ends(self, client: Client) -> list[Request]:
        """Make the requests that would end all streams of a client."""
        return [make_cancel(request) for request in self._of.get(client, {}).values()]

    def left(self, client: Client) -> None:
        """Forget a client."""
        self._of.pop(client, None)


def make_cancel(request: Request) -> Request:
    """Make the request that ends a stream."""
    cancel = ENDS[type(request)]
    return cancel(req_id=_req_id(request), **({"is_smart": request.is_smart} if isinstance(request, ReqDepth) else {}))


def _req_id(request: Request) -> int:
    return int(getattr(request, "req_id", -1))
