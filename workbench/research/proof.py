"""Does a session's log, played again, issue the very same commands? The runtime's own replay, as one value for a page. Writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import polars as pl

from workbench.config import load_settings
from workbench.research.cards import Card, Cards
from workbench.research.words import count
from workbench.runtime import play
from workbench.runtime.log import CommandDigest
from workbench.runtime.logged import Logged, open_log
from workbench.runtime.replay import issued
from workbench.store.log import log_sessions
from workbench.store.sessions import told


class Proof(NamedTuple):
    """What a replay came to.

    Attributes
    ----------
    same
        Whether every command is the recorded one.
    n_commands, digest
        Of the commands the replay issued.
    difference
        The first command that differs, recorded and made; empty if none does.
    changed
        What is not as it was when the session was traded (code, settings, constitution): a difference then reports the change.
    """

    same: bool
    n_commands: int
    digest: str
    difference: str
    changed: tuple[str, ...]

    def __str__(self) -> str:
        if self.same:
            return f"{self.n_commands:,} commands replayed alike, digest {self.digest[:12]}"
        since = f"; changed since: {', '.join(self.changed)}" if self.changed else ""
        return f"PARITY BROKEN: {self.difference}{since}"


class Proofs(NamedTuple):
    """What the replays of several sessions came to; `None` of a session that nobody traded."""

    sessions: dict[int, Proof | None]

    @property
    def held(self) -> dict[int, Proof]:
        """Those that were traded."""
        return {session: each for session, each in self.sessions.items() if each is not None}

    @property
    def broken(self) -> dict[int, Proof]:
        """Those whose replay issued another command, or none where there was one."""
        return {session: each for session, each in self.held.items() if not each.same}

    @property
    def cards(self) -> Cards:
        """Sessions, commands and differences at a glance."""
        broken, held = len(self.broken), len(self.held)
        told = Card("differ", str(broken), "of the sessions", "bad" if broken else "good")
        alike = Card("commands", f"{sum(each.n_commands for each in self.held.values()):,}", "issued by the replays")
        return Cards((Card("sessions traded", str(held), f"of {count(len(self.sessions), 'session')} recorded"), alike, told))

    @property
    def frame(self) -> pl.DataFrame:
        """Give a row a session that was traded.

        Returns
        -------
        polars.DataFrame
            session; commands; same; digest [its first twelve digits]; difference; changed.
        """
        names = {"session": pl.String, "commands": pl.Int64, "same": pl.Boolean, "digest": pl.String, "difference": pl.String}
        rows = [
            (str(session), each.n_commands, each.same, each.digest[:12], each.difference, ", ".join(each.changed))
            for session, each in self.held.items()
        ]
        return pl.DataFrame(rows, schema=names | {"changed": pl.String}, orient="row")

    @property
    def result(self) -> dict[str, str]:
        """Give the digest of each session's commands, for a program."""
        return {str(session): each.digest for session, each in self.held.items()}


async def proofs(data: Path | str, first: int, last: int) -> Proofs:
    """Replay every session that was traded from `first` to `last`; with `first` 0 the last one that was traded, alone.

    Examples
    --------
    In a notebook cell: ``(await proofs(data, 20261101, 20261130)).broken``.
    """
    sessions = [each for each in log_sessions(Path(data)) if first <= each <= last]
    if first:
        return Proofs({each: await proof(data, each) for each in sessions})
    for session in reversed(sessions):
        if (found := await proof(data, session)) is not None:
            return Proofs({session: found})
    return Proofs(dict.fromkeys(sessions[-1:]))


async def proof(data: Path | str, session: int, *, run: str = "", replayed: str = "") -> Proof | None:
    """Replay a session that was traded, and compare; `None` where nobody traded it: there is nothing to hold a replay against.

    Parameters
    ----------
    run
        Whom it is asked about, as in `open_session`: of a simulation there is nothing to prove either.
    replayed
        Digest of the commands of a replay that was made already: it is held against the log, and nothing is played again.

    Examples
    --------
    In a notebook cell: ``(await proof(data, 20261119)).same``.
    """
    settings, logged = load_settings(), open_log(Path(data), session)
    if not play.has_orders(logged) or (run and told(Path(data), session, run).run != logged.run):
        return None
    if replayed:
        return _held(logged, replayed)
    setup = play.setup_as_traded(settings, logged)
    played = await play.play_back(logged, setup)
    difference = "" if played.difference is None else f"recorded {played.difference.recorded}, made {played.difference.made}"
    changed = tuple(play.what_changed(settings, logged, setup))
    return Proof(played.difference is None, played.outcome.n_commands, played.outcome.commands_digest, difference, changed)


def _held(logged: Logged, replayed: str) -> Proof:
    recorded = CommandDigest()
    for command in issued(logged.facts()):
        recorded.take(command)
    difference = "" if recorded.hex() == replayed else f"recorded digest {recorded.hex()}, replayed {replayed}"
    return Proof(not difference, recorded.n, replayed, difference, ())
