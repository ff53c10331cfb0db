"""Pictures of a sweep answer their questions in their titles."""

from __future__ import annotations

from datetime import date

import polars as pl

from workbench.research import figures
from workbench.research.sweeps import Confirmed

FOUND = pl.DataFrame({"fast": [2, 2, 5, 5], "slow": [10, 20, 10, 20], "pnl_usd": [-10.0, 40.0, 5.0, -3.0]})


def test_titles_answer():
    assert figures.plateau(FOUND, "fast", "slow").says == "Is the best a plateau or a peak? 2 of 4 fields are above 0"
    table = pl.DataFrame({"sweep_usd": [10.0, 20.0], "replay_usd": [12.0, -20.0]})
    causes = pl.DataFrame({"place": [0, 1], "cause": ["fees", "left at another price"], "n": [2, 1], "usd": [2.0, -40.0]})
    assert figures.confirmed(Confirmed(table, causes)).says == "Does the replay agree with the sweep? It comes to less in 1 of 2"
    days = pl.Series([date(2026, 11, 18), date(2026, 11, 19)])
    assert figures.walked(days, {"one": [1.0, 2.0]}, title="How did it go on?", marks=days.tail(1)).png[1:4] == b"PNG"
