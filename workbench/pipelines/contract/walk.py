"""One pass over cells, from the top, as a fresh kernel takes them: which names are there at each line. Reads code; runs none."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from workbench.pipelines.contract.cells import Cell
from workbench.pipelines.contract.names import Free, bound_in, free_in, surely, targets
from workbench.pipelines.contract.syntax import read_code

GIVEN: Final = (
    frozenset(dir(builtins)) | {"display", "get_ipython", "__builtin__", "__builtins__", "__annotations__", "__IPYTHON__", "exit", "quit"}
) - {"_"}
AT_ONCE: Final = {"map", "filter", "sorted", "max", "min", "reduce", "map_elements", "map_batches", "apply", "key"}  # call what they get
GUARDS: Final = (ast.If, ast.IfExp, ast.BoolOp, ast.Match, ast.Try, ast.TryStar, ast.While)
SIMPLE: Final = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BARE: Final = {"NameError", "Exception", "BaseException"}


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


class Walk:
    """One pass over the cells, as a kernel would take them."""

    def __init__(self, exempt: set[str]) -> None:
        self.known: set[str] = set()
        self.made: dict[str, list[Place]] = {}
        self.deleted: dict[str, Place] = {}
        self.unmade: list[Unmade] = []
        self.stars: list[tuple[Place, str]] = []
        self._exempt = exempt
        self._waiting: dict[str, Free] = {}  # functions by name: what a call of them needs at once
        self._somewhere: list[tuple[Place, Free, str]] = []  # what functions need that may be made later
        self._later: list[tuple[Place, Free]] = []  # what must be there by the end of the cell
        self._at, self._maybe, self._caught = 0, 0, 0
        self._is_open = self._is_postponed = False

    def cell(self, cell: Cell) -> None:
        """Take the next cell."""
        code = read_code(cell.source)
        self._at, self._is_open = cell.at, self._is_open or code.is_open or code.wrong is not None or _makes_unseen(code.tree)
        self._all(code.tree.body)
        for place, free in self._later:
            self._settle(place, free)
        self._later = []

    def end(self) -> None:
        """Hold what functions need against all that was made anywhere."""
        for place, free, through in self._somewhere:
            self._settle(place, Free({name: line for name, line in free.uses.items() if name not in self.made}, {}), through)

    # ------------------------------------------------------------------ names
    def _make(self, name: str, line: int) -> None:
        self.known.add(name)
        self.deleted.pop(name, None)
        self._waiting.pop(name, None)
        self.made.setdefault(name, []).append(Place(self._at, line))

    def _use(self, name: str, line: int, *, is_called: bool = False, through: str = "") -> None:
        if name in self.known:
            if is_called and name in self._waiting:
                self._settle(Place(self._at, line), self._waiting.pop(name), name)
            return
        if name in GIVEN or name in self._exempt or self._is_open or self._caught:
            return
        if not any(each.name == name and each.place.at == self._at for each in self.unmade):
            self.unmade.append(Unmade(Place(self._at, line), name, through))

    def _settle(self, place: Place, free: Free, through: str = "") -> None:
        """Look at what a function needs where it is called: it must be there now."""
        here, self._at = self._at, place.at
        for name in free.uses:
            self._use(name, place.line, is_called=True, through=through)
        self._at = here

    def _defer(self, name: str, place: Place, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        """Keep a function for when it is called; what it makes counts as made from here on."""
        free = free_in([node], {}, inside=True)
        for made, line in free.makes.items():
            self._make(made, line)
        self._somewhere.append((place, free, name))
        if name:
            self._waiting[name] = surely(node)

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
            own: dict[str, int] = {}
            for line in node.body:
                there = own if isinstance(line, SIMPLE) else own | bound_in([line])
                for name, at in free_in([line], there, deep=False).uses.items():
                    self._use(name, at, is_called=True)
                own |= bound_in([line])
            self._make(node.name, node.lineno)
            self._somewhere.append((Place(self._at, node.lineno), free_in(node.body, {}, only_deep=True), node.name))
        else:
            for each in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
                self._load(each)
            if not self._is_postponed:
                for each in _annotations(node):
                    self._load(each)
            self._make(node.name, node.lineno)
            self._defer(node.name, Place(self._at, node.lineno), node)

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
            self._defer(node.targets[0].id, Place(self._at, node.lineno), node.value)

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
            for line in node.body:
                if any(isinstance(each, GUARDS) for each in ast.walk(line)):
                    self.known |= bound_in(node.body).keys()  # what is guarded may mean what the round before made
                self._statement(line)
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
                self._defer("", Place(self._at, node.lineno), node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._load(node.generators[0].iter)
                free = free_in([node], {})
                for name, line in free.makes.items():
                    self._make(name, line)
                for name, line in free.uses.items():
                    self._use(name, line, is_called=True)
            case ast.Call():
                self._call(node)
            case _:
                for child in ast.iter_child_nodes(node):
                    self._load(child)

    def _call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            self._use(node.func.id, node.func.lineno, is_called=True)
        else:
            self._load(node.func)
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for name, each in [("", each) for each in node.args] + [(each.arg or "", each.value) for each in node.keywords]:
            self._load(each)
            if isinstance(each, ast.Lambda) and {called, name} & AT_ONCE:
                self._later.append((Place(self._at, each.lineno), surely(each)))


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


def _makes_unseen(tree: ast.Module) -> bool:
    """Say whether a cell makes names that nobody sees: by `exec`, or by writing into the dict of names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "exec":
            return True
        if isinstance(node, ast.Attribute | ast.Subscript) and _is_dict_of_names(node.value):
            writes = node.attr in ("update", "setdefault") if isinstance(node, ast.Attribute) else isinstance(node.ctx, ast.Store)
            if writes:
                return True
    return False


def _is_dict_of_names(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("globals", "locals", "vars") and not node.args
    )
