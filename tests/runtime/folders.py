"""Data folders for tests of what reads them: a paper session, cut off and taken up; a session of bars. Made once a test process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.replay.world import SESSION, World, settings
from workbench.importers import base, csv_files
from workbench.importers.mapping import declare
from workbench.runtime.paper import Paper, paper
from workbench.store.folders import Folders
from workbench.store.tail import read_tail

BARS_SESSION = 20260126
HEAD = "timestamp,open,high,low,close,volume"
MINUTES = [
    f"2026-01-26 {10 + n // 60}:{n % 60:02},{6900 + n % 7}.0,{6908 + n % 7}.0,{6890 + n % 5}.0,{6901 + n % 5}.25,{10 + n % 9}"
    for n in range(120)
]
ROWS = "\n".join([HEAD, *MINUTES]) + "\n"


class CutOffError(Exception):
    """A run was stopped from outside."""


def trade(data: Path, of: World, *, turns: int | None = None, chunk: int = 97, **more: Any) -> Paper:
    """Trade a world on paper; with `turns` the run is cut off after so many."""
    heard = [0]

    def count(_: int) -> None:
        heard[0] += 1
        if heard[0] == turns:
            raise CutOffError

    contracts = [terms.contract for terms in of.setup.terms]
    made = paper(data, SESSION, contracts, of.records, of.setup, of.fills, chunk=lambda: chunk, progress=count, **more)
    return asyncio.run(made)


def cut_off(data: Path, of: World, turns: int) -> None:
    """Begin a run and stop it before its end."""
    try:
        trade(data, of, turns=turns)
    except CutOffError:
        return
    raise AssertionError(f"the run ended within {turns} turns")


def import_bars(data: Path, folder: Path, *contracts: str, rows: str = ROWS, replace: bool = False) -> None:
    """Bring minute bars of contracts into a data folder, as `workbench import csv` does."""
    path = folder / "bars.csv"
    path.write_text(rows)
    declared = {"zone": "America/New_York", "stamp": "start", "length": "1m"}
    names = [f"{name}={path}" for name in contracts or ("ESH6",)]
    plan = base.plan("csv", [csv_files.read(one, settings().roots) for one in declare(names, None, declared)])
    base.keep(plan, data, replace=replace)


def n_in_tail(data: Path) -> int:
    return sum(len(part) for part in read_tail(Folders(data).tail, SESSION))
