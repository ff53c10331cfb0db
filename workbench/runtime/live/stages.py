"""How far a live run is, in words a person waits for: connecting, ready, deciding, and why not. Looks; decides nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from workbench.config import Mode
from workbench.domain.decisions import TradingState
from workbench.engine import Engine
from workbench.runtime.heartbeat import Standing
from workbench.runtime.live.line import Line


class Stage(StrEnum):
    """Where a run stands. *Ready* comes before *deciding*: reconciled, stops supervised, entries still shut."""

    CONNECTING = "connecting"
    AWAY = "connection lost"
    RECORDING = "recording"
    READY = "ready"
    DECIDING = "deciding"
    REDUCING = "reducing"
    HALTED = "halted"
    ENDED = "ended"


class News(NamedTuple):
    """A run came to another stage."""

    stage: Stage
    why: str
    session: int
    run: str
    now_ns: int


class Watch:
    """Looks at a run, and says what stage it has come to.

    Parameters
    ----------
    engine, line, mode
        What it looks at.
    """

    def __init__(self, engine: Engine, line: Line, mode: Mode) -> None:
        self._engine, self._line, self._mode = engine, line, mode
        self._was_up = line.is_up
        self._said: tuple[Stage, str] | None = None

    def stage(self) -> tuple[Stage, str]:
        """Say where the run stands, and why."""
        desk, line = self._engine.desk, self._line
        if not line.is_up:
            return (Stage.AWAY if self._was_up else Stage.CONNECTING), line.why
        self._was_up = True
        if self._mode is Mode.RECORD:
            return Stage.RECORDING, line.why
        state, causes = desk.breaker.state, "; ".join(sorted(desk.breaker.causes))
        if state is TradingState.HALTED:
            return Stage.HALTED, causes
        if state is TradingState.REDUCING:
            return Stage.REDUCING, causes
        if desk.ledger.equity(desk.setup.account) is None:
            return Stage.READY, f"reconciled; equity of {desk.setup.account} is not known yet"
        return Stage.DECIDING, "nothing is sent" if self._mode is Mode.OBSERVE else ""

    def changed(self) -> tuple[Stage, str] | None:
        """Say it only when it is news."""
        now = self.stage()
        if now == self._said:
            return None
        self._said = now
        return now

    def standing(self) -> Standing:
        """Say it to the heartbeat."""
        stage, _ = self.stage()
        return Standing(self._line.is_up, is_ready=self._line.is_up, is_deciding=stage is Stage.DECIDING)
