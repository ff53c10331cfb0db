"""The last look: what leaves is what was commanded, whatever made the bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.ib.hand import ACCOUNT, BY_ID, CON_ID, ENTRY, EXIT, IDS, STOP, SUBMIT, TARGET, book
from workbench.domain.errors import InvariantError
from workbench.domain.orders import Leg, OrderType
from workbench.venues.ib.book import Book, Part, Terms, write_ref
from workbench.venues.ib.validator import Limits, Validator
from workbench.wire import CancelOrder, ContractFields, OrderFields, PlaceOrder, encode

VERSION = 178
LIMITS = Limits(account=ACCOUNT, max_qty=5)
CONTRACT = ContractFields(con_id=CON_ID, symbol="ES", sec_type="FUT", exchange="CME", currency="USD", local_symbol="ESZ6")
GOOD: dict[Leg, dict[str, Any]] = {
    ENTRY: {"action": "BUY", "order_type": "LMT", "lmt_price": 6000.0, "transmit": False},
    STOP: {"action": "SELL", "order_type": "STP", "aux_price": 5990.0, "transmit": False, "parent_id": 41, "oca_group": "g"},
    TARGET: {"action": "SELL", "order_type": "LMT", "lmt_price": 6020.0, "parent_id": 41, "oca_group": "g"},
    EXIT: {"action": "SELL", "order_type": "MKT"},
}


def payload(leg: Leg, contract: ContractFields = CONTRACT, **other: Any) -> bytes:
    named = {"total_quantity": 2, "account": ACCOUNT, "order_ref": write_ref("r1", 7, leg), **GOOD[leg], **other}
    return encode(PlaceOrder(order_id=IDS[leg], contract=contract, order=OrderFields(**named)), VERSION)


def validator(of: Book, limits: Limits = LIMITS) -> Validator:
    return Validator(of, BY_ID, limits, lambda: VERSION)


def held(qty: int = 2) -> Book:
    """The bracket, its entry filled, an exit about to leave."""
    made = book()
    life = made.lives[7]
    life.entry.filled = qty
    exit_ = Part(IDS[EXIT], EXIT, -1, OrderType.MARKET, Terms(2, None))
    life.parts.append(exit_)
    made.number(life, exit_, exit_.order_id)
    return made


@pytest.mark.parametrize("leg", list(GOOD))
def test_what_was_commanded_may_leave(leg: Leg) -> None:
    validator(held()).check(payload(leg))


def test_what_is_no_order_is_none_of_its_business() -> None:
    validator(book()).check(encode(CancelOrder(7), VERSION))


@pytest.mark.parametrize(
    ("leg", "other", "why"),
    [
        (ENTRY, {"account": "DUSIM2"}, "not the one of the settings"),
        (ENTRY, {"action": "SELL"}, "would SELL"),
        (ENTRY, {"total_quantity": 1}, "commanded were 2"),
        (ENTRY, {"total_quantity": 3}, "at most 2"),
        (ENTRY, {"total_quantity": 0}, "quantity is 0"),
        (ENTRY, {"total_quantity": 0.5}, "off its grid"),
        (ENTRY, {"lmt_price": 6000.1}, "off the grid"),
        (ENTRY, {"lmt_price": 6000.25}, "commanded was 6000.0"),
        (ENTRY, {"order_type": "MKT", "lmt_price": None}, "is a MKT"),
        (ENTRY, {"order_ref": write_ref("r1", 8, ENTRY)}, "orderRef"),
        (ENTRY, {"order_ref": ""}, "orderRef"),
        (ENTRY, {"transmit": True}, "must wait"),
        (STOP, {"aux_price": None}, "has a price"),
        (STOP, {"parent_id": 0}, "parent"),
        (TARGET, {"oca_group": ""}, "OCA"),
        (EXIT, {"lmt_price": 6000.0, "order_type": "LMT"}, "is a LMT"),
    ],
)
def test_whatever_differs_from_the_command_is_kept(leg: Leg, other: dict[str, Any], why: str) -> None:
    with pytest.raises(InvariantError, match=why):
        validator(held()).check(payload(leg, **other))


def test_another_contract_is_kept() -> None:
    for contract in (ContractFields(con_id=CON_ID + 1, sec_type="FUT"), ContractFields(con_id=CON_ID, sec_type="CONTFUT")):
        with pytest.raises(InvariantError, match="not the contract commanded"):
            validator(book()).check(payload(ENTRY, contract))


@pytest.mark.parametrize("filled", [0, 1])
def test_an_exit_never_closes_more_than_is_held(filled: int) -> None:
    with pytest.raises(InvariantError, match="that are held"):
        validator(held(filled)).check(payload(EXIT))


def test_an_order_that_nobody_commanded_is_kept() -> None:
    with pytest.raises(InvariantError, match="no command asked for it"):
        validator(Book("r1")).check(payload(ENTRY))


@pytest.mark.parametrize(
    ("limits", "account"), [(LIMITS, "U1234567"), (Limits(account="U1234567"), "U1234567"), (Limits(account="U1", is_live=True), "U2")]
)
def test_an_account_with_money_is_never_traded_but_live_and_by_name(limits: Limits, account: str) -> None:
    assert limits.why_not(account) is not None


def test_the_account_of_a_live_run_may_be_traded() -> None:
    assert Limits(account="U1234567", is_live=True).why_not("U1234567") is None


def test_a_payload_that_cannot_be_read_back_is_kept() -> None:
    with pytest.raises(InvariantError, match="cannot be read back"):
        validator(book()).check(payload(ENTRY)[:60] + b"\0")


def test_a_payload_that_was_looked_at_leaves_without_another_look_and_only_then() -> None:
    made, good, bad = validator(held()), payload(STOP), payload(STOP, aux_price=5990.25)
    with made.looked_at([good]):
        made.check(good)
    assert made.n_checked == 1
    made.check(good)
    assert made.n_checked == 2
    with pytest.raises(InvariantError), made.looked_at([good, bad]):
        pytest.fail("one of them must not leave")


def test_an_order_like_one_before_is_read_as_if_it_were_the_first() -> None:
    made = validator(held())
    for leg in (STOP, TARGET, STOP):
        made.check(payload(leg))
    for other in ({"aux_price": 5990.25}, {"total_quantity": 3}, {"parent_id": 40}, {"order_ref": "WB:r1:8:S"}):
        with pytest.raises(InvariantError):
            made.check(payload(STOP, **other))
    with pytest.raises(InvariantError, match="account"):
        made.check(payload(STOP, account="U1234567"))


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.sampled_from([ENTRY, STOP, TARGET]), st.data())
def test_no_order_leaves_whose_number_or_price_is_another(leg: Leg, data: st.DataObject) -> None:
    made = validator(held())
    if data.draw(st.booleans()):
        made.check(payload(leg))  # the shape is known then
    field = data.draw(st.sampled_from(["total_quantity", "aux_price" if leg is STOP else "lmt_price"]))
    value = data.draw(st.one_of(st.integers(-(10**6), 10**6), st.floats(allow_nan=False, allow_infinity=False, width=32)))
    right = 2 if field == "total_quantity" else GOOD[leg][field]
    check: Callable[[], None] = lambda: made.check(payload(leg, **{field: value}))  # noqa: E731  one use
    if value == right or (leg is not ENTRY and field == "total_quantity" and value in (1, 2)):
        check()
    else:
        with pytest.raises(InvariantError):
            check()
    assert SUBMIT.qty == 2
