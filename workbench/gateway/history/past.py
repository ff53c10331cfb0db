"""The seeded past: what was traded before the tape, and of what the tape does not have. Same seed, contract and session: same prints.

Three levels, each drawn from a generator of its own key, so that nothing depends on what was asked before:

1. every session of every market has a return and a gap before it (`Levels`);
2. inside a session the price walks minute by minute to that return (`Levels.path`);
3. every session of a contract has prints and quotes around that walk (`session_of`); bars of every size are sums of them.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.units import MINUTE, MS
from workbench.gateway.contracts.hours import Trading, between
from workbench.gateway.history.markets import FACTOR, FACTOR_VOL_FRAC, Market, Trade
from workbench.gateway.history.series import Prints, Quotes

Floats = npt.NDArray[np.float64]
GAP_PART: Final = 0.25  # of a day's volatility lies between sessions
QUIET: Final = 0.3  # volatility of a minute outside regular hours, regular ones 1
EDGES: Final = (1.9, 1.5)  # activity at the open and at the close, midday 0.7
MIDDAY: Final = 0.7


class Grid(NamedTuple):
    """A walk's knots: time (ns), log of the level over the anchor's."""

    ns: Floats
    log: Floats


class Levels:
    """The level of one market at any time, relative to its level at an anchor.

    Parameters
    ----------
    market
        Which.
    seed
        Of the gateway.
    anchor_ns
        Where the level is 1: the tape's first instant.
    years
        How far back and (one year) on it reaches.
    """

    def __init__(self, market: Market, seed: int, anchor_ns: int, anchor_day: date, years: int) -> None:
        self.market, self._seed = market, seed
        first = date(anchor_day.year - years, anchor_day.month, min(anchor_day.day, 28))
        self._sessions = between(market.calendar, first, anchor_day + timedelta(days=370))
        moves = np.array([self._moves(each.session) for each in self._sessions])
        self._returns = moves[:, 0]
        closes = np.cumsum(moves.sum(axis=1))
        self._opens_log = closes - self._returns
        self._opens_ns = np.array([each.open_ns for each in self._sessions])
        self._offset = 0.0
        self._offset = float(self.log(np.array([float(anchor_ns)]))[0])

    def log(self, ns: Floats) -> Floats:
        """Give the log of the level at rising times; between sessions it goes straight from close to open."""
        grid = self._around(float(ns[0]), float(ns[-1]))
        found: Floats = np.interp(ns, grid.ns, grid.log) - self._offset
        return found

    def _around(self, start: float, end: float) -> Grid:
        begin = max(int(np.searchsorted(self._opens_ns, start, side="right")) - 1, 0)
        stop = min(int(np.searchsorted(self._opens_ns, end, side="right")) + 1, len(self._sessions))
        parts = [self.path(at) for at in range(begin, stop)]
        return Grid(np.concatenate([part.ns for part in parts]), np.concatenate([part.log for part in parts]))

    def path(self, at: int) -> Grid:
        """Give the walk of session `at`, a knot each minute, from its open to its close."""
        one = self._sessions[at]
        return _walk(self.market, self._seed, one, float(self._opens_log[at]), float(self._returns[at]))

    def _moves(self, session: int) -> tuple[float, float]:
        own = _generator(self._seed, self.market.name, session).standard_normal(2) * self.market.own_vol_frac
        day, gap = _shared_move(self._seed, session)
        return (float(own[0]) + day * self.market.beta) * (1 - GAP_PART), (float(own[1]) + gap * self.market.beta) * GAP_PART


@lru_cache(maxsize=4096)
def _shared_move(seed: int, session: int) -> tuple[float, float]:
    """Give what all share markets have in common: a day's return, and the gap before it."""
    day, gap = _generator(seed, FACTOR, session).standard_normal(2) * FACTOR_VOL_FRAC
    return float(day), float(gap)


