"""Source as rules read it: a module or the cells of a notebook, parsed once, with who stands in whom. It runs and judges nothing."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

# what may hold a number of the future: it is what is asked for, not what is known
ANSWER: Final = re.compile(
    r"(y|ys|up|down|is_(up|down|right)|y_\w+|(label|target|outcome|future|fwd|forward|next|ahead|later|truth|answer|horizon|will)(s|_\w+|\d*)"
    r"|\w+_(label|target|outcome|fwd|forward|next|ahead|future|y))",
    re.IGNORECASE,
)
KEPT_AS: Final = frozenset({"with_columns", "assign", "select", "agg", "DataFrame", "mutate", "dict", "LazyFrame"})  # keyword: a column
CELL: Final = "# %%"


class Place(NamedTuple):
    """A line as a person finds it."""

    text: str
    line: int


class Reading:
    """One source.

    Parameters
    ----------
    text
        Python, cells of a notebook one behind the other.
    name
        How findings say where: a file's name.
    cells
        First line of each cell, of a notebook.

    Raises
    ------
    SyntaxError
        It is no Python.
    """

    def __init__(self, text: str, name: str, cells: tuple[int, ...] = ()) -> None:
        self.text, self.name, self.cells = text, name, cells
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self.tree: ast.Module = compile(_without_magic(text), name, "exec", flags)
        self.parent = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def at(self, node: ast.AST) -> str:
        """Say where a node stands."""
        line = int(getattr(node, "lineno", 1))
        if not self.cells:
            return f"{self.name}:{line}"
        n = sum(first <= line for first in self.cells)
        return f"{self.name}, cell {n}, line {line - self.cells[n - 1] + 1}"

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node."""
        return list(ast.walk(self.tree))

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Every call."""
        return [node for node in self.nodes if isinstance(node, ast.Call)]

    @cached_property
    def assigned(self) -> dict[str, list[ast.expr]]:
        """What every plain name is assigned, anywhere; a tuple of names and a tuple of values one by one."""
        found: dict[str, list[ast.expr]] = {}
        for target, value in self._pairs():
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(value)
        return found

    @cached_property
    def columns(self) -> dict[str, list[ast.expr]]:
        """What every column is made of: ``df["a"] = ...``, ``with_columns(a=...)``, ``.alias("a")``, ``{"a": ...}``."""
        found: dict[str, list[ast.expr]] = {}
        for target, value in self._pairs():
            if isinstance(target, ast.Subscript) and (name := text_of(target.slice)):
                found.setdefault(name, []).append(value)
        for call in self.calls:
            if last_of(call) in KEPT_AS:
                for each in call.keywords:
                    found.setdefault(each.arg or "", []).append(each.value)
            if last_of(call) == "alias" and call.args and (name := text_of(call.args[0])) and isinstance(call.func, ast.Attribute):
                found.setdefault(name, []).append(call.func.value)
        for node in self.nodes:
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                for key, value in pairs:
                    if key is not None and (name := text_of(key)):
                        found.setdefault(name, []).append(value)
        return found

    def _pairs(self) -> Iterator[tuple[ast.expr, ast.expr]]:
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(target.elts) == len(node.value.elts):
                        yield from zip(target.elts, node.value.elts, strict=True)
                    elif isinstance(target, ast.Tuple):
                        yield from ((each, node.value) for each in target.elts)
                    else:
                        yield target, node.value
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                yield node.target, node.value

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Give who stands around a node, the nearest first."""
        while (above := self.parent.get(node)) is not None:
            yield above
            node = above

    def home(self, node: ast.AST) -> str | None:
        """Say under which name what a node makes is kept: of a column, or of a variable; `None` where it is used on the spot."""
        below = node
        for above in self.ancestors(node):
            if isinstance(above, ast.keyword) and isinstance(call := self.parent.get(above), ast.Call) and last_of(call) in KEPT_AS:
                return above.arg
            if isinstance(above, ast.Call) and last_of(above) == "alias" and above.args and below is above.func:
                return text_of(above.args[0])
            if isinstance(above, ast.Dict) and below in above.values:
                return text_of(above.keys[above.values.index(below)])
            if isinstance(above, ast.Assign | ast.AnnAssign | ast.NamedExpr):
                return _kept_by(above, below)
            if isinstance(above, ast.Return | ast.FunctionDef | ast.Lambda):
                function = next((each for each in (above, *self.ancestors(above)) if isinstance(each, ast.FunctionDef)), None)
                return function.name if function is not None else None
            if isinstance(above, ast.stmt):
                return None
            below = above
        return None

    def resolved(self, node: ast.AST, deep: int = 3) -> str:
        """Give the text of an expression, and of what the names in it stand for, some steps back."""
        texts, seen, waiting = [ast.unparse(node)], set[str](), [(node, deep)]
        while waiting:
            each, left = waiting.pop()
            for name in {inner.id for inner in ast.walk(each) if isinstance(inner, ast.Name)} - seen if left else ():
                seen.add(name)
                for value in self.assigned.get(name, []):
                    texts.append(ast.unparse(value))
                    waiting.append((value, left - 1))
        return " ; ".join(texts)

    def within(self, node: ast.AST, *names: str) -> bool:
        """Tell whether a node stands in a class that has one of these methods: what it holds there is the past alone."""
        around = [each for each in self.ancestors(node) if isinstance(each, ast.ClassDef)]
        return any(isinstance(each, ast.FunctionDef) and each.name in names for of in around for each in of.body)


