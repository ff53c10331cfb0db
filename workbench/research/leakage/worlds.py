"""Markets that agree up to a moment and in nothing after it. Records in memory; what is run on them, and compared, is `dynamic`'s.

Arrivals are late: some quotes and prints are known up to half a minute after they happened, and their order is that in which they came.
So whoever orders by the time of the event sees, at a moment, what nobody knew then.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from workbench import calendars
from workbench.config import load_settings
from workbench.domain.bars import PRICED
from workbench.domain.contracts import Contract
from workbench.domain.records import EVENT_TIME, Kind, Records
from workbench.domain.units import MINUTE, MS, SECOND
from workbench.market.sessions import number
from workbench.research.frames.bars import bar_sheet, fold
from workbench.research.frames.features import BankOf
from workbench.research.frames.market import market_sheet
from workbench.runtime.generated import generated
from workbench.simulation.market import MarketSettings

SESSION: Final = 20261119
ROOTS: Final = ("ES", "SPY")  # the second leads the first
BEFORE, AFTER = 5 * MINUTE, 40 * MINUTE  # of the opening in New York: shares have none before
ACTIVITY: Final = 0.08  # share of the usual number of events: 9,000 records, and every bar still has some
LATE_FRAC: Final = 0.1
LATE_NS: Final = (50 * MS, 30 * SECOND)
KEPT_FRAC: Final = 0.7  # of what comes after the cut
AWAY_FRAC: Final = 0.01  # of the price, either way
FRAMES: Final = ("bars", "quotes", "prints", "depth", "leader", "leader_bars", "leader_quotes", "leader_prints")


class World(NamedTuple):
    """Contracts, ids rising, and their records, numbered; the second contract is the leader of the first, where there are two."""

    contracts: tuple[Contract, ...]
    records: Records

    @property
    def bank(self) -> BankOf:
        """What features of it are valued with: bars of 5 s and of a minute."""
        ids = [contract.id for contract in self.contracts]
        return BankOf(self.contracts, (5 * SECOND, MINUTE), {ids[0]: ids[1]} if len(ids) > 1 else {}, None, None)

    def cuts(self, n: int) -> list[int]:
        """Choose `n` moments in the later part of it: inside of a minute, and between two quotes or prints of one second."""
        told = self.records[np.isin(self.records["kind"], [Kind.QUOTE, Kind.PRINT, Kind.BAR])]
        recv = told["recv_ns"]
        first, last = int(recv[0]), int(recv[-1])
        within = recv[:-1] % MINUTE
        fits = (np.diff(recv) > 0) & (recv[1:] // SECOND == recv[:-1] // SECOND) & (within > MINUTE // 4) & (within < 3 * MINUTE // 4)
        there = recv[:-1][fits if fits.any() else np.diff(recv) > 0]
        wanted = [first + int((last - first) * (0.6 + 0.35 * (k + 1) / (n + 1))) for k in range(n)]
        return sorted({int(there[np.abs(there - each).argmin()]) for each in wanted})

    def ended(self, at_ns: int) -> World:
        """Give what was known at a moment, and nothing after it."""
        return World(self.contracts, self.records[self.records["recv_ns"] <= at_ns].copy())

    def scrambled(self, at_ns: int, seed: int) -> World:
        """Let everything that is known after a moment be otherwise: fewer quotes and prints, other prices, other sizes."""
        rng, behind = np.random.default_rng(seed), self.records["recv_ns"] > at_ns
        after = self.records[behind].copy()
        is_price = np.isin(after["kind"], [Kind.QUOTE, Kind.PRINT, Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE])
        for contract in self.contracts:
            mine = is_price & (after["contract"] == contract.id)
            if mine.any():
                step = int(np.abs(after["px"][mine]).max() * AWAY_FRAC) // contract.tick * contract.tick
                by = int(rng.choice([-1, 1])) * max(step, contract.tick)
                after["px"][mine] += by
                after["px2"][mine] += by
                after["sz"][mine] = rng.permutation(after["sz"][mine])
        is_told = np.isin(after["kind"], [Kind.QUOTE, Kind.PRINT])
        kept = after[~is_told | (rng.random(len(after)) < KEPT_FRAC)]
        return World(self.contracts, number(np.concatenate([self.records[~behind], kept]), 1))

    @property
    def frames(self) -> Frames:
        """Its frames, made when asked for."""
        return Frames(self)


class Frames(Mapping[str, pl.DataFrame]):
    """Frames of a world by the names that a function may call its arguments: `FRAMES`; those of one contract, ``leader_`` of the other."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def _folded(self) -> Any:
        return fold(self._world.records, self._world.contracts)

    def __getitem__(self, name: str) -> pl.DataFrame:
        if name not in FRAMES:
            raise KeyError(name)
        return self._made(name).filter(pl.col("time") >= self._from)

    @cached_property
    def _from(self) -> pl.Expr:
        """When every contract has a price: before, arithmetic over whole columns would come to nothing, whatever it looked at."""
        priced = self._folded.bars["flags"] & PRICED != 0
        at = int(self._folded.now_ns[priced.all(axis=1).argmax()])
        return pl.lit(at).cast(pl.Datetime("ns", "UTC"))

    def _made(self, name: str) -> pl.DataFrame:
        of = self._world.contracts[-1 if name.startswith("leader") else 0]
        kind = name.removeprefix("leader_").replace("leader", "bars")
        if kind == "bars":
            return bar_sheet(self._folded, self._folded.bars, self._world.contracts, "UTC", {of.id}).frame()
        return market_sheet(kind, self._world.records, [of], "UTC", is_all=False).frame()

    def __iter__(self) -> Any:
        return iter(FRAMES)

    def __len__(self) -> int:
        return len(FRAMES)


@cache
def world(seed: int = 1) -> World:
    """Generate three quarters of an hour of a future and the share that leads it, with late arrivals."""
    settings, opens = load_settings(environment={}), _opening()
    market = MarketSettings(activity=ACTIVITY)
    made = generated(settings, ROOTS, SESSION, seed=seed, market=market, first_ns=opens - BEFORE, last_ns=opens + AFTER)
    return World(made.contracts, delayed(made.records, seed))


def delayed(records: Records, seed: int) -> Records:
    """Let some quotes and prints arrive late, and number all in the order in which they arrived."""
    rng, out = np.random.default_rng(seed), records.copy()
    told = np.isin(out["kind"], [Kind.QUOTE, Kind.PRINT]) & (out["flags"] & EVENT_TIME != 0)
    late = told & (rng.random(len(out)) < LATE_FRAC)
    out["recv_ns"][late] += rng.integers(*LATE_NS, int(late.sum()))
    out = out[out["recv_ns"] <= records["recv_ns"][-1]]
    return number(out[np.argsort(out["recv_ns"], kind="stable")], 1)


def _opening() -> int:
    spans = calendars.around("NYSE", calendars.session_bounds(SESSION)).spans
    return next(span.start_ns for span in spans if span.session == SESSION and span.phase.name == "RTH")
