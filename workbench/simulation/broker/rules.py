"""How one order meets one quote, print or bar: pure integer functions, the rules of `simulation.matching` said once more for IB's types.

The compiled exchange and these functions must give the same fills for what both know (market, limit, stop); a property test shows it
(`tests/simulation/broker/test_parity.py`). Size, accounts and groups are not decided here.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.simulation.broker.orders import AS_STOP, Type
from workbench.simulation.matching.models import Slippage


class Meeting(NamedTuple):
    """What became of it: the order is (now) set off, and it would fill at ``px``; `None`: it does not."""

    is_triggered: bool
    px: int | None


NOTHING, SET_OFF = Meeting(False, None), Meeting(True, None)


def worse(a: int, b: int, side: int) -> int:
    """Give the worse of two prices for who buys (side 1) or sells (-1).

    >>> worse(99, 100, 1), worse(99, 100, -1)
    (100, 99)
    """
    return max(a, b) if side > 0 else min(a, b)


def is_reached(kind: Type, side: int, level: int, px: int) -> bool:
    """Tell whether price `px` sets an order off: a stop when it runs against the order, a touched one when it comes its way.

    >>> is_reached(Type.STOP, 1, 100, 100), is_reached(Type.TOUCHED, 1, 100, 101)
    (True, False)
    """
    beyond = (px - level) * side
    return beyond >= 0 if kind in AS_STOP else beyond <= 0


def meet_quote(
    kind: Type, side: int, *, limit_px: int | None, stop_px: int | None, is_triggered: bool, far: int, tick: int, slip: Slippage
) -> Meeting:
    """Let an order meet a new quote whose far side (ask for who buys) is `far`.

    A market order takes the quote; a limit needs the far side at its price and fills at its own; a stop takes the worse of level and
    quote, the very quote that set it off included; what was touched goes on as a market or limit order.

    >>> from workbench.simulation.matching.models import PLAIN
    >>> meet_quote(Type.STOP, -1, limit_px=None, stop_px=100, is_triggered=False, far=98, tick=1, slip=PLAIN.slippage)
    Meeting(is_triggered=True, px=98)
    >>> meet_quote(Type.LIMIT, 1, limit_px=100, stop_px=None, is_triggered=False, far=99, tick=1, slip=PLAIN.slippage)
    Meeting(is_triggered=False, px=100)
    """
    if kind is Type.MARKET:
        return Meeting(False, far + side * slip.market_ticks * tick)
    if kind is not Type.LIMIT and not is_triggered and (stop_px is None or not is_reached(kind, side, stop_px, far)):
        return NOTHING
    if limit_px is not None and kind in (Type.LIMIT, Type.STOP_LIMIT, Type.LIMIT_TOUCHED):
        return Meeting(kind is not Type.LIMIT, limit_px if (far - limit_px) * side <= 0 else None)
    if kind is Type.TOUCHED or stop_px is None:
        return Meeting(True, far + side * slip.market_ticks * tick)
    return Meeting(True, worse(far, stop_px, side) + side * slip.stop_ticks * tick)


def meet_print(kind: Type, side: int, *, limit_px: int | None, stop_px: int | None, is_triggered: bool, px: int) -> Meeting:
    """Let an order meet a print: it goes through a limit, or sets off what waits for it; what it sets off takes later quotes.

    >>> meet_print(Type.LIMIT, 1, limit_px=100, stop_px=None, is_triggered=False, px=100)
    Meeting(is_triggered=False, px=None)
    >>> meet_print(Type.LIMIT, 1, limit_px=100, stop_px=None, is_triggered=False, px=99)
    Meeting(is_triggered=False, px=100)
    """
    if kind is Type.MARKET:
        return NOTHING
    if kind is not Type.LIMIT and not is_triggered:
        return SET_OFF if stop_px is not None and is_reached(kind, side, stop_px, px) else NOTHING
    if limit_px is None or kind in (Type.STOP, Type.TRAIL, Type.TOUCHED):
        return SET_OFF
    return Meeting(kind is not Type.LIMIT, limit_px if (limit_px - px) * side > 0 else None)


def trail(side: int, *, stop_px: int | None, near: int, trail_px: int | None, trail_ppm: int | None, tick: int) -> int | None:
    """Give where a trailing stop stands after a quote whose near side (what the order would follow) is `near`; it never goes back.

    It follows the side it would be filled at: a sell the bid, a buy the ask. The distance is rounded up to the order tick.

    >>> trail(-1, stop_px=None, near=1_000, trail_px=8, trail_ppm=None, tick=1)
    992
    >>> trail(-1, stop_px=992, near=998, trail_px=8, trail_ppm=None, tick=1)
    992
    >>> trail(1, stop_px=None, near=1_000, trail_px=None, trail_ppm=15_000, tick=4)   # 1.5 % is 15, rounded up to 16
    1016
    """
    away = trail_px if trail_px is not None else None if trail_ppm is None else -(-abs(near) * trail_ppm // 1_000_000)
    if away is None:
        return stop_px
    level = near + side * away
    level -= level % tick if side < 0 else -(-level % tick)
    if stop_px is None:
        return level
    return max(stop_px, level) if side < 0 else min(stop_px, level)
