"""Generic ticks: which numbers a client may ask for with a line, and what each brings. The list is IB's; much of it this market has not.

What is told once, at the beginning, is in `at_first`; what follows prints, in `after_prints`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

from workbench.domain.contracts import ContractType
from workbench.domain.units import MS
from workbench.gateway import behaviour
from workbench.gateway.streams.market import Market
from workbench.wire import Answer, TickGeneric, TickPrice, TickSize, TickString

Tick = tuple[type[Answer], tuple[Any, ...]]  # a message without its request id
NOTHING: Final[frozenset[int]] = frozenset()
ONLY: Final = "mdoff"  # news only: leave out bid, ask and last
RT_VOLUME, RT_TRADE_VOLUME = 48, 77


class Wanted(NamedTuple):
    """What a list of generic ticks asks for."""

    numbers: frozenset[int]
    is_off: bool  # mdoff
    wrong: tuple[str, ...]  # what is no generic tick


def read(text: str) -> Wanted:
    """Read a list of generic ticks: numbers parted by commas, each perhaps with a provider behind a colon.

    >>> read("233,588"), read("mdoff,292:BRFG").numbers, read("104").wrong
    (Wanted(numbers=frozenset({233, 588}), is_off=False, wrong=()), frozenset({292}), ('104',))
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    plain = [part.split(":")[0] for part in parts if part != ONLY]
    wrong = tuple(part for part in plain if not (part.isascii() and part.isdigit()) or int(part[:9]) not in behaviour.GENERIC_TICKS)
    return Wanted(frozenset(int(part) for part in plain) if not wrong else NOTHING, ONLY in parts, wrong)


def refusal(text: str, sec_type: str) -> str:
    """Write what TWS says to a list it does not take."""
    legal = ",".join(f"{number}({name})" for number, name in behaviour.GENERIC_TICKS.items() if number != behaviour.NEWS)
    return behaviour.WRONG_GENERIC_TICKS.format(ticks=text, sec_type=sec_type, legal=legal)


def at_first(market: Market, wanted: frozenset[int]) -> Iterator[Tick]:
    """Give what is told once, when the line begins."""
    kind = market.contract.type
    if 101 in wanted and kind is ContractType.STOCK:
        yield TickSize, (27, behaviour.OPEN_INTEREST)
        yield TickSize, (28, behaviour.OPEN_INTEREST)
    for asked, tick in ((101, 22), (588, 86)):
        if asked in wanted and kind is ContractType.FUTURE:
            yield TickSize, (tick, behaviour.OPEN_INTEREST)
    if 100 in wanted and kind is ContractType.STOCK:
        yield TickSize, (29, 0)
        yield TickSize, (30, 0)
    if 106 in wanted:
        yield TickGeneric, (24, Decimal(behaviour.IMPLIED_VOLATILITY))
    if 165 in wanted:
        yield from _ranges(market)
    if 236 in wanted and kind is ContractType.STOCK:
        yield TickGeneric, (46, Decimal(behaviour.SHORTABLE))
        yield TickSize, (89, behaviour.SHORTABLE_SHARES)
    if 411 in wanted:
        yield TickGeneric, (58, Decimal(behaviour.IMPLIED_VOLATILITY))
    yield from after_prints(market, wanted, 0)


def _ranges(market: Market) -> Iterator[Tick]:
    """Give lows and highs of 13, 26 and 52 weeks, and the average volume: of the tape, which is all there is."""
    if market.low is not None and market.high is not None:
        for low in (15, 17, 19):
            yield TickPrice, (low, market.units.price(market.low), 0, 0)
            yield TickPrice, (low + 1, market.units.price(market.high), 0, 0)
        yield TickSize, (21, market.units.size(market.volume))


def after_prints(market: Market, wanted: frozenset[int], n_new: int) -> Iterator[Tick]:
    """Give what changes with a print; `n_new` prints came since the last time, 0 when the line begins."""
    if market.last is None:
        return
    units = market.units
    if wanted & {221, 232}:
        yield TickPrice, (37, units.price(market.last), 0, 0)
    for asked, tick in ((233, RT_VOLUME), (375, RT_TRADE_VOLUME)):
        if asked in wanted:
            yield TickString, (tick, rt_volume(market, n_new))
    if 293 in wanted:
        yield TickGeneric, (54, market.n_prints)
    if 318 in wanted:
        yield TickPrice, (57, units.price(market.last), 0, 0)


def rt_volume(market: Market, n_new: int) -> str:
    """Write ``price;size;ms;volume;vwap;single`` of the last print; single says that it was the only one since the last time."""
    if market.last is None:
        return ""
    units = market.units
    vwap = market.contract.to_pts(market.turnover) / market.volume if market.volume else units.price(market.last)
    single = "true" if n_new == 1 else "false"
    size, volume = units.size(market.last_sz), units.size(market.volume)
    return f"{units.price(market.last)};{size};{market.last_ns // MS};{volume};{vwap};{single}"
