"""`depth`: where size rested in the book, over time. Rebuilds the book row by row from its changes; draws; reads a session."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import holoviews as hv
import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.research import palette, words
from workbench.research.plots import look
from workbench.research.plots.seen import clock, contract, provenance, rows
from workbench.research.plots.thinning import span_of
from workbench.research.plots.times import Between, Span, Wall, span

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

COLUMNS: Final = 700  # moments looked at
PRICES: Final = 240  # rows of the picture; more prices share one
TOP: Final = 5  # rows a side that the title counts
FULL: Final = 0.98  # share of sizes that are shown in shades; larger ones look alike
STEPS: Final = tuple(timedelta(seconds=s) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600))


class Looks(NamedTuple):
    """The book at many moments: ``time``, and of each resting row which moment, price, and size, bids positive, asks negative."""

    times: pl.Series
    at: npt.NDArray[np.int64]
    price_pts: npt.NDArray[np.float64]
    size: npt.NDArray[np.float64]


class Grid(NamedTuple):
    """Resting sizes by price (rows, from ``first_pts`` up by ``step_pts``) and moment: bids positive, asks negative, 0 none."""

    size: npt.NDArray[Any]
    first_pts: float
    step_pts: float


def depth(day: Session, of: str, *, between: Between = None, zone: str | None = None) -> Any:
    """Show the sizes that rested in a contract's book as a heat map over time and price: bids in one colour, asks in the other.

    Parameters
    ----------
    of
        A root (its busiest contract) or a contract.
    between
        From when to when, by the clock of the axis; the shorter, the finer. `None`: all.
    zone
        Time zone of the axis; `None`: that of the session.

    Returns
    -------
    holoviews.Overlay
        Its title says how much rested near the best prices, on which side, and when least.

    Raises
    ------
    DataError
        No such contract.

    Examples
    --------
    >>> depth(open_session("2026-11-19"), "ES")     # doctest: +SKIP
    """
    symbol = contract(day, of)
    changes = rows(day, "depth", symbol)
    looks = rebuilt(changes.frame, span(between, zone or day.zone)) if changes.n else None
    if looks is None or not len(looks.at):
        return look.nothing(f"{symbol}: no depth was recorded, so there is no book to show", changes.missing or provenance(day))
    wall = clock(day, zone, looks.times)
    unit = "contracts" if any(each.symbol == symbol and each.type == "future" for each in day.contracts) else "shares"
    return look.panel(
        _picture(looks, wall, unit),
        ylabel=f"{symbol}, points",
        xlabel=wall.label,
        title=headline(symbol, looks, wall, unit),
        subtitle=provenance(day),
        height=460,
        yformatter=look.numbers("0,0[.]00[00]"),
        toolbar="right",
    )


def rebuilt(changes: pl.DataFrame, when: Span = None, columns: int = COLUMNS) -> Looks:
    """Replay the changes of a book and look at it at even steps, each time just before the step ends.

    Parameters
    ----------
    changes
        One contract's rows of ``day.depth``: ``time action side level price_pts size``.
    when
        From when to when, ns UTC; `None`: all.
    columns
        Most moments looked at; the step is a usual one (1 s, 2 s, 5 s ... 1 h).
    """
    first, last = span_of(changes)
    if when is not None:  # the book before it is rebuilt, and not looked at
        first, last = max(first, when[0]), min(last, when[1])
    step = next((int(each.total_seconds() * 1e9) for each in STEPS if (last - first) / (each.total_seconds() * 1e9) <= columns), None)
    step = step or (last - first) // columns
    start = first // step * step
    ends = np.arange(start + step, last + step + 1, step, dtype=np.int64)
    upto = np.searchsorted(changes["time"].dt.epoch("ns").to_numpy(), ends, side="left")
    events = changes.select("action", "side", "level", "price_pts", "size").rows()
    book: dict[str, list[tuple[float, float]]] = {"bid": [], "ask": []}
    at: list[int] = []
    price: list[float] = []
    size: list[float] = []
    done = 0
    for k, until in enumerate(upto.tolist()):
        for event in events[done:until]:
            _apply(book, *event)
        done = until
        for side, sign in (("bid", 1.0), ("ask", -1.0)):
            for row_price, row_size in book[side]:
                at.append(k)
                price.append(row_price)
                size.append(sign * row_size)
    zone = changes.schema["time"]
    times = pl.Series("time", ends).cast(pl.Datetime("ns", "UTC")).cast(zone)
    return Looks(times, np.array(at, np.int64), np.array(price), np.array(size))


def _apply(
    book: dict[str, list[tuple[float, float]]], action: str, side: str | None, level: int | None, price: float | None, size: float | None
) -> None:
    """Move one row as the venue sent it; what lies outside the book as it is known is passed over."""
    if action == "reset" or side is None or level is None:
        book["bid"].clear()
        book["ask"].clear()
        return
    side_rows = book[side]
    if action == "delete":
        if level < len(side_rows):
            del side_rows[level]
    elif price is not None and size is not None:
        if action == "insert":
            side_rows.insert(level, (price, size))
        elif level < len(side_rows):
            side_rows[level] = (price, size)
        else:
            side_rows.append((price, size))


def resting(looks: Looks, top: int = TOP) -> pl.DataFrame:
    """Sum the sizes of the best `top` rows a side at each moment: ``time bid_size ask_size``; null where a side was empty."""
    sides = pl.DataFrame({"at": looks.at, "price": looks.price_pts, "size": looks.size})
    made = pl.DataFrame({"at": np.arange(len(looks.times), dtype=np.int64), "time": looks.times})
    for name, is_bid in (("bid_size", True), ("ask_size", False)):
        mine = sides.filter((pl.col("size") > 0) == is_bid).sort("price", descending=is_bid)
        best = mine.group_by("at").agg(pl.col("size").head(top).abs().sum().alias(name))
        made = made.join(best, on="at", how="left")
    return made.sort("at").drop("at")


def headline(symbol: str, looks: Looks, wall: Wall, unit: str) -> str:
    """Answer in one line how much rests near the best prices, on which side, and when least."""
    near = resting(looks).filter(pl.col("bid_size").is_not_null() | pl.col("ask_size").is_not_null()).fill_null(0.0)
    both = near["bid_size"] + near["ask_size"]
    mean, least = float(both.to_numpy().mean()), int(both.arg_min() or 0)
    bids = words.share(float(near["bid_size"].sum()), float(both.sum()))
    return (
        f"{symbol}: {mean:,.0f} {unit} rest in the best {TOP} rows of both sides on average, {bids} of them bids; "
        f"fewest {both[least]:,.0f} at {wall.text(near['time'][least])}"
    )


def gridded(looks: Looks, rows_n: int = PRICES) -> Grid:
    """Lay the resting sizes out on even prices; where several prices share a row, the larger side is shown."""
    known = np.unique(looks.price_pts)
    tick = float(np.diff(known).min()) if len(known) > 1 else 1.0
    n_ticks = round((known[-1] - known[0]) / tick) + 1
    step = tick * -(-n_ticks // rows_n)
    row = ((looks.price_pts - known[0]) / step + 1e-6).astype(np.int64)
    sides = np.zeros((2, int(row.max()) + 1, len(looks.times)))
    np.add.at(sides, ((looks.size < 0).astype(np.int64), row, looks.at), np.abs(looks.size))
    bids, asks = sides
    shown = np.where(bids >= asks, bids, -asks)
    return Grid(shown.astype(np.int16 if np.abs(shown).max() < 2**15 else np.float32), float(known[0]), step)


def _picture(looks: Looks, wall: Wall, unit: str) -> Any:
    grid = gridded(looks)
    full = float(np.quantile(np.abs(grid.size[grid.size != 0]), FULL))
    x = wall.times(looks.times)
    width = x[1] - x[0] if len(x) > 1 else np.timedelta64(1, "s")
    low = grid.first_pts - grid.step_pts / 2
    bounds = (x[0] - width, low, x[-1], low + len(grid.size) * grid.step_pts)
    image = hv.Image(grid.size[::-1], bounds=bounds, kdims=["x", "price"], vdims=["size"])
    tips = [("", "$x{%H:%M:%S}"), ("price", "$y{0,0.00[00]}"), (f"{unit}, bids +, asks {words.MINUS}", "@image{0,0}")]
    shown = {
        f"{part}_text_{key}": value for part in ("title", "major_label") for key, value in (("color", palette.INK), ("font", look.FONT))
    }
    picture = image.opts(
        cmap=list(palette.BOOK_SHADES),
        clim=(-full, full),
        colorbar=True,
        clabel=f"{unit} resting per {words.points(grid.step_pts)} points: bids +, asks {words.MINUS}",
        colorbar_opts=shown | {"title_text_font_style": "normal", "background_fill_alpha": 0, "bar_line_color": None, "width": 10},
        tools=["hover"],
        hover_tooltips=tips,
        hover_formatters={"$x": "datetime"},
    )
    return hv.Overlay([picture])
