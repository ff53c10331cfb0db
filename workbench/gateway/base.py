"""What the parts of the gateway say to one another: a client, a service, the world they share. Shapes only; no protocol, no I/O.

A service is handed requests it named, market records that have happened, and the time; it answers through `Client.send`. It opens no
socket, reads no clock and draws only from `World.rng`: the same requests at the same session times get the same answers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, runtime_checkable

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError
from workbench.domain.records import Records
from workbench.gateway.behaviour import RATES

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.gateway.contracts import Universe
    from workbench.wire import Answer, Request

T = TypeVar("T")
ACCOUNT_PREFIX = "DUSIM"  # no account of a broker begins so: what trades on it cannot be taken for money


class Client(Protocol):
    """One connected API client, as services see it. Two clients are never equal; one that left takes what is sent and drops it."""

    @property
    def id(self) -> int:
        """The clientId of its startApi."""
        ...

    @property
    def version(self) -> int:
        """Server version agreed with it, 157 to 178."""
        ...

    def send(self, message: Answer) -> None:
        """Send it a message; faults may stand between here and the socket."""
        ...

    def error(self, req_id: int, code: int, text: str, advanced: str = "") -> None:
        """Send it an error or a notice; `req_id` is -1 where none is meant."""
        ...


@runtime_checkable
class Service(Protocol):
    """A part of the gateway that answers some requests. Packages export ``services(world) -> list[Service]``.

    In one step of the gateway come first the records that are due, to every service in the order of `build.gateway` (the broker's before
    those that only show), then `advance`. What happened before the gateway's start comes the same way, while no client is there.
    """

    @property
    def requests(self) -> tuple[type[Request], ...]:
        """The classes it answers; a class attribute does."""
        ...

    def answer(self, client: Client, request: Request) -> None:
        """Answer a request of one of the named classes. `World.now_ns` is the time of its arrival."""
        ...

    def records(self, records: Records, start: int, stop: int) -> None:
        """Take market records [start, stop), all of time <= `World.now_ns`. `records` is the same array each time."""
        ...

    def advance(self, now_ns: int) -> None:
        """Take that time has come to `now_ns` (session time)."""
        ...

    def next_due_ns(self) -> int | None:
        """Say when `advance` is wanted at the latest, records apart; `None` if nothing waits."""
        ...

    def left(self, client: Client) -> None:
        """Take that a client's socket is gone."""
        ...


class AccountSetup(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it begins. ``cash`` in units of ``currency``, a decimal."""

    name: str
    currency: str = "USD"
    cash: str = "1000000"

    def __post_init__(self) -> None:
        if not self.name.startswith(ACCOUNT_PREFIX):
            raise ConfigError(f"account {self.name!r}: an account of the gateway begins with {ACCOUNT_PREFIX}, so that nobody mistakes it")
        if self.currency not in RATES:
            raise ConfigError(f"account {self.name}: no rate for {self.currency!r}; its currency is one of {', '.join(RATES)}")
        try:
            Fraction(self.cash)
        except (ValueError, ZeroDivisionError):
            raise ConfigError(f"account {self.name}: cash is a number such as 1000000, not {self.cash!r}") from None


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What one user's market data allows: IB's numbers for an account without booster packs. All clients share it."""

    lines: int = 100  # market data lines at a time (101 beyond)
    depth: int = 3  # books at a time (309)
    tick_by_tick: int = 3  # tick-by-tick requests at a time (10190)
    tick_by_tick_s: int = 15  # s between two tick-by-tick requests of one contract


class World:
    """What all services share. Made by `build.gateway`; the gateway alone moves `now_ns` and the list of clients.

    Parameters
    ----------
    contracts
        What trades on the tape; ``venue_ids["ib"]`` holds the conId once the universe has been made.
    records
        The whole tape, past and to come: a service looks no further than `World.now_ns`.
    speed
        Session seconds in one second of a client's clock, 1 to 20.
    master_id
        Client id that hears of every client's orders (TWS: *master API client ID*); `None` if there is none.
    """

    universe: Universe

    def __init__(
        self,
        *,
        settings: Settings,
        contracts: Sequence[Contract],
        records: Records,
        now_ns: int,
        accounts: Sequence[AccountSetup] = (AccountSetup(name="DUSIM1"),),
        budget: Budget | None = None,
        seed: int = 1,
        speed: float = 1.0,
        master_id: int | None = None,
    ) -> None:
        if not accounts or len({each.name for each in accounts}) < len(accounts):
            raise ConfigError("the gateway needs at least one account, and each name once")
        self.settings = settings
        self.contracts = tuple(contracts)
        self.tape = records
        self.now_ns = now_ns
        self.accounts = tuple(accounts)
        self.budget = budget or Budget()
        self.seed = seed
        self.rng = random.Random(seed)  # noqa: S311  a simulation, not a secret
        self.speed = speed
        self.master_id = master_id
        self.clients: list[Client] = []
        self.next_valid_id: Callable[[Client], int] = _first_id
        self._parts: dict[type[Any], Any] = {}

    def part(self, key: type[T], make: Callable[[], T]) -> T:
        """Give the one `key` of this world, made at the first call: the broker that orders and accounts share."""
        if key not in self._parts:
            self._parts[key] = make()
        return cast("T", self._parts[key])

    def known(self, key: type[T]) -> T | None:
        """Give the one `key` of this world if somebody has made it."""
        return cast("T | None", self._parts.get(key))


def _first_id(client: Client) -> int:
    """Until a service that books orders puts its own rule into `World.next_valid_id`."""
    return 1
