"""What a name stands for, however it is called here: ``import time as t; t.time`` is ``time.time``. Judges nothing, runs nothing.

Followed are imports with and without `as`, a name given to another (``now = datetime.now``), `getattr` and `import_module` with a text,
what a constructor made (``rng = Random(7)`` is ``random.Random()``), and paths joined by ``/``. A name that is given something else is
forgotten.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from typing import Literal, NamedTuple

from workbench.pipelines.contract.names import arguments, bound_in, targets

PATH = "pathlib.Path()"


class Event(NamedTuple):
    """Something that code does: `imported` a module or a thing of one, `named` or `called` a thing, holds a `text`, `assigned` a name.

    `origin` is what it stands for (the text itself, the name itself), empty where nobody knows; `node` is where.
    """

    kind: Literal["imported", "named", "called", "text", "assigned"]
    origin: str
    node: ast.expr | ast.stmt
    at: int


def folded(node: ast.AST | None) -> str | None:
    """Give the text that an expression is known to be; of an f-string what it begins with."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            parts = folded(left), folded(right)
            return None if None in parts else "".join(part or "" for part in parts)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return text
    return None


class Reader(ast.NodeVisitor):
    """Reads cells one after the other, and keeps what names stand for between them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._scopes: list[dict[str, str]] = [{}]
        self._at = 0

    def read(self, at: int, tree: ast.Module) -> None:
        """Read a cell."""
        self._at = at
        for line in tree.body:
            self.visit(line)

    # ------------------------------------------------------------------ what things stand for
    def origin(self, node: ast.AST) -> str:
        """Say what an expression stands for; nothing if it cannot be told."""
        match node:
            case ast.Name(id=name):
                return self._looked_up(name)
            case ast.Attribute(value=value, attr=attr):
                of = self.origin(value)
                return f"{of}.{attr}" if of else ""
            case ast.Call():
                return self._made_by(node)
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                return self.origin(value)
            case ast.BinOp(op=ast.Div(), left=left):
                return PATH if self.origin(left) == PATH else ""
            case ast.Subscript(value=ast.Attribute(value=value, attr="__dict__"), slice=key) if folded(key):
                return f"{self.origin(value)}.{folded(key)}"
            case ast.Subscript(value=value, slice=key) if folded(key) and self.origin(value) == "sys.modules":
                return folded(key) or ""
        return ""

    def _looked_up(self, name: str) -> str:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return f"builtins.{name}" if hasattr(builtins, name) else "IPython.get_ipython" if name == "get_ipython" else ""

    def _made_by(self, node: ast.Call) -> str:
        of = self.origin(node.func)
        first, second = (folded(each) for each in [*node.args, None, None][:2])
        if of == "builtins.getattr" and second:
            return f"{self.origin(node.args[0]) or '?'}.{second}"
        if of in ("importlib.import_module", "builtins.__import__") and first:
            return first
        if of.startswith("pathlib.") and of.removeprefix("pathlib.") in ("PurePath", "PosixPath", "Path.cwd", "Path.home"):
            return PATH
        return f"{of}()" if of else ""

    def _tell(self, kind: Literal["imported", "named", "called", "text", "assigned"], origin: str, node: ast.expr | ast.stmt) -> None:
        self.events.append(Event(kind, origin, node, self._at))

    # ------------------------------------------------------------------ what binds
    def _bind(self, target: ast.AST, origin: str = "") -> None:
        if isinstance(target, ast.Name):
            self._scopes[-1][target.id] = origin
            return
        for name in targets(target):
            self._scopes[-1][name.id] = ""
        self.visit(target)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._tell("imported", alias.name, node)
            self._scopes[-1][alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            origin = f"{node.module}.{alias.name}" if node.module and not node.level else ""
            self._tell("imported", origin, node)
            self._scopes[-1][alias.asname or alias.name] = origin

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(target.elts) == len(node.value.elts):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for each, value in pairs:
                if isinstance(each, ast.Name) and len(self._scopes) == 1:
                    self._tell("assigned", each.id, ast.copy_location(ast.Assign([each], value), node))
                self._bind(each, self.origin(value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            if isinstance(node.target, ast.Name) and len(self._scopes) == 1:
                self._tell("assigned", node.target.id, ast.copy_location(ast.Assign([node.target], node.value), node))
            self._bind(node.target, self.origin(node.value))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._bind(node.target, self.origin(node.value))

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._bind(node.target)
        self._all(node.body)
        self._all(node.orelse)

    visit_AsyncFor = visit_For  # noqa: N815 - ast's names

    def visit_withitem(self, node: ast.withitem) -> None:
        self.visit(node.context_expr)
        if node.optional_vars is not None:
            self._bind(node.optional_vars, self.origin(node.context_expr))

    def _all(self, body: Iterable[ast.AST]) -> None:
        for node in body:
            self.visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        self._all([*getattr(node, "decorator_list", ()), *node.args.defaults, *filter(None, node.args.kw_defaults)])
        body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
        declared = {name for each in body for inner in ast.walk(each) if isinstance(inner, ast.Global) for name in inner.names}
        if not isinstance(node, ast.Lambda):
            self._scopes[-1][node.name] = ""
        self._scopes.append(dict.fromkeys({*arguments(node), *bound_in(body)} - declared, ""))
        self._all(body)
        self._scopes.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast's names
    visit_Lambda = visit_FunctionDef  # noqa: N815 - ast's names

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._all([*node.decorator_list, *node.bases, *(each.value for each in node.keywords)])
        self._scopes[-1][node.name] = ""
        self._scopes.append({})
        self._all(node.body)
        self._scopes.pop()

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self._scopes.append({})
        for part in node.generators:
            self.visit(part.iter)
            self._bind(part.target)
            self._all(part.ifs)
        self._all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self._scopes.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815 - ast's names

    # ------------------------------------------------------------------ what is told
    def visit_Expr(self, node: ast.Expr) -> None:
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):  # a text that stands alone is a comment
            self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and (origin := self.origin(node)):
            self._tell("named", origin, node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        origin = self.origin(node)
        self._tell("named", origin or f"?.{node.attr}", node)
        if not (origin and isinstance(node.value, ast.Name | ast.Attribute)):
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if origin := self.origin(node):
            self._tell("named", origin, node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        origin = self.origin(node.func)
        attr = f"?.{node.func.attr}" if isinstance(node.func, ast.Attribute) else ""
        self._tell("called", origin or attr, node)
        made = self.origin(node)
        if origin in ("importlib.import_module", "builtins.__import__") and made == (folded(node.args[0]) if node.args else None):
            self._tell("imported", made, node)
        elif origin == "builtins.getattr" and made and not made.endswith(")"):
            self._tell("named", made, node)
        self.visit(node.func)
        self._all([*node.args, *(each.value for each in node.keywords)])

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._tell("text", node.value, node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if (text := folded(node)) is not None:
            self._tell("text", text, node)
        else:
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        if text := folded(node):
            self._tell("text", text, node)
        self._all(each for each in node.values if isinstance(each, ast.FormattedValue))
