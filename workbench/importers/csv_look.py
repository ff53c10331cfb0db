"""What a text file looks like, for a person who has not declared it yet: what can be seen in it, and a command to start from. Text only."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from workbench.domain.errors import DataError
from workbench.importers import csv_found
from workbench.importers.csv_checks import PRICE_OF, words
from workbench.importers.csv_columns import Columns, columns_of
from workbench.importers.decimals import undo_float32
from workbench.importers.lines import quote_line, read_lines
from workbench.importers.mapping import LONGEST_NS, Mapping
from workbench.importers.times import EPOCHS, Times, read_times, zone

EXAMPLES: Final = {"contract": "ESH6", "zone": "America/New_York", "stamp": "start", "length": "1m"}
ROWS: Final = 10_000  # that are looked at


def look(path: Path, mapping: Mapping) -> list[str]:
    """Describe a file as far as it shows itself, and suggest how to go on; nothing if it cannot be read.

    Parameters
    ----------
    mapping
        What was declared so far; its contract may be `mapping.NOT_SAID`.
    """
    try:
        lines = read_lines(path)
        lines = lines._replace(text=lines.text[:ROWS], number=lines.number[:ROWS])
    except DataError as error:
        return [str(error)]
    mark = mapping.separator or csv_found.separator(str(lines.text[0]), mapping.kind)
    shown = [f"{path}: fields between {csv_found.name_of(mark)}s; its first line: {quote_line(str(lines.text[0]))}"]
    try:
        columns, _, _ = columns_of(lines, mapping)
        form = mapping.time_format or csv_found.time_format(columns.time, str(path))
    except DataError as error:
        return [*shown, f"  {error}"]
    times = read_times(columns.time, form, zone("UTC"))
    told = form in EPOCHS or bool(times.has_offset.any())
    shown.append(f"  columns {', '.join(f'{ours} = {theirs}' for ours, theirs in columns.theirs.items())}")
    where = "which tell their zone" if told else "which do not tell their zone"
    apart = _apart(times)
    shown.append(f"  times such as {columns.time[0]!r}, read as {form}, {where}{f', most of them {apart} apart' if apart else ''}")
    said, flag = _numbers(columns, mapping)
    if said:
        shown.append(f"  {said}")
    return [*shown, *_command(path, mapping, told=told, length=apart, flag=flag)]


def _apart(times: Times) -> str | None:
    """Give the usual distance between two rows as a length of bars, `None` where there is none."""
    steps = np.abs(np.diff(times.ns[times.is_time]))
    steps = steps[(steps > 0) & (steps <= LONGEST_NS)]
    if not len(steps):
        return None
    found, n = np.unique(steps, return_counts=True)
    return words(int(found[np.argmax(n)]))


def _numbers(columns: Columns, mapping: Mapping) -> tuple[str, str]:
    """Say what is odd about the prices, and which flag they ask for."""
    price: pl.Series = columns[PRICE_OF[mapping.kind]].fill_null("").str.strip_chars()
    if mapping.decimal == "point" and (said := csv_found.numbers(price)):
        return said, "--decimal comma" if "--decimal comma" in said else ""
    if mapping.prices == "exact" and int((undo_float32(price) != price).sum()) > len(price) / 2:
        return f"Prices such as {price[0]!r} went through 32-bit floats: say --prices float32.", "--prices float32"
    return "", ""


def _command(path: Path, mapping: Mapping, *, told: bool, length: str | None, flag: str) -> list[str]:
    """Write a command to start from, and say which of its words are no more than examples."""
    known = {"contract": mapping.contract or None, "stamp": mapping.stamp, "length": mapping.length or length, "zone": mapping.zone}
    asked = ["contract", *(["length", "stamp"] if mapping.kind == "bars" else []), *([] if told else ["zone"])]
    chosen = {key: known[key] or EXAMPLES[key] for key in asked}
    flags = [f"{chosen['contract']}={shlex.quote(str(path))}"]
    flags += [] if mapping.kind == "bars" else [f"--kind {mapping.kind}"]
    flags += [f"--columns {shlex.quote(_columns(mapping))}"] if mapping.columns else []
    flags += [f"--{key} {chosen[key]}" for key in asked if key != "contract"]
    examples = [chosen[key] for key in asked if known[key] is None]
    return [
        " ".join(["To start from: workbench import csv", *flags, *([flag] if flag else []), "--dry-run"]),
        *([f"({', '.join(examples)}: the file does not say, you must)"] if examples else []),
    ]


def _columns(mapping: Mapping) -> str:
    if isinstance(mapping.columns, list):
        return ",".join(mapping.columns)
    return ",".join(f"{ours}={theirs}" for ours, theirs in mapping.columns.items())
