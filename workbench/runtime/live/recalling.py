"""What a venue must know of what earlier processes sent: under whose name, which orders may still live, which executions were booked.

A chain is a run and those that went on from its checkpoint: they count their brackets on, so one name marks all their orders at the
broker. A run that began with nothing begins a chain. Reads stores; sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from workbench.domain.decisions import Issued
from workbench.domain.orders import AnyCommand, Modify, Submit
from workbench.engine import Engine
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, read_manifest


class Recalled(NamedTuple):
    """What was before.

    ``chain`` names the orders of ours; ``commands`` are the `Submit`, and the last `Modify`, of every bracket that is not over, oldest
    first; ``executions`` are the ids the books know, the oldest first.
    """

    chain: str
    commands: tuple[AnyCommand, ...]
    executions: tuple[str, ...]


def recall(data: Path, run: RunManifest, engine: Engine) -> Recalled:
    """Look up, for an engine that stands at the end of a run's log, what may still be at the broker."""
    book = engine.desk.memory.book
    wanted = set(book.open)
    opened: dict[int, AnyCommand] = {}
    moved: dict[int, AnyCommand] = {}
    name = run.run
    for each in _chain(data, run):
        name = each.run
        if not wanted - opened.keys():
            continue  # all are found; the name of the oldest is still to be
        for command in _commands(data, each):
            if command.ref in wanted:
                if isinstance(command, Submit):
                    opened[command.ref] = command
                elif isinstance(command, Modify) and command.stop_px == book.open[command.ref].stop_px:
                    moved.setdefault(command.ref, command)
    commands = [*(opened[ref] for ref in sorted(opened)), *(moved[ref] for ref in sorted(moved))]
    return Recalled(name, tuple(commands), tuple(book.executions))


def _chain(data: Path, run: RunManifest) -> Iterator[RunManifest]:
    """Go from a run back to the one that began with nothing."""
    at: RunManifest | None = run
    while at is not None:
        yield at
        at = read_manifest(Folders(data).run(at.starts_from)) if at.starts_from else None


def _commands(data: Path, run: RunManifest) -> Iterator[AnyCommand]:
    journal = Folders(data).journal(run.run)
    if journal.exists():
        yield from (fact.command for _, fact in entries.facts(journal) if isinstance(fact, Issued))
