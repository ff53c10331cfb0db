"""`calibration`: does 60 % mean 60 %? What was forecast against what came, with what can be known from so many outcomes. Draws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import holoviews as hv
import numpy as np
import polars as pl
from bokeh.core.properties import value

from workbench.learning.confidence import EDGES, Reliability
from workbench.research import palette, words
from workbench.research.plots import look
from workbench.research.plots.seen import contract, provenance, rows
from workbench.research.uncertainty import Z, wilson

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

COIN: Final = 0.25  # Brier score of one half, always


class Bin(NamedTuple):
    """Forecasts from ``lo`` to below ``hi``: how many, said on average, came true, between which bounds (95 %).

    ``n_apart`` counts outcomes that do not overlap: forecasts of one contract within one horizon count once.
    """

    lo: float
    hi: float
    n: int
    n_apart: int
    said: float
    came: float
    least: float
    most: float


class Judged(NamedTuple):
    """One recipe's forecasts whose outcome is known. ``z`` is how many standard errors its Brier score is better than a coin's."""

    recipe: str
    bins: tuple[Bin, ...]
    n: int
    brier: float
    ece: float
    z: float


def calibration(day: Session, of: str | None = None, *, recipe: str | None = None) -> Any:
    """Show the reliability diagram of each recipe: chance said against share that came, with 95 % intervals, and how often it was said.

    Parameters
    ----------
    of
        A root or a contract; `None`: all.
    recipe
        One recipe; `None`: each.

    Returns
    -------
    holoviews.Layout
        Titles say whether the forecasts were better than a coin, with Brier score and calibration error.

    Notes
    -----
    Diagram: Murphy and Winkler (1977), J. R. Stat. Soc. C 26(1). Interval: Wilson (1927), JASA 22, over outcomes that do not overlap.

    Examples
    --------
    >>> calibration(open_session("2026-11-19"))     # doctest: +SKIP
    """
    symbol = None if of is None else contract(day, of)
    found = rows(day, "forecasts", symbol)
    known = found.frame.filter(pl.col("is_up").is_not_null(), pl.col("p_up").is_not_null()) if found.n else found.frame
    names = sorted(known["recipe"].unique()) if known.width else []
    names = [name for name in names if recipe in (None, name)]
    if not names:
        who = recipe or "No forecast"
        return look.nothing(f"{who}: no outcome is known yet" if found.n else "No forecast was made", found.missing or provenance(day))
    about = f"{provenance(day)} · {symbol or 'all contracts'} · bars: 95 %, overlapping horizons counted once"
    return look.stacked([each for name in names for each in _panels(judge(name, known.filter(pl.col("recipe") == name)), about)])


def judge(recipe: str, known: pl.DataFrame) -> Judged:
    """Hold one recipe's forecasts against what came.

    Parameters
    ----------
    known
        Forecasts with an outcome: ``time symbol p_up is_up horizon_s``; not empty.
    """
    table = Reliability(min_outcomes=1, max_outcomes=len(known) + 1)
    for p, up in known.select("p_up", "is_up").iter_rows():
        table.update(p, up)
    at = np.searchsorted(EDGES[1:-1], known["p_up"].round(6).to_numpy(), side="right")  # millionths, as the table rounds them
    block = (pl.col("time").dt.epoch("ns") // (pl.col("horizon_s") * 1e9).cast(pl.Int64)).alias("block")
    binned = known.with_columns(block, pl.Series("bin", at))
    apart = dict(binned.group_by("bin").agg(pl.struct("symbol", "block").n_unique()).iter_rows())
    bins = []
    for k, row in enumerate(table.table()):
        if row.n and row.mean_p is not None and row.freq is not None:
            n_apart = int(apart.get(k, 1))
            bins.append(Bin(row.lo, row.hi, row.n, n_apart, row.mean_p, row.freq, *wilson(round(row.freq * n_apart), n_apart)))
    gained = COIN - (pl.col("p_up") - pl.col("is_up").cast(pl.Float64)) ** 2
    blocks = binned.group_by("symbol", "block").agg(gained.sum().alias("gain"))["gain"].to_numpy()
    error = math.sqrt(float((blocks**2).sum())) or 1.0  # of the sum, blocks taken as independent
    return Judged(recipe, tuple(bins), table.n, table.brier or 0.0, table.ece or 0.0, float(blocks.sum()) / error)


def headline(judged: Judged) -> str:
    """Answer in one line whether the forecasts were worth more than a coin's."""
    verdict = "better than a coin" if judged.z > Z else "worse than a coin" if judged.z < -Z else "no better than a coin"
    scores = f"Brier {judged.brier:.4f} (a coin {COIN:.4f}), calibration error {judged.ece:.3f}"
    return f"{judged.recipe} was {verdict} over {words.count(judged.n, 'outcome')}: {scores}"


