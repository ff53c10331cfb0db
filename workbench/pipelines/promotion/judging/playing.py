"""A thing, or nothing but what is shipped, through sessions of the stores: in memory, with modelled fills. Writes no run and no journal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, NamedTuple

from workbench.config import load_settings
from workbench.domain.decisions import Quarantined
from workbench.engine import Setup
from workbench.pipelines.promotion.gates import N_SESSIONS
from workbench.research.proving.evidence import is_made
from workbench.research.sample import SESSION, sample
from workbench.runtime import build, play
from workbench.runtime.logged import Logged, open_log
from workbench.runtime.replay import Outcome, replay, simulate
from workbench.store.manifest import runs
from workbench.workspace import Kind, Thing

RECORDED: Final = frozenset({"record", "observe", "paper", "live"})  # modes of runs that a market gave their records
FOLLOWER: Final = "learned"  # trades after a recipe, so that its forecasts have consequences


class Played(NamedTuple):
    """What a candidate did in a session."""

    session: int
    outcome: Outcome

    @property
    def quarantined(self) -> list[str]:
        """What failed while it ran."""
        return [f"{fact.kind} {fact.name} at {fact.where}: {fact.error}" for fact in self.outcome.facts if isinstance(fact, Quarantined)]


def last_sessions(data: Path, n: int = N_SESSIONS) -> list[tuple[Path, int]]:
    """Give the newest sessions that a market gave their records (no demo, no gateway of ours) and whose run has ended, the oldest first."""
    writers = [run for run in runs(data) if run.mode in RECORDED and not is_made(run)] if (data / "runs").is_dir() else []
    replaced = {name for run in writers for name in run.replaced}
    ended = {session for run in writers for session in run.sessions if run.is_closed and run.last_seq and run.run not in replaced}
    open_ = {session for run in writers for session in run.sessions if not run.is_closed}
    return [(data, session) for session in sorted(ended - open_)[-n:]]


def generated_session() -> tuple[Path, int]:
    """Give the sample, made where it is missing."""
    return sample(), SESSION


def play_through(place: tuple[Path, int], thing: Thing | None, follows: str = "", *, chunk: int = 0) -> Played:
    """Trade a session with modelled fills.

    Parameters
    ----------
    follows
        Recipe that a strategy is to follow where it has no choice of its own.
    chunk
        The most records that the engine is handed at once; 0: as the venue likes.
    """
    settings, logged = load_settings(), open_log(*place)
    pieces = (lambda: chunk) if chunk else None
    return Played(place[1], asyncio.run(simulate(_setup(logged, thing, follows), logged.records, build.fills(settings), chunk=pieces)))


def play_back(place: tuple[Path, int], thing: Thing | None, follows: str, once: Played) -> Outcome:
    """Play a session back with the reports of the first time, in an engine of its own."""
    logged = open_log(*place)
    return asyncio.run(replay(_setup(logged, thing, follows), logged.records, once.outcome.arrivals))


def _setup(logged: Logged, thing: Thing | None, follows: str) -> Setup:
    """Put an engine together: a strategy trades, `learned` trades after a recipe, a feature is valued; else what is shipped."""
    settings = load_settings()
    if thing is None:
        return play.setup_of(settings, logged)
    if thing.kind is Kind.FEATURE:
        setup = play.setup_of(settings, logged, None, ())
        return setup._replace(own_features=(thing.what,)) if thing.is_own else setup
    pair = (thing.name, follows) if thing.kind is Kind.STRATEGY else (FOLLOWER, thing.name)
    return play.setup_of(settings, logged, None, (pair,))
