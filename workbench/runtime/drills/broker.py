"""What the other side holds at one moment: positions, stops that work, other orders that do. Asks as any client would; places nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeVar

from workbench.domain.errors import VenueError
from workbench.wire import (
    Answer,
    ManagedAccounts,
    OpenOrder,
    OpenOrderEnd,
    Position,
    PositionEnd,
    Reader,
    ReqAllOpenOrders,
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

ANSWER_S: Final = 5.0
A = TypeVar("A", bound=Answer)


class Holding(NamedTuple):
    """Positions by symbol; what stops at work would sell (below 0) or buy of each; and how many other orders are at work."""

    positions: Mapping[str, float]
    stops: Mapping[str, float]
    n_others: int

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Symbols whose position no stop of its size protects.

        >>> Holding({"ESZ6": 2.0, "SPY": -1.0}, {"ESZ6": -1.0, "SPY": 1.0}, 0).uncovered
        ('ESZ6',)
        """
        return tuple(symbol for symbol, qty in self.positions.items() if -self.stops.get(symbol, 0.0) * _sign(qty) < abs(qty))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is held, and nothing at work."""
        return not (self.positions or self.stops or self.n_others)

    def __str__(self) -> str:
        held = ", ".join(f"{symbol} {qty:+g} (stops for {abs(self.stops.get(symbol, 0)):g})" for symbol, qty in self.positions.items())
        others = f"; {self.n_others} other order{'' if self.n_others == 1 else 's'} at work" if self.n_others else ""
        return f"{held or 'flat'}{others}"


def _sign(qty: float) -> int:
    return 1 if qty > 0 else -1


def look(host: str, port: int, client_id: int) -> Holding:
    """Ask once.

    Raises
    ------
    VenueError
        It does not answer.
    """
    try:
        with socket.create_connection((host, port), ANSWER_S) as line:
            return _look(line, client_id)
    except (OSError, EOFError, WireError) as error:
        raise VenueError(f"the gateway at {host}:{port} did not say what it holds: {error}") from error


def _look(line: socket.socket, client_id: int) -> Holding:
    line.sendall(hello())
    payloads = _payloads(line)
    version = parse_welcome(next(payloads)).version
    line.sendall(frame(encode(StartApi(client_id), version)))
    answers = (decode_answer(fields(payload), version) for payload in payloads)
    list(_until(answers, ManagedAccounts))
    line.sendall(frame(encode(ReqPositions(), version)) + frame(encode(ReqAllOpenOrders(), version)))
    told = list(_until(answers, PositionEnd, OpenOrderEnd))
    return of(told)


def of(told: Iterable[Answer]) -> Holding:
    """Make it of what was answered."""
    positions: dict[str, float] = {}
    stops: dict[str, float] = {}
    n_others = 0
    for each in told:
        match each:
            case Position(contract=contract, position=qty) if qty:
                positions[contract.local_symbol or contract.symbol] = float(qty)
            case OpenOrder(contract=contract, order=order) if order.order_type == "STP":
                symbol = contract.local_symbol or contract.symbol
                stops[symbol] = stops.get(symbol, 0.0) + float(order.total_quantity or 0) * (1 if order.action == "BUY" else -1)
            case OpenOrder():
                n_others += 1
            case _:
                pass
    return Holding(positions, stops, n_others)


def _payloads(line: socket.socket) -> Iterator[bytes]:
    reader = Reader()
    while data := line.recv(1 << 16):
        yield from reader.feed(data)
    raise EOFError("it closed the connection")


def _until(answers: Iterable[Answer], *last: type[Answer]) -> Iterator[Answer]:
    """Go through answers until one of each class has come."""
    missing = set(last)
    for each in answers:
        yield each
        missing.discard(type(each))
        if not missing:
            return
