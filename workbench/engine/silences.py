"""A feed that falls silent lets nothing in until it speaks again: facts, and a cause of the breaker. The verdict is the market's. No I/O.

REDUCING, for all contracts: what a stalled feed may mean for the others nobody can say (any doubt about data stops entries). Positions keep
their stops; the bars of the silent contract lose quality for it.
"""

from __future__ import annotations

from workbench.domain.bars import BAR_AT
from workbench.domain.decisions import SilenceSeen, TradingState
from workbench.engine.desk import Desk
from workbench.market.fold import Market

_T_END, _N = BAR_AT["t_end"], BAR_AT["n"]


def hear_silence(desk: Desk, market: Market) -> None:
    """Take that the market's verdict on some feed has changed."""
    held = desk.memory.silent
    for contract, since_ns in zip(desk.slot, market.states["silent_ns"].tolist(), strict=True):
        if since_ns and contract not in held:
            begun(desk, contract, since_ns)
        elif not since_ns and contract in held:
            over(desk, contract)


def outlive(desk: Desk, market: Market) -> None:
    """At a barrier: what was silent before a restart is over with its first record, and anything is with the market's close."""
    for contract in list(desk.memory.silent):
        cells = desk.places[contract].cells if contract in desk.places else None
        if cells is None or not cells[_T_END] or (cells[_N] and not market.states["silent_ns"][desk.slot[contract]]):
            over(desk, contract)


def begun(desk: Desk, contract: int, since_ns: int) -> None:
    """Let nothing in from here on."""
    desk.memory.silent[contract] = since_ns
    desk.facts.append(SilenceSeen(contract, since_ns))
    desk.breaker.trip(_cause(desk, contract), TradingState.REDUCING, desk.facts)


def over(desk: Desk, contract: int) -> None:
    """Take that a feed speaks again, or that its market has closed."""
    del desk.memory.silent[contract]
    desk.facts.append(SilenceSeen(contract, None))
    desk.breaker.clear(_cause(desk, contract), desk.facts)


def told(desk: Desk, fact: SilenceSeen) -> None:
    """Take what a journal tells, as it was."""
    if fact.since_ns is not None:
        begun(desk, fact.contract, fact.since_ns)
    elif fact.contract in desk.memory.silent:
        over(desk, fact.contract)


def _cause(desk: Desk, contract: int) -> str:
    place = desk.places.get(contract)
    return f"no data of {place.contract.symbol if place else contract}"
