"""Accounts on the wire: what a subscription is told, when, and what ends it."""

from __future__ import annotations

import pytest

from tests.gateway.orders.room import ES, MID, SPY, Room, codes, names, of
from tests.gateway.reference import Keeper
from workbench.domain.units import SECOND
from workbench.gateway import behaviour
from workbench.gateway.base import AccountSetup
from workbench.wire import (
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateMulti,
    AccountUpdateTime,
    AccountValue,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPnl,
    CancelPnlSingle,
    CancelPositions,
    Pnl,
    PnlSingle,
    PortfolioValue,
    Position,
    PositionMulti,
    ReqAccountSummary,
    ReqAccountUpdates,
    ReqAccountUpdatesMulti,
    ReqPnl,
    ReqPnlSingle,
    ReqPositions,
    ReqPositionsMulti,
    decode_answer,
    encode,
    fields,
)

TWO = (AccountSetup(name="DUSIM1"), AccountSetup(name="DUSIM2", currency="EUR", cash="50000"))
CON_ID = 515416632


def values(client: Keeper) -> dict[tuple[str, str], str]:
    return {(each.key, each.currency): each.value for each in of(client, AccountValue)}


def buy(room: Room, client: Keeper, qty: int = 2) -> None:
    """Buy a few ES at 6800.25."""
    room.place(client, room.world.next_valid_id(client), qty=qty, account="DUSIM1")
    room.quote(asz=qty)


def test_account_updates_begin_with_all_values_positions_and_an_end() -> None:
    room = Room()
    client = room.client()
    buy(room, client)
    client.got.clear()
    room.ask(client, ReqAccountUpdates(True, "DUSIM1"))
    told = values(client)
    assert told["NetLiquidation", "USD"] == "999970.50"  # two a tick of 12.50 under water, 4.50 paid
    assert told["AvailableFunds", "USD"] == "961970.50"
    assert told["InitMarginReq", "USD"] == told["FullInitMarginReq", "USD"] == "38000.00"
    assert told["MaintMarginReq", "USD"] == "34545.45"
    assert told["TotalCashBalance", "BASE"] == told["TotalCashBalance", "USD"] == "999995.50"
    assert told["UnrealizedPnL", "USD"] == "-25.00"
    assert told["ExchangeRate", "USD"] == "1"
    [held] = of(client, PortfolioValue)
    assert (held.position, held.market_price, held.market_value, held.average_cost, held.unrealized_pnl) == (
        2, 6800.0, 680_000.0, 340_012.5, -25.0,
    )  # fmt: skip
    assert names(client)[-2:] == ["AccountUpdateTime", "AccountDownloadEnd"]


def test_a_fill_is_told_at_once_and_only_what_changed() -> None:
    room = Room()
    client = room.client()
    room.ask(client, ReqAccountUpdates(True))
    client.got.clear()
    buy(room, client)
    told = values(client)
    assert ("NetLiquidation", "USD") in told
    assert ("AccountCode", "") not in told
    assert [each.position for each in of(client, PortfolioValue)] == [2]
    assert of(client, AccountUpdateTime)


def test_what_prices_move_waits_for_its_time() -> None:
    room = Room()
    client = room.client()
    buy(room, client)
    room.ask(client, ReqAccountUpdates(True))
    client.got.clear()
    room.quote(MID + 8, MID + 9)
    assert client.got == []
    room.wait(behaviour.ACCOUNT_UPDATE_S * SECOND)
    assert values(client)["UnrealizedPnL", "USD"] == "175.00"


def test_a_position_that_is_closed_is_told_once_more_as_flat() -> None:
    room = Room()
    client = room.client()
    room.ask(client, ReqAccountUpdates(True))
    room.ask(client, ReqPositions())
    buy(room, client)
    room.place(client, 2, "SELL", 2)
    client.got.clear()
    room.quote()
    assert [each.position for each in of(client, PortfolioValue)] == [0]
    assert [each.position for each in of(client, Position)] == [0]


