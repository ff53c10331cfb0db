"""Which cell makes a name and which uses it: a cell that uses what no earlier cell made works only by chance. Reads code; runs none.

The notebook is walked as a fresh kernel would execute it, from the top. Refused is a name that nothing made so far: its cell was deleted,
is scratch, stands later, or the name was deleted again. In doubt a name counts as made (a branch that may not be taken, a loop that may be
empty, a function whose caller is not seen), so that what runs from top to bottom is never refused.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from workbench.pipelines.contract.cells import TAGS, Cell, Finding
from workbench.pipelines.contract.names import Free, bound_in, free_in, targets
from workbench.pipelines.contract.syntax import read_code

GIVEN: Final = (frozenset(dir(builtins)) | {"display", "get_ipython", "__builtin__", "__annotations__", "exit", "quit"}) - {"_"}
REMEMBERED: Final = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_[iod]h|In|Out")  # what IPython remembers of earlier executions
BARE: Final = {"NameError", "Exception", "BaseException"}
SCRATCH: Final = "scratch"


class Place(NamedTuple):
    """A line of a cell."""

    at: int
    line: int

    def __str__(self) -> str:
        return f"cell {self.at}, line {self.line}"


class Unmade(NamedTuple):
    """A use of a name that nothing made so far; `through` is the function that uses it."""

    place: Place
    name: str
    through: str = ""


def is_scratch(cell: Cell, *, of_page: bool) -> bool:
    """Say whether a cell of code is none of the page's."""
    return SCRATCH in cell.tags or (of_page and cell.tag not in TAGS)


def flow(cells: Sequence[Cell], *, of_page: bool) -> list[Finding]:
    """Find the names that are used before anything made them; in a page, code without a tag makes nothing."""
    code = [cell for cell in cells if cell.kind == "code"]
    walk = Walk(_asked_for(code))
    for cell in code:
        if not is_scratch(cell, of_page=of_page):
            walk.cell(cell)
    walk.end()
    aside = [cell for cell in cells if cell.kind == "raw" or (cell.kind == "code" and is_scratch(cell, of_page=of_page))]
    scratch = {name: Place(cell.at, line) for cell in aside for name, line in bound_in(read_code(cell.source).tree.body).items()}
    stars = [Finding(place.at, place.line, "flow", f"from {module} import * hides which names are made",
                     "import the names that are used") for place, module in walk.stars]  # fmt: skip
    return stars + [_told(each, walk, scratch) for each in walk.unmade]


def _asked_for(cells: Iterable[Cell]) -> set[str]:
    """Give the names whose being there is asked for: ``"x" in globals()``."""
    found: set[str] = set()
    for node in (node for cell in cells for node in ast.walk(read_code(cell.source).tree)):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            asked = {ast.unparse(each) for each in node.comparators}
            found |= {node.left.value} if asked & {"globals()", "locals()", "dir()", "vars()"} else set()
    return found


def _told(use: Unmade, walk: Walk, scratch: dict[str, Place]) -> Finding:
    place, name, through = use
    text = f"{name} is used, and nothing above made it" if not through else f"{through} uses {name}, and nothing above made it"
    later = next((there for there in walk.made.get(name, ()) if there > place), None)
    if REMEMBERED.fullmatch(name):
        text, remedy = f"{name} is what was executed or shown before", "it depends on the order of execution; give the value a name"
    elif name in walk.deleted:
        text, remedy = f"{name} is used, and {walk.deleted[name]} deleted it", "use it before, or do not delete it"
    elif name in scratch:
        remedy = f"{scratch[name]} does, but that cell is scratch and no part of the page; tag it, or make {name} in a cell that is"
    elif later is not None:
        remedy = f"{later} makes it, later; what runs from the top needs it before"
    else:
        near = difflib.get_close_matches(name, walk.made, n=1)
        hint = f"did you mean {near[0]}?" if near else "its cell was deleted, or its import is missing"
        remedy = f"no cell makes it; {hint}"
    return Finding(place.at, place.line, "flow", text, remedy)


