"""A page that may run: its folder, its cells, its parameters, its settings. Reads files; starts nothing."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract.cells import Finding, form
from workbench.pipelines.contract.findings import findings, order
from workbench.pipelines.contract.flow import flow
from workbench.pipelines.contract.notebook import load
from workbench.pipelines.contract.parameters import Parameter, parameters_of, wrong_lines
from workbench.pipelines.contract.settings import PipelineSettings, read_settings, why_not_as_of
from workbench.pipelines.contract.syntax import read_code


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
    """Read a page and hold it against its form: cells, parameters, settings. What else keeps a page from running is looked at by `admit`.

    Raises
    ------
    ConfigError
        Naming every cell that is not as it must be.
    """
    return _read(folder, is_admitted=False)


def admit(folder: Path) -> Pipeline:
    """Read a page and refuse it for whatever keeps one from running: its form, a cell that uses what nothing above made, what has no place.

    So is taken what runs on a schedule, and what a person runs by its name.

    Raises
    ------
    ConfigError
        Naming every cell that is not as it must be, and what to do instead.
    """
    return _read(folder, is_admitted=True)


def _read(folder: Path, *, is_admitted: bool) -> Pipeline:
    settings = read_settings(folder / "pipeline.toml")
    path = folder / "notebook.ipynb"
    notebook, cells = load(path)
    wrong = list(form(cells))
    wrong += [*flow(cells, of_page=True), *findings(cells, settings)] if is_admitted else []
    if wrong:
        raise ConfigError("\n".join([f"{path} is no page yet:", *(f"  {each}" for each in told(wrong))]))
    parameters = tuple(parameters_of(next(cell.source for cell in cells if cell.tag == "parameters")))
    if said := _by(settings, parameters) or why_not_as_of(settings.reads, [each.name for each in parameters]):
        raise ConfigError(f"{folder / 'pipeline.toml'}: {said}")
    title = cells[0].source.lstrip("# ").split("\n")[0].strip()
    short = (settings.owner, settings.by, settings.cell_s)
    return Pipeline(folder.name, folder, title, *short, parameters, notebook, settings)


def told(wrong: Sequence[Finding]) -> list[Finding]:
    """Put findings in the order of their cells, each once."""
    return sorted(dict.fromkeys(wrong), key=lambda each: (each.at, each.line))


class Checked(NamedTuple):
    """What was found in a notebook. `wrong` keeps it from running or being promoted; `later` would, if it were to become a page."""

    path: Path
    is_page: bool
    wrong: list[Finding]
    later: list[Finding]


def check(path: Path, *, as_page: bool = False) -> Checked:
    """Look at a notebook from all sides, without starting anything.

    A notebook with tags of a page is held against all that a page must be, with the ``pipeline.toml`` beside it if there is one.
    One without is free: it must run from top to bottom (no cell uses what nothing above made; stored counts rise), and what else would keep
    it from being a page is told apart.

    Raises
    ------
    ConfigError
        If it is no notebook.
    """
    _, cells = load(path)
    beside = path.parent / "pipeline.toml"
    settings, wrong = None, list[Finding]()
    if path.name == "notebook.ipynb" and beside.is_file():
        try:
            settings = read_settings(beside)
            source = next((cell.source for cell in cells if cell.tag == "parameters"), "")
            there = [] if read_code(source).wrong or list(wrong_lines(source)) else list(parameters_of(source))
            said = there and (_by(settings, there) or why_not_as_of(settings.reads, [each.name for each in there]))
            wrong += [Finding(0, 0, "settings", f"pipeline.toml: {said}")] if said else []
        except ConfigError as error:
            wrong += [Finding(0, 0, "settings", line) for line in str(error).splitlines()]
    is_page = as_page or any(cell.tag not in ("", "parameters") for cell in cells)  # `parameters` alone is papermill's own tag
    wrong += [*flow(cells, of_page=is_page), *order(cells)]
    of_page = [*form(cells), *findings(cells, settings)]
    return Checked(path, is_page, told([*wrong, *of_page] if is_page else wrong), [] if is_page else told(of_page))


def _by(settings: PipelineSettings, parameters: Sequence[Parameter]) -> str:
    """Say why results cannot be called after the parameter that `by` names; nothing if they can."""
    named = next((each for each in parameters if each.name == settings.by), None)
    if named is None:
        return f"by = {settings.by!r} is none of its parameters"
    return f"by = {settings.by!r} is a secret: results cannot be called after it" if named.is_secret else ""
