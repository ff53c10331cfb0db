"""Who may send what: record, observe, paper, live; the three yeses of live, and the account every order must be for. Sends nothing.

Rules
-----
1. `record` decides nothing, `observe` decides and sends nothing: its orders are journaled and answered with *not sent*.
2. `paper` sends for accounts that cannot hold money (IB's begin with DU, the simulated gateway's with DUSIM), `live` for others.
3. `live` needs three yeses that have nothing to do with one another: the mode, the account named in the settings, and an arming token
   that ends by itself, or is taken back while a run goes on. What reduces risk may leave after it has.
4. An account that the login does not manage, or did not name yet, gets no order.
5. A process whose token is not the fence's (`store.fence`) sends nothing, not even a cancel: somebody else looks after its orders now.
6. Where a guardian is needed, its silence shuts entries; exits leave.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from workbench.clock import Clock
from workbench.config import Mode
from workbench.domain.errors import ConfigError, VenueError
from workbench.domain.events import AnyEvent, OrderRejected
from workbench.domain.orders import AnyCommand, Ask, Exit, Leg, Protect, Submit
from workbench.domain.units import HOUR, SECOND
from workbench.store.fence import Fence

ON_PAPER: Final = ("DU", "DF", "DI")  # IB's paper accounts: individual, adviser's, adviser's client
SIMULATED: Final = "DUSIM"  # accounts of the simulated gateway
ARMED_FILE: Final = "ARMED"  # in the data folder
ARMED_VARIABLE: Final = "WORKBENCH_ARMED"  # the same text, for machines without a place to keep it
MAX_ARMED_NS: Final = 24 * HOUR  # a yes that lasts for ever is none
TRADES: Final = frozenset({Mode.PAPER, Mode.LIVE})
ORDERS: Final = (b"3\0", b"4\0", b"58\0")  # how payloads begin that place, cancel, cancel all
FENCED: Final = "not sent: the fence is up, or another process has taken over; this one sends nothing any more"
RUNS: Final = frozenset({Mode.RECORD, Mode.OBSERVE, *TRADES})


class Armed(NamedTuple):
    """The third yes: for which account, and until when."""

    account: str
    until_ns: int

    @classmethod
    def parse(cls, text: str, where: str) -> Armed:
        """Read ``U1234567 2026-11-20T22:00:00Z``.

        >>> Armed.parse("U1234567 2026-11-20T22:00:00Z", "here").account
        'U1234567'
        """
        try:
            account, until = text.split()
            at = datetime.fromisoformat(until)
            if at.tzinfo is None:
                raise ValueError
        except ValueError:
            raise ConfigError(f"{where}: write ACCOUNT TIME, as in U1234567 2026-11-20T22:00:00Z, not {text.strip()!r}") from None
        return cls(account, int(at.timestamp()) * SECOND)

    def text(self) -> str:
        """Write it.

        >>> Armed("U1", 1_795_212_000 * SECOND).text()
        'U1 2026-11-20T22:00:00+00:00'
        """
        return f"{self.account} {datetime.fromtimestamp(self.until_ns // SECOND, UTC).isoformat()}"


def token(data: Path, environment: Mapping[str, str]) -> Armed | None:
    """Find the arming token: in the environment, else in the data folder."""
    if environment.get(ARMED_VARIABLE):
        return Armed.parse(environment[ARMED_VARIABLE], f"environment {ARMED_VARIABLE}")
    path = data / ARMED_FILE
    return Armed.parse(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else None


def is_taken_back(data: Path, environment: Mapping[str, str], account: str) -> bool:
    """Tell whether the token that a run began with is there no more: for an account, whatever its time. One nobody can read is none."""
    try:
        there = token(data, environment)
    except (ConfigError, OSError, ValueError):
        return True
    return there is None or there.account != account


class Door:
    """What a command must pass to leave.

    Parameters
    ----------
    mode
        Record, observe, paper or live.
    account
        The one that orders are for.
    managed
        Gives the accounts of the login; none while that is not known.
    armed
        The arming token, for `live`.
    clock
        Says whether it still holds.
    fence
        Says whether this process may send; `None`: nobody else can act for the account.
    silent_ns
        How long a guardian may be silent before entries are shut; `None`: none is needed.
    steady
        The clock that a guardian's heartbeat is stamped with.
    is_disarmed
        Says whether a person has taken the token back since; asked before each entry with money.
    """

    def __init__(
        self,
        mode: Mode,
        account: str,
        managed: Callable[[], Collection[str]],
        armed: Armed | None,
        clock: Clock,
        *,
        fence: Fence | None = None,
        silent_ns: int | None = None,
        steady: Callable[[], int] = time.monotonic_ns,
        is_disarmed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_disarmed = is_disarmed
        self.mode, self.account = mode, account
        self._managed, self._armed, self._clock = managed, armed, clock
        self._fence, self._silent_ns, self._steady = fence, silent_ns, steady

    @property
    def is_fenced(self) -> bool:
        """Whether this process can send nothing any more, for ever."""
        return self._fence is not None and not self._fence.is_open

    def why_unguarded(self) -> str | None:
        """Say why nothing may be entered for want of a guardian; `None` if one is heard, or none is needed."""
        if self._fence is None or self._silent_ns is None:
            return None
        silent_ns = self._fence.guardian_silent_ns(self._steady())
        if silent_ns is not None and silent_ns <= self._silent_ns:
            return None
        how_long = "was not heard yet" if silent_ns is None else f"is silent for {silent_ns // SECOND} s"
        return f"the guardian {how_long}"

    def why_not(self, command: AnyCommand) -> str | None:
        """Say why a command may not leave; `None` if it may."""
        if isinstance(command, Ask):
            return None
        if self.mode not in TRADES:
            return f"not sent: the mode is {self.mode.value}"
        if self.is_fenced:
            return FENCED
        if command.key.account != self.account:
            return f"not sent: it is for account {command.key.account}, this run trades {self.account}"
        if not isinstance(command, Submit):
            return None
        managed = self._managed()
        if self.account not in managed:
            told = f"manages {', '.join(sorted(managed))}" if managed else "did not say yet which accounts it manages"
            return f"not sent: account {self.account}, but the login {told}"
        if self.mode is Mode.LIVE and (self._armed is None or self._clock.now_ns() >= self._armed.until_ns):
            return "not sent: the arming token has expired; exits still leave"
        if self.mode is Mode.LIVE and self._is_disarmed():
            return "not sent: the arming token was taken back; exits still leave"
        unguarded = self.why_unguarded()
        return None if unguarded is None else f"not sent: {unguarded}; exits still leave"


def before_the_wire(fence: Fence, check: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Look at the fence once more, the moment before a payload leaves: what waited, or follows of a report, passes no door.

    Raises
    ------
    VenueError
        From what is given back: the payload stays here.
    """

    def checked(payload: bytes) -> None:
        if payload.startswith(ORDERS) and not fence.is_open:
            raise VenueError(FENCED)
        check(payload)

    return checked


