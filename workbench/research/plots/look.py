"""How every plot looks: axes, titles, tools, panels of one time. The one place beside `palette`; no data, no sentence of its own.

Figures have no background of their own and grey words, so that they read on a light page and on a dark one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import holoviews as hv
from bokeh.models import CustomJS, DatetimeTickFormatter, HoverTool, NumeralTickFormatter, WheelZoomTool
from bokeh.models.annotations import Legend, Title

from workbench.research.palette import FAINT, INK

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
MAIN_PX, STRIP_PX = 380, 70  # heights: what is asked about, a strip under it
MIN_PX: Final = 720  # narrower, titles would be cut; a page scrolls instead
TITLE_PX, SUBTITLE_PX, LEGEND_PX, AXIS_PX = 30, 22, 26, 60  # and what words add to them
TOOLS: Final = ("xpan", "xwheel_zoom", "box_zoom", "reset")

ENDS: Final = ["x", "price", "until", "to"]  # of a line or box between two moments and two prices
Hook = Callable[[Any, Any], None]
FIT: Final = """
let least = Infinity, most = -Infinity
for (const {source, x0, x1, y0, y1} of parts) {
  const {data} = source
  for (let i = 0; i < data[x0].length; i++) {
    if (data[x1][i] < x_range.start || data[x0][i] > x_range.end) continue
    for (const y of [data[y0][i], data[y1][i]]) {
      if (y < least) least = y
      if (y > most) most = y
    }
  }
}
const room = 0.06 * (most - least) || 1
if (least <= most) y_range.setv({start: least - room, end: most + room})
"""
EDGES: Final = {
    "Segment": ("x0", "x1", "y0", "y1"), "Quad": ("left", "right", "bottom", "top"), "Scatter": ("x", "x", "y", "y"),
    "Line": ("x", "x", "y", "y"), "Step": ("x", "x", "y", "y"),
}  # fmt: skip


def time_format() -> DatetimeTickFormatter:
    """Write times as a trader reads them, with the day under the first."""
    scales = ("milliseconds", "seconds", "minsec", "minutes", "hourmin", "hours", "days")
    day: Any = dict.fromkeys(scales, "%a %-d %b %Y") | {"days": "%a"}
    patterns = ("%H:%M:%S.%3N", "%H:%M:%S", "%H:%M:%S", "%H:%M", "%H:%M", "%H:%M", "%-d %b")
    clock: Any = dict(zip(scales, patterns, strict=True))
    return DatetimeTickFormatter(**clock, context=DatetimeTickFormatter(**day), context_which="start", hide_repeats=False)


def dressed(title: str = "", subtitle: str = "", legend_columns: int = 8) -> Hook:
    """Make the hook that dresses one figure; words above only where given."""

    def dress(plot: Any, _element: Any) -> None:
        figure = plot.state
        figure.update(background_fill_alpha=0, border_fill_alpha=0, outline_line_color=None, min_border_right=16, output_backend="canvas")
        figure.toolbar.logo = None
        for hover in (tool for tool in figure.tools if isinstance(tool, HoverTool)):
            is_line = hover.mode == "vline"  # says what stands above a moment, aside of what says what is under the pointer
            hover.update(visible=False, limit=1 if is_line else 3, attachment="horizontal" if is_line else "vertical")
        for wheel in (tool for tool in figure.tools if isinstance(tool, WheelZoomTool)):
            wheel.modifiers = "ctrl"  # the wheel alone scrolls the page
        _words(figure, title, subtitle)
        for axis in figure.axis:
            axis.update(axis_line_color=INK, major_tick_line_color=INK, minor_tick_line_color=None, axis_line_alpha=0.5)
            axis.update(axis_label_text_color=INK, major_label_text_color=INK, axis_label_text_font_style="normal")
            axis.update(axis_label_text_font=FONT, major_label_text_font=FONT, axis_label_text_font_size="12px")
            axis.major_label_text_font_size = "12px"
        for grid in (each for each in figure.grid if each.grid_line_color is not None):
            grid.update(grid_line_color=INK, grid_line_alpha=FAINT)
        for legend in (part for part in (*figure.above, *figure.center) if isinstance(part, Legend)):
            legend.update(background_fill_alpha=0, border_line_color=None, label_text_color=INK, label_text_font=FONT)
            legend.update(label_text_font_size="12px", orientation="horizontal", ncols=legend_columns, click_policy="hide")
            legend.update(padding=0, margin=2, spacing=12, glyph_width=16, glyph_height=16)

    return dress


def _words(figure: Any, title: str, subtitle: str) -> None:
    figure.title.update(text=title, text_color=INK, text_font=FONT, text_font_style="bold", visible=bool(title))
    figure.title.text_font_size = "14px" if subtitle else "12px"
    had = [each for each in figure.above if isinstance(each, Title)]
    if subtitle and not had:  # a hook runs again at every change
        line = Title(text=subtitle, text_color=INK, text_font=FONT, text_font_size="12px", text_font_style="normal")
        figure.add_layout(line, "above")
    elif had:
        had[0].text = subtitle
    figure.above.sort(key=lambda each: isinstance(each, Title))  # from the plot outwards: legend, then words


def fit(plot: Any, _element: Any) -> None:
    """Let the price axis follow what is in sight, as the time axis is moved; in the browser, so that a saved page does it too."""
    figure = plot.state
    if "fits" in figure.tags:
        return
    figure.tags = [*figure.tags, "fits"]
    parts = []
    for renderer in figure.renderers:
        if (kind := type(renderer.glyph).__name__) in EDGES:
            names = [getattr(renderer.glyph, edge) for edge in EDGES[kind]]
            columns = [getattr(name, "field", name) for name in names]
            parts.append({"source": renderer.data_source} | dict(zip(("x0", "x1", "y0", "y1"), columns, strict=True)))
    call = CustomJS(args={"parts": parts, "x_range": figure.x_range, "y_range": figure.y_range}, code=FIT)
    for end in ("start", "end"):
        figure.x_range.js_on_change(end, call)
    for part in parts:
        part["source"].js_on_change("data", call)


def numbers(pattern: str = "0,0.00") -> NumeralTickFormatter:
    """Write numbers of an axis with thousands apart."""
    return NumeralTickFormatter(format=pattern)


def panel(
    element: Any,
    *,
    ylabel: str,
    xlabel: str | None = None,
    title: str = "",
    subtitle: str = "",
    height: int = MAIN_PX,
    over_time: bool = True,
    has_legend: bool = False,
    fits: bool = False,
    **more: Any,
) -> Any:
    """Give an overlay, or a changing one, its frame: axes with units, height, tools, title.

    Parameters
    ----------
    xlabel
        What the horizontal axis counts; `None` where a panel below shows it.
    height
        Of the plot without its words, pixels; the width is that of the page.
    has_legend
        Whether a row of names stands above the plot.
    fits
        Whether the vertical axis follows what is in sight.
    more
        Options of HoloViews for the whole panel.
    """
    shown = xlabel is not None
    options = {
        "ylabel": ylabel,
        "xlabel": xlabel or "",
        "xaxis": "bottom" if shown else None,
        "height": height + TITLE_PX * bool(title) + SUBTITLE_PX * bool(subtitle) + LEGEND_PX * has_legend + AXIS_PX * shown,
        "responsive": True,
        "min_width": MIN_PX,
        "padding": (0, 0.06),
        "show_grid": True,
        "toolbar": "above",
        "autohide_toolbar": True,
        "default_tools": list(TOOLS) if over_time else [],
        "active_tools": ["xpan", "xwheel_zoom"] if over_time else [],
        "legend_position": "top",
        "hooks": [dressed(title, subtitle), *([fit] if fits else [])],
        "framewise": False,
    } | more
    if over_time and shown:
        options["xformatter"] = time_format()
    return element.opts(hv.opts.Overlay(**options))


def stacked(panels: Sequence[Any]) -> Any:
    """Put panels of one time below each other; moving one moves all."""
    if len(panels) == 1:
        return panels[0]
    layout = hv.Layout(list(panels)).cols(1)
    bare = hv.Layout([hv.Curve([])]).opts(
        shared_axes=True, merge_tools=True, toolbar="right", autohide_toolbar=True, sizing_mode="stretch_width"
    )
    # The options alone, not `.opts`: that would hand one panel's options to another that changes (HoloViews 1.23.2: propagate_ids of
    # StoreOptions gives a DynamicMap the ids of all its neighbours in turn, and the last of them dresses what it draws).
    layout.id = bare.id
    return layout


def nothing(title: str, subtitle: str = "") -> Any:
    """Give the figure that says why there is nothing to see."""
    empty = hv.Overlay([hv.Curve(([], []), "x", "y")])
    return panel(empty, ylabel="", title=title, subtitle=subtitle, height=STRIP_PX, over_time=False, yaxis=None, show_grid=False)
