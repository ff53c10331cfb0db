"""Feeds of a steady random pace, with stalls cut out of them, and what the fold says of each. For tests and benchmarks of silence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.domain.records import ASK, BID, Kind, Phase, Records, empty
from workbench.domain.units import SECOND
from workbench.market.fold import Market, address_of
from workbench.market.sessions import number, weave
from workbench.market.state import Stop

T0 = 1_795_098_600 * SECOND  # 2026-11-19 09:30 New York
Verdict = tuple[int, int, bool]  # contract, when it was given, whether the feed is silent from there


def quotes(times_ns: np.ndarray, contract: int) -> Records:
    """Make a quote at each time."""
    made = empty(len(times_ns))
    made["recv_ns"], made["contract"], made["kind"], made["flags"] = np.sort(times_ns), contract, Kind.QUOTE, BID | ASK
    made["px"], made["px2"], made["sz"], made["sz2"] = 100, 101, 5, 5
    return made


def feed(contract: int, seconds: int, a_second: float, seed: int = 1) -> Records:
    """Make quotes at random moments."""
    random = np.random.default_rng((seed, contract))
    return quotes(T0 + random.integers(0, seconds * SECOND, round(seconds * a_second)), contract)


def without(records: Records, contract: int, start_s: float, end_s: float) -> Records:
    """Cut a stall out."""
    at = records["recv_ns"] - T0
    kept: Records = records[~((records["contract"] == contract) & (at >= start_s * SECOND) & (at < end_s * SECOND))]
    return kept


def log(parts: Sequence[Records], seconds: int, phases: Sequence[tuple[int, Phase]] = ((0, Phase.RTH),)) -> Records:
    """Weave feeds with phases (seconds since the start, phase) of each of their contracts, and with whole seconds."""
    market = np.concatenate(parts)
    market = market[np.argsort(market["recv_ns"], kind="stable")]
    ids = sorted({int(part["contract"][0]) for part in parts})
    own = empty(len(ids) * len(phases))
    own["kind"] = Kind.PHASE
    for at, (id_, (second, phase)) in enumerate((id_, each) for id_ in ids for each in phases):
        own["recv_ns"][at], own["contract"][at], own["level"][at], own["px"][at] = T0 + second * SECOND, id_, phase, 20261119
    return number(weave(market, own, first_ns=T0, last_ns=T0 + seconds * SECOND), 1)


def verdicts(market: Market, records: Records, cuts: Sequence[int] = ()) -> list[Verdict]:
    """Fold, in pieces; give each change of a verdict."""
    found: list[Verdict] = []
    before = market.states["silent_ns"].copy()
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        at, stop = start, -1
        while stop != Stop.END:
            at, stop = market.fold(address_of(records), at, end)
            if stop == Stop.SILENCE:
                now = market.states["silent_ns"].copy()
                found += [(market.ids[k], market.now[0], bool(now[k])) for k in np.flatnonzero((now > 0) != (before > 0))]
                before = now
    return found
