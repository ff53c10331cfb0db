"""Small markets made by hand, of which everything is known. No tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import polars as pl

from workbench.domain.units import MINUTE, SECOND
from workbench.research.frames.sheet import times

OPENING = int(datetime(2026, 11, 2, 14, 30, tzinfo=UTC).timestamp()) * SECOND  # 9:30 in New York, a Monday
DAYS = [k for k in range(35) if k % 7 < 5 and k != 24]  # from there on; the 26th is Thanksgiving


def frame(t_ns: Sequence[int] | np.ndarray, **columns: object) -> pl.DataFrame:
    return pl.DataFrame({"time": times(np.asarray(t_ns, np.int64), "UTC"), **columns})


def walks(
    n_days: int, *, late: int = 0, share: float = 1.0, n: int = 120, seed: int = 1, vol: float = 3e-4, step_ns: int = MINUTE
) -> dict[str, pl.DataFrame]:
    """Bars of two markets: the second does what the first did `late` bars ago, as far as `share` goes, and something of its own."""
    rng = np.random.default_rng(seed)
    t_ns, es, spy = [], [], []
    for day in DAYS[:n_days]:
        moves, own = rng.normal(0, vol, n + late), rng.normal(0, vol, n)
        t_ns.append(OPENING + day * 86_400 * SECOND + step_ns * np.arange(1, n + 1))
        es.append(6000 * np.exp(np.cumsum(moves[late:])))
        spy.append(600 * np.exp(np.cumsum(share * moves[:n] + (1 - share) * own)))
    at = np.concatenate(t_ns)
    return {"ES": frame(at, close_pts=np.concatenate(es)), "SPY": frame(at, close_pts=np.concatenate(spy))}


def quotes(t_ns: Sequence[int] | np.ndarray, mid: Sequence[float] | np.ndarray, spread: float = 0.0) -> pl.DataFrame:
    middle = np.asarray(mid, float)
    return frame(t_ns, bid_pts=middle - spread / 2, ask_pts=middle + spread / 2)
