"""What a person means by a word after ``workbench check``: a file, ``module:Name``, or a name. It finds; it judges nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.domain.errors import ConfigError
from workbench.workspace.checking import HERE
from workbench.workspace.loading import WHATEVER, limited, place_of, said_of
from workbench.workspace.things import Problem, Thing, Things, thing_of


def meant(word: str, things: Things, workspace: Path | None) -> tuple[list[Thing], list[Problem]]:
    """Find what a word means, with what could not be read of it.

    Parameters
    ----------
    word
        ``features/gap.py`` (everything in it), ``my_module:MyThing`` (from the working folder or an installed package), or a name.

    Raises
    ------
    ConfigError
        It means nothing there is.
    """
    if word.endswith(".py"):
        return _of_file(Path(word), things, workspace)
    if ":" in word:
        return _of_module(word)
    named = [thing for thing in things if thing.name == word]
    if not named:
        raise ConfigError(
            f"{things.unread()}there is no {word}; name a file (features/gap.py), my_module:MyThing, or one of {_names(things)}"
        )
    return named, []


def _names(things: Things) -> str:
    return ", ".join(thing.name for thing in things.own) or "`workbench catalogue`"


def _of_file(path: Path, things: Things, workspace: Path | None) -> tuple[list[Thing], list[Problem]]:
    at = next((each for each in (path, (workspace or Path()) / path) if each.is_file()), None)
    if at is None:
        raise ConfigError(f"there is no file {path}")
    found = [thing for thing in things.own if thing.file is not None and thing.file.resolve() == at.resolve()]
    home = workspace.resolve() if workspace is not None else at.resolve()
    name = at.resolve().relative_to(home).as_posix() if at.resolve().is_relative_to(home) else ""
    problems = [problem for problem in things.problems if name and problem.where.split(":")[0] == name]
    if found or problems:
        return found, problems
    raise ConfigError(
        f"{path} holds nothing to check: a feature is a class with name, uses, needs, update and value; a strategy one with name, needs, "
        "propose and manage; a recipe is a Recipe. Files are looked for in the features, strategies and models folders of a workspace"
    )


def _of_module(word: str) -> tuple[list[Thing], list[Problem]]:
    module, _, name = word.partition(":")
    try:
        with limited(), _here_too():
            found = importlib.import_module(module)
            if not hasattr(found, name):
                raise ConfigError(f"{word}: module {module} has no {name}")
            file = Path(found.__file__) if found.__file__ else None
            return [thing_of(getattr(found, name), origin=HERE, where=word, file=file, name=name)], []
    except ConfigError:
        raise
    except WHATEVER as error:
        return [], [Problem(place_of(error, Path()) or word, said_of(error))]


@contextmanager
def _here_too() -> Iterator[None]:
    """Let modules of the working folder be imported, as ``python -m`` would."""
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path.remove("")
