"""Data folders for tests of what researchers read: a traded world, the same cut off at a moment, a market by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from tests.replay.world import SESSION
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.decisions import AnyFact, At
from workbench.domain.events import Arrival
from workbench.domain.orders import Cause
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Records, empty
from workbench.store.entries import read_journal
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import read_manifest, run_folders, write_manifest
from workbench.store.sessions import records_written
from workbench.store.tail import Tail

ES = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", expiry="2026-12-18",
              calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")  # fmt: skip
SPY = Contract(id=2, root="SPY", symbol="SPY", type=ContractType.STOCK, exchange="ARCA", currency="USD",
               calendar="NYSE", multiplier="1", price_quantum="0.0001", order_increment="0.01")  # fmt: skip
BTC = Contract(id=5, root="BTC", symbol="BTCUSDT", type=ContractType.CRYPTO, exchange="SPOT", currency="USD",
               calendar="24/7", multiplier="1", price_quantum="0.01", order_increment="0.01", size_quantum="0.00001")  # fmt: skip
OPENS_NS = 1_795_098_600_000_000_000  # 2026-11-19 09:30 New York


def known_until(data: Path, until_ns: int, to: Path) -> Path:
    """Make the data folder of a log that ended at a moment: its records up to then, its events and facts up to then."""
    (folder,) = run_folders(data)
    run = read_manifest(folder)
    assert run is not None
    records = records_written(data, SESSION, run)
    records = records[: np.searchsorted(records["recv_ns"], until_ns, side="right")]
    write_manifest(Folders(to).run(run.run), msgspec.structs.replace(run, last_seq=int(records["seq"][-1])))
    with Tail(Folders(to).tail, session=SESSION, epoch=run.epoch) as tail:
        tail.append(np.ascontiguousarray(records))
    with Journal(Folders(to).journal(run.run)) as journal:
        for entry in read_journal(folder / "journal.db"):
            if not isinstance(entry.content, tuple):
                if entry.recv_ns <= until_ns:
                    journal.append(Arrival(entry.after_seq, entry.n, entry.recv_ns, entry.content))
            elif facts := _until(entry.content, At(entry.recv_ns, Cause(entry.after_seq, entry.n)), until_ns):
                journal.extend(entry.after_seq, entry.n, entry.recv_ns, facts)
    return to


def _until(facts: Sequence[AnyFact], at: At, until_ns: int) -> list[AnyFact]:
    kept: list[AnyFact] = []
    for fact in facts:
        at = fact if isinstance(fact, At) else at
        if at.now_ns <= until_ns:
            kept.append(fact)
    return kept


def a_market(n: int, *, seed: int = 1, contracts: Sequence[Contract] = (ES, SPY)) -> Records:
    """Make quotes, prints and rows of the book of several contracts, some without a side, a price or a time of their own."""
    rng = np.random.default_rng(seed)
    records = empty(n)
    records["seq"] = np.cumsum(rng.integers(1, 4, n))
    records["recv_ns"] = OPENS_NS + np.cumsum(rng.integers(0, 50_000_000, n))
    records["contract"] = rng.choice([contract.id for contract in contracts], n)
    records["kind"] = kind = rng.integers(Kind.QUOTE, Kind.DEPTH_RESET + 1, n)
    timed = rng.random(n) < 0.8
    records["event_ns"] = np.where(timed, records["recv_ns"] - rng.integers(0, 1_000_000, n), 0)
    flags = np.where(timed, EVENT_TIME, 0)
    is_quote, has_row, has_price = kind == Kind.QUOTE, (kind >= Kind.DEPTH_INSERT) & (kind != Kind.DEPTH_RESET), kind <= Kind.DEPTH_UPDATE
    flags |= np.where(is_quote, rng.integers(0, 4, n), 0)
    records["flags"] = flags
    has_price &= ~is_quote | (flags & BID != 0)
    records["px"], records["sz"] = np.where(has_price, rng.integers(-50, 50_000, n), 0), np.where(has_price, rng.integers(0, 900, n), 0)
    has_ask = is_quote & (flags & ASK != 0)
    records["px2"], records["sz2"] = np.where(has_ask, rng.integers(-50, 50_000, n), 0), np.where(has_ask, rng.integers(0, 900, n), 0)
    records["side"] = np.where(kind == Kind.PRINT, rng.integers(-1, 2, n), np.where(has_row, rng.choice([-1, 1], n), 0))
    records["level"] = np.where(has_row, rng.integers(0, 20, n), 0)
    return records
