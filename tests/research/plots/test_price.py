"""`price`: title, marks and strips say what the frames say, with trades and without."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import holoviews as hv
import numpy as np
import polars as pl
import pytest
from bokeh.models.plots import Plot

from tests.research.plots.reading import axis_labels, column, elements, figures, subtitle, title
from tests.runtime.folders import BARS_SESSION
from workbench.domain.errors import ConfigError, DataError
from workbench.research import Session, open_session
from workbench.research.plots import price
from workbench.research.plots.price import headline
from workbench.research.plots.seen import Rows


@pytest.fixture(scope="module")
def plot(day: Session) -> Any:
    return price(day, "ES", zone="America/Chicago")


@pytest.fixture(scope="module")
def shown(plot: Any) -> list[Plot]:
    return figures(plot)


def of(day: Session, name: str, symbol: str = "ESZ6") -> pl.DataFrame:
    return day.frame(name, symbol)


@pytest.mark.covers("S0-13")
def test_the_title_says_what_was_entered_and_what_came_of_it(day: Session, shown: list[Plot]) -> None:
    trips, fills = of(day, "round_trips"), of(day, "fills")
    n_in = fills.filter(pl.col("leg") == "entry")["ref"].n_unique()
    n_won = len(trips.filter(pl.col("pnl_usd") > 0))
    n_stopped = len(trips.filter((pl.col("why") == "stop") & (pl.col("pnl_usd") <= 0)))
    total = trips["pnl_usd"].sum()
    amount = f"{'−' if total < 0 else '+'}{abs(total):,.2f} USD"  # noqa: RUF001
    assert n_in > 5
    assert title(shown) == (
        f"ESZ6: {n_in} entries, {n_won or 'none'} of {len(trips)} round trips won, {n_stopped} lost at the stop; {amount} after costs"
    )


def test_the_line_below_says_where_the_data_is_from(shown: list[Plot]) -> None:
    assert subtitle(shown).startswith("session Thu 19 Nov 2026 · paper · a small world, generated · data quality ")


def test_every_fill_is_marked_at_its_time_and_price(day: Session, plot: Any) -> None:
    fills = of(day, "fills")
    for label, leg, side in (
        ("bought", True, 1), ("sold", True, -1), ("bought to leave", False, 1), ("sold to leave", False, -1)
    ):  # fmt: skip
        mine = fills.filter(((pl.col("leg") == "entry") == leg) & (pl.col("side") == side))
        drawn = elements(plot, hv.Points, label)
        assert len(drawn) == (not mine.is_empty())
        if drawn:
            assert column(drawn[0], "price") == mine["price_pts"].to_list() and column(drawn[0], "qty") == mine["qty"].to_list()
            local = mine["time"].dt.convert_time_zone("America/Chicago").dt.replace_time_zone(None)
            assert drawn[0].dimension_values("x").tolist() == local.to_numpy().tolist()


def test_every_round_trip_is_drawn_as_won_or_lost(day: Session, plot: Any) -> None:
    trips = of(day, "round_trips")
    for label, wanted in (("won", pl.col("pnl_usd") > 0), ("lost", pl.col("pnl_usd") <= 0)):
        mine = trips.filter(wanted)
        (drawn,) = elements(plot, hv.Segments, label)
        assert column(drawn, "pnl_usd") == mine["pnl_usd"].to_list()
        assert column(drawn, "price") == mine["entry_pts"].to_list() and column(drawn, "to") == mine["exit_pts"].to_list()


def test_refusals_are_counted_in_their_own_strip(day: Session, plot: Any) -> None:
    refused = of(day, "refusals")
    (strip,) = [each for each in elements(plot, hv.Segments) if "reason" in each]
    assert sum(column(strip, "n")) == len(refused) > 0


def test_quality_lies_under_it_and_one_axis_moves_all(day: Session, plot: Any, shown: list[Plot]) -> None:
    boxes = elements(plot, hv.Rectangles)[-1]
    until, quality = (boxes.dimension_values(name) for name in ("until", "quality_to"))
    bars = day.bars("ES")
    ends = bars["time"].dt.convert_time_zone("America/Chicago").dt.replace_time_zone(None).to_numpy()
    assert quality[np.searchsorted(until, ends)].tolist() == bars["quality_frac"].to_list()
    assert len(shown) == 3 and len({id(each.x_range) for each in shown}) == 1 and len({id(each.y_range) for each in shown}) == 3
    low = min(day.bars("ES").filter(pl.col("volume") > 0)["low_pts"])
    assert shown[0].y_range.start > 0.98 * low  # nothing pulls the axis of a price to zero


def test_axes_say_units_and_zone(shown: list[Plot]) -> None:
    labels = axis_labels(shown)
    assert "ESZ6, points" in labels and "time in America/Chicago (CST)" in labels and "quality, 0-1" in labels


def test_a_part_speaks_of_that_part_alone(day: Session) -> None:
    entry = of(day, "fills").filter(pl.col("leg") == "entry")["time"][3]
    first = entry.replace(second=0, microsecond=0)
    inside = of(day, "fills").filter(pl.col("time").is_between(first, first + timedelta(minutes=2)))
    around = tuple(each.strftime("%Y-%m-%d %H:%M") for each in (first, first + timedelta(minutes=2)))
    plot = price(day, "ES", between=around)
    n_in = inside.filter(pl.col("leg") == "entry")["ref"].n_unique()
    assert title(figures(plot)).startswith(f"ESZ6 {around[0][-5:]} to {around[1][-5:]}: {n_in} entr")
    assert sum(len(each) for each in elements(plot, hv.Points) if each.label) == len(inside)


def test_without_a_trade_it_says_what_the_price_did(barred: Path) -> None:
    day = open_session(BARS_SESSION, data=barred)
    bars = day.bars("ESH6")
    traded = bars.filter(pl.col("volume") > 0)
    start, end = traded["open_pts"][0], traded["close_pts"][-1]
    shown = figures(price(day, "ES"))
    assert title(shown) == f"ESH6: from {start:,.0f} to {end:,.2f} points, {100 * (end / start - 1):+.2f} %"
    assert len(shown) == 2 and "time, UTC" in axis_labels(shown)


def test_words_for_what_hardly_happened(day: Session) -> None:
    none = Rows(pl.DataFrame())
    bars = day.bars("ES")
    one = of(day, "fills").filter(pl.col("leg") == "entry").head(1)
    empty = {"fills": none, "round_trips": none, "refusals": none}
    assert headline("ESZ6", bars, empty | {"fills": Rows(one)}) == "ESZ6: 1 entry, none of them closed"
    assert headline("ESZ6", bars, empty | {"refusals": Rows(day.refusals.head(1))}).endswith("; 1 wish refused, no entry")
    assert headline("ESZ6", bars.with_columns(volume=0.0), empty) == "ESZ6: nothing traded"


def test_before_the_first_bar_there_is_a_plot_that_says_so(day: Session) -> None:
    early = day.as_seen_at(day.bars("ES")["time"][0] - timedelta(seconds=61))
    assert title(figures(price(early, "ES"))) == "ESZ6: no bar closed, so there is no price to show"


def test_what_is_not_there_is_said_with_what_is(day: Session) -> None:
    with pytest.raises(DataError, match="no contract 'CL' here; there are ESZ6 \\(ES\\), SPY"):
        price(day, "CL")
    with pytest.raises(ConfigError, match="no time zone 'Nowhere'"):
        price(day, "ES", zone="Nowhere")
