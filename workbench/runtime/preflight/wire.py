"""What of a run's ground is TWS's: who answers, account, clock, streams, client ids: the check-up of `workbench connect`, in colours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from workbench.clock import Clock, SystemClock
from workbench.config import Mode, Settings
from workbench.domain.errors import ConfigError, VenueError
from workbench.domain.units import SECOND
from workbench.runtime.live.doors import ON_PAPER
from workbench.runtime.live.looking import clock_of, look
from workbench.runtime.preflight.report import Colour, Line
from workbench.venues.ib.checkup.examination import examine
from workbench.venues.ib.checkup.lines import Line as Examined
from workbench.venues.ib.checkup.lines import Verdict
from workbench.venues.ib.checkup.session import SKEW_BAD_S, SKEW_LOOK_S
from workbench.venues.ib.roles import Role, client_id

COLOURS: Final = {Verdict.GOOD: Colour.GREEN, Verdict.LOOK: Colour.YELLOW, Verdict.UNKNOWN: Colour.YELLOW, Verdict.BAD: Colour.RED}
THRESHOLDS: Final = {
    "clock": f"{SKEW_LOOK_S:g} s; {SKEW_BAD_S:g} s at most",
    "orders": "the API may place orders",
    "what-if": "IB would take an order",
    "link to IBKR": "up",
}
STREAMS: Final = {"L1": "live", "tick-by-tick": "live", "depth": "live", "history": "bars come"}


class Door(NamedTuple):
    """Who answers at TWS: its accounts (none: nobody answers), its time, and the clock a run would go by."""

    line: Line
    accounts: tuple[str, ...]
    clock: Clock

    @property
    def is_open(self) -> bool:
        """Whether a session could be looked at."""
        return bool(self.accounts)


async def door(settings: Settings) -> Door:
    """Connect under the runner's own client id, and leave: so it is seen that it is free, too."""
    at, about, threshold = settings.ib, "TWS", "answers, and the runner's client id is free"
    where = f"{at.host}:{at.port}"
    try:
        seen = await look(at.host, at.port, client_id(at.client_id, Role.TRADE), [], speed=at.speed)
        clock = clock_of(seen.accounts, seen.now_ns, at.speed, settings.clock.step_limit_ns)
    except (VenueError, ConfigError) as error:
        return Door(Line(about, Colour.RED, str(error), threshold, "workbench connect; docs/your-tws.md"), (), SystemClock())
    return Door(Line(about, Colour.GREEN, f"{where} as client {at.client_id}", threshold), seen.accounts, clock)


async def guards_id(settings: Settings) -> Line:
    """Connect under the guardian's client id."""
    at, about, threshold = settings.ib, "guardian's client id", "free"
    number = client_id(at.client_id, Role.GUARD)
    try:
        await look(at.host, at.port, number, [], speed=at.speed)
    except (VenueError, ConfigError) as error:
        return Line(about, Colour.RED, str(error), threshold, f"end what is connected as client {number}")
    return Line(about, Colour.GREEN, f"{number} is free", threshold)


def account(mode: Mode, named: str | None, accounts: tuple[str, ...]) -> tuple[Line, str]:
    """Say whose account it would be, and whether it is of the kind that the mode is for.

    >>> account(Mode.LIVE, None, ("DU1234567",))[0].colour.value, account(Mode.PAPER, None, ("DU1234567",))[0].found
    ('red', 'DU1234567 (paper)')
    """
    threshold = "one with money" if mode is Mode.LIVE else "a paper account"
    told = ", ".join(accounts) or "none"
    if named is not None and named not in accounts:
        return Line(
            "account", Colour.RED, f"{named} is not of this login ({told})", threshold, "set ib.account, or log in as its user"
        ), named
    if named is None and len(accounts) != 1:
        return Line("account", Colour.RED, f"{len(accounts)} accounts: {told}", threshold, "name one in ib.account"), ""
    chosen = named or accounts[0]
    is_paper = chosen.startswith(ON_PAPER)
    found = f"{chosen} ({'paper' if is_paper else 'LIVE: real money'})"
    if is_paper is (mode is Mode.LIVE):
        other = "workbench paper" if is_paper else "log in to the paper account"
        return Line("account", Colour.RED, found, threshold, f"this is a look before {mode.value}: {other}"), chosen
    return Line("account", Colour.GREEN, found, threshold), chosen


async def streams(settings: Settings, clock: Clock) -> AsyncIterator[Line]:
    """Look at TWS as `workbench connect` does: clock, permissions, and each stream of the leading contract of each active root."""
    at = settings.ib
    number = client_id(at.client_id, Role.CONNECT)
    async for line in examine(at.host, at.port, number, settings.active, settings.roots, lambda: clock.now_ns() / SECOND):
        yield coloured(line)


def coloured(line: Examined) -> Line:
    """Turn a line of the check-up into one of ours.

    >>> coloured(Examined("MESZ6 L1", Verdict.BAD, "delayed", "10167: subscribe", "Subscribe"))
    Line(about='MESZ6 L1', colour=<Colour.RED: 'red'>, found='delayed (IB: 10167: subscribe)', threshold='live', remedy='Subscribe')
    """
    threshold = THRESHOLDS.get(line.about) or next((what for stream, what in STREAMS.items() if line.about.endswith(stream)), "")
    found = f"{line.found} (IB: {line.said})" if line.said else line.found
    return Line(line.about, COLOURS[line.verdict], found, threshold, line.remedy)
