"""Executions of a Flex statement: what is ours, what is booked already, what cannot be read, and what is no statement."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.domain.errors import DataError
from workbench.domain.orders import Leg
from workbench.importers.flex import FlexFill, read_flex, unbooked

TRADE = (
    '<Trade accountId="DU1" levelOfDetail="EXECUTION" conid="495512563" ibExecID="0000e0d5.69e02bfb.01.01" orderReference="WB:r1:7:S" '
    'quantity="-2" tradePrice="5,000.25" ibCommission="-4.5" ibCommissionCurrency="USD"/>'
)


def statement(tmp_path: Path, *rows: str, head: str = "") -> Path:
    path = tmp_path / "flex.xml"
    body = "".join(rows)
    path.write_text(
        f'<?xml version="1.0"?>{head}<FlexQueryResponse type="AF"><FlexStatements count="1"><FlexStatement accountId="DU1">'
        f"<Trades>{body}</Trades></FlexStatement></FlexStatements></FlexQueryResponse>"
    )
    return path


def test_an_execution_of_ours_is_read_with_its_leg_and_without_its_signs(tmp_path: Path) -> None:
    found = read_flex(statement(tmp_path, TRADE))
    assert found.fills == (FlexFill("0000e0d5.69e02bfb.01.01", "r1", 7, Leg.STOP, 2, "5000.25", "4.5", "495512563"),)
    assert not found.unread and not found.n_others


def test_names_of_other_versions_are_known_and_rows_of_orders_are_not_executions(tmp_path: Path) -> None:
    confirm = '<TradeConfirm execID="x.01" orderRef="WB:r1:7:E" shares="1" price="10"/>'
    summary = TRADE.replace("EXECUTION", "ORDER")
    found = read_flex(statement(tmp_path, confirm, summary))
    assert [(each.exec_id, each.leg, each.px, each.fee) for each in found.fills] == [("x.01", Leg.ENTRY, "10", None)]


def test_what_is_not_ours_is_counted_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    other, broken = TRADE.replace("WB:r1:7:S", "mine"), TRADE.replace('tradePrice="5,000.25"', 'tradePrice="n/a"')
    without, half = TRADE.replace("ibExecID", "id"), TRADE.replace('quantity="-2"', 'quantity="0.5"')
    found = read_flex(statement(tmp_path, other, broken, without, half))
    assert found.n_others == 1 and not found.fills and len(found.unread) == 3
    assert "quantity and price cannot be read" in found.unread[0] and "exec_id cannot be read" in found.unread[1]


@pytest.mark.parametrize(
    "content", ["", "no xml", "<a>", '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>']
)
def test_what_is_no_statement_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "flex.xml"
    path.write_text(content)
    with pytest.raises(DataError, match="no Flex statement"):
        read_flex(path)


def test_a_run_that_is_not_in_the_folder_is_not_ours_to_book(tmp_path: Path) -> None:
    new, said = unbooked(tmp_path / "data", read_flex(statement(tmp_path, TRADE, TRADE.replace("WB:r1:7:S", ""))))
    assert new == [] and said == [
        "0000e0d5.69e02bfb.01.01: of a run that is not in this folder (r1)", "1 executions of others passed over",
    ]  # fmt: skip
