"""Rows that were not taken: which, where, why. Kept beside the data, never in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.importers.lines import Lines, quote_line
from workbench.store.whole import write_whole

ROWS_FILE: Final = "rows.csv"
Mask = npt.NDArray[np.bool_]


class Rejected(NamedTuple):
    """One row that was not taken."""

    path: str
    line: int
    reason: str
    text: str


class Verdicts:
    """What became of each line of a file: good, or bad for the first reason found.

    >>> import polars as pl
    >>> verdicts = Verdicts(Lines(Path("a.csv"), pl.Series(["1", "x", "-3"]), np.array([1, 2, 3])))
    >>> verdicts.mark(np.array([False, True, False]), "no number")
    >>> verdicts.mark(np.array([False, True, True]), "negative")
    >>> verdicts.counts(), verdicts.good.tolist()
    ({'no number': 1, 'negative': 1}, [True, False, False])
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._reasons: list[str] = []
        self._code = np.zeros(len(lines.text), np.int16)

    @property
    def good(self) -> Mask:
        """Which lines stand."""
        return np.asarray(self._code == 0, np.bool_)

    @property
    def n_bad(self) -> int:
        """How many lines fell."""
        return int(np.count_nonzero(self._code))

    def mark(self, mask: Mask, reason: str) -> None:
        """Take out the marked lines that still stand."""
        self._reasons.append(reason)
        self._code[mask & (self._code == 0)] = len(self._reasons)

    def mark_among(self, rows: npt.NDArray[np.int64], mask: Mask, reason: str) -> None:
        """Take out the marked of these rows."""
        every = np.zeros(len(self._code), np.bool_)
        every[rows[mask]] = True
        self.mark(every, reason)

    def counts(self) -> dict[str, int]:
        """Count the fallen by reason, the most frequent first."""
        n = np.bincount(self._code, minlength=len(self._reasons) + 1)[1:].tolist()
        merged: dict[str, int] = {}
        for reason, count in zip(self._reasons, n, strict=True):
            if count:
                merged[reason] = merged.get(reason, 0) + count
        return dict(sorted(merged.items(), key=lambda item: -item[1]))

    def rejected(self) -> Iterator[Rejected]:
        """Give the fallen in the order of the file's lines as read."""
        for at in np.flatnonzero(self._code).tolist():
            reason = self._reasons[int(self._code[at]) - 1]
            yield Rejected(str(self._lines.path), int(self._lines.number[at]), reason, str(self._lines.text[at]))

    def summary(self) -> str:
        """Say how many fell for which reasons, with the first of each."""
        first: dict[str, Rejected] = {}
        for row in self.rejected():
            first.setdefault(row.reason, row)
            if len(first) == len(self.counts()):
                break
        return "; ".join(
            f"{n:,} x {reason} (first: line {first[reason].line}, {quote_line(first[reason].text)})" for reason, n in self.counts().items()
        )


def write_rows(folder: Path, rows: Iterable[Rejected]) -> Path:
    """Write `ROWS_FILE` (file, line, reason, text) into a folder, whole or not at all.

    Returns
    -------
    Path
        The file.
    """
    body = io.StringIO()
    writer = csv.writer(body, lineterminator="\n")
    writer.writerow(("file", "line", "reason", "text"))
    writer.writerows(rows)
    target = folder / ROWS_FILE
    write_whole(target, body.getvalue().encode())
    return target
