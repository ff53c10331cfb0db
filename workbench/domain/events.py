"""Everything that happens and is not a market record. Frozen values with a wire form; no I/O.

Rules
-----
1. An event is a fact: it is never corrected, a later event corrects it.
2. It lies in the log behind the record it followed: key (after_seq, n) of its `Arrival`. Live, simulate and replay use the same key.
3. A class is never changed, only followed by one of a higher version; `EVENT_VERSION` goes into every row of a journal.
4. No answer is not an empty answer: `Known` or `Unknown`, never a default.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.orders import Leg

EVENT_VERSION: Final = 1


class Event(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """Base of all events."""


class RunStarted(Event, frozen=True, array_like=True, tag=True):
    """First event of a run: which code, lock, settings and constitution decide from here on. Digests, no texts."""

    mode: str
    run: str
    digests: dict[str, str]


class ContractDefined(Event, frozen=True, array_like=True, tag=True):
    """A contract becomes known, or its definition changes (spec change, split)."""

    contract: Contract


class FrontChanged(Event, frozen=True, array_like=True, tag=True):
    """From here on `contract` is the one a root stands for."""

    root: str
    contract: int


class OrderAccepted(Event, frozen=True, array_like=True, tag=True):
    """An order works at the venue. For the stop leg this is the protection."""

    ref: int
    leg: Leg
    qty: int
    px: int


class OrderFilled(Event, frozen=True, array_like=True, tag=True):
    """One execution. ``fee_micros`` is `None` while the commission is not known."""

    ref: int
    leg: Leg
    qty: int
    px: int
    exec_id: str
    fee_micros: int | None


class FeeReported(Event, frozen=True, array_like=True, tag=True):
    """The commission of an execution, in micros of the contract's currency."""

    exec_id: str
    fee_micros: int


class OrderCancelled(Event, frozen=True, array_like=True, tag=True):
    """The venue says that ``qty`` of an order will never fill."""

    ref: int
    leg: Leg
    qty: int


NOT_SENT: Final = "not sent"  # how a refusal's text begins where our own door gave it: the venue was never asked


class OrderRejected(Event, frozen=True, array_like=True, tag=True):
    """The venue refused an order, in its own words; or our own door did (`NOT_SENT`)."""

    ref: int
    leg: Leg
    text: str

    @property
    def was_sent(self) -> bool:
        """Whether the venue was asked at all."""
        return not self.text.startswith(NOT_SENT)


class Known(msgspec.Struct, frozen=True, tag="known"):
    """An answer that came."""

    value: Any


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """An answer that did not come, and why. Never to be read as empty."""

    reason: str


class Answered(Event, frozen=True, array_like=True, tag=True):
    """What came back on an `orders.Ask`."""

    ref: int
    question: str
    answer: Known | Unknown


class OperatorAction(StrEnum):
    """What a person may ask for, from any shell."""

    HALT = "halt"
    FLATTEN = "flatten"
    RESUME = "resume"


class OperatorSaid(Event, frozen=True, array_like=True, tag=True):
    """A person, the HALT file or the guardian intervened."""

    action: OperatorAction
    why: str


class ConnectionChanged(Event, frozen=True, array_like=True, tag=True):
    """The venue is there (`up`) or not, and why."""

    up: bool
    why: str


class ClockStepped(Event, frozen=True, array_like=True, tag=True):
    """The machine's clock jumped by ``step_ns``; stamps stay clamped and never fall."""

    step_ns: int


class AccountValued(Event, frozen=True, array_like=True, tag=True):
    """Equity and free margin of an account in micros of its base currency."""

    account: str
    equity_micros: int
    available_micros: int


class AccountTold(Event, frozen=True, array_like=True, tag=True):
    """What the broker says of an account in one currency: ``values`` by IB's tag (NetLiquidation, AvailableFunds ...) in money micros.

    ``rate`` is base currency for one unit of ``currency``, a decimal; `None` while not known.
    """

    account: str
    currency: str
    values: dict[str, int]
    rate: str | None


class PositionTold(Event, frozen=True, array_like=True, tag=True):
    """The broker's truth of one contract in one account, own and foreign together. ``cost_micros``: what all of it cost."""

    account: str
    contract: int
    qty: int
    cost_micros: int


