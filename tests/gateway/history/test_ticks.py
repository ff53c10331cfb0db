"""Ticks of the past, first times, volume by price; option chains, rules and names beside them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given
from hypothesis import settings as checked
from hypothesis import strategies as st

from tests.gateway.reference import CONTINUOUS, ES, EURO, OPEN_NS, SPY, Desk
from workbench.domain.units import MINUTE, SECOND
from workbench.wire import (
    CancelHeadTimestamp,
    ContractFields,
    HeadTimestamp,
    Histogram,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    HistoricalTicksMid,
    MarketRule,
    OptionParams,
    OptionParamsEnd,
    ReqHeadTimestamp,
    ReqHistogramData,
    ReqHistoricalTicks,
    ReqMarketRule,
    ReqMatchingSymbols,
    ReqMktDepthExchanges,
    ReqOptionParams,
    ReqSmartComponents,
)

DESK = Desk()


def answer(request: Any) -> Any:
    DESK.world.now_ns = OPEN_NS + 9 * MINUTE
    DESK.history._pacing.__init__()
    client = DESK.ask(request)
    return client.got[0] if client.got else client.errors[0]


def ticks(contract: ContractFields = ES, **asked: Any) -> Any:
    return answer(ReqHistoricalTicks(req_id=3, contract=contract, **asked))


STARTS = st.integers(OPEN_NS // SECOND - 5 * 86_400, OPEN_NS // SECOND + 300)


@given(STARTS, st.integers(1, 1000), st.sampled_from(["TRADES", "BID_ASK", "MIDPOINT"]), st.booleans(), st.booleans())
@checked(derandomize=True, max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate))
def test_ticks_are_in_order_and_no_second_is_cut(second: int, n: int, what: str, is_from: bool, is_regular: bool) -> None:
    from datetime import UTC, datetime

    at = f"{datetime.fromtimestamp(second, UTC):%Y%m%d-%H:%M:%S}"
    told = ticks(**{"start" if is_from else "end": at}, n_ticks=n, what=what, use_rth=is_regular)
    times = [each.time for each in told.ticks]
    assert told.is_done
    assert times == sorted(times)
    assert all(each >= second if is_from else each < second for each in times)
    if len(times) > n:  # only as many more as the last (the first) second holds
        edge = times[n - 1] if is_from else times[-n]
        assert times.count(edge) > 1
        assert (times[-1] if is_from else times[0]) == edge


def test_each_kind_has_its_message() -> None:
    asked = {"end": "20261119-20:00:00", "n_ticks": 50}
    last, both, middle = (ticks(what=what, **asked) for what in ("TRADES", "BID_ASK", "MIDPOINT"))
    assert isinstance(last, HistoricalTicksLast) and isinstance(both, HistoricalTicksBidAsk) and isinstance(middle, HistoricalTicksMid)
    assert last.ticks[-1].exchange == "CME"
    assert both.ticks[-1].bid_price < both.ticks[-1].ask_price
    assert middle.ticks[-1].price == (both.ticks[-1].bid_price + both.ticks[-1].ask_price) / 2
    assert ticks(SPY, **asked).ticks[-1].exchange == "ARCA"


def test_ticks_are_what_the_tape_printed() -> None:
    told = ticks(start="20261120-14:30:00", n_ticks=200)
    tape = DESK.world.tape
    mine = tape[(tape["contract"] == 1) & (tape["kind"] == 2)][: len(told.ticks)]
    assert [each.price for each in told.ticks] == [px / 4 for px in mine["px"].tolist()]
    assert [each.size for each in told.ticks] == mine["sz"].tolist()


def test_ticks_sum_to_the_bar_of_their_minute() -> None:
    (bar,) = (each for each in DESK.bars(ES, end="20261119-15:05:00", duration="300 S", bar_size="5 mins", format_date=2))
    told = ticks(start="20261119-15:00:00", n_ticks=1000)
    inside = [each for each in told.ticks if each.time < int(bar.date) + 300]
    assert sum(each.size for each in inside) == bar.volume
    assert (inside[0].price, inside[-1].price, len(inside)) == (bar.open, bar.close, bar.count)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, 321),
        ({"start": "20261119-15:00:00", "end": "20261119-15:00:00"}, 321),
        ({"start": "20261119-15:00:00", "n_ticks": 1001}, 321),
        ({"start": "20261119-15:00:00", "n_ticks": 0}, 321),
        ({"start": "20261119-15:00:00", "what": "NONSENSE"}, 321),
        ({"start": "yesterday"}, 10314),
    ],
)
def test_ticks_that_cannot_be_meant_are_refused(asked: dict[str, Any], code: int) -> None:
    assert ticks(**asked)[:2] == (3, code)


def test_there_are_no_ticks_to_come() -> None:
    assert ticks(start="20261121-00:00:00").ticks == ()
    assert ticks(CONTINUOUS, end="20261119-15:00:00")[1] == 10339


def test_the_first_time_is_when_the_month_was_listed() -> None:
    told = answer(ReqHeadTimestamp(req_id=1, contract=ES, use_rth=False))
    assert isinstance(told, HeadTimestamp)
    assert told.timestamp == "20250917-22:00:00"  # 456 days before 18 December 2026, the session's open in UTC
    assert answer(ReqHeadTimestamp(req_id=1, contract=SPY, use_rth=True)).timestamp == "20211122-14:30:00"
    seconds = answer(ReqHeadTimestamp(req_id=1, contract=SPY, use_rth=True, format_date=2)).timestamp
    assert int(seconds) == 1_637_591_400
    assert answer(ReqHeadTimestamp(req_id=1, contract=EURO)) == (1, 162, "Historical Market Data Service error message:No head time stamp")
    client = DESK.ask(CancelHeadTimestamp(1))
    assert (client.got, client.errors) == ([], [])


def test_volume_by_price_is_that_of_the_bars() -> None:
    told = answer(ReqHistogramData(req_id=2, contract=ES, use_rth=True, span="3 days"))
    assert isinstance(told, Histogram)
    prices = [each.price for each in told.entries]
    assert prices == sorted(set(prices))
    days = DESK.bars(ES, duration="3 D", bar_size="1 day", use_rth=True)
    assert sum(each.count for each in told.entries) == sum(each.volume for each in days)
    assert answer(ReqHistogramData(req_id=2, contract=ES, span="soon"))[1] == 321


def test_options_of_a_share_and_of_a_future() -> None:
    client = DESK.ask(ReqOptionParams(1, "SPY", "", "STK", 756733))
    params, end = client.got
    assert isinstance(params, OptionParams) and end == OptionParamsEnd(1)
    assert (params.exchange, params.trading_class, params.multiplier) == ("SMART", "SPY", "100")
    assert params.expirations[0] == "20261120" and len(params.strikes) == 41
    es = DESK.ask(ReqOptionParams(2, "ES", "CME", "FUT", 515416632)).got[0]
    assert isinstance(es, OptionParams)
    assert (es.exchange, es.multiplier, es.under_con_id) == ("CME", "50", 515416632)
    assert DESK.ask(ReqOptionParams(3, "ES", "", "OPT", 1)).errors[0][1] == 321
    assert DESK.ask(ReqOptionParams(4, "NO", "", "STK", 1)).got == [OptionParamsEnd(4)]


def test_rules_say_the_step_of_orders() -> None:
    roots = DESK.world.settings.roots
    for root, settings in roots.items():
        listed = DESK.world.universe.find(ContractFields(symbol=root, sec_type="FUT" if settings.months else "STK"))[0]
        (rule,) = DESK.ask(ReqMarketRule(listed.rules[0])).got
        assert isinstance(rule, MarketRule)
        assert [str(each.increment) for each in rule.increments] == [settings.order_increment]
    assert str(DESK.ask(ReqMarketRule(239)).got[0].increments[0].increment) == "0.00005"
    assert DESK.ask(ReqMarketRule(4711)).errors


def test_names_exchanges_and_letters() -> None:
    samples = DESK.ask(ReqMatchingSymbols(1, "TSLA")).got[0].samples
    assert (samples[0].contract.con_id, samples[0].contract.primary_exchange) == (76792991, "NASDAQ")
    assert {each.exchange for each in DESK.ask(ReqMktDepthExchanges()).got[0].exchanges} >= {"CME", "ARCA"}
    assert DESK.ask(ReqSmartComponents(1, "9c0001")).got[0].components[0].exchange == "NYSE"
