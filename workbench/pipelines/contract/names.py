"""Scopes: which names a piece of code binds, and which it takes from outside. Pure functions of syntax trees.

Python's own rules: a name that is bound anywhere in a function is the function's; a class's names are not seen in its methods; a walrus
in a comprehension binds outside it; the first iterable of a comprehension belongs to the scope around it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Free(NamedTuple):
    """What code takes from outside, and what it binds there (`global`, a walrus in a comprehension): names with their lines."""

    uses: dict[str, int]
    makes: dict[str, int]


def targets(node: ast.AST) -> Iterator[ast.Name]:
    """Give the names that a target or a pattern binds, as if they were assigned to."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each
        elif isinstance(each, ast.MatchAs | ast.MatchStar) and each.name:
            yield ast.copy_location(ast.Name(each.name, ast.Store()), each)
        elif isinstance(each, ast.MatchMapping) and each.rest:
            yield ast.copy_location(ast.Name(each.rest, ast.Store()), each)


def bound_in(body: Iterable[ast.AST]) -> dict[str, int]:
    """Give the names that statements bind in their own scope, with the line that does it first."""
    found: dict[str, int] = {}
    for node in body:
        for name, line in _binds(node):
            found.setdefault(name, line)
    return found


def _binds(node: ast.AST) -> Iterator[tuple[str, int]]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, node.lineno
            return  # what is inside is another scope; decorators and defaults bind at most by a walrus, which nobody writes there
        case ast.Lambda():
            return
        case ast.Import():
            yield from ((alias.asname or alias.name.split(".")[0], node.lineno) for alias in node.names)
        case ast.ImportFrom():
            yield from ((alias.asname or alias.name, node.lineno) for alias in node.names if alias.name != "*")
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            for each in ast.walk(node):
                if isinstance(each, ast.NamedExpr):
                    yield each.target.id, each.lineno
            return
        case ast.Name(ctx=ast.Store()):
            yield node.id, node.lineno
        case ast.ExceptHandler() if node.name:
            yield node.name, node.lineno
        case ast.MatchAs() | ast.MatchStar() | ast.MatchMapping():
            yield from ((name.id, name.lineno) for name in targets(node) if isinstance(name.ctx, ast.Store))
    for child in ast.iter_child_nodes(node):
        yield from _binds(child)


def arguments(node: Function) -> list[str]:
    """Give the names of a function's arguments."""
    of = node.args
    return [each.arg for each in (*of.posonlyargs, *of.args, *of.kwonlyargs, *filter(None, (of.vararg, of.kwarg)))]


def free_in(body: Sequence[ast.AST], own: Mapping[str, int], *, inside: bool = False, deep: bool = True, only_deep: bool = False) -> Free:
    """Give what code takes from outside.

    Parameters
    ----------
    own
        Names that are the code's own.
    inside
        `body` holds one function; look at its body alone, not at what is evaluated where it is defined.
    deep, only_deep
        Whether to look into functions, and whether to look nowhere else: a class's body runs at once, its methods later.
    """
    found = Free({}, {})
    if inside:
        (node,) = body
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        _function(node, set(own), found)
        return found
    for node in body:
        _scan(node, set(own), found, deep=deep, only_deep=only_deep)
    return found


def surely(node: Function) -> Free:
    """Give what a call of this function needs at once, whatever its arguments: what stands before anything that may leave or not happen."""
    found = Free({}, {})
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    is_lazy = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _own_nodes(body))
    if is_lazy or (not isinstance(node, ast.Lambda) and node.decorator_list):
        return found
    own = {*arguments(node), *bound_in(body)}
    own -= {name for each in _own_nodes(body) if isinstance(each, ast.Global | ast.Nonlocal) for name in each.names}
    for line in body:
        if isinstance(line, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.TryStar | ast.Match | ast.With | ast.AsyncWith):
            heads = [getattr(line, part) for part in ("test", "iter", "subject") if hasattr(line, part)]
            for head in heads:
                _scan_sure(head, own, found)
            if any(isinstance(each, ast.Return | ast.Raise | ast.Break) for each in ast.walk(line)) or not heads:
                return found
            continue
        _scan_sure(line, own, found)
        if isinstance(line, ast.Return | ast.Raise):
            return found
    return found


