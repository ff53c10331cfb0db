"""An hour of the fortnight over a real socket, twenty times as fast: what is read back is what was shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.simulation.fortnight.spans import BOTH, Recorded, Span
from tests.simulation.fortnight.tape import tape
from tests.simulation.fortnight.truth import opened, taken
from tests.simulation.fortnight.world import Life, Recorder, at
from workbench.domain.units import SECOND
from workbench.gateway.faults import actions as act

SPEED = 20.0
LATE_NS = 40 * SECOND  # two seconds of a busy machine
EARLY_NS = 2 * SECOND  # the recorder sets its clock by a word of the gateway in whole seconds


@pytest.mark.nightly
@pytest.mark.covers("S1-02", "S4-12")
def test_an_hour_over_a_socket_is_read_back_as_it_was_shown(tmp_path: Path) -> None:
    first = at("2026-12-09 09:00")
    span = Span(BOTH, (20261209,), (Life(first, at("2026-12-09 10:00"), ((at("2026-12-09 09:04"), act.Outage(for_s=30, data="kept")),)),))
    of = tape(span.symbols, span.sessions, seed=1)
    recorded = Recorded(span, of, Recorder(tmp_path, of, ("ES", "SPY")).live_over_tcp(span.lives[0], SPEED))
    assert workbench("data", "verify", "--data", recorded.data).code == 0
    day = opened(recorded)
    for contract in of.contracts:
        found = taken(recorded, day, contract, late_ns=LATE_NS, early_ns=EARLY_NS)
        print(found)
        assert found.n_right == found.n_quotes > 15 and found.n_prints_right == found.n_prints > 15
        assert found.n_minutes_seen == found.n_minutes
