"""What accounts at the broker are worth, execution by execution; corrections and busts."""

from __future__ import annotations

import pytest

from tests.simulation.broker.floor import BUY, CASH, ES, FEE, SELL, SPY, Floor, Type, open_floor
from workbench.domain.errors import InvariantError
from workbench.domain.records import Phase
from workbench.domain.units import SECOND
from workbench.simulation.broker import Account, Busted, Commission, Execution, OrderReport, What

QUANTUM = 12_500_000  # micros of one quantum of ES


def bought(floor: Floor, qty: int = 2) -> str:
    floor.take()
    floor.place(BUY, qty)
    floor.quote(99, 100, asz=qty)
    return floor.of(Execution)[-1].exec_id


def test_a_future_moves_no_cash_but_costs_until_it_is_closed() -> None:
    floor = open_floor()
    bought(floor)
    assert floor.broker.truth().cash_micros == {("DUSIM1", "USD"): CASH - 2 * FEE}
    floor.quote(103, 104)
    worth = floor.broker.worth("DUSIM1")
    assert worth.unrealised_micros == worth.futures_micros == 2 * 3 * QUANTUM
    assert worth.equity_micros == CASH - 2 * FEE + 2 * 3 * QUANTUM
    assert (worth.initial_micros, worth.gross_micros) == (38_000_000_000, 0)


def test_a_share_is_paid_for_in_full_and_counts_at_its_worth() -> None:
    floor = open_floor()
    floor.place(BUY, 100, contract=SPY)
    floor.quote(9_900, 10_000, asz=100, contract=SPY)
    spent = 100 * 1_000_000  # a hundred at one dollar
    fee = 350_000  # the minimum of an order
    assert floor.broker.truth().cash_micros == {("DUSIM1", "USD"): CASH - spent - fee}
    worth = floor.broker.worth("DUSIM1")
    assert worth.stock_micros == worth.gross_micros == 99 * 1_000_000
    assert worth.equity_micros == CASH - fee - 1_000_000
    assert worth.initial_micros == 99 * 1_000_000 // 2
    assert worth.maintenance_micros == 99 * 1_000_000 // 4


def test_average_cost_is_price_times_multiplier() -> None:
    floor = open_floor()
    bought(floor, 1)
    floor.place(BUY, 3)
    floor.quote(103, 104, asz=3)
    assert floor.broker.position("DUSIM1", ES).avg_cost_micros == 103 * QUANTUM  # one at 100, three at 104


def test_profit_is_realised_at_average_cost_net_of_the_closing_commission() -> None:
    floor = open_floor()
    bought(floor)
    floor.place(SELL, 1)
    floor.quote(104, 105)
    assert floor.commissions() == [(2 * FEE, None), (FEE, 4 * QUANTUM - FEE)]
    position = floor.broker.position("DUSIM1", ES)
    assert (position.qty, position.realised_micros, position.unrealised_micros) == (1, 4 * QUANTUM - FEE, 4 * QUANTUM)


def test_a_position_can_be_turned_around_in_one_execution() -> None:
    floor = open_floor()
    bought(floor)
    floor.place(SELL, 5)
    floor.quote(104, 105)
    position = floor.broker.position("DUSIM1", ES)
    assert (position.qty, position.avg_cost_micros) == (-3, 104 * QUANTUM)
    assert position.realised_micros == 2 * 4 * QUANTUM - 5 * FEE
    assert position.mark_px == 105  # a short one is left at the ask


def test_part_fills_of_one_order_share_its_least_commission() -> None:
    floor = open_floor()
    floor.place(BUY, 30, contract=SPY)
    for _ in range(3):
        floor.quote(9_900, 10_000, contract=SPY)
    assert floor.commissions() == [(350_000, None), (0, None), (0, None)]


def test_daily_profit_begins_anew_with_each_instrument_session() -> None:
    floor = open_floor()
    bought(floor)
    floor.quote(103, 104)
    assert floor.broker.worth("DUSIM1").daily_micros == 6 * QUANTUM - 2 * FEE
    assert floor.broker.position("DUSIM1", ES).daily_micros == 6 * QUANTUM - 2 * FEE
    floor.phase(Phase.ETH, session=20261123)
    floor.quote(105, 106)
    worth, position = floor.broker.worth("DUSIM1"), floor.broker.position("DUSIM1", ES)
    assert worth.daily_micros == position.daily_micros == 4 * QUANTUM
    assert (worth.realised_micros, worth.unrealised_micros) == (0, 10 * QUANTUM)


