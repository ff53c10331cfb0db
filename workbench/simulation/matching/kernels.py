"""Matching, compiled: records meet orders. Integers only; no clock, no Python objects, and no order is made here.

`exchange.Exchange` is its face and tells a reader the rules; here they are code. An order never meets the record that made it
work: exits are met before entries, so what an entry fill starts waits for the next record. In a bar, which hides the order of its
prices, the stop alone may follow its entry at once.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numba import carray, cfunc, njit, types

from workbench.domain.records import ASK, BID, EVENT_TIME, PROVENANCE_SHIFT, RECORD, Kind, Phase, Provenance
from workbench.domain.units import SECOND
from workbench.simulation.matching.desk.kernels import (
    ENTRY,
    EXIT,
    LIMIT,
    MARKET,
    STOP,
    STOP_ORDER,
    TARGET,
    Floor,
    arrive,
    end_entry,
    fill,
    follow_queue,
    held,
    release,
)
from workbench.simulation.matching.state import BRACKET, COMMAND, DESK, N_LEGS, ORDER, REPORT, RULES, SLOT, STOP_BITS, Broken, Stop

QUOTE, PRINT, BAR, GAP, PHASE = (int(k) for k in (Kind.QUOTE, Kind.PRINT, Kind.BAR, Kind.GAP, Kind.PHASE))
MAINTENANCE, ETH, HISTORY = int(Phase.MAINTENANCE), int(Phase.ETH), int(Provenance.HISTORY)
END, DUE, BROKEN = (int(s) for s in Stop)
UNKNOWN_CONTRACT = int(Broken.UNKNOWN_CONTRACT)
# What is decided on a bar's close comes to the exchange a latency later, when the next bar is already under way. That alone is not
# late: 1 s of a minute leaves little to look ahead into, and holds any latency. A bar of a few seconds excuses but a tenth of itself.
GRACE_NS, GRACE_SHARE = SECOND, 10


@njit(inline="always")
def worse(a, b, side):
    """Give the worse of two prices for who buys (side 1) or sells (-1)."""
    return max(a, b) if side > 0 else min(a, b)


@njit
def left(x, g, side, shown):
    """Size that this record still has for the account of bracket `g`: each account meets the market alone."""
    stamp, mine = x.desk[0].stamp, x.brackets[g]
    for j in range(x.rules[0].n_brackets):
        b = x.brackets[j]
        if b.stamp == stamp and b.slot == mine.slot and b.account == mine.account:
            shown -= b.bought if side > 0 else b.sold
    return shown


@njit
def take(x, g, leg, shown, px, t):
    """Fill as much as is shown."""
    o = x.orders[g * N_LEGS + leg]
    n = min(o.qty, left(x, g, o.side, shown))
    if n > 0:
        fill(x, g, leg, n, px, t)


@njit
def meet_quote(x, s, g, leg, t):
    """One order against a new quote."""
    o, rules, tick = x.orders[g * N_LEGS + leg], x.rules[0], x.ticks[x.brackets[g].slot]
    side = o.side
    if not s.has & (ASK if side > 0 else BID):
        return
    far = s.ask if side > 0 else s.bid
    shown = s.asz if side > 0 else s.bsz
    if o.type == LIMIT:
        if (far - o.px) * side <= 0:
            take(x, g, leg, shown, o.px, t)
    elif o.type == MARKET:
        take(x, g, leg, shown, far + side * rules.market_slip * tick, t)
    elif o.triggered or (far - o.px) * side >= 0:
        o.triggered = 1
        take(x, g, leg, shown, worse(far, o.px, side) + side * rules.stop_slip * tick, t)


@njit
def meet_print(x, r, g, leg, t):
    """One order against a print. A stop that it touches takes the next quote, as a market order does."""
    o = x.orders[g * N_LEGS + leg]
    beyond = (o.px - r.px) * o.side
    if o.type == STOP_ORDER:
        if beyond <= 0:
            o.triggered = 1
    elif o.type == LIMIT:
        if beyond > 0:
            take(x, g, leg, r.sz, o.px, t)
        elif beyond == 0 and o.queued and x.rules[0].behind and r.side != o.side:
            eaten = min(o.ahead, r.sz)
            o.ahead -= eaten
            take(x, g, leg, r.sz - eaten, o.px, t)


@njit(inline="always")
def is_met(o, s, r):
    """Tell whether a quote or print may fill or set off an order: a cheap look before the call that does."""
    if r.kind == QUOTE:
        if o.type == MARKET or o.triggered:
            return True
        beyond = ((s.ask if o.side > 0 else s.bid) - o.px) * o.side
    elif o.type == MARKET:
        return False
    else:
        beyond = (r.px - o.px) * o.side
    return beyond >= 0 if o.type == STOP_ORDER else beyond <= 0


@njit(inline="always")
def meet(x, k, r, t):
    """All orders of a contract against a quote or print; stop before target, exits before entry."""
    desk, s, orders, behind = x.desk[0], x.slots[k], x.orders, x.rules[0].behind
    desk.stamp += 1
    for g in range(desk.top):
        b = x.brackets[g]
        if b.ref == 0 or b.slot != k:
            continue
        for leg in (STOP, TARGET, EXIT, ENTRY):
            o = orders[g * N_LEGS + leg]
            if o.qty == 0:
                continue
            if behind and o.type == LIMIT and r.kind == QUOTE:
                follow_queue(s, o)
            if is_met(o, s, r) and (leg != TARGET or orders[g * N_LEGS + STOP].triggered == 0):
                if r.kind == QUOTE:
                    meet_quote(x, s, g, leg, t)
                else:
                    meet_print(x, r, g, leg, t)


@njit(inline="always")
def is_late(s, o, t):
    """Tell whether an order began to work when the bar that is complete at `t` was under way, or may have been."""
    return s.bar_dated == 0 or o.since_ns - s.bar_start_ns > min(GRACE_NS, (t - s.bar_start_ns) // GRACE_SHARE)


@njit
def bar_stop(x, s, g, leg, base, t):
    """One stop against a bar whose price, for it, began at `base`. What was reached before a late one came can only hurt it."""
    o, rules, tick = x.orders[g * N_LEGS + leg], x.rules[0], x.ticks[x.brackets[g].slot]
    reach = s.bar_high if o.side > 0 else s.bar_low
    if o.triggered or (reach - o.px) * o.side >= 0:
        o.triggered = 1
        take(x, g, leg, s.bar_volume, worse(o.px, base, o.side) + o.side * (rules.stop_slip + rules.bar_slip) * tick, t)


@njit
def bar_limit(x, s, g, leg, t):
    """One limit against a bar: only a price beyond it will do, for a late one only the close."""
    o = x.orders[g * N_LEGS + leg]
    reach = s.bar_close if is_late(s, o, t) else s.bar_low if o.side > 0 else s.bar_high
    if (o.px - reach) * o.side > 0:
        take(x, g, leg, s.bar_volume, o.px, t)


@njit
def bar_market(x, s, g, leg, t):
    """One market order against a bar: the worse of its open and the close before it; the worst of the bar for a late one."""
    o, rules, tick = x.orders[g * N_LEGS + leg], x.rules[0], x.ticks[x.brackets[g].slot]
    if is_late(s, o, t):
        px = worse(worse(s.bar_open, s.bar_close, o.side), s.bar_high if o.side > 0 else s.bar_low, o.side)
    else:
        px = worse(s.bar_open, s.last, o.side) if s.has_last else s.bar_open
    take(x, g, leg, s.bar_volume, px + o.side * (rules.market_slip + rules.bar_slip) * tick, t)


@njit
def bar_entry(x, s, g, t):
    """An entry against a bar, and then its stop against the rest of that bar."""
    e, stop = x.orders[g * N_LEGS], x.orders[g * N_LEGS + STOP]
    before, base = e.filled, s.bar_close if is_late(s, e, t) else s.bar_open
    if e.type == MARKET:
        bar_market(x, s, g, ENTRY, t)
    elif e.type == LIMIT:
        bar_limit(x, s, g, ENTRY, t)
    else:
        bar_stop(x, s, g, ENTRY, base, t)
    if e.filled > before and stop.qty > 0:
        if e.type == STOP_ORDER and not is_late(s, e, t):  # it was not in the market at the open
            base = worse(base, e.px, e.side)
        bar_stop(x, s, g, STOP, base, t)


@njit
def meet_bar(x, k, t):
    """All orders of a contract against a complete bar."""
    desk, s = x.desk[0], x.slots[k]
    desk.stamp += 1
    for g in range(desk.top):
        b = x.brackets[g]
        if b.ref == 0 or b.slot != k:
            continue
        j = g * N_LEGS
        if x.orders[j + STOP].qty > 0:
            stop, base = x.orders[j + STOP], s.bar_open
            if is_late(s, stop, t):  # what it was before it grew or moved may have gone off at the open
                base = worse(base, s.bar_close, stop.side)
            bar_stop(x, s, g, STOP, base, t)
        if x.orders[j + TARGET].qty > 0 and x.orders[j + STOP].triggered == 0:
            bar_limit(x, s, g, TARGET, t)
        if x.orders[j + EXIT].qty > 0:
            bar_market(x, s, g, EXIT, t)
        if x.orders[j].qty > 0:
            bar_entry(x, s, g, t)


@njit(inline="always")
def keep_quote(s, r):
    """Remember a quote."""
    s.bid = r.px
    s.bsz = r.sz
    s.ask = r.px2
    s.asz = r.sz2
    s.has = np.int64(r.flags & (BID | ASK))
    s.quoted = 1


@njit
def forget(x, k):
    """Know nothing of a contract's market until its next quote or bar; queues are left at their price, places in them unknown."""
    desk, s = x.desk[0], x.slots[k]
    s.has = 0
    s.has_last = 0
    s.bar_begun = 0
    if s.n_work:
        for g in range(desk.top):
            if x.brackets[g].slot == k:
                for j in range(g * N_LEGS, (g + 1) * N_LEGS):
                    x.orders[j].queued = 0


