"""A sweep says what a plain loop over the same bars says, fills no signal on its own bar, and sees nothing of what comes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from workbench.config import load_settings
from workbench.domain.errors import ConfigError, DataError
from workbench.research.sweeps import Breakout, Cross, Ready, Threshold, by_session, kernels, per_bar, sweep, terms_of, trips

ES = terms_of("ES", slippage_ticks=0, settings=load_settings(environment={}))
BEGAN = datetime(2026, 11, 19, 15, tzinfo=UTC)


def bars_of(close, opened=None, high=None, low=None, sessions=1, **columns):
    close = np.asarray(close, float)
    opened = np.concatenate([close[:1], close[:-1]]) if opened is None else np.asarray(opened, float)
    high = np.maximum(opened, close) if high is None else high
    low = np.minimum(opened, close) if low is None else low
    n = len(close)
    days = [date(2026, 11, 16) + timedelta(days=i * sessions // n) for i in range(n)]
    return pl.DataFrame({
        "time": [BEGAN + timedelta(minutes=i) for i in range(n)], "session": days, "open_pts": opened, "high_pts": high,
        "low_pts": low, "close_pts": close, **columns,
    })  # fmt: skip


def drawn(seed, n=300, sessions=3):
    rng = np.random.default_rng(seed)
    close = 6000 + np.cumsum(rng.integers(-6, 7, n)) * 0.25
    opened = close - rng.integers(-5, 6, n) * 0.25
    high, low = np.maximum(close, opened) + rng.integers(0, 4, n) * 0.25, np.minimum(close, opened) - rng.integers(0, 4, n) * 0.25
    wish = rng.choice([0, 0, 0, 0, 1, 2, 4, 8, 9, 6, 3], n)
    return bars_of(close, opened, high, low, sessions, wish=wish, level=rng.integers(0, 101, n).astype(float))


def in_python(bars, terms, stop=0, target=0, hold=0, overnight=False):
    """Trade the wishes of bars as a person would write it: a list of (side, entry, exit, why), points, and the equity of each bar."""
    tick, rows = 0.25, bars.rows(named=True)
    slip, side, entry, since, want, cash, made, equity = terms.slippage_ticks * tick, 0, 0.0, 0, 0, 0.0, [], []

    def leave(px, why):
        nonlocal side, cash
        made.append((side, entry, px, why))
        cash += side * (px - entry) * 50 - 2.25
        side = 0

    for i, row in enumerate(rows):
        is_last = i + 1 == len(rows) or rows[i + 1]["session"] != row["session"]
        if side and want & (6 if side > 0 else 9):
            leave(row["open_pts"] - side * slip, "signal")
        elif side and hold and i - since >= hold:
            leave(row["open_pts"] - side * slip, "time")
        if not side and want & 3 in (1, 2):
            side, since = (1 if want & 1 else -1), i
            entry = row["open_pts"] + side * slip
            cash -= 2.25
        if side:
            worst, best = (row["low_pts"], row["high_pts"]) if side > 0 else (row["high_pts"], row["low_pts"])
            edge = entry - side * stop * tick
            if stop and side * (worst - edge) <= 0:
                leave((min if side > 0 else max)(row["open_pts"], edge) - side * slip, "stop")
            elif target and side * (best - entry) > target * tick:
                leave(entry + side * target * tick, "target")
        if side and is_last and not overnight:
            leave(row["close_pts"] - side * slip, "session")
        equity.append(cash + side * (row["close_pts"] - entry) * 50)
        want = 0 if is_last and not overnight else row["wish"]
    return made, equity


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("stop", "target", "hold", "slip"), [(0, 0, 0, 0), (6, 9, 0, 1), (3, 0, 4, 0), (0, 5, 2, 2)])
def test_the_walk_is_the_plain_loop(seed, stop, target, hold, slip):
    bars, terms = drawn(seed), ES._replace(slippage_ticks=slip)
    config = {"stop_ticks": stop, "target_ticks": target, "hold_bars": hold}
    for overnight in (False, True):
        words = {"hold": "overnight" if overnight else "session"}
        made, equity = in_python(bars, terms, stop, target, hold, overnight)
        (row,) = sweep(bars, Ready("wish"), [config], terms, **words).rows(named=True)
        told = trips(bars, Ready("wish"), config, terms, **words).drop_nulls()
        assert told.select("side", "entry_pts", "exit_pts", "why").rows() == made
        assert row["n_trips"] == len(made) and row["pnl_usd"] == equity[-1]
        bar = per_bar(bars, Ready("wish"), config, terms, **words)
        assert bar["equity_usd"].to_list() == equity
        assert row["drawdown_usd"] == min(np.array(equity) - np.maximum.accumulate(np.maximum(equity, 0)))
        assert row["sharpe"] == pytest.approx(bar["pnl_usd"].mean() / bar["pnl_usd"].std(ddof=0), rel=1e-9)
        blocks = by_session(bars, Ready("wish"), [config], terms, **words)
        assert blocks.sum() / 1e6 == row["pnl_usd"] and len(blocks) == 3


def test_a_whole_contract_wins_four_points_less_its_fees():
    bars = bars_of([5000, 5001, 5004, 5005], [5000, 5001, 5002, 5005], wish=[1, 0, 4, 0])
    (trip,) = trips(bars, Ready("wish"), {}, ES).rows(named=True)
    assert (trip["entry_pts"], trip["exit_pts"], trip["pnl_usd"]) == (5001, 5005, 195.50)


def test_a_signal_is_never_filled_at_its_own_close():
    bars = bars_of([5000, 5100, 5100], [5000, 5000, 5100], wish=[0, 1, 0])
    (trip,) = trips(bars, Ready("wish"), {}, ES).rows(named=True)
    assert trip["opened"] == bars["time"][2] and trip["entry_pts"] == 5100
    last = bars_of([5000, 5100], wish=[0, 1])
    assert sweep(last, Ready("wish"), {}, ES)["n_trips"].to_list() == [0]


RULES = [
    (Cross(), {"fast": 3, "slow": 8}),
    (Breakout(), {"n": 9, "n_near": 4}),
    (Threshold("level"), {"low": 20, "middle": 50, "high": 80}),
    (Threshold("level", follows=True), {"low": 20, "middle": 50, "high": 80}),
]


@pytest.mark.parametrize(("rule", "config"), RULES, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("cut", [17, 120, 299])
def test_the_past_of_a_rule_does_not_change_with_its_future(rule, config, cut):
    bars = drawn(5, sessions=1)
    whole, part = per_bar(bars, rule, config, ES, hold="overnight"), per_bar(bars.head(cut), rule, config, ES, hold="overnight")
    assert whole.head(cut).equals(part)
    assert sweep(bars, rule, [config], ES)["n_trips"][0] > 3


def test_crosses_and_breakouts_are_where_pandas_finds_them():
    bars = drawn(9, sessions=1)
    close = bars["close_pts"].to_pandas()
    above = (close.rolling(3).mean() - close.rolling(8).mean()).round(9)
    side = np.sign(above).replace(0, np.nan).ffill()
    found = trips(bars, Cross(), {"fast": 3, "slow": 8}, ES, hold="overnight")["opened"]
    crossed = np.flatnonzero((side != side.shift()) & side.notna() & side.shift().notna()) + 1
    assert found.to_list() == [bars["time"][int(i)] for i in crossed if i < len(bars)]
    first = trips(bars, Breakout(), {"n": 9, "n_near": 9}, ES, hold="overnight").row(0, named=True)
    top, bottom = bars["high_pts"].to_pandas().rolling(9).max().shift(), bars["low_pts"].to_pandas().rolling(9).min().shift()
    assert first["opened"] == bars["time"][int(np.flatnonzero((close > top) | (close < bottom))[0]) + 1]


def test_a_grid_is_all_that_makes_sense_together():
    frame = sweep(drawn(1), Cross(), {"fast": [2, 5, 9], "slow": [5, 9], "stop_ticks": [0, 8]}, ES)
    assert sorted(set(frame.select("fast", "slow").rows())) == [(2, 5), (2, 9), (5, 9)] and len(frame) == 6


NO_GRIDS = [
    {"fast": [2]},
    {"fast": [9], "slow": [3]},
    {"fast": [2], "slow": [3], "depth": [1]},
    {"fast": [2], "slow": [5], "hold_bars": [1.5]},
]


@pytest.mark.parametrize("grid", NO_GRIDS)
def test_a_grid_that_means_nothing_is_refused(grid):
    with pytest.raises(ConfigError):
        sweep(drawn(1), Cross(), grid, ES)


def test_bars_that_cannot_be_swept_are_refused():
    bars = drawn(1)
    for wrong in (bars.drop("open_pts"), bars.reverse(), bars.clear(), bars.with_columns(pl.col("close_pts") + 0.1)):
        with pytest.raises(DataError):
            sweep(wrong, Cross(), {"fast": [2], "slow": [5]}, ES)
    with pytest.raises(ConfigError, match="whole contracts"):
        terms_of("ES", qty=0)


@pytest.mark.parametrize(
    "session", [pl.when(pl.int_range(pl.len()) > 9).then("session"), pl.int_range(pl.len()) % 2, -pl.int_range(pl.len())]
)
def test_bars_whose_sessions_are_unknown_or_do_not_rise_are_refused_in_words(session):
    with pytest.raises(DataError, match="sessions"):
        sweep(drawn(1).with_columns(session=session), Cross(), {"fast": [2], "slow": [5]}, ES)


def test_means_that_floats_hold_exactly_cross_where_whole_numbers_say():
    bars = drawn(4, 5000)
    high = bars.with_columns(pl.col(name) + 2.0**49 for name in ("open_pts", "high_pts", "low_pts", "close_pts"))
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum((bars["close_pts"].to_numpy() * 4).astype(np.int64))])
    for fast, slow in ((1, 2), (3, 8), (20, 90)):
        made = [np.zeros(5000, np.uint8) for _ in range(2)]
        kernels.cross(sums, fast, slow, np.zeros(4096, np.int8), made[0])
        kernels.cross(sums.astype(float), fast, slow, np.zeros(7, np.int8), made[1])
        assert (made[0] == made[1]).all() and made[0].any()
        numbers = [sweep(each, Cross(), [{"fast": fast, "slow": slow}], ES)["pnl_usd"][0] for each in (bars, high)]
        assert numbers[0] == numbers[1]
