"""The table of snapshots: rows as they were made, moments once; and the batch in which they wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.domain.units import SECOND
from workbench.market.snapshots import EVERY_NS, Snapshot
from workbench.store.snapshots import COLUMNS, Batch, SnapshotTable

SESSION = 20261120


def row(moment: int, contract: int = 1, **changes: object) -> Snapshot:
    known = Snapshot(moment * EVERY_NS, 7, contract, "ESZ6", SESSION, 4, 6000.25, 3.0, None, None, None, 9.0, *[None] * 4, 0.18, 12, 0.5)
    return Snapshot(**(known._asdict() | changes))


@pytest.mark.covers("S1-07", "S1-03")
def test_rows_come_back_as_they_were_made_and_moments_are_written_once(tmp_path: Path) -> None:
    table = SnapshotTable(tmp_path)
    first, second = [row(1), row(1, 2, bid_pts=None)], [row(2), row(3)]
    assert table.append(SESSION, first) and table.written_ns(SESSION) == EVERY_NS
    assert not table.append(SESSION, first) and table.append(SESSION, second) and not table.append(SESSION, [])
    assert table.read(SESSION) == [*first, *second] and table.sessions() == [SESSION]
    assert len(COLUMNS) == len(Snapshot._fields) and table.written_ns(SESSION) // SECOND % 300 == 0


@pytest.mark.covers("S1-09", "S1-10")
def test_a_batch_waits_for_a_minute_or_a_hundred_rows() -> None:
    batch = Batch(60.0, 100)
    batch.put(SESSION, [row(1)] * 99, now_s=5.0)
    assert not batch.is_due(now_s=64.9) and batch.is_due(now_s=65.0)
    batch.put(SESSION, [row(2)], now_s=6.0)
    assert batch.is_due(now_s=6.0) and [len(rows) for _, rows in batch.take()] == [100]
    assert batch.take() == [] and not batch.is_due(now_s=1e9)
