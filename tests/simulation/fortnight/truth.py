"""What was recorded, held against what the gateway showed. No test here."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tests.simulation.fortnight.spans import Recorded
from workbench import calendars
from workbench.domain.contracts import Contract
from workbench.domain.records import Kind, Records, is_open
from workbench.domain.units import MINUTE, MS, SECOND
from workbench.research import open_session
from workbench.research.frames.session import Session
from workbench.store.gaps import GapTable
from workbench.store.recordings import Recordings

Ints = npt.NDArray[np.int64]
LATE_NS = 900 * MS  # from the gateway's record to ours, and a little: two of a contract are farther apart
MARGIN_NS = 3 * SECOND  # around a gap, in which it is nobody's fault what was heard


class Taken(NamedTuple):
    """Of one contract: what was shown outside its gaps, how much of that stands where it must, and minutes likewise."""

    symbol: str
    n_quotes: int
    n_right: int
    n_prints: int
    n_prints_right: int
    n_prints_twice: int
    n_minutes: int
    n_minutes_seen: int
    n_minutes_lost: int


def opened(of: Recorded) -> Session:
    """Read all there is back."""
    return open_session(of.span.sessions[0], Recordings.of(of.data).sessions()[-1].session, data=of.data)


def gaps_of(of: Recorded, symbol: str, stream: str = "market") -> Ints:
    """Give the gaps of a contract's market, or of another of its streams, ns: from, to."""
    rows = [row for span in Recordings.of(of.data).sessions() for row in GapTable(of.data).read(span.session)]
    found = [(row[0], row[1]) for row in rows if row[3] == symbol and row[4] == stream]
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def taken(of: Recorded, day: Session, contract: Contract, *, late_ns: int = LATE_NS, early_ns: int = 0) -> Taken:
    """Hold one contract's frames against the tape; over a socket the clocks of both ends are not the same to the millisecond."""
    first_ns, last_ns = _recorded(of, contract)
    mine = of.of.records[(of.of.records["contract"] == contract.id) & (of.of.records["recv_ns"] >= first_ns)]
    mine = mine[mine["recv_ns"] <= last_ns]
    gaps = gaps_of(of, contract.symbol)
    mine = mine[~_inside(mine["recv_ns"], gaps, early_ns)]
    mine = mine[_is_run(of, mine["recv_ns"])]
    quotes, prints = mine[mine["kind"] == Kind.QUOTE], mine[mine["kind"] == Kind.PRINT]
    quotes = quotes[~_inside(quotes["recv_ns"], gaps_of(of, contract.symbol, "quotes"), early_ns)]
    is_last = np.append(np.diff(quotes["recv_ns"]) > 250 * MS, True)  # of what a line of level 1 tells as one
    quotes = quotes[is_last]
    theirs = _quotes(day, contract)
    n_right = _found(quotes, ("px", "px2", "sz", "sz2"), theirs, late_ns, early_ns) if early_ns else _stand(quotes, theirs, late_ns)
    read = _prints(day, contract)
    n_prints_right = _found(prints, ("px", "sz"), read, late_ns, early_ns)
    outside = _is_run(of, read[0]) & ~_inside(read[0], gaps)
    n_twice = _twice(of.of.records, contract.id, [each[outside] for each in read], gaps, late_ns + early_ns)
    minutes = _minutes(contract, first_ns, last_ns)
    heard = np.unique(np.concatenate([theirs[0], read[0]]) // MINUTE * MINUTE)
    lost = _inside(minutes, gaps + np.array([-MINUTE, 0]))
    seen = np.isin(minutes, heard)
    quoted, printed = (len(quotes), n_right), (len(prints), n_prints_right, n_twice)
    return Taken(contract.symbol, *quoted, *printed, len(minutes), int((seen | lost).sum()), int(lost.sum()))


def _stand(quotes: Records, read: tuple[Ints, ...], late_ns: int) -> int:
    """Count the quotes that were shown and are the last one read a moment later."""
    at = np.searchsorted(read[0], quotes["recv_ns"] + late_ns, side="right") - 1
    same = [read[k + 1][at] == quotes[name] for k, name in enumerate(("px", "px2", "sz", "sz2"))]
    return int(np.all(same, axis=0).sum())


def _found(shown: Records, names: tuple[str, ...], read: tuple[Ints, ...], late_ns: int, early_ns: int) -> int:
    """Count what was shown and stands, with its price and size, about its time."""
    first = np.searchsorted(read[0], shown["recv_ns"] - early_ns).tolist()
    last = np.searchsorted(read[0], shown["recv_ns"] + late_ns, side="right").tolist()
    n = 0
    for at, (a, b) in enumerate(zip(first, last, strict=True)):
        n += bool(np.any(np.all([read[k + 1][a:b] == shown[name][at] for k, name in enumerate(names)], axis=0)))
    return n


def _twice(shown: Records, id_: int, read: list[Ints], gaps: Ints, apart_ns: int) -> int:
    """Count the prints that were read once more than they were shown: about then, or before, where a gap kept a trade until it was told."""
    mine = shown[(shown["contract"] == id_) & (shown["kind"] == Kind.PRINT)]
    held = mine[_inside(mine["recv_ns"], gaps)]
    left = Counter[tuple[int, int, int]](zip(*(mine[name].tolist() for name in ("recv_ns", "px", "sz")), strict=True))
    n = 0
    for ns, px, sz in zip(*(each.tolist() for each in read), strict=True):
        near = [(mine, ns - apart_ns), (held, ns - 2 * MINUTE)]
        at = [
            at for rows, first in near for at in rows["recv_ns"][slice(*np.searchsorted(rows["recv_ns"], [first, ns + apart_ns]))].tolist()
        ]
        found = next((key for each in at if left[key := (each, px, sz)] > 0), None)
        left.subtract([found] if found else [])
        n += found is None
    return n


def _quotes(day: Session, contract: Contract) -> tuple[Ints, ...]:
    """Read quotes of a contract as integers of the tape: when, bid, ask, sizes."""
    frame = day.quotes.filter(symbol=contract.symbol).sort("time", "seq")
    px, sz = float(contract.price_quantum), float(contract.size_quantum)
    told = [(frame[name] / by).round().fill_null(-1).to_numpy() for name, by in _columns(px, sz)]
    return (frame["time"].dt.epoch("ns").to_numpy(), *(each.astype(np.int64) for each in told))


def _columns(px: float, sz: float) -> tuple[tuple[str, float], ...]:
    return ("bid_pts", px), ("ask_pts", px), ("bid_size", sz), ("ask_size", sz)


def _prints(day: Session, contract: Contract) -> tuple[Ints, ...]:
    """Read prints of a contract as integers of the tape: when, price, size."""
    frame = day.prints.filter(symbol=contract.symbol).sort("time", "seq")
    px, sz = float(contract.price_quantum), float(contract.size_quantum)
    told = [(frame[name] / by).round().to_numpy().astype(np.int64) for name, by in (("price_pts", px), ("size", sz))]
    return (frame["time"].dt.epoch("ns").to_numpy().astype(np.int64), *told)


def _inside(ns: Ints, gaps: Ints, more_ns: int = 0) -> npt.NDArray[np.bool_]:
    """Say which times lie in a gap, or so near that it cannot be said."""
    found = np.zeros(len(ns), bool)
    for first, last in gaps.tolist():
        found |= (ns >= first - MARGIN_NS - more_ns) & (ns <= last + MARGIN_NS + more_ns)
    return found


def _is_run(of: Recorded, ns: Ints) -> npt.NDArray[np.bool_]:
    """Say which times lie within the first start and the last stop; what nobody ran in between must be a gap."""
    lives = of.span.lives
    return np.asarray((ns > lives[0].from_ns + MARGIN_NS) & (ns < lives[-1].until_ns - MARGIN_NS))


def _recorded(of: Recorded, contract: Contract) -> tuple[int, int]:
    """Give from when until when a contract was wanted: the next month near the end of the lead, the one that led until then."""
    sessions = [log.session for log in opened(of).logs if contract.symbol in {each.symbol for each in log.contracts}]
    first, last = calendars.session_bounds(sessions[0])[0], calendars.session_bounds(sessions[-1])[1]
    end = min(of.span.lives[-1].until_ns, int(of.of.records["recv_ns"][-1]))
    return max(first, of.span.lives[0].from_ns), min(last, end)


def _minutes(contract: Contract, first_ns: int, last_ns: int) -> Ints:
    """List the whole minutes in which a contract was open, by its calendar."""
    at = np.arange(first_ns // MINUTE * MINUTE + MINUTE, last_ns - MINUTE, MINUTE)
    table = calendars.around(contract.calendar, [first_ns, last_ns])
    return at[[is_open(phase) for phase in table.phase_at(at)]]