class ForeignOrderSeen(Event, frozen=True, array_like=True, tag=True):
    """An order of our account that is not ours: typed by hand, of another program, or of a run that is over."""

    account: str
    contract: int
    perm_id: int
    order_ref: str
    side: int
    qty: int
    filled: int
    order_type: str
    status: str


class ForeignFilled(Event, frozen=True, array_like=True, tag=True):
    """An execution in our account that is not ours."""

    account: str
    contract: int
    perm_id: int
    order_ref: str
    side: int
    qty: int
    px: int
    exec_id: str


class FillCorrected(Event, frozen=True, array_like=True, tag=True):
    """The exchange corrects an execution: this one stands in place of ``replaces``. A bust is a correction to ``qty`` 0."""

    ref: int
    leg: Leg
    qty: int
    px: int
    exec_id: str
    replaces: str


class BrokerSaid(Event, frozen=True, array_like=True, tag=True):
    """A numbered message of the broker. ``kind`` is its class in the venue's table of codes; ``unknown`` is one that is not in it."""

    code: int
    kind: str
    text: str
    ref: int | None
    contract: int | None


class StreamChanged(Event, frozen=True, array_like=True, tag=True):
    """A stream of market data began, ended or became another kind: what is recorded from here on is of kind ``stream``."""

    contract: int
    stream: str  # tick-by-tick | l1-250ms | depth | bars-5s | delayed
    state: str  # live | degraded | silent | lost | refused | ended
    why: str


class PositionAdopted(Event, frozen=True, array_like=True, tag=True):
    """A person hands a foreign position over to our care: ``qty`` bought (above 0) or sold, at ``px`` on average, from here on ours."""

    account: str
    contract: int
    qty: int
    px: int
    stop_px: int
    target_px: int
    hold_ns: int
    why: str


class FillEntered(Event, frozen=True, array_like=True, tag=True):
    """An execution of ours that the broker reports no more, entered by a person from a Flex statement or by hand. Never guessed."""

    ref: int
    leg: Leg
    qty: int
    px: int
    exec_id: str
    fee_micros: int | None
    why: str


class ClockCompared(Event, frozen=True, array_like=True, tag=True):
    """How far our clock is ahead of the broker's at least: the smallest difference of the last ten answers, whole seconds apart."""

    skew_ns: int


class TradingPaused(Event, frozen=True, array_like=True, tag=True):
    """The exchange stopped trading in a contract, or resumed it."""

    contract: int
    is_paused: bool
    why: str


class ContractTold(Event, frozen=True, array_like=True, tag=True):
    """How much of a contract is open and traded; `None` while not known."""

    contract: int
    open_interest: int | None
    volume: int | None


class VolatilityTold(Event, frozen=True, array_like=True, tag=True):
    """The volatility that a contract's options imply, a year's, in millionths: 180,000 is 18 %."""

    contract: int
    implied_micros: int


class RollAsked(Event, frozen=True, array_like=True, tag=True):
    """A person wants the positions of a root moved into the month that leads, now and whatever the law's notice."""

    root: str
    why: str


AnyEvent = (
    RunStarted
    | ContractDefined
    | FrontChanged
    | OrderAccepted
    | OrderFilled
    | FeeReported
    | OrderCancelled
    | OrderRejected
    | Answered
    | OperatorSaid
    | ConnectionChanged
    | ClockStepped
    | AccountValued
    | AccountTold
    | PositionTold
    | ForeignOrderSeen
    | ForeignFilled
    | FillCorrected
    | BrokerSaid
    | StreamChanged
    | PositionAdopted
    | FillEntered
    | ClockCompared
    | TradingPaused
    | ContractTold
    | RollAsked
    | VolatilityTold
)


class Arrival(NamedTuple):
    """An event with its place in the log: behind record ``after_seq``, the n-th (from 1), known at ``recv_ns``."""

    after_seq: int
    n: int
    recv_ns: int
    event: AnyEvent


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyEvent] = msgspec.msgpack.Decoder(AnyEvent)


def encode_event(event: AnyEvent) -> bytes:
    """Give the wire form of an event: msgpack of ``[class name, field, ...]``, the same bytes for equal events.

    >>> decode_event(encode_event(FeeReported("x1", 620_000)))
    FeeReported(exec_id='x1', fee_micros=620000)
    """
    return _encoder.encode(event)


def decode_event(body: bytes) -> AnyEvent:
    """Read `encode_event` back; `msgspec.ValidationError` if it is none."""
    return _decoder.decode(body)
