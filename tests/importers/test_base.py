"""From readings to recordings: one order of arrival, whole sessions, nothing half written, and the same numbers on the way back."""

from __future__ import annotations

import csv
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from tests.data import shared
from workbench.config import load_roots
from workbench.domain.errors import DataError
from workbench.domain.records import Kind, Phase
from workbench.domain.units import MINUTE, SECOND
from workbench.importers import base, csv_files, databento
from workbench.importers.bars import bars_of
from workbench.importers.mapping import declare
from workbench.market.fold import Market, address_of
from workbench.market.state import Stop
from workbench.store.contracts import ContractBook
from workbench.store.log import log_sessions, read_log
from workbench.store.manifest import find_log

ROOTS = load_roots()
MBO = "nautilus_databento/esh4-glbx-mdp3-20231225.mbo.dbn.zst"
FOLDER = "firstrate_samples/2026-01-26_2026-02-09"
FIRSTRATE = (("ES.c", "ES"), ("SPY", "SPY"), ("QQQ", "QQQ"))
BARS = {"zone": "America/New_York", "stamp": "start", "length": "1m"}
OPEN_NS = 1_703_545_200_000_000_000  # 2023-12-25 23:00 UTC


def csv_plan(names, **declared):
    return base.plan("csv", [csv_files.read(one, ROOTS) for one in declare(names, None, BARS | declared)])


def databento_plan(*names):
    return base.plan("databento", list(databento.read_all([shared(name) for name in names], ROOTS)))


def bars_file(folder, name, rows, day="2026-01-26"):
    path = folder / name
    lines = [f"{day} {at},6904.0,6905.0,6903.0,{close},10" for at, close in rows]
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *lines]) + "\n")
    return path


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The three sample files, imported in one command."""
    data = tmp_path_factory.mktemp("firstrate")
    names = [f"{contract}={shared(f'{FOLDER}/{file}_1min_sample.csv')}" for contract, file in FIRSTRATE]
    return data, base.keep(csv_plan(names), data)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The recorded book of a holiday evening."""
    data = tmp_path_factory.mktemp("book")
    return data, base.keep(databento_plan(MBO), data)


def test_every_bar_of_the_files_is_in_the_recordings(recorded):
    data, report = recorded
    assert [file.n_rows for file in report.files] == [15_214, 10_220, 10_400]
    whole = np.concatenate([read_log(data, session) for session in log_sessions(data)])
    for symbol, n in (("ES.c", 15_214), ("SPY", 10_220), ("QQQ", 10_400)):
        own = whole[(whole["contract"] == report.contracts[symbol]) & (whole["kind"] == Kind.BAR)]
        assert len(bars_of(own).end_ns) == n
    assert [one.n_records for one in report.sessions] == [len(read_log(data, session)) for session in log_sessions(data)]
    assert report.sessions[0].session == 20260126
    assert report.sessions[-1].session == 20260210


def test_the_published_correlations_come_out_of_the_recordings(recorded):
    data, report = recorded
    whole = np.concatenate([read_log(data, session) for session in log_sessions(data)])
    closes = {}
    for symbol, quantum in (("ES.c", 0.25), ("SPY", 0.0001), ("QQQ", 0.0001)):
        bars = bars_of(whole[whole["contract"] == report.contracts[symbol]])
        index = pd.to_datetime(bars.end_ns - MINUTE, utc=True).tz_convert(ZoneInfo("America/New_York"))
        closes[symbol] = pd.Series(bars.close * quantum, index)
    table = pd.DataFrame(closes).between_time("09:30", "15:59").dropna()
    returns = np.log(table).groupby(table.index.date).diff()
    by_day = returns.groupby(returns.index.date)["ES.c"]
    assert len(returns.dropna()) == 4_279
    for symbol, corr, back, ahead in (("SPY", 0.9975, -0.0305, -0.0266), ("QQQ", 0.9443, -0.0178, -0.0185)):
        assert round(returns["ES.c"].corr(returns[symbol]), 4) == corr
        assert round(by_day.shift(-1).corr(returns[symbol]), 4) == back
        assert round(by_day.shift(1).corr(returns[symbol]), 4) == ahead


def test_a_log_is_in_one_order_of_arrival_numbered_and_woven_with_phases_and_seconds(recorded):
    data, report = recorded
    for session in log_sessions(data):
        records = read_log(data, session)
        assert (np.diff(records["recv_ns"]) >= 0).all()
        assert (np.diff(records["seq"]) == 1).all()
        times = records[records["kind"] == Kind.TIME]["recv_ns"]
        assert (times % SECOND == 0).all()
        phases = records[records["kind"] == Kind.PHASE]
        assert set(phases["contract"].tolist()) == set(report.contracts.values())


