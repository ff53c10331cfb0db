"""What cannot be a record is refused with its row and what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.research.folders import ES, SPY
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import Kind, Provenance, provenance_flag
from workbench.domain.units import MINUTE
from workbench.importers.bars import bars_of
from workbench.research import records_of

START = datetime(2026, 11, 19, 15, tzinfo=UTC)
TIMES = [START + timedelta(minutes=n) for n in range(3)]


def prints(**columns: Any) -> pl.DataFrame:
    return pl.DataFrame({"time": TIMES, "price_pts": [6000.0, 6000.25, 6000.5], "size": [1, 2, 3]} | columns)


def quotes(**columns: Any) -> pl.DataFrame:
    sides = {"bid_pts": [6000.0] * 3, "bid_size": [5] * 3, "ask_pts": [6000.25, None, 6000.5], "ask_size": [5, None, 5]}
    return pl.DataFrame({"time": TIMES} | sides | columns)


def depth(**columns: Any) -> pl.DataFrame:
    rows = {"action": ["insert", "delete", "reset"], "side": ["bid", "ask", None], "level": [0, 1, None]}
    return pl.DataFrame({"time": TIMES} | rows | {"price_pts": [6000.0, None, None], "size": [1, None, None]} | columns)


def bars(**columns: Any) -> pl.DataFrame:
    prices = {"open_pts": [1.0, 2.0, 3.0], "high_pts": [9.0] * 3, "low_pts": [0.5] * 3, "close_pts": [2.0, 3.0, 4.0]}
    return pl.DataFrame({"time": TIMES} | prices | {"volume": [4, 0, 6]} | columns)


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (
            prints(price_pts=[6000.0, 6000.1, 6000.5]),
            r"row 1 \(2026-11-19 15:01:00\): price_pts 6000.1 of ESZ6 lies between the steps of 0.25; round it, or define",
        ),
        (prints(size=[1.0, 1.5, 2.0]), "row 1 .* size 1.5 of ESZ6 is no whole number of 1; round it"),
        (prints(size=[1, 2, -2]), "row 2 .* size -2 is below zero; the side says who sold"),
        (prints(price_pts=[6000.0, None, 6000.5]), "row 1 .* price_pts is missing or no number; drop the row"),
        (prints(price_pts=[6000.0, float("inf"), 6000.5]), "row 1 .* price_pts is infinite"),
        (prints(side=[1, 7, None]), "row 1 .* side is 7; it is 1 for a buyer, -1 for a seller, null"),
        (prints(time=TIMES[::-1]), "row 1 .* its time is before that of the row above; sort the frame by time"),
        (prints(time=[at.replace(tzinfo=None) for at in TIMES]), "time has no time zone, so nobody knows when that was; say it, in pandas"),
        (prints(time=["10:00", "10:01", "10:02"]), "time holds String, not times; in pandas: pd.to_datetime"),
        (prints(time=[TIMES[0], None, TIMES[2]]), "row 1: time is missing; drop the row"),
        (prints().drop("time"), "has no column time, only price_pts, size"),
        (prints().drop("size"), "has columns time, price_pts; market data has time and, for bars open_pts"),
        (prints(symbol=["ESH6"] * 3), "no row of this frame is of ESZ6; there are ESH6"),
        (quotes(ask_size=[5, 5, None]), "row 2 .* ask_size is missing or no number"),
        (quotes(bid_pts=[6000.0, 6000.13, 1.0]), "row 1 .* bid_pts 6000.13 of ESZ6 lies between"),
        (depth(action=["insert", "erase", "reset"]), "row 1 .* action is 'erase'; it is one of insert, update, delete, reset"),
        (depth(side=["bid", None, None]), "row 1 .* side is None; it is one of bid, ask"),
        (depth(level=[0, -1, None]), "row 1 .* level is -1; rows count from 0"),
        (bars(high_pts=[1.0, 9.0, 9.0]), "row 0 .* open_pts and close_pts do not lie between low_pts and high_pts"),
        (bars(open_pts=[1.1, 2.0, 3.0]), "row 0 .* open_pts 1.1 of ESZ6 lies between"),
    ],
)
def test_what_cannot_be_a_record_is_refused_with_row_and_remedy(frame: pl.DataFrame, text: str) -> None:
    with pytest.raises(DataError, match=text):
        records_of(frame, ES)


def test_what_arithmetic_leaves_beside_the_grid_is_on_it() -> None:
    frame = pl.DataFrame({"time": TIMES, "price_pts": [0.1 + 0.2, 600.01 + 0.01, 599.9999], "size": [1.0, 1.0, 1.0]})
    assert records_of(frame, SPY)["px"].tolist() == [3_000, 6_000_200, 5_999_999]


def test_a_frame_of_pandas_may_keep_its_times_in_the_index_and_nan_for_what_is_missing() -> None:
    frame = pd.DataFrame({"bid_pts": [1.0, np.nan], "bid_size": [2.0, np.nan], "ask_pts": [1.25, 1.5], "ask_size": [1, 1]}, TIMES[:2])
    made = records_of(frame, ES)
    assert made["recv_ns"].tolist() == [int(at.timestamp() * 1e9) for at in TIMES[:2]]
    assert made["flags"].tolist() == [3, 2] and made["px2"].tolist() == [5, 6]


def test_a_lazy_frame_and_rows_of_other_contracts() -> None:
    frame = pl.concat([prints(symbol=["ESZ6"] * 3), prints(symbol=["SPY"] * 3)]).sort("time")
    assert len(records_of(frame.lazy(), SPY)) == 3


def test_bars_become_pairs_that_arrive_in_the_last_nanosecond_they_cover() -> None:
    back = bars_of(records_of(bars(vwap_pts=[1.5, None, 3.5]), ES))
    ends = [int(TIMES[n].timestamp()) * 1_000_000_000 for n in (0, 2)]  # the bar without volume tells nothing
    assert back.end_ns.tolist() == ends and back.start_ns.tolist() == [end - MINUTE for end in ends]
    assert back.open.tolist() == [4, 12] and back.pv is not None and back.pv.tolist() == [24, 84]
    with pytest.raises(DataError, match=r"row 1 .* no bar of 5m ends then: the time of a bar is its end; name its length"):
        records_of(bars(), ES, length="5m")
    with pytest.raises(ConfigError, match="a bar is 5s long or a multiple"):
        records_of(bars(), ES, length="7s")


def test_what_was_generated_stays_generated() -> None:
    made = records_of(prints(), ES, provenance=Provenance.GENERATED)
    assert set(made["flags"].tolist()) == {provenance_flag(Provenance.GENERATED)} and set(made["kind"].tolist()) == {Kind.PRINT}
