"""A picture and how all of them look. Draws what it is told; reads no session, no store.

No background and grey words, so that a picture reads on a light page and on a dark one; colours are those of all plots.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from workbench.research.palette import FAINT, INK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

WIDTH_IN: Final = 9.0
DPI: Final = 180  # twice what is shown, so that it is sharp on every screen
SHOWN: Final = 0.5
COLOURS: Final = 96  # a picture of few colours is a third of the size
STYLE: Final[Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same letters everywhere
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "grid.color": INK,
    "grid.alpha": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.2,
    "lines.solid_capstyle": "round",
    "path.simplify": True,
}


@dataclass(frozen=True)
class Picture:
    """A picture as a notebook shows it.

    Attributes
    ----------
    png
        The picture.
    says
        Its title, which answers its question; what is shown where pictures are not.
    """

    png: bytes = field(repr=False)
    says: str = ""
    width_px: int = 0

    def __repr__(self) -> str:
        return f"[picture] {self.says}"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        shown = {"text/plain": repr(self), "image/png": b64encode(self.png).decode()}
        return shown, {"image/png": {"width": self.width_px, "alt": self.says}}


class Sheet:
    """What is drawn on: panels below each other that share one time axis, if they have one. Its `picture` is there once it is closed."""

    def __init__(self, panels: Sequence[Axes]) -> None:
        self.panels = panels
        self.picture = Picture(b"")


@contextmanager
def sheet(title: str, subtitle: str = "", *, heights: Sequence[float] = (3.0,), share: bool = True) -> Iterator[Sheet]:
    """Open a sheet with a panel for each of `heights` (inches); on leaving it becomes a picture.

    >>> with sheet("How far is it?", heights=(1.0,)) as drawn:
    ...     _ = drawn.panels[0].plot([0, 1], [0, 2])
    >>> drawn.picture
    [picture] How far is it?
    >>> drawn.picture.png[1:4]
    b'PNG'
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        head_in = 0.55 if subtitle else 0.42
        height_in = sum(heights) + head_in + 0.34 * (len(heights) - 1) * (1 - 0.6 * share)
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, layout="constrained")
        engine: Any = figure.get_layout_engine()
        engine.set(rect=(0, 0, 1, 1 - head_in / height_in), h_pad=0.03, hspace=0.02)
        axes = figure.subplots(len(heights), 1, sharex=share, squeeze=False, height_ratios=list(heights))
        figure.text(0.006, 1 - 0.05 / height_in, title, fontsize=12, fontweight="bold", va="top")
        if subtitle:
            figure.text(0.006, 1 - 0.33 / height_in, subtitle, fontsize=8.5, va="top")
        opened = Sheet([row[0] for row in axes])
        yield opened
        opened.picture = _picture(figure, title)


def _picture(figure: Any, title: str) -> Picture:
    from PIL import Image

    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", transparent=True, metadata={"Software": None})
    raw.seek(0)
    image = Image.open(raw).convert("RGBA").quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    image.save(small, format="png", optimize=True)
    return Picture(small.getvalue(), title, round(image.width * SHOWN))


def clock(axes: Axes, zone: str) -> None:
    """Let an axis of moments show the clock of a zone; the days, where there are more than two of them."""
    from matplotlib import dates

    made: Any = dates  # half typed
    axes.set_xlabel(f"time, {zone}")
    low, high = axes.get_xlim()
    days = high - low
    pattern = "%H:%M:%S" if days * 1440 < 3 else "%H:%M" if days < 2 else "%d %b %H:%M" if days < 4 else "%d %b"
    axes.xaxis.set_major_locator(made.AutoDateLocator(tz=zone, minticks=4, maxticks=11))
    axes.xaxis.set_major_formatter(made.DateFormatter(pattern, tz=zone))


def thousands(axes: Axes, pattern: str = "{:+,.0f}") -> None:
    """Let a vertical axis write its numbers with thousands apart."""
    low, high = axes.get_ylim()
    if high - low < 1 and ".0f" in pattern:  # nothing but 0
        axes.set_yticks([0])
    axes.yaxis.set_major_formatter(lambda value, _: pattern.format(value).replace("-", "\N{MINUS SIGN}") if value else "0")