def answers(command: AnyCommand, why: str) -> list[AnyEvent]:
    """What a command that did not leave comes back as."""
    if isinstance(command, Submit):
        return [OrderRejected(command.ref, Leg.ENTRY, why)]
    if isinstance(command, Protect):
        return [OrderRejected(command.ref, Leg.STOP, why)]
    return [OrderRejected(command.ref, Leg.EXIT, why)] if isinstance(command, Exit) else []


def must_be_allowed(mode: Mode, named: str | None, account: str, armed: Armed | None, now_ns: int, *, asked: Mode) -> None:
    """Refuse a run that may not begin, naming every yes that is missing.

    Parameters
    ----------
    mode
        What was asked for on the command line.
    named
        The account that settings name, if they do.
    account
        The one that would be traded.
    asked
        The mode of the settings: the first of the three yeses.

    Raises
    ------
    ConfigError
        Saying all that is missing, and how to give it.
    """
    on_paper = account.startswith(ON_PAPER)
    if mode is Mode.PAPER and not on_paper:
        raise ConfigError(f"account {account} is no paper account (those begin with {', '.join(ON_PAPER)}): paper trades nothing else")
    if mode is not Mode.LIVE:
        return
    missing = []
    if asked is not Mode.LIVE:
        missing.append(f'mode = "live" in the settings or EXECUTION_MODE=live (it is {asked.value})')
    if named is None:
        missing.append("ib.account, the account's id, in the settings")
    elif named != account:
        missing.append(f"ib.account names {named}, the run would trade {account}")
    if armed is None:
        missing.append("an arming token: workbench arm ACCOUNT --hours 8")
    elif armed.account != account:
        missing.append(f"an arming token for {account} (there is one for {armed.account})")
    elif armed.until_ns <= now_ns:
        missing.append("an arming token that has not expired: workbench arm ACCOUNT --hours 8")
    elif armed.until_ns - now_ns > MAX_ARMED_NS:
        missing.append("an arming token for at most 24 hours")
    if on_paper:
        missing.append(f"an account with money: {account} is a paper account, use workbench paper")
    if missing:
        raise ConfigError("live trading needs three yeses; missing: " + "; ".join(missing))
