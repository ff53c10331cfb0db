"""Bars as a broker tells them, as BAR records of provenance HISTORY. Integers of the contract's quanta; asks nobody.

A stretch in which nothing traded has no bar at the broker, and an empty one here: a longer bar must not lack a piece because it was quiet.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from workbench.calendars import Session
from workbench.domain.contracts import Contract
from workbench.domain.records import EVENT_TIME, Kind, Provenance, Records, empty, provenance_flag
from workbench.domain.units import SECOND
from workbench.venues.history import PastBar

FLAGS = EVENT_TIME | provenance_flag(Provenance.HISTORY)


class Quanta(NamedTuple):
    """A bar in quanta, [``start_ns``, ``end_ns``)."""

    start_ns: int
    end_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    pv: int
    n_prints: int


def in_quanta(contract: Contract, bar: PastBar, length_s: int) -> Quanta | None:
    """Read a bar; `None` where it does not lie on the contract's grid, or is none (a low above its close, a volume below zero).

    >>> from workbench.config import load_roots
    >>> es = load_roots()["ES"].contract(1, "2026-12-18")
    >>> in_quanta(es, PastBar(0, "6000.25", "6001.0", "6000.0", "6000.5", "12", "6000.5", 9), 60).close
    24002
    >>> in_quanta(es, PastBar(0, "6000.26", "6001.0", "6000.0", "6000.5", "12", "6000.5", 9), 60) is None
    True
    """
    try:
        prices = [Fraction(text) / Fraction(contract.price_quantum) for text in (bar.open, bar.high, bar.low, bar.close)]
        volume = Fraction(bar.volume) / Fraction(contract.size_quantum)
        mean = Fraction(bar.vwap) / Fraction(contract.price_quantum)
    except ValueError:
        return None
    if any(each.denominator != 1 for each in (*prices, volume)) or volume < 0:
        return None
    first, high, low, last = (int(each) for each in prices)
    if not low <= min(first, last) <= max(first, last) <= high:
        return None
    if not low <= mean <= high:
        mean = Fraction(high + low + last, 3)
    return Quanta(bar.start_ns, bar.start_ns + length_s * SECOND, first, high, low, last, int(volume), round(mean * volume), bar.n_prints)


def filled(bars: Sequence[Quanta], sessions: Sequence[Session], until_ns: int) -> list[tuple[Quanta, int]]:
    """Give rising bars with the session each lies in, and empty ones between two of a session, and behind the last up to `until_ns`."""
    opens = [each.open_ns for each in sessions]
    found = [(bar, sessions[at]) for bar in bars if (at := bisect_right(opens, bar.start_ns) - 1) >= 0]
    whole = [(bar, own) for bar, own in found if bar.end_ns <= own.close_ns]
    made: list[tuple[Quanta, int]] = []
    for (bar, own), (after, other) in pairwise(whole):
        made.append((bar, own.session))
        if own == other:
            made += [(each, own.session) for each in _empty(bar, after.start_ns, after.end_ns - after.start_ns)]
    for bar, own in whole[-1:]:
        made += [(bar, own.session), *((each, own.session) for each in _empty(bar, min(until_ns, own.close_ns), bar.end_ns - bar.start_ns))]
    return made


def _empty(behind: Quanta, until_ns: int, step_ns: int) -> list[Quanta]:
    px = behind.close
    return [Quanta(at, at + step_ns, px, px, px, px, 0, 0, 0) for at in range(behind.end_ns, until_ns - step_ns + 1, step_ns)]


def history_records(contract: int, bars: Iterable[tuple[Quanta, int]]) -> Records:
    """Write bars, each with its session, as pairs of records.

    >>> history_records(1, [(Quanta(0, 60, 10, 14, 9, 13, 5, 60, 3), 20261120)])[["level", "px", "px2", "sz", "sz2", "event_ns"]].tolist()
    [(0, 10, 14, 5, 3, 0), (1, 9, 13, 60, 20261120, 60)]
    """
    listed = list(bars)
    made = empty(2 * len(listed))
    made["kind"], made["contract"], made["flags"] = Kind.BAR, contract, FLAGS
    for at, (bar, session) in enumerate(listed):
        head, tail = made[2 * at], made[2 * at + 1]
        head["event_ns"], head["px"], head["px2"], head["sz"], head["sz2"] = bar.start_ns, bar.open, bar.high, bar.volume, bar.n_prints
        tail["event_ns"], tail["level"], tail["px"], tail["px2"] = bar.end_ns, 1, bar.low, bar.close
        tail["sz"], tail["sz2"] = bar.pv, session
    return made
