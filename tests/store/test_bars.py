"""Bars that are kept: whole, with a checksum, never changed, readable by anybody."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from workbench.domain.errors import StoreError
from workbench.store import checksums
from workbench.store.bars import drop_bars, keep_bars, kept_bars, path_of, read_bars
from workbench.store.folders import Folders

SESSION = 20261120
FRAME = pl.DataFrame({"time": [1, 2], "symbol": ["ESZ6", "NQZ6"], "close_pts": [6000.25, None]})


def test_bars_come_back_as_they_were_and_those_kept_are_not_written_over(tmp_path: Path) -> None:
    assert read_bars(tmp_path, SESSION, "1m") is None and kept_bars(tmp_path) == []
    path = keep_bars(tmp_path, SESSION, "1m", FRAME)
    keep_bars(tmp_path, SESSION, "1m", FRAME.head(1))
    assert read_bars(tmp_path, SESSION, "1m").equals(FRAME) and pl.read_parquet(path).equals(FRAME)
    assert [(each.session, each.length) for each in kept_bars(tmp_path)] == [(SESSION, "1m")]
    assert checksums.known(Folders(tmp_path).bars) == {f"1m/{SESSION}.parquet": checksums.measure(path)}


def test_what_was_let_go_is_gone_and_twice_is_once(tmp_path: Path) -> None:
    keep_bars(tmp_path, SESSION, "5s", FRAME)
    for _ in range(2):
        drop_bars(tmp_path, SESSION, "5s")
    assert kept_bars(tmp_path) == [] and checksums.known(Folders(tmp_path).bars) == {}


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    keep_bars(tmp_path, SESSION, "1m", FRAME)
    path_of(tmp_path, SESSION, "1m").write_bytes(b"PAR1 no more")
    with pytest.raises(StoreError, match="cannot be read"):
        read_bars(tmp_path, SESSION, "1m")
