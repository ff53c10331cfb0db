"""A session of the stores through the engine: played back against its own commands, or traded anew with modelled fills. Writes one run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from workbench.clock import SystemClock
from workbench.config import Settings
from workbench.domain.decisions import ParityBroken
from workbench.domain.errors import ConfigError, DataError
from workbench.engine import Setup
from workbench.learning.models import DEFAULT
from workbench.runtime import build
from workbench.runtime.logged import Logged
from workbench.runtime.recovery import made_with, put_start, start_of
from workbench.runtime.replay import Outcome, first_difference, issued, replay, simulate
from workbench.store.digests import deciding_digest, environment
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, run_folders, write_manifest
from workbench.store.sessions import TRADED
from workbench.workspace import things_of
from workbench.workspace.choosing import OWN

BARS_RECIPE = "bars_15m"
TICKS = (("learned", DEFAULT), ("vwap_reversion", ""))
BARS = (("learned_bars", BARS_RECIPE),)


class Played(NamedTuple):
    """What playing a session came to. ``difference`` is the first command that is not as recorded, where commands were recorded."""

    mode: str
    run: RunManifest | None
    outcome: Outcome
    difference: ParityBroken | None


def has_orders(logged: Logged) -> bool:
    """Whether the run that wrote a session also traded in it, or decided without sending."""
    return logged.run.mode in TRADED


def setup_as_traded(settings: Settings, logged: Logged) -> Setup:
    """Make the setup a session was traded with, as its run's manifest tells."""
    run = logged.run
    law = build.constitution(run.profile, folder=build.laws_of(settings))
    things = things_of(settings.workspace)
    try:
        made = build.setup(settings, logged.contracts, [logged.session], law, account=run.account, strategies=run.traders, things=things)
    except ConfigError as error:
        who = ", ".join(":".join(filter(None, pair)) for pair in run.traders)
        raise ConfigError(f"session {logged.session} was traded by {who}, which cannot be had here: {error}") from error
    return build.as_run(made, run.closes, run.not_entered)


def what_changed(settings: Settings, logged: Logged, setup: Setup) -> list[str]:
    """Name what is not as it was when the session was traded: a difference then reports the change, it breaks no promise."""
    now = {"code": deciding_digest(), "settings": settings.digest, "constitution": setup.law.digest}
    changed = {name for name, digest in now.items() if logged.run.digests.get(name, digest) != digest}
    before = {name: digest for name, digest in logged.run.digests.items() if name.startswith(OWN)}
    changed |= {name.removeprefix(OWN) for name in before.keys() | setup.digests.keys() if before.get(name) != setup.digests.get(name)}
    return sorted(changed)


def setup_of(
    settings: Settings,
    logged: Logged,
    profile: str | None = None,
    strategies: Sequence[tuple[str, str]] | None = None,
    roots: Collection[str] | None = None,
) -> Setup:
    """Make a setup to trade a session anew with.

    Parameters
    ----------
    profile
        Constitution that is the law; `None`: that of the settings.
    strategies
        `None`: what its data allows; a session of bars alone gets the recipe that needs no more.
    roots
        Roots or symbols that strategies may trade; `None`: all. Features and learners know every contract of the log all the same.
        One that was asked for and brought nothing, a far month, is traded by nobody.

    Raises
    ------
    DataError
        None that may be traded has data.
    """
    kinds = logged.kinds()
    bars_only = all(of == ("bars",) for of in kinds.values() if of)
    chosen = strategies if strategies is not None else BARS if bars_only else TICKS
    traded = tuple(each for each in _traded(logged, roots) if kinds[each])
    if not traded:
        raise DataError(
            f"session {logged.session} has no quotes, prints or bars of {', '.join(roots or (c.symbol for c in logged.contracts))}"
        )
    law, things = build.constitution(profile or settings.profile, folder=build.laws_of(settings)), things_of(settings.workspace)
    account = "DUSIM-PLAY"
    made = build.setup(settings, logged.contracts, [logged.session], law, account=account, strategies=chosen, kinds=kinds, things=things)
    return made._replace(strategies=tuple((strategy, traded) for strategy, _ in made.strategies))


def _traded(logged: Logged, roots: Collection[str] | None) -> tuple[int, ...]:
    """Give the ids of the contracts that may be traded."""
    there = {name for contract in logged.contracts for name in (contract.root, contract.symbol)}
    if unknown := sorted(set(roots or ()) - there):
        raise ConfigError(f"session {logged.session} has no {', '.join(unknown)}; there are {', '.join(sorted(there))}")
    return tuple(contract.id for contract in logged.contracts if roots is None or contract.root in roots or contract.symbol in roots)


def not_traded(logged: Logged, setup: Setup) -> list[str]:
    """Name contracts of the log that no strategy of a setup trades, though there are strategies."""
    traded = {id_ for _, ids in setup.strategies for id_ in ids}
    return [contract.symbol for contract in logged.contracts if setup.strategies and contract.id not in traded]


async def play_back(logged: Logged, setup: Setup) -> Played:
    """Play a session that was traded; compare every command with the recorded one. Writes nothing."""
    start = start_of(logged.data, logged.run)
    outcome = await replay(setup, logged.records, logged.arrivals, begin=lambda engine: put_start(engine, logged.run, start))
    return Played("replay", None, outcome, first_difference(issued(logged.facts()), outcome.commands))


async def trade_anew(settings: Settings, logged: Logged, setup: Setup) -> Played:
    """Trade a session with modelled fills; its journal becomes a run of its own, in one commit at the end."""
    folder = Folders(logged.data).run(_name(logged.data, logged.session))
    manifest = RunManifest(
        run=folder.name,
        mode="simulate",
        sessions=(logged.session,),
        epoch=0,
        created_ns=SystemClock().now_ns(),
        first_seq=int(logged.records["seq"][0]),
        last_seq=int(logged.records["seq"][-1]),
        contracts=logged.contracts,
        digests=made_with(setup, {"settings": settings.digest}),
        environment=environment(),
        source=logged.run.run,
        account=setup.account,
        profile=setup.law.profile,
        traders=setup.traders,
        own_features=build.own_features(setup),
        notes=f"did not trade {', '.join(left)}" if (left := not_traded(logged, setup)) else "",
    )
    write_manifest(folder, manifest)
    with Journal.in_one_commit(folder / "journal.db") as journal:
        outcome = await simulate(setup, logged.records, build.fills(settings), journal=journal, run_name=folder.name)
    manifest = msgspec.structs.replace(manifest, is_closed=True)
    write_manifest(folder, manifest)
    return Played("simulate", manifest, outcome, None)


def _name(data: Path, session: int) -> str:
    taken = [folder.name for folder in run_folders(data) if folder.name.startswith(f"{session}-simulate-")]
    return f"{session}-simulate-{1 + max((int(name.rsplit('-', 1)[1]) for name in taken), default=0)}"


def what_stays_none(setup: Setup) -> list[str]:
    """Name the features that stay `None` because the data of no contract has what they need."""
    from workbench.features import catalogue

    there = {kind for kinds in setup.kinds.values() for kind in kinds}
    if not setup.kinds:
        return []
    return sorted({entry.name for entry in catalogue() if not _can(entry.needs, there)})


def _can(needs: Sequence[str] | frozenset[str], there: set[str]) -> bool:
    return all(need in there or need == "leader" or (need == "bars" and "prints" in there) for need in needs)
