"""What the system as a whole may still do: ACTIVE, REDUCING, HALTED. Fails closed; no I/O, no clock.

Rules
-----
1. The state is the worst of the causes that stand; a cause stands until what set it clears it.
2. A latched cause (a loss limit, a stray fill, a halt by hand) is cleared by a person alone.
3. Exits and cancels ask nobody: they are allowed in every state.
"""

from __future__ import annotations

from typing import Final

import msgspec

from workbench.domain.decisions import AnyFact, StateChanged, TradingState

_RANK: Final = {TradingState.ACTIVE: 0, TradingState.REDUCING: 1, TradingState.HALTED: 2}


class Breaker(msgspec.Struct):
    """Causes that stand, by name.

    Examples
    --------
    >>> breaker, facts = Breaker(), []
    >>> breaker.trip("day loss", TradingState.HALTED, facts, latched=True)
    >>> breaker.clear("day loss", facts); breaker.state.value      # latched: only a person clears it
    'halted'
    >>> breaker.resume("checked by hand", facts); breaker.state.value
    'active'
    """

    causes: dict[str, TradingState] = msgspec.field(default_factory=dict)
    latched: list[str] = msgspec.field(default_factory=list)
    state: TradingState = TradingState.ACTIVE

    def trip(self, cause: str, state: TradingState, facts: list[AnyFact], *, latched: bool = False) -> None:
        """Let a cause stand."""
        if self.causes.get(cause) is state:
            return
        self.causes[cause] = state
        if latched and cause not in self.latched:
            self.latched.append(cause)
        self._settle(cause, facts)

    def clear(self, cause: str, facts: list[AnyFact]) -> None:
        """Take a cause back, unless it is latched."""
        if cause in self.causes and cause not in self.latched:
            del self.causes[cause]
            self._settle(f"{cause} is over", facts)

    def resume(self, why: str, facts: list[AnyFact]) -> None:
        """A person takes every latched cause back; causes that still hold come again by themselves."""
        for cause in self.latched:
            self.causes.pop(cause, None)
        self.latched.clear()
        self._settle(why, facts)

    def _settle(self, why: str, facts: list[AnyFact]) -> None:
        new = max(self.causes.values(), key=_RANK.__getitem__, default=TradingState.ACTIVE)
        if new is not self.state:
            self.state = new
            facts.append(StateChanged(new, why))
