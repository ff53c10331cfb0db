"""What the gateway of the fortnight shows: a quote and a print of each contract every few seconds, by the real calendars. No test here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tests.replay.world import settings
from workbench import calendars
from workbench.domain.contracts import Contract
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Phase, Records, empty
from workbench.domain.units import MS, SECOND
from workbench.runtime.generated import Generated

MONTHS = {"ESZ6": "2026-12-18", "ESH7": "2027-03-19"}
NEXT, TAKES_OVER = "ESH7", 20261209  # session in which the next month trades more than the near one: it leads in the one behind it
SLOT_S = 20  # a quote and a print of each contract fall into each
BURST_MS = 60  # behind a quote in ten: less than a line of level 1 tells apart
PRICES = {"ESZ6": 27_200, "ESH7": 27_420, "SPY": 67_900}  # quanta


def contracts(symbols: Iterable[str]) -> tuple[Contract, ...]:
    """Define contracts under the gateway's own ids."""
    roots = settings().roots
    return tuple(roots[name[:2] if name in MONTHS else name].contract(at + 1, MONTHS.get(name)) for at, name in enumerate(symbols))


def tape(symbols: Sequence[str], sessions: Sequence[int], *, seed: int) -> Generated:
    """Generate sessions that follow one another."""
    rng, known = np.random.default_rng(seed), contracts(symbols)
    first_ns, last_ns = calendars.session_bounds(sessions[0])[0], calendars.session_bounds(sessions[-1])[1]
    steps = np.arange(first_ns, last_ns, SLOT_S * SECOND)
    path = np.cumsum(rng.choice([-1, 0, 0, 1], len(steps)))  # of the market; all follow it
    parts = [calendars.phase_records(each, first_ns, last_ns) for each in known]
    for each in known:
        table = calendars.around(each.calendar, [first_ns, last_ns])
        is_open = (table.phase_at(steps) >= Phase.ETH) & (table.phase_at(steps + SLOT_S * SECOND - 1) >= Phase.ETH)
        parts.append(_of(each, steps[is_open], path[is_open], rng))
    whole = np.concatenate(parts)
    whole = whole[np.argsort(whole["recv_ns"], kind="stable")]
    return Generated(known, whole)


def _of(contract: Contract, slots: np.ndarray, path: np.ndarray, rng: np.random.Generator) -> Records:
    n = len(slots)
    quoted = slots + rng.integers(1_000, 9_000, n) * MS
    is_twice = rng.random(n) < 0.1
    bid = PRICES[contract.symbol] + path
    quotes = _quotes(contract, quoted, bid, rng)
    again = _quotes(contract, quoted[is_twice] + BURST_MS * MS, bid[is_twice] - 1, rng)
    prints = empty(n)
    prints["recv_ns"], prints["kind"], prints["sz"] = slots + rng.integers(10_000, 19_000, n) * MS, Kind.PRINT, rng.integers(1, 9, n)
    if contract.symbol == NEXT:
        is_first = prints["recv_ns"] >= calendars.session_bounds(TAKES_OVER)[0]
        prints["sz"] = np.where(is_first, 2 * prints["sz"], (prints["sz"] + 1) // 2)
    prints["side"] = rng.choice([-1, 1], n)
    prints["px"] = bid - is_twice + (prints["side"] > 0)
    made = np.concatenate([quotes, again, prints])
    made["contract"], made["event_ns"] = contract.id, made["recv_ns"]
    made["flags"] |= EVENT_TIME
    return made


def _quotes(contract: Contract, at_ns: np.ndarray, bid: np.ndarray, rng: np.random.Generator) -> Records:
    made = empty(len(at_ns))
    made["recv_ns"], made["kind"], made["flags"] = at_ns, Kind.QUOTE, BID | ASK
    made["px"], made["px2"] = bid, bid + 1
    made["sz"], made["sz2"] = rng.integers(1, 60, len(at_ns)), rng.integers(1, 60, len(at_ns))
    return made
