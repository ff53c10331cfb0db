"""What lowers a bar's quality, compiled: outliers, stuck prints, spreads, hours without volume, missing data. Integers only.

Bits and costs are those of `market.quality.PENALTIES`, in its order; a test holds them equal.
"""

from __future__ import annotations

from numba import njit

from workbench.domain.bars import BROKEN, GAPPED, OPENED, PRICED
from workbench.domain.records import ASK, BID, Phase
from workbench.market.state import DRY_NS, OUTLIER_AFTER, OUTLIER_FACTOR, SHOCK_FACTOR, SPREAD_AFTER, SPREAD_FACTOR, SPREAD_SHIFT, STUCK_NS

BOTH = BID | ASK
RTH = int(Phase.RTH)
SECOND_US = 1_000_000


@njit(inline="always")
def quote_moved(s, move):
    """Hold a move of twice the mid against the usual one."""
    size = abs(move) * 256
    if s.n_moves >= OUTLIER_AFTER and size > OUTLIER_FACTOR * s.usual:
        s.bar.n_outlier += 1
    s.usual += (size - s.usual) >> 5
    s.n_moves += 1


@njit(inline="always")
def before_print(s, r, t):
    """Hold a print against the one before it, and against the quote that stands."""
    b = s.bar
    if s.is_traced:
        if r.px != b.close:
            size = abs(r.px - b.close) * 256
            if s.n_steps >= OUTLIER_AFTER and size > OUTLIER_FACTOR * s.usual_step:
                b.n_outlier += 1
            s.usual_step += (size - s.usual_step) >> 5
            s.n_steps += 1
            s.stuck_ns = t
        elif s.has == BOTH and (r.px < s.bid or r.px > s.ask):
            if t - s.stuck_ns >= STUCK_NS:
                s.n_stuck += 1
        else:
            s.stuck_ns = t
    else:
        s.stuck_ns = t
        s.is_traced = 1
    if r.sz > 0:
        s.traded_ns = t


@njit(inline="always")
def imported(s, r, t):
    """Take one of the two records of a bar: its volume stands for as long as it is long, until the next one comes; no feed was heard."""
    if r.level == 0:
        s.tick_n += 1
        if r.sz > 0:
            s.traded_ns = t + max(t - r.event_ns, 0)


@njit(inline="always")
def _is_wide(s, b):
    """Hold the bar's average spread against the usual one, and learn from it. Cross-multiplied: a division a bar would cost 2 %."""
    if b.quoted_us < SECOND_US:
        return False
    usual = max(s.usual_spread, s.usual_quoted)  # no narrower than a quantum
    is_wide = b.spread_us * (s.usual_quoted >> 10) > SPREAD_FACTOR * usual * (b.quoted_us >> 10)
    s.usual_spread += (b.spread_us - s.usual_spread) >> SPREAD_SHIFT
    s.usual_quoted += (b.quoted_us - s.usual_quoted) >> SPREAD_SHIFT
    s.n_spreads += 1
    return is_wide and s.n_spreads > SPREAD_AFTER


@njit(inline="always")
def _is_shock(s, b):
    """Tell whether a bar's volume says that its jump was the market's own; learn what volume is usual."""
    is_shock = b.volume * 256 > SHOCK_FACTOR * s.usual_volume and b.volume > 0
    s.usual_volume += (b.volume * 256 - s.usual_volume) >> SPREAD_SHIFT
    return is_shock


@njit(inline="always")
def mark_missing(s):
    """Flag a bar of which data is missing, at its close."""
    b = s.bar
    if s.is_gapped:
        is_heard = b.n > s.gap_n
        if not (is_heard and b.flags & OPENED):
            b.flags |= GAPPED
        s.is_gapped = not is_heard
        s.gap_n = 0


@njit
def judge(s):
    """Write doubts and quality into the bar under way, whose sums are complete."""
    b = s.bar
    doubts, q = 0, 1000
    is_wide, is_shock = _is_wide(s, b), _is_shock(s, b)
    if b.flags & OPENED:
        doubts |= 2
        q -= 500
    elif b.flags & BROKEN:
        doubts |= 1
        q -= 500
    if b.n_back:
        doubts |= 4
        q -= 500
    if b.n_late:
        doubts |= 8
        q -= 200
    if b.n_outlier and not is_shock:
        doubts |= 16
        q -= 200
    if s.n_stuck:
        doubts |= 32
        q -= 300
    if s.phase == RTH and b.flags & PRICED and b.t_end - max(s.traded_ns, s.phase_ns) >= DRY_NS:
        doubts |= 64
        q -= 200
    if b.n_crossed or (s.has == BOTH and s.bid >= s.ask):
        doubts |= 128
        q -= 200
    if s.silent_ns or s.was_silent:
        doubts |= 256
        q -= 400
    if is_wide:
        doubts |= 512
        q -= 200
    b.doubts = doubts
    b.quality = max(q, 0)
    s.n_stuck = 0
    s.was_silent = 0
