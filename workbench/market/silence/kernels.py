"""Whether a feed is alive, compiled. Moved by records alone; integers but for one square root, which IEEE 754 rounds one way only.

How a verdict comes
-------------------
1. A contract is *judged* while it is open, was heard for two minutes of regular hours, or five of others, and brings a record a second
   there, two of them outside. What is thinner is silent too often.
2. Of each bar the longest pause that ended in it is taken: mean and spread of these, over some ten minutes, say what is usual.
3. Silent is a pause of `mean + 10 deviations`, never under 8 s in regular hours and 60 s outside. With siblings at their usual pace
   meanwhile, 9 deviations are enough, 6 s and 50 s; with siblings slower than usual it takes a quarter more.
4. What past sessions were like at this time of day counts where it is slower, and before enough was heard. A session that goes
   on from the one before (a checkpoint) brings it along; without one the floors alone are known.
5. It is looked at with each TIME record, and pauses are whole seconds between them: no record is touched for it. A stall teaches nothing.
"""

from __future__ import annotations

import math

from numba import njit

from workbench.domain.records import Phase
from workbench.domain.units import DAY, MS
from workbench.market.state import N_PARTS, PART_NS

RTH = int(Phase.RTH)
SHIFT = 7  # of averages: 128 bars, a half-life of seven minutes
WINDOW = 1 << SHIFT
WARM_RTH, WARM_ETH = 24, 60  # bars of a phase until a contract is judged by its own pauses
LONGEST = 2  # floors that a pause counts for at most: a stall nobody found must not become usual
FEWEST_RTH, FEWEST_ETH = 5 * 256, 10 * 256  # records a bar, times 256
ALONE, TOGETHER = 10, 9  # deviations
FLOOR_RTH, FLOOR_ETH = 8_000_000_000, 60_000_000_000
SIBLING_RTH, SIBLING_ETH = 6_000_000_000, 50_000_000_000
ENOUGH = 16 * 256 * 5  # records expected of siblings before their pace is known, in the unit of `sib_due`


@njit
def begin(s, t):
    """Take an opening: nothing is known of this stretch."""
    s.heard_ns = t
    s.part_ns = 0
    s.pause_ns = 0
    s.silent_ns = 0
    s.was_silent = 0
    s.n_heard = 0
    s.n_empty = 0
    s.tick_n = 0
    s.pause_mean = 0
    s.pause_square = 0
    s.rate = 0
    s.is_judged = 0


@njit(inline="always")
def _learn(s, ms, n):
    s.n_heard += 1
    if s.n_heard >= WINDOW:
        s.pause_mean += (ms * 256 - s.pause_mean) >> SHIFT
        s.pause_square += (ms * ms * 256 - s.pause_square) >> SHIFT
        s.rate += (n * 256 - s.rate) >> SHIFT
    else:
        s.pause_mean += (ms * 256 - s.pause_mean) // s.n_heard
        s.pause_square += (ms * ms * 256 - s.pause_square) // s.n_heard
        s.rate += (n * 256 - s.rate) // s.n_heard


@njit
def _after_empty(s):
    """Let empty bars count whose pause has ended, and was none to wonder at."""
    for _ in range(min(s.n_empty, WINDOW)):
        _learn(s, 0, 0)
    s.n_empty = 0


