"""``workbench tiers``: what a recipe or a strategy has shown, and what is missing. Arguments and printing; the rest: `research.proving`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

import typer

from workbench.commands.playing import AsJson, DataFolder, folder_of
from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.config import Settings

HELP: Final = """Hold a recipe or a strategy against the tiers: 1 day, 2 days, 1 week of paper, passed by evidence and not by the calendar.

What is asked for, and why: workbench/research/proving/thresholds.toml. Evidence are sessions traded on paper, and sessions that it went
through in the shadow slot (workbench shadow); each is replayed once. "Not enough round trips yet (12 of 30)" is an answer.

Exit code 0: the last tier is passed; 1: not yet, or failed.

Examples:

  workbench tiers flow_1m

  workbench tiers learned:flow_1m --json

  workbench tiers vwap_reversion --generated --data data/sample
"""
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the catalogue: RECIPE, STRATEGY or STRATEGY:RECIPE.")]
KindOf = Annotated[str, typer.Option("--kind", help="recipe or strategy, where both have this name.")]
Generated = Annotated[bool, typer.Option("--generated", help="Count sessions of no market as well; it is said beside the numbers.")]


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("tiers", help=HELP)(tiers)


def tiers(name: Name, kind: KindOf = "", generated: Generated = False, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Judge, and say so."""
    from workbench.config import load_settings
    from workbench.research.proving import judge

    settings = load_settings()
    verdict = judge(kind or kind_of(settings, name), name, folder_of(data, settings.data_path), generated=generated)
    typer.echo(json.dumps(verdict.as_dict()) if as_json else str(verdict))
    raise typer.Exit(0 if verdict.is_passed else 1)


def kind_of(settings: Settings, name: str) -> str:
    """Say what a name is, by the catalogue.

    Raises
    ------
    ConfigError
        It is neither a recipe nor a strategy; the text names near ones.
    """
    from workbench.workspace import Kind, things_of

    things = things_of(settings.workspace)
    strategy, _, recipe = name.partition(":")
    if strategy in things.names(Kind.STRATEGY):
        if recipe:
            things.find(Kind.RECIPE, recipe)
        return "strategy"
    if name in things.names(Kind.RECIPE):
        return "recipe"
    there = ", ".join([*things.names(Kind.RECIPE), *things.names(Kind.STRATEGY)])
    raise ConfigError(f"there is no recipe and no strategy {name!r}; there are {there}")
