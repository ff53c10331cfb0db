"""Every line of the table of `workbench connect` turns red where something is wrong, with IB's words and what to do; else it is green."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.worlds import BEGIN_NS, settings
from tests.venues.ib.checkup.room import CLIENT_ID, HOST, PORT, at_once, both, look, one
from workbench.gateway.faults.actions import Silence
from workbench.simulation.broker import Broker
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.checkup.examination import examine
from workbench.venues.ib.checkup.lines import Line

PAPER = one("ManagedAccounts", 'do = "change", fields = { accounts = "DU1234567" }')
LIVE = one("ManagedAccounts", 'do = "change", fields = { accounts = "U1234567" }')
SHARED = "Paper Trading Account"


def lines_at(protocol: Any, *, port: int | None = PORT, listens: int | None = PORT) -> list[Line]:
    """Examine something that is no gateway."""

    async def main(loop: VirtualLoop) -> list[Line]:
        if listens is not None:
            await loop.create_server(protocol, HOST, listens)
        return [line async for line in examine(HOST, port, CLIENT_ID, ("ES",), settings().roots, lambda: loop.wall_ns() / 1e9)]

    return run(main, epoch_ns=BEGIN_NS)


class Says(asyncio.Protocol):
    """Answers whatever comes with the same bytes, or hangs up if there are none."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(self.answer) if self.answer else self.transport.close()


def test_where_all_is_well_every_line_is_good():
    table = look()
    assert table.not_good == []
    assert [line.about for line in table.lines] == [
        *("127.0.0.1:7497", "server version", "client id", "accounts", "clock", "orders"),
        *("ESZ6 L1", "ESZ6 tick-by-tick", "ESZ6 depth", "ESZ6 history", "what-if", "link to IBKR"),
    ]
    assert table["127.0.0.1:7497"].found == "TWS, paper answers, server version 178"
    assert table["accounts"].found == "DUSIM1 (simulated gateway)"


def test_a_look_places_nothing_and_leaves():
    gateway = look().gateway
    broker = gateway.world.known(Broker)
    assert broker is not None and broker.orders() == broker.completed() == []
    assert gateway.world.clients == []


# ---- the door ----------------------------------------------------------------------------------------------------------------------------
def test_nobody_listens():
    (line,) = lines_at(None, listens=None)
    assert (line.verdict, line.found) == ("bad", "nobody listens")
    assert "Enable ActiveX and Socket Clients" in line.remedy


def test_nobody_listens_on_any_of_the_four_ports():
    (line,) = lines_at(None, listens=None, port=None)
    assert (line.verdict, line.found) == ("bad", "nobody listens on 7497, 7496, 4002, 4001")


def test_it_is_found_on_whichever_port_it_listens():
    table = look(port=None, gateway_port=4002)
    assert table.lines[0] == Line("127.0.0.1:4002", table.lines[0].verdict, "IB Gateway, paper answers, server version 178")
    assert table.not_good == []


def test_a_second_factor_is_waited_for():
    async def silent(gateway: Any, loop: VirtualLoop) -> None:
        gateway.faults.inject(Silence(for_s=300))

    table = look(with_others=silent)
    assert [line.about for line in table.lines] == table.bad == ["127.0.0.1:7497"]
    assert table.lines[0].found == "accepts, but does not answer" and "second factor" in table.lines[0].remedy


def test_one_that_does_not_answer_is_named_where_no_other_does():
    async def silent(gateway: Any, loop: VirtualLoop) -> None:
        gateway.faults.inject(Silence(for_s=300))

    table = look(with_others=silent, port=None)
    assert [line.found for line in table.lines] == ["accepts, but does not answer"]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x05hello"])
def test_something_else_listens_there(answer):
    (line,) = lines_at(lambda: Says(answer))
    assert (line.verdict, line.found) == ("bad", "hangs up on a greeting")
    assert "Trusted IPs" in line.remedy


def test_a_server_that_is_too_old_is_not_asked_further():
    lines = lines_at(lambda: Says(b"\0\0\0\x1a" + b"100\x0020261120 08:31:00 CST\0"[:26].ljust(26, b"\0")))
    assert [line.about for line in lines] == ["127.0.0.1:7497", "server version"]
    assert lines[1].verdict == "bad" and "10.19" in lines[1].remedy


