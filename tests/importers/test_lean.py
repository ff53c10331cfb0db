"""Lean's files as records: contract, day and form by name, times and prices as Lean keeps them; odd rows are kept, bad ones set aside."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import shared
from workbench.calendars import business_days
from workbench.config import load_roots
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME, Kind
from workbench.domain.units import MINUTE, MS, SECOND
from workbench.importers import base, lean
from workbench.importers.bars import bars_of
from workbench.importers.lean import Wanted
from workbench.market.rolls import front
from workbench.store.log import log_sessions, read_log

ROOTS = load_roots()
ES = "lean/Data/future/cme/minute/es"
SPY = "lean/Data/equity/usa"
MIDNIGHT_UTC = 1_385_942_400_000_000_000  # 2013-12-02
MIDNIGHT_NY = 1_381_118_400_000_000_000  # 2013-10-07, four hours behind UTC
BARS = "20131202_es_minute_trade_201312.csv"
QUOTES = "20131202_es_minute_quote_201312.csv"
TICKS = "20131007_spy_Trade_Tick.csv"
ROW = "36000000,1805.5,1805.75,1805.5,1805.75,17"
QUOTE = "36000000,1805.5,1805.5,1805.25,1805.25,73,1805.75,1806,1805.75,1806,220"
TICK = "36000000,1674100,100,P,20002000,0"


def read(path, **wanted):
    return list(lean.read_all([path], ROOTS, Wanted(**wanted)))


def packed(tmp_path, entries, name="20131202_trade.zip"):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, rows in entries.items():
            archive.writestr(entry, "\n".join(rows))
    return path


def one(tmp_path, entry, *rows, **wanted):
    (reading,) = read(packed(tmp_path, {entry: rows}), **wanted)
    return reading


@pytest.fixture(scope="module")
def roll_day():
    """The second of December 2013 by contract: bars and quotes of every month that has any."""
    found = {}
    for what in ("trade", "quote"):
        (reading,) = read(shared(f"{ES}/20131202_{what}.zip"))
        found |= {(stream.contract.symbol, what): stream for stream in reading.streams}
    return found


def test_every_month_of_the_roll_day_has_the_published_rows_volumes_and_prices(roll_day):
    bars = {symbol: bars_of(stream.records) for (symbol, what), stream in roll_day.items() if what == "trade"}
    assert {symbol: len(each.close) for symbol, each in bars.items()} == {"ESZ3": 1_370, "ESH4": 427, "ESM4": 22, "ESZ4": 1}
    assert (bars["ESZ3"].volume.sum(), bars["ESH4"].volume.sum()) == (1_303_719, 3_596)
    assert (bars["ESZ3"].high.max() / 4, bars["ESZ3"].low.min() / 4) == (1809.00, 1797.00)
    assert (bars["ESZ3"].close[-1] / 4, bars["ESH4"].close[-1] / 4) == (1800.75, 1794.75)
    assert bars["ESZ3"].start_ns[0] == MIDNIGHT_UTC
    assert (bars["ESZ3"].end_ns - bars["ESZ3"].start_ns == MINUTE).all()


def test_the_day_after_has_the_published_rows_and_volume():
    (reading,) = read(shared(f"{ES}/20131203_trade.zip"))
    (stream,) = reading.streams
    bars = bars_of(stream.records)
    assert (stream.contract.symbol, len(bars.close), bars.volume.sum()) == ("ESZ3", 1_372, 1_686_162)


def test_the_next_month_stands_the_published_distance_below_the_leading_one(roll_day):
    quotes = {symbol: stream.records for (symbol, what), stream in roll_day.items() if what == "quote"}
    near, far = quotes["ESZ3"], quotes["ESH4"]
    _, at_near, at_far = np.intersect1d(near["recv_ns"], far["recv_ns"], return_indices=True)
    assert len(at_near) > 1_000
    twice_mid = [some[at]["px"] + some[at]["px2"] for some, at in ((near, at_near), (far, at_far))]
    assert np.median(twice_mid[1] - twice_mid[0]) / 8 == -6.375


@pytest.mark.covers("S1-05", "S4-19")
def test_both_contracts_of_the_roll_lie_in_one_log_and_the_rule_says_which_leads(tmp_path):
    paths = [shared(f"{ES}/201312{day}_{what}.zip") for day in ("02", "03") for what in ("trade", "quote")]
    report = base.keep(base.plan("lean", list(lean.read_all(paths, ROOTS, Wanted(only=("ESZ3", "ESH4"))))), tmp_path)
    whole = np.concatenate([read_log(tmp_path, session) for session in log_sessions(tmp_path)])
    volume = {symbol: bars_of(whole[whole["contract"] == known]).volume.sum() for symbol, known in report.contracts.items()}
    assert volume == {"ESZ3": 1_303_719 + 1_686_162, "ESH4": 3_596}
    days = business_days(date(2013, 11, 1), date(2014, 4, 30))
    leads = {day: front(ROOTS["ES"].listing, date(2013, 12, day), days) for day in (2, 3, 12, 13)}
    assert {day: each.symbol for day, each in leads.items()} == {2: "ESZ3", 3: "ESZ3", 12: "ESZ3", 13: "ESH4"}
    assert max(volume, key=volume.get) == leads[2].symbol
    assert leads[2].expiry == date(2013, 12, 20)
    assert leads[13].expiry == date(2014, 3, 21)


def test_a_quote_bar_is_its_closing_bid_and_ask_in_the_last_nanosecond_it_covers(tmp_path):
    (quote,) = one(tmp_path, QUOTES, QUOTE).streams[0].records
    assert quote["kind"] == Kind.QUOTE
    assert quote["recv_ns"] == MIDNIGHT_UTC + 10 * 60 * MINUTE + MINUTE - 1
    assert (quote["px"], quote["sz"], quote["px2"], quote["sz2"]) == (1805.25 * 4, 73, 1806 * 4, 220)
    assert quote["flags"] == BID | ASK | CONFLATED  # when it came within the bar is not told: no EVENT_TIME


def test_of_one_minute_the_bar_comes_first_and_then_the_quote_that_stood_at_its_end(tmp_path):
    packed(tmp_path, {QUOTES: [QUOTE]}, "20131202_quote.zip")
    packed(tmp_path, {BARS: [ROW]})
    plan = base.plan("lean", read(tmp_path))
    assert plan.parts[0].records["kind"].tolist() == [Kind.BAR, Kind.BAR, Kind.QUOTE]
    assert len(set(plan.parts[0].records["recv_ns"].tolist())) == 1


def test_the_nineteen_unusable_quotes_are_kept_counted_and_seen(tmp_path):
    (reading,) = read(shared(f"{ES}/20131008_quote.zip"), only=("ESZ3",))
    (stream,) = reading.streams
    sides = stream.records["flags"] & (BID | ASK)
    assert len(stream.records) == 1_411
    assert ((sides == BID | ASK) & (stream.records["px"] >= stream.records["px2"])).sum() == 11
    assert (sides != BID | ASK).sum() == 8
    assert reading.rejected == []
    assert "ESZ3, kept: 11 x bid at or above ask (first: line 1171); 8 x one side alone (first: line 264)" in reading.report.notes


def test_a_side_that_is_blank_or_has_no_size_is_not_there(tmp_path):
    rows = (QUOTE, "36060000,,,,,0,1806,1806,1806,1806,6", "36120000,1805,1805,1805,1805,0,,,,,0")
    records = one(tmp_path, QUOTES, *rows).streams[0].records
    assert (records["flags"] & (BID | ASK)).tolist() == [BID | ASK, ASK, 0]
    assert records["px"].tolist() == [1805.25 * 4, 0, 0]


def test_a_share_is_read_by_new_york_time_and_in_ten_thousandths(tmp_path):
    (tick,) = one(tmp_path, TICKS, TICK).streams[0].records
    assert (tick["kind"], tick["px"], tick["sz"], tick["side"]) == (Kind.PRINT, 1_674_100, 100, 0)
    assert tick["recv_ns"] == tick["event_ns"] == MIDNIGHT_NY + 36_000_000 * MS
    assert tick["flags"] & EVENT_TIME


def test_a_time_may_have_parts_of_a_millisecond(tmp_path):
    (tick,) = one(tmp_path, TICKS, "36000009.367,1674100,100,P,1,0").streams[0].records
    assert tick["recv_ns"] - MIDNIGHT_NY == 36_000_009_367_000


def test_a_quote_tick_that_tells_one_side_leaves_the_other_as_it_was(tmp_path):
    rows = ("36000000,1674000,300,0,0,P,1,0", "36000001,0,0,1674200,500,Q,1,0", "36000002,1674100,200,0,0,P,1,1")
    reading = one(tmp_path, "20131007_spy_Quote_Tick.csv", *rows)
    records = reading.streams[0].records
    assert (records["flags"] & (BID | ASK)).tolist() == [BID, BID | ASK, BID | ASK]
    assert records["px"].tolist() == [1_674_000, 1_674_000, 1_674_100]
    assert records["px2"].tolist() == [0, 1_674_200, 1_674_200]
    assert reading.report.notes == ["SPY, kept: 1 x one side alone (first: line 1); 1 x suspicious to its maker (first: line 3)"]


def test_ticks_of_futures_are_read_in_points_and_utc(tmp_path):
    row = "36000000,1805.25,3,usa,,0"
    (tick,) = one(tmp_path, "20131202_es_tick_trade_201312_20131220.csv", row).streams[0].records
    assert (tick["px"], tick["sz"], tick["recv_ns"]) == (1805.25 * 4, 3, MIDNIGHT_UTC + 36_000 * SECOND)


def test_the_name_tells_the_contract_also_by_its_expiry(tmp_path):
    for entry, symbol, expiry in (
        ("20131202_es_minute_trade_201403.csv", "ESH4", "2014-03-21"),
        ("20181210_cl_minute_trade_201901_20181219.csv", "CLF9", "2018-12-19"),
        ("20131007_spy_minute_trade.csv", "SPY", None),
    ):
        row = "36000000,1674100,1674100,1674100,1674100,5" if symbol == "SPY" else "36000000,52.25,52.25,52.25,52.25,5"
        contract = one(tmp_path, entry, row).streams[0].contract
        assert (contract.symbol, contract.expiry) == (symbol, expiry)


def test_an_unpacked_file_reads_as_its_zip_does(tmp_path):
    (tmp_path / BARS).write_text(ROW + "\n")
    (reading,) = read(tmp_path / BARS)
    assert reading.streams[0].records.tobytes() == one(tmp_path, BARS, ROW).streams[0].records.tobytes()


def test_what_is_not_read_is_counted_and_named(tmp_path):
    entries = {BARS: [ROW], "20131202_es_minute_openinterest_201312.csv": ["25560000,2798054", "46260000,2798054"]}
    for what, entry in (("trade", BARS), ("openinterest", "20131202_es_minute_openinterest_201312.csv")):
        packed(tmp_path, {entry: entries[entry]}, f"20131202_{what}.zip")
    packed(tmp_path, {"es_trade_201312.csv": ["20131202 00:00,1,1,1,1,1"]}, "es_trade.zip")
    bars, interest, rest = read(tmp_path)
    assert (bars.report.n_rows, bars.report.n_ignored) == (1, 0)
    assert (interest.report.n_rows, interest.report.n_ignored, interest.streams) == (2, 2, [])
    assert "es_trade.zip" in rest.report.notes[0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("36060000,1805.5,1805.75,1805.5", "not 6 fields"),
        ("soon,1805.5,1805.75,1805.5,1805.75,17", "no milliseconds of a day"),
        ("86400000,1805.5,1805.75,1805.5,1805.75,17", "no milliseconds of a day"),
        ("-60000,1805.5,1805.75,1805.5,1805.75,17", "no milliseconds of a day"),
        ("36060000,nan,1805.75,1805.5,1805.75,17", "open is no number"),
        ("36060000,1805.5,1805.8,1805.5,1805.75,17", "high is off the grid of 0.25"),
        ("36060000,1805.5,1805.25,1805.25,1805.25,17", "high is not the highest"),
        ("36060000,1805.5,1805.75,1805.5,1805.75,-17", "volume is negative"),
        ("35940000,1805.5,1805.75,1805.5,1805.75,17", "time goes back"),
        (ROW, "the same line again"),
        ("36000000,1805.5,1805.75,1805.5,1805.5,17", "a second bar of this time"),
        ("36060001,1805.5,1805.75,1805.5,1805.75,17", "not on the grid of bars of a minute"),
    ],
)
@pytest.mark.covers("S4-17")
def test_a_bad_row_is_set_aside_with_file_line_and_reason(tmp_path, row, reason):
    reading = one(tmp_path, BARS, ROW, row, max_bad_frac=0.5)
    (rejected,) = reading.rejected
    assert rejected == (f"{tmp_path / '20131202_trade.zip'}#{BARS}", 2, reason, row)
    assert reading.report.reasons == {reason: 1}
    assert reading.report.n_records == 2
    with pytest.raises(DataError, match=r"1 of 2 rows.*line 2.*--max-bad-frac"):
        one(tmp_path, BARS, ROW, row)


def test_a_zip_is_judged_whole_so_that_a_far_month_of_one_bad_row_refuses_nothing(tmp_path):
    rows = [f"{36_000_000 + 60_000 * n},1805.5,1805.75,1805.5,1805.75,17" for n in range(150)]
    path = packed(tmp_path, {BARS: rows, "20131202_es_minute_trade_201412.csv": ["36000000,1780.1,1780,1780,1780,2"]})
    (reading,) = read(path)
    assert reading.report.contracts == ["ESZ3"]
    assert reading.report.n_quarantined == 1


def test_times_of_another_zone_are_refused_and_read_once_that_is_said(tmp_path):
    """A day of Chicago, written as Lean would write it in UTC: the hour in which the exchange rests lies elsewhere."""
    wall = [*range(16 * 60), *range(17 * 60, 24 * 60)]  # Tuesday; closed from 16:15 to 17:00 in those years
    rows = [f"{minute * 60_000},1805.5,1805.75,1805.5,1805.75,17" for minute in wall]
    with pytest.raises(DataError, match="closed; read as America/Chicago"):
        one(tmp_path, "20131203_es_minute_trade_201312.csv", *rows)
    reading = one(tmp_path, "20131203_es_minute_trade_201312.csv", *rows, zone="America/Chicago")
    assert bars_of(reading.streams[0].records).start_ns[0] == MIDNIGHT_UTC + 30 * 60 * MINUTE
    assert one(tmp_path, "20131203_es_minute_trade_201312.csv", *rows, trust_times=True).report.n_records == 2 * len(rows)


@pytest.mark.parametrize(
    ("entries", "wanted", "error", "says"),
    [
        ({BARS: [ROW]}, {"only": ("ESH4",)}, ConfigError, "there are ESZ3"),
        ({BARS: [ROW]}, {"resolution": "second"}, DataError, "minute data, none of the second"),
        ({BARS: [ROW]}, {"resolution": "hour"}, ConfigError, "tick, second, minute"),
        ({BARS: [ROW]}, {"zone": "Mars"}, ConfigError, "IANA"),
        ({BARS: [ROW]}, {"max_bad_frac": 2.0}, ConfigError, "share"),
        ({BARS: ["36000000,1805.5,17"]}, {}, DataError, "3 fields; Lean writes 6"),
        ({BARS: [""]}, {}, DataError, "empty"),
        ({"20131202_xyz_minute_trade_201312.csv": [ROW]}, {}, ConfigError, "names no root"),
        ({"20131202_es_minute_trade.csv": [ROW]}, {}, ConfigError, "no month of delivery"),
        ({"20131202_spy_minute_trade_201312.csv": [ROW]}, {}, ConfigError, "a month of delivery"),
        ({"20131202_es_minute_trade_201311.csv": [ROW]}, {}, ConfigError, "lists the months HMUZ"),
        ({"20131202_es_minute_trade_201309.csv": [ROW]}, {}, ConfigError, "no such month was alive"),
        ({"20131202_es_minute_trade_201312_20140321.csv": [ROW]}, {}, ConfigError, "does not expire"),
        ({"20131302_es_minute_trade_201312.csv": [ROW]}, {}, DataError, "no file of Lean's"),
        ({"readme.txt": ["hello"]}, {}, DataError, "no file of Lean's"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path, entries, wanted, error, says):
    with pytest.raises(error, match=says):
        read(packed(tmp_path, entries), **wanted)


def test_one_day_in_two_resolutions_is_refused_until_one_is_chosen(tmp_path):
    packed(tmp_path, {BARS: [ROW]})
    packed(tmp_path, {BARS.replace("minute", "second"): [ROW]}, "second.zip")
    with pytest.raises(DataError, match="as second and as minute; say which: --resolution second"):
        read(tmp_path)
    assert read(tmp_path, resolution="second")[0].streams[0].kind == "bars 1s"


def test_a_path_that_is_not_there_and_an_empty_folder_are_told(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "no.zip")
    with pytest.raises(DataError, match="no zip of Lean's"):
        read(tmp_path)


def test_a_refused_import_writes_nothing(tmp_path):
    packed(tmp_path, {BARS: [ROW]})
    packed(tmp_path, {QUOTES: [QUOTE, "x,y,z"]}, "20131202_quote.zip")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="1 of 2 rows"):
        base.plan("lean", read(tmp_path))
    assert sorted(tmp_path.rglob("*")) == before


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_zip_is_refused_or_harmless_and_never_another_error(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    body = bytearray(packed(folder, {BARS: [ROW] * 3, QUOTES: [QUOTE]}).read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=4)):
        body[at] = data.draw(st.integers(0, 255))
    path = folder / "damaged.zip"
    path.write_bytes(bytes(body[: data.draw(st.integers(0, len(body)))]))
    with suppress(DataError, ConfigError):
        read(path, max_bad_frac=1.0)


FIELD = st.one_of(
    st.sampled_from(["", "nan", "1805.5", "36000000", "-1", "1e3", "1805.1", '"', "0", "99999999999999999999"]), st.text(max_size=6)
)
LINE = st.one_of(st.sampled_from([ROW, QUOTE, TICK]), st.lists(FIELD, max_size=12).map(",".join), st.text(max_size=30))


@settings(max_examples=200)
@given(st.lists(LINE, max_size=10), st.sampled_from([BARS, QUOTES, TICKS, "20131007_spy_Quote_Tick.csv"]), st.sampled_from([0.0, 0.5, 1.0]))
def test_any_text_at_all_is_read_or_refused(tmp_path_factory, rows, entry, max_bad_frac):
    path = tmp_path_factory.getbasetemp() / entry
    path.write_text("\n".join(rows), encoding="utf-8", errors="surrogatepass")
    with suppress(DataError, ConfigError):
        (reading,) = read(path, max_bad_frac=max_bad_frac)
        n_kept = reading.report.n_records // (2 if entry == BARS else 1)
        assert n_kept + reading.report.n_quarantined == reading.report.n_rows


def frame(path):
    with zipfile.ZipFile(path) as archive:
        body = archive.read(archive.namelist()[0])
    return pl.read_csv(body, has_header=False)


def test_every_print_of_a_hostile_day_is_read_as_the_file_has_it():
    path = shared(f"{SPY}/tick/spy/20131007_trade.zip")
    (reading,) = read(path)
    records, truth = reading.streams[0].records, frame(path)
    assert len(records) == truth.height == 250_601
    assert reading.rejected == []
    for field, column in (("px", 1), ("sz", 2)):
        assert np.array_equal(records[field], truth.to_series(column).to_numpy())
    assert np.array_equal((records["recv_ns"] - MIDNIGHT_NY) // MS, truth.to_series(0).to_numpy())


def test_seconds_and_minutes_of_a_share_add_up_to_the_same_volume():
    for day in ("20131007", "20131008"):
        volumes = set()
        for resolution in ("second", "minute"):
            (reading,) = read(shared(f"{SPY}/{resolution}/spy/{day}_trade.zip"))
            volumes.add(int(bars_of(reading.streams[0].records).volume.sum()))
        assert len(volumes) == 1
