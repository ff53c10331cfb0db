"""Bars of a session whose records were let go, as they were kept. Reads a store; folds nothing."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from workbench.domain.errors import DataError
from workbench.domain.units import SECOND
from workbench.research.frames.sheet import Sheet
from workbench.store.bars import LENGTHS, read_bars

NAMES: Final = {seconds * SECOND: name for name, seconds in LENGTHS.items()}


def kept_sheet(data: Path, session: int, zone: str, length_ns: int, symbols: Collection[str]) -> Sheet:
    """Make the frame of bars of a session that is not all there any more.

    Raises
    ------
    DataError
        No bars of this length are kept; the text says which are.
    """
    name = NAMES.get(length_ns)
    frame = read_bars(data, session, name) if name is not None else None
    if frame is None:
        there = [each for each in LENGTHS if read_bars(data, session, each) is not None]
        raise DataError(f"the records of session {session} were let go; bars kept of it: {', '.join(there) or 'none any more'}")
    frame = frame.filter(pl.col("symbol").is_in(list(symbols))).with_columns(pl.col("time").dt.convert_time_zone(zone))
    return Sheet(
        frame["time"].to_physical().to_numpy().astype(np.int64), {column: partial(frame.get_column, column) for column in frame.columns}
    )
