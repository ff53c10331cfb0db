"""The instructions at which a live run is killed, by name. One table: where each lies, before or behind which call, and of which calls.

The patches are made in a forked child that ends with them. No product code is changed, and no call does anything else than it did.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from workbench.domain.decisions import Issued
from workbench.domain.events import FeeReported, OrderFilled
from workbench.domain.orders import Leg, Submit
from workbench.runtime.live import asking, begin, runner
from workbench.runtime.live.edge import IbEdge
from workbench.store import checkpoints
from workbench.store import journal as journals
from workbench.store.fence import Fence
from workbench.store.journal import Journal
from workbench.store.tail import Tail
from workbench.venues.ib.book import read_ref
from workbench.wire import PlaceOrder, decode_request, fields

Only = Callable[..., bool]
VERSION: Final = 178  # of the wire: the gateway's latest
SMALL_SEGMENT: Final = 2_048  # records: full several times in a life
SMALL_WAL: Final = 131_072
FEW_ROWS: Final = 2  # of a turn that is one statement; more are a transaction, and both must be died in


class Call(NamedTuple):
    """A call, and the points before and behind it; ``only`` looks at what was given (and, behind it, at what came of it last)."""

    owner: object
    name: str
    before: str = ""
    behind: str = ""
    only: Only = lambda *given: True


def _has_rows(journal: Any, *_: Any) -> bool:
    return bool(journal._rows)


def _is(kind: type[Any]) -> Only:
    return lambda journal, arrival, *_: isinstance(arrival.event, kind)


def _is_other(journal: Any, arrival: Any, *_: Any) -> bool:
    return not isinstance(arrival.event, OrderFilled | FeeReported)


def _commands(facts: list[Any]) -> list[Any]:
    return [fact.command for fact in facts if isinstance(fact, Issued)]


def _decides(journal: Any, after_seq: int, n: int, now_ns: int, facts: list[Any], *_: Any) -> bool:
    return bool(_commands(facts))


def _only_tells(*given: Any) -> bool:
    return not _decides(*given)


def _named(end: str) -> Only:
    return lambda path, target, *_: Path(target).name.endswith(end)


def _gave(*given: Any) -> bool:
    return given[-1] is not None


def _has_records(tail: Any, records: Any, *_: Any) -> bool:
    return len(records) > 0


def _is_unsynced(tail: Any, *_: Any) -> bool:
    return tail._at != tail._synced or bool(tail._full)


CALLS: Final = (
    # a run begins
    Call(Fence, "take", "a fence not taken", "a fence taken"),
    Call(runner, "begin", "the folder held, no run begun", "a run begun"),
    Call(begin, "next_epoch", "", "an epoch taken"),
    Call(runner, "relive", "the log read, not played", "the log played again"),
    Call(IbEdge, "recall", "the venue told nothing of the past", "the venue told of the past"),
    # market records
    Call(Tail, "append", "records arrived, not in the tail", "records in the tail, not synced", _has_records),
    Call(Tail, "_spill", "a segment full, no other made", "another segment entered"),
    Call(Path, "replace", "a segment made, without its name", "a segment named, not entered", _named(".seg")),
    Call(Tail, "flush", "the tail about to be synced", "", _is_unsynced),
    Call(Tail, "_settle", "", "the tail synced, the journal not"),
    Call(Tail, "ahead", "", "records given to the journal, not added", _gave),
    Call(Journal, "carry", "", "records in a row of the journal, not committed"),
    # the journal
    Call(Journal, "append", "a fill arrived, not added", "a fill added, its facts not", _is(OrderFilled)),
    Call(Journal, "append", "", "a fee added, its facts not", _is(FeeReported)),
    Call(Journal, "append", "", "an event added, its facts not", _is_other),
    Call(Journal, "extend", "", "facts added, not committed", _only_tells),
    Call(Journal, "extend", "a command decided, not added", "a command added, not committed", _decides),
    Call(Journal, "commit", "a commit about to begin", "", _has_rows),
    Call(Journal, "_commit_many", "a transaction about to begin", "a transaction committed, its rows not forgotten"),
    Call(Journal, "prepare", "", "room made ahead of the journal"),
    # cards and checkpoints
    Call(begin, "write_manifest", "a card about to be written", "a card written"),
    Call(Path, "replace", "a card whole, without its name", "a card named, its folder not synced", _named("manifest.json")),
    Call(checkpoints, "write", "a checkpoint about to be written", "a checkpoint written, the journal not moved"),
    Call(Path, "replace", "a checkpoint whole, without its name", "a checkpoint named, its folder not synced", _named(".checkpoint")),
    Call(Journal, "checkpoint", "", "the journal moved, the run not closed"),
    Call(runner, "close", "a session about to be closed", "a session closed, the next not begun"),
    # a person's wishes
    Call(asking.Asking, "_hand_out", "a request read, not taken", "a request taken, not answered"),
    Call(asking, "done", "a request about to be answered", "a request answered"),
)
BEHIND_A_COMMIT: Final = ("an event written, nothing sent", "a command written, not sent", "an entry written, not sent")
IN_A_TRANSACTION: Final = "a transaction open, not committed"
ABOUT: Final = {
    Leg.ENTRY: "an entry about to leave",
    Leg.STOP: "an entry sent, its stop about to leave",
    Leg.TARGET: "an entry and its stop sent, the target about to leave",
    Leg.EXIT: "an exit about to leave",
}
SENT: Final = {
    Leg.ENTRY: "the entry of a bracket sent, no stop yet",
    Leg.STOP: "entry and stop sent, no target yet",
    Leg.TARGET: "a bracket sent",
    Leg.EXIT: "an exit sent",
}
CHANGE: Final = ("a change about to leave", "a change sent")
CANCEL: Final = ("a cancel about to leave", "a cancel sent")
ASKED: Final = {b"API\0": "connected, not greeted", b"71\0": "greeted, nothing asked", b"16\0": "open orders asked for"}
ASKED_MORE: Final = {b"7\0": "executions asked for", b"61\0": "positions asked for"}
ARRIVED: Final = {
    b"11\0": "a fill arrived, not read",
    b"3\0": "an acknowledgement arrived, not read",
    b"59\0": "a commission arrived, not read",
    b"53\0": "all open orders arrived, not read",
    b"55\0": "all executions arrived, not read",
}


def _names() -> tuple[str, ...]:
    calls = [name for call in CALLS for name in (call.before, call.behind) if name]
    wire = [*ABOUT.values(), *SENT.values(), *CHANGE, *CANCEL, *ASKED.values(), *ASKED_MORE.values(), *ARRIVED.values()]
    return tuple(dict.fromkeys([*calls, *BEHIND_A_COMMIT, IN_A_TRANSACTION, *wire]))


POINTS: Final = _names()
TRADING: Final = frozenset(
    [*ABOUT.values(), *SENT.values(), *CHANGE, *CANCEL, *BEHIND_A_COMMIT[1:]]
    + [point for point in POINTS if any(word in point for word in ("fill", "fee", "commission", "command", "acknowledgement"))]
)  # points that a run comes to only when it trades


class _Database:
    """SQLite's connection, with a point in the middle of a transaction."""

    def __init__(self, inner: Any, at: Callable[[str], None]) -> None:
        self._inner, self._at = inner, at

    def execute(self, sql: str, *args: Any) -> Any:
        if sql == "COMMIT":
            self._at(IN_A_TRANSACTION)
        return self._inner.execute(sql, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def plant(at: Callable[[str], None], steady: Callable[[], float]) -> None:
    """Let this process say where it is. For good: it is a child that will end."""
    for call in CALLS:
        _around(call, at)
    _behind_commits(at)
    init = Journal.__init__

    def opened(self: Any, *args: Any, **options: Any) -> None:
        init(self, *args, **options)
        self._db = _Database(self._db, at)

    Journal.__init__ = opened
    heartbeat, tail = runner.Heartbeat, runner.Tail
    runner.Heartbeat = lambda *args, **options: heartbeat(*args, **options, steady=steady)
    runner.Tail = lambda *args, **options: tail(*args, **options, segment_records=SMALL_SEGMENT)
    runner.gc = SimpleNamespace(collect=int, freeze=int, unfreeze=int)  # the parent has done it for all
    journals.WAL_BYTES, journals.FEW_ROWS = SMALL_WAL, FEW_ROWS


def _around(call: Call, at: Callable[[str], None]) -> None:
    owner: Any = call.owner
    real = getattr(owner, call.name)
    only: Only = call.only

    def step(*given: Any, **more: Any) -> Any:
        looks_behind = only is _gave
        is_one = looks_behind or only(*given)
        if is_one and call.before:
            at(call.before)
        made = real(*given, **more)
        if hasattr(made, "__await__") and call.behind:
            return _awaited(made, call.behind, at)
        if (only(*given, made) if looks_behind else is_one) and call.behind:
            at(call.behind)
        return made

    setattr(owner, call.name, step)


async def _awaited(made: Any, point: str, at: Callable[[str], None]) -> Any:
    result = await made
    at(point)
    return result


def _behind_commits(at: Callable[[str], None]) -> None:
    """Tell apart what a commit made durable: its last rows hold a command, an entry, or neither."""
    extend, commit = Journal.extend, Journal.commit
    decided: list[Any] = []

    def extended(self: Any, after_seq: int, n: int, now_ns: int, facts: list[Any]) -> None:
        extend(self, after_seq, n, now_ns, facts)
        decided.extend(_commands(facts))

    def committed(self: Any) -> None:
        had_rows, commands = bool(self._rows), list(decided)
        commit(self)
        decided.clear()
        if had_rows:
            at(BEHIND_A_COMMIT[1 if commands else 0])
            if any(isinstance(each, Submit) for each in commands):
                at(BEHIND_A_COMMIT[2])

    Journal.extend, Journal.commit = extended, committed


class Bytes:
    """Says where a process stands by what goes over its socket."""

    def __init__(self, at: Callable[[str], None]) -> None:
        self._at = at
        self._sent: set[int] = set()
        self._half = b""

    def __call__(self, way: str, data: bytes) -> None:
        if way == "read":
            self._read(data)
            return
        payload = data if data.startswith(b"API\0") else data[4:]
        letter = payload[: payload.find(b"\0") + 1]
        is_sent = way == "written"
        if letter == b"3\0":
            self._order(payload, is_sent=is_sent)
        elif letter == b"4\0":
            self._at(CANCEL[is_sent])
        elif is_sent and (point := (ASKED | ASKED_MORE).get(letter)):
            self._at(point)

    def _order(self, payload: bytes, *, is_sent: bool) -> None:
        request = decode_request(fields(payload), VERSION)
        assert isinstance(request, PlaceOrder)
        named = read_ref(request.order.order_ref)
        if named is None or request.order.what_if:
            return
        is_change = request.order_id in self._sent  # in this life: one of an earlier life is as good as new
        self._at(CHANGE[is_sent] if is_change else (SENT if is_sent else ABOUT)[named.leg])
        if is_sent:
            self._sent.add(request.order_id)

    def _read(self, data: bytes) -> None:
        held, at = self._half + data, 0
        while at + 4 <= len(held) and at + 4 + (n := int.from_bytes(held[at : at + 4], "big")) <= len(held):
            payload = held[at + 4 : at + 4 + n]
            if point := ARRIVED.get(payload[: payload.find(b"\0") + 1]):
                self._at(point)
            at += 4 + n
        self._half = held[at:]
