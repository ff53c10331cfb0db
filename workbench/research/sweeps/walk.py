"""Splits in time that cannot leak: walk forward and k-fold, purged and embargoed. Rows of numbers in, places of rows out.

Purged: no row is learnt from whose label is still open when a test begins, or begins before the last label of a test is known.
Embargoed: nor one that begins less than the embargo after that. Lopez de Prado (2018), Advances in Financial Machine Learning, ch. 7.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.errors import ConfigError

Ints = npt.NDArray[np.int64]


class Split(NamedTuple):
    """Places of the rows to learn from, and of those to be judged by."""

    train: Ints
    test: Ints


def walk_forward(begins: Ints, ends: Ints, n_tests: int, *, embargo: int = 0, n_train: int | None = None) -> list[Split]:
    """Test each later stretch on what only the stretches before it taught.

    Parameters
    ----------
    begins, ends
        When each row was known, rising, and when its label is: ns, or session numbers counted through. ``ends >= begins``.
    n_tests
        Stretches of equal number of rows that are tested, one behind the other; one more is learnt from first.
    embargo
        Least time between the last label learnt and the first row tested, in the unit of the rows.
    n_train
        The most rows learnt from, the latest; `None`: all there are.

    Examples
    --------
    Labels two ahead, so the two rows before a test are not learnt from:

    >>> at = np.arange(12)
    >>> [(split.train.tolist(), split.test.tolist()) for split in walk_forward(at, at + 2, 2)]
    [([0, 1], [4, 5, 6, 7]), ([0, 1, 2, 3, 4, 5], [8, 9, 10, 11])]
    """
    pieces = _pieces(begins, ends, n_tests + 1, embargo)
    if n_train is not None and n_train < 1:
        raise ConfigError(f"n_train is rows, 1 or more, not {n_train}")
    made = []
    for test in pieces[1:]:
        train = np.flatnonzero(ends[: test[0]] + embargo < begins[test[0]])
        made.append(Split(train if n_train is None else train[-n_train:], test))
    return made


def purged_folds(begins: Ints, ends: Ints, n_folds: int, *, embargo: int = 0) -> list[Split]:
    """Test each stretch on what all others taught, before it and behind it, but for what touches it in time.

    Examples
    --------
    >>> at = np.arange(9)
    >>> [split.train.tolist() for split in purged_folds(at, at + 1, 3, embargo=1)]
    [[5, 6, 7, 8], [0, 8], [0, 1, 2, 3]]
    """
    made = []
    for test in _pieces(begins, ends, n_folds, embargo):
        known = int(ends[test].max())
        is_before = ends + embargo < begins[test[0]]
        made.append(Split(np.flatnonzero(is_before | (begins > known + embargo)), test))
    return made


def _pieces(begins: Ints, ends: Ints, n: int, embargo: int) -> list[Ints]:
    if len(begins) != len(ends) or (ends < begins).any() or (np.diff(begins) < 0).any():
        raise ConfigError("rows must rise in time, and no label is known before its row")
    if embargo < 0 or not 2 <= n <= len(begins):
        raise ConfigError(f"{len(begins)} rows cannot be cut into {n} stretches with an embargo of {embargo}")
    return [np.asarray(piece, np.int64) for piece in np.array_split(np.arange(len(begins)), n)]