def test_account_updates_end_when_they_are_unsubscribed() -> None:
    room = Room()
    client = room.client()
    room.ask(client, ReqAccountUpdates(True))
    room.ask(client, ReqAccountUpdates(False))
    client.got.clear()
    buy(room, client)
    assert of(client, AccountValue) == []
    room.ask(client, ReqAccountUpdates(True, "DU7"))
    assert codes(client) == [(-1, 321)]


def test_positions_are_told_of_all_accounts_with_average_cost_and_end() -> None:
    room = Room(*TWO)
    client = room.client()
    buy(room, client)
    room.place(client, 2, contract=SPY, account="DUSIM2")
    room.quote(6_000_000, 6_000_100, contract=2)
    client.got.clear()
    room.ask(client, ReqPositions())
    assert [(each.account, each.contract.local_symbol, each.position, each.average_cost) for each in of(client, Position)] == [
        ("DUSIM1", "ESZ6", 2, 340_012.5), ("DUSIM2", "SPY", 1, 600.01),
    ]  # fmt: skip
    assert of(client, Position)[0].contract.exchange == ""
    assert names(client)[-1] == "PositionEnd"
    room.ask(client, CancelPositions())
    client.got.clear()
    buy(room, client)
    assert of(client, Position) == []


def test_positions_of_one_account_by_request() -> None:
    room = Room(*TWO)
    client = room.client()
    buy(room, client)
    client.got.clear()
    room.ask(client, ReqPositionsMulti(5, "DUSIM1"))
    room.ask(client, ReqPositionsMulti(6, "DUSIM2"))
    assert [(each.req_id, each.position) for each in of(client, PositionMulti)] == [(5, 2)]
    assert names(client) == ["PositionMulti", "PositionMultiEnd", "PositionMultiEnd"]


def test_a_summary_tells_the_tags_asked_for_of_a_group() -> None:
    room = Room(*TWO)
    client = room.client()
    room.ask(client, ReqAccountSummary(3, "All", "NetLiquidation,BuyingPower,Nonsense"))
    assert [(each.account, each.tag, each.value, each.currency) for each in of(client, AccountSummary)] == [
        ("DUSIM1", "NetLiquidation", "1000000.00", "USD"),
        ("DUSIM1", "BuyingPower", "4000000.00", "USD"),
        ("DUSIM2", "NetLiquidation", "50000.00", "EUR"),
        ("DUSIM2", "BuyingPower", "200000.00", "EUR"),
    ]
    assert of(client, AccountSummaryEnd) == [AccountSummaryEnd(3)]


@pytest.mark.parametrize(("tag", "currencies"), [("$LEDGER", {"BASE"}), ("$LEDGER:EUR", {"EUR"}), ("$LEDGER:ALL", {"BASE", "EUR", "USD"})])
def test_a_ledger_is_told_by_currency(tag: str, currencies: set[str]) -> None:
    room = Room(*TWO)
    client = room.client()
    room.place(client, 1, account="DUSIM2")
    room.quote()
    client.got.clear()
    room.ask(client, ReqAccountSummary(3, "DUSIM2", tag))
    assert {each.currency for each in of(client, AccountSummary)} == currencies


def test_an_account_in_euros_owes_the_dollars_its_trade_cost() -> None:
    room = Room(*TWO)
    client = room.client()
    room.place(client, 1, account="DUSIM2")
    room.quote()
    room.ask(client, ReqAccountSummary(3, "DUSIM2", "NetLiquidation,InitMarginReq,$LEDGER:ALL"))
    told = {(each.tag, each.currency): each.value for each in of(client, AccountSummary)}
    assert told["CashBalance", "USD"] == "-2.25"
    assert told["UnrealizedPnL", "USD"] == "-12.50"
    assert told["CashBalance", "EUR"] == "50000.00"
    assert told["NetLiquidation", "EUR"] == "49987.28"  # 14.75 dollars at 1.16
    assert told["InitMarginReq", "EUR"] == "16379.31"


def test_a_third_summary_is_refused_until_one_is_cancelled() -> None:
    room = Room()
    client, other = room.client(), room.client(2)
    for req_id in (1, 2, 3):
        room.ask(client, ReqAccountSummary(req_id, "All", "NetLiquidation"))
    assert codes(client) == [(3, 322)]
    room.ask(other, ReqAccountSummary(1, "All", "NetLiquidation"))
    assert codes(other) == []
    room.ask(client, CancelAccountSummary(1))
    room.ask(client, ReqAccountSummary(3, "All", "NetLiquidation"))
    assert codes(client) == []


