"""Requests about the connection itself, and those that few programs send."""

from __future__ import annotations

from typing import Annotated

from workbench.wire.message import Ending, Request


class StartApi(Request, frozen=True):
    """The first request: who one is."""

    msg_id = 71
    edition = "2"
    client_id: int
    capabilities: Annotated[str, Ending()] = ""


class ReqIds(Request, frozen=True):
    """Ask: what order id may be used next."""

    msg_id = 8
    edition = "1"
    n_ids: int = 1


class ReqNewsBulletins(Request, frozen=True):
    """Bulletins, those of today too or new ones alone."""

    msg_id = 12
    edition = "1"
    all_messages: bool


class CancelNewsBulletins(Request, frozen=True):
    """No more of them."""

    msg_id = 13
    edition = "1"


class SetServerLogLevel(Request, frozen=True):
    """How much the server logs: 1 system, 2 errors, 3 warnings, 4 notices, 5 all."""

    msg_id = 14
    edition = "1"
    level: int


class ReqManagedAccounts(Request, frozen=True):
    """Ask: which accounts does one see."""

    msg_id = 17
    edition = "1"


class RequestFa(Request, frozen=True):
    """An adviser's configuration, by kind."""

    msg_id = 18
    edition = "1"
    kind: int


class ReplaceFa(Request, frozen=True):
    """Another configuration in its place."""

    msg_id = 19
    edition = "1"
    kind: int
    xml: str
    req_id: int


class ReqCurrentTime(Request, frozen=True):
    """Ask: what time is it."""

    msg_id = 49
    edition = "1"


class VerifyRequest(Request, frozen=True):
    """Begins the verification of a program."""

    msg_id = 65
    edition = "1"
    api_name: str
    api_version: str


class VerifyMessage(Request, frozen=True):
    """A step of it."""

    msg_id = 66
    edition = "1"
    data: str


class VerifyAndAuthRequest(Request, frozen=True):
    """Begins the verification of a program with a key."""

    msg_id = 72
    edition = "1"
    api_name: str
    api_version: str
    opaque_isv_key: str


class VerifyAndAuthMessage(Request, frozen=True):
    """A step of it."""

    msg_id = 73
    edition = "1"
    data: str
    response: str


class QueryDisplayGroups(Request, frozen=True):
    """Ask: which window groups are there."""

    msg_id = 67
    edition = "1"
    req_id: int


class SubscribeToGroupEvents(Request, frozen=True):
    """Tell what a window group shows."""

    msg_id = 68
    edition = "1"
    req_id: int
    group_id: int


class UpdateDisplayGroup(Request, frozen=True):
    """Show another contract in it."""

    msg_id = 69
    edition = "1"
    req_id: int
    contract: str


class UnsubscribeFromGroupEvents(Request, frozen=True):
    """No more of it."""

    msg_id = 70
    edition = "1"
    req_id: int


class ReqSoftDollarTiers(Request, frozen=True):
    """Ask: which tiers are there."""

    msg_id = 79
    req_id: int


class ReqFamilyCodes(Request, frozen=True):
    """Ask: which families do the accounts belong to."""

    msg_id = 80


class ReqUserInfo(Request, frozen=True):
    """Ask: who is the user."""

    msg_id = 104
    req_id: int
