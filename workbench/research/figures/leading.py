"""How two markets move together at each lag. Draws what `research.leadlag` found; measures nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.research.figures.picture import Picture, sheet
from workbench.research.palette import FAINT, INK, LOST, WON

if TYPE_CHECKING:
    from workbench.research.leadlag import Lead


def lead(found: Lead) -> Picture:
    """Who leads? The correlation at each lag with its 95 % range; right of 0 the first leads."""
    at, corr, low, high = (found.lags[name].to_numpy() for name in ("lag_s", "corr", "lo", "hi"))
    with sheet(found.headline or found.verdict, found.basis, heights=(2.2,)) as drawn:
        axes = drawn.panels[0]
        axes.axvline(0, color=INK, linewidth=0.8, alpha=0.6)
        axes.fill_between(at, low, high, color=INK, alpha=FAINT, linewidth=0)
        axes.plot(at, corr, color=WON, marker="o", markersize=2.2, linewidth=1.0)
        if found.lead_s is not None:
            axes.axvline(found.lead_s, color=LOST if found.is_shown else INK, linewidth=1.0, linestyle="--")
        axes.set_xlabel(f"lag, s: {found.first} leads to the right of 0, {found.second} to the left")
        axes.set_ylabel("correlation")
    return drawn.picture