def test_updates_of_several_accounts_carry_their_request_and_account() -> None:
    room = Room(*TWO)
    client = room.client()
    room.ask(client, ReqAccountUpdatesMulti(8, "DUSIM2", "", True))
    told = of(client, AccountUpdateMulti)
    assert {each.req_id for each in told} == {8}
    assert {each.account for each in told} == {"DUSIM2"}
    assert [each.value for each in told if each.key == "NetLiquidation"] == ["50000.00"]
    assert not [each for each in told if each.key == "BuyingPower"]
    assert names(client)[-1] == "AccountUpdateMultiEnd"
    room.ask(client, CancelAccountUpdatesMulti(8))
    room.ask(client, ReqAccountUpdatesMulti(8, "", "", False))
    assert {each.account for each in of(client, AccountUpdateMulti)} == {"DUSIM1", "DUSIM2"}
    room.ask(client, ReqAccountUpdatesMulti(8, "DUSIM1"))
    assert codes(client) == [(8, 322)]


def test_profit_and_loss_is_told_each_second_if_it_changed() -> None:
    room = Room()
    client = room.client()
    buy(room, client)
    room.ask(client, ReqPnl(4, "DUSIM1"))
    room.ask(client, ReqPnlSingle(5, "DUSIM1", "", CON_ID))
    assert of(client, Pnl) == [Pnl(4, -29.5, -25.0, 0.0)]
    assert of(client, PnlSingle) == [PnlSingle(5, 2, -29.5, -25.0, 0.0, 680_000.0)]
    client.got.clear()
    room.wait(SECOND)
    assert client.got == []
    room.quote(MID + 1, MID + 2)
    room.wait(SECOND)
    assert of(client, Pnl) == [Pnl(4, -4.5, 0.0, 0.0)]
    room.ask(client, CancelPnl(4))
    room.ask(client, CancelPnlSingle(5))
    client.got.clear()
    room.quote(MID + 5, MID + 6)
    room.wait(SECOND)
    assert client.got == []


def test_profit_of_an_account_that_is_not_there_is_refused() -> None:
    room = Room()
    client = room.client()
    room.ask(client, ReqPnl(4, "DU1"))
    assert codes(client) == [(4, 321)]


def test_a_client_that_leaves_is_told_nothing_more() -> None:
    room = Room()
    client, other = room.client(), room.client(2)
    room.ask(client, ReqPositions())
    room.ask(client, ReqPnl(4, "DUSIM1"))
    room.leave(client)
    client.got.clear()
    buy(room, other)
    room.wait(SECOND)
    assert client.got == []
    assert room.accounts.next_due_ns() is None


def test_a_bust_moves_the_position_and_nothing_else_is_said() -> None:
    room = Room()
    client = room.client()
    room.ask(client, ReqPositions())
    buy(room, client)
    client.got.clear()
    room.broker.bust(room.broker.executions()[0].exec_id)
    room.wait(0)
    assert names(client) == ["Position"]


@pytest.mark.parametrize("version", [157, 178])
def test_every_message_can_be_written_and_read(version: int) -> None:
    room = Room(*TWO)
    client = room.client(version=version)
    buy(room, client)
    for request in (
        ReqAccountUpdates(True, "DUSIM1"),
        ReqPositions(),
        ReqPositionsMulti(5, "DUSIM1"),
        ReqAccountUpdatesMulti(6, "DUSIM1"),
        ReqAccountSummary(7, "All", "NetLiquidation,$LEDGER"),
        ReqPnl(8, "DUSIM1"),
        ReqPnlSingle(9, "DUSIM1", "", CON_ID),
    ):
        room.ask(client, request)
    assert codes(client) == []
    for message in client.got:
        again = decode_answer(fields(encode(message, version)), version)
        assert type(again) is type(message)
        assert encode(again, version) == encode(message, version)
    assert ES.symbol == of(client, Position)[0].contract.symbol