@lru_cache(maxsize=96)
def _walk(market: Market, seed: int, one: Trading, open_log: float, total: float) -> Grid:
    edges = np.append(np.arange(one.open_ns, one.close_ns, MINUTE, dtype=np.float64), float(one.close_ns))
    n = len(edges) - 1
    is_regular = (edges[:-1] >= one.regular[0]) & (edges[:-1] < one.regular[1])
    weight = np.where(is_regular, 1.0, QUIET) * np.sqrt(np.diff(edges) / MINUTE)
    scale = weight / np.sqrt((weight**2).sum())
    shared = _generator(seed, f"{FACTOR} walk", one.session).standard_normal(n) * FACTOR_VOL_FRAC * market.beta
    own = _generator(seed, f"{market.name} walk", one.session).standard_normal(n) * market.own_vol_frac
    moves = (shared + own) * scale
    moves -= scale**2 * (moves.sum() - total)  # a bridge: it ends where the day does
    return Grid(edges, np.concatenate([[open_log], open_log + np.cumsum(moves)]))


class Made(NamedTuple):
    """A session of one contract."""

    prints: Prints
    quotes: Quotes


def session_of(
    one: Trading, levels: Levels, *, key: int, seed: int, level_pts: float, tick_pts: float, tick: int, trade: Trade, share: float
) -> Made:
    """Make the prints and quotes of one session.

    Parameters
    ----------
    key
        Of the contract: its conId.
    level_pts
        Its price at the anchor.
    tick_pts, tick
        Step of its prices in points, and in quanta.
    share
        Part of its root's trading that it has, 0 to 1.
    """
    rng = _generator(seed, f"#{key}", one.session)
    ns, is_regular = _times(one, trade, share, rng)
    if not len(ns):
        nothing = np.zeros(0, np.int64)
        return Made(Prints(nothing, nothing, nothing), Quotes(nothing, nothing, nothing, nothing, nothing))
    middle = level_pts * np.exp(levels.log(ns.astype(np.float64))) / tick_pts + rng.normal(0.0, 0.3, len(ns))
    width = trade.spread_ticks + (rng.random(len(ns)) < np.where(is_regular, 0.03, 0.15))
    bid = np.floor(middle - width / 2 + 0.5).astype(np.int64)
    ask = bid + width
    px = np.where(rng.random(len(ns)) < 0.5, bid, ask)
    mean = trade.volume * share / max(_expected(one, trade, share), 1.0)
    sz = np.maximum(1, np.rint(mean * np.where(is_regular, 1.0, 0.35) * rng.lognormal(-0.32, 0.8, len(ns)))).astype(np.int64)
    shown = np.maximum(1, np.rint(trade.top_size * rng.lognormal(-0.18, 0.6, (2, len(ns))))).astype(np.int64)
    return Made(Prints(ns, px * tick, sz), Quotes(ns, bid * tick, ask * tick, shown[0], shown[1]))


def _times(one: Trading, trade: Trade, share: float, rng: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    starts = np.arange(one.open_ns, one.close_ns, MINUTE, dtype=np.int64)
    is_regular = (starts >= one.regular[0]) & (starts < one.regular[1])
    n = rng.poisson(_rates(starts, is_regular, one, trade) * np.sqrt(share))
    if share == 1.0:
        n = np.maximum(n, is_regular)  # what leads trades every regular minute
    lengths = np.minimum(starts + MINUTE, one.close_ns) - starts
    into = (rng.random(int(n.sum())) * np.repeat(lengths, n)).astype(np.int64) // MS * MS
    ns = np.sort(np.repeat(starts, n) + into)
    return ns, (ns >= one.regular[0]) & (ns < one.regular[1])


def _rates(starts: npt.NDArray[np.int64], is_regular: npt.NDArray[np.bool_], one: Trading, trade: Trade) -> Floats:
    length = max(one.regular[1] - one.regular[0], 1)
    x = np.clip((starts - one.regular[0]) / length, 0.0, 1.0)
    shape = MIDDAY + (EDGES[0] - MIDDAY) * np.exp(-x * 8) + (EDGES[1] - MIDDAY) * np.exp(-(1 - x) * 10)
    return np.where(is_regular, trade.regular_a_min * shape, trade.other_a_min)


def _expected(one: Trading, trade: Trade, share: float) -> float:
    regular = (one.regular[1] - one.regular[0]) / MINUTE
    other = (one.close_ns - one.open_ns) / MINUTE - regular
    return (regular * trade.regular_a_min + other * trade.other_a_min * 0.35) * float(np.sqrt(share))


@lru_cache(maxsize=256)
def _code(name: str) -> tuple[int, ...]:
    return tuple(name.encode())


def _generator(seed: int, name: str, session: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([abs(seed), session, *_code(name)]))
