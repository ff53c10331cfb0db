"""From names to a machine: where settings, catalogues and calendars become one `Setup`. Reads files at start; decides nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workbench import calendars
from workbench.config import Root, Settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError
from workbench.domain.units import MICROS, SECOND
from workbench.engine import Setup
from workbench.market.rolls import front
from workbench.risk.constitution import Constitution, parse
from workbench.risk.limits import Terms
from workbench.simulation.matching.models import FillModel, Latency, PerContract, PerShare, Queue, Slippage
from workbench.workspace import Things
from workbench.workspace.choosing import choose

CONSTITUTIONS = Path(__file__).parents[1] / "constitutions"
T = TypeVar("T")


def constitution(profile: str, *, folder: Path | None = None) -> Constitution:
    """Read a constitution: the workspace's own (`folder`) before the shipped ones."""
    for place in (folder, CONSTITUTIONS):
        path = place / f"{profile}.toml" if place is not None else None
        if path is not None and path.exists():
            try:
                return parse(tomllib.loads(path.read_text(encoding="utf-8")))
            except tomllib.TOMLDecodeError as error:
                raise ConfigError(f"{path}: {error}") from None
    raise ConfigError(f"there is no constitution {profile!r}; there are {', '.join(constitutions(folder))}")


def constitutions(folder: Path | None = None) -> list[str]:
    """Name the constitutions there are: the shipped ones, and those in `folder`."""
    return sorted({path.stem for place in (folder, CONSTITUTIONS) if place is not None for path in place.glob("*.toml")})


def laws_of(settings: Settings) -> Path | None:
    """Give the folder of the workspace's own constitutions, `None` outside of one."""
    return settings.workspace / "constitutions" if settings.workspace is not None else None


def fronts(settings: Settings, roots: Sequence[str], session: int, first_id: int = 1) -> tuple[Contract, ...]:
    """Define the contract that leads on a session's date for each root, ids counted from `first_id`."""
    on = _date(session)
    made = []
    for id_, name in enumerate(roots, first_id):
        root = _root(settings, name)
        expiry = None
        if root.months is not None:
            days = calendars.business_days(on - timedelta(days=70), on + timedelta(days=400))
            expiry = front(root.listing, on, days).expiry
        made.append(root.contract(id_, expiry))
    return tuple(made)


def terms(settings: Settings, contract: Contract) -> Terms:
    """What trading a contract costs and binds, as settings assume it."""
    root = _root(settings, contract.root)
    return Terms(
        contract,
        fee_micros=_up(Fraction(root.commission) * MICROS),
        margin_micros=_up(Fraction(root.initial_margin or 0) * MICROS),
        margin_frac=float(Fraction(root.initial_margin_frac or 0)),
        fee_min_micros=_up(Fraction(root.commission_min or 0) * MICROS),
    )


def fills(settings: Settings) -> FillModel:
    """The simulated exchange as settings want it."""
    wanted = settings.simulation
    fees = {
        name: PerShare(micros=_up(Fraction(root.commission) * MICROS), minimum_micros=_up(Fraction(root.commission_min) * MICROS))
        if root.commission_min
        else PerContract(micros=_up(Fraction(root.commission) * MICROS))
        for name, root in settings.roots.items()
    }
    return FillModel(
        name="settings",
        latency=Latency(order_ns=wanted.order_latency_ns, report_ns=wanted.report_latency_ns),
        queue=Queue(wanted.queue),
        slippage=Slippage(
            market_ticks=wanted.market_slippage_ticks, stop_ticks=wanted.stop_slippage_ticks, bar_ticks=wanted.bar_slippage_ticks
        ),
        fees=fees,
    )


