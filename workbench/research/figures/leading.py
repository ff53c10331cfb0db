"""Picture of who leads whom: correlation at every lag, and what was left after costs. Draws a finding; measures nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from workbench.research.figures.picture import Picture, sheet
from workbench.research.palette import ACCENT, FAINT, INK, LOST, WON

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.research.leadlag.result import Lead

MINUTE_S: Final = 60.0


def lead_lag(lead: Lead) -> Picture:
    """Does one lead the other? Correlation at each lag with its range; below, where any forecast was above its costs, what was left."""
    kept = lead.horizons.filter(pl.col("acted_lo_usd").is_not_null())
    heights = (2.4, 0.3 + 0.3 * len(kept)) if len(kept) else (2.4,)
    subtitle = f"{lead.basis}; shaded: 95 % range of each lag, and where the highest lies"
    with sheet(f"Does one lead? {lead.headline}", subtitle, heights=heights, share=False) as drawn:
        _curve(drawn.panels[0], lead)
        if len(kept):
            _left(drawn.panels[1], lead, kept)
    return drawn.picture


def _curve(axes: Axes, lead: Lead) -> None:
    in_minutes = lead.step_s >= MINUTE_S
    scale = MINUTE_S if in_minutes else 1.0
    at = lead.lags["lag_s"].to_numpy() / scale
    axes.axhline(0, color=INK, linewidth=0.9)
    axes.axvline(0, color=INK, linewidth=0.9, linestyle="--")
    if lead.range_s is not None and lead.lead_s is not None:
        low, high = (each / scale for each in lead.range_s)
        axes.axvspan(low, high, color=WON, alpha=2 * FAINT, linewidth=0)
        axes.axvline(lead.lead_s / scale, color=WON, linewidth=1.2)
    axes.fill_between(at, lead.lags["lo"].to_numpy(), lead.lags["hi"].to_numpy(), color=ACCENT, alpha=2 * FAINT, linewidth=0)
    axes.plot(at, lead.lags["corr"].to_numpy(), color=ACCENT, marker="o" if lead.step_s else None, markersize=3.5)
    axes.set_ylabel("correlation")
    unit = "minutes" if in_minutes else "seconds"
    axes.set_xlabel(f"{lead.second} later by, {unit}  (right of 0: {lead.first} leads)")


def _left(axes: Axes, lead: Lead, kept: pl.DataFrame) -> None:
    axes.axvline(0, color=INK, linewidth=0.9, linestyle="--")
    names = []
    for place, row in enumerate(kept.iter_rows(named=True)):
        low, high = row["acted_lo_usd"], row["acted_hi_usd"]
        colour: Any = INK if low <= 0 <= high else WON if low > 0 else LOST
        axes.plot([low, high], [place, place], color=colour, linewidth=2.2, alpha=0.8)
        axes.plot([row["acted_usd"]], [place], "o", color=colour, markersize=5)
        length = row["horizon_s"]
        ahead = f"{length / MINUTE_S:g} min" if length >= MINUTE_S else f"{length:g} s"
        names.append(f"{ahead} ahead  (n = {row['n_acted']:,})")
    axes.set_yticks(range(len(kept)), names)
    axes.set_ylim(len(kept) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"USD a round trip in {lead.follower}, after costs, where the forecast was above them")
