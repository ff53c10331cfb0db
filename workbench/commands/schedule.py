"""``workbench schedule run | now | show | airflow | due``: pages that run by themselves. Arguments and printing alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.commands.playing import SESSION_HELP, AsJson, DataFolder, folder_of, session_of
from workbench.commands.promoting import lines

if TYPE_CHECKING:
    from workbench.clock import Clock
    from workbench.pipelines.schedule.daemon import Scheduler
    from workbench.pipelines.schedule.ledger import Run
    from workbench.pipelines.schedule.planned import Planned
    from workbench.pipelines.schedule.service import Beside

GROUP_HELP: Final = (
    """Run promoted pages by themselves, at times of the trading session: holidays, early closes and summer time need no edits."""
)
RUN_HELP: Final = """Run promoted pages when they are due, until Ctrl-C or SIGTERM.

When a page runs is written in its promotion: close+30m, open+5m every 5m until close, friday close+1h, quarterly: last session close+2h.
What runs are the pages in pipelines/ of this workspace, or of the checkout where there is none.
Each run is a process of its own; each slot of each session runs at most once, also when this process is killed and begun again. What fails
is tried again as often as pipeline.toml says, and told (workbench notify). A page that was edited since it was promoted does not run.

Only one scheduler a data folder. With --once it looks once, waits for what it began, says what became of it, and ends: for a timer of
your own. Exit code 1 if a run that it began or found running failed.
"""
NOW_HELP: Final = """Run a slot of a promoted page at once, as the schedule would have: to see that it runs, or to make up for a day.

Its parameters, limits, process and entry in `workbench runs` are those of the schedule. A slot runs once: one that ran, failed or was
missed is not run again (`workbench run PAGE` runs a page by hand, as often as you like). Exit code 1 if the run failed.

Examples:

  workbench schedule now daily_report

  workbench schedule now daily_report --session 2026-11-19
"""
AIRFLOW_HELP: Final = """Print a page that is on the schedule as a DAG for Airflow 3, with its retries, budget, order and catching up.

For whoever has an Airflow already: nothing here needs it. Airflow asks `workbench schedule due` each five minutes, and runs the page with
`workbench run` when a slot was due. A workspace is run by Airflow or by `workbench schedule run`, not by both.

Example:

  workbench schedule airflow daily_report > ~/airflow/dags/workbench_daily_report.py
"""
DUE_HELP: Final = """Say whether a slot of a page was due behind one instant and up to another: for schedulers other than ours.

It prints the words for `workbench run PAGE`, and ends with 0; with 99, printing nothing, if none was due. With --ready, also if a page that
it is after has not run of that session.

Example:

  workbench schedule due daily_report --since 2026-11-19T22:25:00+00:00 --until 2026-11-19T22:30:00+00:00
"""
SHOW_HELP: Final = """Show what runs when, what ran last, and what was promoted and does not run."""
NEXT: Final = 10


def _instant(text: str) -> datetime:
    """Read an instant; one without its offset could be meant in any zone."""
    with suppress(ValueError):
        if (found := datetime.fromisoformat(text)).tzinfo is not None:
            return found
    raise typer.BadParameter(f"{text!r} is no instant; write it like 2026-11-19T22:30:00+00:00")


def register(app: typer.Typer) -> None:
    """Hang the group into the command line."""
    group = typer.Typer(help=GROUP_HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    group.command("run", help=lines(RUN_HELP))(run)
    group.command("show", help=SHOW_HELP)(show)
    group.command("now", help=lines(NOW_HELP))(now)
    group.command("airflow", help=lines(AIRFLOW_HELP))(airflow)
    group.command("due", help=lines(DUE_HELP))(due)
    app.add_typer(group, name="schedule")


def run(
    data: DataFolder = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, wait for what was begun, end.")] = False,
) -> None:
    """Run what is due."""
    from workbench.pipelines.schedule.service import serve

    console = Console(highlight=False, soft_wrap=True)
    with _at_work(console, data) as (scheduler, beside, clock):
        if not once:
            serve(scheduler, clock, partial(_show, console), beside)
            return
        since_ns, found = clock.now_ns(), {run.key for run in scheduler.ledger.runs() if run.state.value == "running"}
        _show(console, scheduler.look())
        _end(_finish(console, scheduler, beside, lambda run: run.key in found or run.begun_ns >= since_ns))


def now(
    page: Annotated[str, typer.Argument(help="Name of a promoted page.")],
    session: Annotated[int | None, typer.Option("--session", parser=session_of, metavar="DATE", help=SESSION_HELP)] = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Run one slot at once."""
    import msgspec

    console = Console(highlight=False, soft_wrap=True, quiet=as_json)
    with _at_work(console, data) as (scheduler, beside, _):
        made = scheduler.make_up(page, session or 0)
        console.print(f"  {escape(page)} of {made.session}, {made.slot} ...")
        ended = _finish(console, scheduler, beside, lambda run: run.key == made.key)
        if as_json:
            typer.echo(json.dumps(msgspec.to_builtins(ended[0])))
        _end(ended)


