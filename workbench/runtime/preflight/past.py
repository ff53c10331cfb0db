"""What was before: the last closed run, replayed, must issue its commands again; and money is preceded by days without. Reads stores."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from workbench.config import Mode, Settings
from workbench.domain.errors import WorkbenchError
from workbench.runtime import play
from workbench.runtime.logged import open_log
from workbench.runtime.preflight.report import Colour, Line
from workbench.runtime.recovery import WIRE
from workbench.store.manifest import runs
from workbench.store.sessions import TRADED

ABOUT: Final = "parity"
DAYS: Final = 2  # sessions
REHEARSALS: Final = frozenset({"paper", "observe"})
THRESHOLD: Final = "a replay of the last closed run issues its commands"


async def parity(settings: Settings, data: Path) -> Line:
    """Replay it."""
    closed = [each for each in runs(data) if each.mode in TRADED and each.is_closed and each.first_seq is not None]
    if not closed:
        return Line(ABOUT, Colour.YELLOW, "no run was closed here so far", THRESHOLD, "trade a day on paper first")
    last = max(closed, key=lambda each: (each.sessions[-1], each.epoch))
    try:
        logged = open_log(data, last.sessions[-1])
        setup = play.setup_as_traded(settings, logged)
        changed = play.what_changed(settings, logged, setup)
        played = await play.play_back(logged, setup)
    except WorkbenchError as error:
        return Line(
            ABOUT, Colour.RED, f"{last.run} cannot be replayed: {error}", THRESHOLD, f"workbench replay --session {last.sessions[-1]}"
        )
    name, n = logged.run.run, played.outcome.n_commands
    if played.difference is None:
        since = f", though {', '.join(changed)} changed since" if changed else ""
        return Line(ABOUT, Colour.GREEN, f"{name}: the same {n:,} commands{since}", THRESHOLD)
    if changed:
        found = f"{name}: other commands, {', '.join(changed)} changed since"
        return Line(ABOUT, Colour.YELLOW, found, THRESHOLD, "a change explains it; a run with what is there now proves itself tomorrow")
    found = f"{name}: {played.difference.made[:120]} instead of {played.difference.recorded[:120]}"
    return Line(ABOUT, Colour.RED, found, THRESHOLD, f"workbench replay --session {logged.session}; do not trade before it is known why")


def rehearsed(data: Path, mode: Mode, code: str) -> Line:
    """Count the days that ended by themselves on paper or observing: money wants some, and some of the code that is to trade it."""
    wanted = f"{DAYS} sessions of paper or observe before money, one of them by this code"
    over = [each for each in runs(data) if each.mode in REHEARSALS and each.is_closed and each.source.startswith(WIRE)]
    days, ours = ({each.sessions[-1] for each in of} for of in (over, [each for each in over if each.digests.get("code") == code]))
    found = f"{len(days)} sessions, {len(ours)} of them by this code"
    if len(days) >= DAYS and ours:
        return Line("rehearsed", Colour.GREEN, found, wanted)
    colour = Colour.RED if mode is Mode.LIVE and not days else Colour.YELLOW
    return Line("rehearsed", colour, found, wanted, "trade whole sessions with workbench paper, or watch with workbench observe, first")
