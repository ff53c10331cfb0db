"""Has a learner's error risen for good? ADWIN over the error of its forecasts. It only tells; the learner's recipe says what follows."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final, Protocol

WARNING_FACTOR: Final = 25.0  # a warning is so much more sensitive than a drift: delta 0.05 for 0.002
CLASSES: Final = frozenset({"river.drift.adwin.ADWIN", "river._river_rust.drift.AdaptiveWindowing"})


class Sign(IntEnum):
    """What one more error tells."""

    NONE = 0
    WARNING = 1
    DRIFT = 2


class Window(Protocol):
    """What is used of River's ADWIN."""

    width: int
    total: float
    variance: float
    n_detections: int
    estimation: float
    drift_detected: bool

    def update(self, x: float) -> None:
        """Take one more value."""


class DriftWatch:
    """ADWIN over 0/1 errors; only a rise is drift, a model that gets better is left alone.

    Parameters
    ----------
    delta
        Significance, 0 to 1: a false alarm's chance at each test.
    warns
        Whether a second, more sensitive window gives warnings.

    Notes
    -----
    Bifet and Gavalda (2007), SIAM Data Mining. River tests every 32nd value; it forgets its window after an alarm.

    Examples
    --------
    >>> watch = DriftWatch(delta=0.002, warns=False)
    >>> signs = [watch.update(0.0) for _ in range(500)] + [watch.update(1.0) for _ in range(100)]
    >>> signs.index(Sign.DRIFT)
    511
    """

    __slots__ = ("_drift", "_warning")

    def __init__(self, *, delta: float, warns: bool) -> None:
        self._drift = _window(delta)
        self._warning = _window(min(WARNING_FACTOR * delta, 0.5)) if warns else None

    def update(self, error: float) -> Sign:
        """Take the error of one more forecast: 0.0 right, 1.0 wrong, 0.5 for one that pointed nowhere."""
        sign = Sign.NONE
        if self._warning is not None and _rose(self._warning, error):
            sign = Sign.WARNING
        return Sign.DRIFT if _rose(self._drift, error) else sign

    def numbers(self) -> list[float]:
        """Give what its windows hold, for a digest."""
        windows = [self._drift] if self._warning is None else [self._drift, self._warning]
        return [value for window in windows for value in (window.width, window.total, window.variance, window.n_detections)]

    def state(self) -> tuple[Window, Window | None]:
        """Give all it holds, in River's own classes (`CLASSES`)."""
        return self._drift, self._warning

    def load(self, state: tuple[Window, Window | None]) -> None:
        """Take over what `state` gave."""
        self._drift, self._warning = state


def _window(delta: float) -> Window:
    from river import drift

    adwin: Any = drift.ADWIN
    window: Window = adwin(delta=delta)
    return window


def _rose(window: Window, error: float) -> bool:
    before = window.estimation
    window.update(error)
    return window.drift_detected and window.estimation > before
