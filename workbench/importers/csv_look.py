"""What a text file looks like, for a person who has not declared it yet: what can be seen in it, and a command to start from. Text only."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from msgspec.structs import replace as changed

from workbench.config import Root
from workbench.domain.errors import DataError
from workbench.importers import csv_found
from workbench.importers.csv_checks import PRICE_OF, words
from workbench.importers.csv_columns import PLACEHOLDER, Columns, UnknownColumnsError, columns_of
from workbench.importers.csv_names import likely, several
from workbench.importers.csv_names import told as names_told
from workbench.importers.decimals import undo_float32
from workbench.importers.lines import Lines, first_fields, quote_line, read_lines
from workbench.importers.mapping import LONGEST_NS, Mapping
from workbench.importers.times import EPOCHS, Times, read_times, zone

EXAMPLES: Final = {"contract": "ESH6", "zone": "America/New_York", "stamp": "start", "length": "1m"}
Roots = Map[str, Root]
ROWS: Final = 10_000  # that are looked at


def look(path: Path, mapping: Mapping, roots: Roots | None = None) -> list[str]:
    """Describe a file as far as it shows itself, and suggest how to go on; nothing if it cannot be read.

    Parameters
    ----------
    mapping
        What was declared so far; its contract may be `mapping.NOT_SAID`.
    roots
        Of the settings: names of contracts that are known when a column holds them.
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
        form = mapping.time_format or csv_found.time_format(columns.time, str(path), columns.day_alone(mapping))
    except UnknownColumnsError as error:
        return [*shown, f"  {error}", *_with_placeholders(path, lines, mapping, error.columns, roots or {})]
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
    also, only = _names(columns, mapping, roots or {})
    shown += also
    flag = f"{flag} {only}".strip()
    return [*shown, *_command(path, mapping, told=told, length=apart, flag=flag)]


def _with_placeholders(path: Path, lines: Lines, mapping: Mapping, columns: dict[str, str] | list[str], roots: Roots) -> list[str]:
    """Suggest a command for a file some of whose columns a person must name; what its times show is used where they are found."""
    wanted = changed(mapping, columns=columns, header=isinstance(columns, dict))
    said: list[str] = []
    told, length, flag = False, None, ""
    for stand_in in _stand_ins(lines, wanted):
        try:
            found, _, _ = columns_of(lines, stand_in)
            said, flag = _names(found, wanted, roots)
            if "time" in _unnamed(wanted):
                break
            form = mapping.time_format or csv_found.time_format(found.time, str(path), found.day_alone(wanted))
        except DataError:
            continue  # the stand-in was taken from a column that is needed
        times = read_times(found.time, form, zone("UTC"))
        told, length = form in EPOCHS or bool(times.has_offset.any()), _apart(times)
        if stand_in is wanted:
            flag = f"{_numbers(found, wanted)[1]} {flag}".strip()
        break
    return [*said, *_command(path, wanted, told=told, length=length, flag=flag)]


def _stand_ins(lines: Lines, wanted: Mapping) -> Iterator[Mapping]:
    """Put each column of the file, the last first, in the place of those that nobody named, so that the others can be looked at."""
    if isinstance(wanted.columns, list):
        yield wanted
        return
    mark = wanted.separator or csv_found.separator(str(lines.text[0]), wanted.kind)
    for name in reversed(first_fields(str(lines.text[0]), mark)):
        yield changed(wanted, columns={ours: name if its == PLACEHOLDER else its for ours, its in wanted.columns.items()})


def _unnamed(mapping: Mapping) -> list[str]:
    """Give our columns that a person must name."""
    return [] if isinstance(mapping.columns, list) else [ours for ours, its in mapping.columns.items() if its == PLACEHOLDER]


def _names(columns: Columns, mapping: Mapping, roots: Roots) -> tuple[list[str], str]:
    """Say that a column holds several contracts, and which flag takes one."""
    found = several(columns, roots) if mapping.only is None else None
    if found is None:
        return [], ""
    chosen = likely(found[1], mapping.contract, roots)
    return [f"  {names_told(*found, chosen)}"], f"--only {shlex.quote(f'{found[0]}={chosen}')}"


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
    flags += [f"--only {shlex.quote(mapping.only)}"] if mapping.only else []
    flags += [f"--{key} {chosen[key]}" for key in asked if key != "contract"]
    examples = [chosen[key] for key in asked if known[key] is None]
    if _unnamed(mapping):
        examples.insert(1 if known["contract"] is None else 0, PLACEHOLDER)
    if isinstance(mapping.columns, list) and mapping.columns:
        examples.append("the order of the columns")
    return [
        " ".join(["To start from: workbench import csv", *flags, *([flag] if flag else []), "--dry-run"]),
        *([f"({', '.join(examples)}: the file does not say, you must)"] if examples else []),
    ]


def _columns(mapping: Mapping) -> str:
    if isinstance(mapping.columns, list):
        return ",".join(mapping.columns)
    return ",".join(f"{ours}={theirs}" for ours, theirs in mapping.columns.items())
