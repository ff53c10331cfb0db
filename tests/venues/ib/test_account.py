"""Money and positions as the broker tells them: together, once a change, and never out of silence."""

from __future__ import annotations

from tests.venues.ib.hand import ACCOUNT, BY_CON_ID, CON_ID, FIELDS
from workbench.domain.events import AccountTold, AccountValued, AnyEvent, BrokerSaid, Known, PositionTold, Unknown
from workbench.venues.ib.account import Account, margin
from workbench.wire import (
    AccountDownloadEnd,
    AccountUpdateTime,
    AccountValue,
    Answer,
    ContractFields,
    OpenOrder,
    OrderFields,
    OrderState,
    Pnl,
    Position,
)

VALUES: list[Answer] = [
    AccountValue("NetLiquidation", "100000.50", "EUR", ACCOUNT),
    AccountValue("AvailableFunds", "90000.00", "EUR", ACCOUNT),
    AccountValue("CashBalance", "1000", "USD", ACCOUNT),
    AccountValue("CashBalance", "101000.50", "BASE", ACCOUNT),
    AccountValue("ExchangeRate", "0.92", "USD", ACCOUNT),
    AccountValue("AccountReady", "true", "", ACCOUNT),
    AccountValue("NetLiquidation", "1.7976931348623157E308", "USD", ACCOUNT),
    AccountValue("NetLiquidation", "5", "EUR", "DUSIM2"),
]


def told(of: Account, *messages: Answer) -> list[AnyEvent]:
    return [event for message in messages for event in of.hear(message)]


def test_values_are_told_together_by_currency_with_their_rate_when_all_have_come() -> None:
    of = Account(ACCOUNT, BY_CON_ID)
    assert told(of, *VALUES, AccountUpdateTime("09:30")) == [] and isinstance(of.answer(), Unknown)
    assert told(of, AccountDownloadEnd(ACCOUNT)) == [
        AccountTold(ACCOUNT, "EUR", {"AvailableFunds": 90_000_000_000, "NetLiquidation": 100_000_500_000}, "1"),
        AccountTold(ACCOUNT, "USD", {"CashBalance": 1_000_000_000}, "0.92"),
        AccountValued(ACCOUNT, 100_000_500_000, 90_000_000_000),
    ]
    assert of.answer() == Known({"equity_micros": 100_000_500_000, "available_micros": 90_000_000_000})


def test_only_what_changed_is_told_again() -> None:
    of = Account(ACCOUNT, BY_CON_ID)
    told(of, *VALUES, AccountDownloadEnd(ACCOUNT))
    assert told(of, *VALUES, AccountUpdateTime("09:31")) == []
    changed = told(of, AccountValue("NetLiquidation", "99000", "EUR", ACCOUNT), AccountUpdateTime("09:32"))
    assert [type(event) for event in changed] == [AccountTold, AccountValued]


def test_profit_and_loss_ride_in_the_base_currency() -> None:
    of = Account(ACCOUNT, BY_CON_ID)
    told(of, *VALUES, AccountDownloadEnd(ACCOUNT), Pnl(1, -12.5, None, 3))
    (event,) = of.flush()
    assert isinstance(event, AccountTold) and event.currency == "EUR" and event.values["PnLDaily"] == -12_500_000
    assert "PnLUnrealized" not in event.values and event.values["PnLRealized"] == 3_000_000


def test_a_lost_connection_is_known_nothing_of() -> None:
    of = Account(ACCOUNT, BY_CON_ID)
    told(of, *VALUES, AccountDownloadEnd(ACCOUNT))
    of.forget()
    assert isinstance(of.answer(), Unknown) and of.flush() == []


def test_a_position_is_told_with_what_it_cost_and_one_that_is_gone_as_flat() -> None:
    of = Account(ACCOUNT, BY_CON_ID)
    held = Position(account=ACCOUNT, contract=FIELDS, position=-2, average_cost=300_000.5)
    assert told(of, held, held) == [PositionTold(ACCOUNT, 1, -2, -600_001_000_000)]
    assert of.gone({CON_ID}) == []
    assert of.gone(set()) == [PositionTold(ACCOUNT, 1, 0, 0)]
    assert of.gone(set()) == []


def test_a_position_in_an_unknown_contract_is_told_in_words_and_one_of_another_account_not_at_all() -> None:
    of = Account(ACCOUNT, BY_CON_ID)
    other = Position(account=ACCOUNT, contract=ContractFields(con_id=5, local_symbol="CLF7"), position=3)
    (said,) = told(of, other)
    assert isinstance(said, BrokerSaid) and said.kind == "foreign" and "CLF7" in said.text
    assert told(of, Position(account="DUSIM2", contract=FIELDS, position=1)) == []


def test_the_answer_to_a_what_if_is_known_only_with_its_margins() -> None:
    state = OrderState(status="PreSubmitted", init_margin_change=19_000, maint_margin_change=17_000.5, commission=2.25)
    row = OpenOrder(contract=FIELDS, order=OrderFields(what_if=True), state=state)
    answer = margin([row])
    assert isinstance(answer, Known) and answer.value["initial_micros"] == 19_000_000_000 and answer.value["commission_micros"] == 2_250_000
    assert answer.value["equity_after_micros"] is None
    assert isinstance(margin([OpenOrder(contract=FIELDS, order=OrderFields(what_if=True), state=OrderState())]), Unknown)
    assert isinstance(margin([]), Unknown)


def test_what_an_earlier_process_held_and_nobody_names_any_more_is_told_flat() -> None:
    of = Account(ACCOUNT, BY_CON_ID)
    of.held_before({1: -2, 7: 3})
    assert [event.qty for event in of.gone(set()) if isinstance(event, PositionTold)] == [0]
    assert of.gone(set()) == []


def test_what_a_bracket_of_ours_may_hold_and_nobody_ever_named_is_told_flat_once() -> None:
    of = Account(ACCOUNT, BY_CON_ID)
    assert of.gone({CON_ID}, {1}) == [] and of.gone(set(), {7}) == []
    assert of.gone(set(), {1}) == [PositionTold(ACCOUNT, 1, 0, 0)] and of.gone(set(), {1}) == []


def test_a_row_that_says_flat_is_told_like_any_other_the_first_time() -> None:
    of, row = Account(ACCOUNT, BY_CON_ID), Position(account=ACCOUNT, contract=FIELDS, position=0)
    assert told(of, row, row) == [PositionTold(ACCOUNT, 1, 0, 0)]
