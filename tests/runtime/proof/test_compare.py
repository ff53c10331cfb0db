"""A gateway differs from itself in nothing, whatever its market; each planted difference is named by message and field."""

from __future__ import annotations

import pytest

from tests.runtime.proof.tours import changed, ours, theirs
from tests.venues.ib.checkup.room import both, one
from workbench.gateway.faults import load_scenario
from workbench.runtime.proof.compare import Difference, differences, life, missing


def named(talk) -> list[Difference]:
    found = differences(talk, ours())
    assert found
    return found


@pytest.mark.parametrize("seed", [1, 11, 23])
def test_against_the_gateway_itself_there_is_no_difference(seed):
    talk = theirs(seed=seed)
    assert differences(talk, ours()) == [] and talk.notes == ()
    assert all(each.message is not None for each in talk.frames)


def test_the_tour_asks_for_everything_and_every_order_ends_cancelled():
    assert ours().stops == [
        *("session", "contract", "account", "quotes", "ticks", "depth", "history", "what-if", "order", "bracket", "after"),
    ]
    assert set(ours().orders) == {"what-if", "order", "entry", "target", "stop"}
    lives = {name: life(ours(), order_id) for name, order_id in ours().orders.items()}
    assert lives["order"] == ["open Submitted", "Submitted", "Cancelled", "202"]
    assert all(lives[name][-2:] == ["Cancelled", "202"] for name in ("entry", "target", "stop"))
    assert not {"Filled"} & {word for words in lives.values() for word in words}


@pytest.mark.parametrize(
    ("on", "fields", "where", "message", "field"),
    [
        ("OrderStatus", 'status = "PendingSubmit"', 'status = "Submitted"', "OrderStatus", "status"),
        ("ContractData", 'last_trade = "20261218"', "", "ContractData", "last_trade"),
        ("HistoricalData", 'start = "20261118 08:00:00"', "", "HistoricalData", "start"),
        ("ContractData", 'trading_hours = ""', "", "ContractData", "trading_hours"),
        ("AccountValue", 'key = "SomethingNew"', 'key = "NetLiquidation"', "AccountValue", "key"),
        ("TickByTickBidAsk", "time = 1795185000000", "", "TickByTickBidAsk", "time"),
        ("OpenOrder", 'tif = "GTC"', "", "OpenOrder", "order.tif"),
    ],
)
def test_a_planted_difference_is_named(on, fields, where, message, field):
    found = named(changed(on, fields, where))
    assert (message, field) in {(each.message, each.field) for each in found}


def test_a_message_that_does_not_come_is_named():
    found = named(theirs(one("DepthExchanges", 'do = "lose"')))
    assert [(each.stop, each.message, each.theirs) for each in found] == [("contract", "DepthExchanges", "did not come")]


def test_a_message_that_the_gateway_never_sends_is_named():
    found = named(theirs(one("MarketRule", 'do = "raw", fields = ["777", "1", "x"]')))
    assert [(each.message, each.field) for each in found] == [("message 777", "")]
    assert "cannot be read" in found[0].theirs


def test_a_field_more_is_named():
    found = named(theirs(one("CurrentTime", 'do = "raw", fields = ["49", "1", "1795185000", "0"]')))
    assert found[0].message == "message 49" and "cannot be read" in found[0].theirs


def test_a_number_that_is_not_set_is_named():
    found = named(theirs(one("Pnl", 'do = "raw", fields = ["94", "9004", "1.7976931348623157E308", "0.00", "0.0"]')))
    assert found[0].message == "Pnl" and "unset" in {each.theirs for each in found}


def test_a_field_that_reads_alike_and_is_written_otherwise_is_named():
    found = named(theirs(one("PositionEnd", 'do = "raw", fields = ["62", "7"]')))
    assert {each.message for each in found} == {"PositionEnd"} and all("written" in each.theirs for each in found)


def test_an_order_s_life_in_another_order_is_named():
    late = one("OrderStatus", 'do = "reorder", behind = "ErrorMessage", within_s = 5', where='status = "Cancelled"')
    found = named(theirs(late))
    lives = {each.message: each for each in found if each.message.startswith("life of")}
    assert lives["life of the order"].theirs.endswith("202 > Cancelled")
    assert lives["life of the order"].ours.endswith("Cancelled > 202")


def test_notices_of_farms_are_no_difference():
    assert differences(theirs(load_scenario("2104_farms_are_fine")), ours()) == []


def test_what_comes_by_chance_and_did_not_is_not_a_difference_but_told():
    talk = theirs(one("TickByTickLast", 'do = "lose"'))
    assert differences(talk, ours()) == [] and "ticks: TickByTickLast" in missing(talk, ours())


def test_an_order_that_is_refused_is_named_and_nothing_is_left_behind():
    talk = theirs(one("orders", 'do = "refuse", code = 321, why = "The API interface is currently in Read-Only mode."'))
    assert {"321 came"} <= {each.theirs for each in named(talk)}


def test_a_cancel_that_is_lost_is_repeated_and_an_order_that_stays_is_named():
    once = theirs(one("CancelOrder", 'do = "ignore"', nth=1))
    assert not any("LOOK AT TWS" in note for note in once.notes)
    never = theirs(both(one("CancelOrder", 'do = "ignore"')))
    assert sum("LOOK AT TWS" in note for note in never.notes) == 4


def test_a_connection_that_ends_in_the_middle_is_told():
    talk = theirs(one("ReqDepth", 'do = "disconnect", how = "reset"'))
    assert any("ended before" in note for note in talk.notes)
