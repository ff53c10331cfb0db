"""Looked at at every barrier for the limits' sake: how markets move, and which limit the state itself breaks. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from workbench.domain.bars import BAR_AT, BROKEN
from workbench.domain.decisions import TradingState, ViolationSeen
from workbench.domain.records import ASK, BID
from workbench.domain.units import MICROS, MINUTE, SECOND
from workbench.engine.desk import Desk
from workbench.engine.exposure import exposure, likeness, notional_micros
from workbench.engine.memory import Place
from workbench.engine.money import day_loss, look_at_books
from workbench.execution.bracket import Bracket
from workbench.risk.standing import INF
from workbench.risk.tally import Lock
from workbench.risk.violations import Found, Kind, over

_END, _HAS, _BID, _ASK, _FLAGS = (BAR_AT[name] for name in ("t_end", "has", "bid", "ask", "flags"))
TRUE_RANGE: Final = "range_1m"  # features that tell of bursts, in points
AVERAGE_RANGE: Final = "atr_14_1m"


def observe(desk: Desk, now_ns: int) -> None:
    """Take a barrier: markets first, then what is broken."""
    seen = desk.memory.tally.violations
    if desk.is_new_day:
        _begin_day(desk)
    if desk.sees_markets:
        _see_markets(desk, now_ns)
    loss, most = desk.loss if desk.loss is not None and not desk.is_stirred else day_loss(desk)
    if desk.is_stirred:
        desk.books = look_at_books(desk)
    if desk.is_stirred or desk.sees_markets:
        desk.broken, desk.is_stirred = over(_measured(desk)), False
    if not loss <= most:
        _note(desk, [(Kind.DAILY_LOSS, loss, most), *desk.broken], now_ns)
    elif desk.broken or seen.broken or seen.times_ns:
        _note(desk, desk.broken, now_ns)


def _begin_day(desk: Desk) -> None:
    """Take that the account's day may be another one: fees of brackets from before it are none of its."""
    day, tally = desk.ledger.day(desk.setup.account).day, desk.memory.tally
    if tally.day != day:
        tally.day, tally.first_ref = day, min(desk.memory.book.open, default=desk.memory.book.next_ref)
    desk.is_new_day, desk.is_stirred = False, True


def _note(desk: Desk, broken: list[Found], now_ns: int) -> None:
    """Tell what has just broken, and halt where too much did."""
    risk, seen = desk.setup.law.risk, desk.memory.tally.violations
    new = seen.note(broken, now_ns, round(risk.violation_window_s * SECOND))
    desk.facts.extend(ViolationSeen(kind.value, value, threshold) for kind, value, threshold in new)
    if new and len(seen.times_ns) >= risk.max_violations:
        why = f"{len(seen.times_ns)} violations within {risk.violation_window_s:g} s"
        seen.forgive()  # they have had their answer: who resumes begins to count anew
        desk.breaker.trip(why, TradingState.HALTED, desk.facts, latched=True)


# ---------------------------------------------------------------------- markets
def _see_markets(desk: Desk, now_ns: int) -> None:
    law, ends = desk.setup.law, [place.cells[_END] for place in desk.places.values()]
    end = max(ends)
    is_minute = end % MINUTE == 0
    for place, at in zip(desk.places.values(), ends, strict=True):
        if at:
            _see_market(desk, place, is_minute, now_ns)
    moves = desk.memory.tally.moves
    if is_minute and law.risk.max_correlation < 1 and end // MINUTE != moves.minute:
        if moves.ids != list(desk.places):
            moves.begin(list(desk.places))
        keep = 0.5 ** (MINUTE / SECOND / law.risk.correlation_halflife_s)
        moves.update([_mid2(place) if at else 0 for place, at in zip(desk.places.values(), ends, strict=True)], keep=keep)
        moves.minute = end // MINUTE


def _see_market(desk: Desk, place: Place, is_minute: bool, now_ns: int) -> None:
    """See a bar of one contract: its spread each time, its range each minute, unless it was just opened."""
    law, locks, view = desk.setup.law.sessions, desk.memory.tally.locks, place.view
    lock = locks.get(place.contract.id)
    if lock is None:
        lock = locks[place.contract.id] = Lock()
    if _mid2(place):
        lock.see_a_spread((place.cells[_ASK] - place.cells[_BID]) / place.contract.tick, law, now_ns=now_ns)
    if is_minute and TRUE_RANGE in view and AVERAGE_RANGE in view:
        now, average = view[TRUE_RANGE], view[AVERAGE_RANGE]
        if now is not None and average is not None:
            lock.see_a_minute(now, average, law, now_ns=now_ns)


def _mid2(place: Place) -> int:
    """Give twice the mid of a contract's last bar; 0 where it is one-sided, broken, or not above 0."""
    cells = place.cells
    return max(0, cells[_BID] + cells[_ASK]) if cells[_HAS] == BID | ASK and not cells[_FLAGS] & BROKEN else 0


# ---------------------------------------------------------------------- what is broken
def _measured(desk: Desk) -> Iterator[Found]:
    """Measure books and orders, with no order in mind; what is not known breaks nothing here: it lets nothing in (`risk.limits`)."""
    mine = [b for b in desk.supervisor.brackets() if b.key.account == desk.setup.account]
    if not mine:
        return
    risk, data = desk.setup.law.risk, desk.setup.law.data
    yield Kind.POSITION_SIZE, sum(abs(b.open) + b.rest for b in mine), risk.max_contracts_per_account
    yield Kind.ORDER_NOTIONAL, max(notional_micros(desk, b) for b in mine) / MICROS, risk.max_notional_usd
    entered = desk.ledger.day(desk.setup.account).entered_micros
    yield Kind.DAILY_NOTIONAL, entered / MICROS, risk.max_notional_per_day_usd or INF
    if risk.max_correlation < 1 and len(mine) > 1:
        yield Kind.CORRELATION, max(_signed(desk, one, other) for one, other in combinations(mine, 2)), risk.max_correlation
    traded = [desk.memory.markets.get(b.key.contract, (None, None)) for b in mine if b.open]
    for kind, least, known in ((Kind.OPEN_INTEREST, data.min_open_interest, 0), (Kind.VOLUME, data.min_volume, 1)):
        has = [there for each in traded if (there := each[known]) is not None]
        yield kind, least - min(has, default=least), 0 if least else INF
    equity = desk.ledger.equity(desk.setup.account)
    if equity is not None:
        yield from _of_equity(desk, mine, max(1, equity))


def _of_equity(desk: Desk, mine: list[Bracket], equity: int) -> Iterator[Found]:
    risk, bound = desk.setup.law.risk, exposure(desk, mine)
    held = [(b, abs(b.open) + b.rest) for b in mine]
    yield Kind.PORTFOLIO_HEAT, sum(b.risk_micros * qty // b.qty for b, qty in held) / equity, risk.max_heat_frac
    yield Kind.LEVERAGE, bound.notional_micros / equity, risk.max_leverage or INF
    yield Kind.GROUP_EXPOSURE, max(bound.by_group.values()) / equity, risk.max_group_leverage or INF
    margin = sum(desk.places[b.key.contract].terms.margin(qty, b.stop_px) for b, qty in held)
    yield Kind.MARGIN, margin / equity, 1


def _signed(desk: Desk, one: Bracket, other: Bracket) -> float:
    known = likeness(desk, one.key.contract, other.key.contract)
    return -INF if known is None else one.side * other.side * known
