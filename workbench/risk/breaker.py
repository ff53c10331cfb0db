"""What the system as a whole may still do: ACTIVE, REDUCING, HALTED. Fails closed; no I/O, no clock.

Rules
-----
1. The state is the worst of the causes that stand; a cause stands until what set it clears it.
2. A latched cause (a loss limit, a stray fill, a halt by hand) is cleared by a person alone. It is told by a fact of its own, once, also
   where another one holds the state already: who resumes lifts it too, and a journal is all that the next process has.
3. Exits and cancels ask nobody: they are allowed in every state.
4. HALTED alone leaves positions to their stops and exits. A cause that *flattens* (the day's loss) has them left at once.
"""

from __future__ import annotations

from typing import Final

import msgspec

from workbench.domain.decisions import AnyFact, Latched, StateChanged, TradingState

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
    flattening: list[str] = msgspec.field(default_factory=list)
    state: TradingState = TradingState.ACTIVE

    def trip(self, cause: str, state: TradingState, facts: list[AnyFact], *, latched: bool = False, flatten: bool = False) -> None:
        """Let a cause stand; one that stands already only gets worse."""
        before = self._latched(cause)
        held = self.causes.get(cause)
        if held is None or _RANK[state] > _RANK[held]:
            self.causes[cause] = state
        if latched and cause not in self.latched:
            self.latched.append(cause)
        if flatten and cause not in self.flattening:
            self.flattening.append(cause)
        self._settle(cause, facts)
        if (now := self._latched(cause)) is not None and now != before:
            facts.append(now)

    def _latched(self, cause: str) -> Latched | None:
        return Latched(cause, self.causes[cause], cause in self.flattening) if cause in self.latched else None

    @property
    def must_flatten(self) -> bool:
        """Whether every position is to be left now."""
        return bool(self.flattening)

    def clear(self, cause: str, facts: list[AnyFact]) -> None:
        """Take a cause back, unless it is latched."""
        if cause in self.causes and cause not in self.latched:
            del self.causes[cause]
            self.flattening = [each for each in self.flattening if each != cause]
            self._settle(f"{cause} is over", facts)

    def resume(self, why: str, facts: list[AnyFact]) -> None:
        """A person takes every latched cause back; causes that still hold come again by themselves."""
        for cause in self.latched:
            self.causes.pop(cause, None)
        self.latched.clear()
        self.flattening.clear()
        self._settle(why, facts)

    def _settle(self, why: str, facts: list[AnyFact]) -> None:
        new = max(self.causes.values(), key=_RANK.__getitem__, default=TradingState.ACTIVE)
        if new is not self.state:
            self.state = new
            facts.append(StateChanged(new, why))
