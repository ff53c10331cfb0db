"""What a tour of a TWS asks with: questions that end, far limit orders, and their cancel. Decides no order of things.

Rules
-----
1. Limits 5 % away from the market, on the side that does not trade; never a market order.
2. Each order that was sent is cancelled at the end, by its own id: nobody else's orders are touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from workbench import wire
from workbench.config.roots import Root
from workbench.runtime.proof.talk import Talk
from workbench.wire import Answer, ContractFields, OrderFields, OrderStatus

FAR: Final = Decimal("0.05")  # of the price, away from the market
PRICES: Final = (1, 2, 4, 66, 67, 68)  # bid, ask, last; and delayed
OVER: Final = ("Cancelled", "ApiCancelled", "Inactive", "Filled")


class Desk:
    """One client's questions and orders."""

    def __init__(self, talk: Talk, root: Root, tell: Callable[[str], None] = lambda _: None) -> None:
        self.talk, self.root, self.tell = talk, root, tell
        self.contract = ContractFields(symbol=root.root, sec_type="FUT", exchange=root.exchange, currency=root.currency)
        self.tick = Decimal(root.order_increment)
        self.account = ""
        self.accounts: tuple[str, ...] = ()
        self.orders: dict[str, int] = {}
        self.notes: list[str] = []

    # ---- asking ----------------------------------------------------------------------------------------------------------------------
    async def ask(self, request: wire.Request, *ends: type[Answer], timeout_s: float = 20.0) -> list[Answer]:
        """Ask, wait for one of the ends or an error about it, and give what came."""
        mark, req_id = self.talk.n_heard, getattr(request, "req_id", None)

        def is_enough(new: list[Answer]) -> bool:
            return any(isinstance(each, ends) or is_refusal(each, req_id) for each in new)

        self.talk.send(request)
        if not await self.talk.until(is_enough, since=mark, timeout_s=timeout_s):
            self.notes.append(f"{self.talk.stop}: no answer to {type(request).__name__} in {timeout_s:g} s")
        return self.talk.since(mark)

    # ---- orders ----------------------------------------------------------------------------------------------------------------------
    def next_id(self) -> int:
        """Give an order id that was not used."""
        return max([each.order_id for each in self.talk.of(wire.NextValidId)] + [each + 1 for each in self.orders.values()])

    def far(self, side: int) -> Decimal | None:
        """Give a price 5 % below (-1) or above (+1) the market, on the grid; `None`: no price of it is known."""
        prices = [Decimal(str(each.price)) for each in self.talk.of(wire.TickPrice) if each.tick_type in PRICES and (each.price or 0) > 0]
        bars = [Decimal(str(bar.close)) for each in self.talk.of(wire.HistoricalData) for bar in each.bars]
        known = prices or bars
        return (known[-1] * (1 + side * FAR) / self.tick).to_integral_value() * self.tick if known else None

    def place(
        self, order_id: int, side: str, order_type: str, price: Decimal, *, what_if: bool = False, parent_id: int = 0, transmit: bool = True
    ) -> None:
        """Send an order, or the change of one."""
        order = OrderFields(
            order_id=order_id,
            action=side,
            total_quantity=1,
            order_type=order_type,
            lmt_price=float(price) if order_type == "LMT" else None,
            aux_price=float(price) if order_type == "STP" else None,
            tif="DAY",
            account=self.account,
            order_ref="workbench prove",
            parent_id=parent_id,
            transmit=transmit,
            what_if=what_if,
        )
        self.talk.send(wire.PlaceOrder(order_id=order_id, contract=self.contract, order=order))

    async def cancel(self, order_id: int, *to_end: int) -> None:
        """Cancel one, and wait for the end of those that end with it."""
        self.talk.send(wire.CancelOrder(order_id))
        await self.talk.until(lambda new: all(status_of(new, each) in OVER for each in to_end), since=0)
        await asyncio.sleep(1)  # what is said behind it belongs to this part

    async def clear(self) -> None:
        """Cancel what may still work; name what then still does."""
        sent = {name: each for name, each in self.orders.items() if name != "what-if"}
        working = {name: each for name, each in sent.items() if status_of(self.talk.since(0), each) not in OVER}
        for each in working.values():
            if not self.talk.is_over:
                self.talk.send(wire.CancelOrder(each))
        if working:
            await self.talk.until(lambda new: all(status_of(new, each) in OVER for each in working.values()), since=0, timeout_s=10)
        for name, each in working.items():
            if status_of(self.talk.since(0), each) not in OVER:
                self.notes.append(f"LOOK AT TWS: order {each} ({name}) was not reported cancelled; cancel it there")
        if any(isinstance(each, wire.ExecutionData) and each.order_id in sent.values() for each in self.talk.since(0)):
            self.notes.append("LOOK AT TWS: one of these orders was filled; close the position there")


def status_of(answers: list[Answer], order_id: int) -> str:
    """Give an order's last status; nothing where none was told."""
    told = [each.status for each in answers if isinstance(each, OrderStatus) and each.order_id == order_id]
    return told[-1] if told else ""


def is_about(answer: Answer, order_id: int) -> bool:
    """Tell whether this is an order's report or its refusal."""
    return (isinstance(answer, wire.OpenOrder) and answer.order.order_id == order_id) or is_refusal(answer, order_id)


def is_refusal(answer: Answer, req_id: int | None) -> bool:
    """Tell whether this is what IB says in place of an answer."""
    return isinstance(answer, wire.ErrorMessage) and req_id is not None and answer.req_id == req_id
