"""Findings in source about what stays from one instance, or one run, to the next, and about what is drawn without a seed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from workbench.research.leakage.leak import Leak
from workbench.research.leakage.reading import Reading, last_of, under
from workbench.workspace.source import OUTSIDE, READERS

VERBS: Final = ("update", "learn_one", "propose", "predict_proba_one")
HOLDERS: Final = frozenset({"list", "dict", "set", "deque", "defaultdict", "OrderedDict", "Counter", "array", "zeros", "empty", "ones"})
CHANGES: Final = frozenset({"append", "add", "update", "setdefault", "extend", "insert", "pop", "appendleft", "clear", "popleft", "remove"})
DRAWS: Final = frozenset(
    {
        "random",
        "rand",
        "randn",
        "normal",
        "uniform",
        "choice",
        "shuffle",
        "permutation",
        "randint",
        "integers",
        "standard_normal",
        "gauss",
        "sample",
    }
)
MAKES: Final = frozenset({"default_rng", "RandomState", "Random", "Generator"})
FROM_FILES: Final = frozenset({*READERS, "loadtxt", "genfromtxt", "read_table", "scan_csv", "read_ipc", "memmap", "exists", "read_pickle"})
LOADERS: Final = frozenset({"np", "numpy", "joblib", "pickle", "json", "torch", "dill", "msgpack", "yaml"})
OWN = "make it in __init__, in self: an instance a contract and length"
SEED = "give it a seed: two runs must say the same"


def keeping(of: Reading) -> Iterator[Leak]:
    """State that belongs to the class or the module, in a class that is asked bar by bar."""
    shared = _shared(of)
    for holder in (node for node in of.nodes if isinstance(node, ast.ClassDef) and _is_asked(node)):
        own = {name for each in holder.body for name in _held(each)}
        for method in (each for each in holder.body if isinstance(each, ast.FunctionDef)):
            made_here = {each.attr for each in ast.walk(method) if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)}
            local = {each.id for each in ast.walk(method) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
            yield from _changed(method, own - (made_here if method.name == "__init__" else set()), shared - local, of, holder)
    yield from _defaults(of)


def _is_asked(node: ast.ClassDef) -> bool:
    return any(isinstance(each, ast.FunctionDef) and each.name in VERBS for each in node.body)


def _held(node: ast.AST) -> list[str]:
    """Name what a statement makes that can be changed in place."""
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    is_open = isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp) or (
        isinstance(value, ast.Call) and last_of(value) in HOLDERS
    )
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if is_open and isinstance(target, ast.Name)]


def _shared(of: Reading) -> set[str]:
    return {name for node in of.tree.body for name in _held(node)}


def _changed(method: ast.FunctionDef, own: set[str], shared: set[str], of: Reading, holder: ast.ClassDef) -> Iterator[Leak]:
    made = {
        each.attr
        for other in holder.body
        if isinstance(other, ast.FunctionDef) and other.name == "__init__"
        for each in ast.walk(other)
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)
    }
    for node in ast.walk(method):
        if isinstance(node, ast.Global):
            yield Leak("memory", of.at(node), f"{node.names[0]} belongs to the module: every instance writes into it", OWN)
            continue
        target = _target(node)
        if isinstance(target, ast.Name) and target.id in shared:
            yield Leak("memory", of.at(node), f"{target.id} belongs to the module: every instance, and every run, writes into it", OWN)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            is_class = target.value.id in (holder.name, "cls")
            if (target.attr in own and target.attr not in made and target.value.id in ("self", holder.name, "cls")) or is_class:
                yield Leak("memory", of.at(node), f"{target.attr} belongs to the class: all instances share it", OWN)


def _is_module(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Name) and node.id in LOADERS


def _target(node: ast.AST) -> ast.AST | None:
    """Give what a statement changes in place."""
    if isinstance(node, ast.Call) and last_of(node) in CHANGES:
        return under(node)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return node.value
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute | ast.Subscript):
        return node.target.value if isinstance(node.target, ast.Subscript) else node.target
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id != "self":
        return node
    return None


def _defaults(of: Reading) -> Iterator[Leak]:
    """A default that can be changed in place is one for all calls."""
    for node in of.nodes:
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args][-len(node.args.defaults) or len(node.args.args) + 1 :]
            for argument, default in [
                *zip(arguments, node.args.defaults, strict=False),
                *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
            ]:
                is_open = isinstance(default, ast.List | ast.Dict | ast.Set) or (
                    isinstance(default, ast.Call) and last_of(default) in HOLDERS
                )
                if is_open and _is_changed(argument.arg, node):
                    yield Leak(
                        "memory",
                        of.at(node),
                        f"{argument.arg} is made once, and kept from call to call",
                        f"{argument.arg}=None, and make it inside",
                    )


def _is_changed(name: str, function: ast.FunctionDef) -> bool:
    return any(isinstance(target := _target(each), ast.Name) and target.id == name for each in ast.walk(function)) or any(
        isinstance(each, ast.Assign) and isinstance(each.value, ast.Name) and each.value.id == name for each in ast.walk(function)
    )


def chance(of: Reading) -> Iterator[Leak]:
    """What is drawn without a seed, and rows that are shuffled."""
    text = of.text
    is_seeded = "np.random.seed(" in text or "random.seed(" in text
    for call in of.calls:
        name, base = last_of(call), under(call)
        given = [*call.args, *(each.value for each in call.keywords if each.arg in ("seed", "random_state"))]
        if name in MAKES and not given:
            yield Leak("chance", of.at(call), f"{name}() draws anew in every run", SEED)
        elif name in DRAWS and base is not None and ast.unparse(base) in ("np.random", "numpy.random", "random") and not is_seeded:
            yield Leak("chance", of.at(call), f"{ast.unparse(call.func)} draws anew in every run", SEED)
        elif name == "sample" and base is not None and _is_frame_sample(call):
            yield Leak("chance", of.at(call), "sample draws anew in every run, and puts rows out of order", SEED)


def _is_frame_sample(call: ast.Call) -> bool:
    named = {each.arg for each in call.keywords}
    return bool(named & {"frac", "fraction", "n", "with_replacement", "replace", "shuffle"}) and not named & {"random_state", "seed"}


def files(of: Reading) -> Iterator[Leak]:
    """Files, clocks and connections in what is asked bar by bar: what it reads may have been written later."""
    for node in of.nodes:
        if isinstance(node, ast.Call) and (last_of(node) in FROM_FILES or (last_of(node) == "load" and _is_module(under(node)))):
            yield Leak(
                "file",
                of.at(node),
                f"calls {ast.unparse(node.func)[-50:]}, and may read what was written later",
                "whatever is decided on comes with the log",
            )
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for name in names:
                if why := OUTSIDE.get(name.split(".")[0]):
                    yield Leak("file", of.at(node), f"imports {name}, which {why}", "whatever is decided on comes with the log")
