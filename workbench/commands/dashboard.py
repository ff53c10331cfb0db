"""``workbench dashboard``: the page to keep open while something trades. Reads arguments, starts a server on this machine, prints where."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

HELP: Final = """Show what trades here, on a page in your browser: state, positions and protection, P&L after costs, forecasts and how far
they can be trusted, what risk refused, which limits are left, and for each root why there is no order now. Refreshed each second.
Beside it two other pages: what is recorded, and which pages ran by themselves or by hand, with their reports.

The page reads the stores of the data folder and can change nothing. It listens on 127.0.0.1 only; whoever opens it needs the address that
is printed here, with a token that is another one at each start. From another machine, forward the port: ssh -L 5100:127.0.0.1:5100.

To see something trade, in another terminal: workbench demo --pace 60
"""
PORT: Final = 5100

FOLDER: Final = "Folder of the stores; else the settings' data_folder, or its demo/ while nothing traded in it."
DataFolder = Annotated[Path | None, typer.Option("--data", help=FOLDER)]
Port = Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65_535)]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Print the address; open no browser.")]


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("dashboard", help=HELP)(dashboard)


def dashboard(data: DataFolder = None, port: Port = PORT, no_open: NoOpen = False) -> None:
    """Serve the page until interrupted."""
    from workbench.commands.notebooks import places
    from workbench.commands.playing import folder_of
    from workbench.config import load_settings

    settings = load_settings()
    folder = folder_of(data, settings.data_path)
    folders = (folder,) if data is not None else (folder, folder / "demo")
    console = Console(highlight=False)
    with console.status("starting"):
        from workbench.dashboard.app import serve

    def at_start(address: str) -> None:
        console.print(f"[bold]workbench dashboard[/] · {folder} · read only\n\n  {address}\n\n  Ctrl-C ends it.", soft_wrap=True)

    serve(folders, settings, port, at_start=at_start, open_browser=not no_open, places=places())