def _panels(judged: Judged, about: str) -> list[Any]:
    said, came, least, most = (np.array([getattr(each, name) for each in judged.bins]) for name in ("said", "came", "least", "most"))
    n, n_apart = (np.array([getattr(each, name) for each in judged.bins]) for name in ("n", "n_apart"))
    x, x_name = 100 * said, f"said {judged.recipe}"
    y_name = f"came {judged.recipe}"
    tips = [("said", f"@{{{x_name}}}{{0.0}} %"), ("came", f"@{{{y_name}}}{{0.0}} %"), ("between", "@least{0.0} and @most{0.0} %")]
    dots = {x_name: x, y_name: 100 * came, "least": 100 * least, "most": 100 * most, "n": n, "apart": n_apart}
    edge = {"tools": ["hover"], "hover_tooltips": [*tips, ("outcomes", "@n{0,0}, @apart{0,0} apart")]}
    lo, hi = min(x.min(), 40.0) - 4, max(x.max(), 60.0) + 4
    words_at = hv.Labels((x, 100 * most, [f"{each:,}" for each in n]), [x_name, y_name], "text")
    diagram = [
        hv.Curve(([0, 100], [0, 100]), x_name, y_name, label="as said").opts(color=palette.INK, line_dash="dashed", line_width=1.2),
        hv.HLine(50).opts(color=palette.INK, line_width=0.6),
        hv.Segments((x, 100 * least, x, 100 * most), [x_name, y_name, "x1", "y1"]).opts(color=palette.ACCENT, line_width=2, alpha=0.6),
        hv.Points(dots, [x_name, y_name], ["least", "most", "n", "apart"], label="as it came").opts(color=palette.ACCENT, size=9, **edge),
        words_at.opts(text_color=palette.INK, text_font_size="11px", yoffset=3, text_baseline="bottom", text_font=value(look.FONT)),
    ]
    main = look.panel(
        hv.Overlay(diagram),
        ylabel="then it rose, %",
        title=headline(judged),
        subtitle=about,
        height=330,
        has_legend=True,
        over_time=False,
        xlim=(lo, hi),
        ylim=(-4, 108),
    )
    return [main, _counts(judged, x_name, (lo, hi))]


def _counts(judged: Judged, x_name: str, xlim: tuple[float, float]) -> Any:
    lo, hi = (100 * np.array([getattr(each, name) for each in judged.bins]) for name in ("lo", "hi"))
    n = np.array([each.n for each in judged.bins], float)
    density = n / (hi - lo)  # bins differ in width
    bars = hv.Rectangles((lo, np.zeros(len(n)), hi, density), [x_name, "density", "x1", "density1"])
    drawn = bars.opts(color=palette.ACCENT, fill_alpha=0.35, line_color=palette.ACCENT, line_width=0.6)
    return look.panel(
        hv.Overlay([drawn]),
        ylabel="n per 1 %",
        xlabel=f"{judged.recipe} said: chance of a rise, %",
        height=60,
        over_time=False,
        xlim=xlim,
        ylim=(0, None),
        yticks=3,
        yformatter=look.numbers("0,0"),
    )
