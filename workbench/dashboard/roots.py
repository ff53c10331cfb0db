"""One row a root: market, position and protection, forecast, and why no order goes out now. HTML of lines; no arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.dashboard.picture import Guess, Line, Position
from workbench.dashboard.why import PHASES
from workbench.dashboard.words import NOT_KNOWN, clock, money, pct, pts
from workbench.domain.records import Phase

SHIELD = (
    '<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round">'
    '<path d="M8 1.5 13.5 3.5v4c0 3.4-2.3 5.9-5.5 7-3.2-1.1-5.5-3.6-5.5-7v-4z"/>{mark}</svg>'
)
COVERED = SHIELD.format(mark='<path d="m5.5 8 1.8 1.8L10.6 6.3"/>')
WAITING = SHIELD.format(mark="")
SHORT = {Phase.ETH: "ETH", Phase.RTH: "RTH", Phase.PREOPEN: "pre-open"}
LEAN_FRAC = 0.06  # of p_up away from even that fills half of the little bar


def roots(lines: Sequence[Line], zone: str) -> str:
    """Make the table of roots."""
    heads = (
        '<div class="root heads"><span>root</span><span>market</span><span>position and protection</span><span>forecast</span>'
        '<span>why no order now</span><span class="num">P&amp;L closed</span></div>'
    )
    return f'<div class="roots">{heads}{"".join(_row(line, zone) for line in lines)}</div>'


def _row(line: Line, zone: str) -> str:
    until = f" until {clock(line.until_ns, zone)}" if line.until_ns is not None else ""
    phase = NOT_KNOWN if line.phase is None else SHORT.get(line.phase, PHASES[line.phase])
    quality = NOT_KNOWN if line.quality_frac is None else f"{line.quality_frac:.2f}"
    spread = "no quote" if line.spread_ticks is None else f"{line.spread_ticks:g} tick{'s' if line.spread_ticks != 1 else ''}"
    tone = "gain" if line.pnl_micros > 0 else "loss" if line.pnl_micros < 0 else "faint"
    low = "warn" if line.is_quality_low else ""
    symbol = f"<small>{escape(line.symbol)}</small>" if line.symbol != line.root else ""
    return (
        f'<div class="root" data-root="{escape(line.root)}"><div class="r-name"><span class="name">{escape(line.root)}{symbol}</span>'
        f'<div class="phase">{phase}{until}</div></div>'
        f'<div class="r-market"><span class="price">{pts(line.price_pts, line.digits)}</span><div class="under-line">{spread}'
        f' · <span class="{low}" title="data quality of the last bar">q {quality}</span></div></div>'
        f'<div class="r-held">{_held(line.position, line.digits)}</div>'
        f'<div class="r-guess"><span class="caption">forecast</span>{"".join(_guess(each) for each in line.guesses) or _no_guess()}</div>'
        f'<div class="r-why why" data-kind="{line.why.kind}"><span class="caption">why no order</span>{escape(line.why.text)}</div>'
        f'<div class="r-pnl num"><span class="{tone}">{money(line.pnl_micros, signed=True)}</span>'
        f'<div class="under-line">{line.n_trips} trip{"s" if line.n_trips != 1 else ""}</div></div></div>'
    )


def _held(held: Position | None, digits: int) -> str:
    if held is None:
        return '<span class="flat">flat</span>'
    side = "Long" if held.side > 0 else "Short"
    if held.qty <= 0:
        return (
            f'<span class="held" data-qty="0">{side} {held.rest:,} working</span>'
            f'<div class="shield">{WAITING}stop {pts(held.stop_pts, digits)} goes with it</div>'
        )
    tone = "gain" if held.open_micros > 0 else "loss" if held.open_micros < 0 else ""
    entry = f" at {pts(held.entry_pts, digits)}" if held.entry_pts is not None else ""
    rest = f" <small class='soft'>{held.rest:,} more working</small>" if held.rest else ""
    if held.protection == "covered":
        guard = f'<span class="shield covered">{COVERED}stop {pts(held.stop_pts, digits)} confirmed</span>'
    else:
        guard = '<span class="shield exposed">no confirmed stop</span>'
    return (
        f'<span class="held" data-qty="{held.side * held.qty}">{side} {held.qty:,}{entry}</span>{rest} '
        f'<b class="{tone}" data-open="{held.open_micros}">{money(held.open_micros, signed=True)}</b>'
        f'<div title="target {pts(held.target_pts, digits)}, {escape(held.strategy)}, {escape(held.phase)}">{guard}</div>'
    )


def _guess(guess: Guess) -> str:
    lean = max(-1.0, min(1.0, (guess.p_up - 0.5) / LEAN_FRAC)) * 50
    left, width = (50, lean) if lean >= 0 else (50 + lean, -lean)
    way = "up" if guess.p_up > 0.5 else "down" if guess.p_up < 0.5 else "even"
    chance = guess.p_up if guess.p_up >= 0.5 else 1 - guess.p_up
    sure = f"confidence {pct(guess.confidence, 1)}" if guess.confidence is not None else "confidence not known yet"
    told = f"{escape(guess.recipe)}: p(up) {guess.p_up:.3f} over {guess.horizon_s:g} s"
    return (
        f'<div title="{told}"><span class="nowrap">{way} {pct(chance, 1)}'
        f'<span class="lean"><i style="left:{left:.0f}%;width:{width:.0f}%"></i></span></span><div class="under-line">{sure}</div></div>'
    )


def _no_guess() -> str:
    return '<span class="flat">none</span>'
