"""What the tour asks of a client, whoever made it: a few verbs and plain values. Each adapter says them with its own library's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

WAIT_S = 30.0  # for an answer, at the most; a busy machine takes its time
Asked = dict[str, Any]  # fields of a Contract, under the names that both libraries share
ES: Asked = dict(symbol="ES", secType="FUT", exchange="CME", currency="USD", lastTradeDateOrContractMonth="202612")
NQ: Asked = ES | dict(symbol="NQ")
SPY: Asked = dict(symbol="SPY", secType="STK", exchange="SMART", currency="USD")
NOTHING: Asked = dict(symbol="NOSUCH", secType="STK", exchange="SMART", currency="USD")


class Found(NamedTuple):
    con_id: int
    local_symbol: str
    min_tick: float
    multiplier: str
    time_zone: str


class Bar(NamedTuple):
    date: str
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """An order."""

    action: str
    quantity: float
    kind: str
    limit: float | None = None
    stop: float | None = None
    percent: float | None = None
    parent: int = 0
    transmit: bool = True
    group: str = ""
    group_kind: int = 0
    tif: str = "DAY"
    id: int | None = None


class Status(NamedTuple):
    word: str
    filled: float
    remaining: float
    average: float
    parent: int


class Fill(NamedTuple):
    exec_id: str
    order_id: int
    side: str
    shares: float
    price: float
    commission: float | None


class Margin(NamedTuple):
    before: float
    after: float
    commission: float | None


class Tws(Protocol):
    """A client of the tour. Every verb waits for its answer."""

    def connect(self, port: int, client_id: int) -> None: ...
    def disconnect(self) -> None: ...
    def wait(self, s: float) -> None: ...
    @property
    def accounts(self) -> list[str]: ...
    @property
    def errors(self) -> list[tuple[int, int, str]]: ...
    def next_id(self) -> int: ...
    def time(self) -> float: ...
    def details(self, contract: Asked) -> list[Found]: ...
    def line(self, contract: Asked, ticks: set[int]) -> dict[int, float]: ...
    def ticks(self, contract: Asked, kind: str, n: int) -> list[tuple[float, ...]]: ...
    def book(self, contract: Asked, rows: int) -> tuple[int, int]: ...
    def history(self, contract: Asked, duration: str, size: str) -> list[Bar]: ...
    def real_time(self, contract: Asked, n: int) -> list[Bar]: ...
    def chain(self, symbol: str, con_id: int) -> tuple[int, int]: ...
    def what_if(self, contract: Asked, ticket: Ticket) -> Margin: ...
    def place(self, contract: Asked, ticket: Ticket) -> int: ...
    def cancel(self, order_id: int) -> None: ...
    def status(self, order_id: int) -> Status | None: ...
    def perm_id(self, order_id: int) -> int: ...
    def open_orders(self, everybodys: bool = False) -> set[int]: ...
    def fills(self) -> list[Fill]: ...
    def positions(self) -> dict[str, float]: ...
    def summary(self) -> dict[str, str]: ...
    def pnl(self) -> tuple[float, float, float]: ...
