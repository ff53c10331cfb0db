"""The contracts of the active roots: found at IB once a log session, which of them lead, where IB's hours differ. Opens no connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta

from workbench import calendars
from workbench.clock import Clock
from workbench.config import Settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError
from workbench.domain.events import AnyEvent, BrokerSaid, FrontChanged
from workbench.venues.ib import contracts as found
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.questions import Questions


class Finding:
    """Of one venue.

    Attributes
    ----------
    names
        Every contract that is known, by what it is called.
    there
        What IB named this session; empty before it was asked.
    refused
        IB's definitions contradict the settings: nothing of it may be traded.
    is_told_leads
        Somebody else says which contracts lead, and knows more than the date: nothing is said of it here.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        client: LaneClient,
        questions: Questions,
        say: Callable[[AnyEvent], None],
        names: found.Names,
    ) -> None:
        self._settings, self._clock, self._client, self._questions, self._say = settings, clock, client, questions, say
        self.names = names
        self._roots = [settings.roots[name] for name in settings.active]
        self._fronts = found.Fronts(names, self._roots)
        self.there: list[found.Found] = []
        self.refused: ConfigError | None = None
        self.is_told_leads = False
        self._until_ns: int | None = None  # close of the log session in which contracts were looked for

    @property
    def is_due(self) -> bool:
        """Whether contracts, fronts and hours must be looked at: at first, and in every other session."""
        return self._until_ns is None or self._clock.now_ns() > self._until_ns

    @property
    def sessions(self) -> dict[int, tuple[found.Session, ...]]:
        """IB's trading hours, by contract id."""
        return {item.contract.id: item.sessions for item in self.there}

    async def find(self) -> str | None:
        """Find the contracts, once a log session; give why they are not known."""
        if not self.is_due:
            return None
        session, today = self._session()
        made: list[found.Found] = []
        try:
            for root in self._roots:
                made += found.found(await found.ask(self._questions, self._client, root), root, self.names, today)
        except found.NotFoundError as error:
            return str(error)
        except found.MismatchError as error:
            self.refused = error
            self._say(BrokerSaid(0, "mismatch", str(error), None, None))
            return str(error)
        self.there, self._until_ns = made, calendars.session_bounds(session, self._settings.log_calendar)[1]
        self.look()
        self._compare_hours()
        return None

    def leads(self) -> list[Contract]:
        """Give the contracts that lead, in the order of the settings' active roots."""
        return [self._fronts.leads[name] for name in self._settings.active if name in self._fronts.leads]

    def look(self, volumes: Mapping[int, int] | None = None) -> list[FrontChanged]:
        """See which contracts lead now, tell what changed unless somebody else does, and give it.

        `volumes`: of the session that ended, by contract id.
        """
        _, today = self._session()
        days = calendars.business_days(today - timedelta(days=70), today + timedelta(days=400))
        try:
            changes = self._fronts.look(today, days, volumes)
        except found.NotFoundError as error:
            self._say(BrokerSaid(0, "front", str(error), None, None))
            return []
        for change in [] if self.is_told_leads else changes:
            self._say(change)
        return changes

    def _session(self) -> tuple[int, date]:
        """Give the log session of now, as a number and as a day: the day by which contracts lead."""
        session = int(calendars.log_session(self._clock.now_ns(), self._settings.log_calendar))
        return session, date(session // 10_000, session // 100 % 100, session % 100)

    def _compare_hours(self) -> None:
        """Tell where IB's hours of what leads differ from its calendar's."""
        now_ns, leads = self._clock.now_ns(), {contract.id for contract in self.leads()}
        for item in self.there:
            if item.contract.id in leads:
                for event in _differences(item, now_ns):
                    self._say(event)


def _differences(item: found.Found, now_ns: int) -> Iterable[AnyEvent]:
    last_ns = item.sessions[-1].close_ns if item.sessions else now_ns
    table = calendars.around(item.contract.calendar, [now_ns, last_ns])
    return found.hours_differ(item, [(each.open_ns, each.close_ns) for each in table.sessions], now_ns)
