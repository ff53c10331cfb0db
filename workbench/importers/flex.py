"""Executions of a Flex query (IB's XML statement), as rows that a run may be asked to enter. Reads; books nothing and guesses nothing.

A statement is made by its account's owner and may hold more or less than is needed here: a row counts if it is an execution
(``levelOfDetail`` EXECUTION or none) with an execution id, an order reference of ours, quantity and price. What a row lacks is said.

Rules
-----
1. Ours is what bears our orderRef, of a run whose journal lies in this folder; all else is others'.
2. Its leg is what the orderRef says; quantity counts without its sign, price in points as the statement writes it.
3. A file with a document type is refused: a statement has none, and entities are how XML is made to eat a machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from workbench.domain.errors import DataError
from workbench.domain.orders import Leg
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import runs
from workbench.venues.ib.book import read_ref, short_run

MAX_BYTES: Final = 64 << 20
NAMES: Final = {  # what we need, by the names that Flex versions have for it
    "exec_id": ("ibExecID", "execID", "extExecID"),
    "order_ref": ("orderReference", "orderRef"),
    "qty": ("quantity", "shares"),
    "px": ("tradePrice", "price"),
    "fee": ("ibCommission", "commission"),
    "con_id": ("conid", "conId"),
}
ROWS: Final = frozenset({"Trade", "TradeConfirm", "Order"})


class FlexFill(NamedTuple):
    """One execution, as the statement has it."""

    exec_id: str
    run: str  # short, as an orderRef names it
    ref: int
    leg: Leg
    qty: int
    px: str
    fee: str | None
    con_id: str


class Statement(NamedTuple):
    """What a file held: executions of ours, how many of others, and what could not be read."""

    fills: tuple[FlexFill, ...]
    n_others: int
    unread: tuple[str, ...]


def read_flex(path: Path) -> Statement:
    """Read a statement.

    Raises
    ------
    DataError
        It is no XML, or one with a document type, or too large.
    """
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"{path}: {path.stat().st_size:,} bytes are no statement; {MAX_BYTES:,} are the most")
    fills: list[FlexFill] = []
    unread: list[str] = []
    n_others = 0
    for n, row in enumerate(_rows(path.read_bytes(), path), 1):
        named = read_ref(row.get("order_ref", ""))
        if named is None:
            n_others += 1
            continue
        missing = [name for name in ("exec_id", "qty", "px") if not row.get(name)]
        size, px, fee = _number(row.get("qty")), _number(row.get("px")), _number(row.get("fee"))
        if missing or size is None or px is None or size != int(size) or not size:
            unread.append(
                f"row {n} ({row.get('exec_id') or 'no execution id'}): {', '.join(missing) or 'quantity and price'} cannot be read"
            )
            continue
        told = None if fee is None else str(abs(fee))
        fills.append(FlexFill(row["exec_id"], named.run, named.ref, named.leg, abs(int(size)), str(px), told, row.get("con_id", "")))
    return Statement(tuple(fills), n_others, tuple(unread))


def unbooked(data: Path, statement: Statement) -> tuple[list[dict[str, Any]], list[str]]:
    """Give the rows that no journal of this folder holds, as a request brings them, and words about all others."""
    booked, ours = _booked(data), {short_run(each.run) for each in runs(data)}
    new: list[dict[str, Any]] = []
    said = [*statement.unread]
    for fill in statement.fills:
        if fill.run not in ours:
            said.append(f"{fill.exec_id}: of a run that is not in this folder ({fill.run})")
        elif fill.exec_id in booked:
            said.append(f"{fill.exec_id}: booked already")
        else:
            row = {"ref": fill.ref, "leg": fill.leg.name.lower(), "qty": fill.qty, "px": fill.px, "exec_id": fill.exec_id}
            new.append({**row, "fee": fill.fee, "con_id": fill.con_id})
    if statement.n_others:
        said.append(f"{statement.n_others} executions of others passed over")
    return new, said


def _booked(data: Path) -> set[str]:
    found: set[str] = set()
    for run in runs(data):
        journal = Folders(data).journal(run.run)
        if journal.exists():
            found.update(each.event.exec_id for each in entries.arrivals(journal) if hasattr(each.event, "exec_id"))
    return found


def _rows(content: bytes, path: Path) -> Iterator[dict[str, str]]:
    try:
        root = parsed(content)
    except (ElementTree.ParseError, expat.ExpatError, ValueError) as error:
        raise DataError(f"{path}: no Flex statement: {error}") from None
    for element in root.iter():
        if element.tag in ROWS and element.get("levelOfDetail", "EXECUTION").upper() == "EXECUTION":
            given = {name: next((element.get(each) for each in names if element.get(each)), None) for name, names in NAMES.items()}
            yield {name: value.strip() for name, value in given.items() if value is not None}


def parsed(content: bytes) -> ElementTree.Element:
    """Parse without a document type: expat stops at its first word."""
    guard = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ValueError("it has a document type, which no statement has")

    guard.StartDoctypeDeclHandler = refuse
    guard.Parse(content, True)
    return ElementTree.fromstring(content)  # noqa: S314  the guard has seen that there are no entities


def _number(text: str | None) -> Decimal | None:
    try:
        found = Decimal((text or "").replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
