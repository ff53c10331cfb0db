"""Where a stop that follows belongs, and at which price it moves next. Pure integer arithmetic; no state, no I/O.

The stop keeps a distance from the price at which the position could be left. It moves in steps of a quarter of that distance, at least a
tick, so that it never stands further behind than five quarters while a handful of moves a minute are enough.
"""

from __future__ import annotations

from typing import Final

STEPS: Final = 4  # moves over one distance
MOVES_A_MINUTE: Final = 4  # most of one bracket: a broker counts a changed order like a new one


def stop_behind(side: int, px: int, away_px: int, tick: int) -> int:
    """Give the stop `away_px` behind a price, on the order increment, away from the market.

    >>> stop_behind(1, 24_010, 6, 4), stop_behind(-1, 24_010, 6, 4)
    (24004, 24016)
    """
    return side * (side * (px - side * away_px) // tick) * tick


def next_level(side: int, stop_px: int, away_px: int, from_px: int | None, tick: int) -> int:
    """Give the price at which the position must be leavable for its stop to move next.

    A step beyond what the stop follows now, and not before ``from_px``.

    >>> next_level(1, 23_992, 8, None, 1), next_level(1, 23_992, 8, 24_010, 1), next_level(-1, 24_008, 8, None, 1)
    (24002, 24010, 23998)
    """
    step = max(tick, -(-away_px // (STEPS * tick)) * tick)
    due = stop_px + side * (away_px + step)
    return due if from_px is None or side * (due - from_px) >= 0 else from_px
