"""What is on the schedule: promoted pages as they lie there, with the parameters that a slot gives them. Reads folders; starts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.domain.errors import ConfigError, WorkbenchError
from workbench.pipelines.contract import Pipeline, read
from workbench.pipelines.promotion import pages_of, promoted
from workbench.pipelines.schedule.ledger import Run
from workbench.pipelines.schedule.trigger import SessionTrigger, Slot, ns_of, parse

SESSIONS: Final = ("session", "last")  # parameters that take the session a slot is of, if the page is called after one of them


class Planned(NamedTuple):
    """A page that runs by itself, since when, and when."""

    page: Pipeline
    digest: str
    since_ns: int
    trigger: SessionTrigger

    @property
    def name(self) -> str:
        """The page's name."""
        return self.page.name

    def given(self, slot: Slot, data: Path) -> dict[str, Any]:
        """Give the parameters of a slot: its session, the first of its span where the page asks for one, and the data folder."""
        names = {each.name for each in self.page.parameters}
        made: dict[str, Any] = {"data": str(data)} if "data" in names else {}
        by = self.page.settings.by
        if by in SESSIONS:
            made[by] = slot.session
            if "first" in names and (days := self._days(slot.session)):
                made["first"] = _before(slot.session, days)
        return made

    def owed(self, last: Run | None, now_ns: int) -> list[Slot]:
        """List the slots that are due and not decided, rising. What repeats begins at once, with the slot that has just been.

        Parameters
        ----------
        last
            The run of the page that was due last, `None` if it never was.
        """
        every_ns = self.trigger.when.every_ns
        if last is None and every_ns:
            latest = self.trigger.latest(now_ns)
            return [latest] if latest is not None and now_ns - latest.due_ns < every_ns else []
        if last is None or last.digest != self.digest or last.due_ns < self.since_ns <= last.begun_ns:  # the last: it was made up for
            behind_ns = max(self.since_ns, last.due_ns if last is not None else 0)
        else:
            behind_ns = last.due_ns
        return list(self.trigger.between(behind_ns, now_ns))

    def _days(self, session: int) -> int:
        """Say how many days before its session a slot's span begins; none: the page decides."""
        if days := self.page.settings.schedule.days:
            return days
        day = _date(session)
        when = self.trigger.when
        if when.weekday is not None or when.period == "weekly":
            return max(1, day.weekday())
        return {"monthly": day.day - 1, "quarterly": 92, "yearly": 365}.get(when.period, 0)


class Left(NamedTuple):
    """A page that was promoted and does not run, and why."""

    name: str
    why: str


def on_schedule(places: Sequence[Path]) -> tuple[list[Planned], list[Left]]:
    """List pages that run by themselves, and those that were promoted and do not."""
    planned: list[Planned] = []
    left: list[Left] = []
    for folder in pages_of(places):
        try:
            record = promoted(folder)
            if record is None or not record.schedule:
                continue
            since_ns = ns_of(datetime.fromisoformat(record.at))
            planned.append(Planned(read(folder), record.digest, since_ns, parse(record.schedule)))
        except WorkbenchError as error:
            left.append(Left(folder.name, str(error)))
    return planned, left


def find(name: str, places: Sequence[Path]) -> tuple[Planned, list[Planned]]:
    """Find a page on the schedule, among all that are.

    Raises
    ------
    ConfigError
        It is not there; or it was promoted, and why it does not run.
    """
    planned, left = on_schedule(places)
    found = next((each for each in planned if each.name == name), None)
    if found is None:
        why = next((each.why for each in left if each.name == name), f"{name} is not on the schedule")
        raise ConfigError(f"{why}; on the schedule: {', '.join(each.name for each in planned) or 'nothing'}")
    return found, planned


def _before(session: int, days: int) -> int:
    day = _date(session) - timedelta(days=days)
    return day.year * 10_000 + day.month * 100 + day.day


def _date(session: int) -> date:
    return date(session // 10_000, session // 100 % 100, session % 100)
