"""What a bar's data is worth, and why: the first data-quality score. Names and costs; what is counted is `market.fitness`. No I/O.

A bar starts at 1.0 and loses a fixed part for each kind of trouble in it (the data contract of an earlier system, kept as declared
values); 0.80 is needed to enter, 0.60 to stay, under 0.30 everything stops.

===========  ======================================================================================================================
gap          data is missing in it, as the log says
opening      the market opened in it: nothing is known of before
time back    an exchange time fell
late         a record took longer than 5 s to reach us
outlier      a jump of the mid, or of the printed price, more than 20 times the usual one, without a shock: volume three times the usual
stuck print  one price printed again and again for 5 s and longer, beside the quote that stands
no volume    regular hours, and no trade for 60 s
crossed      a bid at or over the ask
stale        the feed was silent (`market.silence`); alone it shuts entries and leaves what is held to its stop
spread       on average five times the usual spread of a bar
===========  ======================================================================================================================

A bar without a print or without a quote is *not* bad for that alone.
"""

from __future__ import annotations

from typing import Any, Final

PENALTIES: Final = {
    "gap": 500,
    "opening": 500,
    "time back": 500,
    "late": 200,
    "outlier": 200,
    "stuck print": 300,
    "no volume": 200,
    "crossed": 200,
    "stale": 400,
    "spread": 200,
}  # thousandths, in the order of the bits of a bar's `doubts`; the compiled twin is `fitness.kernels.judge`, a test holds them equal


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
    >>> bar = np.zeros(1, RICH)[0]; bar["doubts"] = 8
    >>> troubles(bar)
    {'late': 200}
    """
    return named(int(bar["doubts"] if hasattr(bar, "dtype") else bar.doubts))


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
