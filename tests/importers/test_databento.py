"""Databento's files as records: every schema we read, the right contract, and refusals that say what to do."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import shared
from workbench.config import load_roots
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME, Kind
from workbench.domain.units import MINUTE, SECOND
from workbench.importers import databento, dbn, mbp
from workbench.importers.bars import bars_of

ROOTS = load_roots()
CATALOG = "nautilus_databento/historical_bars_catalog/databento/futures_"
TINY = "databento_dbn_tests/test_data."


def read(*names, **declared):
    return list(databento.read_all([shared(name) for name in names], ROOTS, **declared))


def records(name):
    (reading,) = read(name)
    return reading.streams[0].records


def test_mbp_1_gives_the_quotes_and_the_prints_of_the_trades_file():
    table = dbn.read(shared(f"{CATALOG}mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")).tables["mbp-1"]
    top = records(f"{CATALOG}mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")
    trades = records(f"{CATALOG}trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")
    prints = top[top["kind"] == Kind.PRINT]
    assert prints.tobytes() == trades.tobytes()
    assert (len(trades), trades["sz"].sum()) == (120, 253)
    quotes = top[top["kind"] == Kind.QUOTE]
    assert (quotes["px"] < quotes["px2"]).all()
    assert quotes["px2"][-1] == table["ask_px_00"][-1] // 250_000_000
    assert (np.diff(top["recv_ns"]) >= 0).all()


def test_quotes_are_sent_only_when_they_change():
    top = records(f"{CATALOG}mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")
    quotes = top[top["kind"] == Kind.QUOTE][["px", "sz", "px2", "sz2"]]
    assert (quotes[1:] != quotes[:-1]).all()


def test_a_session_begins_with_a_quote_even_if_nothing_changed():
    table = dbn.read(shared(f"{TINY}mbp-1.v3.dbn.zst")).tables["mbp-1"]
    twice = np.concatenate([table[:1], table[:1]])
    contract = read(f"{TINY}mbp-1.v3.dbn.zst")[0].streams[0].contract
    for sessions, n in (([1, 1], 1), ([1, 2], 2)):
        assert len(mbp.top_records(twice, contract, np.array(sessions), "here", with_trades_only=False)) == n


def test_tbbo_shows_the_quote_before_each_of_its_trades():
    both = records(f"{TINY}tbbo.v3.dbn.zst")
    assert both["kind"].tolist() == [Kind.QUOTE, Kind.PRINT] * 2
    assert both["px"].tolist() == [14881] * 4  # 3720.25, sold into the bid
    assert both["side"][both["kind"] == Kind.PRINT].tolist() == [-1, -1]


def test_bbo_of_an_interval_arrives_at_its_end_and_stands_for_many_changes():
    quotes = records(f"{TINY}bbo-1s.v3.dbn.zst")
    assert (quotes["recv_ns"] % SECOND == 0).all()
    assert (quotes["flags"] == BID | ASK | EVENT_TIME | CONFLATED).all()


def test_mbp_10_gives_ten_rows_a_side_once_and_changes_from_then_on():
    ten = records(f"{TINY}mbp-10.v3.dbn.zst")
    assert [Kind(kind).name for kind in ten["kind"][:2]] == ["DEPTH_RESET", "QUOTE"]
    assert np.bincount(ten["kind"])[[Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE]].tolist() == [20, 1]


def test_bars_arrive_at_their_end():
    (reading,) = read(f"{CATALOG}ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst")
    assert sorted(stream.contract.symbol for stream in reading.streams) == ["ESU4", "NQU4"]
    es = next(stream for stream in reading.streams if stream.contract.symbol == "ESU4")
    bars = bars_of(es.records)
    table = dbn.read(shared(f"{CATALOG}ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst")).tables["ohlcv"]
    own = table[table["instrument_id"] == 118]
    assert bars.start_ns.tolist() == own["ts_event"].astype(np.int64).tolist()
    assert bars.end_ns.tolist() == (own["ts_event"].astype(np.int64) + MINUTE).tolist()
    first, last = es.records["event_ns"][0::2], es.records["event_ns"][1::2]
    assert first.tolist() == bars.start_ns.tolist()
    assert last.tolist() == (bars.end_ns - 1).tolist() == es.records["recv_ns"][1::2].tolist()
    assert (bars.close * 250_000_000).tolist() == own["close"].tolist()
    assert bars.volume.sum() == own["volume"].sum()


def test_an_undefined_price_is_a_side_that_is_not_there():
    table = dbn.read(shared(f"{TINY}mbp-1.v3.dbn.zst")).tables["mbp-1"].copy()
    table["ask_px_00"], table["ask_sz_00"] = 2**63 - 1, 0
    contract = read(f"{TINY}mbp-1.v3.dbn.zst")[0].streams[0].contract
    quotes = mbp.quotes(table, contract, "here")
    assert (quotes["flags"] & (BID | ASK) == BID).all()
    assert (quotes["px2"] == 0).all()


def test_the_contract_comes_from_the_symbols_of_the_file_and_the_dates_of_its_data():
    (reading,) = read("nautilus_databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst")
    contract = reading.streams[0].contract
    assert (contract.symbol, contract.expiry) == ("ESH4", "2024-03-15")
    (reading,) = read(f"{TINY}trades.v3.dbn.zst")
    assert reading.streams[0].contract.expiry == "2021-03-19"


def test_a_definition_file_tells_the_expiry_of_the_instruments_beside_it():
    named = read(f"{CATALOG}definition.dbn.zst", f"{CATALOG}trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")
    assert named[1].streams[0].contract.expiry == "2024-09-20"
    assert "used for the other files" in named[0].report.notes[0]


def test_a_price_off_the_contracts_grid_is_refused():
    with pytest.raises(DataError, match=r"off the grid of RTYH4 \(0.1\)"):
        read("nautilus_databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst", root="RTYH4")


def test_a_root_that_settings_do_not_know_is_told():
    with pytest.raises(ConfigError, match="names no root"):
        read("nautilus_databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst", root="XYZ")


def test_messages_that_are_no_market_data_are_counted_not_dropped_unseen():
    (reading,) = read(f"{TINY}status.v3.dbn.zst")
    assert (reading.report.n_ignored, reading.streams) == (4, [])
    assert "status" in reading.report.notes[0]


def test_a_book_whose_beginning_is_missing_gives_no_quotes():
    (reading,) = read(f"{TINY}mbo.v3.dbn.zst")
    assert reading.report.n_records == 0
    assert any("before the first snapshot" in note for note in reading.report.notes)


@settings(max_examples=150)
@given(st.sampled_from(["mbo", "mbp-1", "mbp-10", "tbbo", "trades", "bbo-1m", "ohlcv-1m", "definition"]), st.data())
def test_damage_that_still_reads_as_records_is_refused_or_harmless(tmp_path_factory, schema, data):
    body = bytearray(pa.input_stream(str(shared(f"{TINY}{schema}.v3.dbn.zst")), compression="zstd").read())
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=4)):
        body[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.dbn"
    path.write_bytes(bytes(body))
    with suppress(DataError, ConfigError):
        list(databento.read_all([path], ROOTS))
