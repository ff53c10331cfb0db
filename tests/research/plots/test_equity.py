"""`equity`: the account after costs as the frame has it."""

from __future__ import annotations

from pathlib import Path

import holoviews as hv
import polars as pl
import pytest

from tests.research.barred import SESSIONS
from tests.research.plots.reading import axis_labels, column, elements, figures, subtitle, title
from tests.runtime.folders import BARS_SESSION
from workbench.research import Session, open_session
from workbench.research.account import joined
from workbench.research.plots import equity
from workbench.research.plots.equity import headline
from workbench.research.plots.seen import Rows


@pytest.mark.covers("S0-13")
def test_gain_and_drawdown_are_those_of_the_frame(day: Session) -> None:
    plot, account = equity(day, zone="America/New_York"), day.equity
    start = account["equity_usd"][0]
    gain = elements(plot, hv.Curve, "with what is open")[0]
    assert column(gain, "gain") == pytest.approx((account["equity_usd"] - start).to_list(), abs=1e-6)
    assert column(elements(plot, hv.Curve, "realised")[0], "gain") == account["realised_usd"].to_list()
    assert column(elements(plot, hv.Area)[0], "drawdown") == pytest.approx(account["drawdown_usd"].to_list(), abs=1e-6)
    shown = figures(plot)
    assert shown[0].x_range is shown[1].x_range
    assert {"gain after costs, USD", "below the best, USD", "time in America/New_York (EST)"} <= set(axis_labels(shown))
    assert subtitle(shown).endswith(f"began with {start:,.2f} USD")


def test_the_title_says_what_was_left_what_it_cost_and_how_deep_it_fell(day: Session) -> None:
    account, costs = day.equity, day.fills["fee_usd"].sum()
    gain, open_ = account["equity_usd"][-1] - account["equity_usd"][0], account["open_pnl_usd"][-1]
    said = title(figures(equity(day)))
    assert said.startswith(f"{'Won' if gain > 0 else 'Lost'} {abs(gain):,.2f} USD")
    assert f" after {costs:,.2f} USD of costs in {len(day.round_trips)} round trips" in said
    assert said.endswith(f"; deepest fall {-account['drawdown_usd'].min():,.2f} USD")
    assert ("of it still open" in said) == (open_ != 0)


def test_nothing_won_and_nothing_lost_is_said_plainly(day: Session) -> None:
    flat = joined(day.equity.head(1))
    assert headline(flat, Rows(pl.DataFrame()), Rows(pl.DataFrame())) == "Neither won nor lost in no round trip"


def test_a_change_of_state_is_marked(day: Session) -> None:
    from workbench.research.plots.equity import _states

    times = day.equity["time"].head(2)
    states = pl.DataFrame({"time": times, "state": ["reducing", "halted"], "x": times.dt.replace_time_zone(None)})
    assert [line.data for line in _states(Rows(states))] == states["x"].to_list()


def test_where_nobody_traded_it_says_so(barred: Path) -> None:
    shown = figures(equity(open_session(BARS_SESSION, data=barred)))
    assert title(shown) == "No equity to show: nobody traded" and "nobody traded" in subtitle(shown)


def test_the_sessions_of_a_range_stand_end_to_end(two_days: Path) -> None:
    days = open_session(SESSIONS[0], to=SESSIONS[1], data=two_days)
    total, plot = days.round_trips["pnl_usd"].sum(), equity(days)
    gain = column(elements(plot, hv.Curve, "with what is open")[0], "gain")
    open_usd = days.equity.group_by("run", maintain_order=True).agg(pl.col("realised_usd", "open_pnl_usd").last().sum())
    assert gain[-1] == pytest.approx(open_usd["realised_usd"].sum() + open_usd["open_pnl_usd"].sum(), abs=1e-6)
    assert abs(gain[-1] - total) < 100 and min(gain) < gain[-1] < 0
    assert title(figures(plot)).startswith(f"Lost {-gain[-1]:,.2f} USD")
