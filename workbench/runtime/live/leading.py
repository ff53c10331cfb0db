"""Which contracts a session's run is about, and which of them may be entered. Reads definitions and manifests; asks nobody.

Rules
-----
1. A session is traded in the contracts that lead on its date: a week before the last day that may be held the next month does
   (`market.rolls`), and within two weeks of it as soon as the next one traded more in the session that ended.
2. A run that ended with something open is gone on from in its own contracts and in those that lead now: a position outlives a roll under
   its stop, the month that follows is streamed beside it, and what leads no more is not entered again.
3. What leads no more, or ends within a week, is not entered: neither by date nor after a run that was held up.
4. Who only records takes around a roll both months of a root: the one that leads, and the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workbench.config import Mode, Root
from workbench.domain.contracts import Contract, ContractType
from workbench.market.rolls import VOLUME_DAYS, front
from workbench.runtime.live.hours import Open
from workbench.runtime.live.looking import Looked
from workbench.runtime.recovery import WIRE
from workbench.store.contracts import ContractBook
from workbench.store.manifest import RunManifest, runs

if TYPE_CHECKING:
    from workbench.venues.ib.contracts import Names

LAST_DAYS: Final = 7  # before its end in which a contract is not entered


class Leading:
    """The contracts of the active roots, as IB defines them.

    Parameters
    ----------
    names
        All that were found.
    roots
        The active ones.
    hours
        When each trades, as IB told, by contract id.
    led
        Those that led before: an earlier month never leads again.
    """

    def __init__(self, names: Names, roots: Sequence[Root], hours: Mapping[int, Sequence[Open]], led: Iterable[Contract] = ()) -> None:
        self._names, self._roots, self.hours = names, roots, hours
        self._led = {contract.root: contract for contract in sorted(led, key=lambda each: each.expiry or "")}
        self.volumes: Mapping[int, int] = {}  # traded in the session that ended, by contract id

    def on(self, session: int) -> tuple[Contract, ...]:
        """Give the contract that leads for each root in a session, ids rising.

        Raises
        ------
        VenueError
            IB did not name the month that must lead.
        """
        from workbench.venues.ib.contracts import Fronts

        fronts, day = Fronts(self._names, self._roots), day_of(session)
        fronts.leads.update(self._led)
        fronts.look(day, _business_days(day), self.volumes)
        self._led = dict(fronts.leads)
        return tuple(sorted(fronts.leads.values(), key=lambda contract: contract.id))

    def contested(self, session: int) -> tuple[Contract, ...]:
        """Give the months between which volume may decide: of each root whose lead must be left soon, that and the next one."""
        day, leads = day_of(session), {contract.root: contract for contract in self.on(session)}
        days, found = _business_days(day), list[Contract]()
        for root in self._roots:
            if root.type is not ContractType.FUTURE or front(root.listing, day, days).leave_by - day > timedelta(days=VOLUME_DAYS):
                continue
            months = self._names.of_root(root.root)
            at = months.index(leads[root.root])
            found += months[at : at + 2] if at + 1 < len(months) else []
        return tuple(found)


def _business_days(day: date) -> Sequence[date]:
    from workbench import calendars  # pandas: who only asks for help must not pay

    return calendars.business_days(day - timedelta(days=70), day + timedelta(days=400))


def led_before(data: Path, mode: Mode, account: str) -> tuple[Contract, ...]:
    """Give the contracts that led in the last run of this kind."""
    mine = [each for each in runs(data) if each.mode == mode.value and each.source.startswith(WIRE) and each.account == account]
    last = max(mine, key=lambda each: (each.sessions[-1], each.epoch), default=None)
    return () if last is None else tuple(each for each in last.contracts if each.id not in last.not_entered)


def define(data: Path, seen: Looked, roots: Sequence[Root], session: int, led: Iterable[Contract] = ()) -> Leading:
    """Define what a first look found; the data folder gives everything its id. `led`: what led before."""
    from workbench.venues.ib.contracts import Names, found

    book, tried = ContractBook(data), Names()
    for contract in book.contracts():
        tried.add(contract)
    there = [item for root in roots for item in found(seen.contracts[root.root], root, tried, day_of(session))]
    defined = book.define_all([item.contract for item in there])
    names = Names(defined)
    told = {int(item.contract.venue_ids["ib"]): tuple(Open(*each) for each in item.sessions) for item in there}
    return Leading(names, roots, {each.id: told[con_id] for con_id, each in names.by_con_id.items() if con_id in told}, led)


def of_the_run(data: Path, session: int, mode: Mode, account: str, leads: Iterable[Contract]) -> tuple[Contract, ...]:
    """Give the contracts of a session's run: its own if it died; else those that lead, and those the run before could not leave."""
    mine = [each for each in runs(data) if each.mode == mode.value and each.source.startswith(WIRE) and each.account == account]
    if died := [each for each in mine if each.sessions[-1] == session and not each.is_closed]:
        return tuple(died[-1].contracts)
    ended = [each for each in mine if each.is_closed and each.sessions[-1] <= session]
    last: RunManifest | None = max(ended, key=lambda each: (each.sessions[-1], each.epoch), default=None)
    held = last.contracts if last is not None and not last.ended_flat else ()
    return tuple(sorted({each.id: each for each in (*held, *leads)}.values(), key=lambda each: each.id))


def recorded(leads: Iterable[Contract], contested: Iterable[Contract]) -> tuple[Contract, ...]:
    """Give the contracts a recorder takes in: those that lead, and around a roll the month that follows; ids rising."""
    return tuple(sorted({each.id: each for each in (*leads, *contested)}.values(), key=lambda each: each.id))


def not_entered(contracts: Iterable[Contract], leads: Iterable[Contract], session: int) -> tuple[int, ...]:
    """Name those that are not entered in a session."""
    lead, day = {contract.id for contract in leads}, day_of(session)
    return tuple(each.id for each in contracts if each.id not in lead or _ends_soon(each, day))


def _ends_soon(contract: Contract, day: date) -> bool:
    return contract.expiry is not None and date.fromisoformat(contract.expiry) - day < timedelta(days=LAST_DAYS)


def day_of(session: int) -> date:
    """Read a session's name.

    >>> day_of(20261120)
    datetime.date(2026, 11, 20)
    """
    return datetime.strptime(str(session), "%Y%m%d").replace(tzinfo=UTC).date()
