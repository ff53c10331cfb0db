"""``workbench shadow enter | run | leave | list``: who decides beside the live run. Arguments and printing; the rest: `runtime.shadow`."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from workbench.commands.playing import AsJson, DataFolder, Profile, folder_of, session_of
from workbench.domain.errors import ConfigError

ABOUT: Final = """Let a candidate decide beside the live run, on the same records: orders with modelled fills, for the record, never sent.

It is another process, with an engine, a law and a book of its own, on the account shadow:NAME. What it shows counts as evidence for its
tiers (workbench tiers) from the first session that begins after it entered, and as long as its source is not edited.
"""
RUN_HELP: Final = """Go through a session: along with the run that writes it, until that ends; or in one go, where it has ended already.

Both issue the same commands. A shadow that was ended or killed before the end is begun anew from the session's beginning. It hears the
market alone: no disconnect, no halt, no word of a broker; its models begin each session cold.

Examples:

  workbench shadow enter learned:my_recipe --profile micro

  workbench shadow run learned:my_recipe --session 2026-11-23
"""
Name = Annotated[str, typer.Argument(metavar="NAME", help="STRATEGY or STRATEGY:RECIPE.")]
OfSession = Annotated[int, typer.Option("--session", parser=session_of, metavar="DATE", help="Log session, a date: 2026-11-23.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    group = typer.Typer(help=ABOUT.replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n"), no_args_is_help=True)
    app.add_typer(group, name="shadow")
    group.command("enter", help="Put a candidate into the slot: from the next session on what it shows is evidence.")(enter)
    group.command("run", help=RUN_HELP)(run)
    group.command("leave", help="Take a candidate out of the slot; what it has shown stays evidence.")(leave)
    group.command("list", help="List who is in the slot.")(listed)


def enter(name: Name, profile: Profile = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Enter the slot."""
    from workbench.clock import SystemClock
    from workbench.config import load_settings
    from workbench.runtime.shadow import enter as entered
    from workbench.store.shadows import put_slot
    from workbench.workspace.choosing import pair_of

    settings = load_settings()
    slot = entered(settings, pair_of(name), profile, SystemClock().now_ns())
    path = put_slot(folder_of(data, settings.data_path), slot)
    if as_json:
        typer.echo(msgspec.json.encode(slot).decode())
        return
    Console(highlight=False, soft_wrap=True).print(
        f"[bold]{escape(slot.name)}[/] is in the shadow slot, law {slot.profile}: {escape(str(path))}\n"
        f"  sessions that begin from now on count; for each: workbench shadow run {escape(slot.name)} --session DATE"
    )


def run(name: Name, session: OfSession, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Decide beside a session."""
    from workbench.config import load_settings
    from workbench.runtime.shadow import decide_beside
    from workbench.store.shadows import slot
    from workbench.workspace.choosing import pair_of

    settings = load_settings()
    folder = folder_of(data, settings.data_path)
    held = slot(folder, ":".join(filter(None, pair_of(name))))
    if held is None or held.left_ns is not None:
        raise ConfigError(f"{name} is not in the shadow slot: workbench shadow enter {name}")
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    done = asyncio.run(decide_beside(settings, folder, session, held, tell=lambda line: console.print(f"[bold]SHADOW[/] {escape(line)}")))
    told = f"{done.n_records:,} records, {done.n_commands:,} commands for the record, digest {done.commands_digest[:12]}"
    console.print(f"[bold]SHADOW[/] {told}; {escape(str(folder / 'runs' / done.run.run))}")
    if as_json:
        facts = {"run": done.run.run, "account": done.run.account, "records": done.n_records, "commands": done.n_commands}
        typer.echo(json.dumps({**facts, "commands_digest": done.commands_digest}))


def leave(name: Name, data: DataFolder = None) -> None:
    """Leave the slot."""
    from workbench.clock import SystemClock
    from workbench.config import load_settings
    from workbench.store.shadows import put_slot, slot

    folder = folder_of(data, load_settings().data_path)
    held = slot(folder, name)
    if held is None or held.left_ns is not None:
        raise ConfigError(f"{name} is not in the shadow slot")
    put_slot(folder, msgspec.structs.replace(held, left_ns=SystemClock().now_ns()))
    Console(highlight=False).print(f"{escape(name)} has left the shadow slot")


def listed(data: DataFolder = None, as_json: AsJson = False) -> None:
    """List who is in."""
    from datetime import UTC, datetime

    from workbench.config import load_settings
    from workbench.store.shadows import slots

    found = slots(folder_of(data, load_settings().data_path))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    console = Console(highlight=False, soft_wrap=True)
    for slot in found:
        since = f"{datetime.fromtimestamp(slot.entered_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M} UTC"
        console.print(f"{escape(slot.name)}, law {slot.profile}, since {since}{'' if slot.left_ns is None else ', has left'}")
    if not found:
        console.print("nobody is in the shadow slot: workbench shadow enter NAME")
