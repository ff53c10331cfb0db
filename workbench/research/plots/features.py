"""`features`: what a model saw, one panel a feature. Draws; reads a session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import holoviews as hv
import polars as pl

from workbench.domain.errors import DataError
from workbench.features import catalogue
from workbench.research import palette, words
from workbench.research.plots import look
from workbench.research.plots.seen import Rows, clock, contract, provenance, rows
from workbench.research.plots.thinning import broken, outline

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

MOST: Final = 12  # panels
PAUSE: Final = timedelta(minutes=1)  # between two barriers; longer, and the market was closed
PANEL_PX: Final = 100


def features(day: Session, names: Sequence[str] | str, of: str | None = None, *, zone: str | None = None) -> Any:
    """Show features over a session, one below the other; a line is broken where a feature was not warm or not defined.

    Parameters
    ----------
    names
        Columns of ``day.features``: ``["rsi_14_1m", "ofi_5s"]``; at most 12.
    of
        A root or a contract; `None`: the first of the session.
    zone
        Time zone of the axis; `None`: that of the session.

    Returns
    -------
    holoviews.Layout
        Each title says between which values a feature lay, and how long it was known.

    Raises
    ------
    DataError
        No such contract or feature; the text names some like it.

    Examples
    --------
    >>> features(open_session("2026-11-19"), ["rsi_14_1m"], "ES")     # doctest: +SKIP
    """
    asked = [names] if isinstance(names, str) else list(names)
    symbol = contract(day, of or day.contracts[0].symbol)
    found = rows(day, "features", symbol)
    if not found.n or not asked:
        return look.nothing(f"{symbol}: no feature to show", found.missing or provenance(day))
    _check(asked, found.frame.columns[2:])
    wall = clock(day, zone, found.frame["time"])
    panels = []
    for at, name in enumerate(asked[:MOST]):
        kept = Rows(outline(broken(found.frame.select("time", name), PAUSE, name), name)).on(wall).frame
        line = hv.Curve((kept["x"].to_numpy(), kept[name].to_numpy()), "x", name)
        tips = [("", "@x{%H:%M:%S}"), (name, f"@{{{name}}}")]
        hover = {"tools": ["hover"], "hover_tooltips": tips, "hover_mode": "vline", "hover_formatters": {"@x": "datetime"}}
        drawn = hv.Overlay([line.opts(color=palette.SERIES[at % len(palette.SERIES)], line_width=1.2, interpolation="steps-post", **hover)])
        is_last = at == min(len(asked), MOST) - 1
        panel = look.panel(
            drawn,
            ylabel=unit_of(name),
            xlabel=wall.label if is_last else None,
            title=headline(symbol, name, found.frame[name]),
            subtitle=provenance(day) if at == 0 else "",
            height=PANEL_PX,
            yticks=4,
        )
        panels.append(panel)
    return look.stacked(panels)


def headline(symbol: str, name: str, values: pl.Series) -> str:
    """Answer in one line between which values it lay, and for how long it was known."""
    known = values.drop_nulls()
    if known.is_empty():
        return f"{name} of {symbol}: never known"
    low, middle, high = (f"{known.quantile(q) or 0.0:.4g}".replace("-", words.MINUS) for q in (0.05, 0.5, 0.95))
    return f"{name} of {symbol}: mostly {low} to {high}, middle {middle}; known {words.share(len(known), len(values))} of the time"


def unit_of(column: str) -> str:
    """Say what a feature counts, from the catalogue: ``rsi_14_1m`` is the entry ``rsi``; empty for a feature of the reader's own.

    >>> unit_of("rsi_14_1m"), unit_of("mine_1m")
    ('dimensionless', '')
    """
    known = [entry for entry in catalogue() if f"{column}_".startswith(f"{entry.name}_")]
    return max(known, key=lambda entry: len(entry.name)).unit if known else ""


def _check(asked: Sequence[str], there: Sequence[str]) -> None:
    for name in asked:
        if name not in there:
            stem = name.split("_")[0]
            like = [each for each in there if each.startswith(stem)] or list(there)
            raise DataError(f"no feature {name!r}; there are {', '.join(like[:8])}{' ...' if len(like) > 8 else ''}")
