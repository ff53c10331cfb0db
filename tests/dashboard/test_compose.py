"""The page's line of P&L is the account of the frames, whatever the market is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard.running import count
from tests.replay.world import SESSION, World
from tests.research.barred import SESSIONS, traded
from workbench.config import Settings
from workbench.dashboard.compose import compose, runner_of
from workbench.dashboard.following import Following
from workbench.domain.units import MICROS
from workbench.research import Session, open_session
from workbench.store.manifest import runs

pytestmark = pytest.mark.covers("S0-19", "S0-25")


def line_beside(data: Path, session: int, settings: Settings) -> tuple[Following, Session, list[tuple[float, float, float]]]:
    """Follow the run of a session to its end; give its points with what the frame says then: (page, frame, of it open), in USD."""
    day = open_session(session, data=data)
    run = next(each for each in runs(data) if day.run is not None and each.run == day.run.run)
    followed = Following(data, run, settings)
    followed.advance(run, None)
    frame = day.equity.with_columns(at=day.equity["time"].dt.epoch("ns"))
    of = {at: (realised + open_, open_) for at, realised, open_ in frame.select("at", "realised_usd", "open_pnl_usd").iter_rows()}
    return followed, day, [(worth / MICROS, *of[at]) for at, worth in followed.line if at in of]


def test_on_bars_alone_every_point_is_the_account_at_the_last_price(tmp_path: Path) -> None:
    settings = traded(tmp_path)
    for session in SESSIONS:
        followed, day, points = line_beside(tmp_path / "data", session, settings)
        marked = [open_ for _, _, open_ in points if open_]
        assert len(marked) > 60 and len(set(marked)) > 20  # it moves while something is open
        assert [page for page, _, _ in points] == pytest.approx([frame for _, frame, _ in points], abs=1e-5)
        last = day.equity.row(-1, named=True)
        assert followed.worth_micros() / MICROS == pytest.approx(last["realised_usd"] + last["open_pnl_usd"], abs=1e-5)
        ended = runner_of(followed, word="ended", age_s=None, feed_age_s=None, speed=None)
        shown = compose(followed, ended, read_ns=0, data="", zone="UTC")
        held = [line.position for line in shown.lines if line.position is not None]
        assert [each.how for each in reversed(shown.closed)] == day.round_trips["why"].to_list()[-len(shown.closed) :]
        assert shown.money is not None and shown.money.line[-1][1] == followed.worth_micros()
        assert sum(each.open_micros for each in held) == shown.money.open_micros


def test_on_bars_alone_risk_still_counts_what_is_open_at_its_stop(tmp_path: Path) -> None:
    settings = traded(tmp_path)
    followed, _, _ = line_beside(tmp_path / "data", SESSIONS[0], settings)
    held = [bracket for bracket in followed.board.brackets() if bracket.filled]
    assert held  # the day of the file ends while something is open
    assert followed.at_risk_micros() == sum(followed.board.open_micros(bracket, bracket.stop_px) for bracket in held)
    assert followed.at_risk_micros() < followed.open_micros()


def test_where_there_are_quotes_every_point_is_the_account_where_it_could_be_left(over: Path, of: World, settings: Settings) -> None:
    followed, day, points = line_beside(over, SESSION, settings)
    assert len({open_ for _, _, open_ in points if open_}) > 5 and count(over).n_trips == len(day.round_trips)
    assert [page for page, _, _ in points] == pytest.approx([frame for _, frame, _ in points], abs=1e-5)
    assert followed.at_risk_micros() == followed.open_micros()
