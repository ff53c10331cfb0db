"""Small pages for tests: cells in, a folder out. Nothing is executed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TITLE = "# How far is it?\n\nIn: a length. Out: the same. Owner: tests."
CELLS: tuple[tuple[str, str], ...] = (
    ("title", TITLE),
    ("parameters", 'length_pts: float = 2.5  # how long\nname: str = "es"  # which\nn: int = 3\nis_up: bool = True'),
    ("setup", "import math, os"),
    ("inputs", 'assert name, "no name was given"'),
    ("work", "far = math.ceil(length_pts * n)"),
    ("checks", 'assert far < 100, f"{far} is too far"'),
    ("figures", "print(f'{name}: {far}')"),
    ("outputs", 'result = {"far": far, "name": name, "is_up": is_up, "none": None}\nresult'),
)


def cell(tag: str, source: str) -> dict[str, Any]:
    kind = "markdown" if tag in ("title", "") else "code"
    made: dict[str, Any] = {"cell_type": kind, "id": f"a{abs(hash((tag, source))) % 10**8}", "metadata": {"tags": [tag]}, "source": source}
    return made if kind == "markdown" else made | {"execution_count": None, "outputs": []}


def page(folder: Path, *, cell_s: int = 60, by: str = "name", cells: tuple[tuple[str, str], ...] = CELLS, **sources: str) -> Path:
    """Write a page; `sources` are put in the place of the cells with that tag."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [cell(tag, sources.get(tag, source)) for tag, source in cells]
    body = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "notebook.ipynb").write_text(json.dumps(body), encoding="utf-8")
    (folder / "pipeline.toml").write_text(f'owner = "tests"\nby = "{by}"\ncell_s = {cell_s}\n', encoding="utf-8")
    return folder
