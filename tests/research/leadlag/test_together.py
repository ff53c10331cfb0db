"""Correlations of pairs are the references', digit by digit; rolling ones those of pandas; returns are joined as-of."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from tests.research.leadlag.made import OPENING, frame, walks
from tests.research.leadlag.recorded import FIVE_MINUTE_BARS, MINUTE_BARS, five_minute_bars, minute_bars
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import MINUTE, SECOND
from workbench.research import Session
from workbench.research.leadlag import PAIRS, correlations, joined_returns, planted, rolling_correlations


@pytest.mark.parametrize(("bars", "wanted"), [(minute_bars, MINUTE_BARS), (five_minute_bars, FIVE_MINUTE_BARS)], ids=["1m", "5m"])
@pytest.mark.covers("S1-15")
def test_correlations_of_recorded_bars_are_the_references(bars, wanted) -> None:
    found = correlations(bars(), list(wanted))
    for row in found.iter_rows(named=True):
        printed = [f"{row[name]:.4f}" for name in ("corr", "beta", "before", "after")]
        assert (row["n"], *printed) == wanted[row["first"], row["second"]]
        assert row["lo"] < row["corr"] < row["hi"] and row["hi"] - row["lo"] < 0.1


def test_pairs_that_are_there_are_found(day: Session) -> None:
    made = walks(8, share=0.9)
    assert correlations(made).select("first", "second", "days").rows() == [("ES", "SPY", 8)]
    (row,) = correlations(day, every="5s").iter_rows(named=True)
    assert (row["first"], row["second"]) == ("ES", "SPY") and row["corr"] > 0.3 and row["n"] > 100
    with pytest.raises(DataError, match="none of ES-SPY, NQ-QQQ, RTY-IWM is there; there are ES"):
        correlations({"ES": made["ES"]})


@pytest.mark.covers("S1-19")
def test_returns_are_joined_as_of_and_reach_over_no_missing_bar() -> None:
    made = walks(1, share=0.5, n=6)
    gone = made | {"SPY": made["SPY"].filter(pl.col("time") != made["SPY"]["time"][3])}
    both = joined_returns(gone, "ES", "SPY")
    ends = [OPENING + k * MINUTE for k in (2, 3, 6)]
    assert both["time"].dt.epoch("ns").to_list() == ends
    assert both["ES"].to_list() == pytest.approx(np.diff(np.log(made["ES"]["close_pts"].to_numpy()))[[0, 1, 4]].tolist())
    two = joined_returns(made, "ES", "SPY", every="2m")
    assert two["time"].dt.epoch("ns").to_list() == [OPENING + k * MINUTE for k in (4, 6)]
    with pytest.raises(ConfigError, match="no whole number of bars"):
        joined_returns(made, "ES", "SPY", every="90s")


def test_ticks_are_sampled_with_what_was_last_known() -> None:
    seconds = [OPENING + s * SECOND for s in (0, 58, 61, 119, 200)]
    es = frame(seconds, price_pts=[1.0, 2.0, 3.0, 4.0, 5.0])
    spy = frame([each + 1 for each in seconds], price_pts=[1.0, 2.0, 3.0, 4.0, 5.0])
    both = joined_returns({"ES": es, "SPY": spy}, "ES", "SPY")
    assert both["time"].dt.epoch("ns").to_list() == [OPENING + k * MINUTE for k in (2, 3)]
    assert both["ES"].to_list() == both["SPY"].to_list() == pytest.approx([np.log(2.0), 0.0])


@pytest.mark.covers("S1-15")
def test_three_pairs_of_a_generated_morning_move_together() -> None:
    made = {name: each for pair in PAIRS for name, each in planted(*pair, days=1, hours=1.0).items()}
    found = correlations(made)
    assert [(row["first"], row["second"]) for row in found.iter_rows(named=True)] == list(PAIRS) and (found["corr"] > 0.9).all()
    several = joined_returns(made, "ES", "SPY", "NQ")
    assert several.columns == ["time", "ES", "SPY", "NQ"] and several["time"].is_unique().all() and several["ES"].null_count() == 0
    alone = joined_returns(made, "ES", "SPY")
    assert several.select("time", "ES", "SPY").drop_nulls().equals(alone)
    assert rolling_correlations(several, 20).pair("ES", "SPY")["corr"].drop_nulls().mean() > 0.8
    with pytest.raises(ConfigError, match="ES alone"):
        joined_returns(made, "ES")


def test_a_rolling_correlation_is_that_of_its_window() -> None:
    rng = np.random.default_rng(1)
    returns = pl.DataFrame({"time": range(100)} | {name: rng.normal(size=100) for name in "ABCD"})
    rolling = rolling_correlations(returns.with_columns(A=pl.when(pl.col("time") == 50).then(None).otherwise("A")), 20)
    for first, second in combinations("ABCD", 2):
        corr = rolling.pair(second, first)["corr"]
        assert corr[:19].null_count() == 19 and corr[50:70].null_count() == (20 if first == "A" else 0)
        assert corr[99] == pytest.approx(np.corrcoef(returns[first][80:], returns[second][80:])[0, 1])
    last = rolling.last()
    assert last.rows()[0] == ("A", "B", rolling.pair("A", "B")["corr"][99]) and len(last) == 6
    with pytest.raises(DataError, match="no pair A, X"):
        rolling.pair("A", "X")
    with pytest.raises(ConfigError, match="need 2 series and 2 to 100 rows, not 4 and 101"):
        rolling_correlations(returns, 101)
