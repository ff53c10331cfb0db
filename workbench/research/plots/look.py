"""How every plot looks: colours, axes, titles, tools, panels of one time. The one place; no data, no sentence of its own.

Figures have no background of their own and grey words, so that they read on a light page and on a dark one. Colours keep a contrast of 3
on both, and those that must be told apart differ for the colour-blind as well (tests hold both); where it matters a shape says it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import holoviews as hv
from bokeh.models import DatetimeTickFormatter, Legend, NumeralTickFormatter, Title
from bokeh.models.plots import Plot

hv.extension("bokeh", logo=False)  # in a notebook this brings BokehJS along, from the package itself: no outside request

BOUGHT: Final = "#6a4df0"
SOLD: Final = "#cc8100"
WON: Final = "#1c93e0"  # a target, a gain
LOST: Final = "#c2372f"  # a stop, a loss
REFUSED: Final = "#d436c0"
INK: Final = "#787878"  # words, axes, the market itself
FAINT: Final = 0.18  # opacity of grids and backgrounds of a row
SERIES: Final = (WON, SOLD, REFUSED, BOUGHT, LOST, INK)  # lines without a meaning of their own, in this order
MARKET_SHADES: Final = tuple(f"{INK}{alpha:02x}" for alpha in range(0, 256, 4))
REFUSED_SHADES: Final = tuple(f"{REFUSED}{alpha:02x}" for alpha in range(40, 256, 4))
BOOK_SHADES: Final = (*(f"{SOLD}{alpha:02x}" for alpha in range(254, 0, -2)), *(f"{BOUGHT}{alpha:02x}" for alpha in range(0, 255, 2)))

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
MAIN_PX, STRIP_PX, LAST_PX = 380, 96, 44  # heights: what is asked about, a strip under it, and what the time axis adds to the lowest
TOOLS: Final = ("xpan", "xwheel_zoom", "box_zoom", "reset")

Hook = Callable[[Any, Any], None]


def time_format() -> DatetimeTickFormatter:
    """Write times as a trader reads them, with the day under the first."""
    day = DatetimeTickFormatter(days="%a %-d %b %Y", hours="%a %-d %b %Y", minutes="%a %-d %b %Y", seconds="%a %-d %b %Y")
    clock = {"hours": "%H:%M", "hourmin": "%H:%M", "minutes": "%H:%M", "minsec": "%H:%M:%S", "seconds": "%H:%M:%S", "days": "%-d %b"}
    return DatetimeTickFormatter(**clock, milliseconds="%H:%M:%S.%3N", context=day, context_which="start", hide_repeats=False)


def dressed(title: str = "", subtitle: str = "", legend_columns: int = 6) -> Hook:
    """Make the hook that dresses one figure; words above only where given."""

    def dress(plot: Any, _element: Any) -> None:
        figure: Plot = plot.state
        figure.update(background_fill_alpha=0, border_fill_alpha=0, outline_line_color=None, min_border_right=16)
        figure.toolbar.logo = None
        _words(figure, title, subtitle)
        for axis in figure.axis:
            axis.update(axis_line_color=INK, major_tick_line_color=INK, minor_tick_line_color=None, axis_line_alpha=0.5)
            axis.update(axis_label_text_color=INK, major_label_text_color=INK, axis_label_text_font_style="normal")
            axis.update(axis_label_text_font=FONT, major_label_text_font=FONT, axis_label_text_font_size="12px")
            axis.major_label_text_font_size = "12px"
        for grid in figure.grid:
            grid.update(grid_line_color=INK, grid_line_alpha=FAINT)
        for legend in figure.select(type=Legend):
            legend.update(background_fill_alpha=0, border_line_color=None, label_text_color=INK, label_text_font=FONT)
            legend.update(label_text_font_size="12px", orientation="horizontal", ncols=legend_columns, click_policy="hide")
            legend.update(padding=0, margin=4, spacing=14, glyph_width=16)

    return dress


def _words(figure: Plot, title: str, subtitle: str) -> None:
    figure.title.update(text=title, text_color=INK, text_font=FONT, text_font_size="16px", text_font_style="bold", visible=bool(title))
    had = [each for each in figure.above if isinstance(each, Title)]
    if subtitle and not had:  # a hook runs again at every change
        line = Title(text=subtitle, text_color=INK, text_font=FONT, text_font_size="12px", text_font_style="normal")
        figure.add_layout(line, "above")
    elif had:
        had[0].text = subtitle


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
    **more: Any,
) -> Any:
    """Give an element or overlay its frame: axes with units, height, tools, title.

    Parameters
    ----------
    xlabel
        What the horizontal axis counts; `None` where a panel below shows it.
    height
        Of the figure with its words, pixels; the width is that of the page.
    more
        Options of HoloViews for the whole panel.
    """
    shown = xlabel is not None
    options = {
        "ylabel": ylabel,
        "xlabel": xlabel or "",
        "xaxis": "bottom" if shown else "bare",
        "height": height + (LAST_PX if shown else 0),
        "responsive": True,
        "show_grid": True,
        "toolbar": "above",
        "autohide_toolbar": True,
        "default_tools": list(TOOLS),
        "active_tools": ["xpan", "xwheel_zoom"] if over_time else [],
        "hooks": [dressed(title, subtitle)],
        "framewise": False,
    } | more
    if over_time and shown:
        options["xformatter"] = time_format()
    return element.opts(hv.opts.Overlay(**options) if isinstance(element, hv.Overlay) else _of(element, options))


def _of(element: Any, options: dict[str, Any]) -> Any:
    return getattr(hv.opts, type(element).__name__)(**options)


def stacked(panels: Sequence[Any]) -> Any:
    """Put panels of one time below each other; moving one moves all."""
    if len(panels) == 1:
        return panels[0]
    layout = hv.Layout(list(panels)).cols(1)
    return layout.opts(shared_axes=True, merge_tools=True, toolbar="right", sizing_mode="stretch_width")


def nothing(title: str, subtitle: str = "") -> Any:
    """Give the figure that says why there is nothing to see."""
    empty = hv.Overlay([hv.Curve(([], []), "x", "y")])
    return panel(empty, ylabel="", title=title, subtitle=subtitle, height=STRIP_PX, over_time=False, yaxis=None, show_grid=False)
