"""Answers about accounts: values, positions, profit and loss. Amounts as text or numbers, each with its currency where it has one."""

from __future__ import annotations

from workbench.wire.contract import ListedContract, OwnedContract
from workbench.wire.kinds import NumberOrMax, Size
from workbench.wire.message import Answer
from workbench.wire.text import Number


class AccountValue(Answer, frozen=True):
    """One value of a subscribed account."""

    msg_id = 6
    edition = "2"
    key: str
    value: str
    currency: str
    account: str


class PortfolioValue(Answer, frozen=True, kw_only=True):
    """One position of a subscribed account, with its worth."""

    msg_id = 7
    edition = "8"
    contract: ListedContract
    position: Number
    market_price: Number = 0.0
    market_value: Number = 0.0
    average_cost: Number = 0.0
    unrealized_pnl: Number = 0.0
    realized_pnl: Number = 0.0
    account: str = ""


class AccountUpdateTime(Answer, frozen=True):
    """When the values are of, ``HH:MM``."""

    msg_id = 8
    edition = "1"
    time: str


class AccountDownloadEnd(Answer, frozen=True):
    """All values of an account have been sent once."""

    msg_id = 54
    edition = "1"
    account: str


class Position(Answer, frozen=True, kw_only=True):
    """A position; `average_cost` is price x multiplier."""

    msg_id = 61
    edition = "3"
    account: str
    contract: OwnedContract
    position: Number
    average_cost: Number = 0.0


class PositionEnd(Answer, frozen=True):
    """All positions have been sent once."""

    msg_id = 62
    edition = "1"


class AccountSummary(Answer, frozen=True):
    """One value of a summary."""

    msg_id = 63
    edition = "1"
    req_id: int
    account: str
    tag: str
    value: str
    currency: str


class AccountSummaryEnd(Answer, frozen=True):
    """All values of a summary have been sent once."""

    msg_id = 64
    edition = "1"
    req_id: int


class PositionMulti(Answer, frozen=True, kw_only=True):
    """A position of one account and model."""

    msg_id = 71
    edition = "1"
    req_id: int
    account: str
    contract: OwnedContract
    position: Number
    average_cost: Number = 0.0
    model_code: str = ""


class PositionMultiEnd(Answer, frozen=True):
    """All of them have been sent once."""

    msg_id = 72
    edition = "1"
    req_id: int


class AccountUpdateMulti(Answer, frozen=True):
    """One value of one account and model."""

    msg_id = 73
    edition = "1"
    req_id: int
    account: str
    model_code: str
    key: str
    value: str
    currency: str


class AccountUpdateMultiEnd(Answer, frozen=True):
    """All of them have been sent once."""

    msg_id = 74
    edition = "1"
    req_id: int


class Pnl(Answer, frozen=True):
    """Profit and loss of an account: of the day, of open positions, of closed ones."""

    msg_id = 94
    req_id: int
    daily: NumberOrMax = None
    unrealized: NumberOrMax = None
    realized: NumberOrMax = None


class PnlSingle(Answer, frozen=True):
    """The same of one position, with its size and worth."""

    msg_id = 95
    req_id: int
    position: Size
    daily: NumberOrMax = None
    unrealized: NumberOrMax = None
    realized: NumberOrMax = None
    value: NumberOrMax = None
