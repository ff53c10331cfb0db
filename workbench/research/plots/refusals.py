"""`refusals`: why wishes were refused, and when. Draws; reads a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import holoviews as hv
import numpy as np
import polars as pl

from workbench.research import palette, words
from workbench.research.plots import look
from workbench.research.plots.ours import counted
from workbench.research.plots.seen import Rows, clock, contract, provenance, rows

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

COLUMNS: Final = 144  # over the width: ten minutes of a whole day
ROW_PX: Final = 34
MOST: Final = 12  # reasons; the rest is one more


def refusals(day: Session, of: str | None = None, *, zone: str | None = None) -> Any:
    """Show refused wishes by reason over a session: the more in a moment, the stronger.

    Parameters
    ----------
    of
        A root or a contract; `None`: all.
    zone
        Time zone of the axis; `None`: that of the session.

    Returns
    -------
    holoviews.Overlay
        Its title says how many wishes were refused, for what most, and how many were approved.

    Examples
    --------
    >>> refusals(open_session("2026-11-19"))     # doctest: +SKIP
    """
    symbol = None if of is None else contract(day, of)
    decided = rows(day, "decisions", symbol)
    title, told = headline(decided, symbol), provenance(day)
    refused = decided.frame.filter(pl.col("verdict") == "refused") if decided.n else decided.frame
    if refused.is_empty():
        return look.nothing(title, decided.missing or told)
    wall = clock(day, zone, decided.frame["time"])
    cells = Rows(counted(refused, COLUMNS, MOST)).on(wall, "time", "start").frame
    at = refused["time"]
    width = np.timedelta64((at[-1] - at[0]) / COLUMNS).astype("timedelta64[ns]")
    reasons = cells.unique("reason", maintain_order=True).select("reason", "total")
    ticks = [(len(reasons) - 1 - at, f"{reason}  {total:,}") for at, (reason, total) in enumerate(reasons.iter_rows())]
    return look.panel(
        hv.Overlay([_cells(cells, reasons["reason"].to_list(), width)]),
        ylabel="",
        xlabel=wall.label,
        title=title,
        subtitle=told,
        height=ROW_PX * len(ticks),
        yticks=ticks,
        ylim=(-0.5, len(ticks) - 0.5),
    )


def headline(decided: Rows, symbol: str | None) -> str:
    """Answer in one line how many wishes were refused, and for what most."""
    what = f"{symbol}: " if symbol else ""
    if not decided.n:
        return f"{what}no wish was held against the law"
    refused = decided.frame.filter(pl.col("verdict") == "refused")
    n_approved = decided.n - len(refused)
    if refused.is_empty():
        return f"{what}nothing was refused, {n_approved:,} approved"
    first = refused["reason"].value_counts(sort=True).sort(["count", "reason"], descending=[True, False]).row(0)
    return (
        f"{what}{len(refused):,} of {words.count(decided.n, 'wish', 'wishes')} refused, "
        f"{words.share(first[1], len(refused))} of them for {first[0]}; {n_approved:,} approved"
    )


def _cells(cells: pl.DataFrame, reasons: list[str], width: np.timedelta64) -> Any:
    rank = {reason: len(reasons) - 1 - at for at, reason in enumerate(reasons)}
    y = cells["reason"].replace_strict(rank, return_dtype=pl.Float64).to_numpy()
    x, n = cells["start_x"].to_numpy(), cells["n"].to_numpy()
    data = {"x": x, "row": y - 0.4, "until": x + width, "row_to": y + 0.4, "n": n, "reason": cells["reason"].to_numpy()}
    return hv.Rectangles(data, ["x", "row", "until", "row_to"], ["n", "reason"]).opts(
        color="n",
        cmap=list(palette.REFUSED_SHADES),
        cnorm="log" if n.max() > 1 else "linear",
        line_color=None,
        tools=["hover"],
        hover_tooltips=[("refused", "@n{0,0} for @reason"), ("from", "@x{%H:%M:%S}")],
        hover_formatters={"@x": "datetime"},
    )
