"""Answers to the small requests that every client may send and that no part of the gateway owns. No market, no order.

What needs a subscription the simulated user does not have (news, fundamentals, scanners, an adviser's groups) is refused in TWS's way.
"""

from __future__ import annotations

from workbench.domain.records import Records
from workbench.gateway import behaviour
from workbench.gateway.base import Client, World
from workbench.wire import (
    CancelNewsBulletins,
    FamilyCode,
    FamilyCodes,
    ManagedAccounts,
    NewsProviders,
    NextValidId,
    ReqFamilyCodes,
    ReqFundamentalData,
    ReqHistoricalNews,
    ReqIds,
    ReqManagedAccounts,
    ReqNewsArticle,
    ReqNewsBulletins,
    ReqNewsProviders,
    ReqScannerParameters,
    ReqScannerSubscription,
    ReqSoftDollarTiers,
    Request,
    RequestFa,
    ReqUserInfo,
    SetServerLogLevel,
    SoftDollarTiers,
    UserInfo,
)

QUIET: tuple[type[Request], ...] = (SetServerLogLevel, ReqNewsBulletins, CancelNewsBulletins)
REFUSED: dict[type[Request], tuple[int, str]] = {
    RequestFa: (321, behaviour.text_of(321, what="ar", why="FA data operations ignored for non FA customers.")),
    ReqScannerParameters: (321, behaviour.text_of(321, what="bJ", why="the simulated gateway has no scanner")),
    ReqScannerSubscription: (162, behaviour.text_of(162, why="the simulated gateway has no scanner")),
    ReqHistoricalNews: (10276, "News feed is not allowed."),
    ReqNewsArticle: (10276, "News feed is not allowed."),
    ReqFundamentalData: (430, "The fundamentals data for the security specified is not available."),
}


class Courtesies:
    """A service for what is left over."""

    def __init__(self, world: World) -> None:
        self._world = world
        told = (ReqManagedAccounts, ReqIds, ReqFamilyCodes, ReqSoftDollarTiers, ReqUserInfo, ReqNewsProviders)
        self.requests: tuple[type[Request], ...] = (*told, *QUIET, *REFUSED)

    def answer(self, client: Client, request: Request) -> None:
        """Answer from what everybody knows."""
        names = [account.name for account in self._world.accounts]
        match request:
            case ReqManagedAccounts():
                client.send(ManagedAccounts(",".join(names)))
            case ReqIds():
                client.send(NextValidId(self._world.next_valid_id(client)))
            case ReqFamilyCodes():
                client.send(FamilyCodes(tuple(FamilyCode(name, "") for name in names)))
            case ReqSoftDollarTiers():
                client.send(SoftDollarTiers(request.req_id))
            case ReqUserInfo():
                client.send(UserInfo(request.req_id, ""))
            case ReqNewsProviders():
                client.send(NewsProviders(()))
            case _ if type(request) in REFUSED:
                code, text = REFUSED[type(request)]
                client.error(int(getattr(request, "req_id", -1)), code, text)

    def records(self, records: Records, start: int, stop: int) -> None:
        """Nothing of the market is known here."""

    def advance(self, now_ns: int) -> None:
        """Nothing waits."""

    def next_due_ns(self) -> int | None:
        return None

    def left(self, client: Client) -> None:
        """Nothing is remembered."""
