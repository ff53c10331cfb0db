"""Each thing a tier asks for, held against what was found: one function a line. Pure arithmetic; no I/O, no replay."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from workbench.research.proving.score import reliability
from workbench.research.proving.stint import Stint
from workbench.research.proving.thresholds import Tier
from workbench.research.proving.verdict import Line, State
from workbench.research.uncertainty import Interval, block_bootstrap, n_needed
from workbench.store.drills import Drilled


class Replay(Protocol):
    """What the replay of a session came to (`replaying.Replayed`)."""

    @property
    def same(self) -> bool | None:
        """Whether every command was the recorded one; `None`: it could not be replayed."""

    @property
    def n_commands(self) -> int:
        """How many there were."""

    @property
    def text(self) -> str:
        """In words."""

    @property
    def changed(self) -> Sequence[str]:
        """What is not as it was."""


class Found(NamedTuple):
    """What there is: sessions, what the replay of each came to, the newest drill of a kill, and the code that decides now."""

    stints: tuple[Stint, ...]
    replays: tuple[Replay, ...]
    drill: tuple[Path, Drilled] | None
    code: str

    @property
    def runs(self) -> tuple[str, ...]:
        """Names of the runs."""
        return tuple(stint.run.run for stint in self.stints)


def asked(found: Found, tier: Tier, why: Mapping[str, str]) -> Iterator[Line]:
    """Hold everything a tier asks for against what was found."""
    stints = found.stints
    n_decisions = sum(stint.n_decisions for stint in stints)
    n_approved = sum(stint.n_approved for stint in stints)
    n_trips = sum(len(stint.trips) for stint in stints)
    yield _count("sessions", len({stint.session for stint in stints}), tier.sessions, why["sessions"], found)
    yield _count("decisions", n_decisions, tier.decisions, why["decisions"], found, f"{n_approved} approved")
    yield _count("round trips", n_trips, tier.round_trips, why["round_trips"], found)
    yield _parity(found, why["parity"])
    yield _breaks(found, why["breaks"])
    yield from _calibration(found, tier, why)
    yield _expectancy(found, tier, why["expectancy_r"])
    yield _drill(found, why["drill"])
    yield _duplicates(found, why["duplicates"])


def _count(what: str, n: int, wanted: int, why: str, found: Found, more: str = "") -> Line:
    value = f"{n:,} of {wanted:,}" if n < wanted else f"{n:,}"
    state = State.PASSED if n >= wanted else State.NOT_YET
    said = f"not enough {what} yet ({n:,} of {wanted:,})" if n < wanted else ""
    return Line(what, f"{value}{f' ({more})' if more and n else ''}", f"at least {wanted:,}", state, why, said, found.runs)


def _parity(found: Found, why: str) -> Line:
    wanted, n = "every command again, in every session", len(found.stints)
    same = [each for each in found.replays if each.same]
    value = f"{len(same)} of {n} sessions, {sum(each.n_commands for each in same):,} commands"
    if not n:
        return Line("parity", "no session", wanted, State.NOT_YET, why, "nothing was there to replay")
    differ = [(stint, each) for stint, each in zip(found.stints, found.replays, strict=True) if not each.same]
    if not differ:
        return Line("parity", value, wanted, State.PASSED, why, runs=found.runs)
    is_broken = any(each.same is False and not each.changed for _, each in differ)
    said = "; ".join(f"{stint.session}: {each.text}" for stint, each in differ)
    runs = tuple(stint.run.run for stint, _ in differ)
    return Line("parity", value, wanted, State.FAILED if is_broken else State.NOT_YET, why, said, runs)


def _breaks(found: Found, why: str) -> Line:
    there = [(stint, text) for stint in found.stints for text in stint.breaks]
    if found.stints and found.stints[-1].is_halted:
        there.append((found.stints[-1], "it ended halted, and nobody resumed since"))
    said = "; ".join(f"{stint.session}: {text}" for stint, text in there)
    state = State.FAILED if there else State.PASSED if found.stints else State.NOT_YET
    return Line("open breaks", str(len(there)), "none", state, why, said or "nothing was looked at", found.runs)


def _calibration(found: Found, tier: Tier, why: Mapping[str, str]) -> Iterator[Line]:
    if found.stints and not any(stint.recipes for stint in found.stints):
        yield Line("calibration", "it makes no forecast", "", State.NOT_ASKED, why["ece"])
        return
    n = sum(stint.n_apart for stint in found.stints)
    yield _count("outcomes", n, tier.outcomes, why["outcomes"], found, "that do not overlap")
    ece, wanted = reliability(found.stints).ece, f"at most {tier.ece:.3f}"
    if ece is None:
        yield Line("calibration error", "not known", wanted, State.NOT_YET, why["ece"], "no forecast has an outcome yet")
        return
    state = State.PASSED if ece <= tier.ece else State.FAILED if n >= tier.outcomes else State.NOT_YET
    said = "of so few outcomes it is mostly chance" if state is State.NOT_YET else "chances are not what they say"
    yield Line("calibration error", f"{ece:.3f}", wanted, state, why["ece"], said, found.runs)


def expectancy(stints: Sequence[Stint]) -> Interval | None:
    """Estimate what a round trip earns, in R after costs, with its 95 % interval; `None`: there are too few.

    Neighbours share their market: blocks of the cube root of n are drawn (Hall, Horowitz, Jing, 1995, Biometrika 82).
    """
    return _interval(tuple(trip.closed.r for stint in stints for trip in stint.trips))


@lru_cache(maxsize=16)  # every tier asks the same again
def _interval(results: tuple[float, ...]) -> Interval | None:
    return block_bootstrap(results, block=max(1, round(len(results) ** (1 / 3)))) if len(results) > 1 else None


def _expectancy(found: Found, tier: Tier, why: str) -> Line:
    least = tier.expectancy_r
    wanted = f"{'lower' if tier.must_be_sure else 'upper'} end at least {least:+.2f} R"
    seen = expectancy(found.stints)
    if seen is None:
        return Line("net expectancy", "not known", wanted, State.NOT_YET, why, "too few round trips for an interval", found.runs)
    value = f"{seen.value:+.2f} R, 95 % from {seen.lo:+.2f} to {seen.hi:+.2f}"
    if seen.hi < least:
        return Line("net expectancy", value, wanted, State.FAILED, why, "it loses, and that is no chance any more", found.runs)
    if seen.lo >= least or not tier.must_be_sure:
        return Line("net expectancy", value, wanted, State.PASSED, why, runs=found.runs)
    results = [trip.closed.r for stint in found.stints for trip in stint.trips]
    needed = n_needed(results, seen.value - least) if seen.value > least else None
    more = f"; if it goes on like this, some {math.ceil(needed):,} round trips tell" if needed is not None and needed > seen.n else ""
    return Line("net expectancy", value, wanted, State.NOT_YET, why, f"the interval spans {least:+.2f} R{more}", found.runs)


def _drill(found: Found, why: str) -> Line:
    wanted = "rehearsed with this code, all claims held"
    if found.drill is None:
        return Line("kill drill", "none", wanted, State.NOT_YET, why, "rehearse: workbench drill kill")
    path, drill = found.drill
    when = f"{datetime.fromtimestamp(drill.at_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M} UTC ({path.name})"
    if not drill.is_good:
        failed = "; ".join(claim for claim, held, _ in drill.claims if not held) or "nothing was claimed"
        return Line("kill drill", when, wanted, State.FAILED, why, f"did not hold: {failed}")
    if drill.code != found.code:
        return Line("kill drill", when, wanted, State.NOT_YET, why, "the code has changed since: workbench drill kill")
    return Line("kill drill", when, wanted, State.PASSED, why)


def _duplicates(found: Found, why: str) -> Line:
    twice = [f"{stint.session}: {text}" for stint in found.stints for text in stint.duplicates]
    n_commands, n_restarts = (sum(getattr(stint, name) for stint in found.stints) for name in ("n_commands", "n_restarts"))
    is_rehearsed = found.drill is not None and found.drill[1].is_good
    value = f"{len(twice)} in {n_commands:,} commands, {n_restarts} restarts{' and the drill' if is_rehearsed else ''}"
    wanted = "none, over a restart"
    if twice:
        return Line("duplicates", value, wanted, State.FAILED, why, "; ".join(twice), found.runs)
    if not found.stints or (not n_restarts and not is_rehearsed):
        return Line("duplicates", value, wanted, State.NOT_YET, why, "nothing was restarted yet: workbench drill kill", found.runs)
    return Line("duplicates", value, wanted, State.PASSED, why, runs=found.runs)
