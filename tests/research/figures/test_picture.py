"""Pictures are small, the same from the same numbers, and say in words what they show; of nothing they show nothing, and no error."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from tests.runtime.folders import BARS_SESSION
from workbench.research import Session, figures, open_session
from workbench.research.figures.picture import Picture, sheet
from workbench.research.uncertainty import Interval, block_bootstrap
from workbench.research.words import usd

MOST_BYTES = 60_000  # 300 kB a notebook


def drawn(day: Session) -> dict[str, Picture]:
    symbol = day.contracts[0].symbol
    times = day.bars(symbol, "1m")["time"]
    walk = np.random.default_rng(1).normal(size=len(times)).cumsum()
    intervals: dict[str, Interval | None] = {"a": block_bootstrap(walk.tolist()), "b": block_bootstrap([1.0, 2.0, 3.0]), "c": None}
    made = {
        "equity": figures.equity(day),
        "market": figures.market(day, symbol),
        "refusals": figures.refusals(day),
        "calibration": figures.calibration(day),
        "running": figures.running(times, {"walk": walk}, title="How did it walk?", ylabel="steps", even=0.0, marks=times[:3], marked="x"),
        "worth": figures.worth(intervals, title="Is it worth it?"),
    }
    return made | ({"trade": figures.trade(day, day.orders["ref"][0])} if day.run is not None else {})


@pytest.fixture(scope="module")
def pictures(day: Session) -> dict[str, Picture]:
    return drawn(day)


def test_each_is_a_small_picture_whose_title_asks_and_answers(pictures: dict[str, Picture], day: Session) -> None:
    for name, picture in pictures.items():
        assert picture.png.startswith(b"\x89PNG") and len(picture.png) < MOST_BYTES, name
        assert "?" in picture.says and repr(picture) == f"[picture] {picture.says}", name
    worth = day.equity.row(-1, named=True)
    assert pictures["equity"].says.endswith(usd(worth["realised_usd"] + worth["open_pnl_usd"]))


def test_a_notebook_gets_picture_words_and_width(pictures: dict[str, Picture]) -> None:
    picture = pictures["equity"]
    shown, about = picture._repr_mimebundle_()
    assert shown.keys() == {"text/plain", "image/png"} and 700 < picture.width_px < 900
    assert about["image/png"] == {"width": picture.width_px, "alt": picture.says}


def test_the_same_numbers_give_the_same_bytes(day: Session, pictures: dict[str, Picture]) -> None:
    assert figures.refusals(day).png == pictures["refusals"].png and figures.market(day, "ESZ6").png == pictures["market"].png


def test_it_has_no_background_and_twice_the_dots_that_are_shown(pictures: dict[str, Picture]) -> None:
    image = Image.open(io.BytesIO(pictures["equity"].png)).convert("RGBA")
    assert image.getpixel((image.width - 2, 2))[3] == 0
    assert abs(image.width - 2 * pictures["equity"].width_px) <= 1


def test_a_session_that_nobody_traded_is_drawn_as_empty_as_it_is(barred: Path) -> None:
    day = open_session(BARS_SESSION, data=barred, zone="America/New_York")
    says = {name: picture.says for name, picture in drawn(day).items()}
    assert "0.00 USD" in says["equity"] and "we did not trade it" in says["market"]
    assert "none was" in says["refusals"] and "no outcome is known" in says["calibration"]


def test_a_bracket_that_never_filled_is_drawn(day: Session) -> None:
    unfilled = set(day.orders["ref"]) - set(day.fills["ref"])
    for ref in sorted(unfilled)[:1]:
        assert "never filled" in figures.trade(day, ref).says


def test_a_sheet_leaves_the_style_of_others_alone() -> None:
    import matplotlib as mpl

    before = mpl.rcParams["font.size"]
    with sheet("Is it open?", heights=(1.0,)):
        assert mpl.rcParams["font.size"] != before
    assert mpl.rcParams["font.size"] == before


def test_times_are_drawn_on_the_clock_of_the_session(day: Session) -> None:
    """The same moments in two zones lie at the same place; only the words of the axis differ."""
    utc = pl.Series([day.equity["time"][0]])
    assert (figures.session.moments(utc) == figures.session.moments(utc.dt.convert_time_zone("America/New_York"))).all()


def test_a_bracket_is_drawn_on_bars_where_there_are_no_quotes(two_days: Path) -> None:
    day = open_session("2026-01-26", data=two_days)
    trips = day.round_trips
    left = figures.trade(day, trips.filter(why="time")["ref"][0])
    assert left.png.startswith(b"\x89PNG") and "? we left: time, " in left.says
    assert "? out by its stop, " in figures.trade(day, trips.filter(why="stop")["ref"][0]).says
