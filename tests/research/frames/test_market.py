"""Quotes, prints and depth say what the records say, and become those records again."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.research.folders import BTC, ES, OPENS_NS, SPY, a_market
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Records, empty
from workbench.research.frames.back import records_of
from workbench.research.frames.columns import schema
from workbench.research.frames.market import KINDS, market_sheet
from workbench.research.frames.sheet import known

CONTRACTS = (ES, SPY, BTC)


def frame_of(name: str, records: Records, zone: str = "UTC") -> pl.DataFrame:
    return known([market_sheet(name, records, CONTRACTS, zone, is_all=True)]).frame


def same(a: Records, b: Records) -> bool:
    return len(a) == len(b) and all(np.array_equal(a[name], b[name]) for name in a.dtype.names or ())


@pytest.mark.parametrize("name", KINDS)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 60))
def test_frame_to_records_to_frame_is_exact(name: str, seed: int, n: int) -> None:
    records = a_market(n, seed=seed, contracts=CONTRACTS)
    frame = frame_of(name, records)
    assert frame.schema == pl.Schema(schema(name))
    for contract in CONTRACTS:
        own = records[(records["contract"] == contract.id) & np.isin(records["kind"], KINDS[name])]
        if not len(own):
            continue
        back = records_of(frame, contract)
        assert same(back, own)
        assert frame_of(name, back).equals(frame.filter(pl.col("symbol") == contract.symbol))
        assert same(records_of(frame.to_pandas(), contract), own)


@given(px=st.integers(-(10**9), 10**9), at=st.sampled_from(range(len(CONTRACTS))))
def test_points_are_rounded_as_the_contract_rounds_them(px: int, at: int) -> None:
    records = empty(1)
    records["kind"], records["px"], records["contract"] = Kind.PRINT, px, CONTRACTS[at].id
    assert frame_of("prints", records)["price_pts"].item() == CONTRACTS[at].to_pts(px)


def test_what_is_not_there_is_null_and_zero_is_a_price() -> None:
    records = empty(3)
    records["kind"], records["contract"], records["recv_ns"] = Kind.QUOTE, ES.id, (1, 2, 3)
    records["flags"] = (BID | EVENT_TIME, ASK, BID | ASK)
    quotes = frame_of("quotes", records)
    assert quotes["bid_pts"].to_list() == [0.0, None, 0.0] and quotes["ask_size"].to_list() == [None, 0.0, 0.0]
    assert quotes["event_time"].is_null().to_list() == [False, True, True]


def test_a_delete_has_no_price_and_a_reset_no_row() -> None:
    records = empty(4)
    records["kind"] = (Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET)
    records["contract"], records["side"], records["level"], records["px"], records["sz"] = ES.id, -1, 3, 24_000, 7
    depth = frame_of("depth", records)
    assert depth["action"].to_list() == ["insert", "update", "delete", "reset"]
    assert depth["side"].to_list() == ["ask", "ask", "ask", None] and depth["level"].to_list() == [3, 3, 3, None]
    assert depth["price_pts"].to_list() == [6000.0, 6000.0, None, None] and depth["size"].to_list() == [7, 7, None, None]


def test_times_are_told_in_the_zone_that_was_asked_for_to_the_nanosecond() -> None:
    records = empty(1)
    records["kind"], records["contract"], records["recv_ns"] = Kind.PRINT, ES.id, OPENS_NS + 7
    prints = frame_of("prints", records, "America/New_York")
    assert str(prints["time"].item())[:16] == "2026-11-19 09:30"
    assert prints["time"].dt.epoch("ns").item() == OPENS_NS + 7


def test_a_size_of_part_of_a_coin_is_told_in_coins() -> None:
    records = empty(1)
    records["kind"], records["contract"], records["sz"] = Kind.PRINT, BTC.id, 150_000
    assert frame_of("prints", records)["size"].item() == 1.5
