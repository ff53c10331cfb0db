"""How long what is kept: bars before records, windows around own orders for ever, and nothing that is young or protected."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.research.conftest import Traded
from tests.store.tapes import tape
from workbench.config import load_settings
from workbench.domain.errors import DataError, StoreError
from workbench.domain.units import SECOND
from workbench.research import open_session, tiers
from workbench.research.tiers import What
from workbench.store.audit import audit
from workbench.store.bars import drop_bars, keep_bars, kept_bars, read_bars
from workbench.store.folders import Folders
from workbench.store.manifest import write_manifest
from workbench.store.recordings import Recordings
from workbench.store.sealer import seal
from workbench.store.segments import paths
from workbench.store.snapshots import COLUMNS, SnapshotTable
from workbench.store.told_bars import ToldBar, ToldBarTable

RULES = load_settings().retention.model_copy(update={"window_s": 60})


@pytest.fixture
def data(traded: Traded, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(traded.data, tmp_path / "data"))
    seal(folder)
    return folder


def later(session: int, years: int = 0, days: int = 0) -> int:
    """A session some while after."""
    then = date(session // 10_000 + years, session // 100 % 100, session % 100) + timedelta(days=days)
    return int(f"{then:%Y%m%d}")


@pytest.mark.covers("S3-30")
def test_records_go_after_ninety_days_bars_of_both_lengths_stay_and_so_do_windows_around_orders(data: Path, traded: Traded) -> None:
    session = traded.session
    assert tiers.due(data, RULES, later(session, days=90)) == []
    (what,) = tiers.due(data, RULES, later(session, days=91))
    assert (what.session, what.what, what.why_not) == (session, What.RECORDS, "") and what.windows and what.n_bytes > 0
    before = open_session(session, data=data)
    bars = {name: before.bars(None, name) for name in ("5s", "1m")}
    fills, quotes, times = before.fills, before.quotes, before.orders["time"].to_list()
    tiers.let_go(data, what, RULES, later(session, days=91), 7)

    day = open_session(session, data=data)
    assert all(day.bars(None, name).equals(frame) for name, frame in bars.items())
    symbol = day.contracts[0].symbol
    assert day.bars(symbol, "1m").equals(bars["1m"].filter(symbol=symbol))
    assert day.fills.equals(fills) and 0 < len(day.quotes) < len(quotes)
    ns = [int(time.timestamp()) * SECOND for time in times]
    kept = day.logs[0].records["recv_ns"]
    assert all(((kept > at - 50 * SECOND) & (kept < at + 50 * SECOND)).any() for at in ns)
    assert len(kept) < what.n_records and tiers.due(data, RULES, later(session, days=91)) == []
    for ask in (lambda: day.equity, lambda: day.bars(None, "5m")):
        with pytest.raises(DataError, match="were let go"):
            ask()
    assert str(session) in repr(day).replace("-", "")


@pytest.mark.covers("S3-30")
def test_bars_of_five_seconds_go_after_two_years_of_a_minute_after_seven(data: Path, traded: Traded) -> None:
    session = traded.session
    for each in tiers.due(data, RULES, later(session, days=100)):
        tiers.let_go(data, each, RULES, later(session, days=100), 7)
    assert [each.length for each in kept_bars(data)] == ["1m", "5s"]
    for years, left in ((2, ["1m"]), (7, [])):
        today = later(session, years, days=4)
        (found,) = tiers.due(data, RULES, today)
        tiers.let_go(data, found, RULES, today, 7)
        assert [each.length for each in kept_bars(data)] == left
    assert open_session(session, data=data).round_trips is not None  # decisions and orders: for ever


def test_what_is_not_sealed_or_lacks_its_journal_stays_whatever_its_age(traded: Traded, tmp_path: Path) -> None:
    data = Path(shutil.copytree(traded.data, tmp_path / "data"))
    if paths(Folders(data).tail):
        assert all(each.why_not for each in tiers.due(data, RULES, later(traded.session, 1)))
    seal(data)
    run = traded.open().run
    assert run is not None
    Folders(data).journal(run.run).unlink()
    (what,) = tiers.due(data, RULES, later(traded.session, 1))
    assert "journal is missing" in what.why_not
    with pytest.raises(StoreError, match="stays"):
        tiers.let_go(data, what, RULES, later(traded.session, 1), 7)


def test_the_records_of_a_run_that_died_and_was_never_ended_stay_for_who_takes_it_up_plays_them(data: Path, traded: Traded) -> None:
    run = traded.open().run
    assert run is not None and run.is_closed
    write_manifest(Folders(data).run(run.run), msgspec.structs.replace(run, is_closed=False))
    (what,) = tiers.due(data, RULES, later(traded.session, 1))
    assert "never ended" in what.why_not


def test_bars_of_records_that_were_replaced_are_made_anew_before_the_records_go(data: Path, traded: Traded) -> None:
    keep_bars(data, traded.session, "1m", traded.open().bars(None, "1m").head(3))
    tiers.make_bars(data, traded.session, ["1m"])
    assert read_bars(data, traded.session, "1m").equals(traded.open().bars(None, "1m"))
    drop_bars(data, traded.session, "1m")


def test_a_night_puts_small_files_together_and_leaves_today_alone(data: Path, traded: Traded) -> None:
    recordings = Recordings.of(data)
    records = recordings.read(traded.session)
    recordings.delete(traded.session)
    for part in (records[:500], records[500:]):
        recordings.append(traded.session, part)
    assert tiers.compact(data, traded.session) == 0
    assert tiers.compact(data, later(traded.session, days=1)) > 0
    assert recordings.read(traded.session).tobytes() == records.tobytes()


@pytest.mark.covers("S3-30")
def test_snapshots_go_after_seven_years_and_what_was_asked_for_afterwards_with_the_records(tmp_path: Path) -> None:
    session = 20261119
    snapshots = SnapshotTable(tmp_path)
    row = tuple("ESZ6" if of is str else of(1) for of in COLUMNS.values())
    snapshots.table.append(session, [row], ("snapshots/20261119", 1))
    afterwards = Recordings(Folders(tmp_path).backfill, cache=Folders(tmp_path).cache / "backfill")
    afterwards.append(session, tape(20))
    told = ToldBarTable(tmp_path)
    told.table.append(session, [ToldBar(1, 1, 1, 1, 1, 1, 1, 0.25, 1, 1)], ("told_bars/1", 1))
    assert tiers.due(tmp_path, RULES, later(session, days=90)) == []
    for today, what in ((later(session, days=91), {What.BACKFILL, What.TOLD_BARS}), (later(session, 7, days=4), {What.SNAPSHOTS})):
        found = tiers.due(tmp_path, RULES, today)
        assert {due.what for due in found} == what
        for due in found:
            tiers.let_go(tmp_path, due, RULES, today, 7)
    assert told.sessions() == [] and snapshots.sessions() == [] and afterwards.sessions() == [] and audit(tmp_path).is_right


def test_what_a_person_imported_stays_until_that_is_asked_for(barred: Path) -> None:
    (stays,), (goes,) = (tiers.due(barred, RULES, 20270101, imported=imported) for imported in (False, True))
    assert "imported" in stays.why_not and not goes.why_not


def test_a_clock_far_from_the_newest_recording_lets_nothing_go_by_itself(traded: Traded, barred: Path) -> None:
    days = {days: tiers.is_clock_likely(traded.data, later(traded.session, days=days)) for days in (-31, 0, 30, 31)}
    assert days == {-31: False, 0: True, 30: True, 31: False} and tiers.newest(traded.data) == traded.session
    assert tiers.newest(barred) is None and tiers.is_clock_likely(barred, 20990101)
