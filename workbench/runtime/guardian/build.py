"""From settings to a guardian: fence, process, connections. The only place where those meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.clock import ScaledClock
from workbench.config import Settings
from workbench.domain.contracts import Contract
from workbench.domain.units import SECOND
from workbench.runtime.guardian.guardian import Guardian
from workbench.runtime.guardian.process import Process
from workbench.runtime.guardian.values import Limits
from workbench.store.fence import Fence
from workbench.venues.ib.guarding import Link
from workbench.venues.ib.roles import Role, client_id


def guardian_of(settings: Settings, data: Path, account: str, *, is_beside: bool, tell: Callable[[str], None]) -> Guardian:
    """Make the one guardian of an account.

    Parameters
    ----------
    is_beside
        Whether it ends with its run, or when that left nothing to guard.

    Raises
    ------
    StoreError
        The account has a guardian already.
    """
    fence, clock = Fence(data, account), ScaledClock(SECOND, 1.0)
    fence.guard_alone()
    own, theirs = (client_id(settings.ib.client_id, role) for role in (Role.GUARD, Role.TRADE))

    def link(number: int, contracts: Mapping[int, Contract]) -> Link:
        return Link(settings.ib.host, settings.ib.port, number, account, contracts, data, clock)

    said = settings.guardian
    silent, within, after = (round(s * SECOND) for s in (said.silent_s, said.flat_within_s, said.flat_after_s))
    limits = Limits(silent, within, after, said.dedicated)
    tell(f"guarding {account} at {settings.ib.host}:{settings.ib.port}: client {own} looks, {theirs} is the runner's")
    return Guardian(data, account, fence, Process(data, fence), link, (own, theirs), limits, clock, tell, is_beside=is_beside)
