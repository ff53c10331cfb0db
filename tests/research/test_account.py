"""Sessions end to end are one account: what a run earned is there when the next one begins, and what it left open is counted once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.dashboard.test_following import FIRST, SECOND, trade
from tests.research.barred import SESSIONS
from workbench.research import Session, figures, open_session
from workbench.research.account import joined
from workbench.research.review import review
from workbench.research.words import usd


def test_of_one_run_it_is_the_frame(day: Session) -> None:
    whole, own = joined(day.equity), day.equity
    assert whole.select("time", "run", "realised_usd", "open_pnl_usd").equals(own.select("time", "run", "realised_usd", "open_pnl_usd"))
    assert (whole["drawdown_usd"] - own["drawdown_usd"]).abs().max() < 1e-6


def test_runs_that_each_begin_with_the_same_money_are_added_up(two_days: Path) -> None:
    days = open_session(SESSIONS[0], to=SESSIONS[1], data=two_days)
    apart = [open_session(session, data=two_days) for session in SESSIONS]
    whole, ends = joined(days.equity), [joined(each.equity)["pnl_usd"][-1] for each in apart]
    assert days.equity["equity_usd"].head(1).item() == apart[1].equity["equity_usd"][0]  # each from its own beginning
    n = len(apart[0].equity)
    assert whole["pnl_usd"][n] == pytest.approx(ends[0]) and whole["pnl_usd"][-1] == pytest.approx(sum(ends))
    assert whole["drawdown_usd"].min() < min(each.equity["drawdown_usd"].min() for each in apart)
    assert figures.equity(days).says == f"Did the account grow? {usd(sum(ends))}"
    seen = review(days)
    assert seen.adds_up and seen.left_open[0] == sum(review(each).left_open[0] for each in apart) > 0
    assert sum(seen.left_open[1:]) + days.round_trips["pnl_usd"].sum() == pytest.approx(sum(ends))


def test_what_a_run_found_open_is_counted_once(tmp_path: Path) -> None:
    """The second run goes on from one that ended with a position: its account counts it from its entry, as its round trip does."""
    trade(tmp_path, FIRST, 120)
    assert trade(tmp_path, SECOND, 30).run.starts_from
    first, second, both = (open_session(span[0], to=span[-1], data=tmp_path) for span in ((FIRST,), (SECOND,), (FIRST, SECOND)))
    left, found = first.equity.row(-1, named=True), second.equity.row(0, named=True)
    assert found["equity_usd"] == pytest.approx(left["equity_usd"]) and found["open_pnl_usd"] == left["open_pnl_usd"] != 0
    assert second.equity["equity_usd"][-1] == pytest.approx(found["equity_usd"] + (joined(second.equity)["pnl_usd"].diff().sum()))
    assert (second.equity["open_pnl_usd"][-1], second.equity["realised_usd"][-1]) == (0, pytest.approx(second.round_trips["pnl_usd"].sum()))
    whole = joined(both.equity)
    assert (
        whole["pnl_usd"][-1]
        == pytest.approx(both.round_trips["pnl_usd"].sum())
        == pytest.approx(second.equity["equity_usd"][-1] - first.equity["equity_usd"][0])
    )
    assert whole.filter(pl.col("time") < second.equity["time"][0])["pnl_usd"][-1] == pytest.approx(whole["pnl_usd"][len(first.equity)])
    assert review(both).adds_up and review(second).adds_up and review(both).left_open == (0, 0.0)
