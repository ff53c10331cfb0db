"""Whatever a sweep evaluates is a trial, once however often, and what it came to is what the sweep said."""

from __future__ import annotations

import pytest

from tests.research.sweeps.test_sweep import ES, drawn
from workbench.research.sweeps import Cross, by_session, sweep
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
