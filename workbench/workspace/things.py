"""What there is, by name: features, strategies, recipes and models, shipped or your own, each with the place it comes from.

A catalogue only: it makes things and finds them. It reads no file (`loading` does) and judges nothing (`checking` does).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from workbench.domain.errors import ConfigError
from workbench.features import SHIPPED
from workbench.features.base import Feature
from workbench.learning.models import MODELS, RECIPES
from workbench.learning.models.base import Model
from workbench.learning.recipe import Recipe
from workbench.strategies import CATALOGUE, FOLLOWERS
from workbench.strategies.base import Strategy

FORECAST: Final = "forecast"  # field of a strategy that follows a recipe's forecasts: the recipe's name


class Kind(StrEnum):
    """What a thing is."""

    FEATURE = "feature"
    STRATEGY = "strategy"
    RECIPE = "recipe"
    MODEL = "model"


class Problem(NamedTuple):
    """A file or an entry point that could not be read: where, and why."""

    where: str
    said: str


class Thing(NamedTuple):
    """One entry.

    ``what`` makes it (features and strategies) or is it (recipes and models). ``origin`` is ``shipped``, ``workspace`` or the package;
    ``where`` is for a person: ``features/gap.py:12``; ``file`` its source, `None` of what is shipped.
    """

    kind: Kind
    name: str
    what: Any
    origin: str
    where: str
    file: Path | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is a user's."""
        return self.origin != SHIPPED_ORIGIN

    @property
    def follows(self) -> bool:
        """Whether this strategy follows a recipe."""
        if self.kind is not Kind.STRATEGY:
            return False
        return FORECAST in _parameters(self.what) if self.is_own else self.name in FOLLOWERS

    def make(self, recipe: str = "") -> Strategy:
        """Make the strategy, after `recipe` where it follows one."""
        if not self.is_own:
            return cast(Strategy, self.what(recipe))
        return cast(Strategy, self.what(forecast=recipe) if recipe and self.follows else self.what())

    def feature(self) -> Feature:
        """Make the feature."""
        return cast(Feature, self.what())


SHIPPED_ORIGIN: Final = "shipped"


def _shipped() -> Iterator[Thing]:
    for face in SHIPPED:
        yield Thing(Kind.FEATURE, face.name, face.at, SHIPPED_ORIGIN, f"workbench, {_line(type(face))}")
    for name, make in CATALOGUE.items():
        yield Thing(Kind.STRATEGY, name, make, SHIPPED_ORIGIN, "workbench, strategies/__init__.py")
    for recipe in RECIPES.values():
        yield Thing(Kind.RECIPE, recipe.name, recipe, SHIPPED_ORIGIN, f"workbench, learning/models/{recipe.name}.py")
    for name, model in MODELS.items():
        yield Thing(Kind.MODEL, name, model, SHIPPED_ORIGIN, f"workbench, {_line(model.build)}")


class Things:
    """All things of one start.

    Parameters
    ----------
    own
        A user's, in the order in which they were found.
    problems
        What could not be read; it is told when a name is missing that might have been there.

    Examples
    --------
    >>> things = Things()
    >>> things.find(Kind.FEATURE, "rsi_14").origin
    'shipped'
    >>> things.find(Kind.RECIPE, "flow_1n")
    Traceback (most recent call last):
    workbench.domain.errors.ConfigError: there is no recipe 'flow_1n'; did you mean flow_1m? There are flow_1m, flow_tree_1m, bars_15m
    """

    def __init__(self, own: Iterable[Thing] = (), problems: Iterable[Problem] = ()) -> None:
        self.own, self.problems = tuple(own), tuple(problems)
        self._by_name: dict[tuple[Kind, str], list[Thing]] = {}
        for thing in (*_shipped(), *self.own):
            self._by_name.setdefault((thing.kind, thing.name), []).append(thing)

    def __iter__(self) -> Iterator[Thing]:
        return (thing for things in self._by_name.values() for thing in things)

    def names(self, kind: Kind) -> list[str]:
        """List the names of a kind, shipped ones first."""
        return [name for each, name in self._by_name if each is kind]

    def collisions(self) -> list[str]:
        """Say which names two things have, and where both stand."""
        return [_told(things) for things in self._by_name.values() if len(things) > 1]

    def find(self, kind: Kind, name: str) -> Thing:
        """Give the one thing of this name.

        Raises
        ------
        ConfigError
            There is none, or there are two; the text names places, near names, and files that could not be read.
        """
        found = self._by_name.get((kind, name), [])
        if len(found) == 1:
            return found[0]
        if found:
            raise ConfigError(_told(found))
        names = self.names(kind)
        near = get_close_matches(name, names, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}? There are" if near else "there are"
        raise ConfigError(f"{self.unread()}there is no {kind} {name!r}; {hint} {', '.join(names)}")

    def unread(self) -> str:
        """Say what could not be read, a line each: the cause, to be told before what came of it."""
        return "".join(f"could not be read: {problem.where}: {problem.said}\n" for problem in self.problems)

    def features_of(self, columns: Iterable[str]) -> tuple[Thing, ...]:
        """Find a user's features that columns (``gap_1m``) are made by, in the order of their names."""
        named = {column.rpartition("_")[0] for column in columns}
        clash = [thing.name for thing in self.own if thing.kind is Kind.FEATURE and thing.name in named]
        return tuple(self.find(Kind.FEATURE, name) for name in sorted(set(clash)))

    @property
    def models(self) -> Mapping[str, Model]:
        """All models by name."""
        return {thing.name: thing.what for thing in self if thing.kind is Kind.MODEL}


def thing_of(what: object, *, origin: str, where: str, file: Path | None, name: str = "") -> Thing:
    """Tell what kind of thing an object is, and what it is called.

    Parameters
    ----------
    what
        A class or factory of a feature or a strategy, a `Recipe` or a `Model`.
    name
        Of a model, which has none of its own.

    Raises
    ------
    ConfigError
        It is none of the four. Whatever a class raises when it is made goes through.
    """
    if isinstance(what, Recipe):
        return Thing(Kind.RECIPE, what.name, what, origin, where, file)
    if isinstance(what, Model):
        return Thing(Kind.MODEL, name, what, origin, where, file)
    if not callable(what):
        raise ConfigError(f"{where}: {what!r:.60} is no feature, strategy, recipe or model")
    made = made_of(what)
    kind = Kind.STRATEGY if hasattr(made, "propose") else Kind.FEATURE if hasattr(made, "update") else None
    if kind is None:
        raise ConfigError(f"{where}: {what!r:.60} makes neither a strategy (propose, manage) nor a feature (update, value)")
    return Thing(kind, str(getattr(made, "name", "")), what, origin, where, file)


def made_of(what: Callable[..., object]) -> object:
    """Make one, with an empty name for a forecast it must be given."""
    wanted = _parameters(what).get(FORECAST)
    return what(forecast="") if wanted is not None and wanted.default is inspect.Parameter.empty else what()


def _parameters(what: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(what).parameters
    except (TypeError, ValueError):
        return {}


def _told(things: list[Thing]) -> str:
    first = things[0]
    return f"two {first.kind} things are called {first.name!r}: {' and '.join(thing.where for thing in things)}; rename one"


def _line(what: Any) -> str:
    path = inspect.getsourcefile(what) or ""
    return "/".join(Path(path).parts[-3:])
