"""``workbench trials``: what was evaluated, and whether the best of it is more than luck. Prints; `research.trials` counts and judges."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.commands.playing import AsJson, DataFolder, folder_of
from workbench.domain.errors import ConfigError

TRIALS_HELP: Final = """Say how many configurations were evaluated, by families, and whether the best of a family may be believed in.

Every configuration that `workbench simulate`, a notebook's trial or a sweep evaluates is written down; the same one again counts once. The
Sharpe ratio of the best is deflated by how many there were (Bailey and Lopez de Prado), and the probability is told that choosing it was
overfitting. Exit code 1 if the named family does not pass.

Examples:

  workbench trials

  workbench trials vwap_reversion

  workbench trials learned --json
"""


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("trials", help=TRIALS_HELP)(trials)


def trials(
    family: Annotated[str | None, typer.Argument(help="Family to judge; else all are listed.")] = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """List families, or judge one."""
    from workbench.config import load_settings
    from workbench.research.trials import families, verdict

    folder = folder_of(data, load_settings().data_path)
    there = families(folder)
    console = Console(quiet=as_json, highlight=False, soft_wrap=True)
    if family is None:
        _list(console, there, as_json)
        return
    if family not in there:
        raise ConfigError(f"nothing was evaluated as {family!r}; there are {', '.join(there) or 'no trials yet'}")
    found = verdict(family, folder)
    _show(console, found)
    if as_json:
        typer.echo(json.dumps(found._asdict() | {"overfit": None if found.overfit is None else found.overfit._asdict()}, default=str))
    raise typer.Exit(0 if found.is_passed else 1)


def _list(console: Console, there: dict[str, int], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(there))
    elif not there:
        console.print("nothing was evaluated yet: workbench simulate --session DATE --strategy NAME")
    table = Table("family", "trials", box=None, pad_edge=False)
    for name, n in there.items():
        table.add_row(escape(name), f"{n:,}")
    if there:
        console.print(table)


def _show(console: Console, found: Any) -> None:
    console.print(f"[bold]{escape(found.family)}[/] {found.n_trials:,} trials, {found.n_periods:,} periods")
    if found.best:
        console.print(f"  best      {escape(json.dumps(found.best))[:400]}")
        console.print(
            f"  Sharpe    {found.sharpe:.4f} a period; the best of {found.n_trials:,} worthless ones would show {found.expected:.4f}"
        )
        console.print(f"  above 0   {found.probability:.1%} with all trials counted; {found.undeflated:.1%} if it were the only one")
    if found.overfit is not None:
        console.print(f"  overfit   {found.overfit.probability:.1%}: best in one half of the time, below the middle in the other")
    console.print(f"[bold {'green' if found.is_passed else 'red'}]{'passed' if found.is_passed else 'not passed'}[/]: {escape(found.text)}")
