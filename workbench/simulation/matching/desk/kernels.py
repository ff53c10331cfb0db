"""The order desk, compiled: commands arrive, orders fill and end, reports leave. Integers only; it sees quotes, never a record.

The other half, records meeting orders, is `matching.kernels`, which compiles and caches both.
"""

from __future__ import annotations

from typing import NamedTuple

from numba import njit

from workbench.domain.orders import Leg, OrderType
from workbench.domain.records import ASK, BID
from workbench.simulation.matching.state import N_LEGS, Broken, Do, Tell, Why

ENTRY, STOP, TARGET, EXIT = (int(leg) for leg in Leg)
MARKET, LIMIT, STOP_ORDER = (int(t) for t in OrderType)
SUBMIT, MODIFY, CANCEL, EXIT_NOW, PROTECT, REPRICE = (int(d) for d in Do)
ACCEPTED, FILLED, CANCELLED, REJECTED = (int(t) for t in Tell)
OFF_TICK, MALFORMED, UNKNOWN_ORDER = (int(w) for w in Why)
REPORTS_FULL, BRACKETS_FULL = int(Broken.REPORTS_FULL), int(Broken.BRACKETS_FULL)


class Floor(NamedTuple):
    """The arrays of one exchange."""

    rules: object
    ticks: object  # order increment of each slot, in quanta
    slot_of: object
    desk: object
    brackets: object
    orders: object
    reports: object
    commands: object
    slots: object


@njit
def tell(x, t, kind, g, leg, qty, px):
    """Put a report under way at time `t`; dues never fall."""
    desk, b, o = x.desk[0], x.brackets[g], x.orders[g * N_LEGS + leg]
    tell_of(x, t, kind, b.ref, b.slot, leg, qty, px)
    if desk.broken == 0:
        report = x.reports[(desk.told - 1) % x.rules[0].n_reports]
        report.nth = o.n_fills
        report.before = o.filled - qty


@njit
def tell_of(x, t, kind, ref, slot, leg, qty, px):
    """Put a report under way that may be on nothing in the tables."""
    desk, rules = x.desk[0], x.rules[0]
    if desk.told - desk.taken >= rules.n_reports:
        desk.broken = REPORTS_FULL
        return
    report = x.reports[desk.told % rules.n_reports]
    report.due_ns = max(desk.last_due_ns, t + rules.report_ns)
    report.kind = kind
    report.ref = ref
    report.leg = leg
    report.slot = slot
    report.qty = qty
    report.px = px
    desk.last_due_ns = report.due_ns
    desk.told += 1


@njit
def release(x, g):
    """Forget a bracket that is over. What it took from this record stays counted until the row is used again."""
    desk, b = x.desk[0], x.brackets[g]
    x.slots[b.slot].n_work -= 1
    b.ref = 0
    desk.n_used -= 1
    for j in range(g * N_LEGS, (g + 1) * N_LEGS):
        x.orders[j].qty = 0
    while desk.top > 0 and x.brackets[desk.top - 1].ref == 0:
        desk.top -= 1


@njit
def held(x, g):
    """Position of a bracket, without its sign."""
    j = g * N_LEGS
    return x.orders[j].filled - x.orders[j + STOP].filled - x.orders[j + TARGET].filled - x.orders[j + EXIT].filled


@njit
def end_entry(x, g, t):
    """Cancel what is left of an entry."""
    e = x.orders[g * N_LEGS]
    if e.qty > 0:
        tell(x, t, CANCELLED, g, ENTRY, e.qty, e.px)
        e.qty = 0


@njit
def end_children(x, g, t):
    """Cancel stop and target: all of them that was accepted and did not fill."""
    for leg in range(STOP, EXIT):
        o = x.orders[g * N_LEGS + leg]
        if o.total > o.filled:
            tell(x, t, CANCELLED, g, leg, o.total - o.filled, o.px)
        o.qty = 0
        o.total = o.filled


@njit
def end_exits(x, g, t):
    """Cancel stop, target and exit; what fills of the entry later is covered anew."""
    out = x.orders[g * N_LEGS + EXIT]
    end_children(x, g, t)
    x.orders[g * N_LEGS + STOP].triggered = 0
    if out.qty > 0:
        tell(x, t, CANCELLED, g, EXIT, out.qty, out.px)
        out.qty = 0
        out.total = out.filled


