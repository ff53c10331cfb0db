"""The code of a cell as a tree, also where it holds what only IPython understands: magics, shell, questions. Runs nothing.

Lines that only IPython understands are put aside, and what they would bind stays bound: ``files = !ls`` is read as ``files = None``,
``%time n = f()`` as ``n = f()``. Line numbers stay what they are.
"""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache
from typing import Final, NamedTuple

AWAIT: Final = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
CELL_OF_PYTHON: Final = ("time", "timeit", "capture", "prun")  # cell magics whose body is Python, run in the notebook's own names
BINDS_UNSEEN: Final = ("run", "pylab", "store", "load", "macro", "rerun", "recall")  # line magics that make names no reader sees
DEEPEST: Final = 200  # levels of a tree that whoever walks it can bear; what people write has some twenty
TOO_DEEP: Final = f"it is nested deeper than {DEEPEST} levels"
FOREIGN: Final = re.compile(r"^(?P<indent>\s*)(?P<bound>[A-Za-z_][\w, ]*=\s*)?(?P<sign>%%?|!!?|\?\??)\s*(?P<word>[\w./-]*)(?P<rest>.*)$")
QUESTION: Final = re.compile(r"^(?P<indent>\s*)[%\w.*\[\]\"']+\?\??\s*$")


class Foreign(NamedTuple):
    """A line that is no Python: where, and its sign and first word (``%matplotlib``, ``!ls``, ``?``)."""

    line: int
    word: str


class Code(NamedTuple):
    """A cell's code. `tree` is empty where it cannot be read; then `wrong` says why. `is_open`: it makes names that nobody can see."""

    tree: ast.Module
    wrong: tuple[int, str] | None
    foreign: tuple[Foreign, ...]
    is_open: bool


@lru_cache(maxsize=1024)
def read_code(source: str) -> Code:
    """Read the code of a cell; it never raises."""
    first = source.lstrip()
    if first.startswith("%%"):
        word = (re.match(r"%%(\w*)", first) or [""])[0]
        line = source[: len(source) - len(first)].count("\n") + 1
        head, _, body = first.partition("\n")
        if word.removeprefix("%%") not in CELL_OF_PYTHON:
            return Code(_bound(head, line), None, (Foreign(line, word),), is_open=False)
        inner = read_code("\n" * line + body)
        tree = ast.Module([*_bound(head, line).body, *inner.tree.body], [])
        return Code(tree, inner.wrong, (Foreign(line, word), *inner.foreign), inner.is_open)
    tree, wrong = _parsed(source)
    if wrong is None:
        return Code(tree, None, (), is_open=False)
    plain, foreign = _put_aside(source)
    if not foreign:
        return Code(tree, wrong, (), is_open=False)
    tree, wrong = _parsed(plain)
    return Code(tree, wrong, foreign, any(each.word.lstrip("%") in BINDS_UNSEEN for each in foreign))


def _bound(head: str, line: int) -> ast.Module:
    """Give the name that ``%%capture NAME`` or ``%%bash --out NAME`` makes."""
    found = re.match(r"%%capture\s+(?:--\S+\s+)*([A-Za-z_]\w*)", head) or re.search(r"--(?:out|err)\s+([A-Za-z_]\w*)", head)
    return ast.parse("\n" * (line - 1) + f"{found.group(1)} = None") if found else ast.Module([], [])


def _parsed(source: str) -> tuple[ast.Module, tuple[int, str] | None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            compile(source, "cell", "exec", flags=AWAIT, dont_inherit=True)  # a `return` or `break` in the open is found here only
    except SyntaxError as error:
        return ast.Module([], []), (error.lineno or 1, error.msg)
    except (RecursionError, MemoryError):
        return ast.Module([], []), (1, TOO_DEEP)
    except (ValueError, OverflowError) as error:
        return ast.Module([], []), (1, f"it cannot be read: {type(error).__name__} {error}")
    if _depth(tree) > DEEPEST:
        return ast.Module([], []), (1, TOO_DEEP)
    return tree, None


def _depth(tree: ast.AST) -> int:
    depth, level = 0, [tree]
    while level and depth <= DEEPEST:
        depth, level = depth + 1, [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def _put_aside(source: str) -> tuple[str, tuple[Foreign, ...]]:
    lines, foreign = source.split("\n"), list[Foreign]()
    for at, line in enumerate(lines):
        found, asked = FOREIGN.match(line), QUESTION.match(line)
        if found and not (found["bound"] and found["sign"].startswith("?")):
            word, rest = found["sign"] + found["word"], found["rest"].strip()
            timed = found["sign"] == "%" and found["word"] in ("time", "prun") and rest
            lines[at] = found["indent"] + (rest if timed else f"{found['bound']}None" if found["bound"] else "pass")
            foreign.append(Foreign(at + 1, word))
            while line.endswith("\\") and at + 1 < len(lines):
                at, line = at + 1, lines[at + 1]
                lines[at] = found["indent"] + "pass"
        elif asked:
            lines[at] = asked["indent"] + "pass"
            foreign.append(Foreign(at + 1, "?"))
    return "\n".join(lines), tuple(foreign)
