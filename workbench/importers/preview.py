"""What was understood, shown back before anything is written: the declaration, and the first rows as they would be recorded. Text only."""

from __future__ import annotations

from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.records import ASK, BID, Kind, Records
from workbench.importers.csv_columns import Columns
from workbench.importers.mapping import Declared
from workbench.importers.times import EPOCHS, show

EXCHANGE_ZONES: Final = {"CME": "America/Chicago", "CBOT": "America/Chicago"}  # the others here keep New York's time
FROM_FLOATS: Final = {"exact": "", "float32": " (undoing 32-bit floats)"}
USUAL_ZONE: Final = "America/New_York"


def exchange_zone(contract: Contract) -> str:
    """Name the zone whose clock the exchange shows."""
    return EXCHANGE_ZONES.get(contract.exchange, USUAL_ZONE)


def preview(declared: Declared, contract: Contract, columns: Columns, lines: list[str], records: Records) -> list[str]:
    """Describe how a file was understood.

    Parameters
    ----------
    lines
        The first rows as the file has them.
    records
        The same rows as they would be written.
    """
    path, mapping = declared
    kind = mapping.kind if mapping.length is None else f"{mapping.kind} of {mapping.length}, stamped at their {mapping.stamp}"
    zone = mapping.zone or ("counted from 1970 UTC" if mapping.time_format in EPOCHS else "by the offsets in the file")
    pairs = ", ".join(f"{ours} = {theirs}" for ours, theirs in columns.theirs.items())
    head = [
        f"{path}: {kind}, of {describe(contract)}",
        f"  times {zone}, format {mapping.time_format}; columns {pairs}",
        f"  prices in units of {contract.price_quantum}{FROM_FLOATS[mapping.prices]}, sizes of {contract.size_quantum}",
    ]
    if mapping.kind == "bars":
        head.append("  price x volume of a bar is not in the file: (high + low + close) / 3 x volume stands for it")
        rows = [_bar(contract, records[2 * k], records[2 * k + 1], mapping.length_ns) for k in range(len(lines))]
    else:
        rows = [_tick(contract, record) for record in records]
    return head + [line for text, row in zip(lines, rows, strict=True) for line in (f"  {text}", f"    -> {row}")]


def describe(contract: Contract) -> str:
    """Name a contract for a person.

    >>> from workbench.config import load_roots
    >>> describe(load_roots()["ES"].contract(1, "2026-03-20"))
    'ESH6, future, CME, expires 2026-03-20'
    """
    if contract.venue_ids.get("continuous"):
        return f"{contract.symbol}, a continuous series (never ordered at a broker; a simulation trades it), {contract.exchange}"
    end = f", expires {contract.expiry}" if contract.expiry else ""
    return f"{contract.symbol}, {contract.type}, {contract.exchange}{end}"


def _bar(contract: Contract, head: Records, tail: Records, length_ns: int) -> str:
    end_ns = int(head["recv_ns"]) + 1  # it arrives in the last nanosecond it covers
    local = exchange_zone(contract)
    prices = " ".join(f"{contract.to_pts(int(px)):g}" for px in (head["px"], head["px2"], tail["px"], tail["px2"]))
    begin, end = show(end_ns - length_ns, "UTC"), show(end_ns, "UTC")
    return f"BAR {begin} to {end[-8:]} UTC (known {show(end_ns, local)} {local}) open high low close {prices} volume {head['sz']}"


def _tick(contract: Contract, record: Records) -> str:
    at_ns = int(record["recv_ns"])
    local = exchange_zone(contract)
    when = f"{show(at_ns, 'UTC')} UTC ({show(at_ns, local)} {local})"
    if record["kind"] == Kind.PRINT:
        side = {1: "buyer", -1: "seller", 0: "unknown"}[int(record["side"])]
        return f"PRINT {when} {contract.to_pts(int(record['px'])):g} x {record['sz']}, aggressor {side}"
    sides = [
        f"{name} {contract.to_pts(int(record[px])):g} x {record[sz]}" if record["flags"] & flag else f"no {name}"
        for name, px, sz, flag in (("bid", "px", "sz", BID), ("ask", "px2", "sz2", ASK))
    ]
    return f"QUOTE {when} {', '.join(sides)}"
