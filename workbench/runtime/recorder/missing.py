"""Keeps the list of gaps of a data folder: what is found goes in, what is filled is noted, what is still missing is said. No engine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from workbench import calendars
from workbench.domain.contracts import Contract
from workbench.domain.records import Phase
from workbench.runtime.recorder.filling import SETTLED_NS, Missing, fill, say
from workbench.runtime.recorder.gaps import Gap, merged
from workbench.store.contracts import ContractBook
from workbench.store.gaps import GapTable

OPEN: Final = frozenset({Phase.ETH, Phase.RTH})


class MissingList:
    """The gaps of the last sessions.

    Parameters
    ----------
    log_calendar
        Names log sessions.
    n_sessions
        How many before the newest are looked at again.
    fills
        Whether what is missing is asked for.
    """

    def __init__(self, data: Path, log_calendar: str, n_sessions: int, *, fills: bool) -> None:
        self._data, self._calendar, self._n_sessions, self._fills = data, log_calendar, n_sessions, fills
        self.table = GapTable(data)
        self._known = {session: self._read(session) for session in self.table.table.sessions()[-1 - n_sessions :]}
        self._dirty: set[int] = set()
        self.contracts = {each.id: each for each in ContractBook(data).contracts()}  # what can be asked for

    def _read(self, session: int) -> list[Gap]:
        return [Gap(*row) for row in self.table.read(session)]

    def add(self, found: Iterable[Gap]) -> None:
        """Take gaps that were found."""
        for gap in found:
            session = int(calendars.log_session(gap.ended_ns, self._calendar))
            if session not in self._known:
                self._known[session] = self._read(session)
            made = merged(self._known[session], [gap])
            if made != self._known[session]:
                self._known[session] = made
                self._dirty.add(session)

    def settle(self, now_ns: int) -> None:
        """Bring in what was answered, write what is new, and say what is missing.

        Parameters
        ----------
        now_ns
            How far the log is: what ended just now waits.
        """
        missing: list[Missing] = []
        if self._fills:
            for session, gaps in self._known.items():
                for at, gap in enumerate(gaps):
                    if gap.filled_by or gap.why_not or gap.ended_ns + SETTLED_NS > now_ns or gap.contract not in self.contracts:
                        continue
                    filled, still = fill(self._data, session, gap, self.contracts[gap.contract])
                    missing += still
                    if filled != gap:
                        gaps[at] = filled
                        self._dirty.add(session)
            say(self._data, missing)
        for session in sorted(self._dirty):
            self.table.write(session, self._known[session])
        self._dirty.clear()
        for session in sorted(self._known)[: -1 - self._n_sessions]:
            del self._known[session]

    def gaps(self, session: int) -> list[Gap]:
        """Give the gaps of a session, as they are known now."""
        return self._known.get(session) or self._read(session)


def stretches(contract: Contract, first_ns: int, last_ns: int) -> list[tuple[int, int]]:
    """List the stretches of trading of a contract that lie in [first_ns, last_ns), each from its own beginning to its own end.

    >>> from workbench.config import load_roots
    >>> es, noon = load_roots()["ES"].contract(1, "2026-12-18"), 1_795_106_400_000_000_000     # 2026-11-19 12:00 New York
    >>> [((b - a) / 3.6e12) for a, b in stretches(es, noon, noon + 7 * 3_600_000_000_000)]
    [23.0, 23.0]
    """
    made: list[tuple[int, int]] = []
    for span in calendars.around(contract.calendar, [first_ns, last_ns]).spans:
        if span.phase not in OPEN:
            continue
        if made and made[-1][1] == span.start_ns:
            made[-1] = made[-1][0], span.end_ns
        else:
            made.append((span.start_ns, span.end_ns))
    return [(start, end) for start, end in made if start < last_ns and end > first_ns]
