"""``workbench settings show | catalogue``: what is set and what there is. Reads and prints; changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
SHOW_HELP: Final = """Show every setting with its value and where it came from.

Layers, the later wins: shipped defaults, workbench.toml of the working folder, the environment (WORKBENCH_SIMULATION__QUEUE=behind,
IBKR_HOST, IBKR_PORT, EXECUTION_MODE), flags.
"""
CATALOGUE_HELP: Final = """List features, recipes, strategies and constitutions by the names other commands take."""


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    group = typer.Typer(help="What is set, and by whom.", no_args_is_help=True)
    app.add_typer(group, name="settings")
    group.command("show", help=SHOW_HELP)(show)
    group.callback()(_group)
    app.command("catalogue", help=CATALOGUE_HELP)(catalogue)


def _group() -> None:
    """Keep `show` a word of its own, although the group has one command so far."""


def show(
    file: Annotated[Path | None, typer.Option("--settings", help="Workspace file; else ./workbench.toml.")] = None,
    with_roots: Annotated[bool, typer.Option("--roots", help="Also every value of every root.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the settings of a run started here."""
    from workbench.config import load_settings, settings_with_origins

    rows = [row for row in settings_with_origins(load_settings(file=file)) if with_roots or not row.key.startswith("roots.")]
    if as_json:
        typer.echo(json.dumps([{"key": row.key, "value": row.value, "origin": row.origin} for row in rows], default=str))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("setting", "value", "from"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(row.key, str(row.value), row.origin)
    Console(highlight=False).print(table)


def catalogue(as_json: AsJson = False) -> None:
    """Print what there is."""
    from workbench import features, strategies
    from workbench.learning.models import RECIPES
    from workbench.runtime.build import CONSTITUTIONS

    profiles = sorted(path.stem for path in CONSTITUTIONS.glob("*.toml"))
    if as_json:
        body = {
            "features": [entry.name for entry in features.catalogue()],
            "recipes": list(RECIPES),
            "strategies": list(strategies.CATALOGUE),
            "constitutions": profiles,
        }
        typer.echo(json.dumps(body))
        return
    console = Console(highlight=False)
    table = Table(title="Features (column = name_length, as rsi_14_1m)", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("name", "family", "lengths", "needs", "unit", "what it says"):
        table.add_column(name, overflow="fold")
    for entry in features.catalogue():
        table.add_row(entry.name, entry.family, entry.lengths, " ".join(entry.needs), entry.unit, entry.doc.split("\n")[0])
    console.print(table)
    console.print("\n[bold]Recipes[/]")
    for recipe in RECIPES.values():
        console.print(f"  {recipe.name}: {recipe.model}, {len(recipe.features)} features, looks {recipe.horizon_ns / 60e9:g} min ahead")
    console.print(f"\n[bold]Strategies[/] {', '.join(strategies.CATALOGUE)}\n[bold]Constitutions[/] {', '.join(profiles)}")