# ---- who is asked ------------------------------------------------------------------------------------------------------------------------
def test_a_client_id_in_use_is_told_and_the_next_one_taken():
    table = look(held=(CLIENT_ID,))
    first, second = (line for line in table.lines if line.about == "client id")
    assert (first.verdict, first.found) == ("look", "31 is in use") and "already in use" in first.said
    assert second.found == "32 is free"
    assert table.took_s < 10  # what TWS says is not waited out


def test_client_ids_that_are_all_in_use_are_an_end():
    table = look(held=range(CLIENT_ID, CLIENT_ID + 8))
    assert table.bad == ["API"] and "31 to 38 are all in use" in table["API"].said


def test_a_login_without_an_account():
    table = look(one("ManagedAccounts", 'do = "change", fields = { accounts = "" }'))
    assert table.bad == ["accounts"] and table["accounts"].found == "none"


@pytest.mark.parametrize(
    ("faults", "verdict", "found"), [(PAPER, "good", "DU1234567 (paper)"), (LIVE, "look", "U1234567 (LIVE: real money)")]
)
def test_paper_and_live_accounts_are_told_apart(faults, verdict, found):
    line = look(faults)["accounts"]
    assert (line.verdict, line.found) == (verdict, found)


@pytest.mark.parametrize(("late_s", "verdict"), [(0.0, "good"), (2.5, "look"), (-2.5, "look"), (9.0, "bad"), (-9.0, "bad")])
def test_clocks_that_differ(late_s, verdict):
    line = look(PAPER, late_s=-late_s)["clock"]
    assert line.verdict == verdict
    if verdict != "good":
        assert ("ahead" if late_s > 0 else "behind") in line.found and "NTP" in line.remedy


def test_a_skewed_clock_of_theirs():
    line = look(both("clock_skew", PAPER))["clock"]
    assert line.verdict == "bad" and line.found.endswith("s ahead")


def test_a_clock_that_is_not_told():
    line = look(both(one("CurrentTime", 'do = "lose"'), PAPER))["clock"]
    assert (line.verdict, line.found) == ("unknown", "TWS did not tell its time")


@pytest.mark.parametrize("on", ["ReqMktData", "ReqTickByTick", "ReqDepth", "ReqHistoricalData", "PlaceOrder"])
def test_a_connection_that_ends_in_the_middle_is_told(on):
    table = look(one(on, 'do = "disconnect", how = "reset"'))
    assert table.bad and table.lines[0].verdict == "good"


# ---- may it trade ------------------------------------------------------------------------------------------------------------------------
def test_the_read_only_box():
    table = look("321_read_only_box")
    for about in ("orders", "what-if"):
        assert table[about].verdict == "bad" and "Read-Only mode" in table[about].said and "Untick 'Read-Only API'" in table[about].remedy


def test_open_orders_that_are_not_told():
    assert look(one("ReqOpenOrders", 'do = "ignore"'))["orders"].verdict == "unknown"


@pytest.mark.parametrize("name", ["10311_direct_route", "10329_direct_route"])
def test_an_order_precaution(name):
    line = look(name)["what-if"]
    assert line.verdict == "bad" and line.said.startswith(name[:5])
    assert "Bypass Order Precautions for API Orders" in line.remedy


def test_no_margin_for_one():
    line = look("201_rejected_margin")["what-if"]
    assert line.verdict == "bad" and line.said.startswith("201: ")


def test_an_order_that_waits_for_a_person():
    line = look(one("PlaceOrder", 'do = "ignore"'))["what-if"]
    assert line.verdict == "bad" and "stand on its screen" in line.remedy


# ---- data --------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["354_not_subscribed", "10089_api_subscription", "10186_delayed_not_enabled"])
def test_no_quotes(name):
    table = look(name)
    assert table.bad == ["ESZ6 L1"]  # and what is said late about that request is no other line's
    line = table["ESZ6 L1"]
    assert line.found == "none" and line.said.startswith(name.partition("_")[0])
    assert "CME Real-Time (NP,L2)" in line.remedy and SHARED in line.remedy


