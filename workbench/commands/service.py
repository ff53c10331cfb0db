"""``workbench service write | check``: the long-lived processes under systemd. Arguments and files; the text is `runtime.units`'s."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from workbench.commands.playing import DataFolder, folder_of
from workbench.domain.errors import ConfigError

GROUP_HELP: Final = "Run scheduler, recorder, runner, guardian and dashboard as services of systemd: begun with the machine, and again."
WRITE_HELP: Final = """Write units for systemd, of yours alone: no root is needed. Nothing is started, and nothing enabled.

They run what is installed here, with the settings of the folder you are in. Of recorder and runner enable one: a data folder has one run
at a time. The runner is that of the paper account; what trades money is started by a person, who arms it.

Examples:

  workbench service write

  workbench service write scheduler dashboard --data ~/trading/data
"""
CHECK_HELP: Final = "Look whether a file of secrets is yours alone. Each unit does before it starts; exit code 2 if others may read it."
SIGN: Final = "# Written by `workbench service write`"
To = Annotated[Path | None, typer.Option("--to", help="Folder of the units; else ~/.config/systemd/user.")]


def register(app: typer.Typer) -> None:
    """Hang the group into the command line."""
    group = typer.Typer(help=GROUP_HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    group.command("write", help=WRITE_HELP)(write)
    group.command("check", help=CHECK_HELP)(check)
    app.add_typer(group, name="service")


def write(
    kinds: Annotated[list[str] | None, typer.Argument(help="scheduler, recorder, runner, guardian, dashboard; else all.")] = None,
    data: DataFolder = None,
    to: To = None,
) -> None:
    """Write units."""
    from workbench.config import load_settings
    from workbench.runtime.units import KINDS, Place, name_of, unit
    from workbench.store.whole import write_whole

    chosen = kinds or list(KINDS)
    if unknown := [each for each in chosen if each not in KINDS]:
        raise ConfigError(f"there is no service {', '.join(unknown)}; there are {', '.join(KINDS)}")
    place = Place(Path(sys.executable).absolute(), Path.cwd(), folder_of(data, load_settings().data_path).absolute())
    folder = to or _config() / "systemd" / "user"
    paths = {kind: folder / f"{name_of(kind)}.service" for kind in chosen}
    if others := [str(path) for path in paths.values() if path.exists() and SIGN not in path.read_text(errors="replace")]:
        raise ConfigError(f"{', '.join(others)} was not written by this command: move it away")
    console = Console(highlight=False, soft_wrap=True)
    for kind, path in paths.items():
        write_whole(path, unit(kind, place).encode())
        console.print(f"wrote {escape(str(path))}")
    first = name_of(chosen[0])
    console.print(f"next:\n  systemctl --user daemon-reload\n  systemctl --user enable --now {first}\n  journalctl --user -u {first} -f")
    console.print("  loginctl enable-linger     (so that they run while you are not logged in)")


def check(secrets: Annotated[Path, typer.Argument(help="A file of NAME=value lines; one that is not there is well.")]) -> None:
    """Look whether a file of secrets is ours alone."""
    try:
        found = secrets.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(f"{secrets} cannot be looked at: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError(f"{secrets} is no file")
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise ConfigError(f"others may read or change {secrets}; chmod 600 it, make it yours, and change what stands in it")


def _config() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
