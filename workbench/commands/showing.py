"""``workbench settings show | catalogue``: what is set and what there is. Reads and prints; changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from workbench.workspace import Thing, Things

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
SHOW_HELP: Final = """Show every setting with its value and where it came from.

Layers, the later wins: shipped defaults, workbench.toml of the workspace (the working folder, or the nearest one above it that has one),
.env beside it, the environment (WORKBENCH_SIMULATION__QUEUE=behind, IBKR_HOST, IBKR_PORT, EXECUTION_MODE), flags.
"""
CATALOGUE_HELP: Final = """List features, recipes, strategies, models and constitutions by name, and where your own come from.

With a word: only what has it in its name, or is of that family of features.

Examples:

  workbench catalogue

  workbench catalogue atr
"""


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
    file: Annotated[Path | None, typer.Option("--settings", help="File of settings; else the workspace's workbench.toml.")] = None,
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


def catalogue(
    word: Annotated[str, typer.Argument(metavar="[WORD]", help="Part of a name, or a family of features; else everything.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print what there is."""
    from workbench.config import load_settings
    from workbench.runtime import build
    from workbench.workspace import Kind, things_of

    settings = load_settings()
    every, profiles = things_of(settings.workspace), [name for name in build.constitutions(build.laws_of(settings)) if word in name]
    things = _only(every, word)
    if as_json:
        own = [{"kind": each.kind, "name": each.name, "from": each.origin, "where": each.where} for each in things if each.is_own]
        listed = {"features": Kind.FEATURE, "recipes": Kind.RECIPE, "strategies": Kind.STRATEGY, "models": Kind.MODEL}
        body: dict[str, object] = {title: [each.name for each in things if each.kind is kind] for title, kind in listed.items()}
        problems = [*(f"{problem.where}: {problem.said}" for problem in every.problems), *every.collisions()]
        typer.echo(json.dumps(body | {"constitutions": profiles, "own": own, "problems": problems}))
        return
    console = Console(highlight=False)
    _show_features(console, things)
    for title, kind in (("Recipes", Kind.RECIPE), ("Strategies", Kind.STRATEGY)):
        if found := [each for each in things if each.kind is kind]:
            console.print(f"\n[bold]{title}[/]")
        for thing in found:
            console.print(f"  {thing.name}{_what_recipe(thing.what) if kind is Kind.RECIPE else _follows(thing)}{_from(thing)}")
    if models := [f"{each.name}{_from(each)}" for each in things if each.kind is Kind.MODEL]:
        console.print(f"\n[bold]Models[/] {'; '.join(models)}")
    if profiles:
        console.print(f"[bold]Constitutions[/] {', '.join(profiles)}")
    if not things and not profiles:
        console.print(f"nothing has {escape(repr(word))} in its name; without a word everything is listed")
    for problem in every.problems:
        console.print(f"[bold red]cannot be read[/] {escape(problem.where)}: {escape(problem.said)}")
    for said in every.collisions():
        console.print(f"[bold red]wrong[/] {escape(said)}")


def _only(things: Things, word: str) -> list[Thing]:
    """Give those with a word in their name; of features also those of a family."""
    from workbench import features

    family = {entry.name for entry in features.catalogue() if entry.family == word}
    return [each for each in things if word in each.name or (each.kind == "feature" and each.name in family)]


def _what_recipe(recipe: Any) -> str:
    return f": {recipe.model}, {len(recipe.features)} features, looks {recipe.horizon_ns / 60e9:g} min ahead"


def _follows(thing: Thing) -> str:
    return " (follows a recipe)" if thing.follows else ""


def _from(thing: Thing) -> str:
    """Say where a user's own thing comes from; what is shipped needs no word."""
    return f", {escape(thing.where)}" if thing.is_own else ""


def _show_features(console: Console, things: list[Thing]) -> None:
    from workbench import features

    shown = {each.name for each in things if each.kind == "feature"}
    if not shown:
        return
    table = Table(title="Features (column = name_length, as rsi_14_1m)", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("name", "family", "lengths", "needs", "unit", "what it says"):
        table.add_column(name, overflow="fold", no_wrap=name == "name")
    for entry in (entry for entry in features.catalogue() if entry.name in shown):
        table.add_row(entry.name, entry.family, entry.lengths, " ".join(entry.needs), entry.unit, entry.doc.split("\n")[0])
    for thing in (each for each in things if each.is_own and each.kind == "feature"):
        needs, doc = getattr(thing.what, "needs", ()), (getattr(thing.what, "__doc__", "") or "").partition("\n")[0]
        table.add_row(thing.name, thing.origin, "any", " ".join(needs), "", f"{escape(doc)} ({escape(thing.where)})")
    console.print(table)
