"""Commands as orders of IB, and what an order that ended leaves to be done. Changes the `Book`, sends nothing itself.

Rules
-----
1. A bracket is three orders: entry (held back by ``transmit`` false), stop, target (transmits all three). The exits are children of the
   entry, so they are at the broker before it can fill, and one OCA group of kind 2: what one fills is taken from the other, also in parts.
2. An exit is a market order for what is held when the end of stop and target is known, or in their group after `LEAVE_S` without a word;
   the rest of the entry is cancelled too, and what still fills of it is closed by a further exit. Nothing is held: nothing is sent
   (decision 0026).
3. IB's children are for the whole entry. Where it ends with a part filled, both are cut to what is held. What a stop or target fills, their
   group takes from the other: a size said anew meanwhile is one that it reckons from, and leaves a rest over. It has a second to do so.
4. Entries are for the day, exits until cancelled; all may act outside regular hours, which futures need for stops at night.
5. Whatever may be said twice (a level, a cancel) may be sent twice; an order that opens or closes never is.
6. What protects is put right in place where it stands. Where the stop is gone, what is left beside it is cancelled first; when the broker
   has said so a new stop and target go over what is held then, without a parent, in a group of their own: no more can be closed than that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ib_async import Contract as IbContract
from ib_async import Order

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import VenueError
from workbench.domain.events import AnyEvent, OrderAccepted, OrderRejected
from workbench.domain.orders import Cancel, Exit, Leg, Modify, OrderType, Protect, Reprice, Submit
from workbench.venues.ib.book import Book, Life, Part, Stage, Terms, write_ref
from workbench.venues.ib.ids import Ids
from workbench.venues.ib.units import to_units

LEAVE_S: Final = 3  # an exit waits no longer for the end of the stop and target beside it
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
        self._big: set[int] = set()  # numbers of stops and targets that were over too much a second ago

    # ------------------------------------------------------------------ commands
    def submit(self, command: Submit) -> Made:
        """Open a bracket. A ref that was used is refused: never two live orders for one intent."""
        if (life := self.book.lives.get(command.ref)) is not None:
            if life.submit == command:
                return NOTHING  # the same intent again: it has been answered, or will be
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
        return Made(self._changing(life, stop), [])

    def reprice(self, command: Reprice) -> Made:
        """Move the limit of an entry that rests; where it stands is told by the broker, moved or not."""
        life = self.book.lives.get(command.ref)
        if life is None:
            return Made([], [OrderRejected(command.ref, Leg.ENTRY, f"no bracket {command.ref} is known")])
        entry = life.entry
        if entry.is_over or entry.is_cancelling or life.is_leaving or entry.type is not OrderType.LIMIT:
            return NOTHING
        life.entry_px, entry.wanted = command.entry_px, Terms(entry.wanted.qty, command.entry_px)
        return Made(self._changing(life, entry), [])

    def protect(self, command: Protect) -> Made:
        """Put stop and target over what is held, at once or when what is in the way is gone."""
        life = self.book.lives.get(command.ref) or self.adopt(command)
        if life.held <= 0:
            return NOTHING if life.is_over else Made([], [OrderRejected(command.ref, Leg.STOP, "nothing is held")])
        self.will_protect(life, command)
        stop, made = life.leg(Leg.STOP), self.due(life)
        stands = not made and not life.cover_qty and not stop.is_over and stop.known == stop.wanted and stop.known is not None
        told = [OrderAccepted(command.ref, Leg.STOP, stop.rest, life.stop_px)] if stands else []
        return Made(made, [*told])

    @staticmethod
    def will_protect(life: Life, command: Protect) -> None:
        """Note what must stand; `due` sees to it."""
        life.stop_px, life.target_px, life.cover_qty = command.stop_px, command.target_px, command.qty

    def adopt(self, command: Protect) -> Life:
        """Know a position that no command of ours opened: a person handed it over, and this protects it."""
        side = 1 if command.stop_px < command.target_px else -1
        at = (command.ref, command.key, command.decided_ns, command.cause)
        bought = Submit(*at, side, command.qty, OrderType.MARKET, command.stop_px, command.stop_px, command.target_px)
        held, none = Terms(command.qty, None), Terms(0, None)
        entry = Part(0, Leg.ENTRY, side, OrderType.MARKET, held, held, stage=Stage.FILLED, filled=command.qty, has_lived=True)
        legs = ((Leg.STOP, OrderType.STOP), (Leg.TARGET, OrderType.LIMIT))
        gone = [Part(0, leg, -side, kind, none, stage=Stage.CANCELLED, is_alone=True) for leg, kind in legs]
        life = Life(bought, command.stop_px, [entry, *gone])
        self.book.add(life)
        return life

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
        life.is_leaving, life.entry.is_cancelling, life.n_waited, life.is_hasty = True, False, 0, False
        made = self.due(life)
        if not made and life.held <= 0 and life.entry.is_over:
            life.is_leaving = False
            return NOTHING if life.is_over else Made([], [OrderRejected(command.ref, Leg.EXIT, "nothing is held")])
        return Made(made, [])

    # ------------------------------------------------------------------ what follows of what was heard
    def due(self, life: Life, *, is_less: bool = False) -> list[Sending]:
        """Give what the state of a bracket calls for and nobody commanded anew: cuts, further exits, cancels of what hangs.

        `is_less`: the broker may hold less of it than we know of. Then its entry is withdrawn and nothing else.
        """
        made: list[Sending] = []
        entry = life.entry
        if (life.is_leaving or entry.is_inactive) and not entry.is_over and not entry.is_cancelling:
            made.append(self._cancelling(entry))
        if is_less:
            return made
        dead = [part for part in life.exits if part.is_inactive and not part.is_over and not part.is_cancelling]
        made.extend(self._cancelling(part) for part in dead if part.leg is not Leg.STOP)  # a stop may come back; nothing else stands in
        if life.is_leaving and not life.is_doubtful and life.held > life.leaving_qty:
            made += self._leave(life, life.held - life.leaving_qty)
        made += [self._cancelling(part) for part in self.beyond(life) if not part.is_cancelling]
        made += self._cover(life)
        if life.held < life.submit.qty:
            made += [self._cut(life, part) for part in self._too_big(life) if not self._is_the_groups(life, part)]
        return made

    def cuts(self, lives: Iterable[Life]) -> list[Sending]:
        """Once a second: cut stops and targets that were over too much a second ago too. Their group has not taken it."""
        big = [(life, part) for life in lives for part in self._too_big(life)]
        before, self._big = self._big, {part.order_id for _, part in big}
        return [self._cut(life, part) for life, part in big if part.order_id in before]

    def _cover(self, life: Life) -> list[Sending]:
        """Put what protects where it was commanded to be, as far as that can be done now."""
        n = min(life.cover_qty, life.held - life.leaving_qty)
        if life.is_leaving or n <= 0:
            life.cover_qty = 0
            return []
        stop = life.leg(Leg.STOP)
        living = [part for part in life.exits if part.leg is not Leg.EXIT and not part.is_over]
        if not stop.is_over and not stop.is_inactive:
            life.cover_qty = 0
            sizes = [(part, self._right(life, part, n)) for part in living]
            return [self._changed(life, part, terms) for part, terms in sizes if part.wanted != terms]
        if living:
            return [self._cancelling(part) for part in living if not part.is_cancelling and part.order_id]
        life.cover_qty = 0
        side, ids = -life.submit.side, (self._ids.order(), self._ids.order())
        group = f"{write_ref(self.book.run, life.submit.ref, Leg.STOP)[:-2]}.{ids[0]}"  # no group that is over is ever named again
        kinds = ((Leg.STOP, OrderType.STOP, life.stop_px), (Leg.TARGET, OrderType.LIMIT, life.aim_px))
        each = zip(ids, kinds, strict=True)
        parts = [Part(number, leg, side, kind, Terms(n, px), group=group, is_alone=True) for number, (leg, kind, px) in each]
        life.parts += parts
        for part in parts:
            self.book.number(life, part, part.order_id)
        return [self._placing(life, part) for part in parts]

    @staticmethod
    def _right(life: Life, part: Part, n: int) -> Terms:
        """Give the terms of a stop or target over `n`: of a child also over what its entry may still fill."""
        rest = n if part.is_alone else n + life.entry.rest
        return Terms(max(part.filled, part.told) + rest, life.stop_px if part.leg is Leg.STOP else life.aim_px)

    def _changing(self, life: Life, part: Part) -> list[Sending]:
        """Send an order as it is wanted now; one that is not known at the broker yet is sent when it is (`again`)."""
        return [self._placing(life, part)] if part.order_id and life.submit.key.contract in self._contracts else []

    def _changed(self, life: Life, part: Part, terms: Terms) -> Placing:
        part.wanted = terms
        return self._placing(life, part)

    @staticmethod
    def has_waited(life: Life, quiet_s: int) -> bool:
        """Count another second of an exit that waits for the end of stop and target; whether it leaves now, with them in place.

        It does when the broker has spoken meanwhile, `quiet_s` ago last: one that says nothing at all may have filled the stop.
        """
        if not life.is_leaving or life.held <= life.leaving_qty:
            life.n_waited, life.is_hasty = 0, False
            return False
        life.n_waited += 1
        if life.is_hasty or life.n_waited < LEAVE_S or quiet_s >= life.n_waited - 1:
            return False
        life.is_hasty = True
        return True

    def hanging(self, life: Life) -> list[Part]:
        """Give orders that can only do harm: the position is gone and so is the entry, and they still work."""
        is_flat = life.open == 0 and life.entry.is_over and life.entry.filled >= life.entry.told
        return [part for part in life.exits if not part.is_over and part.order_id] if is_flat else []

    @staticmethod
    def beyond(life: Life) -> list[Part]:
        """Give exits at market that may close more than is held, since something else closed some; who wants to leave says so again."""
        is_more = life.leaving_qty > max(0, life.held)
        return [part for part in life.parts if part.leg is Leg.EXIT and part.rest and part.order_id] if is_more else []

    def withdraw(self, part: Part) -> Cancelling:
        """Cancel one order."""
        return self._cancelling(part)

    def again(self, life: Life) -> list[Sending]:
        """Send again what may be sent twice and was not acknowledged: level and size of a stop or target, the limit of an entry."""
        pending = [part for part in life.parts if part.known is not None and part.known != part.wanted and not part.is_over]
        return [self._placing(life, part) for part in pending if part.order_id and part.leg is not Leg.EXIT and not part.is_cancelling]

    def renumber(self, life: Life) -> list[Sending]:
        """Place a bracket, or an exit, again under new numbers: its own were taken, and the broker shows none of its orders."""
        newest = life.leg(Leg.EXIT) if any(part.leg is Leg.EXIT for part in life.parts) else None
        parts = life.parts[:3] if newest is None else [newest]
        for part in parts:
            self.book.by_id.pop(part.order_id, None)
            part.refusal, part.stage, part.is_cancelling = "", Stage.SENT, False
            part.n_missed, part.behind_s = 0, None  # the answers that lacked it were asked for before it left
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

    @staticmethod
    def _too_big(life: Life) -> list[Part]:
        """Give stops and targets that could close more than is held; one that was cut already waits for its acknowledgement.

        None while an execution of the entry is still under way: more is held then than is known.
        """
        entry, held = life.entry, life.held
        if not entry.is_over or entry.filled < entry.told or held <= 0:
            return []
        living = [part for part in life.exits if part.leg is not Leg.EXIT and not part.is_cancelling]
        return [part for part in living if part.rest > held and part.wanted.qty > max(part.filled, part.told) + held]

    @staticmethod
    def _is_the_groups(life: Life, part: Part) -> bool:
        """Whether what a stop or target is over too much may be what its group has yet to take from it."""
        beside = [each for each in life.exits if each is not part and part.group and each.group == part.group]
        return part.rest - life.held <= sum(max(each.filled, each.told) for each in beside)

    def _cut(self, life: Life, part: Part) -> Placing:
        return self._changed(life, part, self._right(life, part, life.held))

    def _leave(self, life: Life, qty: int) -> list[Sending]:
        living = [part for part in life.exits if part.leg is not Leg.EXIT and not part.is_over]
        beside = [part for part in living if part.has_lived and not part.is_inactive]
        if beside and not life.is_hasty:
            return [self._cancelling(part) for part in beside if not part.is_cancelling and part.order_id]
        is_grouped = bool(living)
        group = life.leg(Leg.STOP).group if is_grouped else ""
        part = Part(self._ids.order(), Leg.EXIT, -life.submit.side, OrderType.MARKET, Terms(qty, None), group=group)
        life.parts.append(part)
        life.n_exits += 1
        self.book.number(life, part, part.order_id)
        return [self._placing(life, part)]

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
        if part.leg in (Leg.STOP, Leg.TARGET) and not part.is_alone:
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
