"""Why a replay came to something else than a sweep: trip beside trip, and each dollar of the difference under one cause. Pure.

================================  =================================================================================================
cause                             what it is
================================  =================================================================================================
entered at another price          the quote, half a spread and an order's way to the market, against the next bar's open
left at another price             the same on the way out, stop with stop, target with target
left by something else            one of them met its stop or target, the other did not; or a session's end came sooner by the law
fees                              what the venue charges, against what settings assume
other size                        the law gave other contracts than the sweep has
refused: ...                      the law did not let it in, and by which limit
still held another                a position was in the way when the sweep entered
not entered                       asked for and not filled, or never asked: no quote, a phase in which nothing is done
only the replay entered           the sweep was in another trip, or out of it already
open at the end                   the sweep counts what is open at its last close; the replay counts closed trips
still open in the replay          the recording ended before it was left
================================  =================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from workbench.domain.decisions import AnyFact, At, BracketMoved, Refused, RoundTripClosed
from workbench.domain.units import MICROS
from workbench.research.sweeps import kernels
from workbench.research.sweeps.swept import Swept
from workbench.research.sweeps.terms import Terms

ENTRY, EXIT, OTHERWISE, FEES, SIZE = "entered at another price", "left at another price", "left by something else", "fees", "other size"
HELD, ABSENT, EXTRA, OPEN = "still held another", "not entered", "only the replay entered", "open at the end"
NOT_LEFT = "still open in the replay"
HOW: Final = {kernels.STOP: "stop", kernels.TARGET: "target", kernels.SIGNAL: "exit", kernels.TIME: "exit", kernels.SESSION: "exit"}
NOTHING: Final = 5e-7  # USD: half of what money is counted in


class Trip(NamedTuple):
    """From entry to flat. ``asked_ns``: the end of the bar whose signal it followed; of the engine's, when it was in."""

    asked_ns: int
    closed_ns: int
    side: int
    qty: int
    entry_pts: float
    exit_pts: float
    fees_usd: float
    usd: float
    how: str


def trips_of_kernel(of: Swept, walk: Callable[..., Any], signal: Any, config: Any) -> tuple[list[Trip], float]:
    """Give the closed trips of a sweep, and what is open at its end."""
    series, _, terms, _ = of
    n = int(walk(of, signal, config).totals[kernels.N_TRIPS])
    room = np.zeros((n + 1, kernels.TRIP), np.int64)
    totals = walk(of, signal, config, room=room).totals
    at, point = series.frame["time"].dt.epoch("ns").to_numpy(), float(terms.quantum)
    fees, made = 2 * terms.fee_micros * terms.qty, []
    for side, came, went, entry, exit_, why in room[:n].tolist():
        gain = side * (exit_ - entry) * terms.worth_micros * terms.qty
        usd = (gain - fees) / MICROS
        made.append(Trip(int(at[came - 1]), int(at[went]), side, terms.qty, entry * point, exit_ * point, fees / MICROS, usd, HOW[why]))
    entry_fee = terms.fee_micros * terms.qty if room[n, 0] else 0  # of what is open: paid already, and in no closed trip
    return made, (int(totals[kernels.OPEN]) - entry_fee) / MICROS


class Replayed(NamedTuple):
    """What facts tell: round trips, when it refused what, when it entered what it had not left at the end."""

    trips: list[Trip]
    refused: list[tuple[int, str]]
    open_ns: list[int]


def trips_of_engine(sessions: Iterable[Iterable[AnyFact]]) -> Replayed:
    """Read the facts of replays, a session each, in order. Each counts its brackets from the beginning."""
    told = [_trips_of_session(facts) for facts in sessions]
    return Replayed(
        [trip for each in told for trip in each.trips],
        [refused for each in told for refused in each.refused],
        [open_ns for each in told for open_ns in each.open_ns],
    )


def _trips_of_session(facts: Iterable[AnyFact]) -> Replayed:
    made, refused, now_ns = [], [], 0
    came: dict[int, int] = {}
    for fact in facts:
        if isinstance(fact, At):
            now_ns = fact.now_ns
        elif isinstance(fact, Refused):
            refused.append((now_ns, fact.reason.value))
        elif isinstance(fact, BracketMoved) and fact.new == "exposed":
            came.setdefault(fact.ref, now_ns)
        elif isinstance(fact, RoundTripClosed):
            came.pop(fact.ref, None)
            of = fact.side, fact.qty, fact.entry_pts, fact.exit_pts, fact.fees_micros / MICROS, fact.pnl_micros / MICROS, fact.how
            made.append(Trip(fact.opened_ns, fact.closed_ns, *of))
    return Replayed(made, refused, list(came.values()))


def causes(ours: Sequence[Trip], replayed: Replayed, open_usd: float, terms: Terms, length_ns: int) -> dict[str, tuple[int, float]]:
    """Put the whole difference under causes: trips, and USD by which the replay came to more."""
    found: dict[str, tuple[int, float]] = {}

    def put(cause: str, usd: float) -> None:
        if abs(usd) > NOTHING or cause == EXTRA:
            n, sum_ = found.get(cause, (0, 0.0))
            found[cause] = n + 1, sum_ + usd

    left = list(replayed.trips)
    for trip in ours:
        same = next((each for each in left if each.side == trip.side and 0 <= each.asked_ns - trip.asked_ns < length_ns), None)
        if same is None:
            put(_why_absent(trip, replayed, length_ns), -trip.usd)
            continue
        left.remove(same)
        for cause, usd in _apart(trip, same, terms):
            put(cause, usd)
    for trip in left:
        put(EXTRA, trip.usd)
    put(OPEN, -open_usd)
    return found


def _apart(ours: Trip, theirs: Trip, terms: Terms) -> list[tuple[str, float]]:
    """Take the difference of one trip apart."""
    usd_a_point = terms.worth_micros / MICROS / float(terms.quantum) * ours.qty
    part = ours.qty / theirs.qty
    entered = ours.side * (ours.entry_pts - theirs.entry_pts) * usd_a_point
    left = ours.side * (theirs.exit_pts - ours.exit_pts) * usd_a_point
    fees = ours.fees_usd - theirs.fees_usd * part
    as_large = theirs.usd * part
    rest = as_large - ours.usd - entered - left - fees  # what rounding of averages leaves: nothing
    return [
        (ENTRY, entered),
        (EXIT if ours.how == theirs.how else OTHERWISE, left + rest),
        (FEES, fees),
        (SIZE, theirs.usd - as_large),
    ]


def _why_absent(trip: Trip, replayed: Replayed, length_ns: int) -> str:
    until = trip.asked_ns + length_ns
    if any(trip.asked_ns <= at < until for at in replayed.open_ns):
        return NOT_LEFT
    said = next((reason for at, reason in replayed.refused if trip.asked_ns <= at < until), None)
    if said is not None:
        return f"refused: {said}"
    is_held = any(each.asked_ns <= trip.asked_ns < each.closed_ns for each in replayed.trips)
    return HELD if is_held or any(at < trip.asked_ns for at in replayed.open_ns) else ABSENT
