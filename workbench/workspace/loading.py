"""A user's things off the disk: the workspace's files, and what installed packages offer by entry points. One bad file stops no other.

Files are imported below `workbench.mine` and read anew when any of them has changed. What cannot be read is a `Problem` with file and line.
"""

from __future__ import annotations

import importlib
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

from workbench import mine
from workbench.config.place import workspace_of
from workbench.domain.errors import ConfigError, WorkbenchError
from workbench.learning.models.base import Model
from workbench.learning.recipe import Recipe
from workbench.store.digests import files_digest
from workbench.workspace.source import assignments, classes
from workbench.workspace.things import Problem, Thing, Things, thing_of

FOLDERS: Final = ("features", "strategies", "models")
GROUPS: Final = ("workbench.features", "workbench.strategies", "workbench.recipes", "workbench.models")  # of entry points
NAME: Final = "workbench.mine"
MORE: Final = "FEATURES"  # in a file of features: a list of factories, such as partial(RelativeStrength, 21)
PATIENCE_S: Final = 20.0  # for one file, or one thing under its check
_read: dict[str, str] = {}  # workspace -> digest of its files when they were imported


class EndlessError(BaseException):
    """Something of a user's did not come back in time. No `Exception`: what does not come back may well catch those."""


WHATEVER: Final = (Exception, SystemExit, EndlessError)  # that reading or running a user's code can end in


def things_of(workspace: Path | None) -> Things:
    """Find everything there is for a workspace (`None`: outside of one): shipped, its own, and installed packages'."""
    if workspace is not None:
        look_at(workspace)
    return _all_of(workspace)


def things_around() -> Things:
    """Find the same for the workspace Python was started in, as it was imported: nothing is read anew under a test or notebook."""
    workspace = Path(mine.__path__[0]) if mine.__path__ else workspace_of()
    if workspace is not None and not mine.__path__:
        mine.look_in(workspace)
    return _all_of(workspace)


def _all_of(workspace: Path | None) -> Things:
    own: list[Thing] = []
    problems: list[Problem] = []
    if workspace is not None:
        for path in files_of(workspace):
            _take(lambda path=path: list(things_in(path, workspace)), own, problems, workspace, _short(path, workspace))
    for group in GROUPS:
        for entry in metadata.entry_points(group=group):
            _take(lambda entry=entry: [_offered(entry)], own, problems, workspace, f"{_package(entry)} ({entry.value})")
    return Things(own, problems)


def files_of(workspace: Path) -> list[Path]:
    """List the files that things are looked for in."""
    return [path for folder in FOLDERS for path in sorted((workspace / folder).glob("*.py")) if not path.name.startswith("_")]


def look_at(workspace: Path) -> None:
    """Let `workbench.mine` stand for this workspace, and forget what was imported of it if any file has changed since."""
    sources = [path for folder in FOLDERS for path in (workspace / folder).rglob("*.py")]
    key, digest = str(workspace.absolute()), files_digest(sources, workspace)
    if mine.__path__ != [key] or _read.get(key) != digest:
        for name in [name for name in sys.modules if name.startswith(f"{NAME}.")]:
            del sys.modules[name]
        for folder in FOLDERS:
            mine.__dict__.pop(folder, None)
        importlib.invalidate_caches()
    mine.look_in(workspace)
    _read[key] = digest


def things_in(path: Path, workspace: Path) -> Iterator[Thing]:
    """Import a file of a workspace and give what it defines, in the order of its lines."""
    module = import_file(path, workspace)
    for name, what in vars(module).items():
        line = _line_of(what, name, module)
        listed = what if name == MORE and isinstance(what, list | tuple) else [what]
        for each in listed if line is not None else ():
            yield thing_of(each, origin="workspace", where=f"{_short(path, workspace)}:{line}", file=path, name=path.stem)


def import_file(path: Path, workspace: Path) -> ModuleType:
    """Import a file below `workbench.mine`, leaving no compiled copy beside it."""
    if not path.stem.isidentifier():
        raise ConfigError(f"{path.name} is no name Python can import: letters, digits and _ only")
    dotted = ".".join([NAME, *path.absolute().relative_to(workspace.absolute()).with_suffix("").parts])
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with limited():
            return importlib.import_module(dotted)
    finally:
        sys.dont_write_bytecode = writes


@contextmanager
def limited() -> Iterator[None]:
    """End what does not come back, naming the line it was at; only the main thread can be watched."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def end(_: int, __: FrameType | None) -> None:
        raise EndlessError(f"did not come back within {PATIENCE_S:g} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def place_of(error: BaseException, home: Path | None) -> str:
    """Give file and line an error points at: of a syntax error its own, else the last line of a file that is `home`, or lies in it."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(Path(error.filename), home)}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if home is not None and Path(frame.filename).is_relative_to(home.absolute())]
    last = (inside or frames)[-1:]
    return f"{_short(Path(last[0].filename), home)}:{last[0].lineno}" if last else ""


def said_of(error: BaseException) -> str:
    """Say an error in one line."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return text if isinstance(error, WorkbenchError | EndlessError) else f"{type(error).__name__}: {text}".rstrip(": ")


def _take(read: Any, own: list[Thing], problems: list[Problem], home: Path | None, where: str) -> None:
    try:
        own += read()
    except WHATEVER as error:  # whatever a file of a user's raises, the others are read
        at = place_of(error, home)
        problems.append(Problem(at if at.split(":")[0] == where else where, said_of(error)))


def _line_of(what: Any, name: str, module: ModuleType) -> int | None:
    """Give the line a thing is defined at; `None` if it is no thing, or comes from elsewhere."""
    if name.startswith("_"):
        return None
    path = Path(str(module.__file__))
    if name == MORE or isinstance(what, Recipe | Model):
        return assignments(path).get(name)
    is_thing = hasattr(what, "propose") or (hasattr(what, "update") and hasattr(what, "name"))
    if isinstance(what, type) and what.__module__ == module.__name__ and is_thing:
        return classes(path).get(what.__name__, 1)
    return None


def _offered(entry: metadata.EntryPoint) -> Thing:
    with limited():
        what = entry.load()
    source = sys.modules[entry.module].__file__
    package = _package(entry)
    return thing_of(what, origin=package, where=f"{package} ({entry.value})", file=Path(source) if source else None, name=entry.name)


def _package(entry: metadata.EntryPoint) -> str:
    return f"package {entry.dist.name} {entry.dist.version}" if entry.dist is not None else "a package"


def _short(path: Path, home: Path | None) -> str:
    """Say a path from the workspace on, or its end, so that no machine's own folders are told."""
    if home is not None and path.absolute() != home.absolute() and path.absolute().is_relative_to(home.absolute()):
        return path.absolute().relative_to(home.absolute()).as_posix()
    return "/".join(path.parts[-2:])
