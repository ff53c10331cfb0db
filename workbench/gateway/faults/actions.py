"""Everything a fault can do, as values that a file can hold. What they mean is said here; `doing` and `filters` do it.

Seconds are seconds of the session: at ``--speed 20`` twenty of them pass in one of the wall's. ``in_s`` puts any of them off.
*Subject* is the message that set a rule off; ``who`` says whom an action befalls: ``this`` is the subject's client, or all without one.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

Who: TypeAlias = Literal["this", "all"]
Positive: TypeAlias = Annotated[float, Meta(gt=0)]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]
Kinds: TypeAlias = Annotated[tuple[str, ...], Meta(min_length=1)]


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", rename=None):
    """Base of all actions."""

    in_s: Annotated[float, Meta(ge=0)] = 0.0


class Say(Act, frozen=True, kw_only=True, tag="say"):
    """Send an error or a notice, in IB's own words if no text is given. ``to``: the connection (-1), the subject's id, or every stream."""

    code: int
    text: str | None = None
    why: str = ""
    to: Literal["connection", "subject", "streams"] = "connection"
    who: Who = "this"


class Refuse(Act, frozen=True, kw_only=True, tag="refuse"):
    """The subject, a request, never reaches its service; its client gets this error on its id."""

    code: int
    text: str | None = None
    why: str = ""


class Ignore(Act, frozen=True, kw_only=True, tag="ignore"):
    """The subject, a request, is taken and never answered, as if it had been lost inside TWS."""


class Lose(Act, frozen=True, kw_only=True, tag="lose"):
    """The subject, an answer, is not sent."""


class Delay(Act, frozen=True, kw_only=True, tag="delay"):
    """The subject, of either direction, comes later; what follows overtakes it."""

    for_s: Positive


class Duplicate(Act, frozen=True, kw_only=True, tag="duplicate"):
    """The subject, an answer, is sent ``times`` more; at once, or ``apart_s`` apart."""

    times: Count = 1
    apart_s: Annotated[float, Meta(ge=0)] = 0.0


class Reorder(Act, frozen=True, kw_only=True, tag="reorder"):
    """The subject, an answer, waits until its client was sent a message of kind ``behind``; after ``within_s`` it goes all the same.

    Where both name an order or a request, it must be the same one.
    """

    behind: str
    within_s: Positive = 10.0


class Change(Act, frozen=True, kw_only=True, tag="change"):
    """The subject is changed: fields by name, looked for in the message and what is inside; ``{old}`` is what was there."""

    fields: Annotated[dict[str, str | int | float | bool], Meta(min_length=1)]


class Correct(Act, frozen=True, kw_only=True, tag="correct"):
    """The subject, an ExecutionData, is corrected: sent again under the next correction id (``.01`` -> ``.02``), and so booked.

    ``shares`` is the number that was really filled, ``ticks`` how much higher the price really was.
    """

    shares: Annotated[int, Meta(ge=1)] | None = None
    ticks: int = 0


class Raw(Act, frozen=True, kw_only=True, tag="raw"):
    """A frame of these fields, whether or not they are a message; ``{id}`` is the subject's id, or that of the client's first stream."""

    fields: Annotated[tuple[str, ...], Meta(min_length=1)]
    who: Who = "this"


class Bytes(Act, frozen=True, kw_only=True, tag="bytes"):
    """Bytes in the stream that no frame is made of; ``hex`` may hold blanks."""

    hex: Annotated[str, Meta(pattern=r"^([0-9a-fA-F]{2} *)+$")]
    who: Who = "this"


class HalfFrame(Act, frozen=True, kw_only=True, tag="half_frame"):
    """Half of the subject's frame is sent, then the connection is reset."""


class Drip(Act, frozen=True, kw_only=True, tag="drip"):
    """Answers trickle at ``bytes_per_s``; nothing is lost, all of it is late."""

    bytes_per_s: Positive
    for_s: Positive
    who: Who = "this"


class Mute(Act, frozen=True, kw_only=True, tag="mute"):
    """Answers of these kinds are lost, for a while or for good."""

    what: Kinds
    for_s: Positive | None = None
    who: Who = "this"


class Hold(Act, frozen=True, kw_only=True, tag="hold"):
    """Answers of these kinds are kept back and come afterwards, in order. ``of_subject``: those about the subject's id."""

    what: Kinds
    for_s: Positive
    of_subject: bool = False
    who: Who = "this"


class Deafen(Act, frozen=True, kw_only=True, tag="deafen"):
    """Requests of these kinds are lost, for a while or for good."""

    what: Kinds
    for_s: Positive | None = None
    who: Who = "this"


class LoseStreams(Act, frozen=True, kw_only=True, tag="lose_streams"):
    """Every market-data stream ends without a word: the client must ask again (what 1101 means)."""

    who: Who = "all"


