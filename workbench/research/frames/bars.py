"""Bars of a session: the engine's own fold over its records, each barrier kept. Reads memory only; features are `features`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.bars import BAR_WIDTH, BROKEN, PRICED, RICH, Bars
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError
from workbench.domain.records import ASK, BID, Phase, Records
from workbench.domain.units import BAR_NS, HOUR, MINUTE, SECOND
from workbench.features.layout import lay_out
from workbench.features.steps import Steps
from workbench.market import quality
from workbench.market.fold import Market, address_of
from workbench.market.state import Stop
from workbench.research.frames.market import Scales
from workbench.research.frames.sheet import Ints, Make, Sheet, named, times, where
from workbench.risk.groups import group_of

UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR}
GROW: Final = 4_096  # barriers room is made for at first: almost six hours


class Begun(msgspec.Struct):
    """What a run began with, as far as bars and features need it; other parts of the engine's snapshot are passed over."""

    market: dict[str, bytes]
    bank: bytes


class Past(NamedTuple):
    """A bar of history that arrived before barrier ``at``."""

    at: int
    slot: int
    length_ns: int
    bar: Bars


class Folded(NamedTuple):
    """Every barrier of a session: when it was known, which record closed it, the bar of every contract (``t_end`` 0: it closed none)."""

    now_ns: Ints
    seq: Ints
    bars: Bars  # barriers x slots
    past: tuple[Past, ...]

    @property
    def cells(self) -> Ints:
        """Give the bars as bare integers, a row a barrier: copied so, one costs a fifth."""
        return self.bars.view(np.int64).reshape(len(self.bars), self.bars.shape[1] * BAR_WIDTH)


def length_of(text: str) -> int:
    """Read the length of a bar in ns.

    >>> length_of("5s"), length_of("1m") // SECOND
    (5000000000, 60)
    """
    number, unit = text[:-1], text[-1:]
    length = int(number) * UNITS[unit] if number.isdigit() and unit in UNITS else 0
    if length <= 0 or length % BAR_NS:
        raise ConfigError(f"a bar is 5s long or a multiple of it (30s, 1m, 5m, 1h), not {text!r}")
    return length


def fold(records: Records, contracts: Sequence[Contract], begun: Begun | None = None) -> Folded:
    """Fold the records of a session as the engine does, and keep every barrier.

    Parameters
    ----------
    contracts
        All the engine knew, ids rising.
    begun
        What the run began with; `None`: nothing.
    """
    market = Market([contract.id for contract in contracts])
    market.relate([group_of(contract, {}) for contract in contracts])
    if begun is not None:
        market.restore(begun.market)
    now: list[int] = []
    seq: list[int] = []
    past: list[Past] = []
    bars = np.empty((GROW, len(contracts)), RICH)
    records = np.ascontiguousarray(records)  # no copy of what is contiguous
    address, n, at = address_of(records), len(records), 0
    while True:
        at, stop = market.fold(address, at, n)
        if stop == Stop.BARRIER:
            if len(now) == len(bars):
                bars = np.concatenate([bars, np.empty_like(bars)])
            bars[len(now)] = market.bars
            now.append(market.now[0])
            seq.append(market.now[1])
        elif stop == Stop.HISTORY:
            slot, length_ns = market.fired()
            past.append(Past(len(now), slot, length_ns, market.states[slot : slot + 1]["past"].copy()))
        elif stop == Stop.END:
            return Folded(np.array(now, np.int64), np.array(seq, np.int64), bars[: len(now)], tuple(past))


def at_begin(contracts: Sequence[Contract], begun: Begun) -> Bars:
    """Give the bar each contract was in when a run began, with the quotes it began with; no bar has closed yet."""
    market = Market([contract.id for contract in contracts])
    market.restore(begun.market)
    bars: Bars = np.ascontiguousarray(market.states["bar"])
    for name in ("bid", "ask", "has"):
        bars[name] = market.states[name]
    return bars


