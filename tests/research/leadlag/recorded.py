"""Recorded bars as frames, and what plain pandas found in them (README of the recordings). No tests."""

from __future__ import annotations

from functools import cache

import polars as pl

from tests.data import shared

FIRSTRATE = "firstrate_samples/2026-01-26_2026-02-09"
YAHOO = "yahoo_snapshots"
# first, second -> n, correlation at lag 0, beta, correlation at -1 and at +1 bar (above 0: the first leads)
MINUTE_BARS = {
    ("ES", "SPY"): (4279, "0.9975", "0.9941", "-0.0305", "-0.0266"),
    ("ES", "QQQ"): (4279, "0.9443", "1.3277", "-0.0178", "-0.0185"),
    ("ES", "SPX"): (4279, "0.9733", "0.9587", "-0.0284", "0.0210"),
}
FIVE_MINUTE_BARS = {
    ("ES", "SPY"): (1848, "0.9813", "0.9559", "0.0276", "0.0230"),
    ("NQ", "QQQ"): (1848, "0.9833", "0.9588", "0.0137", "0.0140"),
    ("ES", "IWM"): (1848, "0.8530", "1.3004", "0.0296", "0.0604"),
}


@cache
def minute_bars() -> dict[str, pl.DataFrame]:
    """One-minute bars of a fortnight, times their ends."""
    return {name: _bars(f"{FIRSTRATE}/{name}_1min_sample.csv", "timestamp", "close", "1m") for name in ("ES", "SPY", "QQQ", "SPX")}


@cache
def five_minute_bars() -> dict[str, pl.DataFrame]:
    """Five-minute bars of five weeks; a roll lies in them."""
    futures = {name: _bars(f"{YAHOO}/s-k-28/{name}_5min.csv", "datetime", "close", "5m") for name in ("ES", "NQ")}
    return futures | {name: _bars(f"{YAHOO}/zhangjing02/{name}_5m.csv", "Datetime", "Close", "5m") for name in ("SPY", "QQQ", "IWM")}


def _bars(path: str, time: str, close: str, length: str) -> pl.DataFrame:
    frame = pl.read_csv(shared(path))
    if frame[time][0].endswith("+00:00"):
        start = pl.col(time).str.to_datetime("%Y-%m-%d %H:%M:%S%z", time_unit="ns")
    else:
        start = pl.col(time).str.to_datetime(time_unit="ns").dt.replace_time_zone("America/New_York")
    return frame.select(start.dt.offset_by(length).alias("time"), pl.col(close).alias("close_pts"))
