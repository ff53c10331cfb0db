"""Two runs of one notebook held beside each other, cell by cell. Reads notebooks as JSON or nbformat gives them; runs none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from workbench.pipelines.comparing.drawn import differs, documents
from workbench.pipelines.comparing.shown import shown
from workbench.pipelines.comparing.tolerance import EXACT, Tolerance, tolerance_of

PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "application/pdf")
NOT_SHOWN: Final = ("_exec.v0+json", "_load.v0+json", "widget-view+json", "text/latex")  # what a browser is told, not a reader
INJECTED: Final = "injected-parameters"
IGNORED: Final = frozenset({"nbval-ignore-output", "not-kept"})


class Difference(NamedTuple):
    """One thing that is not as it was: the place of the cell (from 1), its tag, where in its output, and what."""

    cell: int
    tag: str
    where: str
    text: str

    def __str__(self) -> str:
        tag = f" ({self.tag})" if self.tag else ""
        return f"cell {self.cell}{tag}, {self.where}: {self.text}"


def compare(stored: Mapping[str, Any], fresh: Mapping[str, Any]) -> list[Difference]:
    """Say what a notebook shows otherwise than it did.

    Parameters
    ----------
    stored
        The notebook with its outputs, which also declares its tolerance.
    fresh
        The same, run again; parameters may have been injected.

    Returns
    -------
    list of Difference
        The first of each output; empty if it shows what it showed. Pictures are not compared: see `uncompared`.
    """
    usual = tolerance_of(stored.get("metadata", {}))
    before, after = _code(stored), _code(fresh)
    found = []
    for (at, one), (_, other) in zip(before, after, strict=False):
        tag = ", ".join(one.get("metadata", {}).get("tags", ()))
        if _text(one["source"]) != _text(other["source"]):
            found.append(Difference(at, tag, "source", "the cell is another one"))
        elif IGNORED.isdisjoint(one.get("metadata", {}).get("tags", ())):
            tolerance = tolerance_of(one.get("metadata", {}), usual)
            said = compare_outputs(one.get("outputs", ()), other.get("outputs", ()), tolerance)
            found += [Difference(at, tag, where, text) for where, text in said]
    if len(before) != len(after):
        found.append(Difference(len(before), "", "cells", f"{len(after)} cells of code where {len(before)} were"))
    return found


def uncompared(notebook: Mapping[str, Any]) -> list[str]:
    """Say what `compare` does not look at, in a word each: pictures (their title, beside them, is compared as text)."""
    return [
        f"cell {at}: {kind} not compared"
        for at, cell in _code(notebook)
        for output in cell.get("outputs", ())
        for kind in output.get("data", {})
        if kind in PICTURES
    ]


def let_differ(notebook: Mapping[str, Any]) -> list[str]:
    """Say what a notebook itself declares that may differ, a word each; empty if nothing may."""
    usual = tolerance_of(notebook.get("metadata", {}))
    told = [str(usual)] if usual != EXACT else []
    for at, cell in _code(notebook):
        metadata = cell.get("metadata", {})
        if not IGNORED.isdisjoint(metadata.get("tags", ())):
            told.append(f"all that cell {at} shows")
        elif (own := tolerance_of(metadata, usual)) not in (usual, EXACT):
            told.append(f"in cell {at} {own}")
    return told


def compare_outputs(
    stored: Sequence[Mapping[str, Any]], fresh: Sequence[Mapping[str, Any]], tolerance: Tolerance = EXACT
) -> list[tuple[str, str]]:
    """Say how the outputs of one cell differ: where, and what. Streams are joined first: where they were cut is chance."""
    found = []
    for name in ("stdout", "stderr"):
        one, other = (_stream(outputs, name) for outputs in (stored, fresh))
        if text := tolerance.texts(one, other):
            found.append((name, text))
    before, after = (_errors(outputs) for outputs in (stored, fresh))
    if before != after:
        found.append(("error", f"{after or 'none'} where {before or 'none'} was"))
    one_by_one = [[each["data"] for each in outputs if "data" in each] for outputs in (stored, fresh)]
    if len(one_by_one[0]) != len(one_by_one[1]):
        found.append(("outputs", f"{len(one_by_one[1])} where {len(one_by_one[0])} were"))
    for n, (one_data, other_data) in enumerate(zip(*one_by_one, strict=False), 1):
        found += [(f"output {n}, {kind}", text) for kind, text in _bundles(one_data, other_data, tolerance)]
    return found


def _bundles(stored: Mapping[str, Any], fresh: Mapping[str, Any], tolerance: Tolerance) -> Iterator[tuple[str, str]]:
    for kind in sorted(stored.keys() | fresh.keys()):
        if kind.endswith(NOT_SHOWN):
            continue
        if kind not in stored or kind not in fresh:
            yield kind, "it was not there before" if kind in fresh else "it is not there any more"
        elif kind not in PICTURES and (text := _content(kind, stored[kind], fresh[kind], tolerance)):
            yield kind, text


def _content(kind: str, stored: Any, fresh: Any, tolerance: Tolerance) -> str:
    if kind.endswith("json") and not isinstance(stored, str | list):
        return differs(stored, fresh, tolerance)
    one, other = _text(stored), _text(fresh)
    if kind == "text/html":
        return _html(one, other, tolerance)
    if kind == "application/javascript":
        return differs(list(documents(one)), list(documents(other)), tolerance)
    return tolerance.texts(one, other)


def _html(stored: str, fresh: str, tolerance: Tolerance) -> str:
    one, other = shown(stored), shown(fresh)
    if len(one.tables) != len(other.tables):
        return f"{len(other.tables)} tables where {len(one.tables)} were"
    for n, (before, after) in enumerate(zip(one.tables, other.tables, strict=True), 1):
        shapes = [(len(table), max(map(len, table), default=0)) for table in (before, after)]
        if shapes[0] != shapes[1]:
            return f"table {n} has {shapes[1][0]} rows, {shapes[1][1]} columns, where {shapes[0][0]}, {shapes[0][1]} were"
        for row, cells in enumerate(zip(before, after, strict=True)):
            for column, pair in enumerate(zip(*cells, strict=False)):
                if text := tolerance.texts(*pair):
                    head = before[0][column] if column < len(before[0]) else str(column)
                    return f"table {n}, row {row}, {head.strip() or column}: {text}"
    return tolerance.texts("\n".join(one.texts), "\n".join(other.texts)) or differs(one.figures, other.figures, tolerance)


def _code(notebook: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    cells = [cell for cell in notebook["cells"] if INJECTED not in cell.get("metadata", {}).get("tags", ())]
    return [(at, cell) for at, cell in enumerate(cells, 1) if cell["cell_type"] == "code"]


def _text(source: str | Sequence[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _stream(outputs: Sequence[Mapping[str, Any]], name: str) -> str:
    return "".join(_text(each["text"]) for each in outputs if each.get("output_type") == "stream" and each.get("name") == name)


def _errors(outputs: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{each['ename']}: {each['evalue']}" for each in outputs if each.get("output_type") == "error")
