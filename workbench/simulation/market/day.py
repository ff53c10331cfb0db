"""The course of a day, second by second: how much is traded and how far prices move. Deterministic curves; draws nothing.

The curves were read off ES one-minute bars of 2023 to 2026 (volume and root mean square return of each hour in US/Eastern, over the
mean of regular hours), rounded; they hold for every root. Regular hours are stretched to the day's own: a half-day has its U too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.errors import DataError
from workbench.domain.records import Phase, is_open
from workbench.domain.units import HOUR, SECOND

Curve = npt.NDArray[np.float64]  # one value a second of the session's grid
Span = tuple[int, int, Phase]

# hours before the regular open -> (trading, volatility); 1 is the mean of regular hours
BEFORE: Final = (
    (-16.0, 0.10, 0.65), (-15.4, 0.075, 0.55), (-14.0, 0.06, 0.42), (-11.0, 0.055, 0.40), (-9.0, 0.04, 0.33), (-7.0, 0.055, 0.38),
    (-6.4, 0.10, 0.52), (-4.0, 0.085, 0.46), (-2.2, 0.11, 0.50), (-1.0, 0.20, 0.75), (-0.4, 0.20, 0.70), (0.0, 0.35, 0.85),
)  # fmt: skip
# fraction of regular hours -> the same
WITHIN: Final = (
    (0.0, 3.1, 1.75), (0.015, 2.1, 1.55), (0.08, 1.60, 1.36), (0.16, 1.28, 1.15), (0.27, 0.98, 0.97), (0.40, 0.78, 0.87),
    (0.60, 0.66, 0.81), (0.80, 0.75, 0.84), (0.92, 0.95, 0.92), (0.975, 1.6, 1.0), (1.0, 4.5, 1.15),
)  # fmt: skip
# hours after the regular close -> the same
AFTER: Final = ((0.0, 1.5, 1.0), (0.1, 0.45, 0.75), (0.5, 0.15, 0.5), (1.0, 0.09, 0.5), (2.0, 0.06, 0.5), (4.0, 0.05, 0.45))


class Day(NamedTuple):
    """The grid of one session: whole seconds from ``start_ns``, and the regular hours in it (``None``: a day without)."""

    start_ns: int
    n_s: int
    rth: tuple[int, int] | None

    @classmethod
    def of(cls, spans: Iterable[Sequence[Span]]) -> Day:
        """Span everything that is open; regular hours are from the first RTH opening to the last RTH close of any contract."""
        opens = [span for each in spans for span in each if is_open(span[2])]
        start = min(span[0] for span in opens) // SECOND * SECOND
        regular = [span for span in opens if span[2] == Phase.RTH]
        rth = (min(span[0] for span in regular), max(span[1] for span in regular)) if regular else None
        return cls(start, -(-(max(span[1] for span in opens) - start) // SECOND), rth)

    def trading(self) -> Curve:
        """Volume of each second over that of the mean second of regular hours."""
        curve = self._drawn(1)
        inside = self._inside()
        return curve / curve[inside].mean() if inside.any() else curve

    def volatility(self) -> Curve:
        """Standard deviation of the return of each second over that of the mean second of regular hours (root mean square)."""
        curve = self._drawn(2)
        inside = self._inside()
        return curve / np.sqrt((curve[inside] ** 2).mean()) if inside.any() else curve

    def _inside(self) -> npt.NDArray[np.bool_]:
        at = self._times()
        return (at >= self.rth[0]) & (at < self.rth[1]) if self.rth else np.zeros(self.n_s, bool)

    def _times(self) -> npt.NDArray[np.int64]:
        return self.start_ns + np.arange(self.n_s, dtype=np.int64) * SECOND

    def _drawn(self, column: int) -> Curve:
        if self.rth is None:  # a holiday: as thin as a night
            return np.full(self.n_s, (0.07, 0.42)[column - 1])
        at, (opening, close) = self._times(), self.rth
        before = _interpolated((at - opening) / HOUR, BEFORE, column)
        within = _interpolated((at - opening) / (close - opening), WITHIN, column)
        after = _interpolated((at - close) / HOUR, AFTER, column)
        return np.where(at < opening, before, np.where(at < close, within, after))


def checked(spans: Mapping[int, Sequence[Span]]) -> dict[int, list[Span]]:
    """Keep the spans in which a contract is open, refusing those that overlap, fall back or hold no time."""
    kept = {}
    for contract, each in spans.items():
        last = None
        for start, end, phase in each:
            if start >= end or (last is not None and start < last):
                raise DataError(f"contract {contract}: the span {start} to {end} ({Phase(phase).name}) is empty or overlaps the one before")
            last = end
        kept[contract] = [span for span in each if is_open(span[2])]
    return kept


def _interpolated(x: Curve, knots: Sequence[tuple[float, float, float]], column: int) -> Curve:
    return np.interp(x, [knot[0] for knot in knots], [knot[column] for knot in knots])
