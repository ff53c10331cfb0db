"""Any frame can go back into a replay: kept as a session it is the market it was, and can be traded anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.research.conftest import Traded
from tests.research.folders import BTC, ES, SPY
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import Kind
from workbench.research import Session, keep_frames, open_session, simulate_session
from workbench.store.log import log_sessions

OPEN = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)


def prints(n: int = 3, **columns: object) -> pl.DataFrame:
    times = [OPEN + timedelta(seconds=second) for second in range(n)]
    return pl.DataFrame({"time": times, "price_pts": [6000.0] * n, "size": [1.0] * n} | columns)


def test_the_frames_of_a_session_are_that_session_again(traded: Traded, day: Session, tmp_path: Path) -> None:
    frames = [day.quotes, day.prints, day.depth]
    sessions = keep_frames(frames, day, data=tmp_path, source="a small world again")
    assert sessions == [traded.session]
    again = open_session(sessions[0], data=tmp_path)
    for name in ("quotes", "prints", "depth"):
        assert again.frame(name).drop("seq").equals(day.frame(name).drop("seq")), name
    first = again.bars(length="5s")["time"][0]
    bars = day.bars(length="5s").filter(pl.col("time") >= first)
    assert len(bars) > 500 and again.bars(length="5s").drop("seq").head(len(bars)).equals(bars.drop("seq"))
    assert again.is_generated and again.runs[0].mode == "generate" and again.source == "a small world again"
    market = [kind for kind in Kind if kind not in (Kind.TIME, Kind.PHASE)]
    ours, theirs = (log.records[pl.Series(log.records["kind"]).is_in(market).to_numpy()] for log in (again._logs[0], day._logs[0]))
    priced = ours["kind"] != Kind.DEPTH_DELETE  # what a deleted row had held is no part of a frame, nor of the book
    for name in ("recv_ns", "event_ns", "px", "sz", "px2", "sz2", "contract", "kind", "side", "level", "flags"):
        assert ((ours[name] == theirs[name]) | (~priced & (name in ("px", "sz")))).all(), name


def test_what_was_changed_can_be_traded(day: Session, tmp_path: Path) -> None:
    quotes = day.quotes.with_columns(pl.col("bid_pts", "ask_pts") + pl.when(pl.col("symbol") == "ESZ6").then(10.0).otherwise(0.0))
    (session,) = keep_frames([quotes, day.prints], day.contracts, data=tmp_path, source="ES quoted ten points higher")
    played = asyncio.run(simulate_session(session, data=tmp_path, strategies=[("vwap_reversion", "")]))
    assert played.run is not None and played.run.mode == "simulate"
    assert len(played.equity) > 0 and played.source == "ES quoted ten points higher"
    assert played.frame("quotes", "ES")["bid_pts"].mean() == pytest.approx(day.frame("quotes", "ES")["bid_pts"].mean() + 10)


def test_strategies_are_named_as_on_the_command_line_and_the_data_folder_is_the_usual_one(
    day: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (session,) = keep_frames([day.quotes, day.prints], day, data="data", source="a small world again")
    for named in ("vwap_reversion", ["vwap_reversion", "learned:flow_1m"], [("vwap_reversion", "")]):
        played = asyncio.run(simulate_session(session, strategies=named, profile="micro", roots="SPY"))
        assert played.run is not None and played.run.profile == "micro" and played.run.traders[0] == ("vwap_reversion", "")
        assert played.run.notes == "did not trade ESZ6"
    for wrong in ([("a", "b", "c")], [7], [""]):
        with pytest.raises(ConfigError, match="names no strategy: write STRATEGY or STRATEGY:RECIPE"):
            asyncio.run(simulate_session(session, strategies=wrong))


def test_bars_go_back_as_bars(day: Session, tmp_path: Path) -> None:
    (session,) = keep_frames(day.bars("ES", "1m"), day, data=tmp_path, source="minutes of ES")
    again = open_session(session, data=tmp_path)
    with pytest.raises(DataError, match="there are no prints in session 2026-11-19; there are bars of ESZ6"):
        _ = again.prints
    made, was = (each.bars("ES", "1m").filter(pl.col("volume") > 0) for each in (again, day))
    told = ["time", "symbol", "open_pts", "high_pts", "low_pts", "close_pts", "volume", "n_prints"]
    assert made.select(told).equals(was.select(told))
    assert (made["vwap_pts"] - was["vwap_pts"]).abs().max() < 1e-9


def test_a_frame_of_ones_own_needs_no_more_than_its_columns(tmp_path: Path) -> None:
    frame = prints(5).to_pandas().set_index("time")
    (session,) = keep_frames(frame, ES, data=tmp_path, source="by hand")
    day = open_session(session, data=tmp_path)
    assert day.prints["side"].is_null().all() and day.prints["event_time"].is_null().all()
    assert not day.is_generated and day.contracts[0].symbol == "ESZ6" and len(day.bars("ES", "5s").filter(pl.col("n_prints") == 5)) == 1


def test_days_are_parted_where_the_log_session_changes(tmp_path: Path) -> None:
    times = [OPEN, OPEN + timedelta(hours=9), OPEN + timedelta(hours=24)]
    kept = keep_frames(prints(3, time=times), ES, data=tmp_path, source="by hand")
    assert kept == [20261119, 20261120] == log_sessions(tmp_path)
    assert len(open_session(20261119, 20261120, data=tmp_path).prints) == 3


@pytest.mark.parametrize(
    ("frames", "contracts", "text"),
    [
        (prints(1).clear(), ES, "there is nothing to keep: the frames have no row"),
        ([], ES, "there is nothing to keep"),
        (prints(), [ES, SPY], "a frame without a column symbol can be of one contract only, and 2 were given: ESZ6, SPY"),
        (prints(symbol=["ESZ6", "SPY", "QQQ"]), [ES, SPY], "the frame holds rows of QQQ, and only ESZ6, SPY were given: give those too"),
        (prints(price_pts=[6000.0, 6000.3, 6000.0]), ES, r"row 1 \(2026-11-19 14:30:01\): price_pts 6000.3 of ESZ6 lies between"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(frames: object, contracts: object, text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=text):
        keep_frames(frames, contracts, data=tmp_path, source="by hand")
    assert not log_sessions(tmp_path)


def test_a_session_that_is_there_is_not_written_over_unasked(tmp_path: Path) -> None:
    keep_frames(prints(3), ES, data=tmp_path, source="first")
    with pytest.raises(DataError, match="holds session 20261119 already; nothing was written: name another folder, or replace=True"):
        keep_frames(prints(4), ES, data=tmp_path, source="second")
    keep_frames(prints(4), ES, data=tmp_path, source="second", replace=True)
    assert len(open_session(20261119, data=tmp_path).prints) == 4


def test_parts_of_a_coin_go_there_and_back(tmp_path: Path) -> None:
    frame = prints(2, price_pts=[91_000.01, 91_000.02], size=[0.00001, 1.5])
    made = keep_frames(frame, BTC, data=tmp_path, source="by hand")
    assert open_session(made[0], data=tmp_path).prints["size"].to_list() == [0.00001, 1.5]
