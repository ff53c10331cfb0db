"""A session of the generated market: one factor, futures that lead, books that follow. Same arguments, same bytes; no I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import exp, log, sqrt
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError
from workbench.domain.records import RECORD, Kind, Phase, Records, empty
from workbench.domain.units import MINUTE, SECOND
from workbench.simulation.market import kernels
from workbench.simulation.market.day import Curve, Day, Span, checked
from workbench.simulation.market.shape import MarketSettings, RootShape

REGULAR_S: Final = 23_400  # s; regular hours of a full day, on which yearly and daily volatility is quoted
RATE_POWER: Final = 0.85  # twice the volume is 2^0.85 as many events,
SIZE_POWER: Final = 1.0 - RATE_POWER  # and larger prints,
DEPTH_POWER: Final = 0.4  # of larger rows
HEAT_POWER: Final = 0.7  # twice the volatility is 2^0.7 as many events
HEAT_RANGE: Final = (0.4, 3.0)  # volatility over its mean, as far as it moves trading
MOST_WIDE_FRAC: Final = 0.9
RECORDS_AN_EVENT: Final = 6.0  # room to begin with; doubled when it was not enough

State = npt.NDArray[np.uint64]


def generate(
    session: int,
    contracts: Sequence[Contract],
    spans: Mapping[int, Sequence[Span]],
    *,
    seed: int,
    settings: MarketSettings | None = None,
) -> Records:
    """Generate the market records of one session: quotes, prints and depth, as they would have arrived.

    Parameters
    ----------
    session
        Date of the session, written 20261120; with `seed` it chooses the random numbers.
    contracts
        What is quoted; their roots must be in ``settings.roots``.
    spans
        For each contract id, when it is in which phase: start (ns, inclusive), end (ns, exclusive), in order. Only ETH and RTH have
        records. A contract without spans has none.
    seed
        Any integer.
    settings
        `MarketSettings`; the shipped ones if left out.

    Returns
    -------
    Records
        Sorted by ``recv_ns``, ``seq`` 0, provenance GENERATED. Every span begins with the whole book (reset, inserts, quote). PHASE and
        TIME records are the caller's to add. Records of one contract depend on which others there are only through the start and the
        regular hours of the whole session.

    Raises
    ------
    ConfigError
        A root without a shape, or an order increment too coarse for its price.
    DataError
        Spans that overlap or are empty.

    Examples
    --------
    Ten minutes of ES, thinly:

    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type="future", exchange="CME", currency="USD", calendar="CME Globex Equity",
    ...               multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> opening = 1_795_185_000_000_000_000
    >>> spans = {1: [(opening, opening + 10 * MINUTE, Phase.RTH)]}
    >>> records = generate(20261120, [es], spans, seed=7, settings=MarketSettings(activity=0.1))
    >>> bool((records["recv_ns"] < opening + 10 * MINUTE).all()), last_pts(records, es) is not None
    (True, True)
    """
    settings = settings or MarketSettings()
    open_spans = checked({contract.id: spans.get(contract.id, ()) for contract in contracts})
    for contract in contracts:
        _check(contract, settings)
    if not any(open_spans.values()):
        return empty(0)
    world = _World.of(session, seed, settings, Day.of(open_spans.values()), {_leader(each.root, settings) for each in contracts})
    parts = [_records_of(contract, open_spans[contract.id], world) for contract in contracts if open_spans[contract.id]]
    records = np.concatenate(parts)
    return records[np.argsort(records["recv_ns"], kind="stable")]


def last_pts(records: Records, contract: Contract) -> float | None:
    """Give the middle of a contract's last quote in points: where the next session of its root may start. `None`: it had none.

    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type="future", exchange="CME", currency="USD", calendar="CME Globex Equity",
    ...               multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> last_pts(empty(0), es) is None
    True
    """
    at = np.flatnonzero((records["contract"] == contract.id) & (records["kind"] == Kind.QUOTE))
    return (contract.to_pts(int(records["px"][at[-1]])) + contract.to_pts(int(records["px2"][at[-1]]))) / 2 if len(at) else None


def continued(settings: MarketSettings, records: Records, contracts: Sequence[Contract]) -> MarketSettings:
    """Give the settings of the session after `records`: every leader starts where it ended. A leader without quotes starts as before."""
    for contract in contracts:
        pts = last_pts(records, contract)
        if pts is not None and settings.roots[contract.root].leader is None:
            settings = settings.with_root(contract.root, start_pts=pts)
    return settings


class _World(NamedTuple):
    """What all contracts of a session share: volatility over its mean, and for each leader its price and the order flow behind it."""

    session: int
    seed: int
    settings: MarketSettings
    day: Day
    heat: Curve
    flow: Curve
    prices: dict[str, Curve]
    flows: dict[str, Curve]

    @classmethod
    def of(cls, session: int, seed: int, settings: MarketSettings, day: Day, leaders: set[str]) -> _World:
        """Draw the common factor, then each leader's own part."""
        heat, flow = _heat(_state(seed, session, "heat"), day, settings), _flow(_state(seed, session, "flow"), day, settings)
        a_second = day.volatility() * heat / sqrt(REGULAR_S)
        common = _moves(_state(seed, session, "common"), a_second * settings.day_vol_frac, flow, settings, settings.jumps_per_day)
        prices, flows = {}, {}
        for root in sorted(leaders):
            shape = settings.roots[root]
            flows[root] = _flow(_state(seed, session, f"flow of {root}"), day, settings)
            own = _moves(_state(seed, session, f"own {root}"), a_second * shape.own_vol_frac, flows[root], settings, 0.0)
            prices[root] = shape.start_pts * np.exp(np.cumsum(shape.beta * common + own))
        return cls(session, seed, settings, day, heat, flow, prices, flows)


