"""The whole look, line by line as it becomes known, and the report that is kept. The only place where its parts meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.clock import SystemClock
from workbench.config import Mode, Settings
from workbench.runtime.live.hours import Calendars
from workbench.runtime.preflight import ours, past, wire
from workbench.runtime.preflight.report import Line, Report, write
from workbench.store.digests import deciding_digest
from workbench.workspace import things_of


async def look_before(
    mode: Mode, settings: Settings, data: Path, *, environment: Mapping[str, str], on_line: Callable[[Line], None] = lambda _: None
) -> tuple[Report, Path]:
    """Look at everything a run of this mode would stand on, and keep what was found.

    Parameters
    ----------
    mode
        Paper or live.
    environment
        Where an arming token may stand.
    on_line
        Hears each line as soon as it is known.

    Returns
    -------
    tuple
        The report, and the file it was written to.
    """
    lines: list[Line] = []

    def take(*found: Line) -> None:
        lines.extend(found)
        for each in found:
            on_line(each)

    limits, law = ours.law(settings)
    take(limits)
    door = await wire.door(settings)
    take(door.line)
    account = settings.ib.account or ""
    if door.is_open:
        told, account = wire.account(mode, settings.ib.account, door.accounts)
        take(told)
        async for line in wire.streams(settings, door.clock):
            take(line)
        take(await wire.guards_id(settings))
    now_ns, wall_ns = door.clock.now_ns(), SystemClock().now_ns()
    things = things_of(settings.workspace)
    take(ours.catalogue(things), *ours.stores(data))
    take(await past.parity(settings, data), past.rehearsed(data, mode, deciding_digest()))
    take(ours.notifier(settings, data, wall_ns, mode), ours.guardian(settings))
    take(ours.halt_file(data), ours.requests(data), ours.yeses(settings, data, mode, account, environment, now_ns))
    report = Report(
        session=Calendars(settings.log_calendar).session(now_ns),
        account=account,
        mode=mode.value,
        at_ns=wall_ns,
        digests={} if law is None else ours.digests_of(settings, law, things),
        lines=tuple(lines),
    )
    return report, write(data, report)
