"""Which sessions speak for a recipe or a strategy, and which do not and why. Reads manifests and journals; judges nothing.

Rules
-----
1. One session counts once: by the run that traded it, else by the newest shadow of it. A plain simulation is none: it can be repeated.
2. A shadow counts only where it was in the slot before the session began, as the source it still is. What comes after is hindsight.
3. What was generated, or traded on this project's own gateway, shows the machine at work and no market: it counts where that is asked for.
4. A run that has not ended is not evidence yet.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal, NamedTuple

from workbench import calendars
from workbench.domain.errors import ConfigError
from workbench.research.proving.stint import Stint, Whose, read_stint
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, runs
from workbench.store.shadows import is_shadow, named, slot

Kind = Literal["recipe", "strategy"]
OWN_GATEWAY: Final = "DUSIM"  # how the accounts of this project's own gateway begin


class Evidence(NamedTuple):
    """Sessions that count, the earliest first, and in words those that do not."""

    kind: Kind
    name: str
    stints: tuple[Stint, ...]
    left_out: tuple[str, ...]


class _Found(NamedTuple):
    session: int
    run: RunManifest
    how: str


def gather(kind: Kind, name: str, data: Path, *, generated: bool = False, modes: Collection[str] = ("paper",)) -> Evidence:
    """Find the evidence there is.

    Parameters
    ----------
    name
        Of the catalogue: ``flow_1m``; of a strategy also with the recipe it follows: ``learned:flow_1m``.
    generated
        Whether sessions of no market count.
    modes
        Of the runs that count beside shadows.
    """
    every = runs(data)
    gone = {replaced for run in every for replaced in run.replaced}
    by_name = {run.run: run for run in every}
    chosen: dict[int, _Found] = {}
    left: list[str] = []
    for run in every:
        if not (pairs := _pairs(kind, name, run.traders)) or run.run in gone:
            continue
        how = "shadow" if run.mode == "simulate" and is_shadow(run.account) else run.mode
        if how != "shadow" and how not in modes:
            continue
        why = _why_not(run, by_name.get(run.source), how, pairs, data, generated=generated)
        if why:
            left.append(f"{run.run}: {why}")
            continue
        for session in run.sessions:
            held = chosen.get(session)
            if held is None or how != "shadow" or held.how == "shadow":
                chosen[session] = _Found(session, run, how)
    stints = []
    for found in (chosen[session] for session in sorted(chosen)):
        whose = _whose(kind, name, found.run)
        stints.append(read_stint(found.session, found.run, Folders(data).journal(found.run.run), found.how, whose))
    return Evidence(kind, name, tuple(stints), tuple(left))


def must_be(kind: str) -> Kind:
    """Read a kind.

    Raises
    ------
    ConfigError
        It has no tiers.
    """
    if kind == "recipe":
        return "recipe"
    if kind == "strategy":
        return "strategy"
    raise ConfigError(f"a {kind} has no tiers; a recipe and a strategy have")


def _pairs(kind: Kind, name: str, traders: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    if kind == "recipe":
        return [pair for pair in traders if pair[1] == name]
    return [pair for pair in traders if name in (pair[0], named(*pair))]


def _whose(kind: Kind, name: str, run: RunManifest) -> Whose:
    pairs = _pairs(kind, name, run.traders)
    return Whose(frozenset(strategy for strategy, _ in pairs), frozenset(recipe for _, recipe in pairs if recipe))


def _why_not(run: RunManifest, source: RunManifest | None, how: str, pairs: list[tuple[str, str]], data: Path, *, generated: bool) -> str:
    """Say why a run does not count; empty where it does."""
    writer = source if how == "shadow" else run
    if not run.is_closed:
        return "it has not ended"
    if not Folders(data).journal(run.run).exists():
        return "its journal is gone"
    if writer is None:
        return "the run whose records it played is gone"
    if not generated and is_made(writer):
        return f"no market: {writer.source or writer.account}"
    return _hindsight(run, pairs, data) if how == "shadow" else ""


def is_made(writer: RunManifest) -> bool:
    """Tell whether a session is of no market: generated, or served by this project's own gateway."""
    return writer.mode == "generate" or "generated" in writer.source or writer.account.startswith(OWN_GATEWAY)


def _hindsight(run: RunManifest, pairs: list[tuple[str, str]], data: Path) -> str:
    stay = next((found for pair in pairs if (found := slot(data, named(*pair))) is not None), None)
    if stay is None:
        return "it never was in the shadow slot"
    if not all(stay.held(calendars.session_bounds(session)[0]) for session in run.sessions):
        return "hindsight: it was not in the slot when the session began"
    if any(run.digests.get(name) != digest for name, digest in stay.digests.items()):
        return "it was edited since"
    return ""
