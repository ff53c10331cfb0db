"""One root by itself, a quarter of an hour with a broken link: nothing needs a sibling to be recorded, and what was missed is asked for."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.simulation.fortnight.spans import Recorded, Span
from tests.simulation.fortnight.tape import tape
from tests.simulation.fortnight.truth import gaps_of, opened, taken
from tests.simulation.fortnight.world import Life, Recorder, at
from workbench.domain.units import SECOND
from workbench.gateway.faults import actions as act


@pytest.mark.proof
@pytest.mark.covers("S4-12", "S4-21")
def test_one_future_without_its_fund_is_recorded_judged_and_filled(tmp_path: Path) -> None:
    broke = at("2026-11-25 09:06")
    span = Span(
        ("ESZ6",), (20261125,), (Life(at("2026-11-25 09:00"), at("2026-11-25 09:16"), ((broke, act.Outage(for_s=40, data="kept")),)),)
    )
    of = tape(span.symbols, span.sessions, seed=1)
    recorded = Recorded(span, of, Recorder(tmp_path, of, ("ES",)).live(span.lives[0]))
    day = opened(recorded)
    found = taken(recorded, day, of.contracts[0])
    assert found.n_right == found.n_quotes > 30 and found.n_prints_right == found.n_prints > 30 and found.n_prints_twice == 0
    assert found.n_minutes_seen == found.n_minutes
    lost = [gap for gap in gaps_of(recorded, "ESZ6").tolist() if gap[0] < broke + SECOND and gap[1] >= broke + 40 * SECOND]
    filled = day.gaps.filter(pl.col("stream") == "market")["filled_by"].to_list()
    assert len(lost) == 1 and filled.count("bars 5s") >= 1 and len(day.backfill) > 900  # and the minutes of the session before it began
    bars = day.bars("ES", "1m")
    assert (bars["quality_frac"] < 0.8).sum() >= 1 and bars["quality_frac"].to_list()[-1] == 1.0
    assert len(day.snapshots) == 3


@pytest.mark.proof
@pytest.mark.covers("S1-06")
def test_what_a_line_says_again_when_a_day_begins_is_no_print_of_the_next_session(tmp_path: Path) -> None:
    span = Span(("ESZ6", "ESH7"), (20261208, 20261209), (Life(at("2026-12-08 15:40"), at("2026-12-08 16:10")),))
    of = tape(span.symbols, span.sessions, seed=1)
    recorded = Recorded(span, of, Recorder(tmp_path, of, ("ES",)).live(span.lives[0]))
    day = opened(recorded)
    for contract in of.contracts:
        found = taken(recorded, day, contract)
        assert found.n_prints_right == found.n_prints > 30 and found.n_prints_twice == 0
