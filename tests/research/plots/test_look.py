"""How every plot looks: no background, grey words, no clutter; and an axis of prices that follows what is in sight."""

from __future__ import annotations

import gc
import re
import shutil
import subprocess
from typing import Any

import holoviews as hv
import pytest
from bokeh.models import CustomJS, HoverTool, WheelZoomTool
from bokeh.models.annotations import Legend, Title
from bokeh.models.plots import Plot

from tests.research.plots.reading import figures
from workbench.research.palette import INK
from workbench.research.plots import look


@pytest.fixture(scope="module")
def shown() -> Plot:
    drawn = hv.Overlay(
        [
            hv.Curve([(1, 2.0), (2, 3.0)], "x", "y", label="a").opts(tools=["hover"], hover_mode="vline"),
            hv.Curve([(1, 2.5)], "x", "y", label="b"),
        ]
    )
    return figures(look.panel(drawn, ylabel="y, USD", xlabel="time, UTC", title="So it is", subtitle="generated data", has_legend=True))[0]


def test_a_figure_has_no_background_and_grey_words(shown: Plot) -> None:
    assert shown.background_fill_alpha == shown.border_fill_alpha == 0 and shown.outline_line_color is None
    assert shown.title.text_color == INK and {axis.major_label_text_color for axis in shown.axis} == {INK}
    assert (shown.title.text, shown.yaxis[0].axis_label, shown.xaxis[0].axis_label) == ("So it is", "y, USD", "time, UTC")


def test_words_stand_above_the_plot_in_their_order(shown: Plot) -> None:
    assert [type(each) for each in shown.above] == [Legend, Title] and shown.above[1].text == "generated data"


def test_tools_are_few_and_the_wheel_alone_scrolls_the_page(shown: Plot) -> None:
    assert shown.toolbar.logo is None and shown.toolbar.autohide
    assert all(not hover.visible for hover in shown.select({"type": HoverTool}))
    assert [wheel.modifiers for wheel in shown.select({"type": WheelZoomTool})] == [{"ctrl": True}]


def test_dressing_twice_changes_nothing(shown: Plot) -> None:
    class Drawn:
        state = shown

    before = [str(each) for each in shown.above]
    look.dressed("So it is", "generated data")(Drawn, None)
    assert [str(each) for each in shown.above] == before


def test_what_has_nothing_to_show_says_why() -> None:
    (figure,) = figures(look.nothing("ESZ6: nothing traded", "session of a holiday"))
    assert figure.title.text == "ESZ6: nothing traded" and figure.above[0].text == "session of a holiday"


NODE = shutil.which("node")


def fitted(parts: list[dict[str, Any]], x: tuple[float, float]) -> tuple[float, float]:
    """Run what a page runs when its axis is moved."""
    import json

    program = f"""
    const parts = {json.dumps(parts)}, x_range = {{start: {x[0]}, end: {x[1]}}}
    const y_range = {{setv(to) {{ console.log(JSON.stringify([to.start, to.end])) }}}}
    {look.FIT}"""
    done = subprocess.run([str(NODE), "-e", program.replace("null", "NaN")], capture_output=True, text=True, check=True)
    return tuple(json.loads(done.stdout)) if done.stdout else (0.0, 0.0)


@pytest.mark.skipif(NODE is None, reason="no node: the program of a page cannot be run here")
def test_the_axis_fits_what_is_in_sight() -> None:
    data = {"x": [1, 2, 3, 9], "y": [10.0, None, 20.0, 900.0], "top": [12.0, 13.0, 22.0, 901.0]}
    part = {"source": {"data": data}, "x0": "x", "x1": "x", "y0": "y", "y1": "top"}
    assert fitted([part], (0, 4)) == pytest.approx((10 - 0.06 * 12, 22 + 0.06 * 12))
    assert fitted([part], (8, 10)) == pytest.approx((900 - 0.06, 901 + 0.06))
    assert fitted([part], (4, 8)) == (0.0, 0.0)  # nothing in sight: it stays


def test_the_axis_is_told_of_every_mark_once() -> None:
    marks = [hv.Curve([(1, 2.0)], "x", "y"), hv.Segments([(1, 2, 3, 4)], ["x", "y", "until", "to"]), hv.Points([(1, 2)], ["x", "y"])]
    figure = figures(look.panel(hv.Overlay(marks), ylabel="y, points", fits=True))[0]
    (call,) = {each for calls in figure.x_range.js_property_callbacks.values() for each in calls if isinstance(each, CustomJS)}
    assert len(call.args["parts"]) == 3
    for part in call.args["parts"]:
        assert {part[end] for end in ("x0", "x1", "y0", "y1")} <= set(part["source"].data)
    assert re.search(r"y_range\.setv", call.code)


@pytest.mark.proof
def test_panels_keep_their_own_words_beside_one_that_changes() -> None:
    """HoloViews would give what changes the options of a neighbour, now and then: often enough shows it."""
    for _ in range(12):
        still = [look.panel(hv.Overlay([hv.Curve([1, 2])]), ylabel=f"{k}, points", title=f"still {k}") for k in range(3)]
        changing = hv.DynamicMap(lambda: look.panel(hv.Overlay([hv.Curve([1, 2])]), ylabel="c, points", title="changing"))
        gc.collect()
        shown = figures(look.stacked([changing, *still]))
        assert [each.title.text for each in shown] == ["changing", "still 0", "still 1", "still 2"]
        assert [each.yaxis[0].axis_label for each in shown] == ["c, points", *(f"{k}, points" for k in range(3))]
