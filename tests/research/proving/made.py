"""Evidence made by hand: stints with the results, forecasts and troubles that a test wants."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.domain.decisions import RoundTripClosed
from workbench.domain.orders import Key
from workbench.research.proving.bounds import Found
from workbench.research.proving.replaying import Replayed
from workbench.research.proving.stint import Stint
from workbench.research.tallies import Trip
from workbench.store.drills import Drilled
from workbench.store.manifest import RunManifest

CODE = "c0de"
CLAIMS = (("stops in place", True, ""), ("a replay issues the same commands", True, "9 commands"))


def trip(r: float, at: int = 0, why: str = "target") -> Trip:
    closed = RoundTripClosed(at + 1, Key("DU1", 1, "mine"), 1, 1, 100.0, 101.0, at, at + 1, 4, 0, round(r * 1e6), r, "target")
    return Trip(at + 1, closed, why)


def outcomes(n: int, seed: int = 1, *, bias: float = 0.0) -> tuple[tuple[float, bool], ...]:
    """Forecasts that come true as often as they say, `bias` more often."""
    chance = random.Random(seed)
    said = [chance.uniform(0.42, 0.58) for _ in range(n)]
    return tuple((p, chance.random() < p + bias) for p in said)


def stint(session: int = 20261119, rs: Sequence[float] = (), **changed: Any) -> Stint:
    traders, name = (("mine", "flow_1m"),), f"{session}-paper-1"
    run = RunManifest(run=name, mode="paper", sessions=(session,), epoch=1, created_ns=session, traders=traders, account="DU1")
    usual: dict[str, Any] = {
        "session": session, "run": run, "journal": Path("runs") / name / "journal.db", "how": "paper", "recipes": frozenset({"flow_1m"}),
        "n_decisions": 40, "n_approved": 20, "trips": tuple(trip(r, at) for at, r in enumerate(rs)), "outcomes": outcomes(400, session),
        "n_apart": 400, "n_sent": 20, "n_rejected": 0, "qualities": (0.9, 1.0), "n_violations": 0, "n_commands": 60, "n_restarts": 1,
        "duplicates": (), "breaks": (), "is_halted": False,
    }  # fmt: skip
    return Stint(**{**usual, **changed})


def found(*stints: Stint, same: bool | None = True, changed: tuple[str, ...] = (), drill: Drilled | None = None) -> Found:
    replays = tuple(Replayed(key="", same=same, n_commands=each.n_commands, text="told", changed=changed) for each in stints)
    held = Drilled(drill="kill", at_ns=1_795_098_600_000_000_000, code=CODE, seconds=60.0, claims=CLAIMS) if drill is None else drill
    return Found(stints, replays, (Path("drills") / held.name, held), CODE)


def week(seed: int = 3, mean: float = 0.4, n: int = 8) -> list[Stint]:
    """Five sessions of something that earns, on average."""
    chance = random.Random(seed)
    return [stint(20261116 + day, [chance.gauss(mean, 0.8) for _ in range(n)]) for day in range(5)]
