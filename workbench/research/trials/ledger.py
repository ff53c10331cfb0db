"""Every configuration that was evaluated, by families of ideas: a SQLite file of the data folder, only added to. It judges nothing.

A family is what is searched together: a notebook, a strategy with its parameters, a sweep. Whoever tries a hundred variants and shows the
best has made a hundred trials, also those of last week, also those that are forgotten.

Rules
-----
1. Rows are never changed and never deleted; the file refuses both.
2. A configuration that was evaluated before on the same data with the same result is not written again, and is one trial however often.
3. The same configuration on other data is another row, and still one trial.
4. With another result on the same data it is another one: something was changed that its parameters do not say, say what a column holds.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from workbench.clock import SystemClock
from workbench.domain.errors import DataError
from workbench.store.folders import Folders

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
WAIT_S: Final = 30.0  # for another process that writes
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS trials (
    id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, family TEXT NOT NULL, digest TEXT NOT NULL, parameters TEXT NOT NULL,
    span TEXT NOT NULL, metric TEXT NOT NULL, periods BLOB NOT NULL, returns BLOB NOT NULL, returns_digest TEXT NOT NULL,
    UNIQUE (family, digest, span, metric, returns_digest)
);
CREATE TRIGGER IF NOT EXISTS never_changed BEFORE UPDATE ON trials BEGIN SELECT RAISE(ABORT, 'trials are never changed'); END;
CREATE TRIGGER IF NOT EXISTS never_deleted BEFORE DELETE ON trials BEGIN SELECT RAISE(ABORT, 'trials are never deleted'); END;
"""
NTH: Final = "ROW_NUMBER() OVER (PARTITION BY family, digest, span, metric ORDER BY id)"  # result of a configuration on the same data
NAMED: Final = f"CASE {NTH} WHEN 1 THEN digest ELSE digest || ' ' || {NTH} END"
NOTEBOOK: Final = "JPY_SESSION_NAME"  # what JupyterLab tells a kernel of its notebook
FAMILY: Final = "WORKBENCH_FAMILY"


class Evaluated(NamedTuple):
    """One row: a configuration on some data. ``periods`` number what ``returns`` are of, rising: 5-minute stretches, days.

    ``digest`` names the configuration: that of its parameters, with a number behind it from the second result on the same data on.
    """

    at_ns: int
    digest: str
    parameters: dict[str, Any]
    span: str
    metric: str
    periods: Ints
    returns: Floats


class Matrix(NamedTuple):
    """Returns over the periods that all configurations have: periods x configurations."""

    digests: tuple[str, ...]
    periods: Ints
    returns: Floats


class Family(NamedTuple):
    """Everything that was evaluated under a name, in the order in which it was."""

    name: str
    rows: tuple[Evaluated, ...]

    @property
    def n_trials(self) -> int:
        """How many different configurations were evaluated, on whatever data."""
        return len({row.digest for row in self.rows})

    @property
    def metric(self) -> str:
        """What most configurations were measured by, however often each was."""
        names = [metric for metric, _ in dict.fromkeys((row.metric, row.digest) for row in self.rows)]
        return max(dict.fromkeys(names), key=names.count) if names else ""

    def series(self) -> dict[str, tuple[Ints, Floats]]:
        """Give each configuration's returns over all data it saw; of a period that was told twice the later word counts."""
        metric, told = self.metric, dict[str, dict[int, float]]()
        for row in self.rows:
            if row.metric == metric:
                told.setdefault(row.digest, {}).update(zip(row.periods.tolist(), row.returns.tolist(), strict=True))
        return {
            digest: (np.array(sorted(of), np.int64), np.array([of[period] for period in sorted(of)], np.float64))
            for digest, of in told.items()
        }

    def matrix(self) -> Matrix:
        """Line all configurations up over the periods that each of them has."""
        series = self.series()
        common: set[int] | None = None
        for periods, _ in series.values():
            common = set(periods.tolist()) if common is None else common & set(periods.tolist())
        shared = np.array(sorted(common or ()), np.int64)
        columns = [returns[np.searchsorted(periods, shared)] for periods, returns in series.values()]
        return Matrix(tuple(series), shared, np.column_stack(columns) if columns else np.empty((0, 0)))

    def parameters(self, digest: str) -> dict[str, Any]:
        """Give what a configuration was."""
        return next(row.parameters for row in self.rows if row.digest == digest)