def test_every_bar_counts_in_the_rich_bar_that_ends_with_it_also_the_last_of_a_session(recorded):
    data, report = recorded
    records = read_log(data, 20260127).copy()
    slots = sorted(report.contracts.values())
    market, at, volumes = Market(slots), 0, {}
    while at < len(records):
        at, stop = market.fold(address_of(records), at, len(records))
        if stop == Stop.BARRIER:
            for bar in market.bars[market.bars["t_end"] > 0]:
                if bar["volume"]:
                    volumes[int(bar["contract"]), int(bar["t_end"])] = int(bar["volume"])
    es = report.contracts["ES.c"]
    bars = bars_of(records[records["contract"] == es])
    expected = {(es, end): volume for end, volume in zip(bars.end_ns.tolist(), bars.volume.tolist(), strict=True) if volume}
    assert {key: volume for key, volume in volumes.items() if key[0] == es} == expected


def test_the_auction_before_a_holiday_evenings_open_is_a_phase_of_its_own(book):
    data, _ = book
    records = read_log(data, 20231226)
    phases = records[records["kind"] == Kind.PHASE]
    assert phases["level"].tolist() == [Phase.CLOSED, Phase.PREOPEN, Phase.ETH]
    assert phases["recv_ns"][1:].tolist() == [OPEN_NS - 3_600 * SECOND, OPEN_NS]
    quotes = records[(records["kind"] == Kind.QUOTE) & (records["event_ns"] >= OPEN_NS)]
    assert (quotes["px"] < quotes["px2"]).all()


def test_a_recorded_book_comes_back_bit_for_bit(book):
    data, report = book
    market = read_log(data, 20231226)
    market = market[~np.isin(market["kind"], (Kind.TIME, Kind.PHASE))].copy()
    (reading,) = databento.read_all([shared(MBO)], ROOTS)
    market["seq"], market["contract"] = 0, 0
    assert market.tobytes() == reading.streams[0].records.tobytes()
    assert report.files[0].kinds == {
        "QUOTE": 25_439, "PRINT": 2_973, "DEPTH_INSERT": 1_883, "DEPTH_UPDATE": 40_236, "DEPTH_DELETE": 931, "DEPTH_RESET": 1
    }  # fmt: skip


def test_a_log_names_its_contracts_before_its_records_and_says_where_it_came_from(book):
    data, report = book
    (manifest,) = find_log(data, 20231226)
    assert (manifest.source, manifest.streams) == (f"databento: {shared(MBO).name}", ("L3",))
    assert [contract.symbol for contract in manifest.contracts] == ["ESH4"]
    assert ContractBook(data).contract(report.contracts["ESH4"]).expiry == "2024-03-15"


def test_the_snapshot_of_the_day_before_replaces_nothing_that_came_later(book, tmp_path):
    data, _ = book
    report = base.keep(databento_plan(MBO, "nautilus_databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst"), tmp_path)
    assert [one.session for one in report.sessions] == [20231226]
    both, alone = read_log(tmp_path, 20231226), read_log(data, 20231226)
    depth = [Market([1]), Market([1])]
    for market, records in zip(depth, (both.copy(), alone.copy()), strict=True):
        at = 0
        while at < len(records):
            at, _ = market.fold(address_of(records), at, len(records))
    assert depth[0].depth(0) == depth[1].depth(0)


def test_a_session_that_has_records_is_refused_before_anything_is_written(tmp_path):
    first = bars_file(tmp_path, "a.csv", [("10:00:00", 6904.0)])
    later = bars_file(tmp_path, "b.csv", [("10:00:00", 6904.0)], day="2026-01-27")
    data = tmp_path / "data"
    base.keep(csv_plan([f"ESH6={later}"]), data)
    before = {path: path.read_bytes() for path in files_below(data)}
    with pytest.raises(DataError, match="20260127 already; nothing was written"):
        base.keep(csv_plan([f"ESH6={first}", f"ESH6={later}"]), data)
    assert {path: path.read_bytes() for path in files_below(data)} == before
    base.keep(csv_plan([f"ESH6={first}", f"ESH6={later}"]), data, replace=True)
    assert log_sessions(data) == [20260126, 20260127]