def setup(
    settings: Settings,
    contracts: Sequence[Contract],
    sessions: Iterable[int],
    law: Constitution,
    *,
    account: str,
    strategies: Sequence[tuple[str, str]],
    kinds: Mapping[int, Collection[str]] | None = None,
    things: Things | None = None,
) -> Setup:
    """Put an engine's setup together.

    Parameters
    ----------
    contracts
        With rising ids.
    sessions
        Log sessions that will be played, dates written 20261120: days and closes are cut from calendars around them.
    strategies
        Pairs of a strategy of the catalogue and a recipe of the catalogue it follows (``""`` for none), each on all contracts.
    kinds
        Contract id -> kinds of market data there is; all where it is not named.
    things
        What names may mean; `None`: what is shipped.

    Raises
    ------
    ConfigError
        A name that is not in its catalogue, something of a user's that breaks a rule, or a contract in a currency without a rate.
    """
    chosen = choose(strategies, things or Things())
    foreign = sorted({contract.currency for contract in contracts} - {"USD"})
    if foreign:
        raise ConfigError(f"contracts in {', '.join(foreign)} need a recorded rate to the account's USD; trade USD contracts")
    ids = tuple(contract.id for contract in contracts)
    of_root = {contract.root: contract.id for contract in contracts}
    leads = {contract.id: _root(settings, contract.root).lead for contract in contracts}
    played = sorted(sessions)
    first, last = played[0], played[-1]
    return Setup(
        account=account,
        terms=tuple(terms(settings, contract) for contract in contracts),
        law=law,
        strategies=tuple((strategy, ids) for strategy in chosen.strategies),
        recipes=tuple((recipe, ids) for recipe in chosen.recipes),
        account_days=_account_days(settings.account_calendar, first, last),
        closes={contract.id: _closes(contract.calendar, first, last) for contract in contracts},
        leaders={id_: of_root[lead] for id_, lead in leads.items() if lead is not None and lead in of_root},
        lengths_ns=tuple(length * SECOND for length in settings.engine.feature_bars_s),
        own_features=chosen.features,
        kinds=kinds or {},
        traders=chosen.traders,
        models=chosen.models,
        digests=chosen.digests,
        no_entry=_windows(law, first, last),
    )


def as_run(setup: Setup, closes: Mapping[int, tuple[int, ...]], not_entered: Collection[int]) -> Setup:
    """Change a setup to what was known when a run began: closes that a broker told, contracts that are not entered (`RunManifest`)."""
    if not closes and not not_entered:
        return setup
    strategies = tuple((strategy, tuple(id_ for id_ in ids if id_ not in not_entered)) for strategy, ids in setup.strategies)
    return setup._replace(closes={**setup.closes, **closes}, strategies=strategies)


def own_features(setup: Setup) -> tuple[str, ...]:
    """Name a user's features that a setup values, for the manifest of its run."""
    return tuple(str(make().name) for make in setup.own_features)


def _account_days(calendar: str, first: int, last: int) -> tuple[tuple[int, int], ...]:
    return tuple((each.open_ns, each.session) for each in _table(calendar, first, last).sessions)


def _closes(calendar: str, first: int, last: int) -> tuple[int, ...]:
    return tuple(each.close_ns for each in _table(calendar, first, last).sessions)


def _windows(law: Constitution, first: int, last: int) -> tuple[tuple[int, int], ...]:
    """Cut the law's windows without entries for each day of the sessions and around, by their own zone's clock; joined where they meet."""
    try:
        zone = ZoneInfo(law.sessions.window_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"constitution {law.profile}: there is no time zone {law.sessions.window_zone!r}") from None
    begins = datetime.combine(_date(first) - timedelta(days=4), time(), zone)
    cut: list[tuple[int, int]] = []
    for days in range((_date(last) - _date(first)).days + 15) if law.windows else ():
        midnight = begins + timedelta(days=days)
        for start, end in law.windows:
            until = midnight + timedelta(minutes=end, days=end <= start)  # on the wall clock: a night of 25 hours is one
            cut.append((_ns(midnight + timedelta(minutes=start)), _ns(until)))
    joined: list[tuple[int, int]] = []
    for window in sorted(cut):
        if joined and window[0] <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], window[1])
        else:
            joined.append(window)
    return tuple(joined)


def _ns(at: datetime) -> int:
    return int(at.timestamp()) * SECOND


def _table(calendar: str, first: int, last: int) -> calendars.Table:
    return calendars.table(calendar, date(_date(first).year, 1, 1), date((_date(last) + timedelta(days=10)).year, 12, 31))


def _date(session: int) -> date:
    return datetime.strptime(str(session), "%Y%m%d").replace(tzinfo=UTC).date()


def _root(settings: Settings, name: str) -> Root:
    return _named(settings.roots, name, "root")


def _named(catalogue: Mapping[str, T], name: str, what: str) -> T:
    try:
        return catalogue[name]
    except KeyError:
        raise ConfigError(f"there is no {what} {name!r}; there are {', '.join(catalogue)}") from None


def _up(exact: Fraction) -> int:
    return -(-exact.numerator // exact.denominator)
