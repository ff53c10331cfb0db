"""The bundle tells how a TWS writes, and nothing of whose it is."""

from __future__ import annotations

import json
import re
import zipfile

import pytest

from tests.runtime.proof.tours import ACCOUNT, ours, theirs
from tests.venues.ib.checkup.room import both, one
from workbench import wire
from workbench.runtime.proof import bundle
from workbench.runtime.proof.compare import differences, life
from workbench.runtime.proof.talk import Conversation, Frame

SECRET = 'text = "Order rejected - reason:YOUR ACCOUNT DUSIM7654321 (also U7654321) HAS 81,234.56 USD AND NEEDS 99,000"'


def of_the_user() -> list[Frame]:
    """What a person's own account would add: a position, a fill, an order by hand at a price of his."""
    contract = wire.ContractFields(con_id=265598, symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
    order = wire.OrderFields(
        order_id=-77, perm_id=1357924680, action="BUY", total_quantity=4321, order_type="LMT", lmt_price=187.65, account=ACCOUNT
    )
    execution = wire.Execution(
        exec_id="0000e0d5.5f5f5f5f.01.01", time="20261119 10:00:00 US/Central", account=ACCOUNT, exchange="ARCA", side="BOT",
        shares=4321, price=186.54, perm_id=1357924680,
    )  # fmt: skip
    messages = (
        wire.Position(account=ACCOUNT, contract=contract, position=4321, average_cost=183.21),
        wire.OpenOrder(contract=contract, order=order, state=wire.OrderState(status="Submitted", init_margin_before=76543.21)),
        wire.CompletedOrder(contract=contract, order=order, state=wire.OrderState(status="Filled")),
        wire.OrderStatus(-77, "Submitted", 0, 4321, perm_id=1357924680),
        wire.ExecutionData(order_id=-77, contract=contract, execution=execution),
        wire.AccountValue("NetLiquidation", "765432.10", "USD", ACCOUNT),
        wire.AccountValue("AccountOrGroup", "Jane Q. Public", "", ACCOUNT),
    )
    return [Frame(99.0, "after", False, wire.encode(each, 178), each) for each in messages]


@pytest.fixture(scope="module")
def talk() -> Conversation:
    made = theirs(both(one("ErrorMessage", f'do = "change", fields = {{ {SECRET} }}', where="code = 202")))
    return made._replace(frames=(*made.frames, *of_the_user()))


@pytest.fixture(scope="module")
def files(talk, tmp_path_factory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("proof") / "proof.zip"
    lives = {name: life(talk, order_id) for name, order_id in talk.orders.items()}
    bundle.write(path, "MES", talk, differences(talk, ours()), lives)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_holds_a_readme_the_differences_the_orders_and_every_frame(talk, files):
    assert set(files) == {"README.md", "differences.txt", "orders.txt", "conversation.jsonl"}
    lines = [json.loads(line) for line in files["conversation.jsonl"].splitlines()]
    assert len(lines) == len(talk.frames) and {line["from"] for line in lines} == {"us", "TWS"}
    assert "server version 178" in files["README.md"]


@pytest.mark.parametrize(
    "secret",
    [ACCOUNT, "7654321", "AAPL", "265598", "4321", "187.65", "186.54", "183.21", "765432", "76543.21", "1357924680", "0000e0d5",
     "Jane", "81,234", "99,000"],
)  # fmt: skip
def test_nothing_of_the_user_is_left(files, secret):
    assert not [name for name, text in files.items() if secret in text]


def test_no_amount_of_the_account_and_no_quote_is_left(talk, files):
    amounts = {each.message.value for each in talk.frames if isinstance(each.message, wire.AccountValue | wire.AccountSummary)}
    amounts = {each for each in amounts if re.fullmatch(r"\d{4,}(\.\d+)?", each)}
    assert amounts and not [each for each in amounts if each in files["conversation.jsonl"]]
    quotes = {str(each.message.price) for each in talk.frames if isinstance(each.message, wire.TickPrice) and each.message.price}
    assert quotes and not [each for each in quotes if f'"{each}"' in files["conversation.jsonl"]]


def test_the_prices_that_are_left_are_those_of_the_tour_s_own_orders(talk, files):
    sent = {
        float(x)
        for each in talk.frames
        if isinstance(each.message, wire.PlaceOrder)
        for x in (each.message.order.lmt_price, each.message.order.aux_price)
        if x
    }
    left = {
        float(line["fields"][place])
        for line in map(json.loads, files["conversation.jsonl"].splitlines())
        if line["message"] == "OpenOrder" and "fields" in line
        for place in ("order.lmt_price", "order.aux_price")
        if line["fields"][place] and float(line["fields"][place])
    }
    assert left and left <= sent


def test_what_is_masked_still_tells_how_it_was_written(files):
    assert '"ACCOUNT1"' in files["conversation.jsonl"] and '"PERM1"' in files["conversation.jsonl"]
    assert "yyyymmdd HH:MM:SS zone" in files["conversation.jsonl"]
    assert "reason:YOUR ACCOUNT ACCOUNT1 (also ACCOUNT) HAS # USD AND NEEDS #" in files["conversation.jsonl"]