def _scan_sure(node: ast.AST, own: set[str], found: Free) -> None:
    children = list(ast.iter_child_nodes(node))
    match node:
        case ast.Name(ctx=ast.Load()) if node.id not in own:
            found.uses.setdefault(node.id, node.lineno)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda() | ast.Assert() | ast.AnnAssign():
            return
        case ast.BoolOp():
            children = [node.values[0]]
        case ast.IfExp():
            children = [node.test]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            children = [node.generators[0].iter]
    for child in children:
        _scan_sure(child, own, found)


def _function(node: Function, own: set[str], found: Free) -> None:
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    declared = {name for each in _own_nodes(body) if isinstance(each, ast.Global) for name in each.names}
    outer = {name for each in _own_nodes(body) if isinstance(each, ast.Nonlocal) for name in each.names}
    bound = bound_in(body)
    for name in declared & bound.keys():
        found.makes.setdefault(name, bound[name])
    inner = (own - declared) | {*arguments(node), *bound} - declared - outer
    for each in body:
        _scan(each, inner | (own & outer), found, deep=True, only_deep=False)


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Walk a scope without the scopes inside it."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _own_nodes(ast.iter_child_nodes(node))


def _scan(node: ast.AST, own: set[str], found: Free, *, deep: bool, only_deep: bool) -> None:
    match node:
        case ast.Name(ctx=ast.Load() | ast.Del()):
            if node.id not in own and not only_deep:
                found.uses.setdefault(node.id, node.lineno)
            return
        case ast.AugAssign(target=ast.Name(id=name)) if name not in own and not only_deep:
            found.uses.setdefault(name, node.lineno)
        case ast.AnnAssign():  # annotations in functions are never evaluated, those of classes perhaps
            for value in filter(None, (node.target, node.value)):
                _scan(value, own, found, deep=deep, only_deep=only_deep)
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            at_once = [*node.args.defaults, *filter(None, node.args.kw_defaults), *getattr(node, "decorator_list", ())]
            for each in at_once:
                _scan(each, own, found, deep=deep, only_deep=only_deep)
            if deep:
                _function(node, own, found)
            return
        case ast.ClassDef():
            for part in (*node.bases, *node.keywords, *node.decorator_list):
                _scan(part, own, found, deep=deep, only_deep=only_deep)
            inner = own | bound_in(node.body).keys()
            for line in node.body:
                _scan(line, inner, found, deep=False, only_deep=only_deep)
                if deep:
                    _scan(line, own, found, deep=True, only_deep=True)
            return
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            _comprehension(node, own, found, deep=deep, only_deep=only_deep)
            return
    for child in ast.iter_child_nodes(node):
        _scan(child, own, found, deep=deep, only_deep=only_deep)


def _comprehension(node: Comprehension, own: set[str], found: Free, *, deep: bool, only_deep: bool) -> None:
    inner = set(own)
    for at, part in enumerate(node.generators):
        _scan(part.iter, own if at == 0 else inner, found, deep=deep, only_deep=only_deep)
        inner |= {name.id for name in targets(part.target)}
        _scan(part.target, inner, found, deep=deep, only_deep=only_deep)
        for test in part.ifs:
            walrus(test, inner, own, found)
            _scan(test, inner, found, deep=deep, only_deep=only_deep)
    parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
    for each in parts:
        walrus(each, inner, own, found)
        _scan(each, inner, found, deep=deep, only_deep=only_deep)


def walrus(node: ast.AST, inner: set[str], own: set[str], found: Free) -> None:
    """Take note of names that an expression in a comprehension binds outside it."""
    for each in ast.walk(node):
        if isinstance(each, ast.NamedExpr):
            inner.add(each.target.id)
            if each.target.id not in own:
                found.makes.setdefault(each.target.id, each.lineno)
