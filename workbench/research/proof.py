"""Does a session's log, played again, issue the very same commands? The runtime's own replay, as one value for a page. Writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from workbench.config import load_settings
from workbench.runtime import play
from workbench.runtime.log import CommandDigest
from workbench.runtime.logged import Logged, open_log
from workbench.runtime.replay import issued
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
