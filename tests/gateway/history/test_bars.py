"""Bars of the past: one truth for all sizes, inside hours, the same each time, in the broker's words."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given
from hypothesis import settings as checked
from hypothesis import strategies as st

from tests.data import shared
from tests.gateway.reference import CONTINUOUS, ES, EURO, OPEN_NS, SPY, Desk, Keeper
from workbench.domain.units import MINUTE, SECOND
from workbench.gateway.behaviour import HISTORY_DELAY_MS
from workbench.gateway.contracts.hours import around, day_of
from workbench.gateway.history.asked import SESSIONS, SIZES_S, Span
from workbench.wire import (
    CancelHistoricalData,
    ContractFields,
    HistoricalData,
    HistoricalSchedule,
    HistoricalUpdate,
    ReqHistoricalData,
    decode_answer,
    encode,
    fields,
)

DESK = Desk()
CHICAGO, NEW_YORK = ZoneInfo("US/Central"), ZoneInfo("US/Eastern")


def frozen() -> Desk:
    """A desk whose clock stands still between requests, at nine minutes of the tape."""
    DESK.world.now_ns = OPEN_NS + 9 * MINUTE
    DESK.history._pacing.__init__()
    return DESK


def bars(contract: ContractFields = ES, **asked: Any) -> Any:
    return frozen().bars(contract, **asked)


def seconds(bar: Any) -> int:
    return int(bar.date)


def summed(parts: list[Any]) -> tuple[Any, ...]:
    volume = sum(each.volume for each in parts)
    wap = pytest.approx(sum(each.wap * each.volume for each in parts) / volume, abs=1e-5)
    prices = (parts[0].open, max(each.high for each in parts), min(each.low for each in parts), parts[-1].close)
    return (*prices, volume, wap, sum(each.count for each in parts))


def as_told(bar: Any) -> tuple[Any, ...]:
    return (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.count)


ENDS = st.integers(OPEN_NS // SECOND - 60 * 86_400, OPEN_NS // SECOND + 540)


def at(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y%m%d-%H:%M:%S}"


@given(ENDS, st.sampled_from([("30 secs", "1 min"), ("1 min", "5 mins"), ("5 mins", "1 hour"), ("1 min", "1 day")]), st.booleans())
@checked(derandomize=True, max_examples=12, deadline=None, phases=(Phase.explicit, Phase.generate))
def test_larger_bars_are_sums_of_smaller_ones(end: int, sizes: tuple[str, str], is_regular: bool) -> None:
    small, large = (bars(end=at(end), duration="2 D", bar_size=each, use_rth=is_regular, format_date=2) for each in sizes)
    assert large
    by_large = defaultdict(list)
    starts = [seconds(each) for each in large] if sizes[1] != "1 day" else []
    for each in small:
        if sizes[1] == "1 day":
            local = datetime.fromtimestamp(seconds(each) + 7 * 3600, CHICAGO)  # a session that opens at 17:00 counts for the next day
            by_large[f"{local:%Y%m%d}"].append(each)
        else:
            by_large[str(starts[bisect_right(starts, seconds(each)) - 1])].append(each)
    assert [as_told(each) for each in large] == [summed(by_large[each.date]) for each in large]


@given(ENDS, st.sampled_from(["1 min", "15 mins", "1 hour", "4 hours"]), st.booleans(), st.sampled_from([ES, SPY]))
@checked(derandomize=True, max_examples=12, deadline=None, phases=(Phase.explicit, Phase.generate))
def test_bars_lie_inside_the_hours_and_rise(end: int, size: str, is_regular: bool, contract: ContractFields) -> None:
    found = bars(contract, end=at(end), duration="3 D", bar_size=size, use_rth=is_regular, format_date=2)
    zone = CHICAGO if contract is ES else NEW_YORK
    assert all(one < after for one, after in pairwise(map(seconds, found)))
    for each in found:
        clock = f"{datetime.fromtimestamp(seconds(each), zone):%H:%M}"
        assert seconds(each) < end or seconds(each) < OPEN_NS // SECOND + 540
        if contract is ES:
            assert "08:30" <= clock < "16:00" if is_regular else not "16:00" <= clock < "17:00"
        else:
            assert "09:30" <= clock < "16:00" if is_regular else "04:00" <= clock < "20:00"
        assert each.low <= min(each.open, each.close) <= max(each.open, each.close) <= each.high
        assert each.low <= each.wap <= each.high
        assert each.volume >= each.count > 0
        assert (each.open / 0.25 if contract is ES else round(each.open / 0.01, 6)) % 1 == 0


def test_the_same_request_gives_the_same_bars_whatever_was_asked_before() -> None:
    asked = {"end": "20260901-20:00:00", "duration": "2 D", "bar_size": "1 min"}
    first = Desk().bars(ES, **asked)
    other = Desk()
    other.bars(SPY, end="20250901-20:00:00", duration="1 M", bar_size="1 day")
    other.bars(CONTINUOUS, duration="5 D", bar_size="1 hour")
    assert other.bars(ES, **asked) == first == other.bars(ES, **asked)
    assert Desk(OPEN_NS + MINUTE).bars(ES, **asked) == first


def test_the_past_runs_into_the_tape() -> None:
    desk = frozen()
    listed = desk.world.universe.one(ES)
    source = desk.history._source
    one = around(listed.calendar, source.now_ns)
    prints = source.prints(listed, one, OPEN_NS - 10 * MINUTE, OPEN_NS + MINUTE)
    join = int((prints.ns < OPEN_NS).sum())
    assert 10 < join < len(prints.ns)
    assert abs(int(prints.px[join]) - int(prints.px[join - 1])) <= 8  # two points of ES
    tape = desk.world.tape
    mine = tape[(tape["contract"] == 1) & (tape["kind"] == 2) & (tape["recv_ns"] < OPEN_NS + MINUTE)]
    assert prints.px[join:].tolist() == mine["px"].tolist()


def test_nothing_later_than_the_clock_is_told() -> None:
    late = Desk(OPEN_NS + 3 * MINUTE + 20 * SECOND)
    found = late.bars(ES, duration="600 S", bar_size="1 min", format_date=2)
    assert seconds(found[-1]) == OPEN_NS // SECOND + 180  # the one that forms
    assert found[:-1] == tuple(each for each in bars(duration="3600 S", bar_size="1 min", format_date=2) if each in found[:-1])


@pytest.mark.parametrize("size", [*SIZES_S, *SESSIONS])
def test_every_size_is_answered(size: str) -> None:
    span = "1800 S" if size == "1 secs" else "1 D" if size in SIZES_S else "2 M"
    found = bars(duration=span, bar_size=size)
    assert len(found) >= 1
    if size in SESSIONS:
        assert all(len(each.date) == 8 for each in found)


def test_a_bar_begins_on_the_exchanges_clock_or_with_its_session() -> None:
    hours = bars(SPY, end="20261119 16:00:00 US/Eastern", duration="1 D", bar_size="1 hour", use_rth=True)
    assert [each.date[9:14] for each in hours] == ["09:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00"]
    night = bars(end="20261103 16:00:00 US/Central", duration="2 D", bar_size="4 hours")  # the clocks went back on the 1st
    assert [each.date[9:14] for each in night] == ["17:00", "20:00", "00:00", "04:00", "08:00", "12:00"] * 2
    early = bars(SPY, end="20251128 20:00:00 US/Eastern", duration="1 D", bar_size="30 mins", use_rth=True)
    assert early[-1].date == "20251128 12:30:00 US/Eastern"  # the day after Thanksgiving closes at 13:00


def test_days_count_sessions_and_weeks_the_calendar() -> None:
    days = bars(end="20261130-22:30:00", duration="3 D", bar_size="1 day")
    assert [each.date for each in days] == ["20261118", "20261119", "20261120"]
    thanksgiving = Desk(OPEN_NS).bars(SPY, end="20251128 20:00:00 US/Eastern", duration="3 D", bar_size="1 day", use_rth=True)
    assert [each.date for each in thanksgiving] == ["20251125", "20251126", "20251128"]
    week = bars(end="20261106 17:00:00 US/Central", duration="1 W", bar_size="1 day")
    assert [each.date for each in week] == ["20261102", "20261103", "20261104", "20261105", "20261106"]
    months = bars(end="20261031-00:00:00", duration="3 M", bar_size="1 month")
    assert [each.date for each in months] == ["20260731", "20260831", "20260930", "20261030"]
    weeks = bars(end="20261031-00:00:00", duration="2 W", bar_size="1 week")
    assert [each.date for each in weeks] == ["20261023", "20261030"]


def test_seconds_count_open_time_across_a_weekend() -> None:
    found = bars(end="20261115 17:10:00 US/Central", duration="1800 S", bar_size="5 mins")
    assert found[0].date >= "20261113 15:40:00 US/Central"
    assert {each.date[:8] for each in found} == {"20261113", "20261115"}


def test_forms_of_an_end_mean_the_same_time() -> None:
    forms = (
        "20261119-21:00:00",
        "20261119 15:00:00 US/Central",
        "20261119 16:00:00 America/New_York",
        "20261119 15:00:00",
        "20261119 21:00:00 UTC",
    )
    found = [bars(end=each, duration="1 D", bar_size="30 mins") for each in forms]
    assert all(each == found[0] for each in found)
    assert found[0][-1].date == "20261119 14:30:00 US/Central"
    assert bars(end="tomorrow")[1] == 10314


def test_dates_are_written_as_in_recorded_frames() -> None:
    with shared("ib_recorded/wire_frames.jsonl").open() as lines:
        payloads = [json.loads(line)["payload"] for line in lines]
    real = decode_answer(next(each for each in payloads if each.startswith("17\0")).split("\0")[:-1], 173)
    assert isinstance(real, HistoricalData)
    desk = Desk()
    client = Keeper(version=173)
    ask = ReqHistoricalData(req_id=9000, contract=SPY, end="20261114 16:31:22", duration="2 D", bar_size="1 day", use_rth=True)
    (ours,) = desk.ask(ask, client).got
    assert isinstance(ours, HistoricalData)
    assert (real.start, real.end) == ("20230413  16:31:22", "20230415  16:31:22")  # a Saturday
    assert (ours.start, ours.end) == ("20261112  16:31:22", "20261114  16:31:22")
    assert [each.date for each in real.bars] == ["20230413", "20230414"]
    assert [each.date for each in ours.bars] == ["20261112", "20261113"]
    desk.pass_ms(20_000)
    (newer,) = desk.ask(ask).got
    assert isinstance(newer, HistoricalData)
    assert (newer.start, newer.end) == ("20261112 16:31:22 US/Eastern", "20261114 16:31:22 US/Eastern")  # as in transcripts of 2026
    assert decode_answer(fields(encode(newer, 178)), 178).bars[0].date == "20261112"


def test_days_are_eight_figures_in_either_form() -> None:
    assert bars(duration="1 D", bar_size="1 day", format_date=2)[0].date == "20261120"
    assert bars(duration="600 S", bar_size="1 min", format_date=2)[-1].date == str(OPEN_NS // SECOND + 540)
    assert bars(duration="600 S", bar_size="1 min")[-1].date == "20261120 08:39:00 US/Central"


def test_quotes_make_bars_without_volume() -> None:
    sides = {
        what: bars(end="20261118-20:00:00", duration="1 D", bar_size="5 mins", what=what) for what in ("BID", "ASK", "MIDPOINT", "BID_ASK")
    }
    for bid, ask, middle, both in zip(*sides.values(), strict=True):
        assert bid.date == ask.date == middle.date == both.date
        assert (bid.volume, bid.wap, bid.count) == (-1, -1.0, -1)
        assert bid.open < ask.open
        assert middle.open == (bid.open + ask.open) / 2
        assert (both.high, both.low) == (ask.high, bid.low)
        assert both.low <= both.open < both.close <= both.high


def test_what_has_nothing_says_so() -> None:
    assert bars(EURO) == (
        1, 162, "Historical Market Data Service error message:HMDS query returned no data: EUR.USD@IDEALPRO Trades",
    )  # fmt: skip
    assert bars(EURO, what="MIDPOINT")[0].volume == -1
    assert "no data: ESZ6@CME Trades" in bars(end="20240102-00:00:00")[2]  # before it was listed
    old = bars(SPY, end="20250102-20:00:00", duration="1800 S", bar_size="1 secs")
    assert "no data: SPY@SMART Trades" in old[2]  # small bars are kept for half a year
    assert bars(what="OPTION_IMPLIED_VOLATILITY", bar_size="1 day")[1] == 162


def test_what_has_ended_is_told_when_asked_for() -> None:
    ended = ContractFields(symbol="ES", sec_type="FUT", exchange="CME", last_trade="202512")
    assert bars(ended, end="20251218-20:00:00")[:2] == (1, 200)
    with_expired = ContractFields(symbol="ES", sec_type="FUT", exchange="CME", last_trade="202512", include_expired=True)
    found = bars(with_expired, duration="6 D", bar_size="1 day", end="20260301-00:00:00")
    assert found[-1].date == "20251219"
    last = bars(with_expired, duration="1 D", bar_size="1 hour", end="20260301-00:00:00")
    assert last[-1].date == "20251219 08:00:00 US/Central"  # trading ended at 8:30


def test_what_is_continuous_reaches_back_over_rolls() -> None:
    found = bars(CONTINUOUS, duration="2 Y", bar_size="1 week")
    assert len(found) > 100
    assert all(each.volume > 100_000 for each in found)
    recent = bars(CONTINUOUS, duration="5 D", bar_size="1 hour")
    assert recent == bars(ES, duration="5 D", bar_size="1 hour")
    assert bars(CONTINUOUS, end="20261101-00:00:00")[1:] == (
        10339, "Setting end date/time for continuous future security type is not allowed.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "code", "text"),
    [
        ({"bar_size": "1 sec"}, 321, "Historical data bar size setting is invalid. Legal ones are: 1 secs,"),
        ({"duration": "2 X"}, 321, "duration format is integer{SPACE}unit (S|D|W|M|Y)."),
        ({"duration": ""}, 321, "duration not specified"),
        ({"duration": "366 D"}, 321, "longer than 365 days must be made in years."),
        ({"duration": "13 M"}, 321, "longer than 12 months must be made in years."),
        ({"duration": "86401 S"}, 321, "greater than 86400 seconds rejected."),
        ({"duration": "0 D"}, 321, "duration is invalid"),
        ({"what": "NONSENSE"}, 321, "What to show"),
        ({"format_date": 7}, 321, "Date formatting selection of 7 rejected."),
        ({"duration": "1 D", "bar_size": "1 secs"}, 162, "Time length exceed max."),
        ({"duration": "1 M", "bar_size": "10 secs"}, 162, "Time length exceed max."),
        ({"keep_up_to_date": True, "end": "20261101-00:00:00"}, 321, "End date not supported with live updates"),
        ({"keep_up_to_date": True, "what": "BID_ASK"}, 321, "Source price not supported with live updates"),
        ({"what": "SCHEDULE", "bar_size": "1 min"}, 321, "Only daily resolution supported for Schedule requests"),
        ({"what": "ADJUSTED_LAST", "end": "20261101-00:00:00"}, 321, "End date not supported with adjusted last"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_the_brokers_words(asked: dict[str, Any], code: int, text: str) -> None:
    req_id, told_code, told = bars(**asked)
    assert (req_id, told_code) == (1, code)
    assert text in told


def test_a_schedule_lists_sessions_in_the_exchanges_zone() -> None:
    client = frozen().ask(ReqHistoricalData(req_id=4, contract=SPY, what="SCHEDULE", bar_size="1 day", duration="3 D", use_rth=True))
    (told,) = client.got
    assert isinstance(told, HistoricalSchedule)
    assert (told.start, told.end, told.zone) == ("20261118-09:30:00", "20261120-16:00:00", "US/Eastern")
    assert [(each.start, each.end, each.day) for each in told.sessions][-1] == ("20261120-09:30:00", "20261120-16:00:00", "20261120")


def test_bars_that_are_kept_up_to_date_follow_every_five_seconds() -> None:
    desk, client = Desk(OPEN_NS + MINUTE), Keeper()
    desk.ask(ReqHistoricalData(req_id=8, contract=ES, duration="600 S", bar_size="1 min", format_date=2, keep_up_to_date=True), client)
    assert isinstance(client.got[0], HistoricalData)
    desk.pass_ms(3 * 60_000 + 20_000)
    updates = [each for each in client.got if isinstance(each, HistoricalUpdate)]
    assert 35 <= len(updates) <= 45
    final = {each.date: each for each in updates}
    assert [int(each) - OPEN_NS // SECOND for each in final] == [60, 120, 180, 240]
    asked_later = {each.date: each for each in desk.bars(ES, duration="600 S", bar_size="1 min", format_date=2)}
    for date, last in list(final.items())[:-1]:
        bar = asked_later[date]
        assert (last.open, last.high, last.low, last.close, last.volume, last.count) == (
            bar.open, bar.high, bar.low, bar.close, bar.volume, bar.count,
        )  # fmt: skip
    desk.ask(CancelHistoricalData(8), client)
    assert client.errors[-1] == (8, 162, "Historical Market Data Service error message:API historical data query cancelled: 8")
    n = len(client.got)
    desk.pass_ms(30_000)
    assert len(client.got) == n
    assert desk.history.next_due_ns() is None


def test_a_request_can_be_cancelled_before_it_is_answered() -> None:
    desk, client = Desk(), Keeper()
    desk.history.answer(client, ReqHistoricalData(req_id=5, contract=ES))
    desk.history.answer(client, ReqHistoricalData(req_id=5, contract=ES))
    assert client.errors.pop()[1] == 322
    assert desk.history.next_due_ns() == desk.world.now_ns + HISTORY_DELAY_MS * 1_000_000
    desk.ask(CancelHistoricalData(5), client)
    assert client.got == []
    assert [each[:2] for each in client.errors] == [(5, 162)]
    desk.ask(CancelHistoricalData(5), client)
    assert client.errors[-1] == (5, 366, "No historical data query found for ticker id:5")


def test_who_leaves_is_forgotten() -> None:
    desk, client = Desk(), Keeper()
    desk.ask(ReqHistoricalData(req_id=1, contract=ES, duration="600 S", keep_up_to_date=True), client)
    desk.history.answer(client, ReqHistoricalData(req_id=2, contract=SPY))
    desk.history.left(client)
    assert desk.history.next_due_ns() is None


@given(st.integers(1, 400), st.sampled_from("SDWMY"))
@checked(derandomize=True, max_examples=60)
def test_a_span_goes_back(n: int, unit: str) -> None:
    end = datetime(2026, 11, 20, 16)  # noqa: DTZ001  a clock on a wall
    start = Span(min(n, 60) if unit == "Y" else n, unit).before(end)
    assert start < end
    assert day_of(start.year * 10_000 + start.month * 100 + start.day) == start.date()
