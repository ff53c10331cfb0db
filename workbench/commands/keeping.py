"""``workbench backup | restore | seal``: the data folder as a whole. Reads arguments; the stores do the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from workbench.commands.playing import folder_of

DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder of the stores; else the settings' data_folder.")]
BACKUP_HELP: Final = """Copy the data folder to TARGET, consistently, also while something writes to it; TARGET must be empty or absent."""
RESTORE_HELP: Final = """Bring a backup back into an empty data folder; every file is checked against the backup's list first."""
SEAL_HELP: Final = """Move what the tail holds into the recordings, once. A runner's sealer does this by itself."""


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("backup", help=BACKUP_HELP)(backup)
    app.command("restore", help=RESTORE_HELP)(restore)
    app.command("seal", help=SEAL_HELP)(seal)


def backup(target: Annotated[Path, typer.Argument(help="Folder for the copy.")], data: DataFolder = None) -> None:
    """Copy the stores."""
    from workbench.store import backup as store

    made = store.backup(_data(data), target)
    Console(highlight=False).print(f"copied {len(made.files):,} files to {target}; restore them with: workbench restore {target}")


def restore(source: Annotated[Path, typer.Argument(help="Folder a backup lies in.")], data: DataFolder = None) -> None:
    """Bring a copy back."""
    from workbench.store import backup as store

    folder = _data(data)
    made = store.restore(source, folder)
    Console(highlight=False).print(f"restored {len(made.files):,} files into {folder}; every checksum was right")


def seal(data: DataFolder = None) -> None:
    """Seal the tail."""
    from workbench.store.sealer import seal as work

    report = work(_data(data))
    said = f"sealed {report.n_sealed:,} records in {report.n_commits} commits; {report.n_waiting:,} came in meanwhile"
    Console(highlight=False).print(said)


def _data(given: Path | None) -> Path:
    from workbench.config import load_settings

    return folder_of(given, load_settings().data_path)
