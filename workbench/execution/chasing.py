"""Where the limit of an entry that follows the market goes next. Pure integer arithmetic; no state, no I/O."""

from __future__ import annotations

from workbench.domain.chase import Chase


def next_limit(side: int, entry_px: int, chase: Chase, far_px: int, tick: int) -> int | None:
    """Give the next limit of an entry that rests: a step towards the market; `None` where it would come no closer.

    Parameters
    ----------
    entry_px
        Where it rests now, in quanta.
    far_px
        The price at which it could be filled at once, in quanta: the ask of who buys. It goes no further than that.
    tick
        Order increment in quanta.

    Examples
    --------
    >>> ten_s = 10_000_000_000
    >>> next_limit(1, 24_000, Chase(24_003, ten_s, 2), far_px=24_010, tick=1), next_limit(1, 24_002, Chase(24_003, ten_s, 2), 24_010, 1)
    (24002, 24003)
    >>> next_limit(1, 24_000, Chase(24_003, ten_s, 2), far_px=24_001, tick=1), next_limit(1, 24_003, Chase(24_003, ten_s, 2), 24_010, 1)
    (24001, None)
    >>> next_limit(-1, 24_000, Chase(23_996, ten_s, 2), far_px=23_990, tick=2)
    23998
    """
    near_px = side * (side * far_px // tick) * tick  # on the grid, not through the far side
    px = side * min(side * entry_px + chase.step_px, side * chase.worst_px, side * near_px)
    return px if side * (px - entry_px) > 0 else None
