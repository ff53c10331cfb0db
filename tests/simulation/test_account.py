"""What the simulated broker believes: cash, fees, marks at the worse side, margin; and that equity is the sum of its parts."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.pit import BUY, ENTRY, EXIT, LIMIT, SELL, STOP, TARGET, future, share, submit
from workbench.domain.errors import ConfigError, InvariantError, StoreError
from workbench.domain.events import AccountValued, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import Leg
from workbench.risk.limits import Terms
from workbench.simulation.account import Accounts
from workbench.simulation.matching.exchange import Quote

CASH, MARGIN, TICK = 10_000_000_000, 2_000_000_000, 12_500_000  # micros; one tick of ES is 12.50 USD
US = "DUSIM1"


def accounts(*brackets: tuple[int, int, int]) -> Accounts:
    """Accounts on ES (1) and SPY (2) that heard of brackets (ref, side, contract) of five."""
    made = Accounts([Terms(future(), 0, MARGIN), Terms(share(2), 0, 300_000_000)], cash_micros=CASH)
    for ref, side, contract in brackets:
        made.open(submit(ref, side, 5, LIMIT, 100, 90, 110, contract))
    return made


def fill(ref: int, leg: Leg, qty: int, px: int, fee: int | None = 0) -> OrderFilled:
    return OrderFilled(ref, leg, qty, px, f"S{ref}.{leg}.{px}", fee)


def test_an_account_nobody_traded_on_is_its_cash() -> None:
    assert accounts().value(US, {}) == AccountValued(US, CASH, CASH)


def test_a_position_is_marked_at_the_side_it_could_be_left_at() -> None:
    quotes = {1: Quote(102, 105)}
    for side, gain in ((BUY, 2), (SELL, -5)):
        books = accounts((1, side, 1))
        books.book(fill(1, ENTRY, 3, 100))
        assert books.value(US, quotes) == AccountValued(US, CASH + 3 * gain * TICK, CASH + 3 * gain * TICK - 3 * MARGIN)


def test_a_side_that_is_not_shown_leaves_the_last_mark() -> None:
    books = accounts((1, BUY, 1))
    books.book(fill(1, ENTRY, 1, 100))
    assert books.value(US, {1: Quote(None, 90)}).equity_micros == CASH
    assert books.value(US, {1: Quote(98, None)}).equity_micros == CASH - 2 * TICK
    assert books.value(US, {}).equity_micros == CASH - 2 * TICK


def test_what_is_closed_is_cash_and_frees_its_margin() -> None:
    books = accounts((1, BUY, 1))
    books.book(fill(1, ENTRY, 2, 100, 5_000_000))
    books.book(fill(1, TARGET, 2, 104, 5_000_000))
    assert books.position(US, 1) == 0
    assert books.value(US, {1: Quote(1, 2)}) == AccountValued(US, CASH + 8 * TICK - 10_000_000, CASH + 8 * TICK - 10_000_000)


def test_an_unknown_fee_costs_nothing_yet() -> None:
    books = accounts((1, BUY, 1))
    books.book(fill(1, ENTRY, 1, 100, None))
    assert books.value(US, {}).equity_micros == CASH


def test_accounts_and_contracts_are_kept_apart() -> None:
    books = accounts((1, BUY, 1), (2, SELL, 2))
    books.open(submit(3, BUY, 1, LIMIT, 100, 90, 110, account="shadow:x"))
    books.book(fill(1, ENTRY, 1, 100))
    books.book(fill(2, ENTRY, 5, 1_000_000))
    assert (books.position(US, 1), books.position(US, 2), books.position("shadow:x", 1)) == (1, -5, 0)
    assert books.value("shadow:x", {}).available_micros == CASH
    assert books.value(US, {2: Quote(999_000, 999_900)}) == AccountValued(US, CASH + 50_000, CASH + 50_000 - MARGIN - 5 * 300_000_000)
    assert list(books.accounts()) == [US, "shadow:x"]


def test_two_brackets_on_one_contract_are_one_position() -> None:
    books = accounts((1, BUY, 1), (2, SELL, 1))
    books.book(fill(1, ENTRY, 5, 100))
    books.book(fill(2, ENTRY, 2, 103))
    assert books.position(US, 1) == 3
    assert books.value(US, {1: Quote(103, 104)}).equity_micros == CASH + 15 * TICK


def test_a_bracket_is_forgotten_when_it_is_over_and_not_before() -> None:
    books = accounts((1, BUY, 1), (2, BUY, 1), (3, BUY, 1))
    books.book(OrderAccepted(1, ENTRY, 5, 100))
    books.book(fill(1, ENTRY, 2, 100))
    books.book(fill(1, STOP, 2, 90))  # flat, but three may still fill
    books.book(fill(1, ENTRY, 1, 100))
    books.book(OrderCancelled(1, ENTRY, 2))
    books.book(fill(1, EXIT, 1, 100))
    books.book(OrderCancelled(1, TARGET, 3))
    books.book(OrderCancelled(2, ENTRY, 5))
    books.book(OrderRejected(3, ENTRY, "no"))
    for ref in (1, 2, 3):
        with pytest.raises(InvariantError, match="nobody opened, or that is over"):
            books.book(fill(ref, ENTRY, 1, 100))


def test_margin_of_an_order_is_told_without_its_direction() -> None:
    assert accounts().margin_micros(1, 3) == accounts().margin_micros(1, -3) == 3 * MARGIN


def test_a_contract_without_a_margin_or_in_another_currency_is_refused() -> None:
    with pytest.raises(ConfigError, match="none for root ES"):
        Accounts([Terms(future(), 0)], cash_micros=CASH)
    with pytest.raises(ConfigError, match="priced in USD, the simulated account is in EUR"):
        Accounts([Terms(future(), 0, 1)], cash_micros=CASH, currency="EUR")
    with pytest.raises(InvariantError, match="never defined"):
        accounts((1, BUY, 9))


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32))
def test_equity_is_cash_plus_every_fill_marked_less_fees_and_a_snapshot_changes_nothing(seed: int) -> None:
    rng = Random(seed)
    sides = {ref: rng.choice((BUY, SELL)) for ref in range(1, 5)}
    books = accounts(*((ref, side, 1) for ref, side in sides.items()))
    entered, out, flow, fees = dict.fromkeys(sides, 0), dict.fromkeys(sides, 0), 0, 0
    for _ in range(30):
        ref = rng.choice(list(sides))
        leg = rng.choice((ENTRY, STOP, EXIT))
        room = 5 - entered[ref] if leg is ENTRY else entered[ref] - out[ref]
        if room <= 0 or (leg is not ENTRY and entered[ref] == 5 and room == 1):
            continue  # a bracket that is over hears no more
        qty, px, fee = rng.randint(1, room - (leg is not ENTRY and entered[ref] == 5)), rng.randint(-50, 150), rng.randint(0, 9)
        books.book(fill(ref, leg, qty, px, fee))
        signed = qty * sides[ref] * (1 if leg is ENTRY else -1)
        (entered if leg is ENTRY else out)[ref] += qty
        flow, fees = flow - signed * px, fees + fee
        held = sum((entered[each] - out[each]) * side for each, side in sides.items())
        assert books.position(US, 1) == held
        mark = 40 if held > 0 else 41
        value = books.value(US, {1: Quote(40, 41)})
        assert value.equity_micros == CASH + (flow + held * mark) * TICK - fees
        assert value.equity_micros - value.available_micros == abs(held) * MARGIN
        other = accounts()
        other.restore(books.snapshot())
        assert (other.snapshot(), other.value(US, {})) == (books.snapshot(), value)
        books = other


def test_bytes_that_are_no_snapshot_are_refused() -> None:
    with pytest.raises(StoreError, match="no snapshot"):
        accounts().restore(b"\x00")
