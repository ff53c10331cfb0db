"""Plant one fault into a good page. A fault is a few lines of TOML: a sentence, an edit, who must refuse it, and what must be said.

==========  ==========================================================================================================================
name        the sentence: what somebody did
cell        tag of the cell that is edited (the first of that tag), together with one of
            `becomes` its new source; `begins` lines put before it; `ends` lines put behind it; `lacks` text taken out of it;
            `gone` the whole cell taken away; `tagged` its new tags
before      tag of the cell before which `adds` is put as a new cell with the tags `tagged` (none: no tag)
order       stored execution counts of the code cells, 0 for none
toml        what is put behind the page's ``pipeline.toml``
given       parameters that the page is run with
environ     variables of the environment while it is
gate        who must refuse it: form, parameters, settings, flow, findings; or kernel: nobody can before the cell runs
says        a fragment of what must be said; `at` the cell that must be named (from 1)
==========  ==========================================================================================================================
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.pipelines.paging import cell

HERE = Path(__file__).parent
TOML = 'owner = "tests"\nby = "hours"\ncell_s = 60\n'
GOOD: tuple[tuple[str, str], ...] = (
    ("title", "# How far does it go?\n\nIn: sixty prices. Out: the largest move over a horizon. Owner: tests."),
    (
        "parameters",
        (
            'horizon: int = 30  # minutes ahead [1..240] min\nhours: str = "regular"  # which hours count {regular, all}\n'
            "least_frac: float = 0.0  # least share of minutes that must have a price [0..1]"
        ),
    ),
    ("setup", "import math\n\nimport polars as pl\n\nfrom workbench.research.tables import show"),
    (
        "inputs",
        (
            "prices = pl.DataFrame({'minute': range(60), 'price_pts': [100 + math.sin(at / 9) for at in range(60)]})\n"
            "assert len(prices), 'there is no price'"
        ),
    ),
    ("work", "moves = prices.with_columns(pl.col('price_pts').diff(min(horizon, 59)).alias('move_pts')).drop_nulls()\nn = len(moves)"),
    ("checks", "assert n / len(prices) >= least_frac, f'{n} of {len(prices)} minutes have a price'"),
    ("figures", "show(moves, none=f'No move over {horizon} min in {hours} hours.')"),
    ("outputs", "result = {'largest_pts': moves['move_pts'].max(), 'n': n}\nresult"),
)


def faults(*halves: str) -> list[dict[str, Any]]:
    """Read the faults of these files, or of all."""
    paths = [HERE / f"{half}.toml" for half in halves] or sorted(HERE.glob("*faults*.toml"))
    return [fault for path in paths for fault in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]]


def plant(fault: Mapping[str, Any], folder: Path) -> Path:
    """Write the good page with this fault in it."""
    cells = [cell(tag, source) | {"execution_count": None, "outputs": []} for tag, source in GOOD]
    if "cell" in fault:
        at = next(at for at, each in enumerate(cells) if each["metadata"]["tags"] == [fault["cell"]])
        cells[at : at + 1] = _edited(cells[at], fault)
    if "before" in fault:
        at = next(at for at, each in enumerate(cells) if each["metadata"]["tags"] == [fault["before"]])
        cells.insert(at, cell("work", fault["adds"]) | {"metadata": {"tags": fault.get("tagged", [])}})
    for at, each in enumerate(cells):
        each["id"] = f"c{at:02d}"
        if each["cell_type"] == "markdown":
            each.pop("execution_count"), each.pop("outputs")
    code = [each for each in cells if each["cell_type"] == "code"]
    for each, count in zip(code, fault.get("order", []), strict=False):
        each["execution_count"] = count or None
    folder.mkdir(parents=True, exist_ok=True)
    body = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "notebook.ipynb").write_text(json.dumps(body), encoding="utf-8")
    (folder / "pipeline.toml").write_text(TOML + fault.get("toml", ""), encoding="utf-8")
    return folder


def _edited(good: dict[str, Any], fault: Mapping[str, Any]) -> list[dict[str, Any]]:
    source = fault.get("becomes", good["source"])
    if "lacks" in fault:
        assert fault["lacks"] in source, fault["name"]
        source = source.replace(fault["lacks"], "")
    source = "\n".join([*fault.get("begins", "").splitlines(), source, *fault.get("ends", "").splitlines()])
    tags = fault["tagged"] if "tagged" in fault and "before" not in fault else good["metadata"]["tags"]
    return [] if fault.get("gone") else [good | {"source": source, "metadata": {"tags": tags}}]
