"""All messages by their numbers: to bytes and back, at any server version. The one door of the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, cast

import msgspec

from workbench.wire import answers, requests
from workbench.wire.answers.long_details import BOND_CONTRACT_DATA, CONTRACT_DATA
from workbench.wire.answers.long_orders import COMPLETED_ORDER, OPEN_ORDER
from workbench.wire.errors import WireError
from workbench.wire.layout import Cursor, Misfit, Whole, columns_of
from workbench.wire.message import Answer, Message, Request
from workbench.wire.requests.long_requests import PLACE_ORDER, REQ_HISTORICAL_DATA, REQ_MKT_DATA
from workbench.wire.script import Script, Step
from workbench.wire.text import payload

ANSWERS: tuple[type[Answer], ...] = tuple(
    each for name in answers.__all__ if isinstance(each := getattr(answers, name), type) and issubclass(each, Answer)
)
REQUESTS: tuple[type[Request], ...] = tuple(
    each for name in requests.__all__ if isinstance(each := getattr(requests, name), type) and issubclass(each, Request)
)
_ANSWER_OF = {each.msg_id: each for each in ANSWERS}
_REQUEST_OF = {each.msg_id: each for each in REQUESTS}
_TICK_BY_TICK: dict[str, type[Answer]] = {
    "1": answers.TickByTickLast,
    "2": answers.TickByTickLast,
    "3": answers.TickByTickBidAsk,
    "4": answers.TickByTickMid,
}


def encode(message: Message, version: int) -> bytes:
    r"""A message as the payload of a frame, as a server of that version writes or reads it.

    >>> from workbench.wire.answers import TickPrice
    >>> encode(TickPrice(req_id=1001, tick_type=68, price=255.45, size=200), 178)
    b'1\x006\x001001\x0068\x00255.45\x00200\x000\x00'

    Raises
    ------
    WireError
        If a field holds what it cannot: another type, nan, a text with a NUL.
    """
    return _encoder(type(message), version)(message)


def decode_answer(fields: Sequence[str], version: int) -> Answer:
    """What a server of that version said.

    >>> decode_answer(["9", "1", "117"], 178)
    NextValidId(order_id=117)

    Raises
    ------
    WireError
        If it is no message, or a field is missing, over, or not what it must be.
    """
    cls = _ANSWER_OF.get(_id(fields))
    if cls is None:
        raise WireError(f"no answer has the number {_shown(fields)}")
    if cls.msg_id == 99:
        cls = _TICK_BY_TICK.get(fields[2] if len(fields) > 2 else "")
        if cls is None:
            raise WireError(f"TickByTick.tick_type: {fields[2:3]} is none of 1 to 4")
    return cast(Answer, _decode(cls, fields, version))


def decode_request(fields: Sequence[str], version: int) -> Request:
    """What a client said to a server of that version.

    >>> decode_request(["98", "12"], 178)
    CancelTickByTick(req_id=12)

    Raises
    ------
    WireError
        As `decode_answer`.
    """
    cls = _REQUEST_OF.get(_id(fields))
    if cls is None:
        raise WireError(f"no request has the number {_shown(fields)}")
    return cast(Request, _decode(cls, fields, version))


def sent(cls: type[Message], version: int) -> tuple[str, ...]:
    """Names of the fields that a version sends, in their order; of a part ``part.name``.

    >>> sent(answers.ErrorMessage, 157), sent(answers.ErrorMessage, 178)
    (('req_id', 'code', 'text'), ('req_id', 'code', 'text', 'advanced'))
    """
    return _codec(cls, version).names()


@cache
def _encoder(cls: type[Message], version: int) -> Callable[[Any], bytes]:
    head = _head(cls, version)
    codec = _codec(cls, version)
    name = cls.__name__
    writers = getattr(codec, "writers", None)

    def slow(message: Any) -> bytes:
        out = list(head)
        try:
            codec.write(message, out)
        except Misfit as misfit:
            raise _wrong(name, misfit) from None
        return payload(out)

    if not writers:
        return slow
    astuple = msgspec.structs.astuple
    prefix = "\0".join(head) + "\0"
    n = prefix.count("\0") + len(writers)
    pairs = tuple(writers)

    def fast(message: Any) -> bytes:
        try:
            line = prefix + "\0".join([write(value) for write, value in zip(pairs, astuple(message), strict=True)]) + "\0"
        except ValueError:
            return slow(message)  # which names the field
        if line.count("\0") != n:
            return slow(message)
        return line.encode(errors="backslashreplace")

    return fast


def _decode(cls: type[Message], fields: Sequence[str], version: int) -> Message:
    n_head = len(_head(cls, version))
    cursor = Cursor(fields, n_head)
    try:
        if len(fields) < n_head:
            raise Misfit("missing", "edition")
        message = _codec(cls, version).read(cursor)
    except Misfit as misfit:
        raise _wrong(cls.__name__, misfit) from None
    if cursor.n_left:
        raise WireError(f"{cls.__name__}: {cursor.n_left} fields more than the {cursor.at} of version {version}")
    return cast(Message, message)


SCRIPTS: dict[type[Message], Sequence[Step]] = {
    answers.ContractData: CONTRACT_DATA,
    answers.BondContractData: BOND_CONTRACT_DATA,
    answers.OpenOrder: OPEN_ORDER,
    answers.CompletedOrder: COMPLETED_ORDER,
    requests.ReqMktData: REQ_MKT_DATA,
    requests.ReqHistoricalData: REQ_HISTORICAL_DATA,
    requests.PlaceOrder: PLACE_ORDER,
}


@cache
def _codec(cls: type[Message], version: int) -> Whole:
    script = SCRIPTS.get(cls)
    return Script(cls, script, version) if script is not None else columns_of(cls, version)


@cache
def _head(cls: type[Message], version: int) -> tuple[str, ...]:
    edition = (cls.edition,) if cls.edition is not None and version <= cls.edition_until else ()
    return (str(cls.msg_id), *edition)


def _id(fields: Sequence[str]) -> int:
    text = fields[0] if fields else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1


def _shown(fields: Sequence[str]) -> str:
    return repr(fields[0][:20]) if fields else "of nothing"


def _wrong(name: str, misfit: Misfit) -> WireError:
    return WireError(f"{'.'.join([name, *misfit.path])}: {misfit.what}")
