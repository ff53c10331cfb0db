"""Requests about accounts: values, positions, profit and loss."""

from __future__ import annotations

from workbench.wire.message import Request


class ReqAccountUpdates(Request, frozen=True):
    """Values and positions of one account, now and as they change; or no more of them."""

    msg_id = 6
    edition = "2"
    subscribe: bool
    account: str = ""


class ReqPositions(Request, frozen=True):
    """All positions, now and as they change."""

    msg_id = 61
    edition = "1"


class CancelPositions(Request, frozen=True):
    """No more of them."""

    msg_id = 64
    edition = "1"


class ReqAccountSummary(Request, frozen=True):
    """Some values (`tags`, parted by commas) of a group of accounts (``All``)."""

    msg_id = 62
    edition = "1"
    req_id: int
    group: str
    tags: str


class CancelAccountSummary(Request, frozen=True):
    """No more of them."""

    msg_id = 63
    edition = "1"
    req_id: int


class ReqPositionsMulti(Request, frozen=True):
    """Positions of one account and model."""

    msg_id = 74
    edition = "1"
    req_id: int
    account: str
    model_code: str = ""


class CancelPositionsMulti(Request, frozen=True):
    """No more of them."""

    msg_id = 75
    edition = "1"
    req_id: int


class ReqAccountUpdatesMulti(Request, frozen=True):
    """Values of one account and model; `ledger_and_nlv` those alone."""

    msg_id = 76
    edition = "1"
    req_id: int
    account: str
    model_code: str = ""
    ledger_and_nlv: bool = False


class CancelAccountUpdatesMulti(Request, frozen=True):
    """No more of them."""

    msg_id = 77
    edition = "1"
    req_id: int


class ReqPnl(Request, frozen=True):
    """Profit and loss of an account."""

    msg_id = 92
    req_id: int
    account: str
    model_code: str = ""


class CancelPnl(Request, frozen=True):
    """No more of it."""

    msg_id = 93
    req_id: int


class ReqPnlSingle(Request, frozen=True):
    """Profit and loss of one position."""

    msg_id = 94
    req_id: int
    account: str
    model_code: str
    con_id: int


class CancelPnlSingle(Request, frozen=True):
    """No more of it."""

    msg_id = 95
    req_id: int
