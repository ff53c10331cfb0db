"""What stands beside the log of a recorder, as frames: snapshots, gaps, what was asked for afterwards. Reads tables; writes nothing.

Columns end in their unit; null is *not known*. Times are ns in the reader's zone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from workbench.clock import SystemClock
from workbench.domain.records import Phase
from workbench.domain.units import BAR_NS, SECOND
from workbench.market.snapshots import Snapshot
from workbench.research.frames.market import Scales
from workbench.research.frames.sheet import times
from workbench.store.folders import Folders
from workbench.store.gaps import COLUMNS as GAP_COLUMNS
from workbench.store.gaps import GapTable
from workbench.store.recordings import Recordings
from workbench.store.snapshots import COLUMNS as SNAPSHOT_COLUMNS
from workbench.store.snapshots import SnapshotTable
from workbench.store.told_bars import COLUMNS as TOLD_COLUMNS
from workbench.store.told_bars import ToldBarTable

if TYPE_CHECKING:
    from workbench.research.frames.log import SessionLog

CACHE_S: Final = 30.0  # for so long the newest snapshots are not read again
TYPES: Final = {int: pl.Int64(), float: pl.Float64(), str: pl.String()}
_kept: dict[tuple[Path, str], tuple[int, pl.DataFrame]] = {}


def snapshots(logs: Sequence[SessionLog], zone: str, until_ns: int | None) -> pl.DataFrame:
    """Give the snapshots of sessions: ``time symbol seq session phase`` and what was known at that time.

    ``bid_pts bid_size ask_pts ask_size last_pts volume change_1h_pct change_4h_pct change_overnight_pct change_session_pct
    implied_vol_frac open_interest quality_frac``; what each means says `workbench.market.snapshots`.
    """
    return _of(logs, lambda log: _snapshots(SnapshotTable(log.data).table.frame(log.session), zone), until_ns)


def _snapshots(found: pl.DataFrame | None, zone: str) -> pl.DataFrame:
    frame = found if found is not None else pl.DataFrame(schema={name: TYPES[of] for name, of in SNAPSHOT_COLUMNS.items()})
    frame = frame.sort("ns", "contract")
    words = {int(phase): phase.name for phase in Phase}
    return frame.select(
        times(frame["ns"], zone).alias("time"),
        "symbol",
        "seq",
        pl.col("trading_session").cast(pl.String).str.to_date("%Y%m%d", strict=False).alias("session"),
        pl.col("phase").replace_strict(words, return_dtype=pl.String),
        *Snapshot._fields[Snapshot._fields.index("bid_pts") :],
    )


def gaps(logs: Sequence[SessionLog], zone: str, until_ns: int | None) -> pl.DataFrame:
    """Give what is missing in sessions: ``time`` (its end) ``began lasted_s symbol stream why filled_by n_filled why_not``."""
    return _of(logs, lambda log: _gaps(GapTable(log.data).table.frame(log.session), zone), until_ns)


def _gaps(found: pl.DataFrame | None, zone: str) -> pl.DataFrame:
    frame = found if found is not None else pl.DataFrame(schema={name: TYPES[of] for name, of in GAP_COLUMNS.items()})
    frame = frame.sort("ended_ns", "began_ns", "contract", "stream")
    return frame.select(
        times(frame["ended_ns"], zone).alias("time"),
        "symbol",
        times(frame["began_ns"], zone).alias("began"),
        ((pl.col("ended_ns") - pl.col("began_ns")) / SECOND).alias("lasted_s"),
        *("stream", "why", "filled_by", "n_filled", "why_not"),
    )


def backfill(logs: Sequence[SessionLog], zone: str, until_ns: int | None) -> pl.DataFrame:
    """Give the bars that were asked for afterwards.

    ``time`` (end) ``symbol length_s open_pts high_pts low_pts close_pts vwap_pts volume``.
    """
    return _of(logs, lambda log: _backfill(log, zone), until_ns)


def _backfill(log: SessionLog, zone: str) -> pl.DataFrame:
    rows = Recordings(Folders(log.data).backfill, cache=Folders(log.data).cache / "backfill").read(log.session)
    rows = rows[np.isin(rows["contract"], list(log.ids))]
    first, last = rows[rows["level"] == 0], rows[rows["level"] == 1]
    order = np.lexsort((first["contract"], last["recv_ns"]))
    first, last = first[order], last[order]
    scales = Scales(log.contracts)
    at = scales.at[first["contract"]] if len(first) else np.zeros(0, np.uint32)
    volume = first["sz"].astype(np.float64)
    mean = np.divide(last["sz"], volume, out=np.full(len(last), np.nan), where=volume > 0)
    end_ns = last["event_ns"] + 1  # the second record tells the last nanosecond the bar covers
    return pl.DataFrame(
        {
            "time": times(end_ns, zone),
            "symbol": pl.Series([scales.symbols[each] for each in at.tolist()], dtype=pl.String),
            "length_s": (end_ns - first["event_ns"]) / SECOND,
            "open_pts": scales.pts(first["px"], at),
            "high_pts": scales.pts(first["px2"], at),
            "low_pts": scales.pts(last["px"], at),
            "close_pts": scales.pts(last["px2"], at),
            "vwap_pts": pl.Series(scales.pts(mean, at)).fill_nan(None),
            "volume": scales.size(first["sz"], at),
        }
    )


def told_bars(logs: Sequence[SessionLog], zone: str, until_ns: int | None) -> pl.DataFrame:
    """Give the bars of 5 s that the broker told.

    ``time`` (end) ``symbol open_pts high_pts low_pts close_pts vwap_pts volume n_prints``.
    """
    return _of(logs, lambda log: _told_bars(log, zone), until_ns)


def _told_bars(log: SessionLog, zone: str) -> pl.DataFrame:
    found = ToldBarTable(log.data).table.frame(log.session)
    frame = found if found is not None else pl.DataFrame(schema={name: TYPES[of] for name, of in TOLD_COLUMNS.items()})
    frame = frame.filter(pl.col("contract").is_in(list(log.ids))).sort("start_ns", "contract")
    scales = Scales(log.contracts)
    at = scales.at[frame["contract"].to_numpy()] if len(frame) else np.zeros(0, np.uint32)
    prices = {f"{name}_pts": scales.pts(frame[f"{name}_px"].to_numpy(), at) for name in ("open", "high", "low", "close")}
    return pl.DataFrame(
        {
            "time": times(frame["start_ns"] + BAR_NS, zone),
            "symbol": pl.Series([scales.symbols[each] for each in at.tolist()], dtype=pl.String),
            **prices,
            "vwap_pts": frame["wap_pts"],
            "volume": scales.size(frame["volume"].to_numpy(), at),
            "n_prints": frame["n_prints"],
        }
    )


def latest_snapshots(data: Path, zone: str = "UTC", *, max_age_s: float = CACHE_S) -> pl.DataFrame:
    """Give the newest snapshot of each contract of a data folder; read again when what was read is older than `max_age_s`."""
    now_ns, key = SystemClock().now_ns(), (data, zone)
    if key not in _kept or not 0 <= now_ns - _kept[key][0] < max_age_s * SECOND:
        table = SnapshotTable(data).table
        last = table.sessions()[-2:]  # a fund that closed has its last row in the session before
        frames = [_snapshots(table.frame(session), zone) for session in last]
        found = pl.concat([_snapshots(None, zone), *frames]).unique("symbol", keep="last", maintain_order=True).sort("symbol")
        _kept[key] = now_ns, found
    return _kept[key][1]


def _of(logs: Sequence[SessionLog], make: Callable[[SessionLog], pl.DataFrame], until_ns: int | None) -> pl.DataFrame:
    """Put the sessions under one another: their own contracts, and what was known at a moment."""
    frames = [make(log).filter(pl.col("symbol").is_in([of.symbol for of in log.contracts])) for log in logs]
    frame = pl.concat(frames)
    return frame if until_ns is None else frame.filter(pl.col("time").dt.epoch("ns") <= until_ns)
