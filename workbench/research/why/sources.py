"""Where what decided is written: file and line of a strategy and a recipe as they are here now, and whether they are what the run had."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import workbench
from workbench.config import Settings
from workbench.domain.errors import WorkbenchError
from workbench.runtime import build
from workbench.store.digests import deciding_digest
from workbench.store.manifest import RunManifest
from workbench.workspace import Kind, Things, things_of
from workbench.workspace.choosing import digests_of


class Source(NamedTuple):
    """A thing of the catalogue: where it is written, what it is; ``problem`` says why nothing is known of it here."""

    where: str
    what: Any = None
    problem: str = ""
    digests: Mapping[str, str] = {}


class Sources(NamedTuple):
    """What is here now, beside what a run was made with."""

    settings: Settings
    things: Things

    def strategy(self, name: str, recipe: str) -> Source:
        """Find a strategy: the line of its `propose`."""
        try:
            thing = self.things.find(Kind.STRATEGY, name)
            made = thing.make(recipe)
        except (WorkbenchError, TypeError) as error:
            return Source("", problem=str(error).splitlines()[0])
        return Source(self._line(type(made).propose), made, digests=digests_of([thing]))

    def recipe(self, name: str) -> Source:
        """Find a recipe: the line on which it is made."""
        try:
            thing = self.things.find(Kind.RECIPE, name)
        except WorkbenchError as error:
            return Source("", problem=str(error).splitlines()[0])
        if thing.is_own:
            return Source(thing.where, thing.what, digests=digests_of([thing]))
        file = Path(workbench.__file__).parent / "learning" / "models" / f"{name}.py"
        made = (number for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if "Recipe(" in line)
        return Source(f"workbench/learning/models/{name}.py:{next(made, 1)}", thing.what)

    def _line(self, what: Any) -> str:
        code = inspect.unwrap(what).__code__
        path, home = Path(code.co_filename), self.settings.workspace
        for top in (Path(workbench.__file__).parents[1], *((home,) if home is not None else ())):
            if path.is_relative_to(top):
                return f"{path.relative_to(top).as_posix()}:{code.co_firstlineno}"
        return f"{path.name}:{code.co_firstlineno}"

    def of_run(self, run: RunManifest) -> dict[str, tuple[str, bool | None]]:
        """Give each digest of a run that is told, and whether it is the same here now; `None`: that cannot be told."""
        now = {"code": deciding_digest(), "settings": self.settings.digest}
        with contextlib.suppress(WorkbenchError):
            now["constitution"] = build.constitution(run.profile, folder=build.laws_of(self.settings)).digest
        return {
            name: (run.digests[name], now[name] == run.digests[name] if name in now else None)
            for name in ("constitution", "settings", "code")
            if name in run.digests
        }


def sources(settings: Settings) -> Sources:
    """Look at what is here."""
    return Sources(settings, things_of(settings.workspace))
