"""A recorded session kept once more, as a poorer account would have recorded it. Reads one data folder, writes another; never the same.

What a line of level 1 shows is `market.coarse`'s business; this brings it into a log, as every importer does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import Kind, Provenance, Records
from workbench.importers.base import SessionPart, finished
from workbench.market.coarse import as_level1
from workbench.store.contracts import ContractBook
from workbench.store.epochs import next_epoch
from workbench.store.intake import take_in
from workbench.store.log import log_sessions, read_log
from workbench.store.sessions import told

IB_L1: Final = "ib-l1"
KINDS: Final = {IB_L1: "L1 250 ms"}  # what a session may be made to: the kind of its streams
MARKET: Final = (Kind.QUOTE, Kind.PRINT, Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET)


class Degraded(NamedTuple):
    """What became of a session: ``run`` of the folder ``into``, and how many quotes, prints and rows of depth there were and are."""

    session: int
    into: Path
    run: str
    n_before: int
    n_after: int


def degrade(data: Path, session: int, into: Path, *, to: str = IB_L1, replace: bool = False) -> Degraded:
    """Keep a session as an account with level 1 alone would have recorded it.

    Parameters
    ----------
    data
        Folder that holds the session.
    into
        Folder that gets the poorer one: another, so that it is never taken for the recording.
    to
        ``ib-l1``: IB's level 1 in batches of 250 ms, with RTVolume.
    replace
        Whether a session that lies in `into` may be replaced.

    Raises
    ------
    ConfigError
        `to` means nothing, or `into` is `data`.
    DataError
        There is no such session, it has neither quotes nor prints, or `into` holds it already; nothing was written.
    """
    if to not in KINDS:
        raise ConfigError(f"a session is degraded to {', '.join(KINDS)}, not to {to!r}")
    if into.resolve() == data.resolve():
        raise ConfigError(f"{into} holds the recording itself: name another folder for what is made of it")
    if session in log_sessions(into) and not replace:
        raise DataError(f"{into} holds session {session} already: replace it (--replace), or name another folder (--into)")
    writer, rich = told(data, session).writer, read_log(data, session)
    contracts = {contract.id: contract for contract in writer.contracts}
    poor = as_level1(rich, contracts)
    if not bool(np.isin(poor["kind"], MARKET).any()):
        raise DataError(f"session {session} of {data} has neither quotes nor prints: bars cannot be made coarser so")
    made = np.unique(poor["contract"]).tolist()
    defined = dict(zip(made, ContractBook(into).define_all([contracts[id_] for id_ in made]), strict=True))
    records = finished(SessionPart(session, defined, poor), defined, next_epoch(into), 1)
    run = take_in(
        into,
        session=session,
        records=records,
        contracts=list(defined.values()),
        source=f"{to} view of: {writer.source or writer.run}",
        replace=replace,
        mode="generate" if _is_generated(rich) else "import",
        streams=[KINDS[to]],
    )
    return Degraded(session, into, run.run, _n_market(rich), _n_market(records))


def _is_generated(records: Records) -> bool:
    market = records[np.isin(records["kind"], MARKET)]
    return bool((market["flags"] >> 4 == Provenance.GENERATED).any())


def _n_market(records: Records) -> int:
    return int(np.isin(records["kind"], MARKET).sum())
