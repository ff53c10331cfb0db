"""From names on a command line to things that will run: what each needs comes with it, and what breaks a rule does not start.

Everything of a user's that runs is named by a digest of its source, for the run's manifest: a replay then says what changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.domain.errors import ConfigError
from workbench.learning.models.base import Model
from workbench.learning.recipe import Recipe
from workbench.store.digests import files_digest
from workbench.strategies.base import Strategy
from workbench.workspace.checking import check
from workbench.workspace.loading import FOLDERS
from workbench.workspace.source import closure
from workbench.workspace.things import FORECAST, Kind, Thing, Things, made_of

OWN: Final = "own "  # how a user's source begins in the digests of a manifest: "own strategies/first.py"


class Chosen(NamedTuple):
    """What a run will be made of. ``traders`` are the names to choose the same by again; ``digests`` are of a user's own source."""

    traders: tuple[tuple[str, str], ...]
    strategies: tuple[Strategy, ...]
    recipes: tuple[Recipe, ...]
    features: tuple[Callable[[], Any], ...]
    models: Mapping[str, Model]
    digests: Mapping[str, str]


def pair_of(word: str | Sequence[str]) -> tuple[str, str]:
    """Read a strategy and the recipe it follows as people write them.

    Raises
    ------
    ConfigError
        It is neither a word nor a pair of words.

    Examples
    --------
    >>> pair_of("absorb"), pair_of("learned:five"), pair_of(("learned", "five"))
    (('absorb', ''), ('learned', 'five'), ('learned', 'five'))
    """
    parts = word.split(":", 1) if isinstance(word, str) else list(word) if isinstance(word, tuple | list) else []
    if not 1 <= len(parts) <= 2 or not all(isinstance(part, str) for part in parts) or not parts[0]:
        raise ConfigError(f"{word!r} names no strategy: write STRATEGY or STRATEGY:RECIPE, such as learned:flow_1m")
    return parts[0], parts[1] if len(parts) == 2 else ""


def choose(pairs: Sequence[tuple[str, str]], things: Things) -> Chosen:
    """Choose strategies and recipes by their names.

    Parameters
    ----------
    pairs
        A strategy and the recipe it follows, ``""`` for none or for the strategy's own choice.

    Raises
    ------
    ConfigError
        A name that nobody or more than one has, a strategy without the recipe it follows, or something of a user's that breaks a rule:
        the text names file and line.
    """
    found = [things.find(Kind.STRATEGY, name) for name, _ in pairs]
    traders = tuple((thing.name, recipe or _own_choice(thing, things)) for thing, (_, recipe) in zip(found, pairs, strict=True))
    recipes = [things.find(Kind.RECIPE, name) for name in dict.fromkeys(recipe for _, recipe in traders if recipe)]
    models = [things.find(Kind.MODEL, recipe.what.model) for recipe in recipes if recipe.what.model in things.names(Kind.MODEL)]
    _must_hold((*models, *recipes, *found), things)
    strategies = tuple(thing.make(recipe) for thing, (_, recipe) in zip(found, traders, strict=True))
    columns = [column for strategy in strategies for column in strategy.needs]
    features = things.features_of([*columns, *(column for recipe in recipes for column in recipe.what.features)])
    _must_hold(features, things)
    used = [thing for thing in (*found, *recipes, *models, *features) if thing.is_own]
    return Chosen(
        traders=traders,
        strategies=strategies,
        recipes=tuple(recipe.what for recipe in recipes),
        features=tuple(thing.what for thing in features),
        models={thing.name: thing.what for thing in models if thing.is_own},
        digests=digests_of(used),
    )


def _own_choice(thing: Thing, things: Things) -> str:
    if not thing.follows:
        return ""
    chosen = getattr(made_of(thing.what), FORECAST, "") if thing.is_own else ""
    if not chosen:
        recipes = ", ".join(things.names(Kind.RECIPE))
        raise ConfigError(f"strategy {thing.name} follows a recipe: say {thing.name}:RECIPE, with one of {recipes}")
    return str(chosen)


def _must_hold(used: Iterable[Thing], things: Things) -> None:
    """Refuse what breaks a rule of its kind; what is shipped is held against them by the tests."""
    for thing in used:
        if thing.is_own and (wrong := check(thing, things).wrong):
            raise ConfigError("\n  ".join([f"{thing.kind} {thing.name} breaks a rule and does not start:", *wrong]))


def digests_of(used: Iterable[Thing]) -> dict[str, str]:
    """Digest the source of things: of a file of a workspace and all that it imports of it, file by file; of a package as a whole."""
    made: dict[str, str] = {}
    for thing in used:
        if thing.file is None:
            continue
        if thing.origin == "workspace":
            home = workspace_of_file(thing.file)
            made |= {f"{OWN}{path.relative_to(home).as_posix()}": files_digest([path], home) for path in closure(thing.file, home)}
        else:
            home = thing.file.parent
            made[f"{OWN}{thing.origin}"] = files_digest((path for path in home.rglob("*.py")), home)
    return made


def workspace_of_file(path: Path) -> Path:
    """Give the workspace a file of its folders lies in."""
    return next(folder.parent for folder in path.absolute().parents if folder.name in FOLDERS)
