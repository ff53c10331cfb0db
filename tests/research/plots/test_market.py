"""The market of a price plot: what a window shows is what the frames hold, bars from afar and quotes from near."""

from __future__ import annotations

from pathlib import Path

import holoviews as hv
import numpy as np
import polars as pl
import pytest

from tests.research.plots.reading import column
from tests.runtime.folders import BARS_SESSION
from workbench.research import Session, open_session
from workbench.research.plots import market
from workbench.research.plots.market import Market
from workbench.research.plots.times import wall

MINUTE = np.timedelta64(60_000_000_000, "ns")


def a_market(day: Session, symbol: str = "ESZ6", zone: str = "America/New_York") -> tuple[Market, np.ndarray]:
    times = day.bars(symbol)["time"]
    clock = wall(times, zone)
    return Market(day, symbol, clock), clock.times(times)


def test_from_afar_it_is_bars_and_the_largest_prints(day: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market, "MOST_QUOTES", 100)
    of, x = a_market(day)
    window = of.window(x[0] - MINUTE, x[-1])
    bars = day.bars("ESZ6", "5s").filter(pl.col("volume") > 0)
    assert window.length_ns == np.timedelta64(5, "s") and window.quotes.is_empty()
    assert window.bars.drop("x").equals(bars)
    prints = day.frame("prints", "ESZ6")
    assert len(window.prints) <= market.MOST_PRINTS // 2 and window.prints["size"].max() == prints["size"].max()
    assert len(window.prints.drop("x").join(prints, on=["seq"], how="semi")) == len(window.prints)


def test_longer_windows_have_longer_bars(day: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market, "MOST_QUOTES", 0)
    monkeypatch.setattr(market, "MOST_BARS", 40)
    of, x = a_market(day)
    window = of.window(x[0] - MINUTE, x[-1])
    assert window.length_ns == MINUTE
    assert window.bars.drop("x").equals(day.bars("ESZ6", "1m").filter(pl.col("volume") > 0))


def test_from_near_it_is_every_quote_and_every_print_of_the_window(day: Session) -> None:
    of, x = a_market(day)
    first, last = x[10], x[11]
    window = of.window(first, last)
    lo, hi = day.bars("ESZ6")["time"][10], day.bars("ESZ6")["time"][11]
    inside = pl.col("time").is_between(lo, hi)
    for name, shown in (("quotes", window.quotes), ("prints", window.prints)):
        expected = day.frame(name, "ESZ6").filter(inside)
        assert len(expected) > 5
        assert shown.filter(inside).drop("x").equals(expected)
        assert len(shown) <= len(expected) + 2  # a row beyond each end, so that lines reach the edge
    assert window.bars.is_empty()


def test_what_is_drawn_is_what_the_window_holds(day: Session) -> None:
    of, x = a_market(day)
    for window in (of.window(x[10], x[11]), of.window(x[0] - MINUTE, x[-1])):
        wicks, bodies, bid, ask, *prints = of.draw(window)
        assert column(wicks, "price") == window.bars["low_pts"].to_list() and column(wicks, "to") == window.bars["high_pts"].to_list()
        assert column(wicks, "open") == window.bars["open_pts"].to_list() and column(wicks, "close") == window.bars["close_pts"].to_list()
        assert [max(pair) for pair in zip(column(wicks, "open"), column(wicks, "close"), strict=True)] == column(bodies, "to")
        for line, name in ((bid, "bid_pts"), (ask, "ask_pts")):
            assert np.array_equal(column(line, "price"), window.quotes[name].to_numpy(), equal_nan=True)
        drawn = sorted(pair for dots in prints for pair in zip(column(dots, "price"), column(dots, "size"), strict=True))
        assert drawn == sorted(window.prints.select("price_pts", "size").rows())


def test_moving_the_axis_draws_anew(day: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market, "MOST_QUOTES", 400)
    of, x = a_market(day)
    plot = of.zoomable(x[0] - MINUTE, x[-1])
    (stream,) = plot.streams
    afar = plot[()]
    assert len(afar.Segments.I) > 100 and len(afar.Curve.I) == 0
    stream.event(x_range=(x[10], x[11]))
    near = plot[()]
    assert len(near.Segments.I) == 0 and len(near.Curve.I) > 5
    assert [type(each) for each in near] == [type(each) for each in afar]
    ends = [float(end.astype("datetime64[us]").astype(np.int64)) / 1e3 for end in (x[10], x[11])]  # ms, as a browser says it
    stream.event(x_range=tuple(ends))
    assert column(plot[()].Curve.I, "price") == column(near.Curve.I, "price")
    stream.event(x_range=(x[0] - 1_000 * MINUTE, x[-1] + 1_000 * MINUTE))  # beyond the session there is nothing more
    assert column(plot[()].Segments.I, "price") == column(afar.Segments.I, "price")


def test_bars_alone_are_enough(barred: Path) -> None:
    day = open_session(BARS_SESSION, data=barred)
    of, x = a_market(day, "ESH6")
    window = of.window(x[0] - MINUTE, x[-1])
    assert window.bars["close_pts"].to_list() == day.bars("ESH6", "5s").filter(pl.col("volume") > 0)["close_pts"].to_list()
    assert window.quotes.is_empty() and window.prints.is_empty()
    assert hv.render(hv.Overlay(of.draw(window))).renderers