def lengthen(folded: Folded, contracts: Sequence[Contract], length_ns: int) -> Bars:
    """Sum bars up to a longer length with the engine's own step: barriers x slots, ``t_end`` 0 where none of that length closed."""
    if length_ns == BAR_NS:
        return folded.bars
    n = len(contracts)
    steps = Steps(lay_out([BAR_NS, length_ns], [[], []]), contracts, [-1] * n, [None] * n)
    live: Bars = np.zeros(n, RICH)
    steps.bind(live)
    made = np.zeros_like(folded.bars)
    closed, done, cells = steps.closed[:, 1], steps.marks["closed_ns"][:, 1], live.view(np.int64)
    is_due = (folded.bars["t_end"] % length_ns == 0).any(axis=1)  # nothing of this length closes at any other barrier
    for k, row in enumerate(folded.cells):
        cells[:] = row
        steps.barrier()
        if is_due[k]:
            there = (done != 0) & (done == live["t_end"])
            made[k, there] = closed[there]
    return made


def bar_sheet(folded: Folded, bars: Bars, contracts: Sequence[Contract], zone: str, wanted: Collection[int]) -> Sheet:
    """Make the frame of bars of the wanted contract ids."""
    mine = [slot for slot, contract in enumerate(contracts) if contract.id in wanted]
    k, slots = np.nonzero(bars["t_end"][:, mine])
    slot = np.array(mine, np.int64)[slots]
    columns = {"time": lambda: times(bars["t_end"][k, slot], zone), "symbol": lambda: named([of.symbol for of in contracts], slot)}
    columns["seq"] = lambda: pl.Series(folded.seq[k])
    return Sheet(folded.now_ns[k], columns | _bar_columns(bars[k, slot], slot, Scales(contracts)))


def _bar_columns(b: Bars, slot: Ints, scales: Scales) -> dict[str, Make]:
    priced = (b["flags"] & PRICED) != 0

    def price(field: str, there: Callable[[], npt.NDArray[np.bool_]] = lambda: priced) -> Make:
        return lambda: where(scales.pts(b[field], slot), there())

    def size(field: str) -> Make:
        return lambda: pl.Series(scales.size(b[field], slot))

    def over(field: str, weight: str) -> Make:
        """Give a sum of prices by what it was weighed with."""

        def make() -> pl.Series:
            there = b[weight] > 0
            return where(scales.pts(b[field], slot) / np.where(there, b[weight], 1), there)

        return make

    return {
        "session": lambda: pl.Series(b["session"]).cast(pl.String).str.to_date("%Y%m%d", strict=False),
        "open_pts": price("open"),
        "high_pts": price("high"),
        "low_pts": price("low"),
        "close_pts": price("close"),
        "vwap_pts": over("pv", "volume"),
        "volume": size("volume"),
        "signed_volume": size("signed"),
        "bid_pts": price("bid", lambda: b["has"] & BID != 0),
        "ask_pts": price("ask", lambda: b["has"] & ASK != 0),
        "spread_pts": over("spread_us", "quoted_us"),
        "ofi": size("ofi"),
        "rv": lambda: pl.Series(scales.pts(scales.pts(b["rv"], slot), slot) / 4),  # of twice the mid, squared
        "n_prints": lambda: pl.Series(b["n_print"]),
        "n_quotes": lambda: pl.Series(b["n_quote"]),
        "quality_frac": lambda: pl.Series(b["quality"] / 1000),
        "quality_why": lambda: _why(b),
        "phase": lambda: named([phase.name for phase in Phase], b["phase"]),
        "is_broken": lambda: pl.Series((b["flags"] & BROKEN) != 0),
    }


def _why(b: Bars) -> pl.Series:
    there, at = np.unique(b["doubts"], return_inverse=True)
    return named([quality.words(int(mask)) for mask in there], at)
