"""vectorbt, told what it does not know of futures, comes to what the kernel comes to: to 1e-12 of a contract's worth.

What it said stands in `vectorbt.json`, so that the kernel is held against it without the seconds that vectorbt needs to start; `proof`
asks it again. To write it anew: ``python -m tests.research.sweeps.test_vbt``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.research.sweeps.test_sweep import ES, bars_of, drawn
from workbench.domain.errors import ConfigError, DataError
from workbench.research.sweeps import Breakout, Cross, Ready, Threshold, sweep
from workbench.research.sweeps.vbt import NUMBERS, Vectorbt

SAID = Path(__file__).parent / "vectorbt.json"
WORTH = 6000 * 50  # USD of a contract
ONE = bars_of([5000, 5001, 5004, 5005], [5000, 5001, 5002, 5005], wish=[1, 0, 4, 0])
CASES = {
    "one": (ONE, Ready("wish"), {}),
    "cross": (drawn(1, 3000, 6), Cross(), {"fast": [2, 3, 5, 9], "slow": [7, 20, 60]}),
    "breakout": (drawn(2, 3000, 6), Breakout(), {"n": [5, 20, 60], "n_near": [3, 20]}),
    "fade": (drawn(3, 3000, 6), Threshold("level"), {"low": [5, 20], "middle": [50], "high": [80, 95]}),
    "follow": (drawn(4, 3000, 6), Threshold("level", follows=True), {"low": [5, 20], "middle": [40], "high": [80]}),
}
TERMS = {"plain": ES, "dear": ES._replace(slippage_ticks=2, qty=3)}


def each():
    for name, (bars, rule, grid) in CASES.items():
        for by, terms in TERMS.items():
            for hold in ("session", "overnight"):
                yield f"{name} {by} {hold}", bars, rule, grid, terms, hold


def asked(vbt):
    return {name: vbt.sweep(bars, rule, grid, terms, hold=hold).rows() for name, bars, rule, grid, terms, hold in each()}


def assert_equal(told, name, terms, frame):
    assert len(told[name]) == len(frame)
    for theirs, ours in zip(told[name], frame.iter_rows(named=True), strict=True):
        for column, value in zip(NUMBERS, theirs[-len(NUMBERS) :], strict=True):
            if value is None or ours[column] is None:
                assert value is ours[column]
            else:
                assert value == pytest.approx(ours[column], rel=1e-12, abs=1e-12 * (WORTH * terms.qty if "usd" in column else 1)), column


def test_the_kernel_says_what_vectorbt_said():
    told = json.loads(SAID.read_text())
    for name, bars, rule, grid, terms, hold in each():
        assert_equal(told, name, terms, sweep(bars, rule, grid, terms, hold=hold))
    assert sum(row[-len(NUMBERS)] for rows in told.values() for row in rows) > 10_000  # trips: they had something to differ on


def test_a_whole_contract_and_the_next_open_not_two_fifths_of_one_at_the_signals_close():
    (row,) = json.loads(SAID.read_text())["one plain overnight"]
    assert row[-len(NUMBERS) + 2] == 195.50


@pytest.mark.proof
@pytest.mark.timeout(240)
def test_vectorbt_still_says_it(tmp_path):
    with Vectorbt() as vbt:
        again = asked(vbt)
        for name, bars, rule, grid, terms, hold in each():
            assert_equal(again, name, terms, sweep(bars, rule, grid, terms, hold=hold))
        page = vbt.page(CASES["cross"][0], Cross(), {"fast": 3, "slow": 20}, ES, tmp_path / "page.html")
    assert "plotly" in page.read_text()[:5000].lower()


@pytest.fixture
def unstarted(monkeypatch):
    monkeypatch.setattr(sys, "executable", "true")
    with Vectorbt() as vbt:
        yield vbt


def test_what_vectorbt_cannot_say_is_refused(unstarted):
    bars = drawn(1)
    with pytest.raises(ConfigError, match="cannot say"):
        unstarted.sweep(bars, Cross(), {"fast": [2], "slow": [5], "stop_ticks": [4]}, ES)
    with pytest.raises(DataError, match="one order a bar"):
        unstarted.sweep(bars, Ready("wish"), {}, ES)  # draws 3: buy and sell
    with pytest.raises(ConfigError, match="session or overnight"):
        unstarted.page(bars, Cross(), {"fast": 2, "slow": 5}, ES, "page.html", hold="forever")
    with pytest.raises(DataError, match="0 or below"):
        unstarted.sweep(bars_of([2, 0, -1, 1]), Cross(), {"fast": [1], "slow": [2]}, ES)


if __name__ == "__main__":
    with Vectorbt() as asked_now:
        SAID.write_text(json.dumps(asked(asked_now), indent=None).replace("]], ", "]],\n") + "\n")
