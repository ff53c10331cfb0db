"""The corpus of planted leaks, read and made into things: classes, functions, recipes, notebooks. No test of its own.

A plant begins with a line ``=== kind name: what leaks``. Kinds: feature, strategy, model (a module each), frames (a function of frames),
cells (of a notebook, split by ``# %%``).
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from workbench.research.leakage import Leak, look_for_leaks
from workbench.workspace.things import Things, thing_of

CORPUS = Path(__file__).parent / "corpus"
HEAD = re.compile(r"^=== (\w+) (\w+): (.*)$", re.MULTILINE)


class Plant(NamedTuple):
    """One planted leak, or one honest thing that looks like one."""

    kind: str
    name: str
    what: str
    source: str


@cache
def plants(half: str) -> tuple[Plant, ...]:
    """Read one file of the corpus."""
    parts = HEAD.split((CORPUS / f"{half}.txt").read_text())[1:]
    return tuple(
        Plant(*(each.strip() if k < 3 else each.lstrip("\n") for k, each in enumerate(parts[at : at + 4])))
        for at in range(0, len(parts), 4)
    )


def found_in(plant: Plant, folder: Path) -> list[Leak]:
    """Bring a plant as a person would, and look for leaks in it."""
    if plant.kind == "cells":
        return look_for_leaks(notebook_of(plant, folder))
    module = module_of(plant, folder)
    if plant.kind == "frames":
        return look_for_leaks(getattr(module, plant.name))
    if plant.kind == "model":
        made = thing_of(module.MODEL, origin="workspace", where=plant.name, file=Path(module.__file__ or ""), name=plant.name)
        recipe = thing_of(module.RECIPE, origin="workspace", where=plant.name, file=Path(module.__file__ or ""))
        return look_for_leaks(recipe, things=Things([made, recipe]))
    what = next(each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__)
    thing = thing_of(what, origin="workspace", where=plant.name, file=Path(module.__file__ or ""))
    return look_for_leaks(thing, things=Things([thing]))


def module_of(plant: Plant, folder: Path) -> ModuleType:
    path = folder / f"{plant.name}.py"
    path.write_text(plant.source)
    spec = importlib.util.spec_from_file_location(f"planted_{plant.name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


def notebook_of(plant: Plant, folder: Path) -> Path:
    parts = re.split(r"^# %%.*$", plant.source, flags=re.MULTILINE)
    cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": []}
    cells = [cell | {"source": part.strip("\n")} for part in parts if part.strip()]
    path = folder / f"{plant.name}.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    return path
