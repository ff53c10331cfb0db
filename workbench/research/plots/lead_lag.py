"""`lead_lag`: which of two markets moves first, and what is left of it after costs. Draws a finding of `research.leadlag`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import holoviews as hv
import numpy as np
import polars as pl

from workbench.research import palette
from workbench.research.plots import look

if TYPE_CHECKING:
    from workbench.research.leadlag.result import Lead

MINUTE_S: Final = 60.0


def lead_lag(lead: Lead) -> Any:
    """Show the correlation of two markets at every lag, with its range and that of the highest; below it what was left after costs.

    Returns
    -------
    holoviews.Layout
        Its title says who leads, by how much, and whether there is anything to trade on.

    Examples
    --------
    >>> lead_lag(what_leads(open_session("2026-11-02", to="2026-11-19"), "ES", "SPY"))     # doctest: +SKIP
    """
    main = _curve(lead)
    kept = lead.horizons.filter(pl.col("acted_lo_usd").is_not_null())
    return look.stacked([main, _left(lead, kept)] if len(kept) else [main])


def _curve(lead: Lead) -> Any:
    is_long = lead.step_s >= MINUTE_S
    scale, unit = (MINUTE_S, "minutes") if is_long else (1.0, "seconds")
    lags = lead.lags
    x, corr, lo, hi = lags["lag_s"].to_numpy() / scale, *(lags[name].to_numpy() for name in ("corr", "lo", "hi"))
    tips = [("lag", f"@lag{{0.000}} {unit}"), ("correlation", "@corr{0.000}"), ("between", "@lo{0.000} and @hi{0.000}")]
    hover = {"tools": ["hover"], "hover_tooltips": tips, "hover_mode": "vline"}
    line = hv.Curve({"lag": x, "corr": corr, "lo": lo, "hi": hi}, "lag", ["corr", "lo", "hi"], label="correlation")
    drawn = [
        hv.HLine(0).opts(color=palette.INK, line_width=1),
        hv.VLine(0).opts(color=palette.INK, line_width=1, line_dash="dashed"),
        hv.Area((x, lo, hi), "lag", ["corr", "hi"], label="95 %").opts(color=palette.ACCENT, fill_alpha=0.3, line_color=None),
        line.opts(color=palette.ACCENT, line_width=1.6, **hover),
    ]
    if lead.range_s is not None and lead.lead_s is not None:
        low, high = (each / scale for each in lead.range_s)
        drawn.insert(0, hv.VSpan(low, high).opts(color=palette.WON, alpha=2 * palette.FAINT))
        drawn.append(hv.VLine(lead.lead_s / scale).opts(color=palette.WON, line_width=1.4))
    return look.panel(
        hv.Overlay(drawn),
        ylabel="correlation",
        xlabel=f"{lead.second} later by, {unit} (right of 0: {lead.first} leads)",
        title=lead.headline,
        subtitle=lead.basis,
        height=260,
        has_legend=True,
        over_time=False,
        yformatter=look.numbers("0.00"),
    )


def _left(lead: Lead, kept: pl.DataFrame) -> Any:
    rows = kept.rows(named=True)
    at = np.arange(len(rows), dtype=float)
    value, low, high = (kept[name].to_numpy() for name in ("acted_usd", "acted_lo_usd", "acted_hi_usd"))
    tips = [("left", "@usd{+0,0.00} USD"), ("between", "@lo{+0,0.00} and @hi{+0,0.00}"), ("round trips", "@n{0,0}")]
    data = {"horizon": at, "usd": value, "lo": low, "hi": high, "n": kept["n_acted"].to_numpy()}
    labels = [(k, _ahead(row["horizon_s"])) for k, row in enumerate(rows)]
    dots = hv.Points(data, ["horizon", "usd"], ["lo", "hi", "n"], label="left after costs")
    colours = [palette.INK if a <= 0 <= b else palette.WON if a > 0 else palette.LOST for a, b in zip(low, high, strict=True)]
    lines = [
        hv.Segments((k, a, k, b), ["horizon", "usd", "x1", "y1"]).opts(color=colour, line_width=2.5)
        for k, a, b, colour in zip(at, low, high, colours, strict=True)
    ]
    drawn = [
        hv.HLine(0).opts(color=palette.INK, line_width=1, line_dash="dashed"),
        *lines,
        dots.opts(color=palette.INK, size=8, tools=["hover"], hover_tooltips=tips),
    ]
    return look.panel(
        hv.Overlay(drawn),
        ylabel="USD a round trip",
        xlabel=f"how far ahead, where the forecast was above what a round trip in {lead.follower} costs",
        height=150,
        over_time=False,
        xticks=labels,
        xlim=(-0.6, len(rows) - 0.4),
        yformatter=look.numbers("0,0.00"),
    )


def _ahead(seconds: float) -> str:
    return f"{seconds / MINUTE_S:g} min" if seconds >= MINUTE_S else f"{seconds:g} s"
