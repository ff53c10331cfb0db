"""How numbers and times are written on a page: one way each. Text only; no arithmetic beyond the unit."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from workbench.domain.contracts import Contract
from workbench.domain.units import MICROS, SECOND
from workbench.research.words import MINUS

NOT_KNOWN: Final = "\N{EN DASH}"


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def at(ns: int, zone: str) -> datetime:
    """Give an instant in a time zone, whole microseconds.

    >>> at(1_795_124_940 * SECOND, "America/New_York").isoformat()
    '2026-11-19T16:49:00-05:00'
    """
    return datetime.fromtimestamp(ns // SECOND, UTC).replace(microsecond=ns % SECOND // 1_000).astimezone(_zone(zone))


def clock(ns: int | None, zone: str, *, seconds: bool = False) -> str:
    """Write a time of day.

    >>> clock(1_795_124_940 * SECOND, "UTC"), clock(None, "UTC") == NOT_KNOWN
    ('21:49', True)
    """
    return NOT_KNOWN if ns is None else at(ns, zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def money(micros: int | None, *, signed: bool = False, cents: bool = True) -> str:
    """Write an amount as a person reads it.

    >>> money(1_234_567_890, signed=True), money(0, signed=True), money(-12_500_000) == MINUS + "12.50"
    ('+1,234.57', '0.00', True)
    """
    if micros is None:
        return NOT_KNOWN
    text = f"{abs(micros) / MICROS:,.2f}" if cents else f"{abs(micros) / MICROS:,.0f}"
    is_zero = not any(letter in "123456789" for letter in text)
    return text if is_zero else f"{MINUS}{text}" if micros < 0 else f"+{text}" if signed else text


def usd(value: float) -> str:
    """Write dollars that are no micros: a limit, a measure.

    >>> usd(612.4), usd(1_500_000.0)
    ('612', '1,500,000')
    """
    return f"{value:,.0f}".replace("-", MINUS)


def pct(frac: float | None, digits: int = 0) -> str:
    """Write a fraction of 1 in per cent.

    >>> pct(0.514), pct(0.514, 1), pct(None) == NOT_KNOWN
    ('51%', '51.4%', True)
    """
    return NOT_KNOWN if frac is None else f"{frac * 100:.{digits}f}%".replace("-", MINUS)


def pts(value: float | None, digits: int) -> str:
    """Write a price.

    >>> pts(6010.25, 2), pts(None, 2) == NOT_KNOWN
    ('6,010.25', True)
    """
    return NOT_KNOWN if value is None else f"{value:,.{digits}f}".replace("-", MINUS)


def digits_of(contract: Contract) -> int:
    """Count the decimals an order price of this contract needs.

    >>> from workbench.domain.contracts import ContractType
    >>> digits_of(Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...                    calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25"))
    2
    """
    return len(contract.order_increment.rstrip("0").partition(".")[2])


def span(seconds: float | None) -> str:
    """Write how long something took or is ago.

    >>> span(0.42), span(59), span(61), span(7_200)
    ('0.4 s', '59 s', '1 min', '2 h')
    """
    if seconds is None:
        return NOT_KNOWN
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3_600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"


def count(n: int, what: str, plural: str = "") -> str:
    """Write a number of things.

    >>> count(1, "outcome"), count(1_200, "outcome"), count(2, "loss", "losses")
    ('1 outcome', '1,200 outcomes', '2 losses')
    """
    return f"{n:,} {what if n == 1 else plural or what + 's'}"
