"""Which contracts a session's run is about, and which of them may be entered. Reads definitions and manifests; asks nobody.

Rules
-----
1. A session is traded in the contracts that lead on its date (`market.rolls`, a week before the last day that may be held).
2. A run that ended with something open is gone on from in its own contracts and in those that lead now: a position outlives a roll under
   its stop, the month that follows is streamed beside it, and what leads no more is not entered again.
3. What leads no more, or ends within a week, is not entered: neither by date nor after a run that was held up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workbench.config import Mode, Root
from workbench.domain.contracts import Contract
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
    """

    def __init__(self, names: Names, roots: Sequence[Root], hours: Mapping[int, Sequence[Open]]) -> None:
        self._names, self._roots, self.hours = names, roots, hours

    def on(self, session: int) -> tuple[Contract, ...]:
        """Give the contract that leads for each root in a session, ids rising.

        Raises
        ------
        VenueError
            IB did not name the month that must lead.
        """
        from workbench import calendars  # pandas: who only asks for help must not pay
        from workbench.venues.ib.contracts import Fronts

        fronts, day = Fronts(self._names, self._roots), day_of(session)
        fronts.look(day, calendars.business_days(day - timedelta(days=70), day + timedelta(days=400)))
        return tuple(sorted(fronts.leads.values(), key=lambda contract: contract.id))


def define(data: Path, seen: Looked, roots: Sequence[Root], session: int) -> Leading:
    """Define what a first look found; the data folder gives everything its id."""
    from workbench.venues.ib.contracts import Names, found

    book, tried = ContractBook(data), Names()
    for contract in book.contracts():
        tried.add(contract)
    there = [item for root in roots for item in found(seen.contracts[root.root], root, tried, day_of(session))]
    defined = book.define_all([item.contract for item in there])
    names = Names(defined)
    told = {int(item.contract.venue_ids["ib"]): tuple(Open(*each) for each in item.sessions) for item in there}
    return Leading(names, roots, {each.id: told[con_id] for con_id, each in names.by_con_id.items() if con_id in told})


def of_the_run(data: Path, session: int, mode: Mode, account: str, leads: Iterable[Contract]) -> tuple[Contract, ...]:
    """Give the contracts of a session's run: its own if it died; else those that lead, and those the run before could not leave."""
    mine = [each for each in runs(data) if each.mode == mode.value and each.source.startswith(WIRE) and each.account == account]
    if died := [each for each in mine if each.sessions[-1] == session and not each.is_closed]:
        return tuple(died[-1].contracts)
    ended = [each for each in mine if each.is_closed and each.sessions[-1] <= session]
    last: RunManifest | None = max(ended, key=lambda each: (each.sessions[-1], each.epoch), default=None)
    held = last.contracts if last is not None and not last.ended_flat else ()
    return tuple(sorted({each.id: each for each in (*held, *leads)}.values(), key=lambda each: each.id))


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
