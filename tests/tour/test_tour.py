"""The tour: what a client does with a TWS, step by step over TCP, with the real ib_async and with IB's own ibapi.

Each step asks for what it needs and leaves nothing open; all steps of one client share a gateway whose morning runs ten times as fast.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.tour.by_ib_async import ByIbAsync
from tests.tour.by_ibapi import ByIbapi
from tests.tour.session import ACCOUNT, running
from tests.tour.spoken import ES, NOTHING, NQ, SPY, WAIT_S, Ticket, Tws
from workbench.gateway.gateway import Gateway

MAKERS: dict[str, Callable[[], Tws]] = {"ib_async": ByIbAsync, "ibapi": ByIbapi}
FAR = 200.0  # points away from the market: such an order rests


class Tour:
    """A client, and the gateway it speaks with."""

    def __init__(self, maker: Callable[[], Tws], gateway: Gateway, port: int) -> None:
        self.maker, self.gateway, self.port = maker, gateway, port
        self.client = maker()
        self.client.connect(port, 1)

    def another(self, client_id: int) -> Tws:
        self.until(lambda: all(each.id != client_id for each in tuple(self.gateway.world.clients)))  # its socket is closed a moment later
        other = self.maker()
        other.connect(self.port, client_id)
        return other

    def until(self, is_so: Callable[[], bool], s: float = WAIT_S) -> None:
        deadline = time.monotonic() + s
        while not is_so():
            assert time.monotonic() < deadline, f"it did not come to pass; errors: {self.client.errors}, mishaps: {self.gateway.mishaps}"
            self.client.wait(0.02)

    def becomes(self, order_id: int, *words: str) -> None:
        self.until(lambda: (said := self.client.status(order_id)) is not None and said.word in words)

    def ask_price(self) -> float:
        return self.client.line(ES, {2})[2]

    def flat(self) -> None:
        """Leave with nothing held."""
        held = self.client.positions().get("ESZ6", 0.0)
        if held:
            order_id = self.client.place(ES, Ticket(action="SELL" if held > 0 else "BUY", quantity=abs(held), kind="MKT"))
            self.becomes(order_id, "Filled")


@pytest.fixture(scope="module", params=sorted(MAKERS))
def tour(request: pytest.FixtureRequest) -> Iterator[Tour]:
    with running() as (gateway, port):
        made = Tour(MAKERS[request.param], gateway, port)
        yield made
        made.client.disconnect()
        asyncio.set_event_loop(None)
        assert not gateway.mishaps


@pytest.mark.covers("S0-33")
def test_a_client_connects_and_is_told_its_accounts_and_an_order_id(tour: Tour) -> None:
    assert tour.client.accounts == [ACCOUNT]
    first = tour.client.next_id()
    assert first > 0 and tour.client.next_id() == first + 1


def test_the_time_is_the_sessions(tour: Tour) -> None:
    assert abs(tour.client.time() - tour.gateway.now_ns / 1e9) < 30


def test_a_future_and_a_share_are_found_with_their_details(tour: Tour) -> None:
    (es,), (spy,) = tour.client.details(ES), tour.client.details(SPY)
    assert (es.local_symbol, es.min_tick, es.multiplier, es.time_zone) == ("ESZ6", 0.25, "50", "US/Central")
    assert (spy.local_symbol, spy.min_tick) == ("SPY", 0.01) and spy.con_id != es.con_id


def test_what_does_not_exist_is_error_200(tour: Tour) -> None:
    assert tour.client.details(NOTHING) == []
    assert any(code == 200 for _, code, _ in tour.client.errors)


def test_a_line_brings_the_quote_the_last_print_and_the_day(tour: Tour) -> None:
    line = tour.client.line(ES, {0, 1, 2, 3, 4, 5, 6, 7, 8, 14})
    assert line[1] < line[2] <= line[1] + 2 and line[7] <= line[4] <= line[6] and line[8] > 0


@pytest.mark.parametrize(("contract", "kind", "n_values"), [(ES, "AllLast", 3), (NQ, "BidAsk", 5), (SPY, "MidPoint", 2)])
def test_ticks_come_one_by_one_with_their_own_time(tour: Tour, contract: dict[str, Any], kind: str, n_values: int) -> None:
    ticks = tour.client.ticks(contract, kind, 5)
    assert len(ticks) >= 5 and all(len(tick) >= n_values for tick in ticks)
    assert [tick[0] for tick in ticks] == sorted(tick[0] for tick in ticks)


def test_prints_of_one_contract_come_again_after_fifteen_seconds(tour: Tour) -> None:
    tour.client.wait(2.0)  # twenty seconds of the session
    assert len(tour.client.ticks(ES, "Last", 3)) >= 3


@pytest.mark.parametrize("contract", [ES, SPY], ids=["plain", "smart"])
def test_a_book_has_the_rows_asked_for_on_both_sides(tour: Tour, contract: dict[str, Any]) -> None:
    assert tour.client.book(contract, 5) == (5, 5)


def test_history_gives_bars_that_are_bars(tour: Tour) -> None:
    bars = tour.client.history(ES, "600 S", "1 min")
    assert 5 <= len(bars) <= 12
    assert all(bar.low <= min(bar.open, bar.close) and max(bar.open, bar.close) <= bar.high and bar.volume >= 0 for bar in bars)


def test_bars_of_five_seconds_come_as_they_close(tour: Tour) -> None:
    bars = tour.client.real_time(ES, 3)
    times = [int(bar.date) for bar in bars]
    assert times == list(range(times[0], times[0] + 5 * len(times), 5)) and times[0] % 5 == 0


def test_a_share_has_a_chain_of_options(tour: Tour) -> None:
    (spy,) = tour.client.details(SPY)
    n_expiries, n_strikes = tour.client.chain("SPY", spy.con_id)
    assert n_expiries > 2 and n_strikes > 10


def test_what_if_tells_the_margin_and_places_nothing(tour: Tour) -> None:
    margin = tour.client.what_if(ES, Ticket(action="BUY", quantity=1, kind="MKT"))
    assert margin.after - margin.before > 10_000
    assert tour.client.open_orders() == set() and tour.client.positions().get("ESZ6", 0) == 0


def test_a_limit_far_away_rests_is_changed_and_is_cancelled(tour: Tour) -> None:
    far = tour.ask_price() - FAR
    order_id = tour.client.place(ES, Ticket(action="BUY", quantity=2, kind="LMT", limit=far))
    tour.becomes(order_id, "Submitted")
    assert tour.client.open_orders() == {tour.client.perm_id(order_id)}
    tour.client.place(ES, Ticket(action="BUY", quantity=3, kind="LMT", limit=far - 1, id=order_id))
    tour.until(lambda: (said := tour.client.status(order_id)) is not None and said.remaining == 3)
    tour.client.cancel(order_id)
    tour.becomes(order_id, "Cancelled")
    assert tour.client.open_orders() == set()


def test_a_bracket_fills_in_parts_and_the_fill_of_one_child_ends_the_other(tour: Tour) -> None:
    client, ask = tour.client, tour.ask_price()
    parent, target, stop = client.next_id(), client.next_id(), client.next_id()
    client.place(ES, Ticket(action="BUY", quantity=60, kind="LMT", limit=ask + 20, transmit=False, id=parent))
    client.place(ES, Ticket(action="SELL", quantity=60, kind="LMT", limit=ask + FAR, parent=parent, transmit=False, id=target))
    client.place(ES, Ticket(action="SELL", quantity=60, kind="STP", stop=ask - FAR, parent=parent, id=stop))
    tour.becomes(parent, "Filled")
    tour.becomes(target, "Submitted")
    tour.becomes(stop, "PreSubmitted", "Submitted")
    of_parent = [fill for fill in client.fills() if fill.order_id == parent]
    assert len(of_parent) > 1 and sum(fill.shares for fill in of_parent) == 60
    assert client.positions()["ESZ6"] == 60
    client.place(ES, Ticket(action="SELL", quantity=60, kind="LMT", limit=ask - 20, parent=parent, id=target))
    tour.becomes(target, "Filled")
    tour.becomes(stop, "Cancelled")
    assert client.positions().get("ESZ6", 0) == 0


def test_one_of_a_group_that_fills_cancels_the_others(tour: Tour) -> None:
    client, ask = tour.client, tour.ask_price()
    resting = client.place(ES, Ticket(action="BUY", quantity=1, kind="LMT", limit=ask - FAR, group="one-of-us", group_kind=1))
    tour.becomes(resting, "Submitted")
    filling = client.place(ES, Ticket(action="BUY", quantity=1, kind="LMT", limit=ask + 20, group="one-of-us", group_kind=1))
    tour.becomes(filling, "Filled")
    tour.becomes(resting, "Cancelled")
    tour.flat()


def test_a_trailing_stop_is_held_by_the_broker_until_it_is_cancelled(tour: Tour) -> None:
    client = tour.client
    order_id = client.place(ES, Ticket(action="SELL", quantity=1, kind="TRAIL", stop=FAR))
    tour.becomes(order_id, "PreSubmitted", "Submitted")
    client.cancel(order_id)
    tour.becomes(order_id, "Cancelled")


def test_fills_positions_and_profit_agree(tour: Tour) -> None:
    client = tour.client
    order_id = client.place(ES, Ticket(action="BUY", quantity=2, kind="MKT"))
    tour.becomes(order_id, "Filled")
    said = client.status(order_id)
    fills = [fill for fill in client.fills() if fill.order_id == order_id]
    assert said is not None and said.filled == sum(fill.shares for fill in fills) == 2 and {fill.side for fill in fills} == {"BOT"}
    assert said.average == pytest.approx(sum(fill.price * fill.shares for fill in fills) / 2)
    assert all(fill.commission is not None and fill.commission > 0 for fill in fills)
    assert client.positions()["ESZ6"] == 2
    daily, unrealised, realised = client.pnl()
    fees = sum(fill.commission or 0 for fill in client.fills())
    assert abs(unrealised) < 5_000 and abs(daily - unrealised - realised) <= fees
    tour.flat()
    assert client.positions().get("ESZ6", 0) == 0


def test_the_summary_knows_the_account(tour: Tour) -> None:
    summary = tour.client.summary()
    assert float(summary["NetLiquidation"]) > 9_000_000 and float(summary["AvailableFunds"]) > 0


def test_two_clients_see_each_others_orders_and_cancel_only_their_own(tour: Tour) -> None:
    order_id = tour.client.place(ES, Ticket(action="BUY", quantity=1, kind="LMT", limit=tour.ask_price() - FAR))
    tour.becomes(order_id, "Submitted")
    perm_id = tour.client.perm_id(order_id)
    other = tour.another(2)
    try:
        assert other.open_orders() == set() and other.open_orders(everybodys=True) == {perm_id}
        other.cancel(order_id)
        tour.until(lambda: _has_heard(other, 10147))
        assert tour.client.open_orders() == {perm_id}
    finally:
        other.disconnect()
    tour.client.cancel(order_id)
    tour.becomes(order_id, "Cancelled")


def _has_heard(client: Tws, code: int) -> bool:
    client.wait(0.02)
    return any(error[1] == code for error in client.errors)


def test_orders_outlive_the_connection_and_are_there_again(tour: Tour) -> None:
    order_id = tour.client.place(ES, Ticket(action="BUY", quantity=1, kind="LMT", limit=tour.ask_price() - FAR, tif="GTC"))
    tour.becomes(order_id, "Submitted")
    perm_id = tour.client.perm_id(order_id)
    tour.client.disconnect()
    tour.client = tour.another(1)
    assert tour.client.open_orders() == {perm_id}
    assert tour.client.next_id() > order_id
    tour.client.cancel(order_id)
    tour.becomes(order_id, "Cancelled")
    assert tour.client.open_orders() == set()
