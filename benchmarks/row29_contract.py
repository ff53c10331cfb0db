"""Row 29, what the contract costs a run: one page, guarded and watched as every page is, and in a bare kernel, in turn.

The page is of eight cells that import what pages import (polars, figures, the frames), open a file or two and print a line: what a guard
hears most of is a start. The bare kernel is ipykernel's own under papermill, and keeps no page; so both are timed without what is written.
"""

from __future__ import annotations

import json
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import nbformat
import papermill

from benchmarks.rounds import Cost, Line, alone, in_turn
from workbench.pipelines.contract import Pipeline, bind, read
from workbench.pipelines.executing import Room, execute

ROUNDS: Final = 5
CELLS: Final = (
    ("title", "# What does the contract cost?"),
    ("parameters", 'name: str = "es"  # which'),
    ("setup", "import polars as pl\nimport matplotlib.pyplot as plt\n\nfrom workbench.research import figures, open_session"),
    ("inputs", "from zoneinfo import ZoneInfo\n\nassert ZoneInfo('America/New_York')"),
    ("work", "found = pl.DataFrame({'a': range(1_000)}).select(pl.col('a').sum()).item()"),
    ("checks", "assert found == 499_500"),
    ("figures", "figure = plt.figure()\nfigure"),
    ("outputs", "result = {'found': found}\nresult"),
)


def page(folder: Path) -> Pipeline:
    folder.mkdir()
    cells: list[dict[str, Any]] = []
    for n, (tag, source) in enumerate(CELLS):
        made: dict[str, Any] = {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [tag]}, "source": source}
        cells.append(made | {"execution_count": None, "outputs": []} if n else made | {"cell_type": "markdown"})
    body = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "notebook.ipynb").write_text(json.dumps(body), encoding="utf-8")
    (folder / "pipeline.toml").write_text('owner = "benchmarks"\nby = "name"\n', encoding="utf-8")
    return read(folder)


def processor_s() -> float:
    """Seconds of the processor, of this process and of those it has waited for: a busy machine does not change them."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def guarded(of: Pipeline) -> Cost:
    began, used = time.perf_counter(), processor_s()
    with tempfile.TemporaryDirectory() as place:
        done = execute(of, {}, bind(of.parameters, {}), Room(Path(place), Path(place) / "own", Path(place) / "pages"))
    if done.failure is not None:
        raise RuntimeError(str(done.failure))
    return Cost(time.perf_counter() - began, processor_s() - used, 1)


def bare(of: Pipeline) -> Cost:
    began, used = time.perf_counter(), processor_s()
    papermill.execute_notebook(nbformat.from_dict(of.notebook), None, kernel_name="python3", language="python", progress_bar=False)
    return Cost(time.perf_counter() - began, processor_s() - used, 1)


def measure(quick: bool) -> list[Line]:
    with tempfile.TemporaryDirectory() as folder:
        of = page(Path(folder) / "cost")
        for once in (guarded, bare):  # caches of fonts and compiled code
            once(of)
        ours, plain = in_turn(lambda: guarded(of), lambda: bare(of), n_rounds=2 if quick else ROUNDS)
    more_s = [a.wall_s - b.wall_s for a, b in zip(ours, plain, strict=True)]
    cpu_s = [statistics.median(each.cpu_s for each in costs) for costs in (ours, plain)]
    medians = [statistics.median(each.wall_s for each in costs) for costs in (ours, plain)]
    return [
        Line(
            row=29,
            what="a page's contract: guard, limits, watch",
            anchor=f"the same page in a bare kernel: {medians[1]:.2f} s",
            ours=f"{medians[0]:.2f} s, {medians[0] / medians[1]:.2f} x",
            ratio=statistics.median(more_s),
            worst=max(more_s),
            goal=2.0,
            unit="s more",
            more_is_better=False,
            notes=[f"seconds of the processor: {cpu_s[0]:.2f} guarded, {cpu_s[1]:.2f} bare"],
        )
    ]


if __name__ == "__main__":
    alone(measure)
