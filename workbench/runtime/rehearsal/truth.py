"""What a gateway says of an account, and whether a run's books say the same. Asks as any client would; places nothing.

Rules
-----
1. An execution is the same where bracket, leg, side, quantity, price and fee are, and each stands once on both sides.
2. Stops work on when a run has ended: executions of its last moments (`IN_FLIGHT_S`) and later may be the gateway's alone, and are told.
3. Positions are what all executions make.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from workbench.domain.contracts import Contract
from workbench.domain.errors import VenueError
from workbench.domain.events import Arrival, FeeReported, OrderFilled
from workbench.domain.orders import Leg, Submit
from workbench.domain.units import SECOND
from workbench.execution.supervisor import Booked
from workbench.venues.ib.book import read_ref
from workbench.venues.ib.units import to_micros, to_px, to_size
from workbench.wire import (
    Answer,
    CommissionReport,
    ExecutionData,
    ExecutionDataEnd,
    ManagedAccounts,
    Position,
    PositionEnd,
    Reader,
    ReqExecutions,
    ReqPositions,
    StartApi,
    WireError,
    decode_answer,
    encode,
    fields,
    frame,
    hello,
    parse_welcome,
)

ANSWER_S: Final = 10.0
IN_FLIGHT_S: Final = 20  # s of the session: a second of the wall at x20, the most that a report is on its way
A = TypeVar("A", bound=Answer)


class Truth(NamedTuple):
    """What the other side holds: its executions, what each cost, positions by conId."""

    executions: tuple[ExecutionData, ...]
    fees_micros: Mapping[str, int | None]
    positions: Mapping[int, Position]


class Execution(NamedTuple):
    """One execution as both sides can say it; quantities and prices in quanta."""

    ref: int
    leg: Leg
    side: int
    qty: int
    px: int
    fee_micros: int | None


class Compared(NamedTuple):
    """What differs, in words, and how many executions came when the run had ended."""

    n_executions: int
    n_later: int
    differences: tuple[str, ...]


def ask(host: str, port: int, client_id: int) -> Truth:
    """Ask a gateway for everything it holds, as the client whose orders they are: commissions are told to no other.

    Raises
    ------
    VenueError
        It does not answer.
    """
    try:
        with socket.create_connection((host, port), ANSWER_S) as line:
            return _ask(line, client_id)
    except (OSError, EOFError, WireError) as error:
        raise VenueError(f"the gateway at {host}:{port} was asked what it holds, and did not say: {error}") from error


def _ask(line: socket.socket, client_id: int) -> Truth:
    line.sendall(hello())
    payloads = _payloads(line)
    version = parse_welcome(next(payloads)).version
    line.sendall(frame(encode(StartApi(client_id), version)))
    answers = (decode_answer(fields(payload), version) for payload in payloads)
    list(_until(answers, ManagedAccounts))
    line.sendall(frame(encode(ReqExecutions(1, client_id), version)))
    told = list(_until(answers, ExecutionDataEnd))
    line.sendall(frame(encode(ReqPositions(), version)))
    told += _until(answers, PositionEnd)  # commissions follow their executions, and the end of those
    return Truth(
        executions=tuple(each for each in told if isinstance(each, ExecutionData)),
        fees_micros={each.exec_id: _micros(each) for each in told if isinstance(each, CommissionReport)},
        positions={each.contract.con_id: each for each in told if isinstance(each, Position)},
    )


def _micros(report: CommissionReport) -> int | None:
    return None if report.commission is None else to_micros(report.commission)


def _payloads(line: socket.socket) -> Iterator[bytes]:
    reader = Reader()
    while data := line.recv(1 << 16):
        yield from reader.feed(data)
    raise EOFError("it closed the connection")


def _until(answers: Iterable[Answer], last: type[A]) -> Iterator[Answer]:
    """Go through answers to the one of a class."""
    for each in answers:
        yield each
        if isinstance(each, last):
            return


def compare(
    truth: Truth,
    contracts: Sequence[Contract],
    booked: Mapping[str, Booked],
    arrivals: Iterable[Arrival],
    sent: Mapping[int, Submit],
    ended_ns: int,
) -> Compared:
    """Hold the books of a run against the gateway's.

    Parameters
    ----------
    booked
        Executions as the books count them, by id.
    arrivals
        Of the run's log: where fees were told.
    sent
        Brackets by ref.
    ended_ns
        When the last record of the run came.
    """
    of_con = {con_id: contract for contract in contracts if (con_id := _con_id(contract)) is not None}
    theirs, later = dict[str, Execution](), set[str]()
    for each in truth.executions:
        exec_id = each.execution.exec_id
        theirs[exec_id] = _theirs(each, of_con[each.contract.con_id], truth.fees_micros.get(exec_id))
        if exec_id not in booked and _time_ns(each.execution.time) >= ended_ns - IN_FLIGHT_S * SECOND:
            later.add(exec_id)
    fees = _fees(arrivals)
    ours = {exec_id: _ours(each, sent, fees.get(exec_id)) for exec_id, each in booked.items() if each.qty}
    said = [f"execution {each} is ours alone: {ours[each]}" for each in ours.keys() - theirs.keys()]
    said += [f"execution {each} is the gateway's alone: {theirs[each]}" for each in theirs.keys() - ours.keys() - later]
    both = ours.keys() & theirs.keys()
    said += [f"execution {each}: {ours[each]}, the gateway's {theirs[each]}" for each in both if not _agree(ours[each], theirs[each])]
    of_ref = {ref: command.key.contract for ref, command in sent.items()}
    said += _positions(truth, of_con, [*ours.values(), *(theirs[each] for each in later)], of_ref)
    return Compared(len(both), len(later), tuple(sorted(said)))


def _con_id(contract: Contract) -> int | None:
    text = contract.venue_ids.get("ib")
    return None if text is None else int(text)


def _time_ns(text: str) -> int:
    """Read when an execution was, to the second.

    >>> _time_ns("20261119 08:30:00 US/Central") // SECOND
    1795098600
    """
    day, clock, zone = text.split()
    return int(datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


def _theirs(told: ExecutionData, contract: Contract, fee_micros: int | None) -> Execution:
    execution = told.execution
    named = read_ref(execution.order_ref)
    if named is None:
        raise VenueError(f"the gateway holds an execution of somebody else's: {execution}")
    side = 1 if execution.side == "BOT" else -1
    return Execution(named.ref, named.leg, side, to_size(contract, execution.shares), to_px(contract, execution.price), fee_micros)


def _ours(booked: Booked, sent: Mapping[int, Submit], fee_micros: int | None) -> Execution:
    side = sent[booked.ref].side * (1 if booked.leg is Leg.ENTRY else -1)
    return Execution(booked.ref, booked.leg, side, booked.qty, booked.px, fee_micros)


def _agree(ours: Execution, theirs: Execution) -> bool:
    """Whether two are one; a fee that was on its way when the run ended is not known to it."""
    return ours == theirs or (ours.fee_micros is None and ours == theirs._replace(fee_micros=None))


def _fees(arrivals: Iterable[Arrival]) -> dict[str, int]:
    fees: dict[str, int] = {}
    for each in arrivals:
        match each.event:
            case FeeReported(exec_id=exec_id, fee_micros=fee):
                fees[exec_id] = fee
            case OrderFilled(exec_id=exec_id, fee_micros=int(fee)):
                fees.setdefault(exec_id, fee)
            case _:
                pass
    return fees


def _positions(truth: Truth, of_con: Mapping[int, Contract], executions: Iterable[Execution], of_ref: Mapping[int, int]) -> list[str]:
    made = Counter[int]()
    for each in executions:
        made[of_ref[each.ref]] += each.side * each.qty
    held = {of_con[con_id].id: to_size(of_con[con_id], row.position) for con_id, row in truth.positions.items() if con_id in of_con}
    said = [f"the gateway holds a position of conId {con_id}, which was not traded" for con_id in truth.positions.keys() - of_con.keys()]
    return said + [
        f"position of {contract.symbol}: executions make {made[contract.id]}, the gateway holds {held.get(contract.id, 0)}"
        for contract in of_con.values()
        if made[contract.id] != held.get(contract.id, 0)
    ]
