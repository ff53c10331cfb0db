"""Sessions of a span add up to the span, and one that nobody traded is told of too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.research.barred import SESSIONS
from tests.runtime.folders import BARS_SESSION
from workbench.research import open_session
from workbench.research.weeks import by_session

pytestmark = pytest.mark.covers("S3-32")


def test_sessions_add_up_to_their_round_trips(two_days: Path) -> None:
    days = open_session(SESSIONS[0], SESSIONS[-1], data=two_days)
    told = by_session(days)
    assert len(told) == len(days.sessions) == 2 and told["session"].is_sorted()
    assert told["round_trips"].sum() == len(days.round_trips) > 0
    assert told["pnl_usd"].sum() == pytest.approx(days.round_trips["pnl_usd"].sum())
    assert told["wishes"].sum() == len(days.decisions) and told["fit_frac"].is_between(0, 1).all()


def test_a_session_that_nobody_traded_has_its_data_alone(barred: Path) -> None:
    told = by_session(open_session(BARS_SESSION, data=barred)).row(0, named=True)
    assert (f"{told['session']:%Y%m%d}", told["run"], told["round_trips"], told["pnl_usd"]) == (str(BARS_SESSION), "", 0, 0.0) and told[
        "fit_frac"
    ] is not None
