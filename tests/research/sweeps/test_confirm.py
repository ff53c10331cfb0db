"""A confirmation explains every dollar between sweep and replay, and trades by the law."""

from __future__ import annotations

import pytest

from tests.research.sweeps.test_sweep import bars_of
from workbench.config import load_settings
from workbench.domain.errors import ConfigError, DataError
from workbench.research.sweeps import Cross, confirm, sweep, terms_of
from workbench.research.trials import family

ES = terms_of("ES", settings=load_settings(environment={}))
GRID = {"fast": [2, 3], "slow": [5], "stop_ticks": [12], "target_ticks": [0, 16]}


@pytest.fixture(scope="module")
def swept(day):
    return day.bars("ES", "1m")


@pytest.fixture
def found(swept, traded):
    frame = sweep(swept, Cross(), GRID, ES, family="here")
    return frame, confirm(swept, Cross(), frame, ES, data=traded.data, profile="demo", family="here")


def test_every_dollar_between_the_sweep_and_the_replay_has_a_cause(found, traded):
    frame, (table, causes) = found
    assert table.select("fast", "slow", "target_ticks").equals(frame.select("fast", "slow", "target_ticks"))
    assert table["sweep_usd"].to_list() == pytest.approx(frame["pnl_usd"].to_list())
    assert table["sweep_trips"].to_list() == frame["n_trips"].to_list() and table["replay_trips"].sum() > 4
    for place, row in enumerate(table.iter_rows(named=True)):
        of = causes.filter(place=place)
        assert of["usd"].sum() == pytest.approx(row["replay_usd"] - row["sweep_usd"], abs=1e-6)
        assert row["mostly"] in of["cause"].to_list()
    assert "entered at another price" in causes["cause"].to_list()
    tried = family(traded.data, "here")
    assert tried.n_trials == 4 and {row.parameters["by"] for row in tried.rows} == {"engine"}
    assert {len(row.parameters["law"]) for row in tried.rows} == {64}  # another law is another trial
    assert [row.returns.sum() for row in tried.rows] == pytest.approx(table["replay_usd"].to_list())


def test_what_the_engine_cannot_trade_or_nobody_recorded_is_refused(swept, traded):
    with pytest.raises(ConfigError, match="without a stop"):
        confirm(swept, Cross(), [{"fast": 2, "slow": 5}], ES, data=traded.data)
    stopped = [{"fast": 2, "slow": 5, "stop_ticks": 8}]
    with pytest.raises(DataError, match="symbol"):
        confirm(bars_of([5000, 5001, 5002]), Cross(), stopped, ES, data=traded.data)
    with pytest.raises(DataError, match="no session"):
        confirm(swept, Cross(), stopped, ES, data="nothing")
