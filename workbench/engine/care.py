"""Seen to at every barrier: day, loss limit, time to live, exits, the strategy's own wish, a stop that follows. No I/O, no clock.

Why a position is left, whatever its strategy thinks, the first that holds (`_why_leave`)
-----------------------------------------------------------------------------------------
being left already; a halt that flattens; no confirmed stop for too long while the venue is there; its session ends and its horizon does
not reach beyond; data not worth holding on; execution not worth holding on; its minute's range is a multiple of what it was at the entry;
time; thesis.
"""

from __future__ import annotations

from workbench.domain.bars import BAR_AT, OPENED
from workbench.domain.chase import Chase
from workbench.domain.decisions import ExitWish, TradingState
from workbench.domain.orders import AnyCommand, Cause
from workbench.engine.desk import CONNECTION, Desk
from workbench.engine.memory import Place
from workbench.engine.money import watch_the_day
from workbench.engine.quarantine import Told, asked_about
from workbench.engine.repairs import at_barrier
from workbench.engine.scoring import fill_shadows
from workbench.engine.watching import follow, leavable_at, may_change
from workbench.execution.bracket import Bracket
from workbench.execution.chasing import next_limit
from workbench.execution.exits import days_between, is_wild, range_of, why_at_close, why_leave
from workbench.execution.lifecycle import Phase

_EXPOSED, _PROTECTED, _HALTED = Phase.EXPOSED, Phase.PROTECTED, TradingState.HALTED  # a name is found faster than the member of an enum
_QUALITY, _FLAGS, _SESSION, _T_END = (BAR_AT[name] for name in ("quality", "flags", "session", "t_end"))


