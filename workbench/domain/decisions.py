"""What the core decides and why: forecasts, proposals, verdicts, and the facts a journal keeps of them. Frozen values; no I/O."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from workbench.domain.chase import Chase
from workbench.domain.orders import AnyCommand, Cause, Key, OrderType


class Forecast(NamedTuple):
    """A model's view over a horizon.

    ``p_up`` is its chance that the price is higher at the end of ``horizon_ns``; ``confidence`` the calibrated chance that the
    direction ``p_up`` points to is right, `None` until enough labels have matured.
    """

    p_up: float
    confidence: float | None
    horizon_ns: int


class Thesis(NamedTuple):
    """The condition that, once gone, ends a position: the forecast called `forecast`, in the position's direction, at least `floor`."""

    forecast: str
    floor: float


class Proposal(NamedTuple):
    """A strategy's wish, with its whole exit plan. Size is not its business: risk decides how many.

    Prices in quanta on the order increment; ``stop_px`` on the losing side of ``entry_px``, ``target_px`` on the winning one.
    ``hold_ns`` ends the position by time; ``confidence`` is what the strategy itself believes, 0 to 1, `None` for a plain rule.
    ``breakeven_px``: once the market can be left at this price, the stop moves to the entry, on the exact record.
    ``trail_px``: the stop follows at this distance, in quanta above 0, behind the price the position can be left at, from the moment
    that price reaches ``trail_from_px`` (`None`: at once); it only ever comes closer.
    ``chase``: the limit of a LIMIT entry follows the market while nothing of it has filled.

    >>> plan = Proposal(1, OrderType.LIMIT, 24_000, 23_992, 24_024, 60_000_000_000, chase=Chase(24_002, 10_000_000_000, 1))
    >>> plan.worst_px, plan._replace(chase=None).worst_px
    (24002, 24000)
    """

    side: int
    entry_type: OrderType
    entry_px: int
    stop_px: int
    target_px: int
    hold_ns: int
    confidence: float | None = None
    thesis: Thesis | None = None
    breakeven_px: int | None = None
    trail_px: int | None = None
    trail_from_px: int | None = None
    chase: Chase | None = None

    @property
    def worst_px(self) -> int:
        """The worst price that its limit may come to: what is lost from there to the stop is what it risks."""
        return self.entry_px if self.chase is None else self.chase.worst_px


class Adjust(NamedTuple):
    """A strategy's wish to move the stop of its position; it may only come closer."""

    stop_px: int


class ExitWish(NamedTuple):
    """A strategy's wish to leave now."""

    why: str


class Reason(StrEnum):
    """Why a proposal was refused. A venue *rejects*, risk *refuses*."""

    HALTED = "halted"
    REDUCING = "reducing"
    UNKNOWN = "not known"
    CONTRACT_OWNED = "contract owned"
    MALFORMED = "malformed"
    PHASE = "phase"
    QUALITY = "data quality"
    NOT_WARM = "not warm"
    CONFIDENCE = "confidence"
    SPREAD = "spread"
    FRICTION = "friction"
    STOP_DISTANCE = "stop distance"
    SIZE = "size"
    POSITION = "position"
    N_OPEN = "open brackets"
    RATE = "order rate"
    N_DAY = "entries a day"
    DAY_LOSS = "day loss"
    LOSSES_IN_ROW = "losses in a row"
    MARGIN = "margin"
    HEAT = "heat"
    OUTRANKED = "outranked"
    WINDOW = "window"
    STANDING = "standing"
    NOTIONAL = "notional"
    DATA_KIND = "data kind"
    CORRELATION = "correlation"
    EXECUTION_QUALITY = "execution quality"
    BAND = "price band"
    LIQUIDITY = "liquidity"
    ROLL_DUE = "roll due"
    WEEK_LOSS = "week loss"
    MONTH_LOSS = "month loss"
    TIER = "tier"
    LEVERAGE = "leverage"
    DAY_NOTIONAL = "notional a day"
    PAUSED = "trading paused"
    FOREIGN = "foreign position or order"
    REGIME = "regime"


class TradingState(StrEnum):
    """What the system may do: everything, only less risk, nothing but exits by hand."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class Fact(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """Base of what the core itself makes true. Facts are made again by every replay; a journal keeps them to be read."""


class At(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """Head of the facts that follow: when, and because of what."""

    now_ns: int
    cause: Cause


class ForecastMade(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A learner spoke about a contract."""

    contract: int
    name: str
    p_up: float
    confidence: float | None
    horizon_ns: int


