"""One run, followed: its journal and its records folded together in the order of the log, a little more at each look. Reads stores only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from workbench import calendars
from workbench.config import Settings
from workbench.dashboard.feed import Feed
from workbench.dashboard.laws import law_of
from workbench.dashboard.records import NewRecords
from workbench.domain.errors import WorkbenchError
from workbench.domain.records import Records
from workbench.domain.units import DAY, SECOND
from workbench.execution.bracket import Bracket
from workbench.learning.models import RECIPES
from workbench.learning.recipe import Recipe
from workbench.research.board import Board
from workbench.risk.constitution import Constitution
from workbench.store.entries import read_journal
from workbench.store.epochs import first_seq
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest

FOREVER: Final = (1 << 62) - 1
MAX_POINTS: Final = 1_500  # of the line of P&L; when there are more, every second one goes


class Followed(NamedTuple):
    """What is known of a run before its first entry."""

    law: Constitution | None
    recipes: tuple[Recipe, ...]
    account_days: tuple[tuple[int, int], ...]


class Following:
    """A run being followed.

    Parameters
    ----------
    run
        Its card as it was when following began.
    settings
        Where leaders, lengths of features and the account's calendar come from.
    before
        The run it goes on from, where that did not end flat: what it left open belongs to this one.
    """

    def __init__(self, data: Path, run: RunManifest, settings: Settings, before: RunManifest | None = None) -> None:
        self.run = run
        self.known = _known(run, settings)
        self.board = Board(self.known.account_days)
        ids = {contract.root: contract.id for contract in run.contracts}
        leads = [(name, root.lead) for name, root in settings.roots.items() if root.lead is not None]
        self.feed = Feed(
            run.contracts,
            lengths_ns=[length * SECOND for length in settings.engine.feature_bars_s],
            leaders={ids[name]: ids[lead] for name, lead in leads if name in ids and lead in ids},
        )
        self.line: list[tuple[int, int]] = []
        self.best_micros = 0
        self._first = run.first_seq or first_seq(run.epoch)
        self._records = NewRecords(data, run.sessions[-1], self._first - 1)
        self._waiting: list[Records] = []
        self._journal = Folders(data).journal(run.run)
        if before is not None:
            for entry in read_journal(Folders(data).journal(before.run)):
                self.board.take(entry)
            self.board.n_entries = 0

    def advance(self, run: RunManifest, done_seq: int | None) -> None:
        """Take what has come since the last look.

        Records wait until the engine is known to have taken them, so that market and journal are of one moment: the tail is written
        before the engine sees a record, the journal after.

        Parameters
        ----------
        run
            Its card now.
        done_seq
            Record up to which the runner says that all is in its journal; `None`: it said nothing.

        Raises
        ------
        WorkbenchError
            A store cannot be read, or contradicts itself. What came before it is in; the next look goes on there.
        """
        self.run = run
        bound = FOREVER if run.is_closed or done_seq is None else done_seq
        trouble: Exception | None = None
        try:
            self._waiting += self._records.read(run.last_seq if run.is_closed and run.last_seq is not None else FOREVER)
        except (WorkbenchError, OSError) as error:
            trouble = error  # money and positions are shown all the same
        try:
            for entry in read_journal(self._journal, after=self.board.n_entries):
                self._fold(entry.after_seq)
                self.board.take(entry)
                bound = max(bound, entry.after_seq)
        finally:
            self._fold(bound)
            self.board.begin_day(self.feed.now_ns)
        if trouble is not None:
            raise trouble

    @property
    def newest_seq(self) -> int:
        """Seq of the newest record that was written, taken by the engine or not."""
        return int(self._waiting[-1]["seq"][-1]) if self._waiting else self.feed.last_seq

    def _fold(self, upto: int) -> None:
        """Fold the records up to a seq; the others wait."""
        while self._waiting and int(self._waiting[0]["seq"][0]) <= upto:
            first = self._waiting[0]
            n = int(first["seq"].searchsorted(upto, side="right"))
            self.feed.fold(first[:n], self._mark)
            self._waiting[:1] = [first[n:]] if n < len(first) else []

    def _mark(self, now_ns: int) -> None:
        """Put a point on the line of P&L."""
        worth = self.worth_micros()
        self.best_micros = max(self.best_micros, worth)
        self.line.append((now_ns, worth))
        if len(self.line) > MAX_POINTS:
            del self.line[1:-1:2]

    def open_micros(self) -> int:
        """Value everything that is open as the account is valued: see `value_micros`."""
        return sum(self.value_micros(bracket) for bracket in self.board.brackets())

    def value_micros(self, bracket: Bracket) -> int:
        """Value what a bracket holds where it could be left now, or at the last price where nobody quotes, after the fees it has paid.

        Until a bar closes it is worth what was paid for it.
        """
        if not bracket.filled:
            return 0
        px = self.feed.seen(bracket.key.contract).mark_px(bracket.side, bracket.opened_ns)
        return self.board.open_micros(bracket, round(bracket.entry_value / bracket.filled) if px is None else px)

    def at_risk_micros(self) -> int:
        """Value everything that is open as risk does: what nobody quotes now counts at its stop."""
        seen = ((b, self.feed.seen(b.key.contract)) for b in self.board.brackets())
        return sum(self.board.open_micros(b, of.leave_px(b.side)) for b, of in seen)

    def worth_micros(self) -> int:
        """P&L of the run after costs, realised and open."""
        return self.board.realised_micros + self.open_micros()

    def until_ns(self, calendar: str) -> int | None:
        """Give the end of the phase a calendar is in; `None` where it is not known."""
        try:
            return calendars.around(calendar, [self.feed.now_ns, self.feed.now_ns + DAY]).span_at(self.feed.now_ns).end_ns
        except WorkbenchError:
            return None


def _known(run: RunManifest, settings: Settings) -> Followed:
    law = law_of(run.profile or "demo", run.digests.get("constitution"), settings.workspace)
    named = dict.fromkeys(recipe for _, recipe in run.traders if recipe in RECIPES)
    return Followed(law, tuple(RECIPES[name] for name in named), _days(settings.account_calendar, run.sessions))


def _days(calendar: str, sessions: Sequence[int]) -> tuple[tuple[int, int], ...]:
    bounds = [ns for session in sessions for ns in calendars.session_bounds(session)]
    try:
        return tuple((each.open_ns, each.session) for each in calendars.around(calendar, [min(bounds), max(bounds) + 4 * DAY]).sessions)
    except WorkbenchError:
        return ()
