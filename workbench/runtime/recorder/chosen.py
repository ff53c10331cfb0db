"""Which contracts a recorder takes in a session, by the calendar alone: a plan asks no broker. A run asks TWS, whose list decides."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from workbench import calendars
from workbench.config import Settings
from workbench.domain.contracts import Contract
from workbench.domain.records import Phase
from workbench.market.rolls import VOLUME_DAYS, front
from workbench.runtime.live.leading import day_of
from workbench.runtime.recorder.plan import OpenHours, RecordPlan, open_hours, planned
from workbench.store.recordings import Recordings
from workbench.venues.ib.budget import Budget
from workbench.venues.ib.market import by_priority


def by_rule(settings: Settings, session: int) -> tuple[Contract, ...]:
    """List the contracts of the active roots, the most wanted first: those that lead, and around a roll the months that follow."""
    day, made = day_of(session), list[Contract]()
    days = calendars.business_days(day - timedelta(days=70), day + timedelta(days=400))
    for name in settings.active:
        root = settings.roots[name]
        if root.months is None:
            made.append(root.contract(len(made) + 1))
            continue
        leads = front(root.listing, day, days)
        made.append(root.contract(len(made) + 1, leads.expiry))
        if leads.leave_by - day <= timedelta(days=VOLUME_DAYS):
            made.append(root.contract(len(made) + 1, front(root.listing, leads.leave_by, days).expiry))
    return tuple(by_priority(made, settings.active, near_first=True))


def plan_of(settings: Settings, session: int) -> RecordPlan:
    """Plan a session of the active roots under the account's budget."""
    contracts = by_rule(settings, session)
    ib = settings.ib
    open_ = {each.id: _hours(each, session) for each in contracts}
    return planned(contracts, Budget(ib.lines, ib.by_tick, ib.depth), open_, bars=settings.recorder.bars)


def _hours(contract: Contract, session: int) -> OpenHours:
    """Say how long a contract trades in a log session of its own name: nothing where it has none, a fund on a holiday."""
    first_ns, last_ns = calendars.session_bounds(session)
    spans = calendars.around(contract.calendar, [first_ns, last_ns]).spans
    is_open = {Phase.RTH: True, Phase.ETH: False}
    inside = [(max(s.start_ns, first_ns), min(s.end_ns, last_ns), s.phase) for s in spans if s.phase in is_open]
    return open_hours((start, end, is_open[phase]) for start, end, phase in inside if start < end)


class Measured(NamedTuple):
    """What sessions recorded here came to: how many, and GB on the disk of one."""

    n_sessions: int
    gb_a_day: float


def measured(data: Path, n_sessions: int = 5) -> Measured | None:
    """Say how large the last recorded sessions are; `None` where there are none."""
    sizes = Recordings.of(data).sizes()
    last = sorted(sizes)[-n_sessions:]
    return Measured(len(last), sum(sizes[each] for each in last) / len(last) / 1e9) if last else None
