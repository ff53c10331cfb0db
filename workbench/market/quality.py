"""What a bar's data is worth, and why: the first data-quality score. Pure; no state, no I/O.

A bar starts at 1.0 and loses a fixed part for each kind of trouble in it (the data contract of an earlier system, kept as declared
values); 0.80 is needed to enter, 0.60 to stay, under 0.30 everything stops.

A bar without trouble, without a print or without a quote is *not* bad: silence is judged by the feed's liveness, not here.
"""

from __future__ import annotations

from typing import Any, Final

from workbench.domain.bars import BROKEN
from workbench.domain.records import ASK, BID

PENALTIES: Final = {
    "gap or opening": 500,
    "exchange time went back": 500,
    "late record": 200,
    "outlier": 200,
    "crossed quote": 200,
}  # thousandths; the compiled twin is `kernels.fitness`, a test holds them equal


def troubles(bar: Any) -> dict[str, int]:
    """Name what lowered a bar's quality, with the thousandths each cost.

    Parameters
    ----------
    bar
        A `RichBar` or one element of an array of dtype `RICH`.

    Examples
    --------
    >>> import numpy as np
    >>> from workbench.domain.bars import RICH
    >>> bar = np.zeros(1, RICH)[0]; bar["n_late"] = 3
    >>> troubles(bar)
    {'late record': 200}
    """
    read = bar.__getitem__ if hasattr(bar, "dtype") else lambda name: getattr(bar, name)
    found = {
        "gap or opening": bool(read("flags") & BROKEN),
        "exchange time went back": bool(read("n_back")),
        "late record": bool(read("n_late")),
        "outlier": bool(read("n_outlier")),
        "crossed quote": bool(read("n_crossed") or (read("has") == BID | ASK and read("bid") >= read("ask"))),
    }
    return {name: PENALTIES[name] for name, is_so in found.items() if is_so}


def score(bar: Any) -> int:
    """Give the quality in thousandths, 0 to 1000."""
    return max(0, 1000 - sum(troubles(bar).values()))
