"""The typed parameters of a page: what a line of them says, and whether a value that is given may be one. Starts nothing."""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, cast

from workbench.domain.errors import ConfigError

KINDS: Final[Mapping[str, type]] = {"bool": bool, "int": int, "float": float, "str": str}
TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Value = bool | int | float | str


class Parameter(NamedTuple):
    """One parameter of a page: its name, the name of its kind, what it is if nobody says otherwise, and what it means."""

    name: str
    kind: str
    default: Value
    text: str


def why_not(line: ast.stmt) -> str:
    """Say what is wrong about a line of parameters; nothing if it is one."""
    form = f"write NAME: KIND = LITERAL, with one of the kinds {', '.join(KINDS)}"
    if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None):
        return form
    kind = KINDS.get(ast.unparse(line.annotation))
    try:
        value = ast.literal_eval(line.value)
    except ValueError:
        return form
    return "" if kind is not None and type(value) is kind else form


def parameters_of(source: str) -> Iterator[Parameter]:
    """Read the parameters off a cell in which nothing is wrong."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        assert isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
        behind = lines[(node.end_lineno or node.lineno) - 1].encode()[node.end_col_offset or 0 :].decode()  # columns count bytes
        yield Parameter(node.target.id, ast.unparse(node.annotation), ast.literal_eval(node.value), behind.partition("#")[2].strip())


def bind(parameters: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, Value]:
    """Give every parameter its value: what was given, read as its kind, or its default.

    Text is read as a person writes it at a prompt; any other value must be of the kind already (an int may stand for a float).

    Raises
    ------
    ConfigError
        For a name that is no parameter, or a value that is not of its kind.

    Examples
    --------
    >>> wanted = (Parameter("session", "int", 20261119, "log session"), Parameter("replay", "bool", True, ""))
    >>> bind(wanted, {"session": "20261120"})
    {'session': 20261120, 'replay': True}
    >>> bind(wanted, {"sesion": 1})
    Traceback (most recent call last):
    workbench.domain.errors.ConfigError: there is no parameter 'sesion'; did you mean session?
    """
    names = [each.name for each in parameters]
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
            raise ConfigError(f"there is no parameter {name!r}; {hint}")
    return {each.name: _read(each, given[each.name]) if each.name in given else each.default for each in parameters}


def _read(parameter: Parameter, value: object) -> Value:
    name, kind = parameter.kind, KINDS[parameter.kind]
    made: object = value
    if isinstance(value, str) and kind is not str:
        try:
            made = TRUTHS.get(value.lower()) if kind is bool else kind(value)
        except ValueError:
            made = None
    elif kind is float and type(value) is int:
        made = float(value)
    if type(made) is not kind or (isinstance(made, float) and not math.isfinite(made)):
        raise ConfigError(f"parameter {parameter.name} is of kind {name}, which {value!r} is not; the default is {parameter.default!r}")
    return cast(Value, made)
