"""Frames played again: kept as sessions of a data folder of their own, and traded with modelled fills. Frames are `research.frames`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from workbench.calendars import log_session
from workbench.config import load_settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import Provenance, Records, empty
from workbench.importers.base import SessionPart, finished
from workbench.research.frames.back import records_of
from workbench.research.frames.opening import Day, open_session, session_number
from workbench.research.frames.session import Session
from workbench.store.contracts import ContractBook
from workbench.store.epochs import next_epoch
from workbench.store.intake import take_in
from workbench.store.log import log_sessions


def keep_frames(
    frames: Any | Iterable[Any],
    of: Session | Contract | Sequence[Contract],
    *,
    data: Path | str,
    source: str,
    length: str = "1m",
    provenance: Provenance | None = None,
    replace: bool = False,
) -> list[int]:
    """Keep frames of market data as log sessions, as an import would: merged by time, phases and seconds woven in, numbered.

    Parameters
    ----------
    frames
        One or several, of polars or pandas: quotes, prints, depth, bars; of a session, changed, or your own. See `records_of`.
    of
        Whose data it is: the session they are of, or contracts. With several contracts, frames have a column ``symbol``.
    data
        Data folder that gets them: one of its own, so that nothing is mistaken for a recording.
    source
        What it is, in words a reader of its results will see.
    length
        Of bars.
    provenance
        How the data came to be. `None`: as that of the session they are of; what was generated stays so. Else as recorded.
    replace
        Whether sessions that are there already may be replaced.

    Returns
    -------
    list of int
        The log sessions, dates written 20261119.

    Raises
    ------
    DataError
        A frame cannot be records (row and remedy are named), nothing is in it, or a session is there already; nothing was written.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import UTC, datetime
    >>> from workbench.config import load_roots
    >>> es = load_roots()["ES"].contract(1, "2026-12-18")
    >>> prints = pl.DataFrame({"time": [datetime(2026, 11, 19, 15, tzinfo=UTC)] * 2, "price_pts": [6000.25, 6000.5], "size": [1, 2]})
    >>> with tempfile.TemporaryDirectory() as data:
    ...     sessions = keep_frames(prints, es, data=data, source="two prints")
    ...     sessions, len(open_session(sessions[0], data=data).prints)
    ([20261119], 2)
    """
    folder = Path(data)
    if provenance is None:
        provenance = Provenance.GENERATED if isinstance(of, Session) and of.is_generated else Provenance.LIVE
    contracts = of.contracts if isinstance(of, Session) else [of] if isinstance(of, Contract) else of
    named = {contract.symbol: contract for contract in contracts}
    keys = {symbol: key for key, symbol in enumerate(named, 1)}
    given = [frames] if isinstance(frames, pl.LazyFrame) or hasattr(frames, "columns") else list(frames)
    market = _merged([part for frame in given for part in _records(frame, named, keys, length, provenance)])
    if not len(market):
        raise DataError("there is nothing to keep: the frames have no row")
    sessions = log_session(market["recv_ns"])
    taken = sorted(set(np.unique(sessions).tolist()) & set(log_sessions(folder)))
    if taken and not replace:
        raise DataError(f"{folder} holds session {taken[0]} already; nothing was written: name another folder, or replace=True")
    defined = dict(zip(keys.values(), ContractBook(folder).define_all(list(named.values())), strict=True))
    epoch, start = next_epoch(folder), 1
    mode: Literal["import", "generate"] = "generate" if provenance is Provenance.GENERATED else "import"
    kept = []
    for first, behind in pairwise([0, *(np.flatnonzero(np.diff(sessions)) + 1).tolist(), len(market)]):
        own, session = market[first:behind], int(sessions[first])
        there = {key: defined[key] for key in np.unique(own["contract"]).tolist()}
        records = finished(SessionPart(session, there, own), there, epoch, start)
        start += len(records)
        take_in(folder, session=session, records=records, contracts=list(there.values()), source=source, replace=replace, mode=mode)
        kept.append(session)
    return kept


async def simulate_session(
    session: Day,
    *,
    data: Path | str | None = None,
    profile: str | None = None,
    strategies: Sequence[str | tuple[str, str]] | str | None = None,
    roots: Collection[str] | str | None = None,
    zone: str = "UTC",
    family: str | None = None,
) -> Session:
    """Trade a session anew with modelled fills, as ``workbench simulate`` does, and open what came of it.

    Parameters
    ----------
    data
        Data folder; `None`: the one of the settings (``data`` in the workspace).
    profile
        Constitution that is the law; `None`: that of the settings, ``mine`` in a workspace as ``workbench init`` makes it, else ``demo``.
    strategies
        By the names of ``workbench catalogue``: ``"absorb"``, ``"learned:five"`` where it follows a recipe, or a pair of both; one or
        several. `None`: what the data allows.
    roots
        Roots or contracts that may be traded; `None`: all. The others stay in the market that is seen.
    family
        What this is tried as part of (`research.trials`). `None`: the notebook, else the names of the strategies.

    Raises
    ------
    ConfigError
        A name that means nothing there is, or something of your own that breaks a rule, with file and line.
    DataError
        There is no such session.

    Examples
    --------
    In a notebook: ``again = await simulate_session("2026-11-19", strategies="absorb", profile="mine")``, then ``again.round_trips``.
    """
    from workbench.research.trials.counting import note_simulation
    from workbench.runtime import play  # the engine: a reader of frames needs none of it
    from workbench.runtime.logged import open_log
    from workbench.workspace.choosing import pair_of

    settings = load_settings()
    folder = Path(data) if data is not None else settings.data_path
    logged = open_log(folder, session_number(session))
    named = [strategies] if isinstance(strategies, str) else strategies
    pairs = None if named is None else [pair_of(each) for each in named]
    only = {roots} if isinstance(roots, str) else roots
    setup = play.setup_of(settings, logged, profile, pairs, only)
    played = await play.trade_anew(settings, logged, setup)
    assert played.run is not None  # simulate always makes one
    day = open_session(session, data=folder, zone=zone, run=played.run.run)
    note_simulation(day, folder, setup, (int(logged.records["recv_ns"][0]), int(logged.records["recv_ns"][-1])), family)
    return day


def _records(frame: Any, of: dict[str, Contract], keys: dict[str, int], length: str, provenance: Provenance) -> Iterator[Records]:
    """Give the records of each contract that a frame names, under the keys of this call."""
    if "symbol" not in (frame.collect_schema().names() if isinstance(frame, pl.LazyFrame) else frame.columns):
        if len(of) > 1:
            raise DataError(f"a frame without a column symbol can be of one contract only, and {len(of)} were given: {', '.join(of)}")
        there = list(of)
    else:
        column = frame.select("symbol").collect()["symbol"] if isinstance(frame, pl.LazyFrame) else frame["symbol"]
        there = sorted({str(symbol) for symbol in column.unique()})
        if unknown := [symbol for symbol in there if symbol not in of]:
            raise DataError(f"the frame holds rows of {', '.join(unknown)}, and only {', '.join(of)} were given: give those too, or filter")
    for symbol in there:
        records = records_of(frame, of[symbol], length=length, provenance=provenance)
        records["contract"] = keys[symbol]
        yield records


def _merged(parts: list[Records]) -> Records:
    """Bring records into the order in which they were known; of those known together, as they stood in their log, where all tell it."""
    market = np.concatenate(parts) if parts else empty(0)
    if bool((market["seq"] > 0).all()):
        return market[np.lexsort((market["seq"], market["recv_ns"]))]
    return market[np.argsort(market["recv_ns"], kind="stable")]