@njit
def fill(x, g, leg, n, px, t):
    """Book an execution, and let the other legs follow: children grow with the entry, and shrink one for one with an exit."""
    b, o = x.brackets[g], x.orders[g * N_LEGS + leg]
    if b.stamp != x.desk[0].stamp:
        b.stamp = x.desk[0].stamp
        b.bought = 0
        b.sold = 0
    if o.side > 0:
        b.bought += n
    else:
        b.sold += n
    o.qty -= n
    o.filled += n
    o.n_fills += 1
    tell(x, t, FILLED, g, leg, n, px)
    if leg == ENTRY:
        for child in range(STOP, EXIT):
            c = x.orders[g * N_LEGS + child]
            c.qty += n
            c.total += n
            c.since_ns = t
            c.queued = 0  # an order that grows goes to the end of the queue
            tell(x, t, ACCEPTED, g, child, c.qty, c.px)
            look(x, x.slots[b.slot], c)
        return
    for child in range(STOP, EXIT):
        if child != leg and leg != EXIT:
            x.orders[g * N_LEGS + child].qty -= n
    end_entry(x, g, t)  # a bracket that has begun to leave does not enter again
    if held(x, g) == 0:
        end_children(x, g, t)
        release(x, g)


@njit
def look(x, s, o):
    """Compare an order that starts or moves with the quote that stands: a stop may go off, a limit joins its queue."""
    if s.is_open == 0:
        return
    if o.type == LIMIT:
        if x.rules[0].behind:
            follow_queue(s, o)
    elif o.type == STOP_ORDER and s.has & (ASK if o.side > 0 else BID):
        far = s.ask if o.side > 0 else s.bid
        if (far - o.px) * o.side >= 0:
            o.triggered = 1


@njit
def follow_queue(s, o):
    """Keep the size ahead of a resting limit: what is shown when it joins, and never more than what is shown later."""
    if not s.has & (BID if o.side > 0 else ASK):
        return
    near = s.bid if o.side > 0 else s.ask
    shown = s.bsz if o.side > 0 else s.asz
    if near == o.px:
        o.ahead = min(o.ahead, shown) if o.queued else shown
        o.queued = 1
    elif (o.px - near) * o.side > 0:  # alone at a better price than anybody shows
        o.ahead = 0
        o.queued = 1


@njit
def find(x, ref):
    """Row of a bracket, -1 when it is over or was never here."""
    for g in range(x.desk[0].top):
        if x.brackets[g].ref == ref:
            return g
    return -1


@njit
def set_order(o, type_, side, px, qty, t):
    """Write an order that has not filled."""
    o.type = type_
    o.side = side
    o.px = px
    o.qty = qty
    o.total = qty
    o.filled = 0
    o.n_fills = 0
    o.triggered = 0
    o.ahead = 0
    o.queued = 0
    o.since_ns = t


@njit
def submit(x, c, t):
    """A bracket arrives: reject it, or let its entry work from the next record on."""
    desk, tick = x.desk[0], x.ticks[c.slot]
    desk.highest_ref = max(desk.highest_ref, c.ref)
    if c.qty <= 0 or (c.side != 1 and c.side != -1):
        return tell_of(x, t, REJECTED, c.ref, c.slot, ENTRY, MALFORMED, 0)
    if c.stop_px % tick or c.target_px % tick or (c.type != MARKET and c.entry_px % tick):
        return tell_of(x, t, REJECTED, c.ref, c.slot, ENTRY, OFF_TICK, 0)
    g = 0
    while g < x.rules[0].n_brackets and x.brackets[g].ref:
        g += 1
    if g == x.rules[0].n_brackets:
        desk.broken = BRACKETS_FULL
        return None
    b, j = x.brackets[g], g * N_LEGS
    b.ref = c.ref
    b.slot = c.slot
    b.account = c.account
    b.stamp = 0
    desk.n_used += 1
    desk.top = max(desk.top, g + 1)
    x.slots[c.slot].n_work += 1
    set_order(x.orders[j], c.type, c.side, c.entry_px, c.qty, t)
    set_order(x.orders[j + STOP], STOP_ORDER, -c.side, c.stop_px, 0, t)
    set_order(x.orders[j + TARGET], LIMIT, -c.side, c.target_px, 0, t)
    set_order(x.orders[j + EXIT], MARKET, -c.side, c.stop_px, 0, t)
    tell(x, t, ACCEPTED, g, ENTRY, c.qty, c.entry_px)
    look(x, x.slots[c.slot], x.orders[j])
    return None


