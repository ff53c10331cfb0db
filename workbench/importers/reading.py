"""What an importer hands over: records by contract, what it counted, and the rows it would not take. Values; nothing is written here."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from workbench.domain.contracts import Contract
from workbench.domain.records import Kind, Records
from workbench.importers.quarantine import Rejected


class Stream(NamedTuple):
    """What one file holds about one contract, in order of arrival; ``contract`` and ``seq`` of the records are not set yet.

    ``kind`` says how finely the market was watched: ``L3``, ``tick-by-tick``, ``L1 1 s``, ``bars 1m``.
    """

    path: str
    kind: str
    contract: Contract
    records: Records


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file. Times in ns UTC, `None` where nothing was kept."""

    path: str
    schema: str
    n_rows: int
    n_records: int
    n_quarantined: int = 0
    n_ignored: int = 0
    reasons: dict[str, int] = {}
    contracts: list[str] = []
    kinds: dict[str, int] = {}
    first_ns: int | None = None
    last_ns: int | None = None
    notes: list[str] = []


class Reading(NamedTuple):
    """One file, read."""

    streams: list[Stream]
    report: FileReport
    rejected: list[Rejected]
    preview: list[str]


def count_kinds(records: Records) -> dict[str, int]:
    """Count records by kind, kinds without any left out."""
    n = np.bincount(records["kind"], minlength=max(Kind) + 1) if len(records) else np.zeros(max(Kind) + 1, int)
    return {kind.name: int(n[kind]) for kind in Kind if n[kind]}


def span(streams: list[Stream]) -> tuple[int | None, int | None]:
    """Give the first and the last arrival of all streams."""
    filled = [stream.records["recv_ns"] for stream in streams if len(stream.records)]
    if not filled:
        return None, None
    return min(int(recv[0]) for recv in filled), max(int(recv[-1]) for recv in filled)
