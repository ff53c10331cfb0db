"""``workbench trials``: a person sees how often was tried, and whether the best is luck."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.commands.calling import workbench
from workbench.research.trials import noting


def test_families_are_listed_and_judged(here: Path) -> None:
    assert "nothing was evaluated yet" in workbench("trials", "--data", here).text
    rng = np.random.default_rng(1)
    with noting(here) as write:
        for k in range(12):
            write("luck", {"k": k}, rng.standard_normal(300))
            write("skill", {"k": k}, rng.standard_normal(300) + (0.6 if k == 3 else 0.0))
    assert json.loads(workbench("trials", "--data", here, "--json").out) == {"luck": 12, "skill": 12}
    lost, won = workbench("trials", "luck", "--data", here), workbench("trials", "skill", "--data", here)
    assert lost.code == 1 and "not passed" in lost.text and "worthless" in lost.text
    assert won.code == 0 and "12 trials" in won.text and '{"k": 3}' in won.text and "12 trials counted" in won.text
    told = json.loads(workbench("trials", "skill", "--data", here, "--json").out)
    assert told["is_passed"] is True and told["overfit"]["n_blocks"] == 16
    none = workbench("trials", "idea", "--data", here)
    assert none.code == 2 and "luck, skill" in none.err
