"""The gate of replay parity: what was done once is done again, command by command, over the last recorded sessions. Writes nothing.

Two proofs a session, neither enough: its log played back with the same reports, and traded again with the records cut otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from workbench.pipelines.promotion.gates import N_SESSIONS, THIN, Candidate, Verdict
from workbench.pipelines.promotion.judging import playing
from workbench.research.proof import proof
from workbench.runtime.logged import open_log
from workbench.runtime.play import has_orders
from workbench.runtime.replay import first_difference
from workbench.workspace import Thing

CHUNK: Final = 4_093  # records; a prime, so that no piece ends with a bar for long
ALIKE: Final = "traded with modelled fills, played back, and cut otherwise: alike"
Place = tuple[Path, int]


class Held(NamedTuple):
    """What holding one session against itself came to; ``difference`` is empty where nothing differs."""

    session: int
    n_commands: int
    difference: str
    said: str


def of_page(candidate: Candidate) -> Verdict:
    """Hold the logs that a page tells of against themselves: as they were traded, or with what is shipped where nobody traded."""
    return _over(candidate, _held_as_traded)


def of_thing(candidate: Candidate) -> Verdict:
    """Let a thing trade each session, and again."""
    thing, _ = candidate.own
    return _over(candidate, lambda place: _held(place, thing, candidate.follows))


def _over(candidate: Candidate, hold: Callable[[Place], Held]) -> Verdict:
    own = playing.last_sessions(candidate.data)
    places = own if len(own) == N_SESSIONS else [*own, playing.generated_session()]
    found = [hold(place) for place in places]
    broken = [each for each in found if each.difference]
    thin = "" if len(own) == N_SESSIONS else f"; {THIN}: {len(own)} of {N_SESSIONS} recorded sessions, and the generated sample"
    n = sum(each.n_commands for each in found)
    rows = (f"| {each.session} | {each.n_commands:,} | {each.said} |" for each in found)
    more = "\n".join(["| session | commands | |", "|---|---|---|", *rows])
    data = {"sessions": [each._asdict() for each in found], "n_recorded": len(own), "is_thin": bool(thin)}
    if broken:
        return Verdict(False, f"session {broken[0].session}: {broken[0].difference}", more, data)
    return Verdict(True, f"{n:,} command{'s' * (n != 1)} of {_sessions(found)} alike, one by one{thin}", more, data)


def _sessions(found: Sequence[Held]) -> str:
    return f"{len(found)} session{'s' if len(found) != 1 else ''}"


def _held_as_traded(place: Place) -> Held:
    if not has_orders(open_log(*place)):
        return _held(place, None, "")
    seen = asyncio.run(proof(*place))
    assert seen is not None  # it has orders
    said = "replayed as it was traded" if seen.same else f"differs; since it was traded these changed: {', '.join(seen.changed)}"
    return Held(place[1], seen.n_commands, "" if seen.same or seen.changed else str(seen), said)


def _held(place: Place, thing: Thing | None, follows: str) -> Held:
    once = playing.play_through(place, thing, follows)
    back = playing.play_back(place, thing, follows, once)
    cut = playing.play_through(place, thing, follows, chunk=CHUNK)
    difference = ""
    for how, other in (("played back", back), ("with its records cut otherwise", cut.outcome)):
        seen = first_difference(once.outcome.commands, other.commands)
        if seen is not None:
            difference = f"{how} it does something else: first {seen.recorded}, then {seen.made}"
        elif once.outcome.state_digest != other.state_digest:
            difference = f"{how} it issues the same commands and ends in another state"
        if difference:
            break
    return Held(place[1], once.outcome.n_commands, difference, difference or ALIKE)
