"""What the order side of the engine remembers, and what it looks at. Plain values; no rules, no I/O.

All that it remembers is one value, `Memory`, so that a snapshot is its encoding.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.events import Known, Unknown
from workbench.domain.views import View
from workbench.execution.ledger import Ledger
from workbench.execution.purse import Purse
from workbench.execution.quality import Quality
from workbench.execution.reconcile import Referee
from workbench.execution.rolling import Rolling
from workbench.execution.supervisor import Book
from workbench.execution.tended import Care
from workbench.risk.breaker import Breaker
from workbench.risk.limits import Terms
from workbench.risk.tally import Tally


class Memory(msgspec.Struct):
    """What the desk remembers."""

    book: Book = msgspec.field(default_factory=Book)
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    breaker: Breaker = msgspec.field(default_factory=Breaker)
    orders_ns: list[int] = msgspec.field(default_factory=list)  # when orders left, one minute back
    entries_ns: list[int] = msgspec.field(default_factory=list)  # when entries left, one hour back
    last_entry_ns: int | None = None
    answers: dict[str, Known | Unknown] = msgspec.field(default_factory=dict)  # the last one on each question
    n_refused: dict[str, int] = msgspec.field(default_factory=dict)
    quarantined: dict[str, str] = msgspec.field(default_factory=dict)  # "strategy first": where it failed; asked nothing any more
    streams: dict[int, dict[str, str]] = msgspec.field(default_factory=dict)  # contract -> stream -> state, as the venue said last
    referee: Referee = msgspec.field(default_factory=Referee)
    paused: dict[int, str] = msgspec.field(default_factory=dict)  # contract -> why the exchange does not trade it now
    markets: dict[int, tuple[int | None, int | None]] = msgspec.field(default_factory=dict)  # contract -> open interest, volume
    silent: dict[int, int] = msgspec.field(default_factory=dict)  # contract whose feed is silent -> when it was heard last
    purse: Purse = msgspec.field(default_factory=Purse)
    quality: Quality = msgspec.field(default_factory=Quality)  # of execution, by contract
    fronts: dict[str, int] = msgspec.field(default_factory=dict)  # root -> contract that leads
    rolls: dict[int, Rolling] = msgspec.field(default_factory=dict)  # by the ref of the bracket that is left
    care: Care = msgspec.field(default_factory=Care)  # what is remembered of brackets beside their quantities
    tally: Tally = msgspec.field(default_factory=Tally)  # what limits remember beside books and orders


class Place(NamedTuple):
    """What the desk looks at of one contract; cells are those of its last bar."""

    view: View
    cells: memoryview[int]
    contract: Contract
    terms: Terms
    closes: tuple[int, ...]
    is_quoted: bool
