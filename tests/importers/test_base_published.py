"""What others computed about public data comes out of our recordings of it: counts, volumes, prices, bars of 5 s, correlations, a roll."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from tests.data import shared
from tests.importers.xdr import read_rdata
from workbench.calendars import business_days, phase_at
from workbench.config import load_roots
from workbench.domain.records import Kind, Phase
from workbench.domain.units import MINUTE, SECOND, US
from workbench.importers import base, csv_files, lean
from workbench.importers.bars import bars_of
from workbench.importers.mapping import declare
from workbench.market.fold import Market, address_of
from workbench.market.rolls import front
from workbench.market.state import Stop
from workbench.store.log import log_sessions, read_log

ROOTS = load_roots()
NEW_YORK = ZoneInfo("America/New_York")
SPY = "lean/Data/equity/usa/tick/spy"
YAHOO = "yahoo_snapshots"
FIVE = {"stamp": "start", "length": "5m"}
# prints of the file; of regular hours: prints, volume, volume-weighted price, high, low, bars of 5 s that hold a print
SPY_DAYS = {
    "20131007": (250_601, 241_504, 81_975_673, 167.9302, 168.90, 167.25, 4_550),
    "20131008": (451_545, 440_353, 154_413_631, 166.3838, 167.72, 165.36, 4_676),
    "20131009": (439_677, 428_958, 144_554_931, 165.5279, 166.20, 164.53, 4_660),
    "20131010": (460_032, 443_171, 158_497_974, 168.1795, 169.26, 165.59, 4_674),
}


def at_ns(day, clock):
    return int(datetime.combine(day, clock, NEW_YORK).timestamp()) * SECOND


def rich_bars(records):
    """The bars of 5 s that the fold closes: when, how many prints, volume."""
    slots = sorted(set(records["contract"].tolist()) - {0})
    market, at, found = Market(slots), 0, []
    records = records.copy()
    while at < len(records):
        at, stop = market.fold(address_of(records), at, len(records))
        if stop == Stop.BARRIER:
            found += market.bars[market.bars["t_end"] > 0][["t_end", "n_print", "volume", "quality"]].tolist()
    return np.array(found, np.int64)


@pytest.fixture(scope="module")
def spy(tmp_path_factory):
    """Four days of unfiltered prints, 1.6 million, imported in one command; and the bars made of them."""
    data = tmp_path_factory.mktemp("spy")
    report = base.keep(base.plan("lean", list(lean.read_all([shared(f"{SPY}/{day}_trade.zip") for day in SPY_DAYS], ROOTS))), data)
    sessions = [read_log(data, session) for session in log_sessions(data)]
    whole = np.concatenate(sessions)
    return report, whole[whole["kind"] == Kind.PRINT], np.concatenate([rich_bars(each) for each in sessions])


@pytest.mark.parametrize("day", SPY_DAYS)
def test_four_hostile_days_of_prints_have_the_published_figures(spy, day):
    _, prints, bars = spy
    n_file, n, volume, vwap, high, low, n_bars = SPY_DAYS[day]
    that = date.fromisoformat(day)
    begin, open_ns, close_ns = (at_ns(that, clock) for clock in (time(0), time(9, 30), time(16)))
    whole = prints[(prints["recv_ns"] >= begin) & (prints["recv_ns"] < at_ns(that + timedelta(1), time(0)))]
    own = whole[(whole["recv_ns"] >= open_ns) & (whole["recv_ns"] < close_ns)]
    assert (len(whole), len(own), own["sz"].sum()) == (n_file, n, volume)
    assert round((own["px"] * own["sz"]).sum() / volume / 10_000, 4) == vwap
    assert (own["px"].max() / 10_000, own["px"].min() / 10_000) == (high, low)
    regular = bars[(bars[:, 0] > open_ns) & (bars[:, 0] <= close_ns)]
    assert np.count_nonzero(regular[:, 1]) == n_bars
    assert (regular[:, 1].sum(), regular[:, 2].sum()) == (n, volume)


def test_no_print_is_lost_or_set_aside_however_odd_and_the_suspicious_ones_are_counted(spy):
    report, prints, _ = spy
    assert (len(prints), report.n_quarantined) == (1_601_855, 0)
    assert [note for file in report.files for note in file.notes] == ["SPY, kept: 10 x suspicious to its maker (first: line 453114)"]


@pytest.fixture(scope="module")
def esm8(tmp_path_factory):
    """A saved R object, turned into a text file as docs/your-data.md shows, and imported."""
    values, attributes = read_rdata(shared("rtrawl/ESM8.RData"))["ESM8"]
    us = (attributes["index"][0] * 1e6).astype("int64")
    folder = tmp_path_factory.mktemp("esm8")
    table = pd.DataFrame({"time": pd.to_datetime(us, unit="us", utc=True), "price": values.astype(float), "size": 1})
    table.to_csv(folder / "esm8.csv", index=False)
    (declared,) = declare([f"ESM8={folder / 'esm8.csv'}"], None, {"kind": "prints"})
    base.keep(base.plan("csv", [csv_files.read(declared, ROOTS)]), folder / "data")
    return read_log(folder / "data", 20180507)


def test_a_morning_of_ticks_that_came_out_of_r_has_the_published_figures(esm8):
    prints = esm8[esm8["kind"] == Kind.PRINT]
    open_ns = 1_525_699_800 * SECOND  # 13:30 UTC
    assert len(prints) == 74_907
    assert prints["recv_ns"][[0, -1]].tolist() == [open_ns + 1_532 * US, open_ns + (3 * 3_600 + 30 * 60 - 1) * SECOND + 89_342 * US]
    assert (prints["px"][[0, -1]] / 4).tolist() == [2670.50, 2675.00]
    assert (prints["px"].min() / 4, prints["px"].max() / 4) == (2667.75, 2679.25)
    steps = np.abs(np.diff(prints["px"]))
    assert (np.count_nonzero(steps), steps.sum()) == (11_512, 11_516)
    assert np.count_nonzero(rich_bars(esm8)[:, 1]) == 2_500


def read_csv(contract, path, roots=ROOTS, **declared):
    (one,) = declare([f"{contract}={shared(f'{YAHOO}/{path}')}"], None, FIVE | declared)
    return csv_files.read(one, roots)


def closes(reading):
    """Closing prices in points by the start of their bar, New York."""
    (stream,) = reading.streams
    bars = bars_of(stream.records)
    index = pd.to_datetime(bars.start_ns, utc=True).tz_convert(NEW_YORK)
    return pd.Series([stream.contract.to_pts(int(px)) for px in bars.close], index)


@pytest.fixture(scope="module")
def futures():
    return {root: read_csv(f"{root}.c", f"s-k-28/{root}_5min.csv", zone="America/New_York") for root in ("ES", "NQ")}


def regular_hours(future, share):
    return pd.DataFrame({"future": future, "share": share}).between_time("09:30", "15:59").dropna()


FINER = ROOTS | {"IWM": ROOTS["IWM"].model_copy(update={"price_quantum": "0.00001"})}


@pytest.mark.parametrize(
    ("root", "share", "roots", "n", "corr", "back", "ahead"),
    [
        ("ES", "SPY", ROOTS, 1_848, 0.9813, 0.0276, 0.0230),
        ("NQ", "QQQ", ROOTS, 1_848, 0.9833, 0.0137, 0.0140),
        ("ES", "IWM", FINER, 1_848, 0.8530, 0.0296, 0.0604),
    ],
)
def test_the_published_correlations_of_five_minute_bars_come_out(futures, root, share, roots, n, corr, back, ahead):
    other = closes(read_csv(share, f"zhangjing02/{share}_5m.csv", roots, prices="float32"))
    table = regular_hours(closes(futures[root]), other)
    returns = np.log(table).groupby(table.index.date).diff()
    by_day = returns.groupby(returns.index.date)["future"]
    assert len(returns.dropna()) == n
    assert round(returns["future"].corr(returns["share"]), 4) == corr
    assert round(by_day.shift(-1).corr(returns["share"]), 4) == back
    assert round(by_day.shift(1).corr(returns["share"]), 4) == ahead


def test_prices_finer_than_the_settings_grid_are_set_aside_and_read_once_the_settings_say_so():
    coarse = read_csv("IWM", "zhangjing02/IWM_5m.csv", prices="float32")
    assert (coarse.report.n_rows, coarse.report.n_quarantined) == (4_520, 10)
    assert {"close is off the grid of 0.0001", "low is off the grid of 0.0001"} < set(coarse.report.reasons)
    assert read_csv("IWM", "zhangjing02/IWM_5m.csv", FINER, prices="float32").rejected == []


@pytest.mark.covers("S1-05", "S4-19")
@pytest.mark.parametrize(("root", "share", "step"), [("ES", "SPY", 0.0074), ("NQ", "QQQ", 0.0086)])
def test_the_roll_is_a_step_of_the_unadjusted_series_where_the_rule_puts_it(futures, root, share, step):
    table = regular_hours(closes(futures[root]), closes(read_csv(share, f"zhangjing02/{share}_5m.csv", prices="float32")))
    ratio = np.log(table["future"] / table["share"])
    steps = ratio.groupby(table.index.date).median().diff()
    assert steps.idxmax() == date(2026, 3, 16)
    assert round(steps.max(), 4) == step
    assert steps.drop([date(2026, 3, 16), date(2026, 3, 20)]).abs().max() < 0.0004  # on the 20th SPY goes ex dividend
    days = business_days(date(2026, 1, 1), date(2026, 7, 31))
    leads = [front(ROOTS[root].listing, date(2026, 3, day), days).symbol for day in (12, 13, 16)]
    assert leads == [f"{root}H6", f"{root}M6", f"{root}M6"]


def test_missing_bars_and_bars_without_volume_are_there_to_be_seen(futures):
    without_volume, missing = {}, {}
    for root, reading in futures.items():
        (stream,) = reading.streams
        bars = bars_of(stream.records)
        grid = np.arange(bars.start_ns[0], bars.start_ns[-1], 5 * MINUTE)
        is_open = phase_at("CME Globex Equity", grid) >= Phase.ETH
        missing[root] = np.count_nonzero(is_open & ~np.isin(grid, bars.start_ns))
        without_volume[root] = np.count_nonzero(bars.volume == 0)
        assert reading.rejected == []
    assert without_volume == {"ES": 22, "NQ": 20}
    assert missing == {"ES": 25, "NQ": 27}


@pytest.mark.parametrize(("day", "share"), [("10062025", "SPY"), ("10062025", "QQQ"), ("10082025", "SPY"), ("10082025", "QQQ")])
def test_the_stub_at_the_end_of_a_live_pull_is_set_aside(day, share):
    reading = read_csv(share, f"tanushree28/{day}/{share}_5m.csv", prices="float32")
    (stub,) = reading.rejected
    assert stub.reason == "not on the grid of bars of 5m"
    assert stub.line == reading.report.n_rows + 1


def test_one_day_of_six_contracts_with_offsets_in_the_file_becomes_one_log(tmp_path):
    names = {"ES.c": "ES_F", "MES.c": "MES_F", "NQ.c": "NQ_F", "MNQ.c": "MNQ_F", "SPY": "SPY", "QQQ": "QQQ"}
    readings = [read_csv(contract, f"tanushree28/10072025/{file}_5m.csv", prices="float32") for contract, file in names.items()]
    report = base.keep(base.plan("csv", readings), tmp_path)
    assert [one.session for one in report.sessions] == [20251007, 20251008]
    whole = np.concatenate([read_log(tmp_path, session) for session in log_sessions(tmp_path)])
    n = {name: len(bars_of(whole[whole["contract"] == report.contracts[name]]).close) for name in names}
    assert n == {"ES.c": 171, "MES.c": 171, "NQ.c": 170, "MNQ.c": 169, "SPY": 185, "QQQ": 188}
    assert [row.reason for each in readings for row in each.rejected] == ["open is off the grid of 0.25"]
