"""The account's day rolls once a session and never back, whatever clocks, holidays and early closes do; and all its counters with it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.calendars.clocks import NEW_YORK, PRODUCTS, ns
from tests.engine.hand import ACCOUNT, Hand, law, setup
from workbench import calendars
from workbench.calendars import Table
from workbench.config import load_roots
from workbench.domain.units import MINUTE, SECOND
from workbench.engine import margin
from workbench.engine.observing import observe
from workbench.runtime.build import _account_days, _closes

pytestmark = pytest.mark.covers("S0-06", "S4-20")
FIRST, LAST = 20260101, 20271231
SHORT = ("2026-10-31", "2026-11-01", "2026-11-02", "2026-11-26", "2026-11-27", "2026-12-24", "2027-03-13", "2027-03-14", "2027-03-15")


class Year(NamedTuple):
    """Two years of a product, as a runner cuts them."""

    table: Table
    days: tuple[tuple[int, int], ...]
    closes: tuple[int, ...]
    minutes: np.ndarray


@cache
def two_years(product: str) -> Year:
    calendar = load_roots()[product].calendar
    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * SECOND for year in (2026, 2028))
    table = calendars.around(calendar, [first, last - 1])
    return Year(table, _account_days(calendar, FIRST, LAST), _closes(calendar, FIRST, LAST), np.arange(first, last, MINUTE))


def sampled(of: Year) -> np.ndarray:
    """Minutes around every open and close, every 97th of all, and whole days where clocks change or the exchange closes early."""
    inside = of.minutes
    edges = np.concatenate([of.table.columns.opens, of.table.columns.closes])
    around = (edges[:, None] // MINUTE + np.arange(-1, 3)).ravel() * MINUTE
    whole = np.concatenate([inside[(inside >= ns(f"{day} 00:00")) & (inside < ns(f"{day} 23:59"))] for day in SHORT])
    made = np.unique(np.concatenate([around, inside[::97], whole]))
    return made[(made >= inside[0]) & (made <= inside[-1])]


def rolls_once_a_session(of: Year, minutes: np.ndarray, observed_each: int) -> None:
    """Let a desk live through these minutes, marking every counter behind each roll."""
    hand = Hand(setup(by=law(ask_margin=True), account_days=of.days, closes={1: of.closes}), now_ns=int(minutes[0]))
    desk, expected = hand.engine.desk, of.table.account_day(minutes).tolist()
    ledger, tally, rolled, before = desk.ledger, desk.memory.tally, [], None
    for n, (now_ns, day) in enumerate(zip(minutes.tolist(), expected, strict=True)):
        desk.begin_day(now_ns)
        today = ledger.days[ACCOUNT]
        if today is not before:
            assert today.n_entries == 0 and ledger.losses_in_row(ACCOUNT) == 0
            rolled.append(today.day)
            before, today.n_entries, ledger.losses[ACCOUNT] = today, 7, 3
            observe(desk, now_ns)
            assert (tally.day, tally.first_ref) == (day, desk.memory.book.next_ref)
            assert margin.known(desk, 1) == {} and tally.margins.day == day
            tally.first_ref, tally.margins.told[1] = -1, {"+1": 1}
        elif n % observed_each == 0:
            observe(desk, now_ns)
            assert margin.known(desk, 1) == {"+1": 1} and tally.first_ref == -1
        assert today.day == day and today.n_entries == 7
    assert all(a < b for a, b in pairwise(rolled))
    opened = of.table.columns.names[(of.table.columns.opens > minutes[0]) & (of.table.columns.opens <= minutes[-1])]
    assert rolled[1:] == opened.tolist() and len(opened) > 480


@pytest.mark.parametrize("product", PRODUCTS)
def test_counters_roll_once_a_session_around_every_open_and_close_of_two_years(product: str) -> None:
    of = two_years(product)
    rolls_once_a_session(of, sampled(of), 1)


@pytest.mark.proof
@pytest.mark.parametrize("product", PRODUCTS)
def test_counters_roll_once_a_session_in_every_minute_of_two_years(product: str) -> None:
    of = two_years(product)
    assert len(of.minutes) == 730 * 24 * 60
    rolls_once_a_session(of, of.minutes, 60)


def utc(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // SECOND, UTC):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("session", "opens"),
    [
        (20261030, "2026-10-29 22:00"), (20261102, "2026-11-01 23:00"), (20261103, "2026-11-02 23:00"),  # summer time ends
        (20270312, "2027-03-11 23:00"), (20270315, "2027-03-14 22:00"), (20270316, "2027-03-15 22:00"),  # and begins
        (20261126, "2026-11-25 23:00"), (20261127, "2026-11-26 23:00"), (20261130, "2026-11-29 23:00"),  # Thanksgiving
        (20261224, "2026-12-23 23:00"), (20261228, "2026-12-27 23:00"),  # Christmas
    ],
)  # fmt: skip
def test_a_day_begins_at_17_00_in_chicago_in_winter_and_summer_and_behind_an_early_close(session: int, opens: str) -> None:
    starts = {day: start for start, day in two_years("ES").days}
    assert utc(starts[session]) == opens
    assert datetime.fromtimestamp(starts[session] // SECOND, ZoneInfo("America/Chicago")).hour == 17


def test_an_early_close_ends_no_day_and_a_midnight_neither() -> None:
    of = two_years("ES")
    for day, close, following in (("2026-11-27", "13:15", 20261127), ("2026-12-24", "13:15", 20261224), ("2026-11-26", "13:00", 20261126)):
        close_ns = ns(f"{day} {close}", NEW_YORK)
        assert close_ns in of.closes
        for at_ns in (close_ns - 1, close_ns, close_ns + 1, ns(f"{day} 00:00", NEW_YORK), ns(f"{day} 17:59", NEW_YORK)):
            assert int(of.table.account_day(at_ns)) == following
