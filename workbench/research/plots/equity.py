"""`equity`: what the account did after costs, and how deep it fell. Draws; reads a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import holoviews as hv
import polars as pl

from workbench.research import palette, words
from workbench.research.account import joined
from workbench.research.plots import look
from workbench.research.plots.seen import Rows, clock, provenance, rows
from workbench.research.plots.thinning import outline
from workbench.research.plots.times import Wall

if TYPE_CHECKING:
    from workbench.research.frames.session import Session


def equity(day: Session, *, zone: str | None = None) -> Any:
    """Show the account's gain after costs through a session, what of it was realised, and the drawdown underneath.

    The sessions of a range stand end to end: each goes on from what the one before had earned.

    Parameters
    ----------
    zone
        Time zone of the axis; `None`: that of the session.

    Returns
    -------
    holoviews.Layout
        Its title says what was won or lost, what it cost, and the deepest fall.

    Examples
    --------
    >>> equity(open_session("2026-11-19"))     # doctest: +SKIP
    """
    account = rows(day, "equity")
    if not account.n:
        return look.nothing("No equity to show: nobody traded", account.missing or provenance(day))
    wall = clock(day, zone, account.frame["time"])
    trips, states = rows(day, "round_trips"), rows(day, "states").on(wall)
    whole = joined(account.frame)
    kept = Rows(outline(whole, "pnl_usd", "realised_usd", "drawdown_usd")).on(wall).frame
    start = float(account.frame["equity_usd"][0])
    main = look.panel(
        hv.Overlay([*_gain(kept), *_states(states)]),
        ylabel="gain after costs, USD",
        title=headline(whole, trips, rows(day, "fills")),
        subtitle=f"{provenance(day)} · began with {words.usd(start, signed=False)}",
        height=260,
        has_legend=True,
        yformatter=look.numbers("0,0"),
    )
    return look.stacked([main, _drawdown(kept, wall)])


def headline(account: pl.DataFrame, trips: Rows, fills: Rows) -> str:
    """Answer in one line what was won or lost, at what cost, and how deep it fell."""
    gain = float(account["pnl_usd"][-1] - account["pnl_usd"][0])
    costs = float(fills.frame["fee_usd"].sum()) if fills.n else 0.0
    deepest = float(account["drawdown_usd"].min() or 0.0)  # type: ignore[arg-type]
    verb = "Won" if gain > 0 else "Lost" if gain < 0 else "Neither won nor lost"
    amount = f" {words.usd(abs(gain), signed=False)}" if gain else ""
    cost = f" after {words.usd(costs, signed=False)} of costs" if costs else ""
    fall = f"; deepest fall {words.usd(-deepest, signed=False)}" if deepest else ""
    open_ = float(account["open_pnl_usd"][-1])
    left = f", {words.usd(open_)} of it still open" if open_ else ""
    return f"{verb}{amount}{left}{cost} in {words.count(trips.n, 'round trip')}{fall}"


def _gain(kept: pl.DataFrame) -> list[Any]:
    x, (gain, realised) = kept["x"].to_numpy(), ((kept[name] - kept[name][0]).to_numpy() for name in ("pnl_usd", "realised_usd"))
    tips = [("", "@x{%H:%M:%S}"), ("gain", "@gain{+0,0.00} USD"), ("of it realised", "@realised{+0,0.00} USD")]
    line = hv.Curve({"x": x, "gain": gain, "realised": realised}, "x", ["gain", "realised"], label="with what is open")
    closed = hv.Curve((x, realised), "x", "gain", label="realised")
    return [
        hv.HLine(0).opts(color=palette.INK, line_width=1),
        closed.opts(color=palette.SOLD, line_width=1.2, interpolation="steps-post"),
        line.opts(
            color=palette.WON,
            line_width=1.8,
            interpolation="linear",
            tools=["hover"],
            hover_tooltips=tips,
            hover_mode="vline",
            hover_formatters={"@x": "datetime"},
        ),
    ]


def _states(states: Rows) -> list[Any]:
    """Mark where the trading state changed."""
    color = {"active": palette.INK, "reducing": palette.SOLD, "halted": palette.LOST}
    given = states.frame.select("x", "state").iter_rows() if states.n else ()
    return [hv.VLine(x).opts(color=color.get(state, palette.INK), line_dash="dashed", line_width=1.2) for x, state in given]


def _drawdown(kept: pl.DataFrame, wall: Wall) -> Any:
    area = hv.Area((kept["x"].to_numpy(), kept["drawdown_usd"].to_numpy()), "x", "drawdown")
    drawn = area.opts(color=palette.LOST, fill_alpha=2 * palette.FAINT, line_color=palette.LOST, line_width=1)
    axes: dict[str, Any] = {"ylabel": "below the best, USD", "xlabel": wall.label, "yticks": 4, "yformatter": look.numbers("0,0")}
    return look.panel(hv.Overlay([drawn]), height=90, **axes)
