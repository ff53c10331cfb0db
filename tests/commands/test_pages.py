"""What a summary looks like: every number of it in the text, and nothing claimed where nothing is known."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from workbench.commands.pages import show_summary
from workbench.learning.confidence import Row
from workbench.research.evaluate import Forecasts, Summary, Trips

TRIPS = (
    Trips(1, "learned", 4, 3, 1_234_560_000, 36_000_000, 0.25, -868_000_000, 1.6),
    Trips(9, "rule", 1, 0, -5_000_000, 0, -1.0, -1, 7.0),
)
BINS = (Row(0.5, 0.525, 40, 0.51, 0.5), Row(0.6, 0.7, 2, 0.65, 1.0))
FORECASTS = (Forecasts("flow_1m", 1_000, 900, 7, 0.523, 0.033, 0.2491, 0.017, BINS, 2),)
SUMMARY = Summary(TRIPS, (("size", 1_200), ("friction", 3)), FORECASTS, (("halted", "day loss of DUSIM1"),), 9)


def text(summary: Summary) -> str:
    console = Console(file=io.StringIO(), width=160)
    show_summary(console, summary, {1: "ESZ6"}, what="generated data")
    return " ".join(console.file.getvalue().split())


@pytest.mark.covers("S2-15", "S3-18", "S0-13")
@pytest.mark.parametrize(
    "part",
    [
        "P&L after costs (generated data)",
        "ESZ6 learned 4 3 +0.25 1.6 36.00 -868.00 +1,234.56",
        "9 rule 1 0 -1.00 7.0 0.00",
        "all 5 3 36.00 +1,229.56",
        "1,203 wishes: size 1,200 · friction 3",
        "1,000 made, 900 outcomes known, 7 void; 52.3% ± 3.3% pointed the right way; Brier 0.2491",
        "calibration error 0.017, drift 2 times",
        "0.5 to 0.525 40 50.0%",
        "trading state became halted: day loss of DUSIM1",
    ],
)
def test_what_is_known_is_shown(part: str) -> None:
    assert part in text(SUMMARY)


def test_where_nothing_is_known_nothing_is_claimed() -> None:
    silent = Forecasts("f", 3, 0, 0, None, None, None, None, (), 0)
    shown = text(Summary((), (), (silent,), (), 0))
    assert "No round trip was closed." in shown and "3 made, no outcome known yet" in shown
    assert "Refused" not in shown and "nan" not in shown and "None" not in shown
