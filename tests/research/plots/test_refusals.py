"""`refusals`: each wish counted once, under its reason, at its time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import holoviews as hv
import polars as pl
import pytest

from tests.research.plots.reading import axis_labels, column, elements, figures, subtitle, title
from tests.runtime.folders import BARS_SESSION
from workbench.research import Session, open_session
from workbench.research.plots import refusals
from workbench.research.plots.refusals import headline
from workbench.research.plots.seen import Rows


@pytest.mark.covers("S0-13")
@pytest.mark.parametrize("of", [None, "ES", "SPY"])
def test_cells_add_up_to_the_frame(day: Session, of: str | None) -> None:
    refused = day.frame("refusals", of)
    decided = day.frame("decisions", of)
    plot = refusals(day, of, zone="America/New_York")
    (cells,) = elements(plot, hv.Rectangles)
    made: Counter[str] = Counter()
    for reason, n in zip(column(cells, "reason"), column(cells, "n"), strict=True):
        made[reason] += n
    assert made == Counter(refused["reason"])
    shown = figures(plot)
    most, n = Counter(refused["reason"]).most_common(1)[0]
    assert f"{len(refused):,} of {len(decided):,} wishes refused, " in title(shown)
    assert title(shown).endswith(f" of them for {most}; {len(decided) - len(refused):,} approved")
    assert f"{most}  {n:,}" in shown[0].yaxis[0].major_label_overrides.values()
    assert "time in America/New_York (EST)" in axis_labels(shown)


def test_cells_stand_where_the_wishes_were(day: Session) -> None:
    (cells,) = elements(refusals(day), hv.Rectangles)
    refused = day.refusals["time"].dt.replace_time_zone(None)
    ends = [refused.min(), refused.max()]
    starts, untils = (pl.Series(cells.dimension_values(name)).cast(pl.Datetime("ns")) for name in ("x", "until"))
    assert starts.min() == ends[0] and untils.max() >= ends[1]


def test_what_was_not_refused_is_said(day: Session, barred: Path) -> None:
    approved = day.decisions.filter(pl.col("verdict") == "approved")
    assert headline(Rows(approved), "ESZ6") == f"ESZ6: nothing was refused, {len(approved):,} approved"
    early = day.as_seen_at(day.bars("ES")["time"][0])
    assert title(figures(refusals(early))) == "no wish was held against the law"
    shown = figures(refusals(open_session(BARS_SESSION, data=barred)))
    assert title(shown) == "no wish was held against the law" and "nobody traded" in subtitle(shown)
