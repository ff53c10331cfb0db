"""What a page must look like before it may run: its folder, its tagged cells, its typed parameters. Reads files; starts nothing.

A page is ``<folder>/notebook.ipynb`` with ``<folder>/pipeline.toml`` beside it. Cells carry one tag each, in the order of `TAGS`; cells of
one tag stand together. Text without a tag may stand anywhere behind the title.

==========  ====================================================================================================================
title       the question, what goes in, what comes out, who owns it; text
parameters  one cell of ``name: kind = literal  # help``; kinds are bool, int, float, str
setup       imports
inputs      opens what is asked about, and asserts that it is there
work        calls into the package; no class, no loop
checks      asserts with a message: how a page fails
figures     one to four cells
outputs     one cell, the last: it ends with a dict called ``result`` of plain values
==========  ====================================================================================================================
"""

from __future__ import annotations

import ast
import difflib
import json
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from workbench.domain.errors import ConfigError

TAGS: Final = ("title", "parameters", "setup", "inputs", "work", "checks", "figures", "outputs")
ONCE: Final = ("title", "parameters", "outputs")
MOST_FIGURES: Final = 4
KINDS: Final[Mapping[str, type]] = {"bool": bool, "int": int, "float": float, "str": str}
TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
SETTINGS: Final[Mapping[str, type]] = {"owner": str, "by": str, "cell_s": int}

Value = bool | int | float | str


class Parameter(NamedTuple):
    """One parameter of a page: its name, the name of its kind, what it is if nobody says otherwise, and what it means."""

    name: str
    kind: str
    default: Value
    text: str


class Pipeline(NamedTuple):
    """A page that may run.

    ``by`` names the parameter whose value the folder of its results is called after; ``cell_s`` is how long a cell may take.
    """

    name: str
    folder: Path
    title: str
    owner: str
    by: str
    cell_s: int
    parameters: tuple[Parameter, ...]
    notebook: dict[str, Any]


class Cell(NamedTuple):
    """One cell with its place (from 1)."""

    at: int
    kind: str
    tag: str
    source: str


def find(name: str, places: Sequence[Path]) -> Path:
    """Find the folder of a page: a path, or a name in one of `places`, the first that has it."""
    for folder in (Path(name), *(place / name for place in places)):
        if (folder / "notebook.ipynb").is_file():
            return folder
    there = [path.parent.name for path in listed(places)]
    near = difflib.get_close_matches(Path(name).name, there, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(there)}" if there else f"none lies in {places[0]}"
    raise ConfigError(f"there is no pipeline {name!r}; {hint}")


def listed(places: Sequence[Path]) -> list[Path]:
    """List the settings files of all pages in `places`; of two with one name the first counts."""
    found = {path.parent.name: path for place in reversed(places) for path in sorted(place.glob("*/pipeline.toml"))}
    return [found[name] for name in sorted(found)]


def read(folder: Path) -> Pipeline:
    """Read a page and hold it against its form.

    Raises
    ------
    ConfigError
        Naming every cell that is not as it must be.
    """
    settings = _settings(folder / "pipeline.toml")
    path = folder / "notebook.ipynb"
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [_cell(at, cell) for at, cell in enumerate(notebook["cells"], 1)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is no notebook: {error}") from error
    wrong = [f"  {each}" for each in complaints(cells)]
    if wrong:
        raise ConfigError("\n".join([f"{path} is no page yet:", *wrong]))
    parameters = tuple(_parameters(next(cell for cell in cells if cell.tag == "parameters")))
    if settings["by"] not in {each.name for each in parameters}:
        raise ConfigError(f"{folder / 'pipeline.toml'}: by = {settings['by']!r} is none of its parameters")
    title = cells[0].source.lstrip("# ").split("\n")[0].strip()
    return Pipeline(folder.name, folder, title, settings["owner"], settings["by"], settings["cell_s"], parameters, notebook)


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if found.keys() != SETTINGS.keys() or any(type(found[key]) is not kind for key, kind in SETTINGS.items()):
        named = ", ".join(f"{key} ({kind.__name__})" for key, kind in SETTINGS.items())
        raise ConfigError(f"{path} must say {named}, and nothing else")
    return found


def _cell(at: int, cell: Mapping[str, Any]) -> Cell:
    tags = [tag for tag in cell.get("metadata", {}).get("tags", ()) if tag in TAGS]
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    return Cell(at, cell["cell_type"], tags[0] if len(tags) == 1 else " ".join(tags), source)


def complaints(cells: Sequence[Cell]) -> Iterator[str]:
    """Say what keeps cells from being a page, one sentence each."""
    order = [cell.tag for cell in cells if cell.tag]
    runs = [tag for tag, before in zip(order, ["", *order], strict=False) if tag != before]
    if runs != list(TAGS):
        yield f"its tags must be {', '.join(TAGS)}, in this order; they are {', '.join(runs) or 'none'}"
    yield from (f"one cell may be tagged {tag}, not {order.count(tag)}" for tag in ONCE if order.count(tag) > 1)
    if order.count("figures") > MOST_FIGURES:
        yield f"{MOST_FIGURES} cells may be tagged figures, not {order.count('figures')}"
    if cells and (cells[0].tag != "title" or cells[0].kind != "markdown"):
        yield "cell 1 must be the title: text that begins with a question"
    for cell in cells:
        if cell.kind == "code":
            yield from (f"cell {cell.at}{each}" for each in _of_code(cell))


def _of_code(cell: Cell) -> Iterator[str]:
    if not cell.tag or cell.tag == "title":
        yield ": code needs one of the tags"
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        yield f", line {error.lineno}: {error.msg} (magics and shell commands do not belong in a page)"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield f", line {node.lineno}: class {node.name} belongs into a module"
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            yield f", line {node.lineno}: a loop belongs into the package"
    if cell.tag == "parameters":
        yield from (f", line {line.lineno}: {_why_not(line)}" for line in tree.body if _why_not(line))
    if cell.tag == "outputs" and not (tree.body and ast.unparse(tree.body[-1]) == "result"):
        yield ": its last line must be `result`"


def _why_not(line: ast.stmt) -> str:
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


def _parameters(cell: Cell) -> Iterator[Parameter]:
    lines = cell.source.splitlines()
    for node in ast.parse(cell.source).body:
        assert isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
        behind = lines[(node.end_lineno or node.lineno) - 1][node.end_col_offset or 0 :]
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
