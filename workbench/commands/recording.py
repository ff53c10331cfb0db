"""``workbench record`` and its keeper: the market taken in by itself. Arguments and printing; the work is `runtime.recorder`'s."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from workbench.commands.live import AccountId, Host, Minutes, Port, Roots, Speed, roots_of, run_mode, told
from workbench.commands.playing import AsJson, DataFolder, Profile, folder_of

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.runtime.recorder.plan import RecordPlan

WHAT: Final = """Record the market, and decide nothing: the log can be traded anew later (workbench simulate).

Without --roots it takes recorder.roots of the settings, each in the contract that leads, and around a roll in the next one too: a 250 ms
line each, then tick-by-tick and depth by the order of the roots, as far as the account's budget reaches (ib.lines, ib.by_tick, ib.depth),
and last IB's own bars of 5 s, which count what the prints should come to (recorder.bars).
It goes on over nights, weekends and holidays; each session has a log of its own. Beside it a keeper seals what was recorded, writes a
snapshot of each contract every five minutes, and lists what is missing."""
EXAMPLES: Final = (
    "workbench record --dry-run",
    "workbench record --roots ES,NQ,SPY",
    "workbench record --roots MES --minutes 30 --json",
)
KEEPER_HELP: Final = "Seal, make snapshots and find gaps beside a run that records. `workbench record` starts it."
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would subscribe, what it degrades, and how much that is; ask nobody.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("record", help=told(WHAT, EXAMPLES))(record)
    app.command("keeper", help=KEEPER_HELP, hidden=True)(keeper)


def record(
    roots: Roots = None,
    profile: Profile = None,
    host: Host = None,
    port: Port = None,
    account: AccountId = None,
    speed: Speed = None,
    data: DataFolder = None,
    minutes: Minutes = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Record, or say what would be recorded."""
    from workbench.config import OVER_THE_WIRE, Mode, load_settings

    flags: dict[str, Any] = {"ib.host": host, "ib.port": port, "ib.speed": speed, "profile": profile, "active": roots_of(roots)}
    settings = load_settings(flags=flags, under=OVER_THE_WIRE)
    if not roots:
        settings = load_settings(flags=flags | {"active": list(settings.recorder.roots)}, under=OVER_THE_WIRE)
    folder = folder_of(data, settings.data_path)
    if dry_run:
        _plan(settings, folder, as_json=as_json)
        return
    run_mode(Mode.RECORD, settings, folder, account, None, minutes, as_json=as_json, alone=True)


def _plan(settings: Settings, data: Path, *, as_json: bool) -> None:
    from workbench.clock import SystemClock
    from workbench.runtime.live.hours import Calendars
    from workbench.runtime.recorder.chosen import measured, plan_of
    from workbench.runtime.recorder.plan import SOURCES

    session = Calendars(settings.log_calendar).session(SystemClock().now_ns())
    plan, seen = plan_of(settings, session), measured(data)
    if as_json:
        rows = [row._asdict() for row in plan.rows]
        used = {pool: {"used": n, "of": most} for pool, (n, most) in plan.used.items()}
        said = {"session": session, "streams": rows, "requests": plan.n_requests, "budget": used, "gb_a_day": round(plan.gb_a_day, 4)}
        typer.echo(json.dumps(said | {"sources": SOURCES, "measured_gb_a_day": seen.gb_a_day if seen else None}))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(_table(plan, session))
    pools = ", ".join(f"{n} of {most} {pool.replace('_', '-')}" for pool, (n, most) in plan.used.items())
    console.print(f"{plan.n_requests} requests, none of them again while they flow; budget: {pools} (ib.lines, ib.by_tick, ib.depth)")
    console.print("bars that are traded on are made from these records; those of IB lie beside the log, and no run ever sees them")
    console.print(f"about {plan.records_a_day:,.0f} records and {plan.gb_a_day:.3f} GB a day")
    for source in SOURCES:
        console.print(f"  {source}")
    if settings.flight.on:
        console.print(
            f"beside that what goes over the socket: {settings.flight.max_gb:g} GB at most, for {settings.flight.keep_days:g} days"
        )
    if seen is not None:
        console.print(f"measured here: {seen.gb_a_day:.3f} GB a session, over the last {seen.n_sessions} in {data}")


def _table(plan: RecordPlan, session: int) -> Table:
    table = Table(title=f"session {session}", title_justify="left")
    for name, justify in (("contract", "left"), ("stream", "left"), ("", "left"), ("records a day", "right"), ("MB a day", "right")):
        table.add_column(name, justify="right" if justify == "right" else "left")
    for row in plan.rows:
        amounts = (f"{row.records_a_day:,.0f}", f"{row.bytes_a_day / 1e6:,.1f}") if row.is_asked else ("", "")
        table.add_row(row.symbol, row.stream, "asked for" if row.is_asked else f"[yellow]degraded: {row.why}[/]", *amounts)
    return table


def keeper(
    data: DataFolder = None,
    beside: Annotated[int | None, typer.Option("--with", help="End when the process of this id has ended.")] = None,
    once: Annotated[bool, typer.Option("--once", help="One pass, then end.")] = False,
) -> None:
    """Keep what a recorder writes."""
    from workbench.config import load_settings
    from workbench.runtime.recorder.keeper import keep

    settings = load_settings()
    keep(settings, folder_of(data, settings.data_path), beside=beside, once=once)
