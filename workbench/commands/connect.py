"""``workbench connect``: what somebody's TWS can do for us, as one table. Arguments and printing; places nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.commands.importing import AsJson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.config import Root
    from workbench.venues.ib.checkup.lines import Line

HELP: Final = """Look at your TWS or IB Gateway, and say line by line what works, what does not, and where to click.

It finds TWS on 7497 7496 4002 4001 of this machine (or --host, --port), asks for accounts, clock, the read-only box and order precautions,
and listens a few seconds to each stream of one contract a root: live, delayed or none, with IB's words and the subscription's name.
Nothing is placed: the one order it shows asks what-if. docs/your-tws.md walks through the set-up.

Examples:

  workbench connect

  workbench connect MES ES SPY --host 172.20.16.1 --port 7497

  workbench connect --json
"""
COLOURS: Final = {"good": "green", "look": "yellow", "bad": "red", "unknown": "yellow"}
CLOSING: Final = {"bad": "to mend", "look": "to know about", "unknown": "of which nothing is known yet"}
ROOTS: Final = ("MES", "ES", "SPY")


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    flowing = "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in HELP.split("\n\n"))
    app.command("connect", help=flowing)(connect)


def connect(
    roots: Annotated[list[str] | None, typer.Argument(help="Whose data is listened to; usual MES ES SPY.")] = None,
    host: Annotated[str | None, typer.Option(help="Where TWS runs; else the settings'.")] = None,
    port: Annotated[int | None, typer.Option(help="Of its API; usual: the four it may be.")] = None,
    as_json: AsJson = False,
) -> None:
    """Examine a TWS; exit code 1 when a line is bad."""
    from workbench.config import load_roots, load_settings
    from workbench.venues.ib.roles import Role, client_id

    settings = load_settings()
    console = Console(stderr=as_json, highlight=False)
    where = (host or settings.ib.host, port, client_id(settings.ib.client_id, Role.CONNECT))
    lines = asyncio.run(_collect(where, list(roots or ROOTS), load_roots(settings), console))
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode([line._asdict() for line in lines]), indent=1).decode())
    else:
        _show(console, lines)
    raise typer.Exit(1 if any(line.verdict == "bad" for line in lines) else 0)


async def _collect(where: tuple[str, int | None, int], roots: list[str], known: Mapping[str, Root], console: Console) -> list[Line]:
    import logging

    from workbench.clock import SystemClock
    from workbench.domain.units import SECOND
    from workbench.venues.ib.checkup.examination import examine

    clock = SystemClock()
    logging.getLogger("ib_async").addHandler(logging.NullHandler())  # what it has to say stands in the table
    lines = []
    with console.status("knocking") as status:
        async for line in examine(*where, roots, known, lambda: clock.now_ns() / SECOND):
            lines.append(line)
            status.update(f"{line.about}: {line.found}")
    return lines


def _show(console: Console, lines: list[Line]) -> None:
    """One line a fact; beneath it what IB said, and what to do. Reads well in 80 columns and in 200."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        verdict = f"[{COLOURS[line.verdict.value]}]{line.verdict.value}[/]"
        table.add_row(verdict, escape(line.about), escape(line.found))
        if line.said:
            table.add_row("", "", f"[dim]IB: {escape(line.said)}[/]")
        if line.remedy:
            table.add_row("", "", f"[bold]{escape(line.remedy)}[/]")
    console.print(table)
    counts = {word: sum(line.verdict.value == word for line in lines) for word in COLOURS}
    told = [f"{n} {text}" for word, text in CLOSING.items() if (n := counts[word])]
    console.print(f"\n{', '.join(told)}." if told else "\nNothing to mend.")
