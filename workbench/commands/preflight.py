"""``workbench preflight``: the look before a session, as a table and a file. Arguments and printing; the work is `runtime.preflight`."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.commands.playing import AsJson, DataFolder, Profile, folder_of
from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.config import Mode
    from workbench.runtime.preflight.report import Line, Report

HELP: Final = """Look before a session whether everything a run stands on is there: each line green, yellow or red, with what to do.

Limits and their hash, TWS and its account, clock, each stream of each active root, your own features and strategies, disk, yesterday's
parity, notices, guardian, the HALT file, requests that wait, and the yeses of a live run. Nothing is placed: the one order it shows asks
what-if.

What it found is kept in data/preflight/<session>-<account>.json. `workbench live` begins on a green one alone, of the same log session,
account, roots, code, settings, law and own files; `workbench paper` says when there is none. Green means: no line is red.

Exit code 0 green, 1 red.

Examples:

  workbench preflight

  workbench preflight --mode live --json
"""
STYLES: Final = {"green": "green", "yellow": "yellow", "red": "bold red"}


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    flowing = "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in HELP.split("\n\n"))
    app.command("preflight", help=flowing)(preflight)


def preflight(
    mode: Annotated[str | None, typer.Option(help="paper or live; else the settings' mode.")] = None,
    profile: Profile = None,
    account: Annotated[str | None, typer.Option("--account", help="Of several of the login; else ib.account.")] = None,
    host: Annotated[str | None, typer.Option(help="Where TWS runs; else ib.host.")] = None,
    port: Annotated[int | None, typer.Option(help="Of its API; else ib.port.")] = None,
    speed: Annotated[float | None, typer.Option(min=1, max=20, help="Of a simulated gateway's clock.")] = None,
    roots: Annotated[list[str] | None, typer.Option("--roots", help="Roots, ES or ES,SPY; else the settings' `active`.")] = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Look, print, keep."""
    from workbench.config import OVER_THE_WIRE, load_settings
    from workbench.runtime.preflight.looking import look_before

    named = [root for each in roots for root in each.split(",") if root] if roots else None
    flags = {"ib.host": host, "ib.port": port, "ib.speed": speed, "ib.account": account, "profile": profile, "active": named}
    settings = load_settings(flags=flags, under=OVER_THE_WIRE)
    wanted = _mode(mode or settings.mode.value)
    console = Console(stderr=as_json, highlight=False)
    logging.getLogger("ib_async").addHandler(logging.NullHandler())  # what it has to say stands in the table
    with console.status("looking") as status:
        going = look_before(
            wanted,
            settings,
            folder_of(data, settings.data_path),
            environment=os.environ,
            on_line=lambda line: status.update(f"{line.about}: {line.found}"),
        )
        report, path = asyncio.run(going)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report), indent=1).decode())
    else:
        show(console, report, path)
    raise typer.Exit(0 if report.is_green else 1)


def _mode(text: str) -> Mode:
    from workbench.config import Mode
    from workbench.runtime.live.doors import TRADES

    try:
        wanted = Mode(text.lower())
    except ValueError:
        wanted = Mode.DEMO
    if wanted not in TRADES:
        raise ConfigError(f"--mode {text}: paper or live; only those send orders")
    return wanted


def show(console: Console, report: Report, path: Path) -> None:
    """One line a fact; beneath it what it was held against and what to do, where it is not green."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in report.lines:
        _add(table, line)
    console.print(table)
    n_red, n_yellow = len(report.red), sum(line.colour.value == "yellow" for line in report.lines)
    verdict = "[green]green[/]" if report.is_green else f"[bold red]red[/]: {n_red} to mend"
    console.print(f"\n{verdict}{f', {n_yellow} to know about' if n_yellow else ''} · {report.mode} · session {report.session} · {path}")


def _add(table: Table, line: Line) -> None:
    style = STYLES[line.colour.value]
    table.add_row(f"[{style}]{line.colour.value}[/]", escape(line.about), escape(line.found))
    if line.colour.value != "green":
        if line.threshold:
            table.add_row("", "", f"[dim]wanted: {escape(line.threshold)}[/]")
        if line.remedy:
            table.add_row("", "", f"[bold]{escape(line.remedy)}[/]")
