"""Which message a difference is about, which of its fields, and whose work that is. Pure but for the tape that is read; judges nothing.

Whose work it is follows from where two ways part first:

==============  ============================================================================================================
raw decoder     bytes of market data became another record
translator      a broker's word became another event, or a command another order
ib_async        the order that was put into the library is the one it was; what it wrote is not
engine          the same records and events led to another command
connection      what the keeping of the connection asks, tells or awaits is another thing
==============  ============================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from workbench.domain import events
from workbench.domain.contracts import Contract
from workbench.domain.events import AnyEvent, BrokerSaid, ConnectionChanged, FrontChanged, StreamChanged
from workbench.domain.records import Kind
from workbench.runtime.flight.tape import Tape, read_request
from workbench.wire import (
    Answer,
    CancelOrder,
    CommissionReport,
    Depth,
    DepthL2,
    ErrorMessage,
    ExecutionData,
    Message,
    OpenOrder,
    OrderStatus,
    PlaceOrder,
    PortfolioValue,
    Position,
    RealtimeBar,
    TickByTickBidAsk,
    TickByTickLast,
    TickGeneric,
    TickPrice,
    TickSize,
    TickString,
)

RAW, TRANSLATOR, LIBRARY, ENGINE, CONNECTION = "raw decoder", "translator", "ib_async", "engine", "connection"
MARKET: Final = (TickByTickBidAsk, TickByTickLast, TickPrice, TickSize, TickString, Depth, DepthL2, RealtimeBar)
OF_THE_CONNECTION: Final = (ConnectionChanged, StreamChanged, FrontChanged)
_BOOK: Final = {"px": "price", "sz": "size", "level": "position", "side": "side", "kind": "operation"}
_QUOTE: Final = {"px": "bid_price", "sz": "bid_size", "px2": "ask_price", "sz2": "ask_size", "event_ns": "time", "flags": "bid_price"}
FIELDS: Final[dict[type[Message], dict[str, str]]] = {  # of a record -> of the message it is made of
    TickByTickBidAsk: _QUOTE,
    TickByTickLast: {"px": "price", "sz": "size", "event_ns": "time", "flags": "price"},
    TickPrice: {"px": "price", "px2": "price", "sz": "size", "sz2": "size", "flags": "price"},
    TickSize: {"sz": "size", "sz2": "size"},
    TickString: {"px": "value", "sz": "value", "event_ns": "value"},
    Depth: _BOOK,
    DepthL2: _BOOK,
    RealtimeBar: {"px": "open", "px2": "high", "sz": "volume", "event_ns": "time"},
}
FAMILIES: Final[dict[int, tuple[type[Message], ...]]] = {
    Kind.QUOTE: (TickByTickBidAsk, TickPrice, TickSize),
    Kind.PRINT: (TickByTickLast, TickString),
    Kind.DEPTH_INSERT: (Depth, DepthL2),
    Kind.DEPTH_UPDATE: (Depth, DepthL2),
    Kind.DEPTH_DELETE: (Depth, DepthL2),
    Kind.BAR: (RealtimeBar,),
}
PRICES: Final = frozenset({"px", "px2"})
SIZES: Final = frozenset({"sz", "sz2"})
CHANGED: Final = "the message says what is read now: its bytes were changed since, or were read otherwise then"
READ_OTHERWISE: Final = "the message says what the log holds: it is read otherwise now"


SAID_BY: Final[dict[type[Any], tuple[type[Answer], ...]]] = {
    events.OrderAccepted: (OrderStatus, OpenOrder),
    events.OrderFilled: (ExecutionData,),
    events.FillCorrected: (ExecutionData,),
    events.ForeignFilled: (ExecutionData,),
    events.FeeReported: (CommissionReport,),
    events.OrderCancelled: (OrderStatus, ErrorMessage),
    events.OrderRejected: (ErrorMessage, OrderStatus),
    events.ForeignOrderSeen: (OpenOrder, OrderStatus),
    events.PositionTold: (Position, PortfolioValue),
    events.BrokerSaid: (ErrorMessage,),
    events.ContractTold: (TickSize, TickString, TickGeneric),
    events.TradingPaused: (TickGeneric,),
}
MICROS: Final = 1_000_000


class Named(NamedTuple):
    """What a difference is about."""

    component: str
    message: str
    field: str
    ours: str
    then: str
    why: str = ""


class Place(NamedTuple):
    """Where a record stands among those of its time, contract and family: how many there are, and which it is."""

    n: int
    at: int


def of_record(tape: Tape, contract: Contract | None, ns: int, kind: int, field: str, ours: Any, then: Any, place: Place) -> Named:
    """Name the message of a record that differs in a field."""
    if kind not in FAMILIES:
        what = Kind(kind).name if kind in Kind._value2member_map_ else str(kind)
        return Named(CONNECTION, f"record {what}", field, str(ours), str(then), "no message makes it: it follows of time, or of a loss")
    one, other = (_shown(contract, field, value) for value in (ours, then))
    found = [each for each in tape.messages_at(ns) if isinstance(each, FAMILIES[kind])]
    mine = [each for each in found if contract is None or _asked(tape, contract) & {getattr(each, "req_id", 0)}] or found
    mine = [mine[place.at]] if len(mine) == place.n else mine  # each made one record
    for wanted, why in ((other, READ_OTHERWISE), (one, CHANGED)):
        for message in mine:
            name = FIELDS[type(message)].get(field)
            if name is not None and _is(getattr(message, name), wanted):
                return Named(RAW, type(message).__name__, name, one, other, why)
    for message in mine:
        name = FIELDS[type(message)].get(field)
        if name is not None:
            said = getattr(message, name)
            return Named(RAW, type(message).__name__, name, one, other, f"the message says {said}")
    return Named(RAW, f"record {Kind(kind).name}", field, one, other, "no message of that time has such a field")


def _shown(contract: Contract | None, field: str, value: Any) -> str:
    """Write a value of a record as a message would."""
    if contract is None or field not in PRICES | SIZES:
        return str(value)
    quantum = contract.price_quantum if field in PRICES else contract.size_quantum
    return f"{(Decimal(int(value)) * Decimal(quantum)).normalize():f}"


def _is(said: Any, wanted: str) -> bool:
    """Whether a field of a message says a value."""
    try:
        return Decimal(str(said)) == Decimal(wanted)
    except ArithmeticError:
        return wanted in str(said).split(";")


def _asked(tape: Tape, contract: Contract) -> set[int]:
    """Find under which numbers data of a contract was asked for."""
    found: set[int] = set()
    for chunks in tape.sent.values():
        for chunk in chunks:
            if chunk.data[4:].startswith((b"1\0", b"10\0", b"50\0", b"97\0")):
                request: Any = read_request(chunk.data, tape.version)
                named = getattr(request, "contract", None)
                if named is not None and (str(named.con_id) == contract.venue_ids.get("ib") or named.local_symbol == contract.symbol):
                    found.add(request.req_id)
    return found


def of_event(tape: Tape, ours: AnyEvent | None, then: AnyEvent | None, ns: int) -> Named:
    """Name the message of an event that differs, is missing or too many."""
    some = then if then is not None else ours
    field, one, other = _first(ours, then)
    is_connection = isinstance(some, OF_THE_CONNECTION) or (isinstance(some, BrokerSaid) and some.ref is None)
    component, what = CONNECTION if is_connection else TRANSLATOR, f"event {type(some).__name__}"
    heard = [each for each in tape.messages_at(ns) if isinstance(each, Answer) and isinstance(each, SAID_BY.get(type(some), Answer))]
    heard = [each for each in heard if type(some) in SAID_BY or not isinstance(each, MARKET)]
    told = [(each, path) for each in heard for path, value in _leaves(each) if _says(value, one) or _says(value, other)]
    if not heard:
        return Named(component, what, field, one, other, "no message of that time makes it: it follows of what came before, or of time")
    message, name = told[0] if told else (heard[0], "")
    return Named(component, type(message).__name__, name, one, other, f"{what}.{field}" if field else what)


def _says(said: Any, wanted: str) -> bool:
    """Whether a field of a message says a value of an event; amounts of money are millionths there."""
    if str(said) == wanted:
        return True
    try:
        number, value = Decimal(str(said)), Decimal(wanted)
    except ArithmeticError:
        return False
    return bool(number) and number * MICROS == value


def of_command(ours: Any, then: Any) -> Named:
    """Name where commands differ."""
    field, one, other = _first(ours, then)
    some = then if then is not None else ours
    return Named(ENGINE, f"command {type(some).__name__}", field, one, other, "records and events before it are the same")


def of_request(ours: bytes | None, then: bytes | None, version: int, orders: dict[int, dict[str, Any]]) -> Named:
    """Name where frames of ours differ."""
    one, other = (None if each is None else read_request(each, version) for each in (ours, then))
    some = other if other is not None else one
    is_order = isinstance(some, PlaceOrder | CancelOrder)
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None or type(one) is not type(other):
        name = some if isinstance(some, str) else type(some).__name__
        why = "it did not leave" if one is None else "it did not leave then" if other is None else "another message left"
        component = LIBRARY if isinstance(one, str) and one.startswith("hello") else TRANSLATOR if is_order else CONNECTION
        return Named(component, name, "", _short(one), _short(other), why)
    field, mine, theirs = _first(one, other)
    if not isinstance(one, PlaceOrder):
        return Named(TRANSLATOR if is_order else CONNECTION, type(one).__name__, field, mine, theirs)
    put = orders.get(one.order_id, {}).get(_camel(field.rpartition(".")[2]))
    if put is not None and field.startswith("order.") and not _is(put, mine):
        return Named(LIBRARY, "PlaceOrder", field, mine, theirs, f"{put} was put into the library")
    return Named(TRANSLATOR, "PlaceOrder", field, mine, theirs, "it was put into the library so")


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(each.capitalize() for each in tail)


def _short(message: Message | str | None) -> str:
    return "nothing" if message is None else message if isinstance(message, str) else repr(message)[:200]


def _first(ours: Any, then: Any) -> tuple[str, str, str]:
    """Find the first leaf in which two values differ: its path, and both."""
    if type(ours) is not type(then):
        return "", "nothing" if ours is None else repr(ours)[:200], "nothing" if then is None else repr(then)[:200]
    one, other = list(_leaves(ours)), list(_leaves(then))
    for (path, mine), (_, theirs) in zip(one, other, strict=False):
        if mine != theirs:
            return path, str(mine), str(theirs)
    return "", repr(ours)[:200], repr(then)[:200]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _leaves(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for at, each in enumerate(value):
            yield from _leaves(each, f"{path}[{at}]")
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{path}[{key}]")
    else:
        yield path, value
