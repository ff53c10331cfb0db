"""One suite for every feature, shipped or a researcher's own: what it must keep to. It judges, it repairs nothing, and reads no clock.

Each check gives sentences about what is wrong; none: it holds.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Final

import numpy as np

from workbench.domain.bars import BAR_FIELDS, PRICED, RICH, Bars, RichBar
from workbench.domain.records import ASK, BID
from workbench.domain.units import BAR_NS
from workbench.features.base import NEEDS, Compiled, CrossMarket, Feature

Make = Callable[[], Feature]
HEADER: Final = ("Value", "Uses", "Needs", "Warm-up", "Resets", "Source")  # rows of a shipped feature's docstring
NO_FEATURE: Final = "has not the five names of a feature: name, uses, needs, value, update"
N_BARS: Final = 400
N_SESSION: Final = 150  # bars of a sample session


def sample_bars(n: int = N_BARS, seed: int = 1) -> Bars:
    """Make bars of a market that never sleeps: trades, quotes and a book in every bar, a range in every bar, a session now and then."""
    rng = np.random.default_rng(seed)
    bars = np.zeros(n, RICH)
    close = 20_000 + np.cumsum(rng.integers(-3, 4, n))
    opened = close - rng.integers(-3, 4, n)
    bars["t_end"] = (np.arange(n) + 1) * BAR_NS
    bars["contract"], bars["flags"], bars["phase"], bars["quality"], bars["has"] = 1, PRICED, 4, 1000, BID | ASK
    bars["session"] = 20260102 + np.arange(n) // N_SESSION
    bars["open"], bars["close"] = opened, close
    bars["high"], bars["low"] = np.maximum(opened, close) + rng.integers(1, 5, n), np.minimum(opened, close) - rng.integers(0, 5, n)
    bars["volume"] = rng.integers(10, 500, n)
    bars["signed"] = (bars["volume"] * rng.uniform(-1, 1, n)).astype(np.int64)
    bars["pv"] = bars["volume"] * close + rng.integers(-9, 10, n)
    for name, low, high in (
        ("ofi", -300, 300),
        ("rv", 1, 80),
        ("n_print", 1, 60),
        ("n_quote", 1, 200),
        ("n_depth", 1, 300),
        ("max_sz", 1, 9),
    ):
        bars[name] = rng.integers(low, high, n)
    bars["n"] = bars["n_print"] + bars["n_quote"] + bars["n_depth"]
    bars["quoted_us"] = 5_000_000
    bars["spread_us"], bars["imb_us"] = 5_000_000 * rng.integers(1, 4, n), 1_000_000 * rng.integers(-50, 50, n)
    bars["ddep_us"] = 1_000_000 * rng.integers(100, 900, n)
    bars["dimb_us"] = (bars["ddep_us"] * rng.uniform(-1, 1, n)).astype(np.int64)
    bars["bid"], bars["ask"] = close, close + 1
    bars["bsz"], bars["asz"] = rng.integers(1, 90, n), rng.integers(1, 90, n)
    return bars


def values(feature: Feature, bars: Bars, leader: Bars | None = None) -> list[float | None]:
    """Feed bars one by one, each written over the one before, as a bank does; the value after each."""
    cell, other = np.zeros(1, RICH), np.zeros(1, RICH)
    bar, lead = RichBar(cell.view("<i8").data, 0), RichBar(other.view("<i8").data, 0)
    told: list[float | None] = []
    for i in range(len(bars)):
        cell[0] = bars[i]
        if isinstance(feature, CrossMarket) and leader is not None:
            other[0] = leader[i]
            feature.update(bar, lead)
        else:
            feature.update(bar)
        told.append(feature.value)
    return told


def check(make: Make) -> list[str]:
    """Run the whole suite on what `make` makes; sentences about what is wrong, none if all holds.

    >>> from workbench.features import RelativeStrength
    >>> check(RelativeStrength)
    []
    """
    if not isinstance(make(), Feature):
        return [NO_FEATURE]
    return [wrong for one in RULES.values() for wrong in one(make)]


def form(make: Make) -> Iterator[str]:
    """It is named like a column, and needs what there is. A shipped one says all that a header says."""
    feature = make()
    if not feature.name.isidentifier() or feature.name != feature.name.lower():
        yield f"is called {feature.name!r}; a column's name is lower case letters, digits and _"
    if unknown := set(feature.needs) - set(NEEDS):
        yield f"needs {sorted(unknown)}, which no data has; there are {', '.join(NEEDS)}"
    if feature.uses != (RichBar,):
        yield f"uses {feature.uses}; features are fed rich bars"
    if feature.value is not None:
        yield f"is {feature.value} before its first bar"
    if isinstance(feature, Compiled):
        doc = type(feature).__doc__ or ""
        yield from (f"has a header without the row {row!r}" for row in HEADER if f"    {row} " not in doc)


def finiteness(make: Make) -> Iterator[str]:
    """Its value is `None` or a finite number."""
    for n, value in enumerate(values(make(), sample_bars(), sample_bars(seed=2))):
        if value is not None and not _is_number(value):
            yield f"is {value!r} after bar {n + 1}: a value is finite, or None"
            return


def _is_number(value: float) -> bool:
    try:
        return isfinite(value)
    except (TypeError, ValueError, OverflowError):
        return False


def determinism(make: Make) -> Iterator[str]:
    """Two of it, fed alike, one after the other, say the same."""
    if _all(make) != _all(make):
        yield "says two things about the same bars"


def memory(make: Make) -> Iterator[str]:
    """Pickled and restored at any place it goes on as if nothing had happened; and it keeps no bar, whose memory is used again."""
    bars, leader, want = sample_bars(), sample_bars(seed=2), _all(make)
    for cut in (0, 1, 7, N_SESSION, 3 * N_BARS // 4):
        feature = make()
        head = values(feature, bars[:cut], leader[:cut])
        try:
            feature = pickle.loads(pickle.dumps(feature))  # noqa: S301 - made in the line itself
        except Exception as trouble:  # noqa: BLE001 - whatever its class raises is the finding
            yield f"does not pickle after {cut} bars: {trouble}"
            return
        if head + values(feature, bars[cut:], leader[cut:]) != want:
            yield f"goes on differently when pickled and restored after {cut} bars"
    if not isinstance(make(), CrossMarket):
        feature, fresh = make(), []
        for i in range(len(bars)):
            feature.update(RichBar(bars[i : i + 1].copy().view("<i8").data, 0))
            fresh.append(feature.value)
        if fresh != want:
            yield "keeps a bar and reads it later: take what is needed of it, its memory is used again"


def causality(make: Make) -> Iterator[str]:
    """What it said does not depend on what came after: not on its end, not on its content."""
    want = _all(make)
    for cut in (1, 60, N_BARS // 2):
        bars, leader = sample_bars(), sample_bars(seed=2)
        if values(make(), bars[:cut], leader[:cut]) != want[:cut]:
            yield f"said something else about the first {cut} bars when nothing came after them"
        for others in (bars, leader):
            for name in BAR_FIELDS:
                if name not in ("t_end", "contract", "flags"):
                    others[name][cut:] = np.random.default_rng(cut).permutation(others[name][cut:])
        if values(make(), bars, leader)[:cut] != want[:cut]:
            yield f"said something else about the first {cut} bars when others came after them"


def honesty(make: Make) -> Iterator[str]:
    """Its warm-up is what it declares as ``warm_up_bars``, if it does: `None` until then, never after, on data that has what it needs."""
    feature = make()
    n_warm_up = getattr(feature, "warm_up_bars", None)
    if n_warm_up is None:
        return
    first = n_warm_up - 1 + getattr(feature, "warm_up_sessions", 0) * N_SESSION
    told = _all(make)
    if early := [n + 1 for n, value in enumerate(told[:first]) if value is not None]:
        yield f"speaks after {early[0]} bars, and declares {first + 1}"
    if late := [first + n + 1 for n, value in enumerate(told[first:]) if value is None]:
        yield f"is silent after {late[0]} bars, and declares {first + 1}"


RULES: Final[dict[str, Callable[[Make], Iterator[str]]]] = {
    "form": form,
    "finite": finiteness,
    "deterministic": determinism,
    "pickles": memory,
    "no future": causality,
    "warm-up": honesty,
}  # what `workbench check` calls each of them


def cost_us(make: Make, clock_ns: Callable[[], int], n: int = N_BARS) -> float:
    """Microseconds a bar in plain Python, the best of three runs; a shipped face pays for its notebook manners, the bank does not."""
    bars = sample_bars(n)
    row = [RichBar(bars.view("<i8").data, i) for i in range(len(bars))]
    best = float("inf")
    for _ in range(3):
        feature = make()
        start = clock_ns()
        for bar in row:
            feature.update(bar)
        best = min(best, (clock_ns() - start) / len(row) / 1000)
    return best


def _all(make: Make) -> list[float | None]:
    return values(make(), sample_bars(), sample_bars(seed=2))