@njit
def change_phase(x, k, r, t):
    """Open or close a contract. Entries are DAY orders: what is left of them ends with the instrument session."""
    desk, s = x.desk[0], x.slots[k]
    is_over = s.is_open and (r.level <= MAINTENANCE or r.px != s.session)
    s.is_open = np.int64(r.level >= ETH)
    s.session = r.px
    forget(x, k)
    if is_over and s.n_work:
        for g in range(desk.top):
            b = x.brackets[g]
            if b.ref and b.slot == k and x.orders[g * N_LEGS].qty > 0:
                end_entry(x, g, t)
                if held(x, g) == 0:
                    release(x, g)


@njit
def on_bar(x, k, r, t):
    """Put a bar together from its two records and let it meet orders; where there are quotes, bars fill nothing."""
    s = x.slots[k]
    if r.flags >> PROVENANCE_SHIFT & 3 == HISTORY:
        return
    if r.level == 0:
        s.bar_begun = 1
        s.bar_dated = np.int64(r.flags & EVENT_TIME != 0 and r.event_ns < t)  # a bar that starts as it arrives tells no start
        s.bar_start_ns = r.event_ns
        s.bar_open = r.px
        s.bar_high = r.px2
        s.bar_volume = r.sz
    elif s.bar_begun:
        s.bar_begun = 0
        s.bar_low = r.px
        s.bar_close = r.px2
        if s.n_work and s.is_open and s.quoted == 0:
            meet_bar(x, k, t)
        s.last = r.px2
        s.has_last = 1


