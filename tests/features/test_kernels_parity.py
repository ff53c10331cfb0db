"""The classics agree with TA-Lib to 1e-9, on real minutes and on random ones; VWAP and session returns with sums by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import talib

from tests.features.market import columns, quiet_market, real_minutes
from workbench.domain.bars import Bars

MARKETS: dict[str, Callable[[], Bars]] = {
    "real ES minutes": lambda: real_minutes(n=6_000),
    "real and very volatile": lambda: real_minutes("firstrate_samples/2025-04-20_2025-05-05/ES_1min_sample.csv", n=4_000),
    "random, with bars that do not trade": lambda: quiet_market(3_000, 7),
}
on_every_market = pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)


def prices(bars: Bars) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return bars["high"] * 0.25, bars["low"] * 0.25, bars["close"] * 0.25


@pytest.mark.covers("S3-07", "S4-13")
@on_every_market
def test_rsi_ema_macd_atr_momentum_and_returns_are_those_of_ta_lib(market):
    bars = market()
    high, low, close = prices(bars)
    macd = talib.MACD(close, 12, 26, 9)
    gap = talib.EMA(close, 9) - talib.EMA(close, 21)
    wanted = {
        "rsi_14_1m": talib.RSI(close, 14),
        "ema_9_1m": talib.EMA(close, 9),
        "ema_gap_9_21_1m": gap,
        "macd_12_26_9_1m": macd[0],
        "macd_signal_12_26_9_1m": macd[1],
        "macd_hist_12_26_9_1m": macd[2],
        "atr_14_1m": talib.ATR(high, low, close, 14),
        "mom_10_1m": talib.MOM(close, 10),
        "ret_60_1m": talib.ROCP(close, 60),
        "ret_4h_1m": talib.ROCP(close, 240),
    }
    for got, (name, want) in zip(columns(bars, *wanted), wanted.items(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.covers("S3-07", "S4-13")
@on_every_market
def test_bollinger_bands_are_those_of_ta_lib_as_far_as_its_running_sums_carry(market):
    """TA-Lib takes the variance as a difference of two running sums of squares: at a price of 7,000 that is good to 1e-8 points^2."""
    bars = market()
    _, _, close = prices(bars)
    upper, _, lower = talib.BBANDS(close, 20, 2, 2)
    width, place = columns(bars, "bb_width_20_2_1m", "bb_place_20_2_1m")
    exact = np.array([4 * np.std(close[i - 19 : i + 1]) if i >= 19 else np.nan for i in range(len(close))])
    np.testing.assert_allclose(width, exact, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose((width / 4) ** 2, ((upper - lower) / 4) ** 2, rtol=1e-7, atol=1e-6)
    wide = width > 1
    np.testing.assert_allclose(place[wide], ((close - lower) / (upper - lower))[wide], atol=1e-5)


@pytest.mark.covers("S4-13")
@on_every_market
def test_on_balance_volume_is_that_of_ta_lib_within_each_session(market):
    bars = market()
    (got,) = columns(bars, "obv_1m")
    for day in np.unique(bars["session"]):
        of = bars["session"] == day
        np.testing.assert_array_equal(got[of], talib.OBV(bars["close"][of] * 0.25, bars["volume"][of].astype(float)))


@pytest.mark.covers("S4-13")
@on_every_market
def test_the_vwap_of_a_session_is_its_sum_of_price_by_size_over_its_size(market):
    bars = market()
    (got,) = columns(bars, "vwap_offset_1m")
    for day in np.unique(bars["session"]):
        of = bars["session"] == day
        pv, volume = np.cumsum(bars["pv"][of]), np.cumsum(bars["volume"][of])
        volume = np.where(volume > 0, volume, np.nan)
        np.testing.assert_allclose(got[of], bars["close"][of] * 0.25 - pv / volume * 0.25, rtol=1e-9, atol=1e-9)


@pytest.mark.covers("S1-04")
@on_every_market
def test_session_day_and_overnight_returns_start_where_the_sessions_do(market):
    bars = market()
    session, day, night = columns(bars, "ret_session_1m", "ret_day_1m", "ret_overnight_1m")
    before = np.nan
    for date in np.unique(bars["session"]):
        of = np.flatnonzero(bars["session"] == date)
        first = of[np.argmax(bars["volume"][of] > 0)]
        opened, close, traded = bars["open"][first], bars["close"][of], of[of >= first]
        np.testing.assert_allclose(session[traded], bars["close"][traded] / opened - 1, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(day[of], close / before - 1, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(night[traded], opened / before - 1 + 0 * traded, rtol=1e-9, atol=1e-12)
        before = close[-1]


@on_every_market
def test_the_volume_ratio_and_the_distance_from_the_mean_are_what_their_headers_say(market):
    bars = market()[:1_000]
    _, _, close = prices(bars)
    ratio, z = columns(bars, "volume_ratio_20_1m", "z_60_1m")
    for i in range(60, len(bars)):
        assert ratio[i] == pytest.approx(bars["volume"][i] / np.mean(bars["volume"][i - 20 : i]), rel=1e-12)
        window = close[i - 59 : i + 1]
        assert z[i] == pytest.approx((close[i] - window.mean()) / window.std(), rel=1e-9, abs=1e-9)
