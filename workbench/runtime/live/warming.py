"""Warm-up from TWS: bars of each traded contract, over a connection of its own, within a time of ours. Sends no order.

Rules
-----
1. It is asked before the line is heard, while entries are shut anyhow: no order stands behind it.
2. At most two questions a contract: minutes, as far back as the slowest feature (two sessions at most) and to the open of the running
   session; and 5 s bars of the last hour, or more where a feature needs more, up to two hours.
3. What is refused, late or off the grid is said, and that contract begins cold. Nothing is asked twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from workbench.config import Settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import VenueError
from workbench.domain.records import Records, empty
from workbench.domain.units import BAR_NS, DAY, HOUR, MINUTE, SECOND
from workbench.runtime.live.history import Needs, WarmUp
from workbench.venues.history import Bars, BarsAsked

if TYPE_CHECKING:
    from workbench.calendars import Session
    from workbench.importers.ib_history.pace import Pace
    from workbench.runtime.live.past import Quanta
    from workbench.venues.history import HistorySource

WARM_S: Final = 45.0  # for all contracts; a farm that sleeps takes longer, and then the run begins cold
SHORT_NS: Final = HOUR  # of 5 s bars, at least: what adds up over a session has more to stand on
MOST_SHORT_NS: Final = 2 * HOUR  # IB gives 5 s bars of two hours at once
MOST_SESSIONS: Final = 2  # before the running one
LOOK_BACK_NS: Final = 12 * DAY  # longer than any closure and `MOST_SESSIONS`


class IbWarmUp:
    """A `runtime.live.history.HistorySource` over TWS.

    Parameters
    ----------
    settings
        Where it listens.
    timeout_s
        Of the whole, seconds of the loop.
    """

    def __init__(self, settings: Settings, timeout_s: float = WARM_S) -> None:
        self._settings, self._timeout_s = settings, timeout_s

    async def warm_up(self, contracts: Sequence[Contract], before_ns: int, needs: Needs) -> WarmUp:
        """Ask for all contracts, one question at a time."""
        from workbench.importers.ib_history.pace import Pace
        from workbench.venues.ib.history import open_history  # the broker's library: who starts nothing must not pay
        from workbench.venues.ib.roles import Role, client_id

        ib, parts, cold = self._settings.ib, list[Records](), dict[int, str]()
        number = client_id(ib.client_id, Role.WARM_UP)
        try:
            async with asyncio.timeout(self._timeout_s), open_history(ib.host, ib.port, number, {}) as source:
                pace = Pace()
                for contract in contracts:
                    records, why = await _of(contract, source, pace, before_ns, needs)
                    parts.append(records)
                    if why:
                        cold[contract.id] = why
        except TimeoutError:
            for contract in contracts[len(parts) :]:
                cold[contract.id] = f"no history within {self._timeout_s:g} s"
        except VenueError as error:
            cold |= {contract.id: str(error) for contract in contracts[len(parts) :]}
        return WarmUp(np.concatenate(parts) if parts else empty(0), cold)


async def _of(contract: Contract, source: HistorySource, pace: Pace, before_ns: int, needs: Needs) -> tuple[Records, str]:
    """Ask for one contract: its records, and why something of it is missing."""
    from workbench.runtime.live.past import filled, history_records

    sessions = _sessions(contract, before_ns)
    if not sessions:
        return empty(0), "no session of its calendar lies before now"
    long_ns, short_ns = begin_ns(sessions, before_ns, needs), before_ns - min(max(needs.short_ns, SHORT_NS), MOST_SHORT_NS)
    minutes, why = await _bars(BarsAsked(contract, long_ns, before_ns // MINUTE * MINUTE, 60), source, pace)
    short: list[Quanta] = []
    if needs.short_ns and sessions[-1].close_ns > before_ns:
        from_ns = max(short_ns // MINUTE * MINUTE, sessions[-1].open_ns)
        short, said = await _bars(BarsAsked(contract, from_ns, before_ns // BAR_NS * BAR_NS, BAR_NS // SECOND), source, pace)
        why = why or said
        join_ns = -(-short[0].start_ns // MINUTE) * MINUTE if short else before_ns  # the first whole minute that they tell
        minutes = [bar for bar in minutes if bar.end_ns <= join_ns]
        short = [bar for bar in short if bar.start_ns >= join_ns]
    return history_records(contract.id, filled([*minutes, *short], sessions, before_ns)), why


async def _bars(asked: BarsAsked, source: HistorySource, pace: Pace) -> tuple[list[Quanta], str]:
    """Ask one question at the broker's pace; bars that are over, on the grid, rising."""
    from workbench.runtime.live.past import in_quanta

    if asked.start_ns >= asked.end_ns:
        return [], ""
    loop = asyncio.get_running_loop()
    if wait_s := pace.wait_s(asked, loop.time()):
        await asyncio.sleep(wait_s)
    pace.sent(asked, loop.time())
    answer = await source.bars(asked)
    if not isinstance(answer, Bars):
        return [], answer.text
    read = [in_quanta(asked.contract, bar, asked.length_s) for bar in answer.bars]
    whole = [bar for bar in read if bar is not None and bar.end_ns <= asked.end_ns]
    n_odd = sum(bar is None for bar in read)
    return whole, f"{n_odd} of {len(read)} bars are not on the contract's grid" if n_odd else ""


def _sessions(contract: Contract, before_ns: int) -> list[Session]:
    """List the sessions of a contract that began before now, the latest last."""
    from workbench import calendars

    around = calendars.around(contract.calendar, [before_ns - LOOK_BACK_NS, before_ns])
    return [each for each in around.sessions if before_ns - LOOK_BACK_NS <= each.open_ns < before_ns]


def begin_ns(sessions: Sequence[Session], before_ns: int, needs: Needs) -> int:
    """Say from when on minutes are asked for: the open of the running session, or earlier where so much trading time lies before.

    >>> from workbench.calendars import Session
    >>> days = [Session(1, 0, 100), Session(2, 200, 300), Session(3, 400, 500)]
    >>> [begin_ns(days, 410, Needs(long_ns=need)) for need in (5, 30, 10_000)], begin_ns(days, 410, Needs(n_sessions=1))
    ([400, 280, 0], 200)
    """
    left = needs.long_ns
    first = sessions[-1].open_ns
    for n_before, each in enumerate(reversed(sessions)):
        if n_before > MOST_SESSIONS:
            break
        traded = min(each.close_ns, before_ns) - each.open_ns
        if n_before == 0 or n_before <= needs.n_sessions:
            first = each.open_ns
        elif left > 0:
            first = min(first, max(each.open_ns, each.close_ns - left))
        left -= traded
    return first
