"""Small drawings as SVG and HTML text: the line of P&L, round trips, a calibration. Geometry only; figures come in ready."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from workbench.dashboard.words import at, clock
from workbench.domain.units import HOUR, MICROS, SECOND
from workbench.learning.confidence import Row
from workbench.research.tallies import margin
from workbench.research.words import MINUS

WIDTH, HEIGHT = 1_000, 200  # of a drawing that is stretched to its place
MAX_POINTS: Final = 400
MIN_OUTCOMES: Final = 30  # of a bin that is drawn; fewer say nothing
THIN: Final = 'vector-effect="non-scaling-stroke"'  # lines stay as thin as they are, however the drawing is stretched
PAD_FRAC: Final = 0.05  # of the drawing, above and below the line
HOURS: Final = (1, 2, 3, 4, 6, 12, 24)


def steps(low: float, high: float, n: int = 5) -> list[float]:
    """Choose round values from below `low` to above `high`, about `n` of them.

    >>> steps(-4130.0, 120.0)
    [-5000.0, -4000.0, -3000.0, -2000.0, -1000.0, 0.0, 1000.0]
    """
    span = max(high - low, 1e-9)
    size = 10.0 ** math.floor(math.log10(span / n))
    step = next(size * factor for factor in (1, 2, 5, 10) if span / (size * factor) <= n)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(step * k, 9) for k in range(first, last + 1)]


def worth(line: Sequence[tuple[int, int]], zone: str) -> str:
    """Draw P&L over log time, with a zero line; whole currency units stand beside it."""
    if len(line) < 2:
        return '<p class="none">The line begins with the first whole minute.</p>'
    points = [(ns, micros / MICROS) for ns, micros in _thin(line)]
    return _chart(points, zone, "P&amp;L after costs over time", base=0.0)


def price(line: Sequence[tuple[int, float]], zone: str) -> str:
    """Draw a price over log time, no zero to it."""
    return _chart(_thin(line), zone, "price over time", base=None)


def _chart(points: Sequence[tuple[int, float]], zone: str, about: str, *, base: float | None) -> str:
    """Draw a line; ``base`` is a value that is always on it, and under which it is shaded."""
    first, last = points[0][0], max(points[-1][0], points[0][0] + 1)
    values = [value for _, value in points]
    low, high = (min(values), max(values)) if base is None else (min(base, *values), max(base, *values))
    pad = max(high - low, 1e-3 if base is None else 1.0) * PAD_FRAC
    low, high = low - pad, high + pad
    marks = [mark for mark in steps(low, high) if low <= mark <= high]

    def y(value: float) -> float:
        return (high - value) / (high - low) * HEIGHT

    path = "L".join(f"{(ns - first) / (last - first) * WIDTH:.1f},{y(value):.1f}" for ns, value in points)
    under = "" if base is None else f'<path class="under" d="M{path}L{WIDTH},{y(base):.1f}L0,{y(base):.1f}Z"/>'
    lines = "".join(
        f'<line class="{"zero" if mark == base else "grid"}" x1="0" x2="{WIDTH}" y1="{y(mark):.1f}" y2="{y(mark):.1f}" {THIN}/>'
        for mark in marks
    )
    labels = "".join(
        f'<span class="y" style="top:calc((100% - 22px) * {y(mark) / HEIGHT:.4f})">{_short(mark, high - low)}</span>' for mark in marks
    )
    heard = ",".join(f"{value:.{0 if base is not None else 2}f}" for value in values)
    return (
        f'<div class="chart" data-values="{heard}" data-first="{first // SECOND}" data-last="{last // SECOND}" data-zone="{zone}">'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{about}">'
        f'{lines}{under}<path class="path" d="M{path}" {THIN}/></svg>'
        f'{labels}{_hours(first, last, zone)}<i class="end" style="top:calc((100% - 22px) * {y(values[-1]) / HEIGHT:.4f})"></i></div>'
    )


def trips(each: Sequence[tuple[int, int]], first: int, last: int) -> str:
    """Draw round trips as strokes from a middle line: up for a gain, down for a loss, as long as they are large."""
    if not each or last <= first:
        return ""
    most = max(abs(micros) for _, micros in each) or 1
    strokes = "".join(
        f'<line class="{"up" if micros > 0 else "down"}" x1="{x:.1f}" x2="{x:.1f}" y1="20" y2="{20 - 19 * micros / most:.1f}" {THIN}/>'
        for ns, micros in each
        if 0 <= (x := (ns - first) / (last - first) * WIDTH) <= WIDTH
    )
    zero = f'<line class="zero" x1="0" x2="{WIDTH}" y1="20" y2="20" {THIN}/>'
    return (
        f'<div class="strip"><span class="label">round trips</span><svg viewBox="0 0 {WIDTH} 40" preserveAspectRatio="none" role="img" '
        f'aria-label="round trips">{zero}{strokes}</svg></div>'
    )


def calibration(bins: Sequence[Row], apart_frac: float = 1.0) -> str:
    """Draw what was forecast against what happened, with 95 % intervals; on the dashed line a forecast means what it says."""
    drawn = [(row.mean_p, row.freq, row.n) for row in bins if row.n >= MIN_OUTCOMES and row.mean_p is not None and row.freq is not None]
    if not drawn:
        return f'<p class="none small">Drawn once a bin has {MIN_OUTCOMES} outcomes.</p>'
    reach = max(0.1, *(abs(value - 0.5) for p, f, _ in drawn for value in (p, f)))
    reach = min(0.5, math.ceil(reach * 20) / 20)
    left, top, size_x, size_y = 42, 8, 270, 150

    def x(p: float) -> float:
        return left + (p - 0.5 + reach) / (2 * reach) * size_x

    def y(p: float) -> float:
        return top + (0.5 + reach - min(max(p, 0.5 - reach), 0.5 + reach)) / (2 * reach) * size_y

    most = max(n for _, _, n in drawn)
    ticks = (0.5 - reach, 0.5, 0.5 + reach)
    guides = "".join(f'<line class="guide" x1="{left}" x2="{left + size_x}" y1="{y(t):.1f}" y2="{y(t):.1f}"/>' for t in ticks)
    texts = "".join(
        f'<text x="{left - 6}" y="{y(t) + 4:.1f}" text-anchor="end">{t * 100:.0f}%</text>'
        f'<text x="{x(t):.1f}" y="{top + size_y + 16}" text-anchor="middle">{t * 100:.0f}%</text>'
        for t in ticks
    )
    ideal = f'<line class="ideal" x1="{x(ticks[0]):.1f}" y1="{y(ticks[0]):.1f}" x2="{x(ticks[2]):.1f}" y2="{y(ticks[2]):.1f}"/>'
    points = ""
    for p, freq, n in drawn:
        half = margin(freq, n * apart_frac)
        points += f'<line class="whisker" x1="{x(p):.1f}" x2="{x(p):.1f}" y1="{y(freq - half):.1f}" y2="{y(freq + half):.1f}"/>'
        points += f'<circle class="point" cx="{x(p):.1f}" cy="{y(freq):.1f}" r="{2.2 + 3 * math.sqrt(n / most):.1f}"/>'
    names = (
        f'<text x="{left + size_x / 2}" y="{top + size_y + 32}" text-anchor="middle">it said: up with</text>'
        f'<text transform="translate(10 {top + size_y / 2}) rotate(-90)" text-anchor="middle">it went up</text>'
    )
    box = f"0 0 {left + size_x + 14} {top + size_y + 36}"
    return f'<svg viewBox="{box}" role="img" aria-label="calibration">{guides}{ideal}{points}{texts}{names}</svg>'


def _thin(line: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    every = -(-len(line) // MAX_POINTS)
    return [*line[: len(line) - 1 : every], line[-1]]


def _short(value: float, span: float) -> str:
    text = f"{abs(value):,.0f}" if span >= 4 else f"{abs(value):,.2f}"
    return f"{MINUS}{text}" if value < 0 else text


def _hours(first: int, last: int, zone: str) -> str:
    """Label whole hours, or minutes of a short line; none so near an edge that it would be cut."""
    span_h = (last - first) / HOUR
    if span_h < 1.5:
        ticks = [first + (last - first) * k // 4 for k in range(5)]
    else:
        every = next((hours for hours in HOURS if span_h / hours <= 8), 24)
        begin = at(first, zone).replace(minute=0, second=0, microsecond=0)
        ticks = []
        while (ns := int(begin.timestamp()) * SECOND) <= last:
            if begin.hour % every == 0 and ns >= first:
                ticks.append(ns)
            begin += timedelta(hours=1)
    placed = [(ns, (ns - first) / (last - first)) for ns in ticks]
    return "".join(
        f'<span class="x" style="left:calc(var(--gut) + (100% - var(--gut)) * {frac:.4f})">{clock(ns, zone)}</span>'
        for ns, frac in placed
        if 0.02 < frac < 0.98
    )