def _check(contract: Contract, settings: MarketSettings) -> None:
    if contract.root not in settings.roots:
        raise ConfigError(f"generated market: no shape for root {contract.root}; there are {', '.join(sorted(settings.roots))}")
    start = settings.roots[_leader(contract.root, settings)].start_pts * settings.roots[contract.root].ratio
    if start < 500 * float(Fraction(contract.order_increment)):
        raise ConfigError(f"generated market: {contract.symbol} would start at {start} points, below 500 order increments")


def _leader(root: str, settings: MarketSettings) -> str:
    return settings.roots[root].leader or root


def _late_ns(root: str, settings: MarketSettings) -> int:
    shape = settings.roots[root]
    if shape.leader is None:
        return 0
    return settings.lead_ns if shape.lead_ns is None else shape.lead_ns


def _state(seed: int, session: int, name: str) -> State:
    """Seed one generator: any seed, session and name give unrelated states, whatever the process."""
    digest = hashlib.blake2b(f"{seed} {session} {name}".encode(), digest_size=32).digest()
    return np.frombuffer(digest, "<u8").astype(np.uint64)


def _wandering(state: State, n_s: int, half_life_s: float) -> Curve:
    out = np.empty(n_s)
    kernels.wander(state, 0.5 ** (1.0 / half_life_s), out)
    return out


def _heat(state: State, day: Day, settings: MarketSettings) -> Curve:
    """Volatility over its mean, second by second: a session's level, a slow and a fast part. Its mean square is 1."""
    level: float = kernels.normal(state)
    log_vol = settings.session_vol_sd * level + settings.slow_vol_sd * _wandering(state, day.n_s, settings.slow_vol_half_life_s)
    log_vol += settings.fast_vol_sd * _wandering(state, day.n_s, settings.fast_vol_half_life_s)
    variance = settings.session_vol_sd**2 + settings.slow_vol_sd**2 + settings.fast_vol_sd**2
    heat: Curve = np.exp(log_vol - variance)
    return heat


def _flow(state: State, day: Day, settings: MarketSettings) -> Curve:
    """Latent order flow of variance 1: who wants in or out beyond what prices say."""
    return _wandering(state, day.n_s, settings.flow_half_life_s)


