"""Seen to at every barrier: day, loss limit, time to live, close, exits, the strategy's own wish. No I/O, no clock."""

from __future__ import annotations

from workbench.domain.bars import BAR_AT, OPENED
from workbench.domain.decisions import ExitWish, TradingState
from workbench.domain.orders import AnyCommand, Cause
from workbench.engine.desk import CONNECTION, Desk
from workbench.engine.memory import Place
from workbench.engine.money import watch_the_day
from workbench.engine.quarantine import Told, asked_about
from workbench.execution.bracket import Bracket
from workbench.execution.exits import why_leave
from workbench.execution.lifecycle import Phase

_QUALITY, _FLAGS = BAR_AT["quality"], BAR_AT["flags"]


def manage(desk: Desk, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """See to every bracket."""
    desk.begin_day(now_ns)
    _watch_positions(desk, now_ns)
    commands: list[AnyCommand] = []
    if not desk.memory.book.open:
        return commands
    watch_the_day(desk)
    halted = desk.breaker.state is TradingState.HALTED
    for bracket in list(desk.supervisor.brackets()):
        command = _see_to(desk, bracket, now_ns, cause, halted)
        if command is not None:
            commands.append(command)
    if commands:
        desk.issue(commands)
    return commands


def _see_to(desk: Desk, b: Bracket, now_ns: int, cause: Cause, halted: bool) -> AnyCommand | None:
    _watch_silence(desk, b, now_ns)
    is_due = b.rest and (halted or now_ns - b.sent_ns >= desk.ttl_ns)
    if b.open <= 0:
        return desk.supervisor.withdraw(b, now_ns, cause) if is_due else None
    place = desk.places[b.key.contract]
    why = _why_leave(desk, b, place, now_ns)
    if why is None and is_due and (cancel := desk.supervisor.withdraw(b, now_ns, cause)) is not None:
        return cancel
    if why is None and (strategy := desk.strategies.get(b.key.strategy)) is not None:
        wish = asked_about(strategy, place.view, desk.position(b))
        if isinstance(wish, Told):
            desk.put_out("strategy", b.key.strategy, b.key.contract, wish)
        elif isinstance(wish, ExitWish):
            why = wish.why
        elif wish is not None:
            desk.forget_view(b.ref)
            tick = place.contract.tick  # the losing side of the grid
            return desk.supervisor.move_stop(b, b.side * (b.side * wish.stop_px // tick) * tick, now_ns, cause)
    return desk.supervisor.leave(b, why, now_ns, cause, desk.facts) if why else None


def _why_leave(desk: Desk, b: Bracket, place: Place, now_ns: int) -> str | None:
    """Say why a position must end now, whatever its strategy thinks."""
    if b.leaving:
        return b.leaving
    if desk.breaker.must_flatten:
        return "halted"
    if b.phase is Phase.EXPOSED and now_ns - b.since_ns >= desk.cover_ns:
        return "uncovered"
    to_close = desk.ns_to_close(b.key.contract, now_ns) if place.closes else None
    if to_close is not None and to_close <= desk.flat_ns:
        return "close"
    if place.cells[_QUALITY] < desk.hold_quality and not place.cells[_FLAGS] & OPENED:  # every opening is broken
        return "quality"
    return why_leave(place.view, b)


def _watch_silence(desk: Desk, b: Bracket, now_ns: int) -> None:
    """An order or exit nobody answers is unknown, not dead: halt and let a person look. A venue that is away is silent about all."""
    if b.is_unknown and CONNECTION not in desk.breaker.causes and now_ns - b.since_ns >= desk.answer_ns:
        desk.breaker.trip(f"no answer about bracket {b.ref}", TradingState.HALTED, desk.facts, latched=True)


def _watch_positions(desk: Desk, now_ns: int) -> None:
    """Halt when the broker holds something else than we believe, for longer than an answer may take. One that is away has no word."""
    referee = desk.memory.referee
    if not referee.positions:
        return
    if CONNECTION in desk.breaker.causes:
        referee.pause()
    elif (wrong := referee.judge(desk.own, now_ns=now_ns, limit_ns=desk.answer_ns)) is not None:
        desk.breaker.trip(wrong, TradingState.HALTED, desk.facts, latched=True)
