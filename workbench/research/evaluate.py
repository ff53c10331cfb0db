"""What a session was worth: round trips, refusals, forecasts, as functions of the facts of its log. Pure; no engine, no I/O."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from workbench.domain.decisions import (
    AnyFact,
    DriftSeen,
    ForecastMade,
    Issued,
    LabelMatured,
    LabelsVoided,
    Latched,
    Refused,
    RoundTripClosed,
    StateChanged,
)
from workbench.learning.confidence import Reliability, Row
from workbench.research.tallies import Apart, margin

EVERYTHING = 1 << 62  # outcomes a table of a whole session may hold


class Trips(NamedTuple):
    """Round trips of one contract and strategy. Money in micros, after fees; ``mean_r`` is mean P&L over the risk first taken."""

    contract: int
    strategy: str
    n: int
    n_won: int
    pnl_micros: int
    fees_micros: int
    mean_r: float
    worst_micros: int
    mean_minutes: float


class Forecasts(NamedTuple):
    """What became of one recipe's forecasts, over all contracts it spoke about.

    ``hit_frac`` is the share that pointed the right way, ``margin`` the half-width of its 95 % interval, outcomes that overlap counted
    once; ``brier`` 0.25 is a coin; ``ece`` the mean distance of forecast and frequency.
    """

    name: str
    n_made: int
    n_known: int
    n_void: int
    hit_frac: float | None
    margin: float | None
    brier: float | None
    ece: float | None
    bins: tuple[Row, ...]
    n_drifts: int


class Summary(NamedTuple):
    """A session at a glance."""

    trips: tuple[Trips, ...]
    refusals: tuple[tuple[str, int], ...]  # by reason, the most frequent first
    forecasts: tuple[Forecasts, ...]
    states: tuple[tuple[str, str], ...]  # trading states in their order, each with why
    n_commands: int

    @property
    def pnl_micros(self) -> int:
        """P&L of all round trips after fees."""
        return sum(each.pnl_micros for each in self.trips)

    @property
    def fees_micros(self) -> int:
        """Fees of all round trips."""
        return sum(each.fees_micros for each in self.trips)

    @property
    def n_trips(self) -> int:
        """How many round trips there were."""
        return sum(each.n for each in self.trips)


def summarise(facts: Iterable[AnyFact]) -> Summary:
    """Read the facts of a log once.

    Examples
    --------
    >>> from workbench.domain.decisions import Reason
    >>> summarise([]).n_trips, summarise([]).pnl_micros
    (0, 0)
    """
    trips: dict[tuple[int, str], list[RoundTripClosed]] = {}
    refusals: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {}
    tables: dict[str, Reliability] = {}
    apart: dict[str, Apart] = {}
    horizons_ns: dict[str, int] = {}
    states: list[tuple[str, str]] = []
    n_commands = 0
    for fact in facts:
        match fact:
            case RoundTripClosed(key=key):
                trips.setdefault((key.contract, key.strategy), []).append(fact)
            case Refused(reason=reason):
                refusals[reason.value] += 1
            case ForecastMade(name=name):
                horizons_ns[name] = fact.horizon_ns
                counts.setdefault(name, Counter())["made"] += 1
            case LabelMatured(name=name, p_up=p, up=up) if p is not None:
                tables.setdefault(name, Reliability(min_outcomes=1, max_outcomes=EVERYTHING)).update(p, up)
                apart.setdefault(name, Apart()).take(fact.contract, fact.made_ns, horizons_ns.get(name, 0))
            case LabelsVoided(name=name, n=n):
                counts.setdefault(name, Counter())["void"] += n
            case DriftSeen(name=name):
                counts.setdefault(name, Counter())["drift"] += 1
            case StateChanged(state=state, why=why):
                states.append((state.value, why))
            case Latched(state=state, cause=cause) if not states or states[-1][1] != cause:  # beside what holds the state already
                states.append((states[-1][0] if states else state.value, cause))
            case Issued():
                n_commands += 1
            case _:
                pass
    return Summary(
        tuple(_trips(*key, each) for key, each in sorted(trips.items())),
        tuple(refusals.most_common()),
        tuple(_forecasts(name, counts.get(name, {}), tables.get(name), apart.get(name)) for name in sorted(counts.keys() | tables.keys())),
        tuple(states),
        n_commands,
    )


def _trips(contract: int, strategy: str, closed: list[RoundTripClosed]) -> Trips:
    return Trips(
        contract,
        strategy,
        len(closed),
        sum(each.pnl_micros > 0 for each in closed),
        sum(each.pnl_micros for each in closed),
        sum(each.fees_micros for each in closed),
        math.fsum(each.r for each in closed) / len(closed),
        min(each.pnl_micros for each in closed),
        math.fsum(each.closed_ns - each.opened_ns for each in closed) / len(closed) / 60e9,
    )


def _forecasts(name: str, counted: Mapping[str, int], table: Reliability | None, apart: Apart | None) -> Forecasts:
    n = table.n if table is not None else 0
    hit = table.n_right / n if table is not None and n else None
    return Forecasts(
        name,
        counted.get("made", 0),
        n,
        counted.get("void", 0),
        hit,
        margin(hit, apart.n) if hit is not None and apart is not None else None,
        table.brier if table is not None else None,
        table.ece if table is not None else None,
        tuple(row for row in table.table() if row.n) if table is not None else (),
        counted.get("drift", 0),
    )
