"""How a paper run begins: anew, from the checkpoint of the session before, or where a killed run left it. Reads stores; decides nothing.

A checkpoint is used only if code, settings, constitution and contracts are those it was made with: an engine restored into another
one would be neither. Otherwise models begin cold, and the run's manifest says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from workbench.clock import SystemClock
from workbench.domain.contracts import Contract
from workbench.domain.decisions import AnyFact
from workbench.domain.errors import ConfigError, DataError, InvariantError
from workbench.domain.events import Arrival
from workbench.domain.records import Records
from workbench.engine import Engine, Setup
from workbench.engine.retelling import carry
from workbench.market.sessions import number
from workbench.runtime import build
from workbench.runtime.log import Past
from workbench.store import checkpoints, entries
from workbench.store.digests import code_digest, deciding_digest, environment
from workbench.store.epochs import next_epoch
from workbench.store.folders import Folders
from workbench.store.log import read_log
from workbench.store.manifest import RunManifest, read_manifest, write_manifest

FOR_THE_RECORD: Final = "package"  # digest of all code: told, and held against nothing
WIRE: Final = "ib "  # what the source of a run over a socket begins with; those are taken up by `runtime.live`


class Image(msgspec.Struct, array_like=True):
    """What a checkpoint of a run holds: the engine, and the simulated other side; nothing of a real one."""

    engine: bytes
    venue: bytes


class Began(NamedTuple):
    """A run that is about to go on: its manifest, the epoch of what it writes from here on, and what it starts with."""

    run: RunManifest
    epoch: int
    start: Image | None


def begin(data: Path, session: int, contracts: Sequence[Contract], setup: Setup, digests: dict[str, str], source: str) -> Began:
    """Take up the run of this session that was killed, or begin one."""
    made = made_with(setup, digests)
    killed = _killed(data, session)
    if killed is not None:
        must_be_the_same(killed, made, contracts, setup)
        return Began(killed, next_epoch(data), start_of(data, killed))
    before, why = _before(data, session, made, contracts, setup)
    epoch = next_epoch(data)
    run = RunManifest(
        run=f"{session}-paper-{epoch}",
        mode="paper",
        sessions=(session,),
        epoch=epoch,
        created_ns=SystemClock().now_ns(),
        contracts=tuple(contracts),
        digests=made,
        environment=environment(),
        source=source,
        account=setup.account,
        profile=setup.law.profile,
        traders=setup.traders,
        own_features=build.own_features(setup),
        starts_from=before,
        notes=why,
    )
    write_manifest(Folders(data).run(run.run), run)
    return Began(run, epoch, start_of(data, run))


def made_with(setup: Setup, digests: Mapping[str, str]) -> dict[str, str]:
    """Name all that a run's decisions hang on: the code that decides, its law, what is a user's, and `digests` of the caller.

    The whole package is told beside them, for the record.
    """
    own = {"code": deciding_digest(), FOR_THE_RECORD: code_digest(), "constitution": setup.law.digest}
    return own | dict(setup.digests) | dict(digests)


def what_differs(made: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    """Name what another run was not made with.

    >>> what_differs({"code": "a", "package": "b"}, {"code": "a", "package": "c", "mine": "d"})
    ['mine']
    """
    return sorted(name for name in {*made, *before} - {FOR_THE_RECORD} if made.get(name) != before.get(name))


def put_start(engine: Engine, run: RunManifest, start: Image | None) -> None:
    """Let an engine begin with what its run began with."""
    if start is not None and run.carries == "orders":
        carry(engine, start.engine)
    elif start is not None:
        engine.restore(start.engine)


def start_of(data: Path, run: RunManifest) -> Image | None:
    """Give the checkpoint a run began with, `None` if it began with nothing.

    Raises
    ------
    DataError
        It is gone or damaged: the run cannot be played again.
    """
    if not run.starts_from:
        return None
    found = checkpoints.latest(Folders(data).run(run.starts_from))
    if found.checkpoint is None:
        told = "; ".join(found.problems) or "there is none"
        raise DataError(f"run {run.run} began with the checkpoint of {run.starts_from}, which cannot be read: {told}")
    return msgspec.msgpack.decode(found.checkpoint.blob, type=Image)


def numbered(data: Path, session: int, market: Records, began: Began) -> tuple[Records, Past, int]:
    """Number the market: what the log holds keeps its numbers, the rest goes on in this start's epoch.

    Returns
    -------
    tuple
        Records, what the log holds already, and the first seq of the run.
    """
    records = market.copy()
    number(records, began.run.epoch)
    first = int(records["seq"][0])
    journal = Folders(data).journal(began.run.run)
    if began.epoch == began.run.epoch or not journal.exists():
        return records, Past(), first
    held = read_log(data, session)
    held = held[held["seq"] >= first]
    n = len(held)
    if n <= len(records):
        records["seq"][:n] = held["seq"]
    if n > len(records) or not np.array_equal(records[:n], held):
        raise InvariantError(f"the log of session {session} is not the beginning of this market: take the run up with its own")
    if n:
        number(records[n:], began.epoch)
    return records, past_of(journal, held), first


def past_of(journal: Path, records: Records) -> Past:
    """Read what a log holds already: its records, and one pass over its journal."""
    arrivals: list[Arrival] = []
    facts: list[AnyFact] = []
    for entry in entries.read_journal(journal):
        if isinstance(entry.content, tuple):
            facts += entry.content
        else:
            arrivals.append(Arrival(entry.after_seq, entry.n, entry.recv_ns, entry.content))
    return Past(int(records["seq"][-1]) if len(records) else 0, tuple(arrivals), tuple(facts))


def must_be_the_same(killed: RunManifest, digests: dict[str, str], contracts: Sequence[Contract], setup: Setup) -> None:
    """A run goes on only as what it began as."""
    other = what_differs(digests, killed.digests)
    if (killed.account, killed.profile, killed.traders, tuple(killed.contracts)) != who(setup, contracts):
        other.append("account, profile, traders or contracts")
    if other:
        raise ConfigError(f"run {killed.run} was killed and cannot be taken up: {', '.join(other)} changed; bring back what it ran with")


def who(setup: Setup, contracts: Sequence[Contract]) -> tuple[str, str, tuple[tuple[str, str], ...], tuple[Contract, ...]]:
    """Say who trades, as a manifest does."""
    return setup.account, setup.law.profile, setup.traders, tuple(contracts)


def _killed(data: Path, session: int) -> RunManifest | None:
    for folder in sorted(Folders(data).runs.glob(f"{session}-paper-*"), reverse=True):
        found = read_manifest(folder)
        if found is not None and not found.is_closed and not found.source.startswith(WIRE):
            return found
    return None


def _before(data: Path, session: int, digests: dict[str, str], contracts: Sequence[Contract], setup: Setup) -> tuple[str, str]:
    """Find the run whose end a new one may begin with: its name, and why not where there is one that does not fit.

    Raises
    ------
    ConfigError
        The run before ended with something open, or halted, and cannot be gone on from: that must not be forgotten.
    """
    ended = [found for folder in Folders(data).runs.glob("*-paper-*") if (found := read_manifest(folder)) is not None and found.is_closed]
    ended = [each for each in ended if each.sessions[-1] < session and not each.source.startswith(WIRE)]
    ended = sorted(ended, key=lambda each: (each.sessions[-1], each.epoch))
    if not ended:
        return "", ""
    last = ended[-1]
    other = what_differs(digests, last.digests)
    if (last.account, last.profile, last.traders, tuple(last.contracts)) != who(setup, contracts):
        other.append("account, profile, traders or contracts")
    if other and not last.ended_flat:
        raise ConfigError(
            f"{last.run} ended with a position, an order or a halt, and {', '.join(other)} changed since: "
            "bring back what it ran with to end it, or begin in another data folder"
        )
    if other:
        return "", f"models begin cold: {', '.join(other)} are not those of {last.run}"
    return last.run, ""
