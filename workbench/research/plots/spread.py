"""`spread`: what crossing the market cost through a session. Draws; reads a session."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import holoviews as hv
import numpy as np
import polars as pl

from workbench.research import palette, words
from workbench.research.plots import look
from workbench.research.plots.seen import Rows, clock, contract, provenance, rows
from workbench.research.plots.thinning import bucket, span_of
from workbench.research.plots.times import Wall

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

MINUTE: Final = timedelta(minutes=1)
COLUMNS: Final = 600  # over the width, for the least and the widest
WIDTHS: Final = 12  # bars of the distribution; what is wider is one more
SHOWN_FRAC: Final = 1e-4  # of the time; less cannot be seen


def spread(day: Session, of: str, *, zone: str | None = None) -> Any:
    """Show a contract's spread: least, mean and widest over time, and for how long which width stood.

    Parameters
    ----------
    of
        A root (its busiest contract) or a contract.
    zone
        Time zone of the axis; `None`: that of the session.

    Returns
    -------
    holoviews.Layout
        Its title says which width was usual, for how long, and how wide it got.

    Raises
    ------
    DataError
        No such contract.

    Examples
    --------
    >>> spread(open_session("2026-11-19"), "ES")     # doctest: +SKIP
    """
    symbol = contract(day, of)
    quotes = rows(day, "quotes", symbol)
    stood = standing(quotes.frame, rows(day, "bars", symbol).frame) if quotes.n else quotes.frame
    if stood.is_empty():
        return look.nothing(f"{symbol}: no two-sided quote, so the spread is not known", quotes.missing or provenance(day))
    wall = clock(day, zone, stood["time"])
    main = look.panel(
        _over_time(Rows(stood).on(wall).frame, wall),
        ylabel=f"spread of {symbol}, points",
        xlabel=wall.label,
        title=headline(symbol, stood, wall),
        subtitle=provenance(day),
        height=240,
        has_legend=True,
        yformatter=look.numbers("0,0.00[00]"),
        ylim=(min(0.0, float(stood["spread_pts"].min())), None),  # type: ignore[arg-type]
    )
    return look.stacked([main, _distribution(shares(stood))])


def standing(quotes: pl.DataFrame, bars: pl.DataFrame) -> pl.DataFrame:
    """Say of each two-sided quote how wide it was and how long it stood: to the next quote, or to the end of open hours.

    Returns
    -------
    polars.DataFrame
        ``time spread_pts stood_s``, for quotes within open minutes (those that have a bar).
    """
    both = (pl.col("ask_pts") - pl.col("bid_pts")).round(6).alias("spread_pts")
    end = bars["time"].dt.epoch("ns").to_numpy()
    if not len(end):
        return quotes.select("time", both, stood_s=pl.lit(None, pl.Float64)).clear()
    step = int(MINUTE.total_seconds() * 1e9)
    last = np.append(end[:-1][np.diff(end) > step], end[-1])  # where open hours end
    at = quotes["time"].dt.epoch("ns").to_numpy()
    closes = last[np.minimum(np.searchsorted(last, at, side="left"), len(last) - 1)]
    until = np.minimum(np.append(at[1:], closes[-1]), closes)
    is_open = (until > at) & (end[np.minimum(np.searchsorted(end, at, side="right"), len(end) - 1)] - at <= step)
    made = quotes.select("time", both).with_columns(pl.Series("stood_s", (until - at) / 1e9))
    return made.filter(pl.Series(is_open) & pl.col("spread_pts").is_not_null())


def shares(stood: pl.DataFrame) -> pl.DataFrame:
    """Give the share of quoted time of each width: ``spread_pts share_frac``, narrow first."""
    total = float(stood["stood_s"].sum())
    by_width = stood.group_by("spread_pts").agg((pl.col("stood_s").sum() / total).alias("share_frac"))
    return by_width.sort("spread_pts")


def headline(symbol: str, stood: pl.DataFrame, wall: Wall) -> str:
    """Answer in one line how wide it is usually, and how wide it gets."""
    by_width = shares(stood)
    usual, frac = by_width.sort("share_frac", descending=True).row(0)
    mean = float((by_width["spread_pts"] * by_width["share_frac"]).sum())
    widest = stood.row(int(stood["spread_pts"].arg_max() or 0), named=True)
    n_crossed = int((stood["spread_pts"] <= 0).sum())
    crossed = f", locked or crossed {words.count(n_crossed, 'time')}" if n_crossed else ""
    return (
        f"{symbol}: {words.points(usual)} points wide for {words.share(frac, 1.0)} of the time, {words.points(round(mean, 3))} on average, "
        f"{words.points(widest['spread_pts'])} at its widest ({wall.text(widest['time'])}){crossed}"
    )


def _over_time(stood: pl.DataFrame, wall: Wall) -> Any:
    width = pl.col("spread_pts")
    columns = (
        stood.with_columns(bucket(*span_of(stood), COLUMNS))
        .group_by("column", maintain_order=True)
        .agg(
            pl.col("x").first(),
            width.min().alias("least"),
            width.max().alias("widest"),
            ((width * pl.col("stood_s")).sum() / pl.col("stood_s").sum()).alias("mean"),
        )
    )
    x, least, mean, widest = (columns[name].to_numpy() for name in ("x", "least", "mean", "widest"))
    band = hv.Area((x, least, widest), "x", ["spread", "widest"], label="least to widest")
    tips = [("", "@x{%H:%M:%S}"), ("mean", "@spread{0,0.00[00]}"), ("least", "@least"), ("widest", "@widest")]
    line = hv.Curve({"x": x, "spread": mean, "least": least, "widest": widest}, "x", ["spread", "least", "widest"], label="mean")
    hover = {"tools": ["hover"], "hover_tooltips": tips, "hover_mode": "vline", "hover_formatters": {"@x": "datetime"}}
    drawn = band.opts(color=palette.INK, fill_alpha=0.3, line_color=None)
    return hv.Overlay([drawn, line.opts(color=palette.ACCENT, line_width=1.6, **hover)])


def _distribution(by_width: pl.DataFrame) -> Any:
    shown = by_width.filter(pl.col("share_frac") >= SHOWN_FRAC)
    kept = shown.head(WIDTHS)
    labels = [words.points(width) for width in kept["spread_pts"]]
    frac = [*kept["share_frac"]]
    if len(by_width) > len(kept):
        labels, frac = [*labels, "other"], [*frac, 1.0 - sum(frac)]
    at = np.arange(len(frac), dtype=float)
    data = {"width": at - 0.4, "percent": np.zeros(len(frac)), "width1": at + 0.4, "percent1": 100 * np.array(frac), "said": labels}
    tips = [("width", "@said points"), ("share of quoted time", "@percent1{0.00} %")]
    bars = hv.Rectangles(data, ["width", "percent", "width1", "percent1"], ["said", "percent1"])
    drawn = bars.opts(color=palette.ACCENT, fill_alpha=0.7, line_color=None, tools=["hover"], hover_tooltips=tips)
    return look.panel(
        hv.Overlay([drawn]),
        ylabel="% of the time",
        xlabel="spread, points",
        height=90,
        over_time=False,
        xticks=list(zip(at, labels, strict=True)),
        xlim=(-0.6, max(len(frac), 6) - 0.4),
        ylim=(0, None),
    )
