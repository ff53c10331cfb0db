"""How long runs took and how much memory, run by run, with what they may use as a line. Geometry only; figures come in ready."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from workbench.dashboard.drawings import HEIGHT, THIN, WIDTH
from workbench.dashboard.words import at, span
from workbench.domain.units import DAY

SECONDS: Final = (0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0, 36_000.0)
MEGABYTES: Final = (10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0, 100_000.0)
ROOM: Final = 1.9  # times more than the largest, less than the smallest, that is drawn
LEAST_APART: Final = 4.0  # how many times the smallest the largest drawn is at least: noise does not fill the drawing
MOST_LABELS: Final = 4


class Point(NamedTuple):
    """One run: when it was due, what it used, and whether it is ``ok``, ``failed`` or was made by ``hand``."""

    at_ns: int
    value: float
    kind: str


def seconds(points: Sequence[Point], budget: float | None, zone: str) -> str:
    """Draw durations."""
    return _chart(points, budget, SECONDS, span, zone, "seconds by run")


def memory(points: Sequence[Point], budget: float | None, zone: str) -> str:
    """Draw the most memory that each took."""
    return _chart(points, budget, MEGABYTES, lambda value: f"{value:,.0f} MB", zone, "peak memory by run")


def _chart(
    points: Sequence[Point], budget: float | None, marks: Sequence[float], told: Callable[[float], str], zone: str, about: str
) -> str:
    """Draw values over time on a scale of ratios, so that a budget far above what is used stands in the same drawing."""
    drawn = [point for point in points if point.value > 0]
    if not drawn:
        return '<p class="none small">not known of any run</p>'
    first, last = min(point.at_ns for point in drawn), max(point.at_ns for point in drawn)
    width_ns = max(last - first, DAY)
    values = [point.value for point in drawn] + ([budget] if budget else [])
    low, high = min(values) / ROOM, max(max(values) * ROOM, min(values) * LEAST_APART)

    def x(ns: int) -> float:
        return 12 + (ns - last + width_ns) / width_ns * (WIDTH - 24)

    def y(value: float) -> float:
        return math.log(high / value) / math.log(high / low) * HEIGHT

    lines = "".join(f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y(m):.1f}" y2="{y(m):.1f}" {THIN}/>' for m in marks if low < m < high)
    labels = "".join(f'<span class="y" style="top:{_top(y(m))}">{told(m)}</span>' for m in marks if low < m < high)
    if budget:
        lines += f'<line class="budget" x1="0" x2="{WIDTH}" y1="{y(budget):.1f}" y2="{y(budget):.1f}" {THIN}/>'
        labels += f'<span class="most" style="top:{_top(y(budget))}">budget {told(budget)}</span>'
    dots = "".join(_dots([(x(p.at_ns), y(p.value)) for p in drawn if p.kind == kind], kind) for kind in ("ok", "hand", "failed"))
    return (
        f'<div class="chart dots"><svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{about}">'
        f"{lines}{dots}</svg>{labels}{_dates(last - width_ns, last, x, zone)}</div>"
    )


def _dots(places: Sequence[tuple[float, float]], kind: str) -> str:
    """Draw dots as strokes without a length: they stay round however the drawing is stretched."""
    path = "".join(f"M{x:.1f},{y:.1f}h0" for x, y in places)
    if not path:
        return ""
    inside = f'<path class="dot inside" d="{path}" {THIN}/>' if kind == "hand" else ""
    return f'<path class="dot {kind}" d="{path}" {THIN}/>{inside}'


def _top(y: float) -> str:
    return f"calc((100% - 22px) * {y / HEIGHT:.4f})"


def _dates(first: int, last: int, x: Callable[[int], float], zone: str) -> str:
    every = max(1, round((last - first) / DAY / MOST_LABELS))
    days = [last - n * every * DAY for n in range(MOST_LABELS + 1) if last - n * every * DAY >= first]
    return "".join(
        f'<span class="x{" last" if ns == last else ""}" style="left:calc(var(--gut) + (100% - var(--gut)) * {x(ns) / WIDTH:.4f})">'
        f"{at(ns, zone):%-d %b}</span>"
        for ns in days
    )
