"""The cells of a page: one tag each, in one order. Reads nothing and runs nothing.

A page is ``<folder>/notebook.ipynb`` with ``<folder>/pipeline.toml`` beside it. Cells of one tag stand together; text without a tag may
stand anywhere behind the title.

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
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from workbench.pipelines.contract.parameters import why_not

TAGS: Final = ("title", "parameters", "setup", "inputs", "work", "checks", "figures", "outputs")
ONCE: Final = ("title", "parameters", "outputs")
MOST_FIGURES: Final = 4


class Cell(NamedTuple):
    """One cell with its place (from 1)."""

    at: int
    kind: str
    tag: str
    source: str


def cell_of(at: int, cell: Mapping[str, Any]) -> Cell:
    """Read one cell of a notebook file."""
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
        yield from (f", line {line.lineno}: {why_not(line)}" for line in tree.body if why_not(line))
    if cell.tag == "outputs" and not (tree.body and ast.unparse(tree.body[-1]) == "result"):
        yield ": its last line must be `result`"
