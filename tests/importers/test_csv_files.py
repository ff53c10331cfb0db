"""Text files as declared: exact where the declaration fits, rows set aside where a few are bad, refused where it contradicts the data."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import shared
from workbench.config import load_roots
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import ASK, BID, Kind
from workbench.domain.units import MINUTE, SECOND
from workbench.importers import csv_files
from workbench.importers.bars import bars_of
from workbench.importers.mapping import declare

ROOTS = load_roots()
FOLDER = "firstrate_samples/2026-01-26_2026-02-09"
NEW_YORK = ZoneInfo("America/New_York")
BARS = {"zone": "America/New_York", "stamp": "start", "length": "1m"}
HEAD = "timestamp,open,high,low,close,volume"
GOOD = [
    "2026-01-26 10:00:00,6904.0,6905.0,6903.0,6904.25,10",
    "2026-01-26 10:01:00,6904.25,6905.0,6903.0,6904.5,11",
    "2026-01-26 10:02:00,6904.5,6905.0,6903.0,6904.75,12",
]


def read(path, contract="ESH6", **declared):
    (one,) = declare([f"{contract}={path}"], None, declared)
    return csv_files.read(one, ROOTS)


def write(tmp_path, *lines, head=HEAD):
    path = tmp_path / "a.csv"
    path.write_text("\n".join([*([head] if head else []), *lines]) + "\n")
    return path


@pytest.mark.parametrize(("contract", "file", "n"), [("ES.c", "ES", 15_214), ("SPY", "SPY", 10_220), ("QQQ", "QQQ", 10_400)])
def test_every_bar_of_the_samples_is_read_exactly(contract, file, n):
    path = shared(f"{FOLDER}/{file}_1min_sample.csv")
    reading = read(path, contract, **BARS)
    (stream,) = reading.streams
    bars, frame = bars_of(stream.records), pd.read_csv(path, parse_dates=["timestamp"])
    assert len(frame) == n == len(bars.end_ns) == reading.report.n_rows
    assert reading.rejected == []
    ends = frame["timestamp"].dt.tz_localize(NEW_YORK).dt.as_unit("ns").astype("int64") + MINUTE
    assert bars.end_ns.tolist() == ends.tolist()
    assert bars.start_ns.tolist() == (ends - MINUTE).tolist()
    quantum = float(stream.contract.price_quantum)
    for name in ("open", "high", "low", "close"):
        assert np.array_equal(getattr(bars, name), (frame[name] / quantum).round().astype("int64"))
    assert bars.volume.tolist() == frame["volume"].tolist()
    typical = (frame["high"] + frame["low"] + frame["close"]) / 3 / quantum * frame["volume"]
    assert np.abs(bars.pv - typical).max() <= 0.51


def test_the_published_correlations_come_out_of_the_records():
    """Log returns of closes between adjacent bars of one day, regular hours; a bar stamped at its end would shift and break them."""
    closes = {}
    for contract, file in (("ES.c", "ES"), ("SPY", "SPY"), ("QQQ", "QQQ")):
        (stream,) = read(shared(f"{FOLDER}/{file}_1min_sample.csv"), contract, **BARS).streams
        bars = bars_of(stream.records)
        index = pd.to_datetime(bars.end_ns - MINUTE, utc=True).tz_convert(NEW_YORK)
        closes[file] = pd.Series([stream.contract.to_pts(int(px)) for px in bars.close], index)
    table = pd.DataFrame(closes).between_time("09:30", "15:59").dropna()
    returns = np.log(table).groupby(table.index.date).diff()
    assert len(returns.dropna()) == 4_279
    for other, corr, beta, back, ahead in (("SPY", 0.9975, 0.9941, -0.0305, -0.0266), ("QQQ", 0.9443, 1.3277, -0.0178, -0.0185)):
        pair = returns[["ES", other]].dropna()
        es, etf = pair["ES"], pair[other]
        by_day = pair.groupby(pair.index.date)
        assert round(es.corr(etf), 4) == corr
        assert round(es.cov(etf) / es.var(), 4) == beta
        assert round(by_day["ES"].shift(-1).corr(etf), 4) == back
        assert round(by_day["ES"].shift(1).corr(etf), 4) == ahead


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"zone": "UTC"}, "read as America/New_York, 0.0%"),
        ({"zone": "America/Chicago"}, "closed; read as America/New_York"),
        ({"stamp": "end"}, "as its start, 0"),
        ({"length": "5m"}, "--length 1m"),
        ({"length": "30s"}, "--length 1m"),
        ({"zone": None}, "zone must be declared"),
        ({"newest_first": True}, "not right here"),
        ({"columns": {"time": "moment"}}, "no column 'moment'"),
        ({"time_format": "%m/%d/%Y %H:%M"}, "no time of the form"),
        ({"time_format": "epoch_s", "zone": None}, "no time of the form"),
        ({"delimiter": ";"}, "is --delimiter semicolon right"),
        ({"header": False, "columns": ["time", "open", "high", "low", "close", "volume"]}, "this is a header"),
    ],
)
@pytest.mark.covers("S4-20")
def test_a_declaration_that_contradicts_the_data_is_refused(changes, says):
    with pytest.raises(DataError, match=says):
        read(shared(f"{FOLDER}/ES_1min_sample.csv"), **BARS | changes)


def test_prices_of_another_contract_are_refused_for_its_grid():
    with pytest.raises(DataError, match=r"off the grid of 0\.1"):
        read(shared(f"{FOLDER}/ES_1min_sample.csv"), "RTYH6", **BARS)


def test_a_share_read_in_the_wrong_zone_is_seen_by_its_hours():
    with pytest.raises(DataError, match="closed"):
        read(shared(f"{FOLDER}/SPY_1min_sample.csv"), "SPY", **BARS | {"zone": "UTC"})


def test_regular_hours_alone_show_a_wrong_zone_that_hides_in_extended_hours(tmp_path):
    minutes = [datetime(2026, 1, 26, 9, 30) + timedelta(minutes=n) for n in range(390)]  # noqa: DTZ001  as a file writes it
    path = write(tmp_path, *(f"{at},690.01,690.02,690.0,690.01,5" for at in minutes))
    with pytest.raises(DataError, match="all rows lie in the regular hours of SPY"):
        read(path, "SPY", **BARS | {"zone": "UTC"})
    assert read(path, "SPY", **BARS).report.n_records == 780
    assert read(path, "SPY", **BARS | {"zone": "UTC", "trust_times": True}).report.n_records == 780


def test_a_file_without_header_is_read_by_position_and_never_taken_for_one_with():
    path = shared("firstrate_samples/2023-03-08_2023-03-23/ES_1min_sample.csv")
    with pytest.raises(DataError, match="no header, these are values"):
        read(path, "ES.c", **BARS)
    columns = ["time", "open", "high", "low", "close", "volume"]
    assert read(path, "ES.c", **BARS, header=False, columns=columns).report.n_rows == 16_200


def test_times_with_offsets_need_no_zone_and_a_wrong_one_is_refused():
    path = shared("yahoo_snapshots/tanushree28/10072025/ES_F_5m.csv")
    five = {"stamp": "start", "length": "5m"}
    reading = read(path, "ES.c", **five)
    assert bars_of(reading.streams[0].records).end_ns[0] == 1_759_825_200 * SECOND
    assert reading.report.notes == ["columns not read: Symbol"]
    with pytest.raises(DataError, match="carries an offset that America/Chicago does not have"):
        read(path, "ES.c", **five, zone="America/Chicago")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-01-26 10:03:00,6904.0,6905.0", "not 6 fields"),
        ("2026-01-26 10:03:00,6904.0,6905.0,6903.0,6904.25,10,7", "not 6 fields"),
        ("yesterday,6904.0,6905.0,6903.0,6904.25,10", "no time of the form iso"),
        ("2026-03-08 02:30:00,6904.0,6905.0,6903.0,6904.25,10", "no such time in America/New_York"),
        ("2026-01-26 10:03:00,nan,6905.0,6903.0,6904.25,10", "open is no number"),
        ("2026-01-26 10:03:00,6904.0,6905.0,,6904.25,10", "low is no number"),
        ("2026-01-26 10:03:00,6904.0,6905.1,6903.0,6904.25,10", "high is off the grid of 0.25"),
        ("2026-01-26 10:03:00,6904.0,6905.0,6903.0,6904.25,-1", "volume is negative"),
        ("2026-01-26 10:03:00,6904.0,6905.0,6903.0,6904.25,1.5", "volume is no multiple of 1"),
        ("2026-01-26 10:03:00,6904.0,6903.5,6903.0,6904.25,10", "high is not the highest"),
        ("2026-01-26 10:03:00,6904.0,6905.0,6904.25,6904.25,10", "low is not the lowest"),
        ("2026-01-26 10:03:00,6904.0,6905.0,6903.0,6904.25,900000000000000000", "price x volume is more than any market trades"),
        ("2026-01-26 10:01:00,6904.25,6905.0,6903.0,6904.5,11", "time goes back"),
        (GOOD[2], "the same line again"),
        ("2026-01-26 10:02:00,6904.5,6905.0,6903.0,6904.75,13", "a second bar of this time"),
        ("2026-01-26 10:03:30,6904.0,6905.0,6903.0,6904.25,10", "not on the grid of bars of 1m"),
    ],
)
@pytest.mark.covers("S4-17")
def test_a_bad_row_is_set_aside_with_line_reason_and_text(tmp_path, row, reason):
    reading = read(write(tmp_path, *GOOD, row), **BARS, max_bad_frac=0.3)
    (rejected,) = reading.rejected
    assert (rejected.line, rejected.reason, rejected.text) == (5, reason, row)
    assert reading.report.reasons == {reason: 1}
    assert reading.report.n_records == 6


def test_more_bad_rows_than_may_be_refuse_the_whole_file(tmp_path):
    bad = "2026-01-26 10:03:00,nan,6905.0,6903.0,6904.25,10"
    with pytest.raises(DataError, match=r"1 of 4 rows.*line 5.*--max-bad-frac"):
        read(write(tmp_path, *GOOD, bad), **BARS)


def test_prices_that_went_through_32_bit_floats_are_read_back_exactly_once_that_is_declared():
    path, five = shared("yahoo_snapshots/zhangjing02/QQQ_5m.csv"), {"stamp": "start", "length": "5m"}
    with pytest.raises(DataError, match="--prices float32"):
        read(path, "QQQ", **five)
    reading = read(path, "QQQ", **five, prices="float32")
    frame = pd.read_csv(path)
    (stream,) = reading.streams
    bars = bars_of(stream.records)
    assert reading.rejected == []
    assert len(bars.close) == len(frame) == 4_520
    assert np.array_equal(np.array([stream.contract.to_pts(int(px)) for px in bars.close], np.float32), frame["Close"].astype(np.float32))
    assert [str(one) for one in np.float32(frame["Close"][:3])] == [f"{stream.contract.to_pts(int(px)):g}" for px in bars.close[:3]]


def test_the_odd_prices_of_a_good_file_are_set_aside():
    reading = read(shared("yahoo_snapshots/tanushree28/10022025/NQ_F_5m.csv"), "NQ.c", stamp="start", length="5m", prices="float32")
    (odd,) = reading.rejected
    assert (odd.line, odd.reason) == (75, "open is off the grid of 0.25")


def test_a_file_that_runs_backwards_is_refused_until_that_is_declared(tmp_path):
    path = write(tmp_path, *reversed(GOOD))
    with pytest.raises(DataError, match="--newest-first"):
        read(path, **BARS)
    assert bars_of(read(path, **BARS, newest_first=True).streams[0].records).volume.tolist() == [10, 11, 12]


def test_a_header_alone_and_a_missing_column_are_told(tmp_path):
    with pytest.raises(DataError, match="no data"):
        read(write(tmp_path), **BARS)
    with pytest.raises(DataError, match="which column is volume"):
        read(write(tmp_path, "1,2,3,4,5", head="timestamp,open,high,low,close"), **BARS)


def test_quotes_may_lack_a_side(tmp_path):
    path = write(
        tmp_path,
        "2026-01-26 10:00:00.001,6904.0,5,6904.25,7",
        "2026-01-26 10:00:00.002,,,6904.25,7",
        "2026-01-26 10:00:00.002,6904.0,0,6904.25,7",
        head="time,bid,bid_size,ask,ask_size",
    )
    records = read(path, kind="quotes", zone="America/New_York").streams[0].records
    assert (records["flags"] & (BID | ASK)).tolist() == [BID | ASK, ASK, ASK]
    assert records["px"].tolist() == [27616, 0, 0]
    assert (records["kind"] == Kind.QUOTE).all()


def test_prints_may_repeat_and_tell_who_was_aggressive(tmp_path):
    rows = [f"2026-01-26 10:00:00,6904.0,1,{side}" for side in ("B", "sell", "", "B")]
    path = write(tmp_path, *rows, "2026-01-26 10:00:01,6904.0,1,x", head="time,price,size,side")
    reading = read(path, kind="prints", zone="America/New_York", max_bad_frac=0.2)
    assert reading.streams[0].records["side"].tolist() == [1, -1, 0, 1]
    assert reading.report.reasons == {"side is neither buy nor sell": 1}


def test_date_and_time_may_be_two_columns_of_any_pattern(tmp_path):
    path = write(tmp_path, "01/26/2026;10:00;6904.0;6905.0;6903.0;6904.25;10", head="Date;Time;Open;High;Low;Close;Vol")
    reading = read(path, **BARS, delimiter="semicolon", time_format="%m/%d/%Y %H:%M")
    assert bars_of(reading.streams[0].records).end_ns.tolist() == [1_769_439_660 * SECOND]


def test_a_decimal_comma_is_read_once_it_is_declared_and_never_before(tmp_path):
    rows = [f"26.01.2026;10:0{n};6.904,25;6905,0;6903,00;6904,5;1.00{n}" for n in range(3)]
    path = write(tmp_path, *rows, head="Datum;Zeit;Open;High;Low;Close;Volumen")
    with pytest.raises(DataError, match="--decimal comma"):
        read(path, **BARS)
    bars = bars_of(read(path, **BARS, decimal="comma").streams[0].records)
    assert (bars.open[0] / 4, bars.close[0] / 4, bars.volume.tolist()) == (6904.25, 6904.5, [1_000, 1_001, 1_002])


def test_a_decimal_point_in_a_file_with_decimal_commas_is_no_number(tmp_path):
    rows = [f"2026-01-26 10:0{n};6904,25;6905,0;6903,0;{close};10" for n, close in enumerate(("6904,5", "6904.5"))]
    reading = read(write(tmp_path, *rows, head="time;open;high;low;close;volume"), **BARS, decimal="comma", max_bad_frac=0.5)
    assert reading.report.reasons == {"close is no number": 1}


def test_the_header_of_three_lines_that_yfinance_writes_is_read(tmp_path):
    head = "Price,Close,High,Low,Open,Volume\nTicker,SPY,SPY,SPY,SPY,SPY\nDatetime,,,,,"
    path = write(tmp_path, "2026-01-26 15:00:00+00:00,690.02,690.5,689.5,690.0,10", head=head)
    bars = bars_of(read(path, "SPY", stamp="start", length="1m").streams[0].records)
    assert (bars.open[0] / 10_000, bars.close[0] / 10_000) == (690.0, 690.02)
    path = write(tmp_path, "2026-01-26 15:00:00+00:00,1,1,1,1,10", head=head.replace("SPY,SPY,SPY", "SPY,QQQ,SPY"))
    with pytest.raises(DataError, match="one ticker a file"):
        read(path, "SPY", stamp="start", length="1m")


def test_times_that_count_from_1970_take_no_zone(tmp_path):
    path = write(tmp_path, *(f"{1_769_437_800 + 60 * n},6904.0,6905.0,6903.0,6904.25,10" for n in range(3)))
    with pytest.raises(DataError, match="leave --zone away"):
        read(path, **BARS)
    assert bars_of(read(path, stamp="start", length="1m").streams[0].records).start_ns[0] == 1_769_437_800 * SECOND


def test_a_missing_zone_is_asked_for_with_those_that_fit_the_markets_hours():
    path = shared(f"{FOLDER}/ES_1min_sample.csv")
    with pytest.raises(DataError, match=r"must be declared.*it could be America/New_York\.$"):
        read(path, "ES.c", stamp="start", length="1m")


def test_a_column_called_by_a_zone_and_declared_in_another_is_refused(tmp_path):
    path = write(tmp_path, *GOOD, head="Gmt time,Open,High,Low,Close,Volume")
    with pytest.raises(DataError, match=r"called 'Gmt time'.*--zone UTC"):
        read(path, **BARS)
    assert read(path, **BARS, trust_times=True).report.n_records == 6


def test_columns_are_found_by_the_names_that_others_use(tmp_path):
    path = write(
        tmp_path, "2026.01.26,10:00:00,6904.0,6905.0,6903.0,6904.25,10,3", head="<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<SPREAD>"
    )
    reading = read(path, **BARS)
    assert reading.report.n_records == 2
    assert reading.report.notes == ["columns not read: <SPREAD>"]


def test_what_was_understood_is_shown_in_utc_and_exchange_time(tmp_path):
    shown = "\n".join(read(write(tmp_path, *GOOD), **BARS).preview)
    assert "ESH6, future, CME, expires 2026-03-20" in shown
    assert "BAR 2026-01-26 15:00:00 to 15:01:00 UTC (known 2026-01-26 09:01:00 America/Chicago)" in shown
    assert "(high + low + close) / 3 x volume" in shown


FIELD = st.one_of(st.sampled_from(["", "nan", "6904.0", "-1", "1e3", "6904.1", '"', "2026-01-26 10:00:00", "x" * 70]), st.text(max_size=8))
ROW = st.one_of(st.sampled_from(GOOD), st.lists(FIELD, max_size=8).map(",".join), st.text(max_size=40))


@settings(max_examples=200)
@given(
    st.lists(ROW, max_size=12),
    st.sampled_from([HEAD, "", "time,price,size,side", "time,bid,bid_size,ask,ask_size", "a;b", '"']),
    st.sampled_from(["bars", "prints", "quotes"]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_any_text_at_all_is_read_or_refused_and_never_another_error(tmp_path_factory, rows, head, kind, max_bad_frac):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_text("\n".join([head, *rows]), encoding="utf-8", errors="surrogatepass")
    shape = {"stamp": "start", "length": "1m"} if kind == "bars" else {}
    with suppress(DataError, ConfigError):
        reading = read(path, zone="America/New_York", kind=kind, max_bad_frac=max_bad_frac, **shape)
        n_kept = reading.report.n_records // (2 if kind == "bars" else 1)
        assert n_kept + reading.report.n_quarantined == reading.report.n_rows
        assert n_kept > 0


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_refused_or_read(tmp_path_factory, body):
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(HEAD.encode() + b"\n" + body)
    with suppress(DataError, ConfigError):
        read(path, **BARS, max_bad_frac=1.0)


def test_the_day_of_the_data_chooses_the_decade(tmp_path):
    contract = read(write(tmp_path, *GOOD), "ESH6", **BARS).streams[0].contract
    assert date.fromisoformat(contract.expiry) == date(2026, 3, 20)
