"""What a bar's data is worth, and why: the first data-quality score. Pure; no state, no I/O.

A bar starts at 1.0 and loses a fixed part for each kind of trouble in it (the data contract of an earlier system, kept as declared
values); 0.80 is needed to enter, 0.60 to stay, under 0.30 everything stops.

A bar without trouble, without a print or without a quote is *not* bad: silence is judged by the feed's liveness, not here.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from workbench.domain.bars import BROKEN, OPENED
from workbench.domain.records import ASK, BID

PENALTIES: Final = {
    "gap": 500,
    "opening": 500,
    "time back": 500,
    "late": 200,
    "outlier": 200,
    "crossed": 200,
}  # thousandths; the compiled twin is `kernels.fitness`, a test holds them equal


def masks(bars: Any) -> npt.NDArray[np.int64]:
    """Give for each bar of an array of dtype `RICH` which penalties lowered it: bit k is the k-th of `PENALTIES`."""
    is_broken, is_opened = bars["flags"] & BROKEN != 0, bars["flags"] & OPENED != 0
    is_crossed = (bars["n_crossed"] != 0) | ((bars["has"] == BID | ASK) & (bars["bid"] >= bars["ask"]))
    found = (is_broken & ~is_opened, is_opened, bars["n_back"] != 0, bars["n_late"] != 0, bars["n_outlier"] != 0, is_crossed)
    made = np.zeros(np.shape(is_opened), np.int64)
    for bit, each in enumerate(found):
        made |= np.asarray(each).astype(np.int64) << bit
    return made


def troubles(bar: Any) -> dict[str, int]:
    """Name what lowered a bar's quality, with the thousandths each cost.

    Parameters
    ----------
    bar
        One element of an array of dtype `RICH`.

    Examples
    --------
    >>> from workbench.domain.bars import RICH
    >>> bar = np.zeros(1, RICH)[0]; bar["n_late"] = 3
    >>> troubles(bar)
    {'late': 200}
    """
    return named(int(masks(bar)))


def named(mask: int) -> dict[str, int]:
    """Name the penalties of a mask, with the thousandths each costs."""
    return {name: cost for bit, (name, cost) in enumerate(PENALTIES.items()) if mask >> bit & 1}


def words(mask: int) -> str | None:
    """Say why a bar is worth less than 1, `None` where it is not.

    >>> words(0b1001), words(0)
    ('gap 0.50, late 0.20', None)
    """
    return ", ".join(f"{name} {cost / 1000:.2f}" for name, cost in named(mask).items()) or None


def score(bar: Any) -> int:
    """Give the quality in thousandths, 0 to 1000."""
    return max(0, 1000 - sum(troubles(bar).values()))
