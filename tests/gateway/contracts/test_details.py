"""Details against recorded frames of the broker, field by field."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise

import pytest

from tests.data import shared
from tests.gateway.reference import OPEN_NS, world
from workbench.config import load_roots
from workbench.domain.units import SECOND
from workbench.gateway.contracts import Listed, Universe
from workbench.gateway.contracts.chains import FX_CALENDAR
from workbench.gateway.contracts.details import details
from workbench.gateway.contracts.hours import between, liquid_hours, trading_hours
from workbench.wire import ContractData, ContractFields, decode_answer, encode, fields

MAY = round(datetime(2025, 5, 22, 14, tzinfo=UTC).timestamp()) * SECOND  # the recorded frame's day


@cache
def recorded(local_symbol: str, exchange: str) -> list[str]:
    with shared("ib_recorded/wire_frames.jsonl").open() as lines:
        payloads = [json.loads(line)["payload"].split("\0")[:-1] for line in lines]
    return next(each for each in payloads if each[0] == "10" and local_symbol in each and exchange in each)


def now_of(universe_ns: int, **named: object) -> Listed:
    universe = Universe((), load_roots(), lambda: universe_ns)
    (one,) = universe.find(ContractFields(**named))
    return one


def test_a_future_is_told_as_in_the_recorded_frame() -> None:
    real = recorded("ESM5", "CME")
    ours = details(9000, now_of(MAY, con_id=620731015), MAY, 178)
    told = fields(encode(ours, 178))
    different = {n: (a, b) for n, (a, b) in enumerate(zip(real, told, strict=True)) if a != b}
    liquid, ev_multiplier = 27, 29
    assert real[liquid].split(";")[:-1] == told[liquid].split(";")[:-1]  # the last entry is the whole session there, for no reason known
    # evMultiplier is empty in this frame, which was written with | for NUL, and 0 in the others
    assert different.keys() == {liquid, ev_multiplier}
    assert told[25] == "US/Central"
    assert told[4] == "20250620 08:30 US/Central"


def test_a_share_is_told_as_in_the_recorded_frame() -> None:
    real = recorded("76792991", "SMART")[:-1]  # it ends with one empty field more than the layout has
    day = round(datetime(2022, 12, 29, 15, tzinfo=UTC).timestamp()) * SECOND
    told = fields(encode(details(9001, now_of(day, con_id=76792991, exchange="SMART"), day, 178), 178))
    different = {n: (a, b) for n, (a, b) in enumerate(zip(real, told, strict=True)) if a != b}
    assert not different
    hours = [n for n, text in enumerate(real) if text.startswith("20221229:")]
    assert len(hours) == 2
    assert [told[n] for n in hours] == [real[n] for n in hours]
    assert "26," * 23 + "26" in told


def test_details_come_back_from_every_version_as_they_were_sent() -> None:
    here = world()
    for version in (157, 163, 164, 173, 174, 176, 178):
        for listed in map(here.universe.listed_of, here.universe.contracts):
            message = details(7, listed, here.now_ns, version)
            back = decode_answer(fields(encode(message, version)), version)
            assert isinstance(back, ContractData)
            assert back.contract.con_id == listed.con_id
            assert back.trading_hours == message.trading_hours
            assert back.market_rule_ids.count(",") + 1 == len(listed.exchanges)


def test_time_and_zone_of_the_last_day_are_said_from_version_174_on() -> None:
    listed = now_of(OPEN_NS, con_id=515416632)
    assert details(1, listed, OPEN_NS, 178).last_trade == "20261218 08:30 US/Central"
    assert details(1, listed, OPEN_NS, 173).last_trade == "20261218"


def at(*when: int) -> int:
    return round(datetime(*when, tzinfo=UTC).timestamp()) * SECOND


@pytest.mark.parametrize(
    ("symbol", "now", "trading", "liquid"),
    [
        # Thanksgiving: the future closes at noon in Chicago and opens again at 17:00, the stock exchange stays shut
        (
            "ES",
            at(2026, 11, 25, 15),
            "20261125:1700-20261126:1200;20261126:1700-20261127:1215",
            "20261125:1700-20261126:1200;20261127:0830",
        ),
        ("SPY", at(2026, 11, 25, 15), "20261126:CLOSED;20261127:0400-20261127:1700", "20261126:CLOSED;20261127:0930-20261127:1300"),
        # clocks go back on 1 November: the Sunday's session opens at 17:00 in Chicago all the same
        ("ES", at(2026, 10, 30, 15), "20261031:CLOSED;20261101:1700-20261102:1600", "20261031:CLOSED;20261101:CLOSED;20261102:0830"),
        # and forward on 14 March 2027
        ("ES", at(2027, 3, 12, 15), "20270313:CLOSED;20270314:1700-20270315:1600", "20270313:CLOSED;20270314:CLOSED;20270315:0830"),
        # a Good Friday without a session
        ("ES", at(2025, 4, 17, 15), "20250418:CLOSED;20250419:CLOSED;20250420:1700-20250421:1600", "20250418:CLOSED;20250419:CLOSED"),
        ("EUR.USD", at(2026, 11, 20, 15), "20261119:1715-20261120:1700;20261121:CLOSED;20261122:1715-20261123:1700", ""),
        # Christmas
        ("SPY", at(2026, 12, 24, 15), "20261224:0400-20261224:1700;20261225:CLOSED;20261226:CLOSED", "20261224:0930-20261224:1300"),
    ],
)
def test_hours_around_holidays_and_clock_changes(symbol: str, now: int, trading: str, liquid: str) -> None:
    kind = {"ES": "FUT", "SPY": "STK", "EUR.USD": "CASH"}[symbol]
    universe = Universe((), load_roots(), lambda: now)
    fitting = universe.find(ContractFields(symbol=symbol.split(".")[0], sec_type=kind))
    assert trading in trading_hours(fitting[0], now)
    assert liquid in liquid_hours(fitting[0], now)
    assert len(trading_hours(fitting[0], now).split(";")) == 6


@pytest.mark.parametrize("calendar", ["CME Globex Equity", "NYSE", "CMEGlobex_CL", "CMEGlobex_GC", FX_CALENDAR])
def test_sessions_follow_one_another_and_hold_their_regular_part(calendar: str) -> None:
    found = between(calendar, date(2024, 1, 1), date(2027, 6, 30))
    assert len(found) > 840
    for one, after in pairwise(found):
        assert one.open_ns <= one.regular[0] < one.regular[1] <= one.close_ns <= after.open_ns
        assert one.session < after.session
