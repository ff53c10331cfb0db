"""As-of joins: what was last known of one series at the moments of another, and how old it was. Pure; interpolates nothing."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import DataError
from workbench.domain.units import SECOND

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
NEVER: Final = -1  # place of what was not known yet


def as_of(at: pl.DataFrame, known: pl.DataFrame, *, most_age_s: float | None = None, suffix: str = "_known") -> pl.DataFrame:
    """Join to each row of `at` the row of `known` that was the last at that moment: two series that never tick together, side by side.

    Parameters
    ----------
    at, known
        Frames with a column ``time``, rising. A row that is known at the very moment counts; of several of one time the last.
    most_age_s
        How old the known row may be, seconds; what is older is null. `None`: however old.
    suffix
        Of columns that both have.

    Returns
    -------
    polars.DataFrame
        As many rows as `at`, with the columns of `known` and ``age_s``, null where nothing was known.

    Raises
    ------
    DataError
        A frame without ``time``, or one whose times fall.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> def seconds(*each): return pl.Series([datetime(2026, 11, 19, 15, 0, s, tzinfo=UTC) for s in each], dtype=pl.Datetime("ns", "UTC"))
    >>> es = pl.DataFrame({"time": seconds(1, 4, 9), "es_pts": [6000.0, 6001.0, 6002.0]})
    >>> spy = pl.DataFrame({"time": seconds(2, 3, 4), "spy_pts": [600.0, 600.1, 600.2]})
    >>> as_of(es, spy, most_age_s=2).select("spy_pts", "age_s").rows()
    [(None, None), (600.2, 0.0), (None, None)]
    """
    for name, frame in (("at", at), ("known", known)):
        if "time" not in frame.columns:
            raise DataError(f"as-of join: `{name}` has no column time; it has {', '.join(frame.columns)}")
        if not frame["time"].is_sorted():
            raise DataError(f"as-of join: the times of `{name}` fall; sort it by time first")
    left, right = at.with_columns(_at=_instant()), known.with_columns(_at=_instant(), _of=_instant())
    joined = left.set_sorted("_at").join_asof(right.drop("time").set_sorted("_at"), on="_at", strategy="backward", suffix=suffix)
    age = (pl.col("_at") - pl.col("_of")).dt.total_nanoseconds() / SECOND
    joined = joined.with_columns(age.alias("age_s")).drop("_at", "_of")
    if most_age_s is None:
        return joined
    new = [name for name in joined.columns if name not in at.columns]
    return joined.with_columns(pl.when(pl.col("age_s") <= most_age_s).then(pl.col(name)).alias(name) for name in new)


def _instant() -> pl.Expr:
    """Give ``time`` as nanoseconds UTC; without a zone it is UTC. Never coarser: what is rounded down would be known too early."""
    return pl.col("time").cast(pl.Datetime("ns"))


def last_known(t_ns: Ints, at_ns: Ints) -> Ints:
    """Give the place of the last of the rising times `t_ns` that is not after each of `at_ns`; `NEVER` where there is none.

    >>> last_known(np.array([5, 12, 31]), np.array([4, 5, 30, 99])).tolist()
    [-1, 0, 1, 2]
    """
    places: Ints = np.searchsorted(t_ns, at_ns, side="right") - 1
    return places
