"""Running what should catch a bug: one test of the suite, called as pytest would call it, or disasters one after the other."""

from __future__ import annotations

import gc
import inspect
import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from _pytest.outcomes import Failed, Skipped

from tests.simulation.disaster.findings import open_findings
from tests.simulation.disaster.running import Verdict, run_seed
from tests.simulation.mutants.planting import Bug, planted


class CannotError(Exception):
    """A test that is not called rightly: nothing was learned."""


class Caught(NamedTuple):
    """What a sweep came to: the disaster that broke a law, and how many seeds that took; `verdict` is `None` when all held."""

    n_seeds: int
    verdict: Verdict | None


# ---------------------------------------------------------------------- by a test of the suite
def fails(test: str, bug: Bug | None, place: Path) -> str | None:
    """Run one test, all its cases until one fails, with a bug in the program; say how it failed, `None` if it held.

    Parameters
    ----------
    test
        ``folder/test_file.py::test_function`` below ``tests``, or ``...[name]`` for the cases that bear that name: their id, as pytest
        shows it, the id of one of their values, or such a value itself.
    place
        Where it may write.
    """
    file, _, name = test.removesuffix("]").partition("::")
    name, _, case = name.partition("[")
    module = import_module("tests." + file.removesuffix(".py").replace("/", "."))
    function = getattr(module, name, None)
    if function is None:
        raise CannotError(f"there is no {test}")
    chosen = [(given, names) for given, names in _cases(function) if not case or case in names]
    if not chosen:
        raise CannotError(f"{file}::{name} has no case {case}")
    for n, (given, _) in enumerate(chosen):
        folder = place / f"{bug or 'none'}-{n}".replace(" ", "-").replace("'", "")
        folder.mkdir(parents=True)
        with _unheard(file), ExitStack() as stack:
            arguments = _arguments(module, function, given, folder, stack)
            stack.enter_context(planted(bug) if bug is not None else ExitStack())
            try:
                function(**arguments)
            except Skipped as error:
                raise CannotError(f"{test} skips: {error}") from error
            except (Exception, Failed) as error:  # noqa: BLE001  whatever ends it, the test fails
                return f"{given or ''} {type(error).__name__}: {error}".strip()
    return None


@contextmanager
def _unheard(file: str) -> Iterator[None]:
    """Let nobody hear of connections that a test leaves open which fails in the middle: they are cleared away here, not in a later test."""
    before, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        if file.startswith(("venues/", "simulation/")):
            gc.collect()
        sys.unraisablehook = before


def _cases(function: FunctionType) -> Iterator[tuple[dict[str, Any], set[str]]]:
    """Give the arguments of each case that `parametrize` makes, and the names it is known by."""
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    axes = []
    for mark in marks:
        names, values = mark.args[0], list(mark.args[1])
        names = [each.strip() for each in names.split(",")] if isinstance(names, str) else list(names)
        given = [_values(value, len(names)) for value in values]
        ids = [_id(mark.kwargs.get("ids"), n, value, given[n]) for n, value in enumerate(values)]
        axes.append([(dict(zip(names, each, strict=True)), name) for each, name in zip(given, ids, strict=True)])
    for chosen in itertools.product(*axes):
        parts = [name for _, name in chosen]
        of_all = {name: value for part, _ in chosen for name, value in part.items()}
        yield of_all, {*parts, "-".join(reversed(parts)), *map(str, of_all.values())}  # pytest begins with the lowest mark


def _id(ids: Any, n: int, value: Any, given: tuple[Any, ...]) -> str:
    """Give what a case of one mark is called: by itself, by its mark, else by its values."""
    own = getattr(value, "id", None) if hasattr(value, "marks") else None
    if own is None and ids is not None and not callable(ids):
        own = list(ids)[n]
    said = [ids(each) if callable(ids) else None for each in given]
    return str(own) if own is not None else "-".join(str(each if name is None else name) for each, name in zip(given, said, strict=True))


def _values(value: Any, n: int) -> tuple[Any, ...]:
    if hasattr(value, "values") and hasattr(value, "marks"):
        return tuple(value.values)
    return (value,) if n == 1 else tuple(value)


def _arguments(module: ModuleType, function: Any, given: dict[str, Any], place: Path, stack: ExitStack) -> dict[str, Any]:
    """Give a test what it asks for: the case, a folder, and fixtures of its own module."""
    if hasattr(function, "hypothesis"):
        return given
    made: dict[str, Any] = {"tmp_path": place, "place": place} | given
    for name in inspect.signature(function).parameters:
        if name not in made:
            made[name] = _fixture(module, name, made, stack)
    return {name: made[name] for name in inspect.signature(function).parameters}


def _fixture(module: ModuleType, name: str, made: dict[str, Any], stack: ExitStack) -> Any:
    found = getattr(module, name, None)
    if found is None or not hasattr(found, "_get_wrapped_function"):
        raise CannotError(f"{module.__name__} has no fixture {name} that can be made here")
    function = found._get_wrapped_function()
    wanted = inspect.signature(function).parameters
    call = partial(function, **{each: made[each] if each in made else _fixture(module, each, made, stack) for each in wanted})
    return stack.enter_context(contextmanager(call)()) if inspect.isgeneratorfunction(function) else call()


# ---------------------------------------------------------------------- by disasters
def strikes(seed: int, bug: Bug) -> Verdict | None:
    """Run one disaster with a bug in the program; give what it broke that it does not break without."""
    verdict = run_seed(seed, plant=lambda: planted(bug))
    return verdict if _is_wrong(verdict) and not _is_wrong(run_seed(seed)) else None


def _is_wrong(verdict: Verdict) -> bool:
    return not verdict.is_good and not open_findings(verdict)


def sweep(bug: Bug, first: int, n: int, *, within_s: float = float("inf")) -> Caught:
    """Run disasters until one of them breaks a law."""
    began = time.monotonic()
    for seed in range(first, first + n):
        if (verdict := strikes(seed, bug)) is not None:
            return Caught(seed - first + 1, verdict)
        if time.monotonic() - began > within_s:
            return Caught(seed - first + 1, None)
    return Caught(n, None)


__all__ = ["CannotError", "Caught", "fails", "strikes", "sweep"]
