"""A feature out of a plain function, for trying an idea in a notebook. What stays moves into a file: ``workbench new feature``.

The function is given the last bars of one contract, oldest first, and nothing else, so it cannot see what comes. It is not asked before
there are enough of them, so its warm-up is honest by construction.
"""

from __future__ import annotations

from collections import deque, namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from workbench.domain.bars import BAR_FIELDS, RichBar
from workbench.features.base import NEEDS, Need

Bar = namedtuple("Bar", BAR_FIELDS)  # type: ignore[misc]  # its fields are the bar's own list
Bar.__doc__ = "A closed bar that can be kept: every field of `RichBar`, whole numbers, prices in quanta."
Function = Callable[[Sequence[Any]], float | None]


class Inline:
    """The feature. Made by `inline`."""

    uses = (RichBar,)

    def __init__(self, function: Function, n_bars: int, needs: tuple[Need, ...]) -> None:
        self.name: str = getattr(function, "__name__", "inline")
        self.needs: tuple[str, ...] = needs
        self.warm_up_bars = n_bars
        self.value: float | None = None
        self._function = function
        self._bars: deque[Any] = deque(maxlen=n_bars)

    def update(self, bar: RichBar, /) -> None:
        """Take the next closed bar."""
        self._bars.append(Bar(*bar.cells))
        value = self._function(tuple(self._bars)) if len(self._bars) == self.warm_up_bars else None
        self.value = None if value is None else float(value)


def inline(function: Function, *, bars: int, needs: tuple[Need, ...] = ("bars",)) -> Callable[[], Inline]:
    """Make a feature of a function of the last `bars` bars.

    Parameters
    ----------
    function
        Takes a tuple of bars, the newest last, and gives a number, or `None` where it is not defined. A lambda will do for a look at it;
        a replay keeps its state, so there it needs a name of its own. The feature is called as the function is.
    bars
        How many bars it is given; its warm-up.
    needs
        What its data must have: prints, quotes, depth, bars, leader.

    Returns
    -------
    callable
        Makes the feature: what ``day.features_with(...)`` and `research.trial` take.

    Examples
    --------
    >>> from workbench.features.base import bar_of
    >>> def climb(bars):
    ...     return bars[-1].close - bars[0].close
    >>> feature = inline(climb, bars=2)()
    >>> for close in (100, 103, 104):
    ...     feature.update(bar_of(close=close)); print(feature.name, feature.value)
    climb None
    climb 3.0
    climb 1.0
    """
    if bars < 1:
        raise ValueError(f"a feature looks at one bar or more, not {bars}")
    unknown = sorted(set(needs) - set(NEEDS))
    if unknown:
        raise ValueError(f"needs are {', '.join(NEEDS)}; {', '.join(unknown)} is none of them")
    return lambda: Inline(function, bars, needs)