@njit(inline="always")
def expect(s):
    """Take a bar that closes, before it is emptied. Empty ones count once the pause they lie in has ended: while it lasts, it is judged."""
    b = s.bar
    if b.t_end > s.part_ns:
        _remember(s)
    s.tick_n -= b.n
    if b.n == 0:
        s.n_empty += 1
    elif s.silent_ns == 0:
        if s.n_empty:
            _after_empty(s)
        _learn(s, min(s.pause_ns, LONGEST * (FLOOR_RTH if s.phase == RTH else FLOOR_ETH)) // MS if s.pause_ns else 0, b.n)
        s.pause_ns = 0


@njit
def _part(s, t):
    """Find where the pace of this time of day is kept; regular hours apart, so that a clock change mixes nothing."""
    return t % DAY // PART_NS + (N_PARTS // 2 if s.phase == RTH else 0)


@njit
def _remember(s):
    """At the end of a part of the day: keep its pace for the sessions to come, a quarter of it new each time."""
    at = s.part_at
    if s.n_heard >= WARM_RTH and s.part_ns:
        mean = s.pause_mean / 256
        ms = int(mean + ALONE * math.sqrt(max(s.pause_square / 256 - mean * mean, 0.0)))
        s.known_ms[at] += (ms - s.known_ms[at]) // (4 if s.known_rate[at] else 1)
        s.known_rate[at] += (max(s.rate, 1) - s.known_rate[at]) // (4 if s.known_rate[at] else 1)
    s.part_ns = s.bar.t_end - s.bar.t_end % PART_NS + PART_NS
    s.part_at = _part(s, s.bar.t_end)


@njit
def _ask(s, t):
    """Say whether enough is known of a contract's pace, and what pause would be none any more. Asked only of one that says nothing."""
    is_warm = s.n_heard >= (WARM_RTH if s.phase == RTH else WARM_ETH)
    fewest = FEWEST_RTH if s.phase == RTH else FEWEST_ETH
    s.is_judged = is_warm and s.rate >= fewest
    mean = s.pause_mean / 256
    deviation = math.sqrt(max(s.pause_square / 256 - mean * mean, 0.0))
    s.patience_ns = int(mean + ALONE * deviation) * MS
    s.sibling_ns = int(mean + TOGETHER * deviation) * MS
    at = _part(s, t)
    if s.known_rate[at]:  # past sessions judge before a contract is warm; then the slower pace of both counts
        s.is_judged = s.known_rate[at] >= fewest and (s.rate >= fewest or not is_warm)
        s.patience_ns = max(s.patience_ns, s.known_ms[at] * MS)
        s.sibling_ns = max(s.sibling_ns, s.known_ms[at] * MS)


@njit
def _siblings(states, n_slots, k):
    """Count what siblings of a contract brought since the last look, and were expected to."""
    came, due = 0, 0
    for j in range(n_slots):
        o = states[j]
        if j != k and o.group == states[k].group and o.is_open and o.silent_ns == 0 and o.rate:
            came += o.said
            due += o.rate
    s = states[k]
    s.sib_came += came * 256 * 5
    s.sib_due += due


@njit
def _paused(s, ticked_ns):
    """Take that a contract speaks which had paused; true when it had been silent."""
    s.pause_ns = max(s.pause_ns, ticked_ns - s.heard_ns)
    s.sib_came = 0
    s.sib_due = 0
    if not s.silent_ns:
        return False
    s.silent_ns = 0
    s.was_silent = 1
    s.n_empty = 0
    s.pause_ns = 0
    return True


@njit
def _doubt(states, n_slots, t):
    """Look at contracts that have said nothing for a while; true when one of them is silent from now on."""
    changed = False
    for k in range(n_slots):
        s = states[k]
        if not s.is_open or s.silent_ns or s.said:
            continue
        if s.group:
            _siblings(states, n_slots, k)
        quiet, is_rth = t - s.heard_ns, s.phase == RTH
        if quiet < (SIBLING_RTH if is_rth else SIBLING_ETH):
            continue
        _ask(s, t)
        if not s.is_judged:
            continue
        patience_ns, floor_ns = s.patience_ns, FLOOR_RTH if is_rth else FLOOR_ETH
        if s.sib_due >= ENOUGH:
            if s.sib_came >= s.sib_due:
                patience_ns, floor_ns = s.sibling_ns, SIBLING_RTH if is_rth else SIBLING_ETH
            elif 10 * s.sib_came < 9 * s.sib_due:
                patience_ns += patience_ns >> 2  # they are slower than usual as well: the market may be quiet
        is_silent = quiet >= max(patience_ns, floor_ns)
        if is_silent:
            s.silent_ns = s.heard_ns
            s.was_silent = 1
            changed = True
    return changed


@njit(inline="always")
def listen(states, c, t):
    """Look at every open contract, each second of the log; true when a verdict has changed."""
    changed, is_quiet, ticked_ns = False, False, c.ticked_ns
    for k in range(c.n_slots):
        s = states[k]
        if not s.is_open:
            continue
        said = s.bar.n - s.tick_n
        s.said = said
        if said:
            s.tick_n += said
            if s.heard_ns != ticked_ns:
                changed |= _paused(s, ticked_ns)
            s.heard_ns = t
        elif s.group or t - s.heard_ns >= SIBLING_RTH:
            is_quiet = True
    c.ticked_ns = t
    return (is_quiet and _doubt(states, c.n_slots, t)) or changed
