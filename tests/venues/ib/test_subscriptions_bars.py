"""Real-time bars are asked for last, go first, come back by themselves, and are in nobody's way; nothing of them is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.venues.ib.test_subscriptions import ALL, DEEDS, DEPTH, L1, LAST, Account, running
from workbench.domain.units import SECOND
from workbench.venues.ib.budget import NEW_BARS, NEW_BARS_NS, Budget
from workbench.venues.ib.deeds import Want
from workbench.venues.ib.streams import Notice, Source

BARS = Source.BARS
TWO = [Want(contract, source) for source in (LAST, DEPTH, BARS) for contract in (1, 2)]


def of_bars(account: Account) -> list[int]:
    """The contracts whose bars are asked for now."""
    return sorted(contract for contract, source in account.held.values() if source == BARS)


def trading(*wants: Want, budget: Budget | None = None) -> Account:
    account = running(*wants, budget=budget)
    for contract in {want.contract for want in wants}:
        account.subscriptions.on_phase(contract, True, account.now)
    return account


def test_they_are_asked_for_behind_all_else_and_nobody_hears_of_them() -> None:
    account = trading(*TWO)
    assert [start.source for start in account.starts][-2:] == [BARS, BARS] and of_bars(account) == [1, 2]
    assert "bars-5s" not in {each.stream for each in account.told} and account.gaps == []
    account.drop()
    account.connect()
    assert [start.source for start in account.starts][-2:] == [BARS, BARS]
    assert "bars-5s" not in {each.stream for each in account.told}


def test_with_few_lines_the_bars_have_none_and_the_most_wanted_have_the_last() -> None:
    assert of_bars(trading(*TWO, budget=Budget(lines=3))) == [1]
    account = trading(*TWO, budget=Budget(lines=2))
    assert of_bars(account) == [] and account.live() == {Want(each, source) for each in (1, 2) for source in (L1, LAST, DEPTH)}
    assert {each.state for each in account.told} == {"live"}


def test_a_line_that_is_wanted_later_takes_the_place_of_the_least_wanted_bars() -> None:
    account = trading(*TWO, budget=Budget(lines=4))
    assert of_bars(account) == [1, 2]
    account.want(Want(3, LAST), *TWO)
    account.wait(5)
    assert of_bars(account) == [1] and Want(3, L1) in account.live()


def test_where_the_broker_has_fewer_lines_than_we_thought_the_bars_step_down_at_once() -> None:
    account = trading(*TWO)
    account.error(101, account.id_of(1, L1))
    account.wait(5)
    assert of_bars(account) == [1] and {Want(1, L1), Want(2, L1)} <= account.live()
    account = trading(*TWO)
    account.error(101, account.id_of(2, BARS))
    account.wait(30)
    assert of_bars(account) == [1] and {Want(1, L1), Want(2, L1)} <= account.live()


@pytest.mark.parametrize("code", [420, 354, 10089, 162, 321])
def test_what_is_refused_is_not_asked_for_again_for_a_quarter_of_an_hour(code: int) -> None:
    account = trading(*TWO)
    account.error(code, account.id_of(1, BARS))
    account.wait(14 * 60, step=10)
    assert of_bars(account) == [2] and account.gaps == []
    account.wait(2 * 60, step=10)
    assert of_bars(account) == [1, 2] and "bars-5s" not in {each.stream for each in account.told}


@pytest.mark.parametrize("code", [317, 10167, 399, 2176])
def test_what_says_nothing_about_bars_changes_nothing(code: int) -> None:
    account = trading(*TWO)
    before, told = dict(account.held), list(account.told)
    account.error(code, account.id_of(1, BARS))
    assert account.held == before and account.told == told and account.books == []


def test_bars_that_end_by_a_bust_or_come_no_more_are_asked_for_again() -> None:
    account = trading(*TWO)
    before = account.id_of(1, BARS)
    account.error(10225, before)
    account.wait(5)
    again = account.id_of(1, BARS)
    assert again != before
    for _ in range(11 * 60):
        account.now += SECOND
        account.flow(L1, LAST, DEPTH)
        account.do(account.subscriptions.advance(account.now))
    assert account.id_of(1, BARS) > again and account.gaps == []


def test_while_a_contract_is_closed_nobody_waits_for_its_bars() -> None:
    account = Account()
    account.want(*TWO)
    account.connect()
    before = {account.id_of(contract, BARS) for contract in (1, 2)}
    for _ in range(30 * 60):
        account.now += SECOND
        account.flow(L1)
        account.do(account.subscriptions.advance(account.now))
    assert {account.id_of(contract, BARS) for contract in (1, 2)} == before


def test_a_link_that_comes_and_goes_never_asks_for_more_than_their_pace_allows() -> None:
    account, asked_at = Account(), list[int]()
    account.want(*TWO)
    for second in range(30 * 60):
        if second % 15 == 0:
            account.drop()
            account.connect()
        asked_at += [account.now] * (sum(start.source == BARS for start in account.starts) - len(asked_at))
        account.wait(1)
    assert len(asked_at) > NEW_BARS
    assert all(later - first >= NEW_BARS_NS - SECOND for first, later in zip(asked_at, asked_at[NEW_BARS:], strict=False))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(DEEDS)
def test_while_there_are_lines_everything_else_is_asked_for_and_told_as_if_there_were_none(deeds: list[object]) -> None:
    without, beside = Account(Budget(lines=99)), Account(Budget(lines=99))
    bars = [Want(contract, BARS) for contract in (1, 2, 3)]
    without.want(*ALL)
    beside.want(*ALL, *bars)
    for account in (without, beside):
        for deed in deeds:
            if not (isinstance(deed, tuple) and deed[0] == 101):  # then the bars give theirs
                _happen(account, deed, bars if account is beside else [])
    assert [start[1:] for start in beside.starts if start.source != BARS] == [start[1:] for start in without.starts]
    assert beside.told == without.told and beside.gaps == without.gaps and beside.polls == without.polls


def _happen(account: Account, deed: object, bars: list[Want]) -> None:
    ids = [req_id for req_id, (_, source) in account.held.items() if source != BARS]
    match deed:
        case "drop":
            account.drop()
        case "connect" if not account.subscriptions.is_connected:
            account.connect()
        case "flow":
            account.flow()
        case "silence":
            account.wait(15, flows=False)
        case "want less":
            account.want(*ALL[3:5], *bars[1:2])
        case "want all":
            account.want(*ALL, *bars)
        case int():
            account.error(deed)
        case float():
            account.wait(deed)
        case ("broken", at) if ids:
            account.do(account.subscriptions.on_notice(ids[at % len(ids)], Notice.BROKEN, 0, account.now))
        case (int() as code, at) if ids:
            account.error(code, ids[at % len(ids)])
