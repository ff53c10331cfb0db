"""The cells of a page: one tag each, in one order; and how a finding about one is told. Reads nothing and runs nothing.

A page is ``<folder>/notebook.ipynb`` with ``<folder>/pipeline.toml`` beside it. Cells of one tag stand together; text without a tag may
stand anywhere behind the title.

==========  ====================================================================================================================
title       the question, what goes in, what comes out, who owns it; text
parameters  one cell of ``name: kind = literal  # help``: the grammar is in `workbench.pipelines.contract.parameters`
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

from workbench.pipelines.contract.parameters import wrong_lines
from workbench.pipelines.contract.syntax import read_code

TAGS: Final = ("title", "parameters", "setup", "inputs", "work", "checks", "figures", "outputs")
ONCE: Final = ("title", "parameters", "outputs")
MOST_FIGURES: Final = 4


class Finding(NamedTuple):
    """What is wrong, and what to do instead; `at` is the cell, from 1, and 0 for the whole notebook; `line` 0 is the whole cell."""

    at: int
    line: int
    rule: str
    text: str
    remedy: str = ""

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return f"cell {self.at}{f', line {self.line}' if self.line else ''}" if self.at else "the notebook"

    def __str__(self) -> str:
        return f"{self.place}: {self.text}{f': {self.remedy}' if self.remedy else ''}"


class Cell(NamedTuple):
    """One cell with its place (from 1). `tag` is the one of `TAGS` that it has, several with blanks between, or nothing."""

    at: int
    kind: str
    tag: str
    source: str
    tags: tuple[str, ...] = ()
    ran: int | None = None  # when it was last executed, as stored


def cell_of(at: int, cell: Mapping[str, Any]) -> Cell:
    """Read one cell of a notebook file.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        If it is none.
    """
    said = cell.get("metadata", {}).get("tags", ())
    tags = tuple(tag for tag in said if isinstance(tag, str)) if isinstance(said, list | tuple) else ()
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    count = cell.get("execution_count")
    tag = " ".join(tag for tag in tags if tag in TAGS)
    return Cell(at, str(cell["cell_type"]), tag, source, tags, count if isinstance(count, int) else None)


def complaints(cells: Sequence[Cell]) -> Iterator[str]:
    """Say what keeps cells from having the form of a page, one sentence each."""
    yield from map(str, form(cells))


def form(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Find what keeps cells from having the form of a page."""
    order = [cell.tag for cell in cells if cell.tag]
    runs = [tag for tag, before in zip(order, ["", *order], strict=False) if tag != before]
    if runs != list(TAGS):
        yield Finding(0, 0, "form", f"its tags must be {', '.join(TAGS)}, in this order; they are {', '.join(runs) or 'none'}")
    yield from (Finding(0, 0, "form", f"one cell may be tagged {tag}, not {order.count(tag)}") for tag in ONCE if order.count(tag) > 1)
    if order.count("figures") > MOST_FIGURES:
        yield Finding(0, 0, "form", f"{MOST_FIGURES} cells may be tagged figures, not {order.count('figures')}")
    if cells and (cells[0].tag != "title" or cells[0].kind != "markdown"):
        yield Finding(1, 0, "form", "the first cell must be the title", "text that begins with a question, tagged title")
    for cell in cells:
        if cell.kind == "code":
            yield from _of_code(cell)
        elif cell.tag and cell.tag != "title":
            yield Finding(cell.at, 0, "form", f"a cell tagged {cell.tag} must be code", "a cell of text needs no tag")


def _of_code(cell: Cell) -> Iterator[Finding]:
    if not cell.tag or cell.tag == "title":
        yield Finding(cell.at, 0, "form", "code needs one of the tags", f"tag it, or take it out: {', '.join(TAGS[1:])}")
    code = read_code(cell.source)
    for line, word in code.foreign:
        text = f"{word} is a shell command" if word.startswith("!") else f"{word} is a magic"
        yield Finding(cell.at, line, "form", text, "magics and shell commands do not belong in a page; call the package")
    if code.wrong:
        line, text = code.wrong
        yield Finding(cell.at, line, "form", text, "a page is plain Python")
        return
    for node in ast.walk(code.tree):
        if isinstance(node, ast.ClassDef):
            yield Finding(cell.at, node.lineno, "form", f"class {node.name} belongs into a module", "define it in the package or workspace")
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            remedy = "call a function of the package, or an expression of the frame"
            yield Finding(cell.at, node.lineno, "form", "a loop belongs into the package", remedy)
    if cell.tag == "parameters" and not code.foreign:
        yield from (Finding(cell.at, line, "parameters", text) for line, text in wrong_lines(cell.source))
    body = code.tree.body
    if cell.tag == "outputs" and not (body and isinstance(body[-1], ast.Expr) and ast.unparse(body[-1]) == "result"):
        yield Finding(cell.at, 0, "form", "its last line must be `result`", "a dict of plain values, which a program reads back")
