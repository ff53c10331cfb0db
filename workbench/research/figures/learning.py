"""Pictures of what was learnt: calibration, a measure as it ran, how sure a mean is. Draws frames and intervals; learns nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from workbench.research.figures.picture import Picture, clock, sheet
from workbench.research.figures.session import moments
from workbench.research.palette import INK, LOST, SERIES, WON
from workbench.research.review import journal, reliability
from workbench.research.uncertainty import Interval, wilson

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

LEAST: Final = 30  # outcomes a bin must have to be drawn


def calibration(day: Session, recipe: str | None = None) -> Picture:
    """Did forecasts mean what they said? How often the price rose after each forecast chance, with the range luck allows."""
    known = journal(day, "forecasts").filter(pl.col("is_up").is_not_null())
    known = known if recipe is None else known.filter(pl.col("recipe") == recipe)
    table = reliability(known)
    bins = [row for row in table.table() if row.n >= LEAST]
    share = f"{table.hit_rate:.1%} pointed the right way" if len(known) else "no outcome is known"
    whiskers = "whiskers: 95 % if outcomes were independent, which overlapping ones are not"
    subtitle = f"{len(known):,} outcomes, bins of {LEAST} and more; on the dashed line is perfect; {whiskers}"
    with sheet(f"Did forecasts mean what they said? {share}", subtitle, heights=(2.5, 0.8)) as drawn:
        top, bottom = drawn.panels
        said = [row.mean_p or 0.0 for row in bins]
        low, high = (said[0] - 0.02, said[-1] + 0.02) if said else (0.4, 0.6)
        top.plot([low, high], [low, high], color=INK, linewidth=0.9, linestyle="--")
        for at, row in zip(said, bins, strict=True):
            freq = row.freq or 0.0
            top.plot([at] * 2, wilson(round(freq * row.n), row.n), color=WON, linewidth=1.6)
            top.plot([at], [freq], "o", color=WON, markersize=6)
        bottom.bar(said, [row.n for row in bins], width=(high - low) / 60, color=INK, alpha=0.6)
        bottom.set_yscale("symlog", linthresh=10)
        bottom.set_ylabel("outcomes")
        bottom.set_xlabel("forecast chance of a higher price")
        top.set_ylabel("was higher, share")
    return drawn.picture


def running(
    times: pl.Series,
    lines: Mapping[str, Sequence[float]],
    *,
    title: str,
    ylabel: str,
    zone: str = "UTC",
    even: float | None = None,
    marks: pl.Series | None = None,
    marked: str = "",
) -> Picture:
    """How did a measure go? One line a name, over time; `even` is the level that means nothing, `marks` are moments to be seen."""
    subtitle = f"thin verticals: {marked}" if marks is not None and len(marks) else ""
    with sheet(title, subtitle, heights=(2.5,)) as drawn:
        axes = drawn.panels[0]
        if even is not None:
            axes.axhline(even, color=INK, linewidth=0.9, linestyle="--")
        for at in moments(marks) if marks is not None else ():
            axes.axvline(at, color=LOST, linewidth=0.7, alpha=0.7)
        for (name, values), colour in zip(lines.items(), SERIES * 9, strict=False):
            axes.plot(moments(times), np.asarray(values, float), color=colour, label=name)
        axes.set_ylabel(ylabel)
        axes.legend(loc="best", ncols=4)
        clock(axes, zone)
    return drawn.picture


def worth(
    intervals: Mapping[str, Interval | None], *, title: str, xlabel: str = "USD a round trip, after costs", even: float = 0.0
) -> Picture:
    """Can we tell it from nothing? A line a name: the estimate, and its range; `even` is the level that means nothing."""
    known = {name: interval for name, interval in intervals.items() if interval is not None}
    subtitle = "dots: the estimate; lines: its 95 % range; grey where it cannot be told from the dashed line"
    with sheet(title, subtitle, heights=(0.3 + 0.34 * max(len(known), 1),)) as drawn:
        axes = drawn.panels[0]
        axes.axvline(even, color=INK, linewidth=0.9, linestyle="--")
        for at, (_, each) in enumerate(known.items()):
            colour = INK if each.spans(even) else WON if each.value > even else LOST
            axes.plot([each.lo, each.hi], [at, at], color=colour, linewidth=2.2, alpha=0.8)
            axes.plot([each.value], [at], "o", color=colour, markersize=6)
        axes.set_yticks(range(len(known)), [f"{name}  (n = {each.n:,})" for name, each in known.items()])
        axes.set_ylim(-0.6, max(len(known), 1) - 0.4)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(xlabel)
    return drawn.picture
