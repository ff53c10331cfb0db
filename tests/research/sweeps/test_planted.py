"""A sweep finds what was planted, and where nothing was it finds nothing that goes on."""

from __future__ import annotations

from tests.research.sweeps.test_sweep import ES
from workbench.research.sweeps import Cross, planted_bars, sweep


def test_what_was_planted_is_found_and_only_there():
    pnl = {}
    for name, leans in (("planted", 2.0), ("nothing", 0.0)):
        bars = planted_bars(ES, n_sessions=12, follow_ticks=leans)
        assert bars["session"].n_unique() == 12 and len(bars) == 12 * 390 and bars["session"].dt.weekday().max() == 5
        pnl[name] = sweep(bars, Cross(), {"fast": [10], "slow": [40]}, ES)["pnl_usd"][0]
    assert pnl["planted"] > 5_000 > pnl["nothing"]
    long = planted_bars(ES, n_sessions=4, follow_ticks=2.0, until=2)
    assert long.head(2 * 390).equals(planted_bars(ES, n_sessions=4, follow_ticks=2.0).head(2 * 390))
