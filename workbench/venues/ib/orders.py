"""Commands as orders of IB, and what an order that ended leaves to be done. Changes the `Book`, sends nothing itself.

Rules
-----
1. A bracket is three orders: entry (held back by ``transmit`` false), stop, target (transmits all three). The exits are children of the
   entry, so they are at the broker before it can fill, and one OCA group of kind 2: what one fills is taken from the other, also in parts.
2. An exit is a market order in that same group, for what is held now and no more; the rest of the entry is cancelled beside it, and what
   still fills of it meanwhile is closed by a further exit. Nothing is held: nothing is sent (decision 0026).
3. IB's children are for the whole entry. Where it ends with a part filled, both are cut to what is held.
4. Entries are for the day, exits until cancelled; all may act outside regular hours, which futures need for stops at night.
5. Whatever may be said twice (a stop's level, a cancel) may be sent twice; an order that opens or closes never is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from ib_async import Contract as IbContract
from ib_async import Order

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import VenueError
from workbench.domain.events import AnyEvent, OrderRejected
from workbench.domain.orders import Cancel, Exit, Leg, Modify, OrderType, Submit
from workbench.venues.ib.book import Book, Life, Part, Stage, Terms, write_ref
from workbench.venues.ib.ids import Ids
from workbench.venues.ib.units import to_units

REDUCE_WITH_BLOCK: Final = 2  # ocaType; 1 would cancel the stop of what a partly filled target still leaves open
TYPES: Final = {OrderType.MARKET: "MKT", OrderType.LIMIT: "LMT", OrderType.STOP: "STP"}
SEC_TYPES: Final = {ContractType.FUTURE: "FUT", ContractType.STOCK: "STK", ContractType.FX: "CASH", ContractType.CRYPTO: "CRYPTO"}
SMART: Final = frozenset({ContractType.STOCK})


class Placing(NamedTuple):
    """An order to be placed, or changed: the same number says which."""

    contract: IbContract
    order: Order


class Cancelling(NamedTuple):
    """An order to be cancelled."""

    order_id: int


Sending = Placing | Cancelling


class Made(NamedTuple):
    """What a command comes to: what must leave, and what is known at once."""

    sends: list[Sending]
    events: list[AnyEvent]


NOTHING: Final = Made([], [])


class Orders:
    """Makes orders of commands.

    Parameters
    ----------
    contracts
        By their id of ours; ``venue_ids["ib"]`` is the conId.
    """

    def __init__(self, book: Book, contracts: Mapping[int, Contract], ids: Ids) -> None:
        self.book, self._contracts, self._ids = book, contracts, ids

    # ------------------------------------------------------------------ commands
    def submit(self, command: Submit) -> Made:
        """Open a bracket. A ref that was used is refused: never two live orders for one intent."""
        if command.ref in self.book.lives:
            return Made([], [OrderRejected(command.ref, Leg.ENTRY, f"bracket {command.ref} was submitted before")])
        side, qty, group = command.side, command.qty, write_ref(self.book.run, command.ref, Leg.ENTRY)[:-2]
        entry_px = None if command.entry_type is OrderType.MARKET else command.entry_px
        parts = [
            Part(self._ids.order(), Leg.ENTRY, side, command.entry_type, Terms(qty, entry_px)),
            Part(self._ids.order(), Leg.STOP, -side, OrderType.STOP, Terms(qty, command.stop_px), group=group),
            Part(self._ids.order(), Leg.TARGET, -side, OrderType.LIMIT, Terms(qty, command.target_px), group=group),
        ]
        life = Life(command, command.stop_px, parts)
        self.book.add(life)
        return Made([self._placing(life, part, transmit=part is parts[-1]) for part in parts], [])

    def modify(self, command: Modify) -> Made:
        """Move the stop."""
        life = self.book.lives.get(command.ref)
        if life is None:
            return Made([], [OrderRejected(command.ref, Leg.STOP, f"no bracket {command.ref} is known")])
        stop = life.leg(Leg.STOP)
        if stop.is_over:
            return NOTHING if life.is_over else Made([], [OrderRejected(command.ref, Leg.STOP, f"the stop is {stop.stage}")])
        life.stop_px = command.stop_px
        stop.wanted = Terms(stop.wanted.qty, command.stop_px)
        return Made([self._placing(life, stop)], [])

    def cancel(self, command: Cancel) -> Made:
        """Withdraw what is left of the entry. Its end is told by the broker; one that is over has been told."""
        life = self.book.lives.get(command.ref)
        if life is None:
            return Made([], [OrderRejected(command.ref, Leg.ENTRY, f"no bracket {command.ref} is known")])
        return Made([self._cancelling(life.entry)] if not life.entry.is_over else [], [])

    def exit(self, command: Exit) -> Made:
        """Leave: cancel what is left of the entry, close what is held."""
        life = self.book.lives.get(command.ref)
        if life is None:
            return Made([], [OrderRejected(command.ref, Leg.EXIT, f"no bracket {command.ref} is known")])
        life.is_leaving, life.entry.is_cancelling = True, False
        made = self.due(life)
        if not made and life.held <= 0 and life.entry.is_over:
            life.is_leaving = False
            return NOTHING if life.is_over else Made([], [OrderRejected(command.ref, Leg.EXIT, "nothing is held")])
        return Made(made, [])

    # ------------------------------------------------------------------ what follows of what was heard
    def due(self, life: Life) -> list[Sending]:
        """Give what the state of a bracket calls for and nobody commanded anew: cuts, further exits, cancels of what hangs."""
        made: list[Sending] = []
        entry = life.entry
        if (life.is_leaving or entry.is_inactive) and not entry.is_over and not entry.is_cancelling:
            made.append(self._cancelling(entry))
        dead = [part for part in life.exits if part.is_inactive and not part.is_over and not part.is_cancelling]
        made.extend(self._cancelling(part) for part in dead if part.leg is not Leg.STOP)  # a stop may come back; nothing else stands in
        if life.is_leaving and life.held > life.leaving_qty:
            made.append(self._leave(life, life.held - life.leaving_qty))
        if entry.is_over and entry.filled == max(entry.filled, entry.told) and 0 < life.held < life.submit.qty:
            made += [self._cut(life, part) for part in life.exits if self._is_too_big(life, part)]
        return made

    def hanging(self, life: Life) -> list[Part]:
        """Give orders that can only do harm: the position is gone and so is the entry, and they still work."""
        is_flat = life.open == 0 and life.entry.is_over and life.entry.filled >= life.entry.told
        return [part for part in life.exits if not part.is_over and part.order_id] if is_flat else []

    def withdraw(self, part: Part) -> Cancelling:
        """Cancel one order."""
        return self._cancelling(part)

    def again(self, life: Life) -> list[Sending]:
        """Send again what may be sent twice and was not acknowledged: the level and size of a stop or target."""
        pending = [part for part in life.exits if part.known is not None and part.known != part.wanted and not part.is_over]
        return [self._placing(life, part) for part in pending if part.order_id and part.leg is not Leg.EXIT]

    def renumber(self, life: Life) -> list[Sending]:
        """Place a bracket, or an exit, again under new numbers: its own were taken, and the broker shows none of its orders."""
        newest = life.leg(Leg.EXIT) if any(part.leg is Leg.EXIT for part in life.parts) else None
        parts = life.parts[:3] if newest is None else [newest]
        for part in parts:
            self.book.by_id.pop(part.order_id, None)
            part.refusal, part.stage, part.is_cancelling = "", Stage.SENT, False
            self.book.number(life, part, self._ids.order())
        return [self._placing(life, part, transmit=part is parts[-1]) for part in parts]

    def what_if(self, contract_id: int, qty: int, account: str) -> Placing:
        """Ask what a market order of `qty` (signed) would cost; nothing is placed."""
        contract = self._contract(contract_id)
        order = Order(orderId=self._ids.order(), action="BUY" if qty > 0 else "SELL", totalQuantity=to_units(contract, abs(qty)))
        order.orderType, order.account, order.whatIf, order.tif = "MKT", account, True, "DAY"
        return Placing(ib_contract(contract), order)

    # ------------------------------------------------------------------ pieces
    def _contract(self, contract_id: int) -> Contract:
        contract = self._contracts.get(contract_id)
        if contract is None or "ib" not in contract.venue_ids:
            raise VenueError(f"contract {contract_id} has no conId: it was not found at the broker")
        return contract

    def _is_too_big(self, life: Life, part: Part) -> bool:
        """Whether an exit could close more than is held; one that was cut already waits for its acknowledgement."""
        return part.leg is not Leg.EXIT and part.rest > life.held and part.wanted.qty > max(part.filled, part.told) + life.held

    def _cut(self, life: Life, part: Part) -> Placing:
        part.wanted = Terms(max(part.filled, part.told) + life.held, life.stop_px if part.leg is Leg.STOP else life.submit.target_px)
        return self._placing(life, part)

    def _leave(self, life: Life, qty: int) -> Placing:
        is_grouped = any(not part.is_over for part in life.exits if part.leg is not Leg.EXIT)
        group = life.leg(Leg.STOP).group if is_grouped else ""
        part = Part(self._ids.order(), Leg.EXIT, -life.submit.side, OrderType.MARKET, Terms(qty, None), group=group)
        life.parts.append(part)
        life.n_exits += 1
        self.book.number(life, part, part.order_id)
        return self._placing(life, part)

    def _cancelling(self, part: Part) -> Cancelling:
        part.is_cancelling = True
        return Cancelling(part.order_id)

    def _placing(self, life: Life, part: Part, *, transmit: bool = True) -> Placing:
        submit, contract = life.submit, self._contract(life.submit.key.contract)
        qty, px = part.wanted
        points = None if px is None else contract.to_pts(px)
        order = _blank()
        order.orderId = part.order_id
        order.action = "BUY" if part.side > 0 else "SELL"
        order.totalQuantity = to_units(contract, qty)
        order.orderType = TYPES[part.type]
        order.tif = "DAY" if part.leg is Leg.ENTRY else "GTC"
        order.account = submit.key.account
        order.orderRef = write_ref(self.book.run, submit.ref, part.leg)
        order.transmit = transmit
        order.outsideRth = contract.type is ContractType.FUTURE
        if points is not None and part.type is OrderType.LIMIT:
            order.lmtPrice = points
        elif points is not None:
            order.auxPrice = points
        if part.group:
            order.ocaGroup, order.ocaType = part.group, REDUCE_WITH_BLOCK
        if part.leg in (Leg.STOP, Leg.TARGET):
            order.parentId = life.entry.order_id
        return Placing(ib_contract(contract), order)


def _blank() -> Order:
    """Make an order with everything as ib_async has it; its constructor, which sets 139 fields one by one, takes four times as long."""
    order = Order.__new__(Order)
    order.__dict__.update(_DEFAULTS)
    return order


_DEFAULTS: Final = dict(vars(Order()))


def ib_contract(contract: Contract) -> IbContract:
    """Name a contract to IB by its conId; stocks go the SMART way, everything else to its exchange."""
    exchange = "SMART" if contract.type in SMART else contract.exchange
    sec_type = SEC_TYPES.get(contract.type, "OPT")
    made = IbContract(conId=int(contract.venue_ids["ib"]), symbol=contract.root, secType=sec_type, exchange=exchange)
    made.currency, made.localSymbol = contract.currency, contract.symbol
    return made
