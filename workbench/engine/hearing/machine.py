"""What the edge says of its own fitness: clocks that differ, a contract that is paused, how much of it is traded. No I/O, no clock."""

from __future__ import annotations

from typing import Final

from workbench.domain.decisions import TradingState
from workbench.domain.events import ClockCompared, ConnectionChanged, ContractTold, StreamChanged, TradingPaused
from workbench.domain.units import SECOND
from workbench.engine.desk import Desk

CLOCK: Final = "clock"  # cause of the breaker while ours and the broker's differ
GONE: Final = frozenset({"lost", "ended", "refused"})  # states of a stream
AWAY: Final = "away"  # how a venue says that its socket stands, but leads nowhere for a while


def compared(desk: Desk, event: ClockCompared) -> None:
    """Let nothing in while our clock is not the broker's: stamps, sessions and days would be wrong. It ends when they agree again."""
    law, off_ns = desk.setup.law.execution, abs(event.skew_ns)
    state = TradingState.ACTIVE
    if off_ns > law.halt_clock_skew_s * SECOND:
        state = TradingState.HALTED
    elif off_ns > law.max_clock_skew_s * SECOND:
        state = TradingState.REDUCING
    held = desk.breaker.causes.get(CLOCK, TradingState.ACTIVE)
    if state is held:
        return
    if state is not TradingState.HALTED:
        desk.breaker.clear(CLOCK, desk.facts)
    if state is not TradingState.ACTIVE:
        desk.breaker.trip(CLOCK, state, desk.facts)


def paused(desk: Desk, event: TradingPaused) -> None:
    """Remember which contracts the exchange does not trade now; entries are refused there (`Reason.PAUSED`)."""
    if event.is_paused:
        desk.memory.paused[event.contract] = event.why
    else:
        desk.memory.paused.pop(event.contract, None)


def forget_the_pause(desk: Desk, event: StreamChanged) -> None:
    """A stream that is gone says nothing of a pause any more; the one that follows tells it anew, if it lasts."""
    if event.state in GONE and event.stream.startswith("l1"):
        desk.memory.paused.pop(event.contract, None)


def lost_the_line(desk: Desk, event: ConnectionChanged) -> None:
    """Where the socket is gone, or a process begins, other streams follow, which tell a pause anew; one that is `AWAY` keeps its own."""
    if not event.why.startswith(AWAY):
        desk.memory.paused.clear()


def told_of_a_contract(desk: Desk, event: ContractTold) -> None:
    """Remember how much of a contract is open and traded; what is not told again stays as it was told last."""
    open_interest, volume = desk.memory.markets.get(event.contract, (None, None))
    newer = (event.open_interest, event.volume)
    desk.memory.markets[event.contract] = (
        newer[0] if newer[0] is not None else open_interest,
        newer[1] if newer[1] is not None else volume,
    )
