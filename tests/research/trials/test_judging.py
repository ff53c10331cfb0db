"""Families of noise do not pass, an edge does: both as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tests.research.trials.families import KINDS, made_up
from workbench.research.trials import Family, note, noting, verdict

A_YEAR = 252**0.5


def test_one_family_of_noise_and_one_with_an_edge(tmp_path):
    noise, edge = made_up(np.random.default_rng(1), 12, 500), made_up(np.random.default_rng(2), 12, 750, edge=4 / A_YEAR)
    for name, of in (("noise", noise), ("edge", edge)):
        with noting(tmp_path) as write:
            for row in of.rows:
                write(name, row.parameters, row.returns)
    lost, won = verdict("noise", tmp_path), verdict("edge", tmp_path)
    assert not lost.is_passed and lost.n_trials == 12 and "worthless" in lost.text and lost.undeflated > lost.probability
    assert won.is_passed and won.best == {"k": 0} and "12 trials counted" in str(won)
    assert won.overfit is not None and won.overfit.probability < 0.05


def test_the_same_result_is_worth_less_after_more_trials():
    rng = np.random.default_rng(3)
    few, many = made_up(rng, 3, 300, edge=0.17), made_up(rng, 3, 300, edge=0.17)
    more = Family("many", (*many.rows, *(row._replace(digest=f"{k}x{row.digest}") for k in range(6) for row in many.rows)))
    assert verdict(many).n_trials == 3 and verdict(more).n_trials == 21
    assert verdict(more).expected > verdict(many).expected and verdict(more).probability < verdict(many).probability
    assert verdict(few).n_periods == 300


def test_the_few_that_were_looked_at_day_after_day_are_judged_among_all_that_were_tried():
    rng = np.random.default_rng(7)
    tried = made_up(rng, 200, 250)
    best = sorted(tried.rows, key=lambda row: row.returns.mean() / row.returns.std())[-3:]
    days = [
        row._replace(metric="another", periods=row.periods[:5] + 5 * n, span=f"{n}", returns=row.returns[:5])
        for row in best
        for n in range(100)
    ]
    told = verdict(Family("many", (*tried.rows, *days)))
    assert told.n_trials == 200 and told.expected == verdict(tried).expected and not told.is_passed


def test_little_is_said_to_be_little(tmp_path):
    assert "nothing was evaluated" in str(verdict("idea", tmp_path))
    note(tmp_path, "idea", {"k": 1}, np.random.default_rng(4).standard_normal(59) + 2)
    thin = verdict("idea", tmp_path)
    assert not thin.is_passed and "59 periods" in thin.text and thin.n_trials == 1
    note(tmp_path, "idea", {"k": 1}, np.random.default_rng(4).standard_normal(90) + 2, span="more")
    assert verdict("idea", tmp_path).is_passed


@pytest.mark.proof
def test_of_two_hundred_families_of_noise_few_pass(capsys):
    rng = np.random.default_rng(5)
    judged = [(kind, verdict(made_up(rng, int(rng.integers(2, 50)), int(rng.integers(100, 800)), kind))) for kind in (KINDS * 34)[:200]]
    passed = {kind: sum(one.is_passed for of, one in judged if of == kind) for kind in KINDS}
    with capsys.disabled():
        print(f"\n{sum(passed.values())} of {len(judged)} families of noise pass: {passed}")
    assert len(judged) == 200 and sum(passed.values()) <= 10


@pytest.mark.proof
def test_a_real_edge_passes(capsys):
    rng, power = np.random.default_rng(6), {}
    for ratio in (2, 3, 4, 5):
        judged = [verdict(made_up(rng, 30, 750, "fat tails", edge=ratio / A_YEAR)) for _ in range(20)]
        power[ratio] = float(np.mean([one.is_passed and one.best == {"k": 0} for one in judged]))
    with capsys.disabled():
        print(f"\nan edge among 30 configurations over 750 days is passed, by its true yearly Sharpe ratio: {power}")
    assert power[2] <= power[3] <= power[4] and power[4] >= 0.8 and power[5] >= 0.9
