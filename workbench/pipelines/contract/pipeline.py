"""A page that may run: its folder, its cells, its parameters, its settings. Reads files; starts nothing."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract.cells import cell_of, complaints
from workbench.pipelines.contract.parameters import Parameter, parameters_of
from workbench.pipelines.contract.settings import PipelineSettings, read_settings


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
    settings: PipelineSettings


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
    settings = read_settings(folder / "pipeline.toml")
    path = folder / "notebook.ipynb"
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [cell_of(at, cell) for at, cell in enumerate(notebook["cells"], 1)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is no notebook: {error}") from error
    wrong = [f"  {each}" for each in complaints(cells)]
    if wrong:
        raise ConfigError("\n".join([f"{path} is no page yet:", *wrong]))
    parameters = tuple(parameters_of(next(cell.source for cell in cells if cell.tag == "parameters")))
    if settings.by not in {each.name for each in parameters}:
        raise ConfigError(f"{folder / 'pipeline.toml'}: by = {settings.by!r} is none of its parameters")
    title = cells[0].source.lstrip("# ").split("\n")[0].strip()
    said = (settings.owner, settings.by, settings.cell_s)
    return Pipeline(folder.name, folder, title, *said, parameters, notebook, settings)
