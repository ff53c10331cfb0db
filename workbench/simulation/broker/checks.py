"""Whether an order can be taken, in IB's codes and words. Pure; nothing is placed here."""

from __future__ import annotations

from workbench.domain.contracts import Contract
from workbench.simulation.broker import texts
from workbench.simulation.broker.orders import HAS_LIMIT, HAS_STOP, Live, Order, Tif, Type

Objection = tuple[int, str]


def rejected(why: str) -> Objection:
    """Say 201 for a reason."""
    code, text = texts.REJECTED
    return code, text.format(why=why)


def invalid(why: str) -> Objection:
    """Say 321 for a cause."""
    code, text = texts.INVALID
    return code, text.format(why=why)


def object_to(order: Order, contract: Contract, now_ns: int) -> Objection | None:
    """Give the first objection to what an order says of itself, `None` when there is none.

    >>> from workbench.domain.contracts import ContractType
    >>> spy = Contract(id=1, root="SPY", symbol="SPY", type=ContractType.STOCK, exchange="ARCA", currency="USD", calendar="NYSE",
    ...                multiplier="1", price_quantum="0.0001", order_increment="0.01")
    >>> order = Order(client_id=1, order_id=5, account="DUSIM1", contract=1, side=1, qty=10, type=Type.LIMIT, limit_px=6_000_050)
    >>> object_to(order, spy, 0)
    (110, 'The price does not conform to the minimum price variation for this contract.')
    """
    if order.side not in (1, -1):
        return invalid(texts.BAD_ACTION)
    if order.qty == 0:
        return texts.ZERO_SIZE
    if order.qty < 0:
        return invalid(texts.NEGATIVE)
    prices = []
    if order.type in HAS_LIMIT:
        prices.append(order.limit_px)
    if order.type in HAS_STOP:
        prices.append(order.stop_px)
    if order.type is Type.TRAIL:
        if (order.trail_px is None) == (order.trail_ppm is None) or (order.trail_px or order.trail_ppm or 0) <= 0:
            return invalid(texts.NO_PRICE)
        prices += [each for each in (order.trail_px, order.stop_px) if each is not None]
    if None in prices:
        return invalid(texts.NO_PRICE)
    if any(each is not None and each % contract.tick for each in prices):
        return texts.OFF_TICK
    if order.tif is Tif.GTD and (order.good_till_ns is None or order.good_till_ns <= now_ns):
        return rejected(texts.GTD_PAST)
    return None


def object_to_change(row: Live, order: Order) -> Objection | None:
    """Give the objection to a changed order that follows from the one that stands."""
    old = row.order
    if (order.contract, order.side, order.parent_id) != (old.contract, old.side, old.parent_id) or order.account != old.account:
        return texts.MISMATCH
    if order.qty <= row.filled:
        return rejected(texts.NEGATIVE)
    return None