class Walk:
    """One pass over the cells, as a kernel would take them."""

    def __init__(self, exempt: set[str]) -> None:
        self.known: set[str] = set()
        self.made: dict[str, list[Place]] = {}
        self.deleted: dict[str, Place] = {}
        self.unmade: list[Unmade] = []
        self.stars: list[tuple[Place, str]] = []
        self._exempt = exempt
        self._waiting: dict[str, tuple[Place, Free]] = {}
        self._later: list[tuple[Place, Free, str]] = []
        self._at, self._maybe, self._caught = 0, 0, 0
        self._is_open = self._is_postponed = False

    def cell(self, cell: Cell) -> None:
        """Take the next cell."""
        code = read_code(cell.source)
        self._at, self._is_open = cell.at, self._is_open or code.is_open
        self._all(code.tree.body)
        for place, free, through in self._later:
            self._settle(place, free, through)
        self._later = []

    def end(self) -> None:
        """Hold functions that nobody used against all that was made anywhere: they might be called at the end."""
        for name, (place, free) in list(self._waiting.items()):
            self._settle(place, Free({each: line for each, line in free.uses.items() if each not in self.made}, {}), name)

    # ------------------------------------------------------------------ names
    def _make(self, name: str, line: int) -> None:
        self.known.add(name)
        self.deleted.pop(name, None)
        self._waiting.pop(name, None)
        self.made.setdefault(name, []).append(Place(self._at, line))

    def _use(self, name: str, line: int, *, is_called: bool = False, through: str = "") -> None:
        if name in self.known:
            if name in self._waiting:
                _, free = self._waiting.pop(name) if is_called else self._waiting[name]
                if is_called:
                    self._settle(Place(self._at, line), free, name)
                else:
                    self._later.append((Place(self._at, line), free, name))
            return
        if name in GIVEN or name in self._exempt or self._is_open or self._caught:
            return
        use = Unmade(Place(self._at, line), name, through)
        if not any(each.name == name and each.place.at == self._at for each in self.unmade):
            self.unmade.append(use)

    def _settle(self, place: Place, free: Free, through: str) -> None:
        """Look at a function where it is used: what it needs must be there now."""
        here, self._at = self._at, place.at
        for name, line in free.makes.items():
            self._make(name, line)
        for name in free.uses:
            self._use(name, place.line, is_called=True, through=through)
        self._at = here

    # ------------------------------------------------------------------ statements
    def _all(self, body: Iterable[ast.stmt]) -> None:
        for line in body:
            self._statement(line)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._definition(node)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.Assign():
                self._assign(node)
            case ast.AugAssign():
                if isinstance(node.target, ast.Name):
                    self._use(node.target.id, node.lineno)
                self._load(node.value)
                self._bind(node.target)
            case ast.AnnAssign():
                self._load(None if self._is_postponed else node.annotation)
                self._load(node.value)
                if node.value is not None:
                    self._bind(node.target)
            case ast.Delete():
                self._delete(node)
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(node)
            case ast.If():
                self._load(node.test)
                self._branches([node.body, node.orelse])
            case ast.Match():
                self._load(node.subject)
                self._branches([[*map(_as_statement, targets(case.pattern)), *_guarded(case)] for case in node.cases])
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self._load(item.context_expr)
                    self._bind(item.optional_vars)
                self._all(node.body)
            case _:
                self._load(node)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        for each in node.decorator_list:
            self._load(each)
        if isinstance(node, ast.ClassDef):
            for part in (*node.bases, *node.keywords):
                self._load(part)
            own = bound_in(node.body)
            for name, line in free_in(node.body, own, deep=False).uses.items():
                self._use(name, line, is_called=True)
            free = free_in(node.body, {}, only_deep=True)
        else:
            for each in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
                self._load(each)
            if not self._is_postponed:
                for each in _annotations(node):
                    self._load(each)
            free = free_in([node], {}, inside=True)
        self._make(node.name, node.lineno)
        self._waiting[node.name] = (Place(self._at, node.lineno), free)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            self._is_postponed = self._is_postponed or any(alias.name == "annotations" for alias in node.names)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append((Place(self._at, node.lineno), getattr(node, "module", None) or "."))
                self._is_open = True
            else:
                self._make(alias.asname or (alias.name.split(".")[0] if isinstance(node, ast.Import) else alias.name), node.lineno)

    def _assign(self, node: ast.Assign) -> None:
        named = len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        if isinstance(node.value, ast.Lambda) and named:
            for each in (*node.value.args.defaults, *filter(None, node.value.args.kw_defaults)):
                self._load(each)
        else:
            self._load(node.value)
        for target in node.targets:
            self._bind(target)
        if isinstance(node.value, ast.Lambda) and isinstance(node.targets[0], ast.Name) and named:
            self._waiting[node.targets[0].id] = (Place(self._at, node.lineno), free_in([node.value], {}, inside=True))

    def _bind(self, target: ast.expr | None) -> None:
        for node in ast.walk(target) if target is not None else ():
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._make(node.id, node.lineno)
            elif isinstance(node, ast.Name):
                self._use(node.id, node.lineno)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Name):
                self._load(target)
                continue
            self._use(target.id, node.lineno)
            if not self._maybe and target.id in self.known:
                self.known.discard(target.id)
                self.deleted[target.id] = Place(self._at, node.lineno)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        self._load(node.test if isinstance(node, ast.While) else node.iter)
        with self._perhaps():
            if not isinstance(node, ast.While):
                self._bind(node.target)
            self.known |= bound_in(node.body).keys()  # a guarded use may mean what the round before made
            self._all(node.body)
            self._all(node.orelse)

    def _branches(self, bodies: Sequence[Sequence[ast.stmt]]) -> None:
        before, after = set(self.known), set(self.known)
        with self._perhaps():
            for body in bodies:
                self.known = set(before)
                self._all(body)
                after |= self.known
        self.known = after

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        caught = {name for each in node.handlers for name in _caught(each)}
        is_caught = bool(caught & BARE)
        with self._perhaps():
            self._caught += is_caught
            self._all(node.body)
            self._caught -= is_caught
            for handler in node.handlers:
                was_known = handler.name in self.known
                self._load(handler.type)
                if handler.name:
                    self._make(handler.name, handler.lineno)
                self._all(handler.body)
                if handler.name and not was_known:
                    self.known.discard(handler.name)
            self._all(node.orelse)
        self._all(node.finalbody)

    @contextmanager
    def _perhaps(self) -> Iterator[None]:
        """Walk what may not happen: what it deletes may still be there."""
        self._maybe += 1
        yield
        self._maybe -= 1

    # ------------------------------------------------------------------ expressions
    def _load(self, node: ast.AST | None) -> None:
        match node:
            case None:
                pass
            case ast.Name(ctx=ast.Load()):
                self._use(node.id, node.lineno)
            case ast.NamedExpr():
                self._load(node.value)
                self._bind(node.target)
            case ast.Lambda():
                for each in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
                    self._load(each)
                self._later.append((Place(self._at, node.lineno), free_in([node], {}, inside=True), ""))
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._load(node.generators[0].iter)
                free = free_in([node], {})
                for name, line in free.makes.items():
                    self._make(name, line)
                for name, line in free.uses.items():
                    self._use(name, line, is_called=True)
            case ast.Call(func=ast.Name()) if isinstance(node.func, ast.Name):
                for each in (*node.args, *(keyword.value for keyword in node.keywords)):
                    self._load(each)
                self._use(node.func.id, node.func.lineno, is_called=True)
            case _:
                for child in ast.iter_child_nodes(node):
                    self._load(child)


def _as_statement(name: ast.Name) -> ast.stmt:
    line = ast.Assign([name], ast.Constant(None))
    return ast.copy_location(line, name)


def _guarded(case: ast.match_case) -> list[ast.stmt]:
    guard = [ast.copy_location(ast.Expr(case.guard), case.guard)] if case.guard is not None else []
    return [*guard, *case.body]


def _caught(handler: ast.ExceptHandler) -> list[str]:
    if handler.type is None:
        return ["BaseException"]
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [ast.unparse(each) for each in types]


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    of = node.args
    for each in (*of.posonlyargs, *of.args, *of.kwonlyargs, *filter(None, (of.vararg, of.kwarg))):
        if each.annotation is not None:
            yield each.annotation
    if node.returns is not None:
        yield node.returns
