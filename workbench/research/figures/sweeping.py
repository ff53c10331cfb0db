"""Pictures of a sweep: whether the best stands on a plateau or alone, what the engine made of it, how it went on later. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from workbench.research.figures.picture import Picture, sheet
from workbench.research.palette import INK, LOST, SERIES, WON

if TYPE_CHECKING:
    from workbench.research.sweeps import Confirmed

MOST_TICKS: Final = 12  # labels an axis of a table of colours has room for


def plateau(found: pl.DataFrame, x: str, y: str, value: str = "pnl_usd") -> Picture:
    """Is the best a plateau or a peak? A field a pair of numbers, the best of all that share them; the ring is the best of all."""
    best = found.group_by(x, y).agg(pl.col(value).max())
    across, up = (best[name].unique().sort().to_list() for name in (x, y))
    field = np.full((len(up), len(across)), np.nan)
    for row in best.iter_rows(named=True):
        field[up.index(row[y]), across.index(row[x])] = row[value]
    most = float(np.nanmax(np.abs(field))) or 1.0
    title = f"Is the best a plateau or a peak? {int(np.nansum(field > 0))} of {len(best)} fields are above 0"
    with sheet(title, f"{value}, the best of all that share {x} and {y}; the ring: the best of all", heights=(2.8,)) as drawn:
        axes: Any = drawn.panels[0]
        shown = axes.imshow(field, origin="lower", aspect="auto", cmap=_colours(), vmin=-most, vmax=most)
        top = np.unravel_index(int(np.nanargmax(field)), field.shape)
        axes.plot([top[1]], [top[0]], "o", markersize=11, markerfacecolor="none", color=INK)
        for ticks, names, label in ((axes.set_xticks, across, axes.set_xlabel), (axes.set_yticks, up, axes.set_ylabel)):
            step = -(-len(names) // MOST_TICKS)
            ticks(range(0, len(names), step), [f"{each:g}" for each in names[::step]])
            label(x if names is across else y)
        axes.grid(visible=False)
        axes.figure.colorbar(shown, ax=axes, pad=0.01).set_label(value.replace("_usd", ", USD"))
    return drawn.picture


def confirmed(of: Confirmed) -> Picture:
    """Does the replay agree with the sweep? A dot a configuration; below, what moved the money between them, all together."""
    table, causes = of
    n_worse = int((table["replay_usd"] < table["sweep_usd"]).sum())
    moved = causes.group_by("cause").agg(pl.col("usd").sum(), pl.col("n").sum()).sort(pl.col("usd").abs(), descending=True).head(6)
    title = f"Does the replay agree with the sweep? It comes to less in {n_worse} of {len(table)}"
    heights = (2.4, 0.3 + 0.3 * max(len(moved), 1))
    with sheet(
        title, "above: on the dashed line they agree; below: by how much the replay came to more", heights=heights, share=False
    ) as drawn:
        top, bottom = drawn.panels
        ours, theirs = table["sweep_usd"].to_numpy(), table["replay_usd"].to_numpy()
        edge = [float(min(ours.min(), theirs.min())), float(max(ours.max(), theirs.max()))]
        top.plot(edge, edge, color=INK, linewidth=0.9, linestyle="--")
        top.axhline(0, color=INK, linewidth=0.6)
        top.scatter(ours, theirs, s=16, color=[WON if each > 0 else LOST for each in theirs], alpha=0.8, linewidths=0)
        top.set_xlabel("sweep, USD")
        top.set_ylabel("replay, USD")
        for place, (_, usd, _) in enumerate(moved.iter_rows()):
            bottom.barh([place], [usd], height=0.6, color=WON if usd > 0 else LOST)
        bottom.axvline(0, color=INK, linewidth=0.9)
        bottom.set_yticks(range(len(moved)), [f"{cause}  (n = {n:,})" for cause, n in moved.select("cause", "n").iter_rows()])
        bottom.set_ylim(len(moved) - 0.4, -0.6)
        bottom.grid(visible=False, axis="y")
        bottom.set_xlabel("USD, all configurations together")
    return drawn.picture


def walked(sessions: pl.Series, lines: Mapping[str, Sequence[float]], *, title: str, marks: pl.Series | None = None) -> Picture:
    """How did it go on? What each came to session by session, summed up; thin verticals are sessions before which it chose anew."""
    subtitle = "thin verticals: chosen anew, by what was before them" if marks is not None else ""
    with sheet(title, subtitle, heights=(2.5,)) as drawn:
        axes: Any = drawn.panels[0]
        axes.axhline(0, color=INK, linewidth=0.9, linestyle="--")
        for at in marks.to_list() if marks is not None else ():
            axes.axvline(at, color=LOST, linewidth=0.7, alpha=0.7)
        for (name, values), colour in zip(lines.items(), SERIES * 9, strict=False):
            axes.plot(sessions.to_list(), np.cumsum(np.asarray(values, float)), color=colour, label=name)
        axes.set_ylabel("USD, summed up")
        axes.set_xlabel("session")
        axes.legend(loc="best", ncols=2)
    return drawn.picture


def _colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("usd", [LOST, "#ffffff00", WON])
