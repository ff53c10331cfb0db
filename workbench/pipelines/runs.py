"""What scheduled runs came to, one by one and two side by side: the ledger and the results they left. Reads; starts nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.domain.errors import ConfigError
from workbench.domain.units import SECOND
from workbench.pipelines.schedule.ledger import Ledger, Run

COMPARED: Final = ("page_digest", "parameters", "versions", "data", "result", "failure")


class Told(NamedTuple):
    """A run, and what it said: the whole of its result.json, empty where it left none."""

    run: Run
    folder: Path
    result: Mapping[str, Any]

    @property
    def seconds(self) -> float | None:
        """How long the page took; `None` where that is not known."""
        said = self.result.get("seconds")
        return float(said) if said is not None else (self.run.ended_ns - self.run.begun_ns) / SECOND if self.run.ended_ns else None

    @property
    def peak_mb(self) -> float | None:
        """The most memory its kernel took; `None` where that is not known."""
        said = self.result.get("peak_mb")
        return None if said is None else float(said)

    @property
    def page(self) -> Path | None:
        """The page to be read, `None` where the run left none."""
        path = self.folder / "page.html"
        return path if path.is_file() else None


class Difference(NamedTuple):
    """One value that is not the same in two runs: where, and what each has; `None` where it has none."""

    where: str
    one: Any
    other: Any


def runs(data: Path, page: str | None = None) -> list[Told]:
    """List the runs of a data folder, the one due last first."""
    ledger = Ledger(data)
    return [told(ledger, run) for run in reversed(ledger.runs(page))]


def find(data: Path, named: str) -> Told:
    """Find a run by its key, by a beginning of it, or by a page's name: then the one that was due last.

    Raises
    ------
    ConfigError
        There is none, or a beginning fits several.
    """
    every = runs(data)
    if exact := [each for each in every if each.run.key == named]:
        return exact[0]
    if of_page := [each for each in every if each.run.page == named]:
        return of_page[0]
    found = [each for each in every if each.run.key.startswith(named)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"{named!r} is the beginning of {len(found)} runs: {', '.join(each.run.key for each in found[:4])} ...")
    raise ConfigError(f"{data} knows no run {named!r}; `workbench runs list` lists them")


def differences(one: Told, other: Told) -> list[Difference]:
    """Say what two runs do not have in common: the page, its parameters, versions, data and what came of it."""
    return [each for name in COMPARED for each in _differ(name, one.result.get(name), other.result.get(name))]


def _differ(where: str, one: Any, other: Any) -> Iterator[Difference]:
    """Name what differs in two values, part by part where both have parts.

    >>> list(_differ("result", {"a": 1, "b": 2}, {"a": 1, "c": 3}))
    [Difference(where='result.b', one=2, other=None), Difference(where='result.c', one=None, other=3)]
    """
    if isinstance(one, list) and isinstance(other, list) and all(isinstance(each, dict) for each in [*one, *other]):
        one, other = _by_place(one), _by_place(other)
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys([*one, *other]):
            yield from _differ(f"{where}.{name}", one.get(name), other.get(name))
    elif one != other:
        yield Difference(where, one, other)


def _by_place(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Give rows of tables and their digests by what they are of."""
    return {" ".join(str(value) for name, value in row.items() if name != "digest"): row.get("digest") for row in rows}


def told(ledger: Ledger, run: Run) -> Told:
    """Read what a run left."""
    folder = ledger.folder_of(run.key)
    path = folder / "result.json"
    try:
        result = json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError:  # a run that is copying it at this moment
        result = {}
    return Told(run, folder, result)
