"""`price`: what the market did, what we did in it, what was refused, and how good the data was, over one time. Draws; reads a session."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import holoviews as hv
import numpy as np
import polars as pl

from workbench.research import palette, words
from workbench.research.plots import look, ours
from workbench.research.plots.market import Market
from workbench.research.plots.seen import Rows, clock, contract, provenance, rows
from workbench.research.plots.thinning import runs
from workbench.research.plots.times import Between, Wall, span

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

MINUTE: Final = timedelta(minutes=1)
GOOD: Final = 0.8  # quality from which data is fit to trade on (`data.entry_quality` of the shipped constitutions)


def price(day: Session, of: str, *, between: Between = None, zone: str | None = None) -> Any:
    """Show a contract's price with prints, our fills, stops and targets while they worked, refusals, and data quality underneath.

    From afar the market is bars, from near quotes and every print; beside a running kernel moving the axis draws it anew.

    Parameters
    ----------
    of
        A root (``"ES"``: its busiest contract) or a contract (``"ESZ6"``).
    between
        From when to when, by the clock of the axis: ``("2026-11-19 10:00", "2026-11-19 10:30")``; `None`: all.
    zone
        Time zone of the axis; `None`: that of the session.

    Returns
    -------
    holoviews.Layout
        Its title says how many entries there were and what came of them.

    Raises
    ------
    DataError
        No such contract.
    ConfigError
        No such time zone, or no such time.

    Examples
    --------
    >>> price(open_session("2026-11-19"), "ES", zone="America/New_York")     # doctest: +SKIP
    """
    symbol, when = contract(day, of), span(between, zone or day.zone)
    bars = rows(day, "bars", symbol).within(when and (when[0] + 1, when[1]))  # a bar that ends where the part begins lies before it
    if not bars.n:
        return look.nothing(f"{symbol}: no bar closed, so there is no price to show", provenance(day))
    wall = clock(day, zone, bars.frame["time"])
    bars = bars.on(wall)
    mine = {name: rows(day, name, symbol) for name in ("fills", "orders", "round_trips", "refusals")}
    shown = {name: found.within(when, "opened" if name == "round_trips" else "time") for name, found in mine.items()}
    ends = bars.frame["x"].to_numpy()
    first, last = ends[0] - np.timedelta64(1, "m"), ends[-1]
    about = f"{symbol} {wall.text(when[0])} to {wall.text(when[1])}" if when else symbol
    title, subtitle = headline(about, bars.frame, shown), provenance(day) + _quality_note(bars.frame)

    def dress(market: list[Any]) -> Any:
        own = _own(mine, shown, wall, bars.frame["time"])
        return look.panel(
            hv.Overlay([*market, *own]),
            ylabel=f"{symbol}, points",
            title=title,
            subtitle=subtitle,
            has_legend=bool(own),
            fits=True,
            yformatter=look.numbers("0,0[.]00[00]"),
            xlim=(first, last),
        )

    main = Market(day, symbol, wall).zoomable(first, last, dress)
    strips = [strip for strip in (_refused(shown["refusals"], wall),) if strip is not None]
    return look.stacked([main, *strips, _quality(bars.frame, wall)])


def headline(symbol: str, bars: pl.DataFrame, mine: dict[str, Rows]) -> str:
    """Answer in one line how often we entered and what came of it; without a trade, what the price did."""
    fills, trips, refusals = (mine[name] for name in ("fills", "round_trips", "refusals"))
    if fills.n:
        n_in = fills.frame.filter(pl.col("leg") == "entry").select(ours.BRACKET).n_unique()
        return f"{symbol}: {words.count(n_in, 'entry', 'entries')}, {_came(trips)}"
    traded = bars.filter(pl.col("volume") > 0)
    if traded.is_empty():
        return f"{symbol}: nothing traded"
    start, end = float(traded["open_pts"][0]), float(traded["close_pts"][-1])
    change = f", {100 * (end / start - 1):+.2f} %".replace("-", words.MINUS) if start > 0 else ""
    moved = f"{symbol}: from {words.points(start)} to {words.points(end)} points{change}"
    return f"{moved}; {words.count(refusals.n, 'wish', 'wishes')} refused, no entry" if refusals.n else moved


def _came(trips: Rows) -> str:
    if not trips.n:
        return "none of them closed"
    frame = trips.frame
    at_stop = int(((frame["why"] == "stop") & (frame["pnl_usd"] <= 0)).sum())
    n_won, total = int((frame["pnl_usd"] > 0).sum()), float(frame["pnl_usd"].sum())
    return f"{n_won or 'none'} of {words.count(trips.n, 'round trip')} won, {at_stop} lost at the stop; {words.usd(total)} after costs"


def _quality_note(bars: pl.DataFrame) -> str:
    n_poor = int((bars["quality_frac"] < GOOD).sum())
    poor = f"under {GOOD:.2f} for {words.count(n_poor, 'minute')}" if n_poor else f"{GOOD:.2f} or better throughout"
    return f" · data quality {poor}"


def _own(mine: dict[str, Rows], shown: dict[str, Rows], wall: Wall, times: pl.Series) -> list[Any]:
    parts: list[Any] = []
    if mine["orders"].n and mine["fills"].n:
        levels = ours.working(mine["orders"].frame, mine["fills"].frame).with_columns(pl.col("end").fill_null(times[-1]))
        levels = levels.filter(pl.col("start") <= times[-1], pl.col("end") >= times[0])
        parts += ours.draw_levels(Rows(levels).on(wall, "start", "end").frame)
    if shown["round_trips"].n:
        parts += ours.draw_trips(shown["round_trips"].on(wall, "opened", "closed").frame)
    if shown["fills"].n:
        parts += ours.draw_fills(shown["fills"].on(wall).frame)
    return parts


def _refused(refusals: Rows, wall: Wall) -> Any:
    """Mark refusals by reason, the more the stronger; `None` where there were none."""
    if not refusals.n:
        return None
    marks = Rows(ours.counted(refusals.frame)).on(wall).frame
    reasons = marks.unique("reason", maintain_order=True).select("reason", "total")
    rank = {reason: len(reasons) - 1 - at for at, reason in enumerate(reasons["reason"])}
    y = marks["reason"].replace_strict(rank, return_dtype=pl.Float64).to_numpy()
    x, n = marks["x"].to_numpy(), marks["n"].to_numpy()
    data = {"x": x, "row": y - 0.38, "until": x, "row_to": y + 0.38, "n": n, "reason": marks["reason"].to_numpy()}
    lines = hv.Segments(data, ["x", "row", "until", "row_to"], ["n", "reason"]).opts(
        color="n",
        cmap=list(palette.REFUSED_SHADES),
        cnorm="log" if n.max() > 1 else "linear",
        line_width=2,
        tools=["hover"],
        hover_tooltips=[("refused", "@n{0,0} for @reason"), ("", "@x{%H:%M:%S}")],
        hover_formatters={"@x": "datetime"},
    )
    ticks = [(rank[reason], f"{reason} {total:,}") for reason, total in reasons.iter_rows()]
    ylim = (-0.6, len(ticks) - 0.4)
    return look.panel(hv.Overlay([lines]), ylabel="refused", height=22 * len(ticks) + 8, yticks=ticks, ylim=ylim)


def _quality(bars: pl.DataFrame, wall: Wall) -> Any:
    stood = Rows(runs(bars, "quality_frac", MINUTE)).on(wall, "start", "time").frame
    start, end, quality = (stood[name].to_numpy() for name in ("start_x", "x", "quality_frac"))
    boxes = hv.Rectangles((start, np.zeros(len(start)), end, quality), ["x", "quality", "until", "quality_to"])
    tips = [("quality", "@top{0.00}"), ("from", "@left{%H:%M:%S}"), ("to", "@right{%H:%M:%S}")]
    hover = {"tools": ["hover"], "hover_tooltips": tips, "hover_formatters": {"@left": "datetime", "@right": "datetime"}}
    floor = hv.HLine(GOOD).opts(color=palette.LOST, line_dash="dashed", line_width=1)
    return look.panel(
        hv.Overlay([boxes.opts(color=palette.INK, fill_alpha=2 * palette.FAINT, line_color=None, **hover), floor]),
        ylabel="quality, 0-1",
        xlabel=wall.label,
        height=look.STRIP_PX,
        ylim=(0, 1.05),
        yticks=[0, 0.5, 1],
    )