def test_a_contract_keeps_its_id_over_imports(tmp_path):
    data = tmp_path / "data"
    reports = [
        base.keep(csv_plan([f"ESH6={bars_file(tmp_path, f'{day}.csv', [('10:00:00', 6904.0)], day=day)}"]), data)
        for day in ("2026-01-26", "2026-01-27")
    ]
    assert reports[0].contracts == reports[1].contracts == {"ESH6": 1}


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["databento_dbn_tests/test_data.tbbo.v3.dbn.zst", "databento_dbn_tests/test_data.trades.v3.dbn.zst"], "trades"),
        (["databento_dbn_tests/test_data.trades.v3.dbn.zst"] * 2, "twice"),
        (["databento_dbn_tests/test_data.ohlcv-1s.v3.dbn.zst", "databento_dbn_tests/test_data.ohlcv-1s.v3.dbn.zst"], "trades"),
    ],
)
def test_two_files_that_tell_the_same_trades_are_refused(names, what):
    with pytest.raises(DataError, match=what):
        databento_plan(*names)


def test_files_without_market_data_are_refused():
    with pytest.raises(DataError, match="no market data"):
        databento_plan("nautilus_databento/definition-glbx-es-fut.dbn.zst")


def test_rows_set_aside_lie_beside_the_data_with_line_reason_and_text(tmp_path):
    path = bars_file(tmp_path, "a.csv", [("10:00:00", 6904.0), ("10:01:00", 6904.1), ("10:02:00", 6904.0)])
    plan = csv_plan([f"ESH6={path}"], max_bad_frac=0.5)
    report = base.keep(plan, tmp_path / "data")
    with open(report.quarantine, newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {
            "file": str(path),
            "line": "3",
            "reason": "close is off the grid of 0.25",
            "text": "2026-01-26 10:01:00,6904.0,6905.0,6903.0,6904.1,10",
        }
    ]
    again = base.keep(csv_plan([f"ESH6={path}"], max_bad_frac=0.5), tmp_path / "data", replace=True)
    assert again.quarantine == report.quarantine


def test_a_rehearsal_tells_what_would_be_written_and_writes_nothing(tmp_path):
    path = bars_file(tmp_path, "a.csv", [("10:00:00", 6904.0)])
    plan = csv_plan([f"ESH6={path}"])
    told = base.rehearse(plan)
    assert told.dry_run
    assert files_below(tmp_path) == [path]
    kept = base.keep(plan, tmp_path / "data")
    assert kept.sessions == told.sessions


def test_a_rehearsal_of_several_contracts_counts_what_is_written(recorded):
    """Each contract has phases and hours of its own: shares sleep while a future trades."""
    _, kept = recorded
    names = [f"{contract}={shared(f'{FOLDER}/{file}_1min_sample.csv')}" for contract, file in FIRSTRATE]
    assert base.rehearse(csv_plan(names)).sessions == kept.sessions


def test_a_small_rehearsal_of_two_contracts_counts_what_is_written(tmp_path):
    es = bars_file(tmp_path, "es.csv", [("04:00:00", 6904.0), ("16:55:00", 6904.0)])
    spy = bars_file(tmp_path, "spy.csv", [("10:00:00", 6904.0), ("15:00:00", 6904.0)])
    plan = csv_plan([f"ES.c={es}", f"SPY={spy}"])
    told = base.rehearse(plan, tmp_path / "data")
    assert told.taken == []
    assert base.keep(plan, tmp_path / "data").sessions == told.sessions
    assert base.rehearse(plan, tmp_path / "data").taken == [20260126]


def test_two_contracts_of_one_moment_keep_the_order_of_the_command(tmp_path):
    paths = [bars_file(tmp_path, f"{name}.csv", [("10:00:00", 6904.0), ("10:01:00", 6904.0)]) for name in "ab"]
    report = base.keep(csv_plan([f"NQH6={paths[0]}", f"ESH6={paths[1]}"]), tmp_path / "data")
    records = read_log(tmp_path / "data", 20260126)
    bars = records[records["kind"] == Kind.BAR]
    nq, es = report.contracts["NQH6"], report.contracts["ESH6"]
    assert bars["contract"].tolist() == [nq, nq, es, es] * 2
    assert bars["level"].tolist() == [0, 1] * 4


def test_a_continuous_series_is_marked_wherever_it_is_named(tmp_path):
    path = bars_file(tmp_path, "a.csv", [("10:00:00", 6904.0)])
    base.keep(csv_plan([f"ES.c={path}"]), tmp_path / "data")
    (manifest,) = find_log(tmp_path / "data", 20260126)
    for contract in (manifest.contracts[0], ContractBook(tmp_path / "data").contract(1)):
        assert (contract.symbol, contract.venue_ids) == ("ES.c", {"continuous": "true"})
