"""What we did, over the market of a price plot: entries and exits, round trips, stops and targets while they worked, refusals. Draws."""

from __future__ import annotations

from typing import Any, Final

import holoviews as hv
import polars as pl

from workbench.research import palette
from workbench.research.plots import look
from workbench.research.plots.thinning import bucket, span_of

MARK_PX: Final = 11
REASONS: Final = 4  # rows of refusals; the rest is one more
REFUSAL_COLUMNS: Final = 400  # over the width: marks of three pixels
BRACKET: Final = ["run", "ref"]
PRICE_TIP: Final = "{0,0.00[00]}"


def working(orders: pl.DataFrame, fills: pl.DataFrame) -> pl.DataFrame:
    """Say where stops and targets stood, and from when to when: from the first entry fill, or a move, to the next move or the last exit.

    Returns
    -------
    polars.DataFrame
        ``run ref leg price_pts start end``; ``end`` is null of what still works. A bracket that was never entered has no row.
    """
    is_entry = pl.col("leg") == "entry"
    signed = pl.when(is_entry).then(pl.col("qty")).otherwise(-pl.col("qty"))
    life = fills.group_by(BRACKET).agg(
        pl.col("time").filter(is_entry).min().alias("entered"),
        pl.when(signed.sum() == 0).then(pl.col("time").max()).alias("left"),
    )
    is_placed = pl.col("command").is_in(["submit", "modify"]) & pl.col("price_pts").is_not_null()
    levels = orders.filter(is_placed & pl.col("leg").is_in(["stop", "target"]))
    moved = pl.col("time").shift(-1).over([*BRACKET, "leg"])
    return (
        levels.sort("time", maintain_order=True)
        .with_columns(moved.alias("moved"))
        .join(life, on=BRACKET)
        .select(
            *BRACKET,
            "leg",
            "price_pts",
            pl.max_horizontal("time", "entered").alias("start"),
            pl.min_horizontal("moved", "left").alias("end"),
        )
        .filter(pl.col("end").is_null() | (pl.col("start") < pl.col("end")))
        .sort("start", "ref", "leg")
    )


def draw_levels(levels: pl.DataFrame) -> list[Any]:
    """Draw stops and targets (`working`, with ``start_x end_x``) where they stood."""
    parts = []
    for leg, color, dash in (("stop", palette.LOST, "solid"), ("target", palette.WON, "dotted")):
        mine = levels.filter(pl.col("leg") == leg)
        if not mine.is_empty():
            x0, x1, y = (mine[name].to_numpy() for name in ("start_x", "end_x", "price_pts"))
            lines = hv.Segments((x0, y, x1, y), look.ENDS, label=leg)
            parts.append(lines.opts(color=color, line_dash=dash, line_width=1.6, alpha=0.9))
    return parts


def draw_trips(trips: pl.DataFrame) -> list[Any]:
    """Draw each round trip (with ``opened_x closed_x``) from average entry to average exit."""
    parts = []
    for name, is_won, color, dash in (("won", True, palette.WON, "solid"), ("lost", False, palette.LOST, "dashed")):
        mine = trips.filter((pl.col("pnl_usd") > 0) == is_won)
        if mine.is_empty():
            continue
        ends = dict(zip(look.ENDS, (mine[name] for name in ("opened_x", "entry_pts", "closed_x", "exit_pts")), strict=True))
        said = {key: mine[key] for key in ("pnl_usd", "r", "strategy", "why")}
        data = {key: column.to_numpy() for key, column in (ends | said).items()}
        lines = hv.Segments(data, look.ENDS, list(said), label=name)
        tips = [("round trip", "@strategy, @why"), ("after costs", "@pnl_usd{+0,0.00} USD"), ("R", "@r{+0.00}")]
        parts.append(lines.opts(color=color, line_dash=dash, line_width=1.4, alpha=0.8, tools=["hover"], hover_tooltips=tips))
    return parts


def draw_fills(fills: pl.DataFrame) -> list[Any]:
    """Draw executions (with ``x``): up where we bought, down where we sold; filled to enter, hollow to leave."""
    parts = []
    for is_entry in (True, False):
        for side, name, marker, color in ((1, "bought", "triangle", palette.BOUGHT), (-1, "sold", "inverted_triangle", palette.SOLD)):
            mine = fills.filter(((pl.col("leg") == "entry") == is_entry) & (pl.col("side") == side))
            if mine.is_empty():
                continue
            keys = ("qty", "leg", "strategy", "ref")
            data = {"x": mine["x"].to_numpy(), "price": mine["price_pts"].to_numpy()} | {key: mine[key].to_numpy() for key in keys}
            marks = hv.Points(data, ["x", "price"], list(keys), label=name if is_entry else f"{name} to leave")
            tips = [(name, "@qty{0,0} at @price" + PRICE_TIP), ("", "@x{%H:%M:%S.%3N}"), ("for", "@strategy, @leg of bracket @ref")]
            parts.append(
                marks.opts(
                    marker=marker,
                    size=MARK_PX,
                    fill_color=color,
                    fill_alpha=1.0 if is_entry else 0.0,
                    line_color=color,
                    line_width=1.8,
                    tools=["hover"],
                    hover_tooltips=tips,
                    hover_formatters={"@x": "datetime"},
                )
            )
    return parts


def counted(refusals: pl.DataFrame, n: int = REFUSAL_COLUMNS, most: int = REASONS) -> pl.DataFrame:
    """Count refusals by reason and moment.

    Returns
    -------
    polars.DataFrame
        ``reason total n time start``: the `most` frequent reasons and ``other``, each with its total; ``n`` within one of `n` pixel
        columns that begins at ``start``, ``time`` when the first was. Reasons by total, the largest first, ``other`` last.
    """
    totals = refusals["reason"].value_counts(sort=True, name="total").sort(["total", "reason"], descending=[True, False])
    named = totals["reason"].head(most if len(totals) > most + 1 else most + 1)
    reason = pl.when(pl.col("reason").is_in(named.implode())).then(pl.col("reason")).otherwise(pl.lit("other"))
    first, last = span_of(refusals)
    width = max((last - first) // n + 1, 1)
    made = (
        refusals.with_columns(reason, bucket(first, last, n))
        .group_by("reason", "column")
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("time").min())
        .with_columns(pl.col("n").sum().over("reason").alias("total"), (pl.col("reason") == "other").alias("rest"))
        .with_columns((pl.col("column") * width + first).cast(pl.Datetime("ns", "UTC")).cast(refusals.schema["time"]).alias("start"))
    )
    order = made.sort(["rest", "total", "reason", "start"], descending=[False, True, False, False])
    return order.select("reason", "total", "n", "time", "start")
