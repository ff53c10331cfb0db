"""``workbench degrade``: a rich recording as a poorer account would have seen it. Reads arguments, prints what came back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from workbench.commands.playing import AsJson, DataFolder, folder_of, session_of

DEGRADE_HELP: Final = """Keep a recorded session once more, as an ordinary account would have recorded it.

ib-l1 is IB's level 1 with RTVolume: quotes and the last print of each 250 ms, no depth. It goes into a folder of its own (ib-l1 within the
data folder, or --into), so that it is never taken for the recording. Simulate both to see what richer data is worth to a strategy.

Examples:

  workbench degrade 2026-11-19 --to ib-l1

  workbench simulate --session 2026-11-19 --data data/ib-l1
"""


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("degrade", help=DEGRADE_HELP)(degrade)


def degrade(
    session: Annotated[int, typer.Argument(parser=session_of, metavar="SESSION", help="Log session, a date: 2026-11-19 or 20261119.")],
    to: Annotated[str, typer.Option("--to", help="What the account is to have: ib-l1.")] = "ib-l1",
    into: Annotated[Path | None, typer.Option("--into", help="Folder that gets it; else one named as --to within the data folder.")] = None,
    data: DataFolder = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what was made before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a poorer session of a rich one."""
    from workbench.config import load_settings
    from workbench.importers import degraded

    folder = folder_of(data, load_settings().data_path)
    made = degraded.degrade(folder, session, into or folder / to, to=to, replace=replace)
    if as_json:
        typer.echo(json.dumps(made._asdict() | {"into": str(made.into), "to": to}))
        return
    share = made.n_after / made.n_before if made.n_before else 0.0
    Console(highlight=False).print(
        f"session {session} as {to}: {made.n_after:,} of {made.n_before:,} records ({share:.1%}), run {made.run}\n"
        f"play it: workbench simulate --session {session} --data {made.into}"
    )
