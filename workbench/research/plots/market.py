"""The market under a price plot, as finely as a window allows: bars from afar, quotes and every print from near. No order of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import holoviews as hv
import numpy as np
import polars as pl

from workbench.research import palette
from workbench.research.plots import look
from workbench.research.plots.seen import Rows, rows
from workbench.research.plots.thinning import LENGTHS, largest, length_for
from workbench.research.plots.times import Wall

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

MOST_BARS: Final = 1_500
MOST_QUOTES: Final = 1_500  # as lines of bid and ask; more are shown as bars
MOST_PRINTS: Final = 800  # dots; of more, the largest of each pixel or two
BODY: Final = 0.7  # of a bar's length
DOT_PX: Final = (2.0, 8.0)  # a print's width, by the root of its size; twice that where there are few
FEW_PRINTS: Final = 250
TOLD: Final = (("open", "open"), ("high", "to"), ("low", "price"), ("close", "close"))
_X, _REAL = pl.Datetime("ns"), pl.Float64()
NO_BARS: Final = pl.DataFrame(schema={"x": _X} | dict.fromkeys(("open_pts", "high_pts", "low_pts", "close_pts", "volume"), _REAL))
NO_QUOTES: Final = pl.DataFrame(schema={"x": _X, "bid_pts": _REAL, "ask_pts": _REAL})
NO_PRINTS: Final = pl.DataFrame(schema={"x": _X, "price_pts": _REAL, "size": _REAL, "side": pl.Int8()})


class Window(NamedTuple):
    """What one look at the market shows: bars of a length, or quotes; and prints. Each may be empty."""

    length_ns: np.timedelta64
    bars: pl.DataFrame
    quotes: pl.DataFrame
    prints: pl.DataFrame


class Market:
    """One contract's market by a plot's clock. Frames are read when a window first needs them."""

    def __init__(self, day: Session, symbol: str, clock: Wall) -> None:
        self._day, self._symbol, self._clock = day, symbol, clock
        self._kept: dict[str, Rows] = {}

    def rows(self, name: str, **more: Any) -> Rows:
        """Give the contract's rows of a frame."""
        key = f"{name} {more.get('length', '')}"
        if key not in self._kept:
            self._kept[key] = rows(self._day, name, self._symbol, **more).on(self._clock)
        return self._kept[key]

    def window(self, first: np.datetime64, last: np.datetime64) -> Window:
        """Choose what a window from `first` to `last`, by the clock, is drawn of."""
        quotes = _between(self.rows("quotes").frame, first, last) if last - first < np.timedelta64(4, "h") else NO_QUOTES
        prints = _between(self.rows("prints").frame, first, last) if self.rows("prints").n else NO_PRINTS
        if 0 < len(quotes) <= MOST_QUOTES:
            return Window(np.timedelta64(0, "ns"), NO_BARS, quotes, largest(prints, "size", MOST_PRINTS))
        length = length_for((last - first).astype("timedelta64[us]").item(), MOST_BARS)
        bars = _between(self.rows("bars", length=length).frame, first, last).filter(pl.col("volume") > 0)
        step = np.timedelta64(LENGTHS[length]).astype("timedelta64[ns]")
        return Window(step, bars, NO_QUOTES, largest(prints, "size", MOST_PRINTS // 2))

    def draw(self, window: Window) -> list[Any]:
        """Draw a window. Every drawing has the same parts, so that one can take another's place."""
        return [*_bars(window), *_quotes(window.quotes), *_prints(window)]

    def zoomable(self, first: np.datetime64, last: np.datetime64, dress: Callable[[list[Any]], Any] = hv.Overlay) -> Any:
        """Draw from `first` to `last`, and again, finer or coarser, whenever a reader with a kernel behind him moves the axis.

        `dress` makes an overlay of what was drawn. It is called each time: what changes has no options of its own.
        """
        stream = hv.streams.RangeX(x_range=None)

        def redraw(x_range: tuple[Any, Any] | None) -> Any:
            lo, hi = (first, last) if x_range is None or None in x_range else map(_moment, x_range)
            return dress(self.draw(self.window(max(lo, first), min(hi, last))))

        return hv.DynamicMap(redraw, streams=[stream])


def _moment(value: Any) -> np.datetime64:
    """Read one end of an axis: a time, or milliseconds since 1970."""
    return np.datetime64(int(value), "ms") if isinstance(value, int | float) else np.datetime64(value)


def _between(frame: pl.DataFrame, first: np.datetime64, last: np.datetime64) -> pl.DataFrame:
    if frame.is_empty():
        return frame
    x = frame["x"].to_numpy()
    lo, hi = np.searchsorted(x, [first, last], side="left")
    return frame[max(int(lo) - 1, 0) : int(hi) + 1]  # one row beyond each end, so that lines reach the edge


def _bars(window: Window) -> list[Any]:
    bars, length = window.bars, window.length_ns
    end = bars["x"].to_numpy()
    low, high, open_, close = (bars[f"{name}_pts"].to_numpy() for name in ("low", "high", "open", "close"))
    middle, half = end - length // 2, np.timedelta64(int(length.astype(int) * BODY / 2), "ns")
    said = {"from": end - length, "open": open_, "close": close, "volume": bars["volume"].to_numpy()}
    wicks = hv.Segments(dict(zip(look.ENDS, (middle, low, middle, high), strict=True)) | said, look.ENDS, list(said))
    tips = [("from", "@from{%H:%M:%S}"), *((name, f"@{{{of}}}{{0,0.00[00]}}") for name, of in TOLD), ("volume", "@volume{0,0}")]
    ends = dict(zip(look.ENDS, (middle - half, np.minimum(open_, close), middle + half, np.maximum(open_, close)), strict=True))
    bodies = hv.Rectangles(ends | {"opacity": np.where(close >= open_, 0.15, 0.75)}, look.ENDS, ["opacity"])  # hollow up, solid down
    line = {"line_width": 1, "alpha": 0.8, "tools": ["hover"], "hover_mode": "vline", "hover_tooltips": tips}
    return [
        wicks.opts(color=palette.INK, hover_formatters={"@from": "datetime"}, **line),
        bodies.opts(fill_color=palette.INK, line_color=palette.INK, line_width=0.8, line_alpha=0.8, fill_alpha=hv.dim("opacity")),
    ]


def _quotes(quotes: pl.DataFrame) -> list[Any]:
    x = quotes["x"].to_numpy()
    return [
        hv.Curve((x, quotes[name].to_numpy()), "x", "price").opts(interpolation="steps-post", color=palette.INK, line_width=1.2)
        for name in ("bid_pts", "ask_pts")
    ]


def _prints(window: Window) -> list[Any]:
    prints, near = window.prints, 2.0 if len(window.prints) <= FEW_PRINTS else 1.0
    size = prints["size"].to_numpy()
    low, high = (near * px for px in DOT_PX)
    width = low + (high - low) * np.sqrt(size / max(float(size.max()), 1.0)) if len(size) else size
    side = prints["side"].fill_null(0).to_numpy()
    parts = []
    for sign, name, color in ((1, "lifted the ask", palette.BOUGHT), (-1, "hit the bid", palette.SOLD), (0, "side not known", palette.INK)):
        mine = side == sign
        data = {"x": prints["x"].to_numpy()[mine], "price": prints["price_pts"].to_numpy()[mine], "size": size[mine], "px": width[mine]}
        dots = hv.Points(data, ["x", "price"], ["size", "px"])
        tips = [(f"print, {name}", "@x{%H:%M:%S.%3N}"), ("price", "@price{0,0.00[00]}"), ("size", "@size{0,0}")]
        shown = dots.opts(size=hv.dim("px"), color=color, line_color=None, fill_alpha=0.25 * near, tools=["hover"], hover_tooltips=tips)
        parts.append(shown.opts(hover_formatters={"@x": "datetime"}))
    return parts
