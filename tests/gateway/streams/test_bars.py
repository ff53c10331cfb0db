from __future__ import annotations

from decimal import Decimal

import pytest

from tests.gateway.streams.world import ES_ASKED, START_NS, Heard, Stage, quote, tape, trade
from workbench.domain.records import Kind, Phase
from workbench.domain.units import SECOND
from workbench.gateway.streams import Access, Entitlement, StreamSettings
from workbench.wire import CancelRealtimeBars, RealtimeBar, ReqRealtimeBars

START_S = START_NS // SECOND


def bars(what: str = "TRADES", req_id: int = 7, use_rth: bool = False) -> ReqRealtimeBars:
    return ReqRealtimeBars(req_id=req_id, contract=ES_ASKED, what=what, use_rth=use_rth)


def at(s: float) -> int:
    return START_NS + round(s * SECOND)


PRINTS = [trade(100, 2, recv_ns=at(1)), trade(108, 1, recv_ns=at(2)), trade(96, 1, recv_ns=at(4.999)), trade(104, 5, recv_ns=at(5))]


def test_a_bar_of_prints_has_all_of_its_five_seconds_and_its_start_as_time() -> None:
    stage, client = Stage(tape(PRINTS)), Heard()
    stage.data.answer(client, bars())
    stage.play()
    (bar,) = client.of(RealtimeBar)
    wap = Decimal(repr((100 * 2 + 108 + 96) / 4 / 4))
    assert bar == RealtimeBar(7, START_S, Decimal("25.0"), Decimal("27.0"), Decimal("24.0"), Decimal("24.0"), 4, wap, 3)


def test_a_bar_under_way_when_it_is_asked_for_is_whole_all_the_same() -> None:
    stage, early, late = Stage(tape(PRINTS)), Heard(1), Heard(2)
    stage.data.answer(early, bars())
    stage.play(2)
    other, other_client = Stage(tape(PRINTS)), late
    other.play(2)
    other.data.answer(other_client, bars())
    stage.play()
    other.play()
    assert early.of(RealtimeBar) == late.of(RealtimeBar)


def test_five_seconds_without_a_print_repeat_the_close_and_count_nothing() -> None:
    stage, client = Stage(tape(PRINTS)), Heard()
    stage.data.answer(client, bars())
    stage.play()
    stage.wait(10)
    assert [(bar.time - START_S, bar.volume, bar.count, bar.close) for bar in client.of(RealtimeBar)] == [
        (0, 4, 3, Decimal("24.0")), (5, 5, 1, Decimal("26.0")), (10, 0, 0, Decimal("26.0")),
    ]  # fmt: skip


@pytest.mark.parametrize(("what", "first", "high"), [("BID", "25.0", "26.0"), ("ASK", "25.25", "27.25"), ("MIDPOINT", "25.125", "26.625")])
def test_bars_of_quotes_have_no_volume(what: str, first: str, high: str) -> None:
    stage, client = Stage(tape([quote(100, 1, 101, 1, recv_ns=at(1)), quote(104, 1, 109, 1, recv_ns=at(3))])), Heard()
    stage.data.answer(client, bars(what))
    stage.play()
    stage.wait(5)
    (bar,) = client.of(RealtimeBar)
    assert (str(bar.open), str(bar.high), bar.volume, bar.wap, bar.count) == (first, high, -1, -1, -1)


def test_a_bar_of_quotes_begins_with_the_quote_that_stands() -> None:
    stage, client = Stage(tape([quote(100, 1, 101, 1, recv_ns=at(1)), quote(104, 1, 109, 1, recv_ns=at(7))])), Heard()
    stage.data.answer(client, bars("BID"))
    stage.play()
    stage.wait(5)
    assert [str(bar.open) for bar in client.of(RealtimeBar)] == ["25.0", "25.0"]


def test_bars_of_regular_hours_are_left_out_at_other_times_and_none_come_while_it_is_closed() -> None:
    rows = [
        dict(kind=Kind.PHASE, contract=1, level=Phase.ETH, px=20261120, recv_ns=at(0.5)), trade(100, 1, recv_ns=at(1)),
        dict(kind=Kind.PHASE, contract=1, level=Phase.RTH, px=20261120, recv_ns=at(6)), trade(100, 1, recv_ns=at(7)),
        dict(kind=Kind.PHASE, contract=1, level=Phase.CLOSED, px=20261120, recv_ns=at(12)),
    ]  # fmt: skip
    stage, all_hours, regular = Stage(tape(rows)), Heard(1), Heard(2)
    stage.data.answer(all_hours, bars())
    stage.data.answer(regular, bars(use_rth=True))
    stage.play()
    stage.wait(20)
    assert [bar.time - START_S for bar in all_hours.of(RealtimeBar)] == [0, 5]
    assert [bar.time - START_S for bar in regular.of(RealtimeBar)] == [5]


def test_what_cannot_be_shown_is_error_321_and_what_is_not_live_10089() -> None:
    stage, client = Stage(tape(PRINTS), StreamSettings(entitlements={"ES": Entitlement(quotes=Access.DELAYED)})), Heard()
    stage.data.answer(client, bars("BID_ASK"))
    stage.data.answer(client, bars())
    stage.data.answer(client, CancelRealtimeBars(7))
    assert client.codes == [321, 10089, 300]


def test_the_sixty_first_request_in_ten_minutes_is_paced() -> None:
    stage, client = Stage(tape(PRINTS)), Heard()
    for req_id in range(60):
        stage.data.answer(client, bars(req_id=req_id))
        stage.data.answer(client, CancelRealtimeBars(req_id))
    stage.data.answer(client, bars(req_id=99))
    assert client.codes == [420]
    stage.wait(600)
    stage.data.answer(client, bars(req_id=99))
    assert client.codes == [420]
