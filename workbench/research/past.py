"""Past bars from TWS into recordings, from a cell. The asking is `runtime.history`'s; no order leaves from here."""

from __future__ import annotations

from pathlib import Path

from workbench.config import load_roots, load_settings
from workbench.domain.errors import ConfigError
from workbench.importers.ib_history.download import Progress
from workbench.importers.ib_history.plan import length_s
from workbench.importers.ib_history.tick_download import TickProgress
from workbench.runtime.history import Fetched, fetch, outlook
from workbench.runtime.tick_history import FetchedTicks, fetch_ticks, tick_outlook
from workbench.store.place import settle_as_told
from workbench.venues.ib.history import open_history
from workbench.venues.ib.roles import Role, client_id

TICKS = ("prints", "quotes")
EVERY = 25  # questions between two lines


async def history(
    *roots: str,
    bars: str = "1m",
    since: str = "10d",
    until: str | None = None,
    data: Path | str | None = None,
    host: str | None = None,
    port: int | None = None,
    regular_hours: bool = False,
    ticks: str | None = None,
    days: int = 1,
) -> Fetched | FetchedTicks:
    """Fetch past bars of whole roots, or ticks, into recordings, which `open_session` and `replay` then read.

    Prints what will be asked and how long that takes at least, then how far it is. Interrupted, the same call goes on where it ended;
    called again, it asks only what is new.

    Parameters
    ----------
    roots
        ``"ES", "SPY"``: futures come by dated contract, expired ones as well.
    bars
        Length of a bar: ``1s 5s 30s 1m 5m 1h``.
    since
        ``2y 6mo 3w 10d`` back, or a date.
    until
        Last session, a date; `None`: the last that has ended.
    data
        Folder of the stores; `None`: the settings'.
    host, port
        Of TWS; `None`: the settings'.
    regular_hours
        Only regular hours.
    ticks
        ``"prints"``, or ``"quotes"`` for prints and quotes, one by one, instead of bars; hours for a day of ES.
    days
        How many of the last sessions of ticks.

    Raises
    ------
    VenueError
        Nobody answers there, or a root is not known to the broker.
    """
    settings = load_settings()
    folder = settings.data_path if data is None else Path(data)
    settle_as_told(folder, settings)
    where = (host or settings.ib.host, port or settings.ib.port, client_id(settings.ib.client_id, Role.NOTEBOOK))
    async with open_history(*where, load_roots(settings)) as source:
        if ticks is not None:
            if ticks not in TICKS:
                raise ConfigError(f"ticks={ticks!r}: one of {', '.join(TICKS)}")
            plan = await tick_outlook(folder, source, roots, days=days, quotes=ticks == "quotes", regular_hours=regular_hours)
            print(*plan.lines(), sep="\n")  # noqa: T201  a cell is a screen
            return await fetch_ticks(folder, plan, source, tell_progress=_tell_ticks)
        found = await outlook(
            folder,
            source,
            roots,
            since=since,
            until=until,
            length_s=length_s(bars),
            regular_hours=regular_hours,
        )
        print(*found.lines(), sep="\n")  # noqa: T201  a cell is a screen
        return await fetch(folder, found, source, tell_progress=_tell)


def _tell(state: Progress) -> None:
    if state.n_done % EVERY == 0 or state.n_done == state.n_all:
        print(f"{state.n_done:,} of {state.n_all:,} questions, {state.n_bars:,} bars")  # noqa: T201 - in a notebook, as it goes on


def _tell_ticks(state: TickProgress) -> None:
    if state.n_pages % EVERY == 0 or state.n_whole == state.n_sessions:
        print(f"{state.n_whole} of {state.n_sessions} sessions, {state.n_ticks:,} ticks")  # noqa: T201 - in a notebook, as it goes on