def _moves(state: State, a_second: Curve, flow: Curve, settings: MarketSettings, jumps_per_day: float) -> Curve:
    """Draw the log moves of one factor on the grid of steps, part of their variance along the flow.

    Over T seconds a flow that forgets itself by 1/e in c seconds adds up to a variance of ``2 c^2 (T/c - 1 + exp(-T/c))``.
    """
    out = np.empty(len(a_second) * (SECOND // settings.step_ns))
    c, minute_s = settings.flow_half_life_s / log(2.0), MINUTE / SECOND
    summed = 2.0 * c * c * (minute_s / c - 1.0 + exp(-minute_s / c))
    drift = a_second * flow * sqrt(settings.flow_strength * minute_s / summed)
    usual = settings.day_vol_frac / sqrt(REGULAR_S)
    vol = a_second * sqrt(1.0 - settings.flow_strength)
    kernels.moves(state, vol, drift, jumps_per_day / REGULAR_S / usual, settings.jump_minutes * minute_s, out)
    return out


def _records_of(contract: Contract, spans: list[Span], world: _World) -> Records:
    settings, shape = world.settings, world.settings.roots[contract.root]
    rules = _rules(contract, shape, world)
    by_second = _by_second(contract.root, spans, world)
    path = world.prices[_leader(contract.root, settings)]
    room = int(sum(by_second[0, (a - world.day.start_ns) // SECOND : -(-(b - world.day.start_ns) // SECOND)].sum() for a, b, _ in spans))
    room = int(room * RECORDS_AN_EVENT) + 100 * (len(spans) + 1)
    edges = np.array([span[:2] for span in spans], np.int64)
    while True:
        out = np.zeros(room, RECORD)
        n: int = kernels.keep_book(out, rules, edges, _state(world.seed, world.session, f"book of {contract.symbol}"), path, by_second)
        if n >= 0:
            return out[:n]
        room *= 2


def _rules(contract: Contract, shape: RootShape, world: _World) -> npt.NDArray[np.void]:
    settings = world.settings
    rules = np.zeros(1, kernels.RULES)
    own = {
        "contract": contract.id,
        "tick": contract.tick,
        "tick_pts": float(Fraction(contract.order_increment)),
        "lead_ns": _late_ns(contract.root, settings),
        "start_ns": world.day.start_ns,
    }
    for name in kernels.RULES.names or ():
        rules[name] = own[name] if name in own else getattr(shape, name, getattr(settings, name, None))
    return rules


def _by_second(root: str, spans: list[Span], world: _World) -> npt.NDArray[np.float64]:
    """Lay out what changes from second to second, in the order that `kernels.keep_book` reads."""
    settings, day, shape = world.settings, world.day, world.settings.roots[root]
    is_regular = np.zeros(day.n_s, bool)
    for start, end, phase in spans:
        if phase == Phase.RTH:
            is_regular[(start - day.start_ns) // SECOND : -(-(end - day.start_ns) // SECOND)] = True
    trading = day.trading() * np.where(is_regular, 1.0, shape.eth_frac)
    busy = np.clip(world.heat, *HEAT_RANGE)
    rate = settings.activity * shape.events_hz * trading**RATE_POWER * busy**HEAT_POWER
    wide = np.where(is_regular, shape.wide_frac, shape.wide_eth_frac) * np.maximum(1.0, busy)
    rows = trading**DEPTH_POWER / np.sqrt(busy)
    return np.stack([rate, _tilt(root, world), trading**SIZE_POWER, rows, np.minimum(wide, MOST_WIDE_FRAC)])


def _tilt(root: str, world: _World) -> Curve:
    """How the flow leans on who is aggressive: the common and the own flow by their part in the variance, as late as the price."""
    settings, leader = world.settings, _leader(root, world.settings)
    common, own = settings.roots[leader].beta * settings.day_vol_frac, settings.roots[leader].own_vol_frac
    total = sqrt(common**2 + own**2)
    flow = (common * world.flow + own * world.flows[leader]) / total if total else world.flow
    late_s = _late_ns(root, settings) // SECOND
    return settings.flow_tilt * np.concatenate([np.full(late_s, flow[0]), flow])[: len(flow)]
