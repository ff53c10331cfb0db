"""`watch`: the session that runs at this moment, again and again while it grows. Reads what other processes have committed; sends nothing.

Whoever watches is no part of what he watches: he opens its files for reading, and knows neither engine nor venue nor loop (a contract of
imports holds all of `frames` to that). What can be asked of a runner by a file (HALT, requests) is not asked from here.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path

from workbench.config import load_settings
from workbench.domain.errors import DataError
from workbench.research.frames.opening import Day, open_session
from workbench.research.frames.session import Session
from workbench.store.log import log_sessions


def watch(
    session: Day | None = None,
    *,
    data: Path | str | None = None,
    roots: Collection[str] | str | None = None,
    zone: str = "UTC",
    run: str | None = None,
    every_s: float = 2.0,
) -> Iterator[Session]:
    """Give a session as it stands, then again every few seconds while a process that writes it says that it lives.

    The last one given is as it stands when nobody writes it any more; of a session that has ended that is the only one.

    Parameters
    ----------
    session
        `None`: the newest there is.
    data, roots, zone, run
        As `open_session` takes them.
    every_s
        Seconds between two looks. Each opens the session anew: a look at all frames of a long day takes longer.

    Raises
    ------
    DataError
        There is no session.

    Examples
    --------
    In a notebook, beside ``workbench paper`` in a terminal; the square button of JupyterLab ends it, and nothing else:

    >>> from workbench.research import watch
    >>> for day in watch(zone="America/New_York"):                                     # doctest: +SKIP
    ...     print(day.states.tail(1), day.fills.tail(3), day.bars("ES", "5s").tail(1))

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     next(watch(data=folder))                                                   # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    workbench.domain.errors.DataError: ... holds no session yet: there is nothing to watch
    """
    day = open_session(_newest(data) if session is None else session, data=data, roots=roots, zone=zone, run=run)
    while any(log.state == "running" for log in day.logs):
        yield day
        time.sleep(every_s)
        day = day.refresh()
    yield day


def _newest(data: Path | str | None) -> int:
    folder = Path(data) if data is not None else load_settings().data_path
    sessions = log_sessions(folder) if folder.is_dir() else []
    if not sessions:
        raise DataError(f"{folder} holds no session yet: there is nothing to watch")
    return sessions[-1]
