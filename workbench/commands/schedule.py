"""``workbench schedule run | show``: pages that run by themselves. Arguments and printing; the work is `pipelines.schedule`'s."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.commands.playing import AsJson, DataFolder, folder_of

if TYPE_CHECKING:
    from workbench.pipelines.schedule.planned import Planned

GROUP_HELP: Final = (
    """Run promoted pages by themselves, at times of the trading session: holidays, early closes and summer time need no edits."""
)
RUN_HELP: Final = """Run promoted pages when they are due, until Ctrl-C or SIGTERM.

When a page runs is written in its promotion: close+30m, open+5m every 5m until close, friday close+1h, quarterly: last session close+2h.
Each run is a process of its own; each slot of each session runs at most once, also when this process is killed and begun again. What fails
is tried again as often as pipeline.toml says, and told (workbench notify). A page that was edited since it was promoted does not run.

Only one scheduler a data folder. With --once it looks once, waits for what it began, and ends: for a timer of your own.
"""
SHOW_HELP: Final = """Show what runs when, what ran last, and what was promoted and does not run."""
NEXT: Final = 10


def register(app: typer.Typer) -> None:
    """Hang the group into the command line."""
    group = typer.Typer(help=GROUP_HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    group.command("run", help=RUN_HELP)(run)
    group.command("show", help=SHOW_HELP)(show)
    app.add_typer(group, name="schedule")


def run(
    data: DataFolder = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, wait for what was begun, end.")] = False,
) -> None:
    """Run what is due."""
    from workbench.clock import SystemClock
    from workbench.commands.notebooks import places
    from workbench.config import load_settings
    from workbench.pipelines.schedule.daemon import Scheduler, started_here, work_off
    from workbench.pipelines.schedule.service import Beside, serve
    from workbench.runtime.notify.given import given
    from workbench.store.folders import Folders
    from workbench.store.whole import only_one

    settings, console = load_settings(), Console(highlight=False, soft_wrap=True)
    folder, clock = folder_of(data, settings.data_path), SystemClock()
    with only_one(Folders(folder).schedule / "lock", f"another scheduler works on {folder}: one is enough"):
        start = partial(started_here, address=settings.compute.address)
        scheduler, beside = Scheduler(folder, places(), clock, start=start, keep=settings.retention.page_runs), Beside(folder, clock)
        where = f" · pages run on {settings.compute.address}" if settings.compute.address else ""
        console.print(f"[bold]workbench schedule[/] · {escape(str(folder))}{where}")
        if once:
            _show(console, scheduler.look())
            work_off(scheduler)
            if given(folder):
                beside.see_to()
                beside.end()
            return
        serve(scheduler, clock, partial(_show, console), beside)


def _show(console: Console, planned: list[Planned]) -> None:
    from workbench.clock import SystemClock
    from workbench.pipelines.schedule.trigger import at

    if not planned:
        console.print("  nothing is on the schedule; workbench notebook promote NOTEBOOK --schedule close+30m puts a page there")
    for each in planned:
        slot = next(each.trigger.after(SystemClock().now_ns()), None)
        when = f"{at(slot.due_ns).astimezone(ZoneInfo('America/New_York')):%a %d %b %H:%M} New York" if slot is not None else "never again"
        console.print(f"  {each.name:<20} {each.trigger!s:<34} next {when}")


def show(data: DataFolder = None, as_json: AsJson = False) -> None:
    """Show the schedule."""
    from workbench.clock import SystemClock
    from workbench.commands.notebooks import places
    from workbench.config import load_settings
    from workbench.pipelines.schedule.ledger import Ledger
    from workbench.pipelines.schedule.planned import on_schedule
    from workbench.pipelines.schedule.trigger import at

    folder = folder_of(data, load_settings().data_path)
    (planned, left), ledger, now_ns = on_schedule(places()), Ledger(folder), SystemClock().now_ns()
    slots = sorted(
        ((slot, each.name) for each in planned for slot, _ in zip(each.trigger.after(now_ns), range(NEXT), strict=False)),
        key=lambda pair: pair[0].due_ns,
    )[:NEXT]
    if as_json:
        found: list[dict[str, Any]] = []
        for each in planned:
            last = ledger.of(each.name)
            told = None if last is None else {"session": last.session, "slot": last.slot, "state": last.state.value, "why": last.why}
            found.append({"page": each.name, "when": str(each.trigger), "digest": each.digest, "last": told})
        coming = [{"page": name, "session": slot.session, "slot": slot.name, "at": at(slot.due_ns).isoformat()} for slot, name in slots]
        typer.echo(json.dumps({"pages": found, "next": coming, "left": [each._asdict() for each in left]}))
        return
    console = Console(highlight=False, soft_wrap=True)
    _show(console, planned)
    table = Table(box=None, pad_edge=False, title="\nNext", title_justify="left", title_style="bold")
    for slot, name in slots:
        zoned = at(slot.due_ns).astimezone(ZoneInfo("America/New_York"))
        table.add_row(f"  {zoned:%a %d %b %H:%M} New York", escape(name), f"{slot.session} {slot.name}")
    if slots:
        console.print(table)
    for name, why in left:
        console.print(f"  [yellow]{escape(name)} does not run[/]: {escape(why)}")
