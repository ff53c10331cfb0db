"""As-of joins: what was last known of one series at the moments of another, and how old it was. Pure; interpolates nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import DataError
from workbench.domain.units import SECOND
from workbench.research.leadlag import kernels

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


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
    at_ns, known_ns = _nanoseconds(at), _nanoseconds(known)
    places = last_known(known_ns, at_ns)
    there = places >= 0
    age_s = np.where(there, at_ns - known_ns[places], 0) / SECOND if len(known_ns) else np.zeros(len(at_ns))
    if most_age_s is not None:
        there &= age_s <= most_age_s
    rows, missing = pl.Series(places), pl.Series(~there)
    if not there.all():
        rows = rows.set(missing, None)
    taken = [known[name].gather(rows) for name in known.columns if name not in ("time", "age_s")]
    new = [*taken, pl.Series("age_s", age_s).set(missing, None)]
    return at.hstack([each.alias(f"{each.name}{suffix}") if each.name in at.columns else each for each in new])


def _nanoseconds(frame: pl.DataFrame) -> Ints:
    """Give ``time`` as nanoseconds UTC; without a zone it is UTC. Never coarser: what is rounded down would be known too early."""
    made: Ints = frame["time"].cast(pl.Datetime("ns")).to_physical().to_numpy()
    return made


def last_known(t_ns: Ints, at_ns: Ints) -> Ints:
    """Give the place of the last of the rising times `t_ns` that is not after each of the rising `at_ns`; -1 where there is none.

    >>> last_known(np.array([5, 12, 31]), np.array([4, 5, 30, 99])).tolist()
    [-1, 0, 1, 2]
    """
    places = np.empty(len(at_ns), np.int64)
    kernels.last_known(np.ascontiguousarray(t_ns), np.ascontiguousarray(at_ns), places)
    return places
