"""How fit a session's data was, minute by minute and contract by contract. Draws frames; what quality is, `market.quality` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from workbench.research.figures.picture import Picture, clock, sheet
from workbench.research.figures.session import moments
from workbench.research.palette import FAINT, INK, LOST, REFUSED, WON
from workbench.research.quality import BELOW, gaps

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

ROW_IN: Final = 0.42
LEVELS: Final = ((1.01, WON), (BELOW[0], REFUSED), (BELOW[1], LOST))  # below each: its colour
SAID: Final = "a minute is as high as its worst bar was good; thin lines: nothing came while the market was open"


def fitness(day: Session) -> Picture:
    """Was the data fit to decide on? Each contract's minutes by their worst bar, and its gaps."""
    bars = day.bars(None, "5s")
    fit = int((bars["quality_frac"] >= BELOW[0]).sum()) / max(len(bars), 1)
    minutes = bars.group_by("symbol", pl.col("time").dt.truncate("1m").alias("minute")).agg(pl.col("quality_frac").min()).sort("minute")
    names = sorted(set(bars["symbol"]))
    title = f"Was the data fit to decide on? {fit:.2%} of all bars were"
    with sheet(title, SAID, heights=(0.3 + ROW_IN * max(len(names), 1),)) as drawn:
        axes = drawn.panels[0]
        for row, name in enumerate(names):
            _row(axes, row, minutes.filter(pl.col("symbol") == name))
        for name, began, ended in gaps(day).select("symbol", "began", "ended").iter_rows():
            if name in names:
                at = moments(pl.Series([began, ended]))
                axes.plot(at, [names.index(name)] * 2, color=INK, linewidth=1.6, solid_capstyle="butt")
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.45, -0.55)
        axes.grid(visible=False, axis="y")
        clock(axes, day.zone)
    return drawn.picture


def _row(axes: Any, row: int, minutes: pl.DataFrame) -> None:
    """Draw one contract: a mark a minute, the lower the worse."""
    at, worth = moments(minutes["minute"]), minutes["quality_frac"].to_numpy()
    axes.axhline(row + 0.36, color=INK, linewidth=0.6, alpha=FAINT)
    for below, colour in LEVELS:
        lower = max((each for each, _ in LEVELS if each < below), default=-0.01)
        mine = (worth < below) & (worth >= lower)
        axes.vlines(at[mine], row + 0.36 - 0.72 * np.maximum(worth[mine], 0.04), row + 0.36, color=colour, linewidth=1.1, alpha=0.75)