def manage(desk: Desk, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """See to every bracket."""
    desk.begin_day(now_ns)
    desk.loss = None
    if desk.memory.referee.positions:
        _watch_positions(desk, now_ns)
    commands: list[AnyCommand] = []
    if desk.memory.care.shadows:
        fill_shadows(desk, now_ns)
    if not desk.memory.book.open:
        return commands
    watch_the_day(desk)
    halted = desk.breaker.state is _HALTED
    for bracket in list(desk.memory.book.open.values()):
        command = _see_to(desk, bracket, now_ns, cause, halted)
        if command is not None:
            commands.append(command)
    if commands:
        desk.issue(commands)
    return commands


def _see_to(desk: Desk, b: Bracket, now_ns: int, cause: Cause, halted: bool) -> AnyCommand | None:
    if b.phase is not _PROTECTED and b.is_unknown:
        _watch_silence(desk, b, now_ns)
    held, is_due = b.held, b.rest and (halted or now_ns - b.sent_ns >= desk.ttl_ns or _is_unfit(desk, b))
    if held <= 0:
        gone = (desk.supervisor.withdraw(b, now_ns, cause) if is_due else None) or _withdraw_again(desk, b, now_ns, cause)
        return gone or (None if b.chase is None else _chase(desk, b, b.chase, now_ns, cause))
    place = desk.places[b.key.contract]
    why = _why_leave(desk, b, place, now_ns)
    if why is None and is_due and (cancel := desk.supervisor.withdraw(b, now_ns, cause)) is not None:
        return cancel
    if why is None and b.cancelling and (again := _withdraw_again(desk, b, now_ns, cause)) is not None:
        return again
    if why is None and (b.covered != held or b.wrong_ns is not None) and (mending := at_barrier(desk, b, now_ns, cause)) is not None:
        return mending
    if why is None and (strategy := desk.strategies.get(b.key.strategy)) is not None:
        wish = asked_about(strategy, place.view, desk.position(b))
        if wish is None:
            return _follow(desk, b, place, now_ns, cause) if desk.follows or desk.is_stirred else None
        if isinstance(wish, Told):
            desk.put_out("strategy", b.key.strategy, b.key.contract, wish)
        elif isinstance(wish, ExitWish):
            why = wish.why
        elif may_change(desk, now_ns):
            desk.forget_view(b.ref)
            tick = place.contract.tick  # the losing side of the grid
            moved = desk.supervisor.move_stop(b, b.side * (b.side * wish.stop_px // tick) * tick, now_ns, cause)
            if moved is not None:
                return moved
    if why is None:
        return _follow(desk, b, place, now_ns, cause)
    return _leave(desk, b, place, why, now_ns, cause) or at_barrier(desk, b, now_ns, cause)


def _chase(desk: Desk, b: Bracket, chase: Chase, now_ns: int, cause: Cause) -> AnyCommand | None:
    """Let an entry that rests follow the market; not where less risk is wanted, nobody answers, others are in it, or no price is known."""
    is_due = now_ns - (b.changed_ns or b.sent_ns) >= chase.after_ns and not desk.memory.referee.is_foreign(b.key.contract)
    if not is_due or desk.breaker.state is not TradingState.ACTIVE or CONNECTION in desk.breaker.causes or not may_change(desk, now_ns):
        return None
    place = desk.places[b.key.contract]
    far_px = leavable_at(place, -b.side) if place.cells[_T_END] else None  # a closed market has none
    px = None if far_px is None else next_limit(b.side, b.entry_px, chase, far_px, place.contract.tick)
    return None if px is None else desk.supervisor.reprice(b, px, now_ns, cause)


def _follow(desk: Desk, b: Bracket, place: Place, now_ns: int, cause: Cause) -> AnyCommand | None:
    """Let a stop that follows catch up with the last bar, where no watch did."""
    tended = desk.memory.care.tended.get(b.ref)
    if tended is None or tended.trail is None or (px := leavable_at(place, b.side)) is None:
        return None
    return follow(desk, b, tended.trail, px, now_ns, cause)


def _leave(desk: Desk, b: Bracket, place: Place, why: str, now_ns: int, cause: Cause) -> AnyCommand | None:
    """Leave, and remember what the market could be left at when that was decided."""
    command = desk.supervisor.leave(b, why, now_ns, cause, desk.facts)
    if command is not None and (tended := desk.memory.care.tended.get(b.ref)) is not None:
        tended.exit_px = leavable_at(place, b.side)
    return command


def _is_unfit(desk: Desk, b: Bracket) -> bool:
    """Tell whether no new risk may come of an entry that works: data worth nothing, or execution not worth holding on."""
    law, cells = desk.setup.law, desk.places[b.key.contract].cells
    is_blind = cells[_QUALITY] < round(law.data.kill_quality * 1000) and not cells[_FLAGS] & OPENED
    return is_blind or desk.memory.quality.value(b.key.contract) < law.execution.eqs_hold


def _why_leave(desk: Desk, b: Bracket, place: Place, now_ns: int) -> str | None:
    """Say why a position must end now, whatever its strategy thinks."""
    if b.leaving:
        return b.leaving
    if desk.breaker.flattening:
        return "halted"
    if b.phase is _EXPOSED and now_ns - b.since_ns >= desk.cover_ns and CONNECTION not in desk.breaker.causes:
        return "uncovered"
    is_near = place.closes and now_ns >= desk.open_until_ns.get(b.key.contract, 0)
    if is_near and (why := _why_at_close(desk, b, place, now_ns)) is not None:
        return why
    if place.cells[_QUALITY] < desk.hold_quality and not place.cells[_FLAGS] & OPENED:  # every opening is broken
        return "quality"
    at = desk.setup.law.execution
    if at.eqs_kill and desk.memory.quality.value(b.key.contract) < at.eqs_kill:
        return "execution quality"
    tended = desk.memory.care.tended.get(b.ref) if at.volatility_exit and b.opened_ns else None
    if tended is not None and is_wild(range_of(place.view), tended.atr, at.volatility_exit):
        return "volatility"
    return why_leave(place.view, b)


def _why_at_close(desk: Desk, b: Bracket, place: Place, now_ns: int) -> str | None:
    """Say why a position must not stay beyond its instrument session, once that is about to end."""
    contract = b.key.contract
    to_close = desk.ns_to_close(contract, now_ns)
    if to_close is None or to_close > desk.flat_ns:
        desk.open_until_ns[contract] = now_ns + (to_close - desk.flat_ns if to_close is not None else 0)
        return None
    law, end_ns = desk.setup.law, now_ns + to_close
    to_next = desk.ns_to_close(contract, end_ns)
    days = days_between(place.cells[_SESSION], place.contract.expiry)
    return why_at_close(law.horizon_of(b.key.strategy), night_ns=to_next, days_left=days, cutoff_days=law.sessions.roll_cutoff_days)


def _withdraw_again(desk: Desk, b: Bracket, now_ns: int, cause: Cause) -> AnyCommand | None:
    """Say a withdrawal again that nobody answers, once; then an entry that may still fill is a matter for a person."""
    if not b.cancelling or CONNECTION in desk.breaker.causes or not desk.places[b.key.contract].cells[_T_END]:
        return None  # who is away, or closed, cannot answer
    if (again := desk.supervisor.withdraw_again(b, now_ns, cause, after_ns=desk.answer_ns)) is not None:
        return again
    if b.rest and now_ns - b.withdrawn_ns >= desk.answer_ns:
        desk.breaker.trip(f"no answer about the entry of bracket {b.ref}, withdrawn", TradingState.HALTED, desk.facts, latched=True)
    return None


def _watch_silence(desk: Desk, b: Bracket, now_ns: int) -> None:
    """An order or exit nobody answers is unknown, not dead: halt and let a person look. A venue that is away is silent about all."""
    if CONNECTION not in desk.breaker.causes and now_ns - b.since_ns >= desk.answer_ns:
        desk.breaker.trip(f"no answer about bracket {b.ref}", TradingState.HALTED, desk.facts, latched=True)


def _watch_positions(desk: Desk, now_ns: int) -> None:
    """Halt when the broker holds something else than we believe, for longer than an answer may take. One that is away has no word."""
    referee = desk.memory.referee
    if CONNECTION in desk.breaker.causes:
        referee.pause()
    elif (wrong := referee.judge(desk.own, now_ns=now_ns, limit_ns=desk.answer_ns)) is not None:
        desk.breaker.trip(wrong, TradingState.HALTED, desk.facts, latched=True)
