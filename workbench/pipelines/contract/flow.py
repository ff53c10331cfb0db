"""Which cell makes a name and which uses it: a cell that uses what no earlier cell made works only by chance. Reads code; runs none.

The notebook is walked as a fresh kernel would execute it, from the top. Refused is a name that nothing made so far: its cell was deleted,
is scratch, stands later, or the name was deleted again. In doubt a name counts as made (a branch that may not be taken, a loop that may be
empty), and what a function needs only perhaps, or when nobody sees, need only be made somewhere: what runs from the top is not refused.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from workbench.pipelines.contract.cells import TAGS, Cell, Finding
from workbench.pipelines.contract.names import bound_in
from workbench.pipelines.contract.syntax import read_code
from workbench.pipelines.contract.walk import Place, Unmade, Walk

REMEMBERED: Final = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_[iod]h|In|Out")  # what IPython remembers of earlier executions
SCRATCH: Final = "scratch"


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
    hides = "from {} import * hides which names are made"
    stars = [Finding(*place, "flow", hides.format(module), "import the names that are used") for place, module in walk.stars]
    return stars + [_told(each, walk, scratch) for each in walk.unmade]


def _asked_for(cells: Iterable[Cell]) -> set[str]:
    """Give the names whose being there is asked for: ``"x" in globals()``."""
    found: set[str] = set()
    for node in (node for cell in cells for node in ast.walk(read_code(cell.source).tree)):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            asked = [ast.unparse(each) for each in node.comparators if isinstance(each, ast.Call)]
            found |= {node.left.value} if {"globals()", "locals()", "dir()", "vars()"} & set(asked) else set()
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
