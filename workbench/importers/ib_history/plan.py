"""What to ask for: which dated contract over which days, cut into questions a broker answers. Pure; asks nobody.

Rules
-----
1. A future is asked for from a roll's length before it leads until it must be left: two months overlap where a series is stitched.
2. A question lies within one session and covers no more than the broker gives at once for bars of that length.
3. What has not ended yet is not asked for: an answer that is kept would be half an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from workbench.calendars import business_days, table
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import ConfigError
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.market.rolls import ROLL_DAYS
from workbench.venues.history import BarsAsked

# bar length [s] -> longest span of one question: IB's table of valid durations and bar sizes, "Historical Bar Data: Step Size"
SPANS_NS: Final = {
    1: 30 * MINUTE,
    5: HOUR,
    10: 4 * HOUR,
    15: 4 * HOUR,
    30: 8 * HOUR,
    60: 24 * HOUR,
    120: 24 * HOUR,
    180: 24 * HOUR,
    300: 24 * HOUR,
    600: 24 * HOUR,
    900: 24 * HOUR,
    1200: 24 * HOUR,
    1800: 24 * HOUR,
    3600: 24 * HOUR,
}
KEPT: Final = timedelta(days=730)  # IB keeps expired futures for two years after their end


class Wanted(NamedTuple):
    """Bars of ``length_s`` (one of `SPANS_NS`) of one root, of sessions `since` to `until`, both included."""

    root: str
    since: date
    until: date
    length_s: int
    regular_hours: bool = False


class Stretch(NamedTuple):
    """One contract over the days it is wanted, both included."""

    contract: Contract
    first: date
    last: date


def stretches(wanted: Wanted, contracts: Sequence[Contract]) -> list[Stretch]:
    """Say which contract is wanted when; `contracts` are those of the root that have history, in any order.

    Raises
    ------
    ConfigError
        None of them reaches into the days wanted.
    """
    if _are_futures(contracts):
        found = list(_chain(wanted, contracts))
    else:
        found = [Stretch(each, wanted.since, wanted.until) for each in contracts]
    if not found:
        raise ConfigError(f"{wanted.root}: no contract has history between {wanted.since} and {wanted.until}")
    return found


def questions(stretch: Stretch, wanted: Wanted, now_ns: int) -> Iterator[BarsAsked]:
    """Cut a stretch into questions, oldest first."""
    most = SPANS_NS[wanted.length_s]
    sessions = table(stretch.contract.calendar, date(stretch.first.year, 1, 1), date(stretch.last.year + 1, 1, 31)).sessions
    first, last = _number(stretch.first), _number(stretch.last)
    for each in sessions:
        if not first <= each.session <= last:
            continue
        start = each.open_ns
        while start < each.close_ns:
            end = min(start + most, each.close_ns)
            if end <= now_ns:
                yield BarsAsked(stretch.contract, start, end, wanted.length_s, wanted.regular_hours)
            start = end


def _chain(wanted: Wanted, contracts: Sequence[Contract]) -> Iterator[Stretch]:
    """Let each month begin a roll's length before the one in front of it must be left."""
    overlap = timedelta(days=2 * ROLL_DAYS)
    begins = date.min
    for contract in sorted(contracts, key=lambda each: each.expiry or ""):
        assert contract.expiry is not None  # a future has one
        ends = date.fromisoformat(contract.expiry)
        first, last = max(begins, wanted.since), min(ends, wanted.until)
        if begins > wanted.until:
            return
        if first <= last:
            yield Stretch(contract, first, last)
        begins = ends - overlap


def _are_futures(contracts: Sequence[Contract]) -> bool:
    return all(each.type is ContractType.FUTURE for each in contracts)


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def since(text: str, today: date) -> date:
    """Understand how far back: ``2y 6mo 3w 10d`` (days of the calendar), or a date ``2026-01-05``.

    >>> since("2y", date(2026, 11, 20)), since("10d", date(2026, 11, 20)), since("2026-01-05", date(2026, 11, 20))
    (datetime.date(2024, 11, 20), datetime.date(2026, 11, 10), datetime.date(2026, 1, 5))
    """
    days = {"d": 1, "w": 7, "mo": 30.4375, "y": 365.25}
    for unit, length in days.items():
        if text.endswith(unit) and text[: -len(unit)].isdigit() and int(text[: -len(unit)]) > 0:
            return today - timedelta(days=int(int(text[: -len(unit)]) * length))
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"since {text!r} is not understood; write 2y, 6mo, 3w, 10d or a date like 2026-01-05") from None
    if day > today:
        raise ConfigError(f"since {day} has not come yet")
    return day


def length_s(text: str) -> int:
    """Understand the length of a bar.

    >>> length_s("5s"), length_s("1m"), length_s("1h")
    (5, 60, 3600)
    """
    found = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0) * (int(text[:-1]) if text[:-1].isdecimal() else 0)
    if found not in SPANS_NS:
        raise ConfigError(f"bars of {text!r} are not to be had; there are 1s 5s 10s 15s 30s 1m 2m 3m 5m 10m 15m 20m 30m 1h")
    return found


def last_session(now_ns: int) -> date:
    """Give the last day that can have ended by `now_ns`."""
    day = datetime.fromtimestamp(now_ns // SECOND, UTC).date()
    return business_days(day - timedelta(days=10), day)[-1]
