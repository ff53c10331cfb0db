"""Does a session that speaks for something issue the same commands again? Replays once, and keeps what came of it: `data/proving`.

A paper session is held against its log (`research.proof`); of a shadow the closed loop is gone through again (`runtime.shadow`). What was
kept holds for one code, one law, one set of settings and sources, and for the journal as it was: anything else is replayed anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from workbench.config import Settings, load_settings
from workbench.domain.errors import ConfigError, DataError
from workbench.engine import Setup
from workbench.research.proof import Proof, proof
from workbench.research.proving.stint import Stint
from workbench.runtime import play
from workbench.runtime.logged import open_log
from workbench.runtime.recovery import made_with, what_differs
from workbench.runtime.shadow import again, setup_of_shadow, writers_beside
from workbench.store import entries
from workbench.store.digests import deciding_digest
from workbench.store.folders import Folders
from workbench.store.whole import write_whole

T = TypeVar("T")


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What the replay of one session came to.

    ``same``: every command is the recorded one; `None`: it cannot be replayed, and ``text`` says why. ``changed``: what is not as it was.
    """

    key: str
    same: bool | None
    n_commands: int
    text: str
    changed: tuple[str, ...] = ()


def replayed(data: Path, stint: Stint) -> Replayed:
    """Replay a session, or read what its replay came to."""
    settings = load_settings()
    try:
        setup = _setup(settings, data, stint)
    except (ConfigError, DataError) as error:
        return Replayed(key="", same=None, n_commands=0, text=str(error))
    key, path = _key(settings, setup, stint), Folders(data).proving / f"{stint.run.run}-{stint.session}.json"
    if (kept := _kept(path)) is not None and kept.key == key:
        return kept
    try:
        came = _proof(data, settings, setup, stint)
    except (ConfigError, DataError) as error:
        return Replayed(key="", same=None, n_commands=0, text=str(error))
    made = Replayed(key=key, same=came.same, n_commands=came.n_commands, text=str(came), changed=came.changed)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    return made


def _setup(settings: Settings, data: Path, stint: Stint) -> Setup:
    if stint.how == "shadow":
        writers = writers_beside(data, stint.run)
        return setup_of_shadow(settings, writers, stint.session, stint.run.traders[0], stint.run.profile)
    logged = open_log(data, stint.session)
    if logged.run.run != stint.run.run:
        raise DataError(f"session {stint.session} was written by {logged.run.run} as well, and its whole log is that run's")
    return play.setup_as_traded(settings, logged)


def _proof(data: Path, settings: Settings, setup: Setup, stint: Stint) -> Proof:
    if stint.how == "shadow":
        made = made_with(setup, {"settings": settings.digest})
        n, digest, difference = _alone(again(settings, data, setup, stint.run))
        return Proof(not difference, n, digest, difference, tuple(what_differs(made, stint.run.digests)))
    came = _alone(proof(data, stint.session, run=stint.run.run))
    if came is None:
        raise DataError(f"{stint.run.run} issued nothing that a replay could be held against")
    return came


def _alone(work: Coroutine[Any, Any, T]) -> T:
    """Run to its end; in a thread, since a notebook's cells run in an event loop already."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, work).result()


def _key(settings: Settings, setup: Setup, stint: Stint) -> str:
    head = entries.head(stint.journal)
    parts = (deciding_digest(), settings.digest, setup.law.digest, sorted(setup.digests.items()), *head)
    return sha256(repr(parts).encode()).hexdigest()


def _kept(path: Path) -> Replayed | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Replayed)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None  # it is made again