@njit
def modify(x, g, c, t):
    """Move a stop that has not gone off; one that is held for its entry moves in silence."""
    b, stop = x.brackets[g], x.orders[g * N_LEGS + STOP]
    if stop.triggered or x.orders[g * N_LEGS + EXIT].qty > 0:
        return
    if c.stop_px % x.ticks[b.slot]:
        tell(x, t, REJECTED, g, STOP, OFF_TICK, 0)
    else:
        stop.px = c.stop_px
        stop.since_ns = t
    if stop.qty > 0:
        tell(x, t, ACCEPTED, g, STOP, stop.qty, stop.px)
        look(x, x.slots[b.slot], stop)


@njit
def protect(x, g, c, t):
    """Let stop and target stand over as much as is held and was asked for; a stop that has gone off goes on as it is.

    Over nothing no exit may stand, whether it has gone off or not.
    """
    b, j, tick = x.brackets[g], g * N_LEGS, x.ticks[x.brackets[g].slot]
    stop, n = x.orders[j + STOP], min(c.qty, held(x, g))
    if c.qty <= 0:
        end_exits(x, g, t)
        return
    if stop.triggered or x.orders[j + EXIT].qty > 0 or n <= 0:
        return
    if c.stop_px % tick or c.target_px % tick:
        tell(x, t, REJECTED, g, STOP, OFF_TICK, 0)
    for leg in range(STOP, EXIT):
        o, px = x.orders[j + leg], c.stop_px if leg == STOP else c.target_px
        if c.stop_px % tick == 0 and c.target_px % tick == 0:
            if o.qty != n or o.px != px:  # what stands as it should keeps its place
                o.since_ns = t
                o.queued = 0
            o.px = px
            o.qty = n
            o.total = o.filled + n
        if o.qty > 0:
            tell(x, t, ACCEPTED, g, leg, o.qty, o.px)
            look(x, x.slots[b.slot], o)


@njit
def reprice(x, g, c, t):
    """Move the limit of an entry that rests; whatever came of it, say where it stands."""
    e = x.orders[g * N_LEGS]
    if e.qty <= 0 or e.type != LIMIT:
        return
    if c.entry_px % x.ticks[x.brackets[g].slot] == 0 and c.entry_px != e.px:
        e.px = c.entry_px
        e.since_ns = t
        e.queued = 0
        look(x, x.slots[x.brackets[g].slot], e)
    tell(x, t, ACCEPTED, g, ENTRY, e.total, e.px)


@njit
def leave(x, g, t):
    """Cancel everything that works, then close what is open at market."""
    out = x.orders[g * N_LEGS + EXIT]
    if out.qty > 0:
        return
    end_entry(x, g, t)
    end_children(x, g, t)
    n = held(x, g)
    if n == 0:
        release(x, g)
        return
    out.qty = n
    out.total = n
    out.since_ns = t
    tell(x, t, ACCEPTED, g, EXIT, n, out.px)


@njit(cache=True)  # so that this file has an entry in the cache of its own, by which `make` knows that it is warm
def arrive(x, t):
    """Let the commands whose way is over before `t` take effect, each at its own time."""
    desk, rules = x.desk[0], x.rules[0]
    while desk.arrived < desk.sent and x.commands[desk.arrived % rules.n_commands].due_ns < t:
        c = x.commands[desk.arrived % rules.n_commands]
        desk.arrived += 1
        if c.kind == SUBMIT:
            submit(x, c, c.due_ns)
            continue
        g = find(x, c.ref)
        if g < 0:
            if c.ref > desk.highest_ref:
                leg = ENTRY if c.kind == CANCEL or c.kind == REPRICE else EXIT if c.kind == EXIT_NOW else STOP
                tell_of(x, c.due_ns, REJECTED, c.ref, c.slot, leg, UNKNOWN_ORDER, 0)
        elif c.kind == MODIFY:
            modify(x, g, c, c.due_ns)
        elif c.kind == PROTECT:
            protect(x, g, c, c.due_ns)
        elif c.kind == REPRICE:
            reprice(x, g, c, c.due_ns)
        elif c.kind == CANCEL:
            end_entry(x, g, c.due_ns)
            if held(x, g) == 0:
                release(x, g)
        else:
            leave(x, g, c.due_ns)