class LabelMatured(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """The outcome of an earlier forecast is known: ``up`` says which way it went. ``p_up`` repeats what was forecast then."""

    contract: int
    name: str
    made_ns: int
    p_up: float | None
    up: bool


class LabelsVoided(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """Labels whose horizon crossed a close, a gap or a roll are dropped, and counted."""

    contract: int
    name: str
    n: int


class DriftSeen(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A learner's error changed for good; what it does about it is in its recipe."""

    contract: int
    name: str


class Approved(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A proposal may become orders, ``qty`` contracts of it. Written in one place only: `workbench.risk.chain`."""

    key: Key
    proposal: Proposal
    qty: int
    risk_micros: int


class Refused(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A proposal may not; ``value`` was held against ``threshold``."""

    key: Key
    proposal: Proposal
    reason: Reason
    value: float
    threshold: float


class Issued(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A command left the engine."""

    command: AnyCommand


class BracketMoved(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """One transition of a bracket's life."""

    ref: int
    old: str
    on: str
    new: str


class RoundTripClosed(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """From entry to flat. ``pnl`` counts price quanta x size; ``pnl_micros`` is money after fees; ``r`` is P&L over the first risk."""

    ref: int
    key: Key
    side: int
    qty: int
    entry_pts: float
    exit_pts: float
    opened_ns: int
    closed_ns: int
    pnl: int
    fees_micros: int
    pnl_micros: int
    r: float
    how: str


class StateChanged(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """The trading state moved, and why."""

    state: TradingState
    why: str


class Latched(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A cause was latched, whatever stands beside it: until a person resumes the trading state is no better than ``state``.

    ``flattens``: every position is left for it. Told once of a cause, and again where it becomes worse.
    """

    cause: str
    state: TradingState
    flattens: bool


class WatchRefused(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """The table of watches of a contract is full: no breakeven for this bracket, its stop at the venue stays."""

    ref: int
    px: int


class Quarantined(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A strategy, a feature or a recipe raised, or answered nonsense: from here on it is asked nothing, anywhere, until a new run.

    ``kind`` is ``strategy``, ``feature`` or ``recipe``, ``contract`` where it happened; ``where`` is file and line of its own source,
    ``trace`` the calls that led there, the first one first. Files are told by their last two parts: no machine's own folders.
    """

    kind: str
    name: str
    contract: int
    where: str
    error: str
    trace: tuple[str, ...]


class ParityBroken(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A command made again differs from the recorded one."""

    recorded: str
    made: str


class ViolationSeen(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A limit was found broken by the state itself, or by an order that had passed the gate; a refusal is none."""

    kind: str
    value: float
    threshold: float


class SilenceSeen(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """An open contract's feed fell silent, heard last at ``since_ns``; `None`: it speaks again, or its market closed. Each told once."""

    contract: int
    since_ns: int | None


class ExecutionScored(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """How well a contract's orders have been filled of late: execution quality, 0 to 1, after bracket ``ref`` counted."""

    contract: int
    ref: int
    quality: float


class FeeCharged(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A commission of a round trip that was over already: its P&L is so much less than was told."""

    ref: int
    key: Key
    fee_micros: int


class ForeignSeen(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """Somebody else holds or trades a contract, and what is done about it: ``lock``, ``ignore`` or ``adopt``."""

    contract: int
    policy: str
    qty: int
    why: str


class Adopted(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A foreign position is ours from here on, as bracket ``ref``."""

    ref: int
    key: Key
    qty: int


class ClosedByHand(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """An execution of somebody else closed ``qty`` of a bracket of ours; ``fee_micros`` stands in for a commission nobody tells."""

    ref: int
    qty: int
    px: int
    exec_id: str
    fee_micros: int


class RollPlanned(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A position will be moved into the month that leads: out at about ``near_px``, in at ``far_px``, under a stop as far away as now.

    ``cost_micros`` is what the two spreads and both commissions take; ``due_ns`` is when its first order leaves at the earliest.
    """

    ref: int
    to_contract: int
    qty: int
    near_px: int
    far_px: int
    stop_px: int
    cost_micros: int
    due_ns: int


class RollEnded(Fact, frozen=True, array_like=True, tag=True, gc=False):
    """A roll is over: as bracket ``to_ref`` in the other month, or (``None``) flat, and why."""

    ref: int
    to_ref: int | None
    why: str


AnyFact = (
    At
    | ForecastMade
    | LabelMatured
    | LabelsVoided
    | DriftSeen
    | Approved
    | Refused
    | Issued
    | BracketMoved
    | RoundTripClosed
    | StateChanged
    | Latched
    | WatchRefused
    | Quarantined
    | ParityBroken
    | ViolationSeen
    | SilenceSeen
    | ExecutionScored
    | FeeCharged
    | ForeignSeen
    | Adopted
    | ClosedByHand
    | RollPlanned
    | RollEnded
)
FACT_VERSION: Final = 2  # 2: a proposal says whether its entry chases
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[list[AnyFact]] = msgspec.msgpack.Decoder(list[AnyFact])


def encode_facts(facts: list[AnyFact]) -> bytes:
    """Pack facts in their order, the same bytes for equal facts.

    >>> decode_facts(encode_facts([DriftSeen(1, "scaled_logistic")]))
    [DriftSeen(contract=1, name='scaled_logistic')]
    """
    return _encoder.encode(facts)


def decode_facts(body: bytes) -> list[AnyFact]:
    """Read `encode_facts` back."""
    return _decoder.decode(body)