def note(
    data: Path | str,
    family: str,
    parameters: Mapping[str, Any],
    returns: Sequence[float] | Floats,
    *,
    periods: Sequence[int] | Ints | None = None,
    span: str = "",
    metric: str = "return",
) -> bool:
    """Write down that a configuration was evaluated.

    Parameters
    ----------
    data
        Data folder.
    family
        What it was searched with; see `family_of`.
    parameters
        All that makes it this configuration. Equal parameters are one trial.
    returns
        What it came to, one number a period: P&L, a return, a score. Periods without a trade are 0, and are there.
    periods
        A rising whole number for each: of two configurations those with the same number are compared. `None`: 0, 1, 2 ...
    span
        The data it was evaluated on, in words.

    Returns
    -------
    bool
        Whether it was new.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as data:
    ...     for fast in (5, 9, 5):
    ...         print(note(data, "averages", {"fast": fast, "slow": 21}, [0.1, -0.2, fast / 10]))
    ...     family(data, "averages").n_trials
    True
    True
    False
    2
    """
    with noting(data) as write:
        return bool(write(family, parameters, returns, periods=periods, span=span, metric=metric))


@contextmanager
def noting(data: Path | str) -> Iterator[Any]:
    """Write down many in one commit: gives `note` without its first argument; nothing is kept if it ends in an error."""
    path = Folders(Path(data)).trials
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=WAIT_S)) as base, base:
        base.executescript(SCHEMA)

        def write(
            family: str,
            parameters: Mapping[str, Any],
            returns: Sequence[float] | Floats,
            *,
            periods: Sequence[int] | Ints | None = None,
            span: str = "",
            metric: str = "return",
        ) -> bool:
            return _written(base, family, parameters, _lined_up(returns, periods), span, metric)

        base.execute("BEGIN IMMEDIATE")
        yield write


def _written(
    base: sqlite3.Connection, family: str, parameters: Mapping[str, Any], told: tuple[Ints, Floats], span: str, metric: str
) -> bool:
    text = msgspec.json.encode(dict(parameters), enc_hook=repr, order="sorted")
    kept, returns = (each.astype("<i8" if each.dtype.kind == "i" else "<f8").tobytes() for each in told)
    seen = sha256(kept + returns).hexdigest()
    row = (SystemClock().now_ns(), family, digest_of(parameters), text.decode(), span, metric, kept, returns, seen)
    columns = "at_ns, family, digest, parameters, span, metric, periods, returns, returns_digest"
    done = base.execute(f"INSERT OR IGNORE INTO trials ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - names above
    return bool(done.rowcount == 1)


def _lined_up(returns: Sequence[float] | Floats, periods: Sequence[int] | Ints | None) -> tuple[Ints, Floats]:
    values = np.asarray(returns, np.float64)
    named = np.arange(len(values)) if periods is None else np.asarray(periods, np.int64)
    if values.ndim != 1 or len(named) != len(values) or not np.isfinite(values).all() or (np.diff(named) <= 0).any():
        raise DataError("a trial is one finite number a period, and periods rise: a period without a trade is 0")
    return named.astype(np.int64), values


def digest_of(parameters: Mapping[str, Any]) -> str:
    """Name a configuration by all its parameters.

    >>> digest_of({"a": 1, "b": 2.0}) == digest_of({"b": 2.0, "a": 1}) != digest_of({"a": 1, "b": 2.5})
    True
    """
    return sha256(msgspec.json.encode(dict(parameters), enc_hook=repr, order="sorted")).hexdigest()


def family(data: Path | str, name: str) -> Family:
    """Read a family; of one that nobody tried there is no row."""
    columns = f"at_ns, {NAMED}, parameters, span, metric, periods, returns"
    with _reading(data) as base:
        rows = [] if base is None else base.execute(f"SELECT {columns} FROM trials WHERE family = ? ORDER BY id", (name,)).fetchall()  # noqa: S608 - names above
    made = [
        Evaluated(at_ns, digest, msgspec.json.decode(parameters), span, metric, np.frombuffer(kept, "<i8"), np.frombuffer(returns, "<f8"))
        for at_ns, digest, parameters, span, metric, kept, returns in rows
    ]
    return Family(name, tuple(made))


def families(data: Path | str) -> dict[str, int]:
    """Give how many configurations were evaluated under each name, the names in the order of their first trial."""
    with _reading(data) as base:
        named = f"(SELECT id, family, {NAMED} AS named FROM trials)"  # noqa: S608 - names above
        query = f"SELECT family, COUNT(DISTINCT named) FROM {named} GROUP BY family ORDER BY MIN(id)"  # noqa: S608 - names above
        return {} if base is None else dict(base.execute(query).fetchall())


@contextmanager
def _reading(data: Path | str) -> Iterator[sqlite3.Connection | None]:
    path = Folders(Path(data)).trials
    if not path.exists():
        yield None
        return
    with closing(sqlite3.connect(f"file:{path.absolute().as_posix()}?mode=ro", uri=True, timeout=WAIT_S)) as base:
        yield base


def family_of(given: str | None, usual: str) -> str:
    """Say under which name something is evaluated: the one given, else WORKBENCH_FAMILY, else the notebook's, else the usual one."""
    return given or os.environ.get(FAMILY) or Path(os.environ.get(NOTEBOOK, "")).stem or usual
