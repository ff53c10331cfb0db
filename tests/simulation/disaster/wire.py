"""What is on the wire between the program and the gateway, read from its bytes: where a process stands, and what it dares to send."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.simulation.disaster.machine import Process
from workbench.domain.decisions import Issued
from workbench.domain.events import FillCorrected, OrderFilled
from workbench.domain.orders import Leg, Submit
from workbench.venues.ib.book import read_ref
from workbench.wire import PlaceOrder, decode_request, fields

if TYPE_CHECKING:
    from tests.simulation.disaster.world import World

VERSION: Final = 178  # the gateway's latest
PLACE, CANCEL, OPEN_ORDERS, EXECUTIONS = b"3\0", b"4\0", b"16\0", b"7\0"
FILL, STATUS, ERROR = b"11\0", b"3\0", b"4\0"  # of answers
HELLO: Final = b"API\0"
ENDS: Final = {b"53\0": "open orders", b"55\0": "executions"}  # of what must be asked whenever something may have gone unheard
DOUBTFUL: Final = frozenset({b"1100", b"1101", b"1102", b"2110"})
SENT: Final = {
    Leg.ENTRY: "the entry of a bracket sent, no stop yet",
    Leg.STOP: "entry and stop sent, no target yet",
    Leg.TARGET: "a bracket sent",
    Leg.EXIT: "an exit sent",
}
MOST: Final = 4  # contracts of one order, by the world's law
MOST_TICKS: Final = 400  # from the market, of any price that leaves


class Asked(NamedTuple):
    """An order as it first left."""

    ref: int
    leg: Leg
    qty: int
    life: int
    at_s: float


class Wire:
    """Reads along. What breaks a law of what may leave is told to `safety`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._hash = blake2b(digest_size=16)
        self.ids: dict[int, Asked] = {}
        self.highest_id = 0
        self.commanded: dict[int, Submit] = {}  # entries that are durable
        self.fills_durable: set[str] = set()  # execution ids
        self._halves: dict[int, bytes] = {}  # of frames that have not come whole
        self.unasked: set[str] = set(ENDS.values())
        self.n: Counter[bytes] = Counter()
        self.cancels: dict[int, float] = {}

    @property
    def digest(self) -> str:
        """Of all bytes of both directions, with their times and whose they were."""
        return self._hash.hexdigest()

    def _note(self, way: bytes, process: Process, data: bytes) -> None:
        self._hash.update(b"%s%d %.9f %d " % (way, process.number, self._world.now_s, len(data)))
        self._hash.update(data)

    # ---- what comes in ------------------------------------------------------------------------------------------------------------------
    def read(self, process: Process, data: bytes) -> None:
        """Stand where an answer has arrived that nobody has read."""
        self._note(b"<", process, data)
        held = self._halves.get(process.number, b"") + data
        at = 0
        while at + 4 <= len(held) and at + 4 + (n := int.from_bytes(held[at : at + 4], "big")) <= len(held):
            self._doubt(held[at + 4 : at + 4 + min(n, 24)])
            if held.startswith(FILL, at + 4):
                self._stand(process, "a fill arrived, not read")
            elif held.startswith(STATUS, at + 4):
                self._stand(process, "an acknowledgement arrived, not read")
            at += 4 + n
        self._halves[process.number] = held[at:]

    def _doubt(self, payload: bytes) -> None:
        """Follow whether something may have happened that nobody asked about yet."""
        if payload.startswith(ERROR) and DOUBTFUL & set(payload.split(b"\0")):
            self.unasked = set(ENDS.values())
        elif (end := ENDS.get(payload[: payload.find(b"\0") + 1])) is not None:
            self.unasked.discard(end)

    # ---- what leaves --------------------------------------------------------------------------------------------------------------------
    def about_to_write(self, process: Process, data: bytes) -> None:
        payload = data[4:]
        if payload.startswith(PLACE):
            self._look(process, payload)
            self._stand(process, "an order about to leave")

    def written(self, process: Process, data: bytes) -> None:
        self._note(b">", process, data)
        if data.startswith(HELLO):
            self._halves[process.number] = b""
            self.unasked = set(ENDS.values())
        payload = data[4:]
        self.n[payload[: payload.find(b"\0") + 1]] += 1
        if payload.startswith(PLACE):
            self._order_sent(process, payload)
        elif payload.startswith(CANCEL):
            self.cancels.setdefault(int(fields(payload)[2]), self._world.now_s)
            self._stand(process, "a cancel sent")
        elif payload.startswith(OPEN_ORDERS):
            self._stand(process, "open orders asked for")
        elif payload.startswith(EXECUTIONS):
            self._stand(process, "executions asked for")

    def _order_sent(self, process: Process, payload: bytes) -> None:
        request = decode_request(fields(payload), VERSION)
        assert isinstance(request, PlaceOrder)
        named = read_ref(request.order.order_ref)
        if named is None:
            return
        is_change = request.order_id in self.ids
        if not is_change:
            qty = int(request.order.total_quantity or 0)
            self.ids[request.order_id] = Asked(named.ref, named.leg, qty, process.number, self._world.now_s)
        self._stand(process, "a change of an order sent" if is_change else SENT[named.leg])

    def _stand(self, process: Process, point: str) -> None:
        process.context.copy().run(self._world.at, point)

    # ---- the laws of what may leave -----------------------------------------------------------------------------------------------------
    def _look(self, process: Process, payload: bytes) -> None:
        """I2, I9, I11 and I19, on the bytes."""
        say = self._world.safety.say
        request = decode_request(fields(payload), VERSION)
        assert isinstance(request, PlaceOrder)
        order, named = request.order, read_ref(request.order.order_ref)
        if order.what_if:
            return
        if named is None or order.account != "DUSIM1":
            say("I11", f"order {request.order_id} bears {order.order_ref!r} and is for {order.account}")
            return
        if named.ref not in self.commanded:
            say("I2", f"order {request.order_id} of bracket {named.ref} leaves and its command is not durable")
        asked = self.ids.get(request.order_id)
        if asked is None and named.leg is Leg.ENTRY and self.unasked:
            say("I9", f"the entry of bracket {named.ref} leaves, and {', '.join(sorted(self.unasked))} were not asked for since")
        if asked is not None and (asked.ref, asked.leg) != (named.ref, named.leg):
            say("I19", f"order id {request.order_id} was bracket {asked.ref}'s {asked.leg.name}, is now {named.ref}'s {named.leg.name}")
        if asked is None and request.order_id <= self.highest_id:
            say("I19", f"order id {request.order_id} is new and not above {self.highest_id}")
        self.highest_id = max(self.highest_id, request.order_id)
        for why in _why_not(order, self._world):
            say("I11", f"order {request.order_id} of bracket {named.ref}: {why}")

    # ---- what the log holds durably -----------------------------------------------------------------------------------------------------
    def durable(self, each: Any) -> None:
        """Learn what a commit made durable, event or fact."""
        match each:
            case Issued(command=Submit() as command):
                if self.commanded.setdefault(command.ref, command) != command:
                    self._world.safety.say("I2", f"bracket {command.ref} is commanded a second time, as another one")
            case OrderFilled() | FillCorrected():
                self.fills_durable.add(each.exec_id)
            case _:
                pass


def _why_not(order: Any, world: World) -> list[str]:
    """Say what no order of ours may be, whoever commanded it."""
    said = []
    qty = order.total_quantity
    if qty is None or not math.isfinite(qty) or qty != int(qty) or not 0 < qty <= MOST:
        said.append(f"its quantity is {qty}")
    contract = world.contracts[0]
    prices = {"LMT": order.lmt_price, "STP": order.aux_price, "MKT": 0.0}
    px = prices.get(order.order_type)
    if px is None or not math.isfinite(px):
        said.append(f"a {order.order_type} order at {px}")
    elif order.order_type != "MKT":
        ticks = Fraction(str(px)) / Fraction(contract.order_increment)
        if ticks.denominator != 1:
            said.append(f"its price {px} is off the tick")
        market = None if world.broker is None else world.broker.mark(contract.id, 1)
        if market is not None and abs(int(ticks) * contract.tick - market) > MOST_TICKS * contract.tick:
            said.append(f"its price {px} is far from the market")
    if order.action not in ("BUY", "SELL"):
        said.append(f"it would {order.action!r}")
    return said
