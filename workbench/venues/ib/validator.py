"""The last look at an order: what is about to leave, read back from its bytes, against what was commanded. Sends nothing, mends nothing.

It shares no code with what makes orders: bytes are decoded with `workbench.wire`, and held against the command in the `Book`. What does not
fit is our own mistake, never the market's: `InvariantError`, and nothing leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Final

import msgspec
from msgspec.structs import replace

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError, InvariantError
from workbench.domain.orders import Leg, OrderType, Submit
from workbench.venues.ib.book import Book, Life, Part, read_ref, short_run
from workbench.venues.ib.units import to_px, to_size
from workbench.wire import PlaceOrder, decode_request, exact, fields
from workbench.wire.errors import WireError
from workbench.wire.order import OrderFields
from workbench.wire.text import Number, integer, number

PLACE: Final = b"3\0"
PAPER: Final = ("DU", "DF")  # IB's paper accounts, of one person and of an advisor; DUSIM, the gateway's, is among them
VARY: Final = (1, 17, 19, 20, 22, 26, 28)  # id, quantity, limit, stop, OCA group, orderRef, parent: places in an order without legs
MAX_SHAPES: Final = 256  # a contract has some six
ACTIONS: Final = {1: "BUY", -1: "SELL"}
TYPES: Final = {OrderType.MARKET: "MKT", OrderType.LIMIT: "LMT", OrderType.STOP: "STP"}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What no order of this process may exceed, whatever was decided.

    Parameters
    ----------
    account
        The one that orders are for.
    is_live
        Whether real money may move. If not, the account must be a paper account.
    max_qty
        Most of one order, in size quanta (contracts).
    """

    account: str
    is_live: bool = False
    max_qty: int = 1

    def why_not(self, account: str) -> str | None:
        """Say why an account must not be traded, or `None`."""
        if account != self.account:
            return f"account {account!r} is not the one of the settings"
        if not self.is_live and not account.startswith(PAPER):
            return f"account {account!r} is no paper account, and this run is not live"
        return None


