"""Winners of a sweep through the engine, over the sessions they were swept on: what it comes to, and why that is not what the sweep said.

The engine sees every quote and print, fills at what is quoted, refuses by the law. Nothing is written but the trials.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np
import polars as pl

from workbench.config import load_settings
from workbench.domain.decisions import AnyFact
from workbench.domain.errors import ConfigError, DataError
from workbench.research.sweeps.counting import note_sweep, periods_of
from workbench.research.sweeps.differences import Trip, causes, trips_of_engine, trips_of_kernel
from workbench.research.sweeps.plan import Plan
from workbench.research.sweeps.rules import Config, Rule
from workbench.research.sweeps.series import Series
from workbench.research.sweeps.sweep import configurations, walk
from workbench.research.sweeps.swept import Hold, Swept, swept
from workbench.research.sweeps.terms import Terms

if TYPE_CHECKING:
    from workbench.domain.records import Records
    from workbench.engine import Setup

NO_TARGET: Final = 20  # stops away: the engine trades brackets, and this far a target is none
A_DAY_NS: Final = 86_400 * 10**9
ACCOUNT: Final = "DUSIM-CONFIRM"


class Confirmed(NamedTuple):
    """What the engine made of configurations.

    Attributes
    ----------
    table
        A row a configuration: its numbers; sweep_usd, replay_usd [after costs, closed trips]; sweep_trips, replay_trips; mostly [the cause
        that moved most money], mostly_usd.
    causes
        A row a configuration and cause: place of the configuration in the table, cause, n [trips], usd [by which the replay came to more].
        They sum up to the whole difference.
    """

    table: pl.DataFrame
    causes: pl.DataFrame


class Played(NamedTuple):
    """A session as all configurations meet it."""

    records: Records
    setup: Setup
    contract: int


def confirm(
    bars: pl.DataFrame,
    rule: Rule,
    configs: Sequence[Config] | pl.DataFrame,
    terms: Terms,
    *,
    hold: Hold = "session",
    data: Path | str | None = None,
    profile: str | None = None,
    family: str | None = None,
) -> Confirmed:
    """Run configurations through the engine over the recorded sessions of their bars, and say where and why it disagrees.

    The engine gets the sweep's signals at the ends of their bars, and of the market the one contract. The law's size is cut to the
    sweep's contracts; everything else of it holds.

    Parameters
    ----------
    bars
        As they were swept: of recorded sessions, with ``session`` and ``symbol``; ``time`` is a bar's end.
    configs
        Configurations, or rows of what `sweep` gave. Each needs a stop: no order of this house leaves without one.
    data
        Data folder of the sessions, and of the ledger; `None`: that of the settings.
    profile
        The law; `None`: that of the settings.

    Raises
    ------
    ConfigError
        A configuration without a stop, or that means nothing.
    DataError
        Bars without session or symbol, or a session that is not recorded.

    Examples
    --------
    In a notebook: ``confirm(bars, Cross(), found.sort("pnl_usd").tail(10), terms_of("ES"), data=data).table``.
    """
    given = configs.select(*_named(rule, configs)).to_dicts() if isinstance(configs, pl.DataFrame) else configs
    of, chosen = swept(bars, rule, terms, hold), configurations(rule, given)
    series = of.series
    if [each for each in chosen if not each.get("stop_ticks")]:
        raise ConfigError("the engine sends no order without a stop: put stop_ticks into the grid")
    if missing := [name for name in ("session", "symbol") if name not in series.frame.columns]:
        raise DataError(f"bars of recorded sessions have {', '.join(missing)}; these have not")
    folder = Path(data) if data is not None else load_settings().data_path
    sessions = [_opened(folder, day, series, terms, profile) for day in series.frame["session"].unique().sort().to_list()]
    fill, length_ns, told, rows, why = rule.over(series), _length_ns(series), [], [], []
    with ThreadPoolExecutor(1) as own:  # a notebook's cells run in an event loop, and one cannot run within another
        for place, config in enumerate(chosen):
            signal = np.array(fill(config))
            ours, left_open = trips_of_kernel(of, walk, signal, config)
            plan = _plan(of, signal, config, length_ns)
            replayed = trips_of_engine(own.submit(_facts, each, plan).result() for each in sessions)
            told.append((config, _earned(replayed.trips, series)))
            found = causes(ours, replayed, left_open, terms, length_ns)
            rows.append(_row(config, ours, replayed.trips, left_open, found))
            why += [(place, cause, n, usd) for cause, (n, usd) in found.items()]
    note_sweep(of, told, folder, family, law=sessions[0].setup.law.digest)
    return Confirmed(pl.DataFrame(rows, infer_schema_length=None), pl.DataFrame(why, schema=_WHY, orient="row"))


_WHY: Final = {"place": pl.Int64, "cause": pl.String, "n": pl.Int64, "usd": pl.Float64}


def _row(config: Config, ours: list[Trip], theirs: list[Trip], left_open: float, found: dict[str, tuple[int, float]]) -> dict[str, Any]:
    most = max(found, key=lambda cause: abs(found[cause][1]), default=None)
    return {
        **config,
        "sweep_usd": sum(trip.usd for trip in ours) + left_open,
        "replay_usd": sum(trip.usd for trip in theirs),
        "sweep_trips": len(ours),
        "replay_trips": len(theirs),
        "mostly": most,
        "mostly_usd": found[most][1] if most is not None else None,
    }


def _named(rule: Rule, frame: pl.DataFrame) -> list[str]:
    return [name for name in (*rule.parameters, "stop_ticks", "target_ticks", "hold_bars") if name in frame.columns]


def _length_ns(series: Series) -> int:
    """Give the length of a bar: the least time between two."""
    at = series.frame["time"].dt.epoch("ns").to_numpy()
    return int(np.diff(at).min()) if len(at) > 1 else A_DAY_NS


def _opened(folder: Path, day: Any, series: Series, terms: Terms, profile: str | None) -> Played:
    """Open a session, and keep of it the one contract."""
    from workbench.runtime import play  # the engine: whoever only sweeps needs none of it
    from workbench.runtime.logged import open_log

    settings = load_settings()
    logged = open_log(folder, day.year * 10_000 + day.month * 100 + day.day)
    symbol = str(series.frame["symbol"][0])
    found = [contract.id for contract in logged.contracts if contract.symbol == symbol]
    if not found:
        raise DataError(f"session {logged.session} has no {symbol}; there are {', '.join(each.symbol for each in logged.contracts)}")
    made = play.setup_of(settings, logged, profile, (), [symbol])
    most = min(terms.qty, made.law.risk.max_contracts_per_order)
    law = msgspec.structs.replace(made.law, risk=msgspec.structs.replace(made.law.risk, max_contracts_per_order=most))
    mine = made._replace(
        account=ACCOUNT,
        law=law,
        terms=tuple(each for each in made.terms if each.contract.id == found[0]),
        closes={found[0]: made.closes[found[0]]},
        leaders={},
        kinds={found[0]: made.kinds[found[0]]},
    )
    records = logged.records[np.isin(logged.records["contract"], [0, found[0]])].copy()
    return Played(records, mine, found[0])


def _facts(session: Played, plan: Plan) -> list[AnyFact]:
    from workbench.runtime import build
    from workbench.runtime.replay import simulate

    setup = session.setup._replace(strategies=((plan, (session.contract,)),))
    return asyncio.run(simulate(setup, session.records, build.fills(load_settings()))).facts


def _plan(of: Swept, signal: Any, config: Config, length_ns: int) -> Plan:
    point = float(of.terms.quantum) * of.terms.tick
    there = np.flatnonzero(signal)
    ends = of.series.frame["time"].dt.epoch("ns").to_numpy()[there]
    stop = config["stop_ticks"] * point
    target = config.get("target_ticks", 0) * point or NO_TARGET * stop
    hold_ns = int(config.get("hold_bars", 0)) * length_ns or A_DAY_NS
    return Plan(dict(zip(ends.tolist(), signal[there].tolist(), strict=True)), length_ns, stop, target, hold_ns)


def _earned(trips: list[Trip], series: Series) -> Any:
    """Give what was earned in each period, by when a trip was closed."""
    periods = periods_of(series)
    at = series.frame["time"].dt.epoch("ns").to_numpy()
    lasts = at[periods.ends] if periods.ends is not None else at[series.edges[1:] - 1]
    made = np.zeros(len(lasts))
    for trip in trips:
        made[min(int(np.searchsorted(lasts, trip.closed_ns)), len(lasts) - 1)] += trip.usd
    return made