def of_notebook(path: Path) -> Reading:
    """Read the code cells of a notebook."""
    sheet = json.loads(path.read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in sheet.get("cells", []) if cell.get("cell_type") == "code"]
    return of_cells(sources, path.name)


def of_cells(sources: list[str], name: str) -> Reading:
    """Read cells, one behind the other."""
    firsts, line = [], 1
    for source in sources:
        firsts.append(line)
        line += source.count("\n") + 1
    return Reading("\n".join(sources), name, tuple(firsts))


def _without_magic(text: str) -> str:
    """Blank what only a notebook's shell reads, line for line."""
    kept, is_shell = [], False
    for line in text.split("\n"):
        bare = line.lstrip()
        is_shell = bare.startswith(("!", "%", "?"))
        kept.append(line[: len(line) - len(bare)] + "pass" if is_shell else line)
    return "\n".join(kept)


def _kept_by(node: ast.Assign | ast.AnnAssign | ast.NamedExpr, below: ast.AST) -> str | None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    target = targets[0]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(target.elts) == len(node.value.elts):
        at = next((k for k, each in enumerate(node.value.elts) if any(inner is below for inner in ast.walk(each))), 0)
        target = target.elts[at]
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Subscript):
        return text_of(target.slice) or (target.value.id if isinstance(target.value, ast.Name) else None)
    return target.attr if isinstance(target, ast.Attribute) else None


def last_of(call: ast.AST) -> str:
    """Give the last name of what is called: ``shift`` of ``df["a"].shift(1)``."""
    of = call.func if isinstance(call, ast.Call) else call
    return of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""


def text_of(node: ast.AST | None) -> str | None:
    """Give a text that stands there as such."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def texts_in(node: ast.AST) -> set[str]:
    """Give every text in an expression."""
    return {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def whole(node: ast.AST | None) -> int | None:
    """Give a whole number that stands there as such, with its sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and (value := whole(node.operand)) is not None:
        return -value
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Give what a call is given under a name."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def says(call: ast.Call, name: str) -> object:
    """Give a constant that a call is given under a name."""
    given = keyword(call, name)
    return given.value if isinstance(given, ast.Constant) else None


def under(node: ast.AST) -> ast.expr | None:
    """Give what a method is called on."""
    return node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None


def is_answer(name: str | None) -> bool:
    """Tell whether a name says that it holds what is to be forecast.

    >>> is_answer("target_5m"), is_answer("ret_fwd"), is_answer("momentum"), is_answer(None)
    (True, True, False, False)
    """
    return name is not None and ANSWER.fullmatch(name) is not None
