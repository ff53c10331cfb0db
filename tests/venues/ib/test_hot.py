"""Frames become records: the same as a reference in plain Python makes of them, however the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.ib.frames import ES, NOW, PAYLOADS, SPY, Listener, cut, joined, payload, reference
from workbench.clock import ManualClock
from workbench.domain.errors import InvariantError, VenueError
from workbench.domain.events import BrokerSaid, ContractTold, VolatilityTold
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME
from workbench.domain.units import SECOND
from workbench.venues.base import Happened
from workbench.venues.ib.streams import N_ROWS, PRINTS, QUOTES, RT_VOLUME, Source

BOTH = BID | ASK


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.lists(PAYLOADS, max_size=40), st.lists(st.integers(0, 4000), max_size=12))
def test_frames_cut_anywhere_become_what_the_reference_says(payloads: list[bytes], places: list[int]) -> None:
    assert Listener().feed(*cut(joined(payloads), places)) == reference(payloads)


@pytest.mark.proof
@settings(max_examples=5_000, derandomize=True, deadline=None)
@given(st.lists(PAYLOADS, max_size=60), st.lists(st.integers(0, 6000), max_size=20))
def test_five_thousand_cuts_of_frames_become_what_the_reference_says(payloads: list[bytes], places: list[int]) -> None:
    assert Listener().feed(*cut(joined(payloads), places)) == reference(payloads)


def level1(req_id: int, kind: int, px: object, sz: object) -> bytes:
    return payload(1, 6, req_id, kind, px, sz, 0)


def size1(req_id: int, kind: int, sz: object) -> bytes:
    return payload(2, 6, req_id, kind, sz)


def told(*payloads: bytes) -> list[object]:
    """What the frames become; records as (kind, px, sz, px2, sz2, side, flags)."""
    log = Listener().feed(joined(payloads))
    return [(r[0], *r[2:6], r[7], r[9]) if isinstance(r, tuple) and len(r) == 10 else r for r in log]


def quote(bid: int, bid_sz: int, ask: int, ask_sz: int, has: int = BOTH) -> tuple[object, ...]:
    return "QUOTE", bid, bid_sz, ask, ask_sz, 0, has | CONFLATED


def test_price_and_size_of_a_message_are_one_record_and_what_changes_nothing_is_none() -> None:
    both = told(level1(1, 1, "6010.25", 3), size1(1, 0, 3), level1(1, 2, "6010.50", 4), size1(1, 0, 5))
    assert both == [quote(24041, 3, 0, 0, BID), quote(24041, 3, 24042, 4), quote(24041, 5, 24042, 4)]


def test_a_side_without_size_is_not_there_and_a_negative_price_with_a_size_is() -> None:
    assert told(level1(1, 1, "-1", 0), level1(1, 2, "0.25", 1)) == [quote(0, 0, 1, 1, ASK)]
    assert told(level1(1, 1, "-1", 2), level1(1, 2, "0.25", 1))[-1] == quote(-4, 2, 1, 1)


def test_a_bid_that_reaches_the_ask_waits_for_it() -> None:
    first = [level1(1, 1, 10, 1), level1(1, 2, "10.25", 1)]
    assert told(*first, level1(1, 1, "10.25", 2), size1(1, 0, 2), level1(1, 2, "10.5", 3))[2:] == [quote(41, 2, 42, 3)]


def test_a_market_that_stays_locked_is_told_with_the_next_price_of_either_side() -> None:
    first = [level1(1, 1, 10, 1), level1(1, 2, "10.25", 1), level1(1, 1, "10.25", 2)]
    assert told(*first, level1(1, 1, "10.25", 3))[2:] == [quote(41, 3, 41, 1)]
    assert told(*first, size1(1, 3, 7))[2:] == [quote(41, 2, 41, 7)]


def test_a_last_price_is_a_print_but_the_first_one_and_its_size_is_not_another() -> None:
    first = [level1(1, 1, 10, 1), level1(1, 2, "10.25", 1), level1(1, 4, 10, 7), size1(1, 5, 7)]
    prints = told(*first, level1(1, 4, "10.25", 2), size1(1, 5, 2), size1(1, 5, 3), size1(1, 5, 3))[2:]
    assert prints == [("PRINT", 41, 2, 0, 0, 1, CONFLATED), ("PRINT", 41, 3, 0, 0, 1, CONFLATED), ("PRINT", 41, 3, 0, 0, 1, CONFLATED)]


def test_rt_volume_is_a_print_with_its_time_and_says_whether_it_was_one_trade() -> None:
    ms = NOW // 10**6 + 5
    one, many = (payload(46, 6, 2, 48, f"701.28;5;{ms};{day};701.46;{single}") for day, single in ((67854, "true"), (67859, "false")))
    old, none = payload(46, 6, 2, 48, f"701.28;5;{ms - 10};1;1;true"), payload(46, 6, 2, 48, f";0;{ms};1;1;true")
    assert [r for r in told(old, none, one, many) if isinstance(r, tuple)] == [
        ("PRINT", 7012800, 5, 0, 0, 0, EVENT_TIME),
        ("PRINT", 7012800, 5, 0, 0, 0, EVENT_TIME | CONFLATED),
    ]
    assert Listener().feed(joined([one]))[0][6] == ms * 10**6
    behind_its_price = told(level1(2, 4, "701.28", 5), old, one)  # as a line that begins tells it
    assert [r[2] for r in behind_its_price if r[0] == "PRINT"] == [5]


def test_the_side_of_a_trade_is_told_by_the_last_quote_of_its_contract_whoever_told_it() -> None:
    quoted = payload(99, 4, 3, 1_700_000_000, "10", "10.25", 1, 1, 0)
    trades = [payload(99, 3, 1, 1_700_000_000, px, 1, mask, "CME", "") for px, mask in (("10.25", 0), ("10", 0), ("9", 0), ("10", 2))]
    assert [r[5] for r in told(quoted, *trades)[1:] if isinstance(r, tuple)] == [1, -1, -1, 0]


def test_sizes_with_fractions_are_exact() -> None:
    assert told(level1(7, 1, "64000.01", "12345.67890123"))[0] == quote(6400001, 1234567890123, 0, 0, BID)


def test_what_is_off_the_grid_is_told_and_the_side_is_not_there_any_more() -> None:
    said = told(level1(1, 1, 10, 1), level1(1, 2, 11, 1), level1(1, 1, "10.1", 1))
    assert said[2:] == [quote(0, 0, 44, 1, ASK), ("OFF_GRID", 1, 0)]


def test_trouble_is_an_event_at_its_place_and_a_flood_of_it_is_told_seldom() -> None:
    listener = Listener()
    listener.hot.on_notice = lambda noticed: None
    bad = payload(1, 6, 1, 1, "x", 1, 0)
    listener.hot.feed(joined([bad] * 3000), listener.log.append)
    events = []
    while (got := listener.intake.take()) is not None:
        assert isinstance(got, Happened) and isinstance(got.event, BrokerSaid)
        events.append(got.event)
    assert [events[0].kind, events[0].contract, len(events)] == ["malformed", ES.id, 64 + 2]
    assert "1|6|1|1|x" in events[0].text
    assert listener.hot.counts.bad == 3000


def test_a_book_without_room_is_broken_once_and_silent_from_then_on() -> None:
    listener = Listener(capacity=16)
    row = payload(12, 1, 5, 0, 0, 1, 1, 5)
    listener.hot.feed(joined([row] * 20), listener.log.append)
    listener._drain()
    kinds = [r[0] for r in listener.log]
    assert kinds.count("BROKEN") == 1
    listener.hot.feed(joined([row] * 20), listener.log.append)
    listener._drain()
    assert "DEPTH_INSERT" not in [r[0] for r in listener.log[kinds.index("BROKEN") + 1 :]]


def test_a_frame_longer_than_any_ends_the_conversation_and_the_next_one_starts_anew() -> None:
    listener = Listener()
    with pytest.raises(VenueError, match="cannot be meant"):
        listener.feed((2**31 - 1).to_bytes(4, "big") + b"1")
    listener.hot.reset()
    listener.hot.is_open = True
    assert listener.feed(joined([payload(4, 2, -1, 2104, "ok", "")])) == [payload(4, 2, -1, 2104, "ok", "")]


def test_a_request_id_means_one_thing_in_a_connection() -> None:
    listener = Listener()
    with pytest.raises(InvariantError, match="used before"):
        listener.hot.open(8, ES, Source.LEVEL1, QUOTES)


def test_requests_that_ended_make_room_for_new_ones() -> None:
    listener = Listener({})
    for req_id in range(3 * N_ROWS):
        listener.hot.open(req_id, ES, Source.BID_ASK, QUOTES)
        if req_id != 17:
            listener.hot.close(req_id)
    listener.feed(joined([payload(99, 17, 3, 1_700_000_000, "10", "10.25", 1, 1, 0)]))
    assert [r[0] for r in listener.log] == ["QUOTE"]


def test_a_line_quotes_at_once_when_it_takes_over_from_tick_by_tick() -> None:
    listener = Listener({1: (ES, Source.LEVEL1, PRINTS)})
    assert listener.feed(joined([level1(1, 1, 10, 1), level1(1, 2, 11, 2)])) == []
    listener.hot.lose(ES.id)
    listener.hot.emit(1, QUOTES | PRINTS)
    assert [r[:6] for r in listener.feed(b"")] == [("GAP", 1, 0, 0, 0, 0), ("QUOTE", 1, 40, 1, 44, 2)]


def test_a_line_that_is_well_says_behind_a_gap_of_another_stream_how_its_quote_stands_and_goes_on() -> None:
    listener = Listener({1: (ES, Source.LEVEL1, QUOTES | PRINTS)})
    listener.feed(joined([level1(1, 1, 10, 1), level1(1, 2, 11, 2)]))
    listener.hot.lose(ES.id, is_line_well=True)
    said = listener.feed(joined([size1(1, 0, 7)]))  # a size alone: its price did not change
    assert [r[:6] for r in said if r[0] != "QUOTE" or r[3] != 1 or r[5] != 2][-1:] == [("QUOTE", 1, 40, 7, 44, 2)]
    assert [r[0] for r in said][-3:] == ["GAP", "QUOTE", "QUOTE"]


def test_a_trade_that_line_and_tick_by_tick_both_tell_is_one_print_and_one_that_the_line_alone_told_stays() -> None:
    second = NOW // SECOND + 1

    def of_line(px: str, sz: int, ms: int) -> bytes:
        return payload(46, 6, 2, 48, f"{px};{sz};{second * 1000 + ms};1;1;true")

    def by_tick(px: str, sz: int, after_s: int = 0) -> bytes:
        return payload(99, 3, 1, second + after_s, px, sz, 0, "ARCA", "")

    def sizes(*said: bytes, on: tuple[int, ...] = (2, 3)) -> list[int]:
        lines = {2: (SPY, Source.LEVEL1, PRINTS | RT_VOLUME), 3: (SPY, Source.LAST, PRINTS)}
        return [r[3] for r in Listener({of: lines[of] for of in on}).feed(joined(said)) if r[0] == "PRINT"]

    first = of_line("700", 1, 100), by_tick("701", 3), of_line("700", 2, 200)
    # the second one of the line was under way when tick by tick began
    assert sizes(*first, of_line("701", 3, 300), by_tick("702", 4), of_line("702", 4, 9)) == [1, 3, 2, 4]
    assert sizes(by_tick("701", 3), by_tick("702", 4, 2), of_line("702", 4, 2_100)) == [3, 4]  # the first one the line never told
    assert sizes(of_line("700", 1, 100), of_line("700", 1, 101), on=(2,)) == [1, 1]


def test_a_trade_made_while_nobody_listened_is_a_print_when_the_line_is_back_and_one_that_was_heard_is_none() -> None:
    ms = NOW // 10**6
    heard, missed = payload(46, 6, 2, 48, f"700;1;{ms + 5};1;1;true"), payload(46, 6, 3, 48, f"700;2;{ms + 900};1;1;true")
    again = payload(46, 6, 3, 48, f"700;1;{ms + 5};1;1;true")
    for said, sizes in ((missed, [1, 2]), (again, [1])):
        listener = Listener({2: (SPY, Source.LEVEL1, PRINTS | RT_VOLUME)})
        listener.feed(joined([heard]))
        listener.hot.lose(SPY.id)
        assert isinstance(listener.intake.clock, ManualClock)
        listener.intake.clock.advance_to(NOW + 2 * SECOND)
        listener.hot.close(2)
        listener.hot.open(3, SPY, Source.LEVEL1, PRINTS | RT_VOLUME)
        assert [r[3] for r in listener.feed(joined([said])) if r[0] == "PRINT"] == sizes


def test_what_a_line_tells_once_more_when_a_link_is_back_is_no_second_print() -> None:
    ms = NOW // 10**6 + 5

    def of(line: int, after_ms: int, volume: object) -> bytes:
        return payload(46, 6, line, 48, f"700;1;{ms + after_ms};{volume};1;true")

    lines = {2: (SPY, Source.LEVEL1, PRINTS | RT_VOLUME), 3: (SPY, Source.LEVEL1, PRINTS | RT_VOLUME)}

    def n_prints(*said: bytes) -> int:
        return sum(r[0] == "PRINT" for r in Listener(lines).feed(joined(said)))

    assert n_prints(of(2, -9_000, 7), of(2, -6_000, 8), of(2, -4_000, 9), of(2, 0, 10)) == 2  # a new connection is told of old ones
    assert n_prints(of(2, 0, 9), of(2, 0, 9)) == n_prints(of(2, 0, 9), of(3, 0, 9)) == 1
    assert n_prints(of(2, 0, 9), of(2, 0, 0), of(2, 0, 0), of(2, 0, 9)) == 1  # a day has begun
    assert n_prints(of(2, 0, 9), of(2, 0, 10)) == n_prints(of(2, 0, 9), of(2, 1, 9)) == 2  # another one, in the same millisecond or not
    assert n_prints(of(2, 0, "?"), of(2, 0, "?")) == n_prints(of(2, 0, 0), of(2, 0, 0)) == 2  # no volume tells them apart


def test_the_last_price_that_a_line_tells_behind_a_gap_may_be_that_of_a_trade_before_it() -> None:
    listener = Listener({1: (ES, Source.LEVEL1, PRINTS)})
    last = [level1(1, 68, 10, 1), level1(1, 68, 10.25, 1)]  # delayed: without RTVolume
    assert [r[0] for r in listener.feed(joined(last))].count("PRINT") == 1
    listener.hot.lose(ES.id)
    listener.log.clear()
    assert [r[0] for r in listener.feed(joined([level1(1, 68, 10.25, 1), level1(1, 68, 10.5, 1)]))].count("PRINT") == 1


def test_halts_and_delays_are_events_before_what_follows() -> None:
    halted = payload(45, 6, 1, 49, 1)
    assert told(level1(1, 66, 10, 1), halted, payload(45, 6, 1, 49, 0)) == [
        ("DELAYED", 1, 1),
        quote(40, 1, 0, 0, BID),
        ("HALTED", 1, 1),
        ("HALTED", 1, 0),
    ]


def amounts(*said: tuple[int, int, object]) -> list[tuple[int, int | None, int | None]]:
    """Let a line say (second, tick type, size); give (second, open interest, volume) of what was told."""
    listener, made = Listener(), []
    clock = listener.intake.clock
    assert isinstance(clock, ManualClock)
    for second, kind, text in said:
        clock.advance_to(NOW + second * SECOND)
        listener.hot.feed(joined([payload(2, 6, 1, kind, text)]), listener.log.append)
        while (got := listener.intake.take()) is not None:
            if isinstance(got, Happened) and isinstance(got.event, ContractTold):
                made.append((second, got.event.open_interest, got.event.volume))
    assert not listener.log
    return made


VOLUME, OPEN_INTEREST = 8, 86


def test_open_interest_and_volume_are_told_at_once_and_then_seldom() -> None:
    first = [(0, VOLUME, 1_600), (1, OPEN_INTEREST, 2_000_000)]
    assert amounts(*first) == [(0, None, 1_600), (1, 2_000_000, 1_600)]
    assert amounts(*first, (100, VOLUME, 1_699)) == amounts(*first)  # less than a sixteenth more
    assert amounts(*first, (60, VOLUME, 1_700)) == amounts(*first)  # a minute is not over
    assert amounts(*first, (60, VOLUME, 1_700), (61, VOLUME, 1_701))[2:] == [(61, 2_000_000, 1_701)]
    assert amounts(*first, (60, OPEN_INTEREST, 1_999_999), (61, VOLUME, 1_600))[2:] == [(61, 1_999_999, 1_600)]  # what waited is not lost


def test_a_new_day_says_what_the_day_before_had_until_it_has_more() -> None:
    days = amounts((0, VOLUME, 1_600), (100, VOLUME, 12), (200, VOLUME, 1_599), (300, VOLUME, 2_000), (400, VOLUME, 0), (500, VOLUME, 1))
    assert [volume for _, _, volume in days] == [1_600, 1_600, 1_600, 2_000, 2_000, 2_000]


def test_the_open_interest_of_delayed_and_older_ticks_is_read_and_what_cannot_be_read_is_not_known() -> None:
    assert amounts((0, 22, 5), (0, 74, 7)) == [(0, 5, None), (0, 5, 7)]
    assert amounts((0, VOLUME, ""), (0, VOLUME, "x"), (0, OPEN_INTEREST, "-1"), (0, OPEN_INTEREST, "9" * 30)) == []


@pytest.mark.covers("S1-03")
def test_what_options_imply_is_told_when_it_has_moved_and_once_a_minute_at_most() -> None:
    listener, made = Listener(), []
    clock = listener.intake.clock
    assert isinstance(clock, ManualClock)
    said = [(0, "0.18"), (10, "0.19"), (61, "0.1804"), (62, "0.181"), (130, "0.1234567"), (200, "0"), (201, "-1"), (202, "")]
    for second, text in said:
        clock.advance_to(NOW + second * SECOND)
        listener.hot.feed(joined([payload(45, 6, 1, 24, text)]), listener.log.append)
        while (got := listener.intake.take()) is not None:
            if isinstance(got, Happened) and isinstance(got.event, VolatilityTold):
                made.append((second, got.event.contract, got.event.implied_micros))
    assert made == [(0, ES.id, 180_000), (62, ES.id, 181_000), (130, ES.id, 123_456)] and not listener.log
