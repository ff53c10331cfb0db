"""`open_session`: from a date to a session as frames. Reads manifests; records and journals are read when a frame is asked for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.config import load_settings
from workbench.domain.errors import ConfigError, DataError
from workbench.research.frames.known import as_of_ns
from workbench.research.frames.log import SessionLog
from workbench.research.frames.session import Session
from workbench.store.log import log_sessions
from workbench.store.sessions import sessions_between, told

Day = str | int | date


def open_session(
    session: Day,
    to: Day | None = None,
    *,
    data: Path | str | None = None,
    roots: Collection[str] | str | None = None,
    zone: str = "UTC",
    run: str | None = None,
) -> Session:
    """Open a log session, or all from `session` to `to`, whether recorded, imported or still running.

    Nothing is read before it is asked for; what was read is kept. Columns carry units (``_pts _usd _s _frac``; sizes are contracts or
    shares), and null is *not known*. The columns of each frame: ``docs/sessions.md``.

    Parameters
    ----------
    session, to
        ``"2026-11-19"``, ``20261119``, a `date`; both included.
    data
        Data folder; `None`: the one of the settings (``data`` in the workspace).
    roots
        Only contracts of these roots, or these contracts themselves: ``["ES", "SPY"]``.
    zone
        Time zone of all times in frames, and of times given without one: ``"America/New_York"``.
    run
        Name of a run, or a mode (``"simulate"``: the newest). `None`: the run that wrote the session, where it traded; else the newest
        simulation of it.

    Raises
    ------
    DataError
        There is no such session, contract or run; the text says what there is.
    ConfigError
        A date or a zone that cannot be meant.

    Examples
    --------
    A small session to look at, of six prints of our own:

    >>> import tempfile
    >>> from datetime import UTC, datetime
    >>> import polars as pl
    >>> from workbench.config import load_roots
    >>> from workbench.research import keep_frames
    >>> es = load_roots()["ES"].contract(1, "2026-12-18")
    >>> prints = pl.DataFrame({"time": [datetime(2026, 11, 19, 15, 0, second, tzinfo=UTC) for second in (0, 1, 7, 11, 12, 31)],
    ...                        "price_pts": [6000.25, 6000.5, 6001.0, 6000.75, 6001.25, 6002.0], "size": [1, 4, 2, 2, 9, 1]})
    >>> folder = tempfile.TemporaryDirectory()
    >>> keep_frames(prints, es, data=folder.name, source="six prints")
    [20261119]

    Open it. It says what it is and what it has:

    >>> day = open_session("2026-11-19", data=folder.name, zone="America/New_York")
    >>> day
    session 2026-11-19 · import run 20261119-import-1 (ended) · six prints
      ESZ6 · 43 records, 2026-11-19 10:00:00 to 2026-11-19 10:00:35 America/New_York
      market   prints bars(symbol, length) features
      journal  nobody traded; to trade it: workbench simulate --session 20261119

    Its frames are polars' (``day.pandas("prints")`` for pandas), and columns say their unit:

    >>> day.bars("ES", "5s").select("time", "open_pts", "close_pts", "volume").rows()[0]
    (datetime.datetime(2026, 11, 19, 10, 0, 5, tzinfo=zoneinfo.ZoneInfo(key='America/New_York')), 6000.25, 6000.5, 5.0)

    Lazily, so that only what is needed is read:

    >>> day.scan("prints").filter(pl.col("size") > 3).select("price_pts").collect()["price_pts"].to_list()
    [6000.5, 6001.25]

    As it was known at a moment: the bar that ends at 10:00:15 was still open, and the last print far away.

    >>> then = day.as_seen_at("2026-11-19 10:00:12")
    >>> len(then.prints), then.bars("ES", "5s")["time"].max().second
    (5, 10)

    What is not there is an error that says what is:

    >>> day.fills                                               # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    workbench.domain.errors.DataError: nobody traded in run 20261119-import-1 (import) of session 20261119: ...
    >>> folder.cleanup()
    """
    _check_zone(zone)
    settings = load_settings()
    folder = Path(data) if data is not None else settings.data_path
    wanted = None if roots is None else {roots} if isinstance(roots, str) else set(roots)
    first, last = session_number(session), session_number(session if to is None else to)
    if last < first:
        raise ConfigError(f"a range runs from the earlier session to the later one, not from {first} to {last}")
    logs = tuple(SessionLog(folder, told(folder, each, run), wanted, settings) for each in _sessions(folder, first, last))
    there = {of for log in logs for contract in log.all_contracts for of in (contract.root, contract.symbol)}
    if wanted is not None and (missing := sorted(wanted - there)):
        raise DataError(f"{folder} has no {', '.join(missing)} from {first} to {last}; there are {', '.join(sorted(there))}")
    reopen = partial(open_session, session, to, data=data, roots=roots, zone=zone, run=run)
    whole = Session(tuple(log for log in logs if log.contracts), zone, reopen)
    return whole if (until_ns := as_of_ns()) is None else whole.within(until_ns)


def session_number(session: Day) -> int:
    """Give a log session as it is written in the stores.

    >>> session_number("2026-11-19"), session_number(20261119), session_number(date(2026, 11, 19))
    (20261119, 20261119, 20261119)
    """
    try:
        found = session if isinstance(session, date) else datetime.strptime(str(session).replace("-", ""), "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise ConfigError(f"a session is a date, 2026-11-19, not {session!r}") from None
    return found.year * 10_000 + found.month * 100 + found.day


def _sessions(folder: Path, first: int, last: int) -> list[int]:
    """List the sessions, or say what there is; the demo keeps its own in a folder of its own."""
    try:
        return sessions_between(folder, first, last)
    except DataError as error:
        demo = folder / "demo"
        there = [each for each in log_sessions(demo) if first <= each <= last] if demo.is_dir() else []
        if not there:
            raise
        raise DataError(f"{error}; {demo} holds session {there[0]}: give data={str(demo)!r}") from None


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"there is no time zone {zone!r}; America/New_York, America/Chicago, Europe/Zurich and UTC are some") from None
