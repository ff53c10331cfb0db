"""``workbench drill kill | disconnect | restart | guardian``: rehearse a disaster. Arguments and printing; the work is `runtime.drills`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from workbench.commands.playing import AsJson, DataFolder, folder_of

if TYPE_CHECKING:
    from workbench.runtime.drills.stage import Verdict

ABOUT: Final = """Rehearse what goes wrong, on this project's own gateway: what you would see, what you would do, and a verdict at the end.

Two processes of this machine and an account that cannot hold money (DUSIM). Each takes about a minute. Of your data folder nothing is read;
the verdict is kept in its drills/, where the tiers of a recipe or strategy look for it.
Exit code 0: everything claimed held; 1: something did not.
"""
HELPS: Final = {
    "kill": "kill -9 of the runner with a position open; then the same command takes it up.",
    "disconnect": "The link is cut for 30 s and nobody says so; the run finds out, connects again and reconciles.",
    "restart": "The gateway restarts, as TWS does each night, with a position at the broker.",
    "guardian": "The runner freezes (SIGSTOP) with a position open; the guardian takes over and makes it flat.",
}


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    group = typer.Typer(help=ABOUT.replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n"), no_args_is_help=True)
    app.add_typer(group, name="drill")
    for name, text in HELPS.items():
        group.command(name, help=text)(_command(name))


def _command(name: str) -> Callable[..., None]:
    def command(
        folder: Annotated[Path | None, typer.Option(help="An empty folder for what it leaves; else one that is deleted.")] = None,
        data: DataFolder = None,
        as_json: AsJson = False,
    ) -> None:
        console = Console(stderr=as_json, highlight=False, soft_wrap=True)
        console.print(f"[bold]workbench drill {name}[/] · {HELPS[name]}")
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            verdict = _rehearse(name, folder, console)
        else:
            with tempfile.TemporaryDirectory(prefix="workbench-drill-", ignore_cleanup_errors=True) as made:
                verdict = _rehearse(name, Path(made), console)
        _show(console, verdict)
        console.print(f"  kept in {escape(str(_keep(verdict, data)))}")
        if as_json:
            claims = [{"claim": claim, "held": held, "found": found} for claim, held, found in verdict.claims]
            typer.echo(json.dumps({"drill": name, "good": verdict.is_good, "seconds": round(verdict.seconds, 1), "claims": claims}))
        raise typer.Exit(0 if verdict.is_good else 1)

    command.__doc__ = HELPS[name]
    return command


def _rehearse(name: str, folder: Path, console: Console) -> Verdict:
    from workbench.config import load_settings
    from workbench.runtime.demonstration import SESSION
    from workbench.runtime.drills.kinds import rehearse
    from workbench.runtime.rehearsal import ended_by_sigterm

    with ended_by_sigterm():
        return rehearse(name, load_settings(), folder, SESSION, lambda line: console.print(f"  {escape(line)}"))


def _keep(verdict: Verdict, data: Path | None) -> Path:
    from workbench.clock import SystemClock
    from workbench.config import load_settings
    from workbench.store.digests import deciding_digest
    from workbench.store.drills import Drilled, keep_drill

    drilled = Drilled(
        drill=verdict.name, at_ns=SystemClock().now_ns(), code=deciding_digest(), seconds=round(verdict.seconds, 1), claims=verdict.claims
    )
    return keep_drill(folder_of(data, load_settings().data_path), drilled)


def _show(console: Console, verdict: Verdict) -> None:
    console.print("[bold]Verdict[/]")
    for claim, held, found in verdict.claims:
        console.print(f"  {'[green]held  [/]' if held else '[bold red]FAILED[/]'} {claim}{f': {escape(found)}' if found else ''}")
    told = "[green]all of it held[/]" if verdict.is_good else "[bold red]not everything held[/]"
    console.print(f"  {told} ({verdict.seconds:.0f} s)")