def test_an_account_in_another_currency_is_valued_at_the_rate() -> None:
    floor = open_floor(Account("DUSIM1", 100_000_000_000, "EUR"), rates={"USD": "1", "EUR": "1.25"})
    bought(floor)
    floor.quote(102, 103)
    worth = floor.broker.worth("DUSIM1")
    usd = 4 * QUANTUM - 2 * FEE
    assert worth.currency == "EUR"
    assert worth.equity_micros == 100_000_000_000 + usd * 4 // 5
    assert worth.initial_micros == 38_000_000_000 * 4 // 5
    assert {part.currency: (part.rate, part.cash_micros) for part in worth.by_currency} == {
        "EUR": ("1", 100_000_000_000),
        "USD": ("0.8", -2 * FEE),
    }


def test_each_account_meets_the_market_alone() -> None:
    floor = open_floor(Account("DUSIM1", CASH), Account("DUSIM2", CASH))
    floor.place(BUY, 10)
    floor.place(BUY, 10, account="DUSIM2")
    floor.place(BUY, 10)
    floor.quote(99, 100, asz=10)
    assert floor.broker.truth().positions == {("DUSIM1", ES): 10, ("DUSIM2", ES): 10}


def test_a_commission_may_be_reported_later() -> None:
    floor = open_floor(commission_after_ns=SECOND)
    bought(floor)
    assert floor.commissions() == []
    assert floor.broker.next_due_ns() == floor.now + SECOND
    floor.wait(SECOND)
    assert floor.commissions() == [(2 * FEE, None)]


def test_a_correction_stands_in_the_place_of_an_execution() -> None:
    floor = open_floor()
    exec_id = bought(floor)
    floor.take()
    new = floor.broker.correct(exec_id, now_ns=floor.now, px=98)
    assert new == exec_id[:-2] + "02"
    told = floor.broker.take()
    assert [type(each) for each in told] == [Execution, OrderReport, Commission]
    assert isinstance(told[0], Execution)
    assert (told[0].replaces, told[0].px, told[0].qty, told[0].cum_qty) == (exec_id, 98, 2, 2)
    assert isinstance(told[1], OrderReport)
    assert told[1].what is What.CORRECTED
    assert [each.exec_id for each in floor.broker.executions()] == [new]
    assert floor.broker.position("DUSIM1", ES).avg_cost_micros == 98 * QUANTUM
    again = floor.broker.correct(new, now_ns=floor.now, qty=1)
    assert again.endswith(".03")
    assert floor.position() == 1


def test_a_correction_of_an_opening_changes_what_was_realised_since() -> None:
    floor = open_floor()
    exec_id = bought(floor)
    floor.place(SELL, 2)
    floor.quote(104, 105)
    floor.broker.correct(exec_id, now_ns=floor.now, px=101)
    assert floor.broker.worth("DUSIM1").realised_micros == 2 * 3 * QUANTUM - 2 * FEE
    assert floor.broker.truth().cash_micros == {("DUSIM1", "USD"): CASH + 2 * 3 * QUANTUM - 4 * FEE}


def test_a_bust_takes_an_execution_back_as_if_it_had_never_been() -> None:
    floor = open_floor()
    exec_id = bought(floor)
    floor.broker.bust(exec_id)
    assert [type(each) for each in floor.broker.take()] == [Busted]
    assert floor.broker.truth().positions == {}
    assert floor.broker.truth().cash_micros == {("DUSIM1", "USD"): CASH}
    assert floor.broker.executions() == []
    with pytest.raises(InvariantError, match="no execution"):
        floor.broker.bust(exec_id)


def test_an_order_at_the_price_of_a_print_keeps_the_last_price_as_its_mark_where_nothing_is_quoted() -> None:
    floor = Floor()
    floor.phase(contract=ES)
    floor.place(BUY, 1, Type.LIMIT, limit_px=100)
    floor.trade(99)
    floor.trade(97)
    position = floor.broker.position("DUSIM1", ES)
    assert (position.qty, position.mark_px) == (1, 97)
