"""How an entry that rests follows the market: a part of a proposal. A frozen value; no I/O."""

from __future__ import annotations

from typing import NamedTuple


class Chase(NamedTuple):
    """How the limit of an entry that rests follows a market that runs away, and how far.

    ``worst_px``: the worst limit it may ever have, in quanta on the order increment, beyond ``entry_px`` and short of the target. Risk is
    sized from there, and costs are held against what is left from there to the target. ``after_ns``: how long it rests at a price before
    it is moved. ``step_px``: quanta that a move goes at most, on the order increment; never through the price that fills it at once.
    The law says how many moves there are (``execution.max_entry_changes``, 2).

    >>> Chase(worst_px=24_002, after_ns=10_000_000_000, step_px=1).worst_px
    24002
    """

    worst_px: int
    after_ns: int
    step_px: int
