"""The small words of titles: money, shares, counts, lists, as a person writes them. Text only; every number comes in ready."""

from __future__ import annotations

from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"


def usd(amount: float, *, signed: bool = True) -> str:
    """Write money.

    >>> usd(12), usd(3, signed=False), usd(-4131.56)[1:]
    ('+12.00 USD', '3.00 USD', '4,131.56 USD')
    """
    sign = MINUS if amount < 0 else "+" if signed and amount > 0 else ""
    return f"{sign}{abs(amount):,.2f} USD"


def points(value: float) -> str:
    """Write a price or a distance, without zeros that say nothing.

    >>> points(6012.25), points(0.1 + 0.2), points(600.0)
    ('6,012.25', '0.3', '600')
    """
    text = f"{abs(value):,.4f}".rstrip("0").rstrip(".")
    return f"{MINUS}{text}" if value < 0 and text != "0" else text


def share(part: float, whole: float) -> str:
    """Write a share in percent, never rounded to all or nothing.

    >>> share(1, 3), share(999, 1000), share(1, 1000), share(0, 5), share(5, 5)
    ('33 %', 'over 99 %', 'under 1 %', '0 %', '100 %')
    """
    if part in (0, whole):
        return "0 %" if part == 0 else "100 %"
    percent = 100 * part / whole
    return "under 1 %" if percent < 0.5 else "over 99 %" if percent >= 99.5 else f"{percent:.0f} %"


def count(n: int, one: str, many: str = "") -> str:
    """Write a number of things.

    >>> count(1, "entry", "entries"), count(13715, "wish", "wishes"), count(0, "print")
    ('1 entry', '13,715 wishes', 'no print')
    """
    if n == 0:
        return f"no {one}"
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listed(items: Sequence[str]) -> str:
    """Write a list.

    >>> listed(["stop", "target", "time"]), listed(["stop"])
    ('stop, target and time', 'stop')
    """
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)
