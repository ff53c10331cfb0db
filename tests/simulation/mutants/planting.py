"""How a bug gets into the program while a test runs, and out again: a few words of a function are replaced, and its code with them.

The function object stays the one that everybody has imported, so that the bug is wherever the function is called. Words that the function
does not hold exactly once are an error: a bug that can no longer be planted is to be written anew, not to be taken for one that was caught.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any, NamedTuple
from unittest.mock import patch


class Edit(NamedTuple):
    """Other words in a function: ``where`` is ``module:qualified.name`` below ``workbench``."""

    where: str
    old: str
    new: str


class Setting(NamedTuple):
    """Another value of a name in a module below ``workbench``."""

    where: str
    value: Any


class Bug(NamedTuple):
    """One planted bug.

    ``breaks`` is what goes wrong, in a sentence; ``law`` the invariant it breaks; ``caught`` the test that fails with it
    (``file::test`` below ``tests``), or the number of the disaster that does.
    """

    name: str
    breaks: str
    law: str
    edits: tuple[Edit | Setting, ...]
    caught: str | int

    def __str__(self) -> str:
        return self.name


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Have a bug in the program."""
    with ExitStack() as stack:
        for where in dict.fromkeys(each.where for each in bug.edits):
            edits = [each for each in bug.edits if each.where == where]
            if isinstance(edits[0], Setting):
                owner, name = _owner(where)
                stack.enter_context(patch.object(owner, name, edits[0].value))
            else:
                function = _function(where)
                code = _edited(function, tuple(each for each in edits if isinstance(each, Edit)))
                stack.callback(setattr, function, "__code__", function.__code__)
                function.__code__ = code
        yield


def _owner(where: str) -> tuple[Any, str]:
    module, _, path = where.partition(":")
    owner: Any = import_module(f"workbench.{module}")
    *outer, name = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    return owner, name


def _function(where: str) -> FunctionType:
    owner, name = _owner(where)
    found = inspect.getattr_static(owner, name)
    found = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
    found = inspect.unwrap(found)
    assert isinstance(found, FunctionType), f"{where} is no function"
    return found


@cache
def _source(function: FunctionType) -> str:
    return textwrap.dedent(inspect.getsource(function))


@cache
def _edited(function: FunctionType, edits: tuple[Edit, ...]) -> CodeType:
    """Compile a function anew, with other words in it."""
    text = _source(function)
    for each in edits:
        n = text.count(each.old)
        assert n == 1, f"{each.where} holds {n} times: {each.old}"
        text = text.replace(each.old, each.new)
    whole = "from __future__ import annotations\ndef around():\n"
    whole += "".join(f"    {name} = None\n" for name in function.__code__.co_freevars) + textwrap.indent(text, "    ")
    ast.parse(whole)
    [around] = [each for each in compile(whole, f"<{edits[0].where}, mutated>", "exec").co_consts if isinstance(each, CodeType)]
    [code] = [each for each in around.co_consts if isinstance(each, CodeType) and each.co_name == function.__name__]
    return code