@contextmanager
def _at_work(console: Console, data: Path | None) -> Iterator[tuple[Scheduler, Beside, Clock]]:
    """Be the one scheduler of a data folder."""
    from workbench.clock import SystemClock
    from workbench.commands.notebooks import own_place
    from workbench.config import load_settings
    from workbench.pipelines.schedule.daemon import Scheduler, started_here
    from workbench.pipelines.schedule.service import Beside
    from workbench.store.folders import Folders
    from workbench.store.whole import only_one

    settings, clock = load_settings(), SystemClock()
    folder = folder_of(data, settings.data_path)
    with only_one(Folders(folder).schedule / "lock", f"another scheduler works on {folder}: one is enough"):
        start = partial(started_here, address=settings.compute.address)
        where = f" · pages run on {settings.compute.address}" if settings.compute.address else ""
        console.print(f"[bold]workbench schedule[/] · {escape(str(folder))}{where}")
        yield Scheduler(folder, own_place(), clock, start=start, keep=settings.retention.page_runs), Beside(folder, clock), clock


def _finish(console: Console, scheduler: Scheduler, beside: Beside, is_ours: Callable[[Run], bool]) -> list[Run]:
    """Wait for what runs, say what became of it, see that what is to be told is told."""
    from workbench.pipelines.schedule.daemon import work_off
    from workbench.runtime.notify.given import given

    work_off(scheduler)
    ended = [run for run in scheduler.ledger.runs() if is_ours(run)]
    for run in ended:
        colour = {"done": "green", "missed": "yellow"}.get(run.state.value, "red")
        why = escape(f": {run.why.splitlines()[0]}") if run.why else ""
        console.print(f"  [{colour}]{run.state}[/] {escape(run.page)} of {run.session}, {run.slot}{why}")
        if run.attempts:
            console.print(f"    workbench runs show {escape(run.key)}")
    if given(scheduler.ledger.folder.parent):
        beside.see_to()
        beside.end()
    return ended


def _end(ended: list[Run]) -> None:
    if any(run.state.value == "failed" for run in ended):
        raise typer.Exit(1)


def _show(console: Console, planned: list[Planned]) -> None:
    from workbench.clock import SystemClock
    from workbench.commands.notebooks import own_place
    from workbench.pipelines.schedule.planned import on_schedule
    from workbench.pipelines.schedule.trigger import at

    left = on_schedule(own_place())[1]
    if not planned and not left:
        console.print("  nothing is on the schedule; workbench notebook promote NOTEBOOK --schedule close+30m puts a page there")
    for each in planned:
        slot = next(each.trigger.after(SystemClock().now_ns()), None)
        when = f"{at(slot.due_ns).astimezone(ZoneInfo('America/New_York')):%a %d %b %H:%M} New York" if slot is not None else "never again"
        console.print(f"  {each.name:<20} {each.trigger!s:<34} next {when}")
    for name, why in left:
        console.print(f"  [yellow]{escape(name)} does not run[/]: {escape(why)}")


def show(data: DataFolder = None, as_json: AsJson = False) -> None:
    """Show the schedule."""
    from workbench.clock import SystemClock
    from workbench.commands.notebooks import own_place
    from workbench.config import load_settings
    from workbench.pipelines.schedule.ledger import Ledger
    from workbench.pipelines.schedule.planned import on_schedule
    from workbench.pipelines.schedule.trigger import at

    folder = folder_of(data, load_settings().data_path)
    (planned, left), ledger, now_ns = on_schedule(own_place()), Ledger(folder), SystemClock().now_ns()
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
    table = Table(box=None, pad_edge=False, title="Next", title_justify="left", title_style="bold")
    for slot, name in slots:
        zoned = at(slot.due_ns).astimezone(ZoneInfo("America/New_York"))
        table.add_row(f"  {zoned:%a %d %b %H:%M} New York", escape(name), f"{slot.session} {slot.name}")
    if slots:
        console.print()
        console.print(table)


def airflow(page: Annotated[str, typer.Argument(help="Name of a page on the schedule.")], data: DataFolder = None) -> None:
    """Print a DAG."""
    from workbench.commands.notebooks import own_place
    from workbench.config import load_settings
    from workbench.pipelines.schedule.airflow import dag
    from workbench.pipelines.schedule.planned import find

    of, _ = find(page, own_place())
    folder = folder_of(data, load_settings().data_path).absolute()
    typer.echo(dag(of, workbench=(sys.executable, "-m", "workbench"), folder=Path.cwd(), data=folder), nl=False)


def due(
    page: Annotated[str, typer.Argument(help="Name of a page on the schedule.")],
    since: Annotated[datetime, typer.Option(parser=_instant, metavar="TIME", help="ISO 8601 with its offset; it is not included.")],
    until: Annotated[datetime, typer.Option(parser=_instant, metavar="TIME", help="The same; it is included.")],
    data: DataFolder = None,
    ready: Annotated[bool, typer.Option("--ready", help="And whether the pages it is after have run.")] = False,
) -> None:
    """Say whether a slot was due."""
    from workbench.commands.notebooks import own_place
    from workbench.config import load_settings
    from workbench.pipelines.schedule import airflow as asked
    from workbench.pipelines.schedule.planned import find
    from workbench.pipelines.schedule.trigger import ns_of

    of, others = find(page, own_place())
    folder = folder_of(data, load_settings().data_path).absolute()
    slot = asked.due(of, ns_of(since), ns_of(until))
    if slot is None:
        raise typer.Exit(asked.NOT_DUE)
    if ready and (waits := asked.waits_for(of, slot, others, folder / "pages")):
        typer.echo(f"{page} of {slot.session} waits for {', '.join(waits)}", err=True)
        raise typer.Exit(asked.NOT_DUE)
    typer.echo(asked.words_for(of, slot, folder))
