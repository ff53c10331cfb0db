"""Answers to the small requests that every client may send and that no part of the gateway owns. No market, no order.

What needs a subscription the simulated user does not have (news, fundamentals, scanners, an adviser's groups) is refused in TWS's way.
"""

from __future__ import annotations

from workbench.domain.records import Records
from workbench.gateway import behaviour
from workbench.gateway.base import Client, World
from workbench.wire import (
    CancelCalcImpliedVolatility,
    CancelCalcOptionPrice,
    CancelFundamentalData,
    CancelNewsBulletins,
    CancelScannerSubscription,
    CancelWshEventData,
    CancelWshMetaData,
    ExerciseOptions,
    FamilyCode,
    FamilyCodes,
    ManagedAccounts,
    NewsProviders,
    NextValidId,
    ReplaceFa,
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
    ReqWshEventData,
    ReqWshMetaData,
    ScannerParameters,
    SetServerLogLevel,
    SoftDollarTiers,
    UserInfo,
    VerifyAndAuthCompleted,
    VerifyAndAuthMessage,
    VerifyAndAuthRequest,
    VerifyCompleted,
    VerifyMessage,
    VerifyRequest,
)

QUIET: tuple[type[Request], ...] = (
    SetServerLogLevel,
    ReqNewsBulletins,
    CancelNewsBulletins,
    CancelCalcImpliedVolatility,
    CancelCalcOptionPrice,
    CancelFundamentalData,
    CancelScannerSubscription,
    CancelWshEventData,
    CancelWshMetaData,
)
_NO_ADVISER = (321, behaviour.text_of(321, what="ar", why=behaviour.NO_ADVISER))
VERIFIED: tuple[type[Request], ...] = (VerifyRequest, VerifyMessage, VerifyAndAuthRequest, VerifyAndAuthMessage)
REFUSED: dict[type[Request], tuple[int, str]] = {
    RequestFa: _NO_ADVISER,
    ReplaceFa: _NO_ADVISER,
    ReqScannerSubscription: (162, behaviour.text_of(162, why=behaviour.NO_SCANNER)),
    ReqHistoricalNews: behaviour.NO_NEWS,
    ReqNewsArticle: behaviour.NO_NEWS,
    ReqFundamentalData: behaviour.NO_FUNDAMENTALS,
    ReqWshMetaData: behaviour.NO_EVENTS,
    ReqWshEventData: behaviour.NO_EVENT_METADATA,
    ExerciseOptions: (322, behaviour.text_of(322, what="br", why=behaviour.NO_OPTION_HELD)),
}


class Courtesies:
    """A service for what is left over."""

    def __init__(self, world: World) -> None:
        self._world = world
        told = (ReqManagedAccounts, ReqIds, ReqFamilyCodes, ReqSoftDollarTiers, ReqUserInfo, ReqNewsProviders, ReqScannerParameters)
        self.requests: tuple[type[Request], ...] = (*told, *QUIET, *VERIFIED, *REFUSED)

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
            case ReqScannerParameters():
                client.send(ScannerParameters(behaviour.SCANNER_XML))
            case VerifyRequest() | VerifyMessage():
                client.send(VerifyCompleted(False, behaviour.NO_VERIFICATION))
            case VerifyAndAuthRequest() | VerifyAndAuthMessage():
                client.send(VerifyAndAuthCompleted(False, behaviour.NO_VERIFICATION))
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