@pytest.mark.parametrize("name", ["10090_partly_subscribed", "10091_partly_subscribed_api"])
def test_quotes_in_part(name):
    line = look(name)["ESZ6 L1"]
    assert (line.verdict, line.found) == ("look", "live, in part")


def test_quotes_that_are_delayed():
    table = look("10167_delayed")
    assert table.bad == ["ESZ6 L1"]
    assert table["ESZ6 L1"].found == "delayed" and SHARED in table["ESZ6 L1"].remedy


def test_quotes_of_a_closed_market():
    line = look(one("MarketDataType", 'do = "change", fields = { kind = 2 }'))["ESZ6 L1"]
    assert (line.verdict, line.found) == ("look", "frozen")


def test_quotes_that_do_not_come():
    line = look(one("TickPrice", 'do = "lose"'))["ESZ6 L1"]
    assert (line.verdict, line.found) == ("unknown", "nothing came")


@pytest.mark.parametrize(("on", "about"), [("ReqMktData", "L1"), ("ReqTickByTick", "tick-by-tick"), ("ReqDepth", "depth")])
def test_another_session_takes_the_data(on, about):
    line = look(one(on, 'do = "refuse", code = 10197'))[f"ESZ6 {about}"]
    assert line.verdict == "bad" and "competing live session" in line.said and "log out there" in line.remedy


def test_a_competing_session_takes_every_stream():
    table = look(at_once('do = "compete", for_s = 600'))
    assert {"ESZ6 L1", "ESZ6 tick-by-tick", "ESZ6 depth"} <= {line.about for line in table.lines if line.verdict != "good"}


def test_tick_by_tick_that_is_used_up():
    line = look("10190_tick_by_tick_full")["ESZ6 tick-by-tick"]
    assert (line.verdict, line.found) == ("look", "none left")


def test_tick_by_tick_without_permission():
    why = "Failed to request tick-by-tick data.No market data permissions for CME FUT"
    line = look(one("ReqTickByTick", f'do = "refuse", code = 10189, text = "{why}"'))["ESZ6 tick-by-tick"]
    assert line.verdict == "bad" and line.said == f"10189: {why}" and "CME Real-Time" in line.remedy


def test_books_that_are_used_up():
    line = look("309_too_many_depth")["ESZ6 depth"]
    assert (line.verdict, line.found) == ("look", "none left")


def test_no_book():
    line = look(one("ReqDepth", 'do = "refuse", code = 10092'))["ESZ6 depth"]
    assert (line.verdict, line.found) == ("look", "none") and line.said.startswith("10092")


def test_a_book_that_does_not_come():
    assert look(one("Depth", 'do = "lose"'))["ESZ6 depth"].verdict == "unknown"


@pytest.mark.parametrize(
    ("why", "remedy"),
    [
        ("No market data permissions for CME FUT", "CME Real-Time (NP,L2)"),
        ("Historical data request pacing violation", "wait ten minutes"),
        ("HMDS query returned no data: ESZ6@CME Trades", "no bars of its last day"),
    ],
)
def test_no_history(why, remedy):
    line = look(one("ReqHistoricalData", f'do = "refuse", code = 162, why = "{why}"'))["ESZ6 history"]
    assert line.verdict == "bad" and line.said.endswith(why) and remedy in line.remedy


def test_history_that_does_not_answer():
    line = look(one("ReqHistoricalData", 'do = "ignore"'))["ESZ6 history"]
    assert line.verdict == "unknown" and "in a minute" in line.remedy


def test_a_root_that_ib_does_not_know():
    table = look("200_no_definition")
    assert table["ES"].found == "not known" and "200" in table["ES"].said


@pytest.mark.parametrize(
    ("code", "what"), [(1100, "IBKR"), (2103, "market data"), (2105, "history"), (2157, "contract data"), (2110, "IBKR")]
)
def test_what_is_out_of_reach_behind_tws(code, what):
    line = look(at_once(f'do = "say", code = {code}, in_s = 0.2'))["link to IBKR"]
    assert line.verdict == "bad" and line.found == f"out of reach: {what}" and line.said.startswith(f"{code}: ")


def test_a_link_that_comes_back_is_no_fault():
    assert look("2104_farms_are_fine")["link to IBKR"].verdict == "good"
