"""What a client asks for, as an order of the broker, or why it cannot be one. Reads messages; places nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.gateway import behaviour as say
from workbench.gateway.base import World
from workbench.gateway.contracts import Missing
from workbench.gateway.history.asked import instant
from workbench.gateway.orders.world import Named
from workbench.simulation.broker import Order, Tif, Type, texts
from workbench.wire import Number, PlaceOrder, exact

SIDES: Final = {"BUY": 1, "SELL": -1, "SSHORT": -1}
TYPES: Final = {each.value: each for each in Type} | {"STPLMT": Type.STOP_LIMIT}
MOST: Final = 1_000_000_000  # points or units of one order; beyond is garbage
HUNDRED: Final = 100  # percent
UNSIMULATED: Final = {  # what would change how an order fills, and is not simulated
    "algo_strategy": "An algorithm",
    "conditions": "A condition",
    "hedge_type": "A hedge",
    "scale_price_increment": "A scale order",
    "all_or_none": "All or none",
    "min_qty": "A minimum quantity",
    "display_size": "An iceberg",
    "percent_offset": "An offset",
    "cash_qty": "A cash quantity",
    "adjusted_order_type": "An adjusted order",
}


NONE: Final = frozenset({None, 0, "", "None", ()})  # "None" is what TWS itself says of an adjusted order that is none


class Asked(ValueError):  # noqa: N818  it is an answer, not an error of ours
    """Carries the refusal out of the depth of a translation."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.refusal = Missing(code, text)


def rejected(why: str) -> Asked:
    """Say 201."""
    return Asked(texts.REJECTED[0], texts.REJECTED[1].format(why=why))


def invalid(why: str) -> Asked:
    """Say 321."""
    return Asked(321, say.text_of(321, what=say.ORDER_LETTERS, why=why))


def read_contract(world: World, request: PlaceOrder) -> Named | Missing:
    """Find what is to be traded; it must be one contract, no continuous one, and play in this session."""
    if request.contract.sec_type in ("CONTFUT", "FUT+CONTFUT"):
        return Missing(321, say.text_of(321, what=say.ORDER_LETTERS, why=texts.IS_CONTFUT))
    listed = world.universe.one(request.contract)
    if isinstance(listed, Missing):
        return listed
    contract = world.universe.traded(listed)
    if contract is None:
        return rejected(say.NOT_ON_TAPE.format(symbol=listed.local_symbol)).refusal
    return Named(contract, listed)


def read_order(world: World, client_id: int, request: PlaceOrder, contract: Contract) -> Order | Missing:
    """Make an order of a request, or say in IB's words what it lacks."""
    try:
        return _order(world, client_id, request, contract)
    except Asked as refused:
        return refused.refusal


def _order(world: World, client_id: int, request: PlaceOrder, contract: Contract) -> Order:
    fields = request.order
    if fields.e_trade_only:
        raise Asked(*say.ETRADE_ONLY)
    kind, side = TYPES.get(fields.order_type), SIDES.get(fields.action)
    if kind is None:
        raise Asked(*say.NO_ORDER_TYPE) if fields.order_type in say.OTHER_ORDER_TYPES else invalid(texts.BAD_TYPE)
    if side is None:
        raise invalid(texts.BAD_ACTION)
    for name, what in UNSIMULATED.items():
        if getattr(fields, name) not in NONE:
            raise rejected(say.NOT_SIMULATED.format(what=what))
    tif = _tif(fields.tif)
    is_trail, has_stop = kind is Type.TRAIL, kind in (Type.STOP, Type.STOP_LIMIT, Type.TOUCHED, Type.LIMIT_TOUCHED)
    percent = fields.trailing_percent if is_trail else None
    return Order(
        client_id=client_id,
        order_id=request.order_id,
        account=_account(world, fields.account),
        contract=contract.id,
        side=side,
        qty=_qty(fields.total_quantity, contract),
        type=kind,
        limit_px=_px(fields.lmt_price, contract) if kind in (Type.LIMIT, Type.STOP_LIMIT, Type.LIMIT_TOUCHED) else None,
        stop_px=_px(fields.aux_price if has_stop else fields.trail_stop_price, contract) if has_stop or is_trail else None,
        trail_px=_px(fields.aux_price, contract) if is_trail and not percent else None,
        trail_ppm=_ppm(percent) if percent else None,
        tif=tif,
        good_after_ns=_time(fields.good_after_time),
        good_till_ns=_time(fields.good_till_date) if tif is Tif.GTD else None,
        outside_rth=fields.outside_rth,
        oca_group=fields.oca_group,
        oca_type=fields.oca_type or 0,
        parent_id=fields.parent_id or 0,
        transmit=fields.transmit,
        order_ref=fields.order_ref,
    )


def _account(world: World, name: str) -> str:
    if name:
        return name  # the broker knows whether it is one
    return world.accounts[0].name if len(world.accounts) == 1 else ""


def _tif(text: str) -> Tif:
    try:
        return Tif(text or "DAY")
    except ValueError:
        raise Asked(texts.BAD_TIF[0], texts.BAD_TIF[1].format(tif=text)) from None


def _qty(size: Number | None, contract: Contract) -> int:
    if size is None:
        return 0
    decimal = exact(size)
    if not abs(decimal) <= MOST:
        raise invalid(texts.NEGATIVE)
    units = Fraction(decimal) / Fraction(contract.size_quantum)
    if units.denominator != 1:
        raise Asked(*say.FRACTIONAL)
    return units.numerator


def _px(price: Number | None, contract: Contract) -> int | None:
    """Read a price; IB's own clients send 0 for none where a price may be missing."""
    if price is None:
        return None
    decimal = exact(price)
    if not abs(decimal) <= MOST:
        raise invalid(texts.NO_PRICE)
    try:
        return contract.to_px(Fraction(decimal))
    except DataError:
        raise Asked(*texts.OFF_TICK) from None


def _ppm(percent: Number) -> int:
    decimal = exact(percent)
    if not abs(decimal) < HUNDRED:
        raise invalid(texts.NO_PRICE)
    return round(decimal * 10_000)


def _time(text: str) -> int | None:
    if not text:
        return None
    ns = instant(text, say.ZONE)
    if ns is None:
        raise invalid(say.ORDER_TIME_INVALID.format(text=text))
    return ns