@njit
def run(recs, i, n, x):
    """Run from record `i`; (next index << STOP_BITS) | Stop."""
    desk, n_ids = x.desk[0], x.rules[0].n_ids
    while i < n:
        r = recs[i]
        t = r.recv_ns
        if desk.arrived != desk.sent:
            arrive(x, t)
        if desk.told != desk.taken and x.reports[desk.taken % x.rules[0].n_reports].due_ns <= t:
            return (i << STOP_BITS) | DUE
        if desk.broken:
            return (i << STOP_BITS) | BROKEN
        i += 1
        desk.now_ns = t
        kind = r.kind
        if kind == 0 or (kind > PRINT and (kind < BAR or kind > PHASE)):
            continue
        k = np.int64(x.slot_of[r.contract]) if r.contract < n_ids else np.int64(-1)
        if k < 0:
            desk.broken = UNKNOWN_CONTRACT
            return (i << STOP_BITS) | BROKEN
        s = x.slots[k]
        if kind <= PRINT:
            if kind == QUOTE:
                keep_quote(s, r)
            if s.n_work and s.is_open:
                meet(x, k, r, t)
        elif kind == BAR:
            on_bar(x, k, r, t)
        elif kind == GAP:
            forget(x, k)
        else:
            change_phase(x, k, r, t)
    return (n << STOP_BITS) | (BROKEN if desk.broken else END)


def _pointer(of):
    return types.CPointer(nb.from_dtype(of) if isinstance(of, np.dtype) else of)


_TABLES = (RULES, types.int64, types.int32, DESK, BRACKET, ORDER, REPORT, COMMAND, SLOT)


@cfunc(types.int64(_pointer(RECORD), types.int64, types.int64, *(_pointer(of) for of in _TABLES)), cache=True)
def run_c(recs, i, n, rules, ticks, slot_of, desk, brackets, orders, reports, commands, slots):
    """`run` for callers with raw addresses."""
    size = carray(rules, 1)[0]
    floor = Floor(
        carray(rules, 1),
        carray(ticks, size.n_slots),
        carray(slot_of, size.n_ids),
        carray(desk, 1),
        carray(brackets, size.n_brackets),
        carray(orders, size.n_brackets * N_LEGS),
        carray(reports, size.n_reports),
        carray(commands, size.n_commands),
        carray(slots, size.n_slots),
    )
    return run(carray(recs, n), i, n, floor)
