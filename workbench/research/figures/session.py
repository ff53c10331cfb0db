"""Pictures of a session: the market with what was traded in it, one trade from near, the account, refusals. Draws frames; no store."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from workbench.domain.errors import DataError
from workbench.research.account import joined
from workbench.research.figures.picture import Picture, clock, sheet, thousands
from workbench.research.frames.columns import schema
from workbench.research.palette import BOUGHT, INK, LOST, REFUSED, SERIES, SOLD, WON
from workbench.research.review import journal
from workbench.research.words import usd

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

MARGIN_FRAC: Final = 0.35  # of a trade's life, shown before and after it
LEAST_S: Final = 45  # but never less than this
LEAST_BARS: Final = 5  # nor than this where there are bars alone
MOST_REASONS: Final = 10


def equity(day: Session) -> Picture:
    """Did the account grow? Profit after costs, what of it is open, and how far below its best it was; sessions end to end."""
    frame = joined(journal(day, "equity"))
    total, drawdown = (frame[name].to_numpy() for name in ("pnl_usd", "drawdown_usd"))
    end, worst = (float(total[-1]), float(drawdown.min())) if len(frame) else (0.0, 0.0)
    subtitle = f"after costs, marked at the side it could be left at; at the worst {abs(worst):,.2f} USD below its best"
    with sheet(f"Did the account grow? {usd(end)}", subtitle, heights=(2.3, 0.9)) as drawn:
        top, bottom = drawn.panels
        at = moments(frame["time"])
        top.axhline(0, color=INK, linewidth=0.8, alpha=0.6)
        top.step(at, total, where="post", color=WON if end >= 0 else LOST)
        bottom.fill_between(at, drawdown, step="post", color=LOST, alpha=0.35, linewidth=0)
        top.set_ylabel("P&L, USD")
        bottom.set_ylabel("below best")
        for panel in drawn.panels:
            thousands(panel)
        if len(frame) > 1:  # one moment alone has no span
            clock(bottom, day.zone)
        else:
            bottom.set_xticks([])
    return drawn.picture


def market(day: Session, symbol: str) -> Picture:
    """What did we do in this market? Its price, and every round trip from entry to exit."""
    bars = day.bars(symbol, "1m").filter(~pl.col("is_broken"))
    trips = _trips(day, symbol)
    won = trips.filter(pl.col("pnl_usd") > 0) if len(trips) else trips
    said = f"{len(trips)} round trips, {len(won)} won, {usd(float(trips['pnl_usd'].sum()))}" if len(trips) else "we did not trade it"
    subtitle = "triangles: entries, up bought and down sold; lines to the exit, blue gained, red lost"
    with sheet(f"What did we do in {symbol}? {said}", subtitle, heights=(3.0,)) as drawn:
        axes = drawn.panels[0]
        axes.plot(moments(bars["time"]), bars["close_pts"].to_numpy(), color=INK, linewidth=0.9, alpha=0.75)
        for trip in trips.iter_rows(named=True):
            colour = WON if trip["pnl_usd"] > 0 else LOST
            ends = moments(pl.Series([trip["opened"], trip["closed"]]))
            axes.plot(ends, [trip["entry_pts"], trip["exit_pts"]], color=colour, linewidth=1.6)
            axes.plot(ends[:1], [trip["entry_pts"]], "^" if trip["side"] > 0 else "v", color=colour, markersize=6)
        axes.set_ylabel(f"{symbol}, points")
        thousands(axes, "{:,.2f}")
        clock(axes, day.zone)
    return drawn.picture


def trade(day: Session, ref: int) -> Picture:
    """How did this bracket live? Quotes and prints around it, or bars where there are no others; its orders and its fills."""
    orders, fills = day.orders.filter(pl.col("ref") == ref), day.fills.filter(pl.col("ref") == ref)
    symbol, first = orders["symbol"][0], orders["time"][0]
    last = fills["time"][-1] if len(fills) else orders["time"][-1]
    around = max((last - first) * MARGIN_FRAC, timedelta(seconds=LEAST_S))
    quotes, prints = (_near(day, kind, symbol, first - around, last + around) for kind in ("quotes", "prints"))
    bars, seen = None, "bid and ask, prints by who was aggressive"
    if not len(quotes) and not len(prints):
        bars, seen = day.bars(symbol, "1m").filter(pl.col("volume") > 0), "bars from low to high, a tick at their close"
        every = bars["time"].diff().median()
        around = max(around, LEAST_BARS * every) if isinstance(every, timedelta) else around
        bars = bars.filter(pl.col("time").is_between(first - around, last + around))
    subtitle = f"{symbol}: {seen}, our orders as long as they stood, our fills"
    with sheet(f"How did bracket {ref} live? {_life(day, ref)}", subtitle) as drawn:
        axes = drawn.panels[0]
        if bars is None:
            _quoted(axes, quotes, prints)
        else:
            _barred(axes, bars)
        _orders(axes, orders, last)
        for fill in fills.iter_rows(named=True):
            at, marker = moments(pl.Series([fill["time"]])), "^" if fill["side"] > 0 else "v"
            axes.plot(at, [fill["price_pts"]], marker, color=INK, markersize=10, markeredgecolor="white", zorder=5)
        axes.set_xlim(*moments(pl.Series([first - around, last + around])))
        axes.set_ylabel(f"{symbol}, points")
        thousands(axes, "{:,.2f}")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=7, handlelength=1.4)
        clock(axes, day.zone)
    return drawn.picture


def _near(day: Session, kind: str, symbol: str, first: Any, last: Any) -> pl.DataFrame:
    """Give quotes or prints of a contract between two moments; none where the session has none of that kind."""
    try:
        frame = day.frame(kind, symbol)
    except DataError:  # it has bars
        return pl.DataFrame(schema=schema(kind, day.zone))
    return frame.filter(pl.col("time").is_between(first, last))


def _barred(axes: Any, bars: pl.DataFrame) -> None:
    at = moments(bars["time"])
    axes.vlines(at, bars["low_pts"].to_numpy(), bars["high_pts"].to_numpy(), color=INK, linewidth=1.1, alpha=0.8, label="bars")
    axes.plot(at, bars["close_pts"].to_numpy(), "_", color=INK, markersize=5)


def _quoted(axes: Any, quotes: pl.DataFrame, prints: pl.DataFrame) -> None:
    at = moments(quotes["time"])
    bid, ask = quotes["bid_pts"].to_numpy(), quotes["ask_pts"].to_numpy()
    axes.step(at, bid, where="post", color=INK, linewidth=0.7, alpha=0.8, label="bid, ask")
    axes.step(at, ask, where="post", color=INK, linewidth=0.7, alpha=0.8)
    for side, colour, label in ((1, BOUGHT, "buyer took"), (-1, SOLD, "seller took")):
        of = prints.filter(pl.col("side") == side)
        area = 4 + 1.2 * np.sqrt(of["size"].to_numpy())
        axes.scatter(moments(of["time"]), of["price_pts"].to_numpy(), s=area, color=colour, alpha=0.55, linewidth=0, label=label)


def _orders(axes: Any, orders: pl.DataFrame, last: Any) -> None:
    """Draw each order from when it stood to when it was moved or all was over."""
    for leg, colour, style in (("target", WON, "-"), ("entry", INK, "--"), ("stop", LOST, "-")):
        of = orders.filter((pl.col("leg") == leg) & pl.col("price_pts").is_not_null())
        if len(of):
            stood, prices = [*of["time"], last], [*of["price_pts"], of["price_pts"][-1]]
            axes.step(moments(pl.Series(stood)), prices, style, where="post", color=colour, linewidth=1.3, label=leg)


def _life(day: Session, ref: int) -> str:
    trip = journal(day, "round_trips").filter(pl.col("ref") == ref)
    if not len(trip):
        return "it never filled, or is open still"
    row = trip.row(0, named=True)
    out = f"out by its {row['why']}" if row["why"] in ("stop", "target") else f"we left: {row['why']}"
    return f"{out}, {usd(row['pnl_usd'])}, {row['r']:+.2f} R".replace(" -", " \N{MINUS SIGN}")


def refusals(day: Session) -> Picture:
    """Why were wishes refused? Counts by reason and strategy."""
    frame = journal(day, "decisions")
    refused = frame.filter(pl.col("verdict") == "refused")
    by = refused.group_by("reason", "strategy").len().sort("reason", "strategy")
    counted = refused["reason"].value_counts().sort("count", "reason", descending=[True, False])
    reasons = counted["reason"].to_list()[:MOST_REASONS]
    granted = len(frame) - len(refused)
    subtitle = f"of {len(frame):,} wishes {granted:,} were approved; a wish is repeated at each bar until it is granted or gone"
    with sheet(f"Why were wishes refused? {_mostly(reasons, refused)}", subtitle, heights=(0.3 + 0.26 * max(len(reasons), 2),)) as drawn:
        axes, left = drawn.panels[0], [0.0] * len(reasons)
        for strategy, colour in zip(sorted(set(refused["strategy"])), (REFUSED, *SERIES * 9), strict=False):
            of = dict(by.filter(pl.col("strategy") == strategy).select("reason", "len").iter_rows())
            n = [of.get(reason, 0) for reason in reasons]
            axes.barh(reasons, n, left=left, color=colour, alpha=0.8, height=0.66, label=strategy)
            left = [before + more for before, more in zip(left, n, strict=True)]
        for at, total in enumerate(left):
            axes.annotate(f" {total:,.0f}", (total, at), va="center", fontsize=8.5)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("refused wishes")
        if len(left):
            axes.legend(loc="lower right")
    return drawn.picture


def _mostly(reasons: list[str], refused: pl.DataFrame) -> str:
    if not reasons:
        return "none was"
    share = refused.filter(pl.col("reason") == reasons[0]).height / len(refused)
    return f"{share:.0%} for {reasons[0]}"


def _trips(day: Session, symbol: str) -> pl.DataFrame:
    wanted = {of.symbol for of in day.contracts if symbol in (of.symbol, of.root)}
    return journal(day, "round_trips").filter(pl.col("symbol").is_in(list(wanted)))


def moments(times: pl.Series) -> Any:
    """Give moments as the drawing library counts them: UTC, without a zone; the axis converts."""
    dtype = times.dtype
    zoned = isinstance(dtype, pl.Datetime) and dtype.time_zone is not None
    return (times.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zoned else times).to_numpy()
