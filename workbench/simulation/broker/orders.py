"""Orders as Interactive Brokers knows them, and what becomes of them. Frozen values and one live row; nothing is matched here.

Prices are integers of the contract's quanta, sizes of its size quantum, times nanoseconds. An order is known by ``(client_id, order_id)``
to who placed it, and by ``perm_id`` to everybody.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

import msgspec


class Type(StrEnum):
    """How an order seeks its price, in IB's words."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"
    TRAIL = "TRAIL"
    TOUCHED = "MIT"  # market if touched
    LIMIT_TOUCHED = "LIT"


class Tif(StrEnum):
    """How long an order lives."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    GTD = "GTD"


class Status(StrEnum):
    """Where an order stands, in IB's words."""

    UNSENT = "PendingSubmit"  # not transmitted
    PRESUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    CANCELLED = "Cancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"


class OcaType(IntEnum):
    """What an execution does to the others of its group."""

    NONE = 0
    CANCEL = 1  # with block: one at a time
    REDUCE_BLOCK = 2
    REDUCE = 3


DONE: Final = frozenset({Status.CANCELLED, Status.FILLED, Status.INACTIVE})
HAS_LIMIT: Final = frozenset({Type.LIMIT, Type.STOP_LIMIT, Type.LIMIT_TOUCHED})
HAS_STOP: Final = frozenset({Type.STOP, Type.STOP_LIMIT, Type.TOUCHED, Type.LIMIT_TOUCHED})
TRIGGERED_TYPES: Final = HAS_STOP | {Type.TRAIL}
AS_STOP: Final = frozenset({Type.STOP, Type.STOP_LIMIT, Type.TRAIL})  # go off when the market runs against them
ID = tuple[int, int]  # (client_id, order_id)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks for.

    Parameters
    ----------
    order_id
        The client's own number; 0 or below is an order typed by hand.
    side
        +1 buy, -1 sell.
    stop_px
        ``auxPrice`` of a stop or a touched order; of a trailing one ``trailStopPrice``, where it begins, if said.
    trail_px, trail_ppm
        Distance of a trailing stop: quanta, or millionths of the price.
    parent_id
        Order of the same client this one is attached to; 0: none.
    good_after_ns, good_till_ns
        When it begins, and for GTD when it ends; `None`: not said.

    Examples
    --------
    >>> Order(client_id=1, order_id=5, account="DUSIM1", contract=1, side=1, qty=2, type=Type.LIMIT, limit_px=24_000).tif.value
    'DAY'
    """

    client_id: int
    order_id: int
    account: str
    contract: int
    side: int
    qty: int
    type: Type
    limit_px: int | None = None
    stop_px: int | None = None
    trail_px: int | None = None
    trail_ppm: int | None = None
    tif: Tif = Tif.DAY
    good_after_ns: int | None = None
    good_till_ns: int | None = None
    outside_rth: bool = False
    oca_group: str = ""
    oca_type: int = 0
    parent_id: int = 0
    transmit: bool = True
    order_ref: str = ""

    @property
    def id(self) -> ID:
        """Whose, and which of his."""
        return self.client_id, self.order_id


class OrderState(NamedTuple):
    """An order as it stands at one moment. ``flow`` is the sum of price x size of its executions; ``stop_px`` moves when it trails."""

    order: Order
    perm_id: int
    parent_perm_id: int
    status: Status
    qty: int
    filled: int
    flow: int
    last_px: int | None
    stop_px: int | None
    why_held: str
    oca_group: str
    oca_type: int
    placed_ns: int
    done_ns: int | None
    ended_as: str

    @property
    def remaining(self) -> int:
        """What may still fill; 0 once it is over by filling, the rest that was given up otherwise."""
        return self.qty - self.filled


class Live:
    """A row of the broker's book. Everything that changes about an order; changed by `broker` and its parts alone."""

    __slots__ = (
        "born",
        "children",
        "done_ns",
        "ended_as",
        "family",
        "fee_micros",
        "filled",
        "flow",
        "from_ns",
        "from_stamp",
        "ioc_due_ns",
        "is_held",
        "is_sent",
        "is_triggered",
        "last_fill_qty",
        "last_px",
        "level",
        "oca",
        "oca_type",
        "order",
        "parent",
        "perm_id",
        "placed_ns",
        "qty",
        "released",
        "since_ns",
        "status",
        "stop_px",
        "way",
    )

    def __init__(self, order: Order, perm_id: int, now_ns: int, parent: Live | None, born: int) -> None:
        self.order, self.perm_id, self.parent, self.born = order, perm_id, parent, born
        self.children: list[Live] = []
        self.family: int = parent.family if parent else born
        self.qty = order.qty
        self.filled = 0
        self.released = 0  # of a child: what its parent has filled and it may work for
        self.flow = 0
        self.fee_micros = 0
        self.last_px: int | None = None
        self.last_fill_qty = 0
        self.stop_px = order.stop_px
        self.status = Status.UNSENT
        self.is_sent = False
        self.is_held = parent is not None  # waits for its parent
        self.is_triggered = False
        self.placed_ns = now_ns
        self.from_ns, self.from_stamp = now_ns, 0  # meets records later than both
        self.since_ns = now_ns  # works as it is since then
        self.ioc_due_ns: int | None = None
        self.done_ns: int | None = None
        self.ended_as = ""
        self.oca, self.oca_type = "", 0
        self.level: int | None = None  # price at which a record may concern it, from `way` (1 above, -1 below); `None`: any quote may
        self.way = 0

    @property
    def is_done(self) -> bool:
        """Nothing will become of it any more."""
        return self.status in DONE

    @property
    def working(self) -> int:
        """Size that the market may take now, were it open."""
        if self.is_held or not self.is_sent or self.status in DONE:
            return 0
        return min(self.qty, self.released) - self.filled if self.parent else self.qty - self.filled

    def aim(self) -> None:
        """Work out at which price a record may concern it: a cheap look that spares most records the rules. After every change of it."""
        order, kind = self.order, self.order.type
        waits = kind in TRIGGERED_TYPES and not self.is_triggered
        if order.tif is Tif.IOC or kind is Type.TRAIL or (kind not in HAS_LIMIT and not waits):
            self.level = None
        elif waits:
            self.level, self.way = self.stop_px, order.side if kind in AS_STOP else -order.side
        else:
            self.level, self.way = order.limit_px, -order.side

    def state(self) -> OrderState:
        """Freeze it."""
        return OrderState(
            self.order, self.perm_id, self.parent.perm_id if self.parent else 0, self.status, self.qty, self.filled, self.flow,
            self.last_px, self.stop_px, why_held(self), self.oca, self.oca_type, self.placed_ns, self.done_ns, self.ended_as,
        )  # fmt: skip


def why_held(row: Live) -> str:
    """Say what an order waits for, in IB's words."""
    if row.is_done or not row.is_sent:
        return ""
    words = ["child"] if row.is_held else []
    if row.order.type in TRIGGERED_TYPES and not row.is_triggered:
        words.append("trigger")
    return ",".join(words)
