"""What was played again, held against what was: records, events, commands and every frame that left. Names the first difference.

Rules
-----
1. Records are compared in all but ``seq`` and ``recv_ns``, commands in all but the time they are stamped with and the key of their cause:
   a start stamps those. How many bear another time, and by how much at most, is told.
2. Frames of a kind are compared in their order, connection by connection; which of two kinds leaves first is a matter of microseconds.
3. What lies behind the end of a recording that has none (a kill, a torn file, a full disk) is nobody's: it is not looked at.
4. Events are compared too, but for those that hold a measured time (`MEASURED`), and the recorder's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from workbench.domain.decisions import Issued
from workbench.domain.events import Arrival, BrokerSaid, ClockCompared, ConnectionChanged, RunStarted
from workbench.domain.orders import AnyCommand
from workbench.domain.units import SECOND
from workbench.runtime.flight import naming
from workbench.runtime.flight.again import OUTSIDE, Played, Run, same_bytes
from workbench.runtime.flight.naming import Named
from workbench.runtime.flight.tape import Tape
from workbench.runtime.live.flight import WORD
from workbench.runtime.live.venue import STOPPED
from workbench.store.flight import Chunk

MEASURED: Final = (ClockCompared,)
STAMPED: Final = frozenset({"seq", "recv_ns"})
END_NS: Final = 20 * SECOND  # a second of the wall, where a simulated gateway's clock goes fastest
NOWHERE: Final = naming.Place(-1, 0)
RECORDS, EVENTS, COMMANDS, FRAMES = range(4)  # where two ways part first is where the fault lies


class Divergence(NamedTuple):
    """The first difference: when, whose work, which message and field, and both values."""

    at_ns: int
    component: str
    message: str
    field: str
    ours: str
    then: str
    why: str


class Verdict(NamedTuple):
    """What came of it; counts are of what was recorded.

    ``n_retimed`` records bear another time than then, by ``most_ns`` at most; ``n_dropped`` chunks came on connections that we had ended.
    """

    n_records: int
    n_events: int
    n_commands: int
    n_frames: int
    n_retimed: int
    most_ns: int
    n_dropped: int
    endings: tuple[str, ...]
    divergence: Divergence | None


Found = tuple[int, int, Named]  # when, at which stage, what


def judge(tape: Tape, played: Played) -> Verdict:
    """Find the first difference."""
    found: list[Found] = list(_frames(tape, played))
    n_retimed = most_ns = 0
    whole = [_until(run, tape.last_ns) if tape.endings else run for run in played.then]
    for at, then in enumerate(whole):
        ours = played.ours[at] if at < len(played.ours) else None
        if ours is None:
            found.append(
                (then.begin_ns, EVENTS, Named(naming.CONNECTION, f"run {then.manifest.run}", "", "nothing", "a run", played.broke))
            )
            break
        found += [*_records(tape, then, ours), *_events(tape, then, ours), *_commands(then, ours)]
        n = min(len(then.records), len(ours.records))
        later = np.abs(then.records["recv_ns"][:n] - ours.records["recv_ns"][:n])
        n_retimed, most_ns = n_retimed + int(np.count_nonzero(later)), max(most_ns, int(later.max()) if n else 0)
    if played.broke and played.ours:
        last = played.ours[-1]
        at_ns = int(last.records["recv_ns"][-1]) if len(last.records) else played.then[len(played.ours) - 1].begin_ns
        found.append((at_ns, COMMANDS, Named(naming.ENGINE, "the run", "", played.broke, "it went on", "")))
    first = min(found, key=lambda each: each[:2], default=None)
    return Verdict(
        sum(len(run.records) for run in whole),
        sum(len(run.arrivals) for run in whole),
        sum(len(_issued(run)) for run in whole),
        sum(len(each) for each in tape.sent.values()),
        n_retimed,
        most_ns,
        played.n_dropped,
        tape.endings,
        None if first is None else Divergence(first[0], *first[2]),
    )


def _until(run: Run, ns: int) -> Run:
    """Give what a run had come to at a time."""
    records = run.records[run.records["recv_ns"] <= ns]
    facts = tuple(fact for fact in run.facts if isinstance(fact, Issued) and fact.command.decided_ns <= ns)
    return Run(run.manifest, records, tuple(each for each in run.arrivals if each.recv_ns <= ns), facts)


def _records(tape: Tape, then: Run, ours: Run) -> Iterator[Found]:
    n = min(len(then.records), len(ours.records))
    names = [name for name in then.records.dtype.names or () if name not in STAMPED]
    differ = np.zeros(n, bool)
    for name in names:
        differ |= then.records[name][:n] != ours.records[name][:n]
    if not differ.any():
        if n < len(then.records):
            row = then.records[n]
            yield int(row["recv_ns"]), RECORDS, naming.of_record(tape, None, int(row["recv_ns"]), 0, "", "nothing", str(row), NOWHERE)
        return
    at = int(differ.argmax())
    row, mine = then.records[at], ours.records[at]
    contract = next((each for each in then.manifest.contracts if each.id == int(row["contract"])), None)
    field = next(name for name in ("contract", "kind", *names) if row[name] != mine[name])
    at_ns = min(int(row["recv_ns"]), int(mine["recv_ns"]))
    place = _place(then, at)
    yield at_ns, RECORDS, naming.of_record(tape, contract, at_ns, int(row["kind"]), field, mine[field], row[field], place)


def _place(run: Run, at: int) -> naming.Place:
    """Count the records of one time, contract and family, and those of them before one."""
    row = run.records[at]
    family = naming.FAMILIES.get(int(row["kind"]), ())
    kinds = [kind for kind, messages in naming.FAMILIES.items() if messages == family]
    is_like = (
        (run.records["recv_ns"] == row["recv_ns"]) & (run.records["contract"] == row["contract"]) & np.isin(run.records["kind"], kinds)
    )
    return naming.Place(int(np.count_nonzero(is_like)), int(np.count_nonzero(is_like[:at])))


def _events(tape: Tape, then: Run, ours: Run) -> Iterator[Found]:
    one, other = _compared(ours), _compared(then)
    for at, said in enumerate(other):
        mine = one[at] if at < len(one) else None
        if mine is None or not same_bytes(mine.event, said.event):
            at_ns = said.recv_ns if mine is None else min(mine.recv_ns, said.recv_ns)
            yield at_ns, EVENTS, naming.of_event(tape, None if mine is None else mine.event, said.event, at_ns)
            return
    if len(one) > len(other) and one[len(other)].recv_ns <= _end_ns(then):
        extra = one[len(other)]
        yield extra.recv_ns, EVENTS, naming.of_event(tape, extra.event, None, extra.recv_ns)


def _end_ns(run: Run) -> int:
    """Give up to when nothing may be too much: a person who ends a run does so between two arrivals, and no byte says between which."""
    last = run.arrivals[-1]
    return last.recv_ns - END_NS if _is_end(last) else last.recv_ns


def _is_end(arrival: Arrival) -> bool:
    return isinstance(arrival.event, ConnectionChanged) and arrival.event.why == STOPPED


def _compared(run: Run) -> list[Arrival]:
    skipped = (*OUTSIDE, *MEASURED, RunStarted)
    told = [each for each in run.arrivals if not isinstance(each.event, skipped) and not _is_end(each)]
    return [each for each in told if not (isinstance(each.event, BrokerSaid) and each.event.kind == WORD)]


def _issued(run: Run) -> list[AnyCommand]:
    return [fact.command for fact in run.facts if isinstance(fact, Issued)]


def _commands(then: Run, ours: Run) -> Iterator[Found]:
    one, other = _issued(ours), _issued(then)
    for at, command in enumerate(other):
        mine = one[at] if at < len(one) else None
        if mine is None or not same_bytes(_unstamped(mine), _unstamped(command)):
            yield command.decided_ns, COMMANDS, naming.of_command(None if mine is None else _unstamped(mine), _unstamped(command))
            return
    if len(one) > len(other) and one[len(other)].decided_ns <= _end_ns(then):
        yield one[len(other)].decided_ns, COMMANDS, naming.of_command(one[len(other)], None)


def _unstamped(command: AnyCommand) -> Any:
    return msgspec.structs.replace(command, decided_ns=0, cause=None)


def _frames(tape: Tape, played: Played) -> Iterator[Found]:
    """Compare what left, kind by kind, up to the end of the log: of a session that goes on in another file, only what is its."""
    last = played.then[-1]
    until_ns = max(last.arrivals[-1].recv_ns, int(last.records["recv_ns"][-1]) if len(last.records) else 0)
    for connection in sorted({*tape.sent, *played.sent}):
        then, ours = _kinds(tape.sent.get(connection, [])), _kinds(played.sent.get(connection, []))
        for kind in {*then, *ours}:
            theirs = [each for each in then.get(kind, []) if each[0] <= until_ns]
            yield from _of_a_kind(tape, played, theirs, ours.get(kind, []))


def _of_a_kind(tape: Tape, played: Played, then: list[tuple[int, bytes]], ours: list[tuple[int, bytes]]) -> Iterator[Found]:
    for at, (ns, data) in enumerate(then):
        mine = ours[at] if at < len(ours) else None
        if mine is None or mine[1] != data:
            at_ns = ns if mine is None else min(ns, mine[0])
            yield at_ns, FRAMES, naming.of_request(None if mine is None else mine[1], data, tape.version, played.orders)
            return
    if len(ours) > len(then) and ours[len(then)][0] < min(tape.last_ns, _end_ns(played.then[-1])):
        ns, data = ours[len(then)]
        yield ns, FRAMES, naming.of_request(data, None, tape.version, played.orders)


def _kinds(frames: list[Chunk] | list[tuple[int, bytes]]) -> dict[bytes, list[tuple[int, bytes]]]:
    made: dict[bytes, list[tuple[int, bytes]]] = {}
    for each in frames:
        ns, data = (each.ns, each.data) if isinstance(each, Chunk) else each
        made.setdefault(data[4:].partition(b"\0")[0], []).append((ns, data))
    return made
