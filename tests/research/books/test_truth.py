"""The seventeen: nothing on nothing, the broker's own sums on what it executed, and no way for a reader to change a journal."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.research.barred import traded as simulated
from tests.research.books.ledgered import NAMED, RUN, journal, traded
from tests.simulation.broker.floor import ES
from workbench.domain.decisions import Approved, ForecastMade, RoundTripClosed
from workbench.research.books.executions import Execution, account_books, micros
from workbench.research.books.truth import Truth, drawdown_pct, trips, truth
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import runs

SEVENTEEN = (
    "trade_count win_count loss_count win_rate net_pnl total_fees expectancy consecutive_losses max_drawdown_pct total_signals "
    "acted_signals signal_act_rate total_scans first_scan_at last_scan_at current_strategy_version portfolio_value"
).split()


@pytest.mark.covers("S3-39")
def test_nothing_is_nothing(tmp_path: Path) -> None:
    told = truth(tmp_path)
    assert list(Truth._fields) == SEVENTEEN
    assert [
        value for name, value in told._asdict().items() if name not in ("first_scan_at", "last_scan_at", "current_strategy_version")
    ] == [0] * 14
    assert (told.first_scan_at, told.last_scan_at, told.current_strategy_version) == (None, None, "")


@pytest.mark.covers("S3-39")
def test_they_are_the_brokers_own_sums(tmp_path: Path) -> None:
    floor = traded()
    journal(tmp_path, floor.told)
    told, books = truth(tmp_path), account_books(tmp_path)
    assert (told.trade_count, told.win_count + told.loss_count) == (2, 2)  # the third bracket is open; its bust leaves no trade
    standing = sum((each.net or Decimal(0) for each in books.executions), Decimal(0))
    still_open = sum((each.net or Decimal(0) for each in books.executions if each.ref == 3), Decimal(0))
    assert told.net_pnl == standing - still_open == told.expectancy * 2
    assert told.total_fees == -sum((each.commission or Decimal(0) for each in books.executions), Decimal(0))
    assert told.portfolio_value == 1_000_000 and told.current_strategy_version.startswith("nobody @ ")


@pytest.mark.covers("S3-38", "S3-39")
def test_of_a_run_they_are_what_the_engine_itself_came_to(tmp_path: Path) -> None:
    simulated(tmp_path)
    data = tmp_path / "data"
    run = next(each.run for each in runs(data) if each.mode == "simulate")
    facts = [fact for _, fact in entries.facts(Folders(data).journal(run))]
    closed = [fact for fact in facts if isinstance(fact, RoundTripClosed)]
    told = truth(data, run=run)
    assert told.trade_count == len(closed) > 5
    assert told.net_pnl == sum((micros(each.pnl_micros) for each in closed), Decimal(0))
    assert told.win_count == sum(each.pnl_micros > 0 for each in closed)
    assert told.acted_signals == sum(isinstance(fact, Approved) for fact in facts) <= told.total_signals
    assert told.total_scans > 0 and told.first_scan_at is not None and told.last_scan_at is not None
    assert not any(isinstance(fact, ForecastMade) for fact in facts) or told.total_scans >= told.total_signals / 10


def execution(n: int, side: int, qty: int, px: int, fee: int) -> Execution:
    return Execution(
        time_ns=n, run=RUN, mode="paper", account="DUSIM1", contract=NAMED[ES], strategy="tour", ref=n, leg="entry", side=side,
        qty=qty, px=px, exec_id=str(n), how="reported", fee_micros=fee,
    )  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from((1, -1)), st.integers(1, 3), st.integers(-40, 40), st.integers(0, 3_000_000)), max_size=30))
@examples(max_examples=150, derandomize=True, deadline=None)
def test_what_trips_earned_and_what_is_open_is_all_there_is(drawn: list[tuple[int, int, int, int]]) -> None:
    made = [execution(n, *each) for n, each in enumerate(drawn)]
    position = sum(each.side * each.qty for each in made)
    flat = [*made, execution(len(made), -1 if position > 0 else 1, abs(position), 7, 0)] if position else made
    nets = trips(flat)
    assert sum(nets, Decimal(0)) == pytest.approx(sum((each.net or Decimal(0) for each in flat), Decimal(0)))
    held, n_flat = 0, 0
    for each in flat:
        before, held = held, held + each.side * each.qty
        n_flat += bool(before) and (held == 0 or before * held < 0)
    assert len(nets) == n_flat


def test_a_drawdown_needs_to_know_what_there_was() -> None:
    assert drawdown_pct(Decimal(0), [Decimal(-5)]) == 0.0
    assert drawdown_pct(Decimal(100), [Decimal(-50), Decimal(100), Decimal(-75)]) == 50.0


@pytest.mark.covers("S3-40")
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO entry VALUES (99, 0, 0, 0, 'event', 1, x'', x'')", "UPDATE entry SET recv_ns = 0", "DELETE FROM entry",
        "DROP TABLE entry", "ALTER TABLE entry ADD COLUMN mine", "CREATE TABLE mine (id)", "CREATE TEMP TABLE mine (id)",
        "ATTACH DATABASE ':memory:' AS other", "PRAGMA writable_schema = 1", "VACUUM INTO 'elsewhere.db'", "BEGIN IMMEDIATE",
        "-- SELECT\nDELETE FROM entry", "WITH gone AS (SELECT 1) DELETE FROM entry", "SELECT load_extension('x')",
    ],
)  # fmt: skip
def test_a_reader_of_journals_cannot_change_one(tmp_path: Path, statement: str) -> None:
    journal(tmp_path, traded().told)
    path = Folders(tmp_path).journal(RUN)
    before = path.read_bytes()
    db = entries.connect(path)
    try:
        assert db.execute("SELECT count(*), max(recv_ns) FROM entry").fetchone()[0] > 5
        with pytest.raises(sqlite3.Error):
            db.execute(statement).fetchall()
    finally:
        db.close()
    assert path.read_bytes() == before and [each.name for each in path.parent.iterdir() if each.suffix == ".db"] == [path.name]
