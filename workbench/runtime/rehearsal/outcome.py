"""What a run over the wire came to: its log, the gateway's word on it, and a replay. Reads stores; starts nothing, prints nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from workbench.config import Settings
from workbench.domain.decisions import Issued, ParityBroken, RoundTripClosed
from workbench.domain.events import Arrival, ConnectionChanged, OrderFilled, RunStarted
from workbench.domain.orders import Exit, Submit
from workbench.domain.units import MICROS, MINUTE, SECOND
from workbench.runtime import play
from workbench.runtime.logged import Logged, open_log
from workbench.runtime.rehearsal.truth import Compared, Truth, compare
from workbench.store.sealer import seal

RESYNCING = "resyncing"  # how the connection's word begins once the socket stands


class Wired(NamedTuple):
    """What the minutes came to.

    ``connected_s`` and ``ready_s`` are seconds of the wall since the run began, its warm-up by history included; `None`: it never came so
    far.
    """

    logged: Logged
    speed: int
    connected_s: float | None
    ready_s: float | None
    n_brackets: int
    n_exits: int
    n_fills: int
    n_round_trips: int
    pnl_usd: float
    truth: Compared
    n_commands: int
    commands_digest: str
    difference: ParityBroken | None
    is_same_state: bool

    @property
    def minutes(self) -> float:
        """Length of the log, in minutes of the session."""
        records = self.logged.records
        return int(records["recv_ns"][-1] - records["recv_ns"][0]) / MINUTE

    @property
    def is_good(self) -> bool:
        """Whether the replay issued the same commands, ended in the same state, and the gateway holds what our books hold."""
        return self.difference is None and self.is_same_state and not self.truth.differences


def judge(settings: Settings, data: Path, session: int, truth: Truth, *, speed: int, state_digest: str) -> Wired:
    """Seal what a run left, replay it, and hold its books against the gateway's.

    Parameters
    ----------
    truth
        What the gateway held after the run had ended.
    speed
        Seconds of the session in one of the wall.
    state_digest
        Of the state the run ended in.
    """
    seal(data)
    logged = open_log(data, session)
    played = asyncio.run(play.play_back(logged, play.setup_as_traded(settings, logged)))
    facts, outcome = list(logged.facts()), played.outcome
    commands = [fact.command for fact in facts if isinstance(fact, Issued)]
    sent = {command.ref: command for command in commands if isinstance(command, Submit)}
    closed = [fact for fact in facts if isinstance(fact, RoundTripClosed)]
    ended_ns = int(logged.records["recv_ns"][-1])
    memory = outcome.engine.desk.memory
    connected_s, ready_s = _since_start(logged.arrivals, speed)
    return Wired(
        logged=logged,
        speed=speed,
        connected_s=connected_s,
        ready_s=ready_s,
        n_brackets=len(sent),
        n_exits=sum(isinstance(command, Exit) for command in commands),
        n_fills=sum(isinstance(each.event, OrderFilled) for each in logged.arrivals),
        n_round_trips=len(closed),
        pnl_usd=memory.ledger.realised_micros.get(logged.run.account, 0) / MICROS,  # commissions come late: the ledger has them all
        truth=compare(truth, logged.contracts, memory.book.executions, logged.arrivals, sent, ended_ns),
        n_commands=outcome.n_commands,
        commands_digest=outcome.commands_digest,
        difference=played.difference,
        is_same_state=outcome.state_digest == state_digest,
    )


def _since_start(arrivals: Sequence[Arrival], speed: int) -> tuple[float | None, float | None]:
    """Say after how many seconds of the wall the socket stood, and the run was ready."""
    began = next(each.recv_ns for each in arrivals if isinstance(each.event, RunStarted))
    heard = [(each.recv_ns, each.event) for each in arrivals if isinstance(each.event, ConnectionChanged)]
    connected = next((at for at, event in heard if event.up or event.why.startswith(RESYNCING)), None)
    ready = next((at for at, event in heard if event.up), None)
    return _wall_s(began, connected, speed), _wall_s(began, ready, speed)


def _wall_s(began_ns: int, at_ns: int | None, speed: int) -> float | None:
    return None if at_ns is None else (at_ns - began_ns) / SECOND / speed
