"""Bars of a session whose records were let go: in any zone, of the wanted contracts, and a sentence where none are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from workbench.domain.errors import DataError
from workbench.domain.units import SECOND
from workbench.research.frames.kept import kept_sheet
from workbench.store.bars import keep_bars

SESSION = 20261119
TIMES = pl.Series("time", [datetime(2026, 11, 19, 15, minute, tzinfo=UTC) for minute in (1, 1, 2)]).cast(pl.Datetime("ns", "UTC"))
FRAME = pl.DataFrame([TIMES, pl.Series("symbol", ["ESZ6", "SPY", "ESZ6"]), pl.Series("close_pts", [6000.0, 600.0, 6001.0])])


def test_kept_bars_are_a_frame_like_any_other(tmp_path: Path) -> None:
    keep_bars(tmp_path, SESSION, "1m", FRAME)
    sheet = kept_sheet(tmp_path, SESSION, "America/New_York", 60 * SECOND, {"ESZ6"})
    assert sheet.known_ns.tolist() == [1_795_100_460 * SECOND, 1_795_100_520 * SECOND]
    frame = sheet.frame()
    assert frame["close_pts"].to_list() == [6000.0, 6001.0] and frame["time"].dtype == pl.Datetime("ns", "America/New_York")


def test_another_length_is_refused_with_what_is_kept(tmp_path: Path) -> None:
    keep_bars(tmp_path, SESSION, "1m", FRAME)
    for length_s in (5, 300):
        with pytest.raises(DataError, match="bars kept of it: 1m"):
            kept_sheet(tmp_path, SESSION, "UTC", length_s * SECOND, {"ESZ6"})
