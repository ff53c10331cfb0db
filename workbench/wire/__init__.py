"""The socket protocol of TWS as values: frames, and messages of both directions by server version. No socket, no clock.

What a server sends is an `Answer`, what a client sends a `Request`; `encode` makes bytes of either, `decode_answer` and `decode_request`
make values of a payload's `fields`. Server versions 157 to 178 are spoken in both directions.

>>> from workbench.wire import NextValidId, Reader, decode_answer, encode, fields, frame
>>> [decode_answer(fields(payload), 178) for payload in Reader().feed(frame(encode(NextValidId(117), 178)))]
[NextValidId(order_id=117)]
"""

from __future__ import annotations

from workbench.wire import answers, requests
from workbench.wire.answers import *  # noqa: F403  all of them, by their __all__
from workbench.wire.catalogue import ANSWERS, REQUESTS, decode_answer, decode_request, encode
from workbench.wire.contract import ComboLeg, ContractFields, DeltaNeutral, TagValue
from workbench.wire.errors import FrameError, WireError
from workbench.wire.framing import NEWEST, OLDEST, Greeting, Hello, Reader, Welcome, frame, hello, parse_hello, parse_welcome, welcome
from workbench.wire.message import Answer, Message, Request
from workbench.wire.order import (
    Condition,
    ExecutionCondition,
    MarginCondition,
    OrderFields,
    OrderState,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)
from workbench.wire.requests import *  # noqa: F403  the same
from workbench.wire.text import Number, exact, fields, number, payload

__all__ = [
    "ANSWERS",
    "NEWEST",
    "OLDEST",
    "REQUESTS",
    "Answer",
    "ComboLeg",
    "Condition",
    "ContractFields",
    "DeltaNeutral",
    "ExecutionCondition",
    "FrameError",
    "Greeting",
    "Hello",
    "MarginCondition",
    "Message",
    "Number",
    "OrderFields",
    "OrderState",
    "PercentChangeCondition",
    "PriceCondition",
    "Reader",
    "Request",
    "TagValue",
    "TimeCondition",
    "VolumeCondition",
    "Welcome",
    "WireError",
    "decode_answer",
    "decode_request",
    "encode",
    "exact",
    "fields",
    "frame",
    "hello",
    "number",
    "parse_hello",
    "parse_welcome",
    "payload",
    "welcome",
]
__all__ += answers.__all__
__all__ += requests.__all__