class Validator:
    """Holds payloads against commands.

    Parameters
    ----------
    contracts
        By their id of ours.
    version
        Gives the server version that the payload was written for.
    """

    def __init__(self, book: Book, contracts: Mapping[int, Contract], limits: Limits, version: Callable[[], int]) -> None:
        self._book, self._contracts, self._limits, self._version = book, contracts, limits, version
        self.n_checked = 0
        self._passed: set[bytes] = set()
        self._shapes: dict[bytes, PlaceOrder] = {}

    @property
    def version(self) -> int:
        """Server version that payloads are written for."""
        return self._version()

    def check(self, payload: bytes) -> None:
        """Let a payload pass, or raise. One that `looked_at` let pass a moment ago passes once.

        Raises
        ------
        InvariantError
            It is an order that nobody commanded, or not as it was commanded. Payloads that are no orders pass.
        """
        if not payload.startswith(PLACE):
            return
        if payload in self._passed:
            self._passed.discard(payload)
            return
        self.n_checked += 1
        request = self._read(payload)
        why = self._why_not(request)
        if why is not None:
            raise InvariantError(f"order {request.order_id} ({request.order.order_ref or 'what-if'}) was kept from leaving: {why}")

    @contextmanager
    def looked_at(self, payloads: Sequence[bytes]) -> Iterator[None]:
        """Look at all of them before the first leaves; while this lasts they may leave without another look."""
        for payload in payloads:
            self.check(payload)
        self._passed.update(payloads)
        try:
            yield
        finally:
            self._passed.clear()

    def _read(self, payload: bytes) -> PlaceOrder:
        """Decode a payload; of one that differs from another only in `VARY`, these fields alone."""
        parts = payload.split(b"\0")
        values = [parts[at] for at in VARY if at < len(parts)]
        for at in VARY:
            if at < len(parts):
                parts[at] = b""
        shape = b"\0".join(parts)
        like = self._shapes.get(shape)
        if like is not None and (quick := _with(like, values)) is not None:
            return quick
        try:
            request = decode_request(fields(payload), self.version)
        except WireError as error:
            raise InvariantError(f"an order that cannot be read back was about to leave: {error}") from error
        if not isinstance(request, PlaceOrder):
            raise InvariantError(f"a {type(request).__name__} was about to leave as an order")
        if len(values) == len(VARY) and _with(request, values) == request and len(self._shapes) < MAX_SHAPES:
            self._shapes[shape] = request
        return request

    def _why_not(self, request: PlaceOrder) -> str | None:
        order = request.order
        why = self._limits.why_not(order.account)
        if why is not None or order.what_if:
            return why
        found = self._book.find(request.order_id)
        if found is None:
            return "no command asked for it"
        life, part = found
        contract = self._contracts.get(life.submit.key.contract)
        if contract is None or str(request.contract.con_id) != contract.venue_ids.get("ib") or request.contract.sec_type == "CONTFUT":
            return f"conId {request.contract.con_id} is not the contract commanded"
        return (
            self._why_not_whose(order, life, part)
            or self._why_not_how_many(order, contract, life, part)
            or self._why_not_price(order, contract, life, part)
            or self._why_not_how(order, life, part)
        )

    def _why_not_whose(self, order: OrderFields, life: Life, part: Part) -> str | None:
        submit, named = life.submit, read_ref(order.order_ref)
        if order.account != submit.key.account:
            return f"it is for {order.account}, commanded was {submit.key.account}"
        if named is None or named.run != short_run(self._book.run) or (named.ref, named.leg) != (submit.ref, part.leg):
            return f"its orderRef is {order.order_ref!r}"
        side = submit.side if part.leg is Leg.ENTRY else -submit.side
        return None if order.action == ACTIONS[side] else f"it would {order.action}"

    def _why_not_how_many(self, order: OrderFields, contract: Contract, life: Life, part: Part) -> str | None:
        try:
            qty = to_size(contract, order.total_quantity or 0)
        except DataError as error:
            return str(error)
        most = min(life.submit.qty, self._limits.max_qty)
        if part.leg is not Leg.ENTRY:  # what closes is never kept by what may be opened: more may have filled than was ordered
            most = max(most, life.held)
        if not 0 < qty <= most:
            return f"its quantity is {qty}, at most {most} may leave"
        if part.leg is Leg.ENTRY and qty != life.submit.qty:
            return f"its quantity is {qty}, commanded were {life.submit.qty}"
        if part.leg is Leg.EXIT and qty > life.held - (life.leaving_qty - part.rest):
            return f"it would close {qty} of the {life.held} that are held"
        if part.is_alone and part.leg is not Leg.EXIT and qty > max(part.filled, part.told) + life.held:
            return f"it hangs on no entry and would close {qty} of the {life.held} that are held"
        return None

    def _why_not_price(self, order: OrderFields, contract: Contract, life: Life, part: Part) -> str | None:
        submit = life.submit
        commanded = {
            Leg.ENTRY: None if submit.entry_type is OrderType.MARKET else life.limit_px,
            Leg.STOP: life.stop_px,
            Leg.TARGET: life.aim_px,
            Leg.EXIT: None,
        }[part.leg]
        kind = _type_of(submit, part.leg)
        if order.order_type != TYPES[kind]:
            return f"it is a {order.order_type}, commanded was {TYPES[kind]}"
        points = {OrderType.LIMIT: order.lmt_price, OrderType.STOP: order.aux_price}.get(kind)
        if commanded is None or points is None:
            return None if commanded is None and points is None else "it has a price where none belongs, or none where one does"
        return _why_not_level(contract, points, commanded)

    def _why_not_how(self, order: OrderFields, life: Life, part: Part) -> str | None:
        if order.transmit and part.leg is Leg.ENTRY and not part.has_lived:
            return "an entry must wait for its stop and target"
        if part.leg not in (Leg.STOP, Leg.TARGET):
            return None
        if order.parent_id != (0 if part.is_alone else life.entry.order_id):
            return f"its parent is {order.parent_id}, not the entry"
        if not order.oca_group:
            return "it is in no OCA group"
        others = [each for each in life.exits if each.has_lived and not each.is_over and each.leg is not Leg.EXIT]
        apart = next((each for each in others if each.group != part.group), None)
        return None if apart is None else f"order {apart.order_id} could close the same, and is in the group {apart.group!r}"


def _with(like: PlaceOrder, values: list[bytes]) -> PlaceOrder | None:
    """Give the order that another one becomes with these fields in the places `VARY`; `None` where they cannot be read so."""
    try:
        order_id, qty, limit, stop, group, ref, parent = (value.decode("ascii") for value in values)
        order = replace(
            like.order,
            total_quantity=number(qty),
            lmt_price=number(limit) if limit else None,
            aux_price=number(stop) if stop else None,
            oca_group=group,
            order_ref=ref,
            parent_id=integer(parent),
        )
        return replace(like, order_id=integer(order_id), order=order)
    except ValueError:
        return None


def _type_of(submit: Submit, leg: Leg) -> OrderType:
    return {Leg.ENTRY: submit.entry_type, Leg.STOP: OrderType.STOP, Leg.TARGET: OrderType.LIMIT, Leg.EXIT: OrderType.MARKET}[leg]


def _why_not_level(contract: Contract, points: Number, commanded: int) -> str | None:
    if exact(points) == exact(contract.to_pts(commanded)) and commanded % contract.tick == 0:
        return None
    try:
        px = to_px(contract, points)
    except (DataError, OverflowError, ValueError):
        return f"its price {points} is off the grid"
    if Fraction(exact(points)) % Fraction(contract.order_increment):
        return f"its price {points} is off the order increment {contract.order_increment}"
    return None if px == commanded else f"its price is {points}, commanded was {contract.to_pts(commanded)}"
