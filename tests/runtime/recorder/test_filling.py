"""A recorder whose line is cut: what is missing is found, asked for over the same connection, and lies beside the log, once."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.replay.world import SESSION, market
from tests.runtime.live.whole import Whole
from tests.runtime.recorder.world import often
from workbench.config import Mode
from workbench.domain.records import PROVENANCE_SHIFT, Kind, Provenance
from workbench.domain.units import SECOND
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.runtime.generated import Generated
from workbench.runtime.live import Stage
from workbench.runtime.logged import open_log
from workbench.runtime.recorder.filling import NO_HISTORY, answer, heard, table
from workbench.runtime.recorder.gaps import FIRST
from workbench.runtime.recorder.keeper import Keeper

CUT_S, AWAY_S = 60.0, 40.0


class Beside:
    """What runs beside a recorder: the keeper, looking now and then, and whoever answers it."""

    def __init__(self, data: Path) -> None:
        self.keeper, self.n = Keeper(data, often()), 0
        self._asking: asyncio.Task[None] | None = None

    def __call__(self, told: Whole) -> None:
        self.n += 1
        if self._asking is None and told.wired is not None:
            self._asking = asyncio.ensure_future(answer(told.data, told.wired.edge, told.wired.line.clock))
        if self.n % 10 == 0:
            self.keeper.look(float(self.n))


@pytest.mark.proof
@pytest.mark.covers("S4-12", "S1-02", "S1-13")
def test_what_a_cut_line_lost_is_asked_for_once_and_lies_beside_the_log(tmp_path: Path) -> None:
    contracts, records = market(("ES",), 6, 7, 0.4, before=0)
    start_ns = int(records["recv_ns"][0]) + 5 * SECOND
    cut = Scenario(rules=(Rule(when=When(after_s=CUT_S), what=(act.Outage(for_s=AWAY_S),)),))
    whole, beside = Whole(tmp_path, Generated(contracts, records), start_ns=start_ns, faults=cut), Beside(tmp_path)
    most = [0]

    def at(told: Whole) -> None:
        beside(told)
        most[0] = max(most[0], len(told.gateway.world.clients) if beside.n > 10 else 0)  # the first look is over

    ended = whole.run(180, mode=Mode.RECORD, at=at)
    beside.keeper.finish()
    assert most == [1] and Stage.AWAY in {news.stage for news in whole.news}  # history is asked over the line that streams
    gaps = beside.keeper.missing.gaps(SESSION)
    first_gap, gap = (each for each in gaps if each.stream == "market")
    assert {each.stream: each.why_not for each in gaps if not each.filled_by} == {"tick-by-tick": NO_HISTORY, "depth": NO_HISTORY}
    assert (first_gap.why, first_gap.filled_by) == (FIRST, "bars 60s")  # it began within the session
    assert abs(gap.began_ns - start_ns - CUT_S * SECOND) < 15 * SECOND and gap.ended_ns - gap.began_ns > AWAY_S * SECOND
    assert (gap.stream, gap.filled_by, gap.why_not) == ("market", "bars 5s", None) and heard(tmp_path) == []
    known = table(tmp_path).read(SESSION)
    assert (
        len(known) == 2 * ((gap.n_filled or 0) + (first_gap.n_filled or 0))
        and set(known["kind"]) == {Kind.BAR}
        and set(known["contract"]) == {contracts[0].id}
    )
    assert {flag >> PROVENANCE_SHIFT & 3 for flag in known["flags"].tolist()} == {Provenance.BACKFILL}
    bars = known[known["recv_ns"] > gap.began_ns]
    first, last = int(bars["event_ns"][0]), int(bars["event_ns"][-1])
    prints = records[(records["kind"] == Kind.PRINT) & (records["event_ns"] >= first) & (records["event_ns"] <= last)]
    assert int(bars["sz"][::2].sum()) == int(prints["sz"].sum()) and len(prints) > 3
    assert first <= gap.began_ns and last >= gap.ended_ns - 5 * SECOND
    logged = open_log(tmp_path, SESSION)
    assert not np.isin(logged.records["kind"], (Kind.BAR,)).any() and ended.run.is_closed  # the engine never saw them
    shutil.rmtree(tmp_path / "recordings" / "gaps")
    Keeper(tmp_path, often()).finish()  # as after a death between two commits: found again, written once
    assert Keeper(tmp_path, often()).missing.gaps(SESSION) == gaps and len(table(tmp_path).read(SESSION)) == len(known)
