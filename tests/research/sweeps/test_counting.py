"""Whatever a sweep evaluates is a trial, once however often, and what it came to is what the sweep said."""

from __future__ import annotations

import polars as pl
import pytest

from tests.research.sweeps.test_sweep import ES, drawn
from workbench.research.sweeps import Cross, Ready, by_session, per_bar, sweep, trips
from workbench.research.sweeps.counting import A_SESSION
from workbench.research.trials import families, family
from workbench.research.trials.counting import EARNED

GRID = {"fast": [2, 3], "slow": [5, 9, 20]}


@pytest.mark.parametrize(("sessions", "metric"), [(3, EARNED), (30, A_SESSION)])
def test_every_configuration_is_a_trial_with_its_pnl_by_period(sessions, metric, tmp_path):
    bars = drawn(1, 600, sessions)
    frame = sweep(bars, Cross(), GRID, ES, data=tmp_path)
    tried = family(tmp_path, "cross")
    assert tried.n_trials == len(frame) == 6 and tried.metric == metric
    for row, said in zip(tried.rows, frame.iter_rows(named=True), strict=True):
        assert row.parameters["config"] == {"fast": said["fast"], "slow": said["slow"]}
        assert row.returns.sum() == pytest.approx(said["pnl_usd"], abs=1e-9)
        assert "600 bars of ES" in row.span
    by_session(bars, Cross(), GRID, ES, data=tmp_path)
    assert len(family(tmp_path, "cross").rows) == 6


def test_a_sweep_is_of_the_family_and_the_folder_that_is_usual_here(tmp_path, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "lab/averages.ipynb")
    sweep(drawn(1), Cross(), GRID, ES)
    sweep(drawn(1), Cross(), GRID, ES._replace(slippage_ticks=1), family="dearer")
    assert families(tmp_path / "data") == {"averages": 6, "dearer": 6}


def test_the_same_numbers_over_bars_of_another_length_are_other_trials(tmp_path):
    bars, grid = drawn(1, 600, 1), [{"fast": 2, "slow": 5}]
    five = bars.filter(pl.int_range(pl.len()) % 5 == 0)
    for each in (bars, five, bars.head(300)):
        sweep(each, Cross(), grid, ES, data=tmp_path)
    tried = family(tmp_path, "cross")
    assert tried.n_trials == 2 and [row.parameters["bar_s"] for row in tried.rows] == [60.0, 300.0, 60.0]


def test_signals_of_your_own_are_as_many_trials_as_there_were_signals(tmp_path):
    bars = drawn(1, 600, 1)
    for every in (2, 3, 5, 3):
        wish = pl.when(pl.int_range(pl.len()) % every == 0).then(1).otherwise(4)
        sweep(bars.with_columns(wish=wish), Ready("wish"), {}, ES, data=tmp_path)
    assert family(tmp_path, "ready").n_trials == 3 and families(tmp_path) == {"ready": 3}


def test_looking_at_one_configuration_is_a_trial_too(tmp_path):
    bars, config = drawn(1), {"fast": 2, "slow": 5}
    for look in (per_bar, trips, per_bar):
        look(bars, Cross(), config, ES, data=tmp_path, family="looked at")
    assert families(tmp_path) == {"looked at": 1}
    sweep(bars, Cross(), [config], ES, data=tmp_path, family="looked at")
    assert len(family(tmp_path, "looked at").rows) == 1


def test_sessions_that_have_names_are_not_taken_for_others_of_the_same_place(tmp_path):
    bars = drawn(1, 1200, 40).with_columns(session=pl.format("day {}", (pl.col("session") - pl.col("session").min()).dt.total_days()))
    halves = bars.head(600), bars.tail(600)
    for half in halves:
        sweep(half, Cross(), {"fast": [2], "slow": [5]}, ES, data=tmp_path)
    ((periods, returns),) = family(tmp_path, "cross").series().values()
    assert len(periods) == len(returns) == 40 and (periods[1:] > periods[:-1]).all()
