"""A run that goes on from one that did not end flat is shown with what that one left open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.replay.world import settings
from workbench import calendars
from workbench.dashboard.stores import Stores, picture
from workbench.domain.units import MINUTE
from workbench.learning.models import DEFAULT
from workbench.runtime import build
from workbench.runtime.generated import generated
from workbench.runtime.paper import Paper, paper
from workbench.simulation.market import MarketSettings
from workbench.simulation.matching.models import CAUTIOUS

pytestmark = pytest.mark.covers("S0-19", "S1-30")
FIRST, SECOND = 20261118, 20261119


def trade(data: Path, session: int, minutes: int) -> Paper:
    """Trade the first minutes of a session of two contracts."""
    opens, _ = calendars.session_bounds(session)
    made = generated(settings(), ["ES", "NQ"], session, seed=5, market=MarketSettings(activity=0.5), last_ns=opens + minutes * MINUTE)
    traders = [("learned", DEFAULT), ("vwap_reversion", "")]
    setup = build.setup(settings(), made.contracts, [session], build.constitution("demo"), account="DUSIM1", strategies=traders)
    return asyncio.run(paper(data, session, made.contracts, made.records, setup, CAUTIOUS, digests={"settings": settings().digest}))


def test_what_the_session_before_left_open_is_still_there(tmp_path: Path) -> None:
    first = trade(tmp_path, FIRST, 120)
    assert not first.run.ended_flat, "choose a world that ends with a position"
    second = trade(tmp_path, SECOND, 30)
    assert second.run.starts_from == first.run.run
    stores = Stores((tmp_path,), settings())
    read = stores.look()
    assert read.following is not None and read.trouble == ""
    board, memory = read.following.board, second.engine.desk.memory
    assert {ref: (b.phase, b.open, b.stop_px) for ref, b in board.supervisor.book.open.items()} == {
        ref: (b.phase, b.open, b.stop_px) for ref, b in memory.book.open.items()
    }
    assert board.ledger.equity_micros == memory.ledger.equity_micros
    assert board.realised_micros == sum(memory.ledger.realised_micros.values())
    shown = picture(read, stores, "UTC")
    assert shown.card is not None and shown.card.session == SECOND


@pytest.mark.parametrize("minutes", [3])
def test_a_run_too_short_to_forecast_says_what_is_not_warm(tmp_path: Path, minutes: int) -> None:
    trade(tmp_path, FIRST, minutes)
    stores = Stores((tmp_path,), settings())
    shown = picture(stores.look(), stores, "UTC")
    assert shown.money is not None and shown.money.n_trips == 0 and {line.why.kind for line in shown.lines} == {"over"}
    assert shown.recipes == () or shown.recipes[0].hit_frac is None
