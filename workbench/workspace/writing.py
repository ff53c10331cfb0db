"""Files to begin with: a workspace, and a feature, a strategy or a model in it. It writes new files only; nothing is ever overwritten.

Templates lie beside this module as ``*.tmpl``; ``$name`` and ``$Name`` are filled in. Nothing else of the package is copied, so that a
workspace outlives any version of it.
"""

from __future__ import annotations

import keyword
from pathlib import Path
from string import Template
from typing import Final, Literal

from workbench.config.place import WORKSPACE_FILE, workspace_of
from workbench.domain.errors import ConfigError
from workbench.workspace.things import Kind, Things

TEMPLATES: Final = Path(__file__).parent / "templates"
WORKSPACE: Final = {
    WORKSPACE_FILE: "workbench.toml",
    "constitutions/mine.toml": "constitution.toml",
    "README.md": "readme.md",
    ".gitignore": "gitignore",
    ".env.example": "env.example",
    "pytest.ini": "pytest.ini",
    **{f"{folder}/.gitkeep": "gitkeep" for folder in ("features", "strategies", "models", "notebooks", "pipelines", "tests")},
}  # file -> template
What = Literal["feature", "strategy", "model"]
FOLDER: Final[dict[What, str]] = {"feature": "features", "strategy": "strategies", "model": "models"}


def make_workspace(folder: Path) -> list[Path]:
    """Make a workspace in a folder, which may hold other files.

    Raises
    ------
    ConfigError
        A file of it exists already, or the folder lies in another workspace; nothing was written.
    """
    around = workspace_of(folder)
    if around is not None:
        raise ConfigError(f"{around.absolute() / WORKSPACE_FILE} exists: {folder} is a workspace, or lies in one")
    return _write({folder / name: _text(template, folder.absolute().name) for name, template in WORKSPACE.items()})


def make_thing(what: What, name: str, workspace: Path, things: Things) -> list[Path]:
    """Write a file and its test into a workspace.

    Parameters
    ----------
    name
        Lower case letters, digits and _; it becomes the file, the class and the name in the catalogue.
    things
        All names there are: `name` must be a new one.

    Raises
    ------
    ConfigError
        The name cannot be meant or is taken, or a file exists already; nothing was written.
    """
    if not name.isidentifier() or name != name.lower() or keyword.iskeyword(name) or name.startswith("_"):
        raise ConfigError(f"{name!r} is no name for a {what}: lower case letters, digits and _, such as opening_gap")
    kinds = (Kind.RECIPE, Kind.MODEL) if what == "model" else (Kind(what),)
    for thing in things:
        if thing.kind in kinds and thing.name == name:
            raise ConfigError(f"{thing.where} is called {name!r} already: take another name")
    test = workspace / "tests" / f"test_{FOLDER[what]}_{name}.py"
    files = {workspace / FOLDER[what] / f"{name}.py": f"{what}.py", test: f"test_{what}.py"}
    return _write({path: _text(template, name) for path, template in files.items()})


def _text(template: str, name: str) -> str:
    camel = "".join(part.capitalize() for part in name.split("_"))
    text = (TEMPLATES / f"{template}.tmpl").read_text(encoding="utf-8")
    return Template(text).substitute(name=name, Name=camel)


def _write(files: dict[Path, str]) -> list[Path]:
    there = [path for path in files if path.exists() and path.name != ".gitkeep"]
    if there:
        raise ConfigError(f"{there[0]} exists already; nothing was written")
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error
    return list(files)
