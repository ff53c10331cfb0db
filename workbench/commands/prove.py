"""``workbench prove``: a tour of the user's own paper TWS, compared with the simulated gateway. Arguments, one question, one table."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.commands.importing import sentences

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.runtime.proof.compare import Difference
    from workbench.runtime.proof.talk import Conversation

HELP: Final = """Show that your paper TWS and the simulated gateway say the same: a tour of two minutes, compared message by message.

It asks before it begins, and refuses a live account. One micro contract: limit orders 5 % away from the market are placed, changed and
cancelled, a what-if, a bracket; then account, quotes, ticks, depth and history. Both directions are written down, compared with what
`workbench gateway` would have sent, and kept as one zip in which accounts, names and amounts are masked.

Exit code 0: no difference; 1: there are some, or it could not go on; 2: refused, nothing was placed.

Examples:

  workbench prove

  workbench prove --host 172.20.16.1 --port 4002 --root MNQ
"""
MICROS: Final = ("MES", "MNQ", "M2K", "MYM", "MGC", "MCL")
SIMULATED: Final = "DUSIM"
MOST_LINES: Final = 12  # of one part; the zip has all
PLAN: Final = """On account {account} at {host}:{port}, one {root} at a time:
  - asks for contracts, account values, positions, quotes, ticks, depth and history;
  - asks what-if of one limit order;
  - places a limit order 5 % below the market, changes it by a step, cancels it;
  - places a bracket whose entry is 5 % below the market, and cancels it.
Nothing is meant to trade. Orders of others are left alone. What it heard is compared, masked and kept in {out}."""


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    flowing = "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in HELP.split("\n\n"))
    app.command("prove", help=flowing)(prove)


def prove(
    host: Annotated[str | None, typer.Option(help="Where TWS runs; else the settings'.")] = None,
    port: Annotated[int | None, typer.Option(help="Of its API; else the settings'.")] = None,
    root: Annotated[str, typer.Option(help=f"The contract: one of {' '.join(MICROS)}.")] = "MES",
    out: Annotated[Path | None, typer.Option(help="The zip; else proof-<time>.zip here.")] = None,
) -> None:
    """Make the tour; see `HELP`."""
    from workbench.clock import SystemClock
    from workbench.config import load_settings
    from workbench.domain.units import SECOND
    from workbench.venues.ib.roles import Role, client_id

    console = Console(highlight=False)
    with sentences():
        settings = load_settings()
        where = (host or settings.ib.host, port or settings.ib.port, client_id(settings.ib.client_id, Role.PROVE))
        path = out or Path(f"proof-{datetime.fromtimestamp(SystemClock().now_ns() // SECOND, UTC):%Y%m%d-%H%M%S}.zip")
        if not _may(console, settings, where, root, path):
            raise typer.Exit(2)
        found = _go(console, settings, where, root, path)
    raise typer.Exit(1 if found else 0)


def _may(console: Console, settings: Settings, where: tuple[str, int, int], root: str, out: Path) -> bool:
    """Find out whose account it is, say what will be done, and ask."""
    from workbench.runtime.proof.tour import look

    accounts = asyncio.run(look(*where))
    live = [each for each in accounts if not each.startswith("D")]
    if live or not accounts:
        console.print(f"Refused: {'a live account' if live else 'no account'} is logged in at {where[0]}:{where[1]}. Log in to paper.")
        return False
    is_simulated = all(each.startswith(SIMULATED) for each in accounts)
    if root not in settings.roots or (root not in MICROS and not is_simulated):
        console.print(f"Refused: --root {root}: one of {', '.join(MICROS)}.")
        return False
    console.print(PLAN.format(account=accounts[0], host=where[0], port=where[1], root=root, out=out), soft_wrap=True)
    try:
        return str(typer.prompt("Type yes to begin", default="no")).strip() == "yes"
    except typer.Abort:
        return False


def _go(console: Console, settings: Settings, where: tuple[str, int, int], root: str, path: Path) -> bool:
    """Make both tours, compare, show, keep; tell whether anything differs."""
    from workbench.runtime.proof import bundle
    from workbench.runtime.proof.compare import differences, life, missing
    from workbench.runtime.proof.reference import reference
    from workbench.runtime.proof.tour import tour

    with console.status("calling") as status:
        theirs = asyncio.run(tour(*where, settings.roots[root], lambda part: status.update(part)))
        status.update("the same with the simulated gateway")
        ours = reference(settings, root)
    found = differences(theirs, ours)
    lives = {name: life(theirs, order_id) for name, order_id in theirs.orders.items()}
    _show(console, theirs, found, missing(theirs, ours))
    bundle.write(path, root, theirs, found, lives)
    console.print(f"Kept, masked, in {path}: read its README before you give it away.", soft_wrap=True)
    return bool(found) or any("LOOK AT TWS" in note or "ended before" in note for note in theirs.notes)


def _show(console: Console, theirs: Conversation, found: list[Difference], unseen: list[str]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for stop in dict.fromkeys([*theirs.stops, *(each.stop for each in found)]):
        own = [each for each in found if each.stop == stop]
        n = len(theirs.answers(stop))
        word = f"[red]{len(own)} differ[/]" if own else "[green]same[/]"
        table.add_row(word, stop, f"{n:,} answers")
        for each in own[:MOST_LINES]:
            table.add_row("", "", escape(each.line))
        if len(own) > MOST_LINES:
            table.add_row("", "", f"and {len(own) - MOST_LINES} more, in the zip")
    console.print(table)
    for note in theirs.notes:
        console.print(f"[bold]{escape(note)}[/]")
    if unseen:
        console.print(f"Not seen this time, so not proven: {'; '.join(unseen)}.")
    console.print(f"\n{len(found)} differences." if found else "\nNo difference.")