class Outage(Act, frozen=True, kw_only=True, tag="outage"):
    """TWS loses IB: 1100, market data frozen, orders not taken; after ``for_s`` 1101 with streams lost, or 1102 with them kept.

    Reports of orders meanwhile are ``late`` (they come with the connection) or ``lost`` (only a request shows them).
    """

    for_s: Positive
    data: Literal["kept", "lost"] = "lost"
    reports: Literal["late", "lost"] = "late"


class Farm(Act, frozen=True, kw_only=True, tag="farm"):
    """A market data farm breaks (2103) and is mended (2104); its streams are ``kept``, or gone without a word."""

    name: Literal["usfuture", "usfarm", "cashfarm"] = "usfuture"
    for_s: Positive
    kept: bool = True


class Compete(Act, frozen=True, kw_only=True, tag="compete"):
    """The user logs in elsewhere: 10197 to every stream, and no data while it lasts."""

    for_s: Positive


class Freeze(Act, frozen=True, kw_only=True, tag="freeze"):
    """Streams of these symbols (``ESZ6``; all if none) stand still without a word."""

    symbols: tuple[str, ...] = ()
    for_s: Positive


class Halt(Act, frozen=True, kw_only=True, tag="halt"):
    """Trading of these symbols (all if none) is halted, as tick 49 tells it: 1 for news, 2 for volatility."""

    symbols: tuple[str, ...] = ()
    for_s: Positive
    kind: Literal[1, 2] = 2


class ResetDepth(Act, frozen=True, kw_only=True, tag="reset_depth"):
    """Every book is reset: 317 on its id, then its rows anew."""

    who: Who = "all"


class Bust(Act, frozen=True, kw_only=True, tag="bust"):
    """The subject, an ExecutionData, is taken back by the exchange: its fill is no more; only positions tell."""


class Disconnect(Act, frozen=True, kw_only=True, tag="disconnect"):
    """The socket ends: closed, reset, or half open: nothing comes, nothing is heard, nobody says so.

    ``hold_id_s``: the id stays taken (half open: without it, for good).
    """

    how: Literal["close", "reset", "half_open"] = "close"
    hold_id_s: Annotated[float, Meta(ge=0)] = 0.0
    who: Who = "all"


class Restart(Act, frozen=True, kw_only=True, tag="restart"):
    """TWS restarts: sockets reset, nobody listens for ``down_s``; then order ids begin ``roll_back_ids`` lower than they should."""

    down_s: Positive
    roll_back_ids: Annotated[int, Meta(ge=0)] = 0
    hold_id_s: Annotated[float, Meta(ge=0)] = 0.0


class Silence(Act, frozen=True, kw_only=True, tag="silence"):
    """Sockets are accepted and never answered: TWS waits for its second factor. Sessions that stand are closed."""

    for_s: Positive


class MovePort(Act, frozen=True, kw_only=True, tag="move_port"):
    """1300: the socket port was reset to another (0: the next free one); connections are dropped."""

    port: Annotated[int, Meta(ge=0, le=65_535)] = 0


class Skew(Act, frozen=True, kw_only=True, tag="skew"):
    """The clock that CurrentTime shows is off by ``by_s``, from here on; the session's is not."""

    by_s: float


class ForeignOrder(Act, frozen=True, kw_only=True, tag="foreign_order"):
    """Somebody else trades the contract of the subject (a PlaceOrder) at the market: another client; ``client_id`` 0 by hand in TWS."""

    client_id: Annotated[int, Meta(ge=0)] = 0
    side: Literal["same", "other"] = "same"
    quantity: Annotated[int, Meta(ge=1)] = 1


class CancelSubject(Act, frozen=True, kw_only=True, tag="cancel_order"):
    """The subject's order is cancelled, though its client did not ask: the exchange, or IB, did."""


Action: TypeAlias = (
    Say
    | Refuse
    | Ignore
    | Lose
    | Delay
    | Duplicate
    | Reorder
    | Change
    | Correct
    | Raw
    | Bytes
    | HalfFrame
    | Drip
    | Mute
    | Hold
    | Deafen
    | LoseStreams
    | Outage
    | Farm
    | Compete
    | Freeze
    | Halt
    | ResetDepth
    | Bust
    | Disconnect
    | Restart
    | Silence
    | MovePort
    | Skew
    | ForeignOrder
    | CancelSubject
)
FIRST = (Mute, Hold, Deafen, Outage)  # set off by a request, they stand before it is served
STOPS_REQUEST = (Refuse, Ignore, Delay)
NEEDS_REQUEST = (Refuse, Ignore, ForeignOrder)
NEEDS_ANSWER = (Lose, Duplicate, Reorder, Correct, Bust, HalfFrame)
NEEDS_MESSAGE = (Delay, Change, CancelSubject, *NEEDS_REQUEST, *NEEDS_ANSWER)
