"""The market's watches on behalf of brackets: which levels wait, and what a stop does when the market touches one. No I/O, no clock.

Rules
-----
1. A protected position has at most two: its breakeven price, and the price at which a stop that follows moves next.
2. A stop moves on the exact record that touched; barriers look once more, for what a full table, a budget or an answer under way held up.
3. A stop that follows waits until the venue has confirmed its last move, and moves a few times a minute at most: so often that the order
   rate of the law holds. Without a move left no watch waits: the next barrier that has one sets it.
4. Stops only come closer; the supervisor sees to it.
"""

from __future__ import annotations

from bisect import bisect_right

from workbench.domain.bars import BAR_AT, PRICED
from workbench.domain.decisions import At, WatchRefused
from workbench.domain.orders import AnyCommand, Cause, Modify
from workbench.domain.records import ASK, BID
from workbench.domain.units import MINUTE
from workbench.engine.desk import Desk
from workbench.engine.memory import Place
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import Phase
from workbench.execution.tended import MOVES_KEPT, Trail
from workbench.execution.trailing import MOVES_A_MINUTE, next_level, stop_behind
from workbench.market.fold import Market
from workbench.market.state import WatchOn

_HAS, _BID, _ASK, _CLOSE, _FLAGS = (BAR_AT[name] for name in ("has", "bid", "ask", "close", "flags"))
_OVER = (Phase.CLOSED, Phase.VOID, Phase.CLOSING)


def leavable_at(place: Place, side: int) -> int | None:
    """Give the price a position could be left at as of the last bar, in quanta; `None` while nobody says one."""
    cells = place.cells
    if place.is_quoted:
        return cells[_BID if side > 0 else _ASK] if cells[_HAS] & (BID if side > 0 else ASK) else None
    return cells[_CLOSE] if cells[_FLAGS] & PRICED else None


def keep(desk: Desk, market: Market, b: Bracket, now_ns: int) -> None:
    """Set the watches a bracket should have, and free those it should not."""
    slot = desk.slot[b.key.contract]
    if b.phase is Phase.PROTECTED and b.breakeven_px is not None and b.watch is None:
        b.watch = market.set_watch(slot, WatchOn.BID if b.side > 0 else WatchOn.ASK, b.breakeven_px, b.side)
        if b.watch is None:
            desk.facts.append(WatchRefused(b.ref, b.breakeven_px))
            b.breakeven_px = None
    elif b.phase in _OVER and b.watch is not None:
        market.clear_watch(slot, b.watch)
        b.watch = None
    tended = desk.memory.care.tended.get(b.ref)
    if tended is not None and tended.trail is not None:
        _keep_trail(desk, market, b, tended.trail, now_ns)


def _keep_trail(desk: Desk, market: Market, b: Bracket, trail: Trail, now_ns: int) -> None:
    place, slot = desk.places[b.key.contract], desk.slot[b.key.contract]
    waits = b.phase is Phase.PROTECTED and b.open > 0 and trail.is_watched and _has_room(desk, trail, now_ns) and not _is_moving(b)
    level = next_level(b.side, b.stop_px, trail.away_px, trail.from_px, place.contract.tick)
    if trail.watch is not None and (not waits or trail.level_px != level):
        market.clear_watch(slot, trail.watch)
        trail.watch = None
    if waits and trail.watch is None:
        on = (WatchOn.BID if b.side > 0 else WatchOn.ASK) if place.is_quoted else WatchOn.PRINT
        trail.watch, trail.level_px = market.set_watch(slot, on, level, b.side), level
        if trail.watch is None:
            trail.is_watched = False
            desk.facts.append(WatchRefused(b.ref, level))


def keep_trails(desk: Desk, market: Market, now_ns: int) -> bool:
    """Let every stop that follows have its watch again where a barrier gave it room, or something else moved it; tell whether any does."""
    book, follows = desk.memory.book.open, False
    for ref, tended in list(desk.memory.care.tended.items()):
        if (b := book.get(ref)) is None:
            _forget(desk, market, ref)
        elif tended.trail is not None:
            follows = True
            _keep_trail(desk, market, b, tended.trail, now_ns)
    return follows


def forget(desk: Desk, market: Market) -> None:
    """Drop what is remembered of brackets that are over, their watches with it."""
    for ref in [ref for ref in desk.memory.care.tended if ref not in desk.memory.book.open]:
        _forget(desk, market, ref)


def _forget(desk: Desk, market: Market, ref: int) -> None:
    gone = desk.memory.care.tended.pop(ref)
    if gone.trail is not None and gone.trail.watch is not None:
        market.clear_watch(desk.slot[gone.contract], gone.trail.watch)


def touched(desk: Desk, market: Market, now_ns: int, cause: Cause) -> list[AnyCommand]:
    """Move the stops whose watches the last record touched."""
    slot, fired = market.fired()
    commands: list[AnyCommand] = []
    for b in list(desk.supervisor.brackets()):
        if desk.slot[b.key.contract] != slot:
            continue
        command: AnyCommand | None
        if b.watch is not None and fired >> b.watch & 1:
            b.watch = None
            command = desk.to_breakeven(b, now_ns, cause)
            if command is not None:
                b.breakeven_px = None
                commands.append(command)
        tended = desk.memory.care.tended.get(b.ref)
        trail = None if tended is None else tended.trail
        if trail is not None and trail.watch is not None and fired >> trail.watch & 1:
            trail.watch = None
            command = follow(desk, b, trail, _seen(desk, market, b, trail), now_ns, cause)
            if command is not None:
                desk.facts.append(At(now_ns, cause))
                commands.extend(desk.issue([command]))
        if trail is not None:
            _keep_trail(desk, market, b, trail, now_ns)
    return commands


def _seen(desk: Desk, market: Market, b: Bracket, trail: Trail) -> int:
    """Give the price of the very record that touched; of a print beyond the level no more is known than the level."""
    if not desk.places[b.key.contract].is_quoted:
        return trail.level_px
    return int(market.states["bid" if b.side > 0 else "ask"][desk.slot[b.key.contract]])


def follow(desk: Desk, b: Bracket, trail: Trail, px: int, now_ns: int, cause: Cause) -> Modify | None:
    """Let the stop follow a price at which the position can be left, if that is a step and a move is left."""
    tick = desk.contract(b.key).tick
    level = next_level(b.side, b.stop_px, trail.away_px, trail.from_px, tick)
    if b.side * (px - level) < 0 or _is_moving(b) or not _has_room(desk, trail, now_ns):
        return None
    command = desk.supervisor.move_stop(b, stop_behind(b.side, px, trail.away_px, tick), now_ns, cause)
    if command is not None:
        trail.moves_ns = [*trail.moves_ns[1 - MOVES_KEPT :], now_ns]
        desk.forget_view(b.ref)
    return command


def _is_moving(b: Bracket) -> bool:
    """Tell whether the venue has not confirmed yet where the stop was moved to."""
    return b.told_stop_px not in (None, b.stop_px)


def _has_room(desk: Desk, trail: Trail, now_ns: int) -> bool:
    return _since(trail.moves_ns, now_ns) < MOVES_A_MINUTE and may_change(desk, now_ns)


def may_change(desk: Desk, now_ns: int) -> bool:
    """Tell whether one more changed order keeps the order rate of the law."""
    return _since(desk.memory.orders_ns, now_ns) < desk.setup.law.execution.max_orders_per_minute


def _since(times_ns: list[int], now_ns: int) -> int:
    """Count the moments of the last minute."""
    return len(times_ns) - bisect_right(times_ns, now_ns - MINUTE)
