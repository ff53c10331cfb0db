"""Read source for what looks ahead: of a module, of one class or function, of a notebook's cells. It runs nothing; `dynamic` does.

Reading cannot prove anything: what a name holds is guessed from how it is made and what it is called. So each finding has a remedy that
makes the source say what is meant, and what reads well may still leak, which running it shows.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from workbench.research.leakage.keeping import chance, files, keeping
from workbench.research.leakage.labels import labels, own_moves, positions
from workbench.research.leakage.leak import Leak
from workbench.research.leakage.reading import Reading, of_cells, of_notebook
from workbench.research.leakage.samples import choices, fits, samples
from workbench.research.leakage.windows import set_back, shifts, windows

Rule = Callable[[Reading], Iterable[Leak]]
PLACE: Final = re.compile(r"(?:cell (\d+), line |:)(\d+)$")
RULES: Final[tuple[Rule, ...]] = (windows, shifts, set_back, samples, fits, choices, labels, own_moves, positions, keeping, chance)


def in_source(text: str, name: str = "source", *, decides: bool = False, alone: str = "") -> list[Leak]:
    """Look for leaks in Python.

    Parameters
    ----------
    name
        How findings call it.
    decides
        Whether it is of a feature, model or strategy: no files, no clock.
    alone
        Only in this class or function of it.

    Examples
    --------
    >>> for leak in in_source("df['trend'] = df.close.rolling(9, center=True).mean()", "idea.py"):
    ...     print(leak.where, leak.kind)
    idea.py:1 window
    >>> in_source("df['label'] = df.close.shift(-12) > df.close")     # a label may look ahead
    []
    """
    return _told(Reading(text, name), [*RULES, *([files] if decides else [])], alone)


def in_notebook(path: Path) -> list[Leak]:
    """Look for leaks in the code cells of a notebook, and in where they meet."""
    try:
        return _told(of_notebook(path), RULES)
    except SyntaxError as error:
        return [_unread(path.name, error)]


def in_cells(sources: Iterable[str], name: str = "cells") -> list[Leak]:
    """Look for leaks in cells, in their order."""
    try:
        return _told(of_cells(list(sources), name), RULES)
    except SyntaxError as error:
        return [_unread(name, error)]


def in_file(path: Path, *, name: str = "", decides: bool = False, alone: str = "") -> list[Leak]:
    """Look for leaks in a file of Python, or in one class or function of it."""
    try:
        return in_source(path.read_text(encoding="utf-8"), name or path.name, decides=decides, alone=alone)
    except SyntaxError as error:
        return [_unread(name or path.name, error)]


def in_function(function: Callable[..., object]) -> list[Leak]:
    """Look for leaks in a function, wherever it was written; nothing where its source is gone."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
        return in_source(text, function.__name__)
    except (OSError, TypeError, SyntaxError):
        return []


def _told(of: Reading, rules: Iterable[Rule], alone: str = "") -> list[Leak]:
    """Give what the rules found, once a line and kind, in the order of the lines."""
    lines = _lines_of(alone, of) if alone else None
    found = {(leak.kind, leak.where): leak for rule in rules for leak in rule(of)}
    told = [leak for leak in found.values() if lines is None or _line(leak) in lines]
    return sorted(told, key=_line)


def _line(leak: Leak) -> tuple[int, ...]:
    found = PLACE.search(leak.where)
    return tuple(int(part) for part in found.groups() if part) if found else (0,)


def _lines_of(alone: str, of: Reading) -> set[tuple[int, ...]]:
    """Give the lines of one class or function."""
    return {(line,) for node in _definitions(of.tree) if node.name == alone for line in range(node.lineno, (node.end_lineno or 0) + 1)}


def _definitions(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef))


def _unread(name: str, error: SyntaxError) -> Leak:
    return Leak("unknown", f"{name}:{error.lineno}", f"is no Python: {error.msg}", "correct it")
