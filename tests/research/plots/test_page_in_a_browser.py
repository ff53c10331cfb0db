"""Saved pages in a real browser: each draws, complains of nothing, asks nobody; moving the time axis moves the prices with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.browser import Tab, opened
from workbench.research import Session, plots

IS_DRAWN = "!!(window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle)"
RANGES = """(() => {
  const ranges = [...Bokeh.documents[0]._all_models.values()].filter((each) => each.type == "Range1d")
  const x = ranges.find((each) => each.start > 1e12), y = ranges.find((each) => each.start > 1e3 && each.end < 1e5)
  return {x, y}
})()"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with opened() as browser:
        yield browser.tab()


def show(tab: Tab, path: Path) -> None:
    tab.requests.clear()
    tab.troubles.clear()
    tab.look(1280)
    tab.go(path.as_uri())
    tab.wait(IS_DRAWN, "the plot is drawn")


@pytest.mark.covers("S0-13")
def test_every_plot_draws_and_asks_nobody(day: Session, tab: Tab, tmp_path: Path) -> None:
    made = {
        "price": plots.price(day, "ES", zone="America/New_York"),
        "spread": plots.spread(day, "SPY"),
        "depth": plots.depth(day, "ES"),
        "calibration": plots.calibration(day),
        "equity": plots.equity(day),
        "refusals": plots.refusals(day),
        "features": plots.features(day, ["rsi_14_1m", "ofi_5s"]),
    }
    for name, plot in made.items():
        path = plots.save(plot, tmp_path / f"{name}.html")
        show(tab, path)
        assert tab.troubles == [], name
        assert [each for each in tab.requests if not each.startswith("data:")] == [path.as_uri()], name


def test_prices_follow_the_time_that_is_in_sight(day: Session, tab: Tab, tmp_path: Path) -> None:
    show(tab, plots.save(plots.price(day, "ES"), tmp_path / "price.html"))
    whole = tab.ask(f"(() => {{ const {{y}} = {RANGES}; return [y.start, y.end] }})()")
    move = "x.setv({start: x.start + 0.45 * (x.end - x.start), end: x.start + 0.55 * (x.end - x.start)})"
    tab.ask(f"(() => {{ const {{x}} = {RANGES}; {move} }})()")
    part = tab.wait(f"(() => {{ const {{y}} = {RANGES}; return y.start != {whole[0]} && [y.start, y.end] }})()", "prices follow")
    assert whole[0] <= part[0] < part[1] <= whole[1] and part[1] - part[0] < 0.8 * (whole[1] - whole[0])
    bars = day.bars("ES", "5s")
    ends = tab.ask(f"(() => {{ const {{x}} = {RANGES}; return [x.start, x.end] }})()")
    ms = bars["time"].dt.epoch("ms")
    lows = bars.filter((ms > ends[0]) & (ms <= ends[1]) & (bars["volume"] > 0))
    assert part[0] <= lows["low_pts"].min() and part[1] >= lows["high_pts"].max()
