"""Answers about the connection itself: who one is, what goes wrong, what time it is. No order, no market."""

from __future__ import annotations

from typing import Annotated

import msgspec

from workbench.wire.kinds import IntOrEmpty
from workbench.wire.message import Answer, Since


class ErrorMessage(Answer, frozen=True):
    """An error, a warning or a notice. `req_id` is a request's or an order's, -1 where it is of the connection; `code` is IB's.

    From version 194 on (recorded at 200) the edition is not sent, and the time of the error is, in ms since 1970.
    """

    msg_id = 4
    edition = "2"
    edition_until = 193
    req_id: int
    code: int
    text: str
    advanced: Annotated[str, Since(166)] = ""
    time_ms: Annotated[IntOrEmpty, Since(194)] = None


class NextValidId(Answer, frozen=True):
    """The least order id that this client may use."""

    msg_id = 9
    edition = "1"
    order_id: int


class NewsBulletin(Answer, frozen=True):
    """A bulletin: kind 1 of news, 2 an exchange is shut, 3 it is open again."""

    msg_id = 14
    edition = "1"
    bulletin_id: int
    kind: int
    text: str
    exchange: str


class ManagedAccounts(Answer, frozen=True):
    """The accounts one sees, parted by commas."""

    msg_id = 15
    edition = "1"
    accounts: str


class ReceiveFa(Answer, frozen=True):
    """An adviser's configuration: kind 1 groups, 2 profiles, 3 aliases."""

    msg_id = 16
    edition = "1"
    kind: int
    xml: str


class CurrentTime(Answer, frozen=True):
    """The server's clock, in s since 1970."""

    msg_id = 49
    edition = "1"
    time: int


class VerifyMessageApi(Answer, frozen=True):
    """A step of the verification of a program."""

    msg_id = 65
    edition = "1"
    data: str


class VerifyCompleted(Answer, frozen=True):
    """How that verification ended."""

    msg_id = 66
    edition = "1"
    is_successful: bool
    text: str


class DisplayGroupList(Answer, frozen=True):
    """Ids of the window groups of TWS, parted by ``|``."""

    msg_id = 67
    edition = "1"
    req_id: int
    groups: str


class DisplayGroupUpdated(Answer, frozen=True):
    """The contract a window group shows, as ``conId@exchange``."""

    msg_id = 68
    edition = "1"
    req_id: int
    contract: str


class VerifyAndAuthMessageApi(Answer, frozen=True):
    """A step of the verification of a program, with a challenge."""

    msg_id = 69
    edition = "1"
    data: str
    challenge: str


class VerifyAndAuthCompleted(Answer, frozen=True):
    """How that verification ended."""

    msg_id = 70
    edition = "1"
    is_successful: bool
    text: str


class SoftDollarTier(msgspec.Struct, frozen=True):
    """A tier of commissions paid for research."""

    name: str
    value: str
    display_name: str


class SoftDollarTiers(Answer, frozen=True):
    """All such tiers."""

    msg_id = 77
    req_id: int
    tiers: tuple[SoftDollarTier, ...] = ()


class FamilyCode(msgspec.Struct, frozen=True):
    """The family an account belongs to."""

    account: str
    code: str


class FamilyCodes(Answer, frozen=True):
    """All of them."""

    msg_id = 78
    codes: tuple[FamilyCode, ...] = ()


class ReplaceFaEnd(Answer, frozen=True):
    """An adviser's configuration has been replaced."""

    msg_id = 103
    req_id: int
    text: str


class UserInfo(Answer, frozen=True):
    """The user's branding id."""

    msg_id = 107
    req_id: int
    white_branding_id: str
