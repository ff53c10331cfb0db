"""A whole Flex statement as rows: signs, corrections, other cash, and what makes a statement unusable."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from workbench.domain.errors import DataError
from workbench.importers.statement import FlexStatement, OtherCash, read_statements

TRADE = (
    '<Trade levelOfDetail="EXECUTION" conid="7" symbol="ESZ6" assetCategory="FUT" currency="USD" ibExecID="0000e0d5.69e02bfb.01.01" '
    'orderReference="WB:r1:7:S" quantity="-2" tradePrice="5,000.25" ibCommission="-4.5" tradeDate="20261119" tradeID="1" buySell="SELL"/>'
)
CANCEL = TRADE.replace('"-2"', '"2"').replace('"-4.5"', '"4.5"').replace('tradeID="1"', 'transactionType="TradeCancel" tradeID="2"')


def read(tmp_path: Path, *rows: str, extra: str = "", trades: str = "<Trades>{}</Trades>") -> FlexStatement:
    path = tmp_path / "flex.xml"
    inside = trades.format("".join(rows)) + extra
    path.write_text(
        f'<FlexQueryResponse><FlexStatements><FlexStatement accountId="DU1" fromDate="2026-11-19" toDate="20261120">{inside}'
        f"</FlexStatement></FlexStatements></FlexQueryResponse>"
    )
    (made,) = read_statements(path)
    return made


def test_an_execution_is_read_with_its_signs_and_exact(tmp_path: Path) -> None:
    made = read(tmp_path, TRADE, TRADE.replace("EXECUTION", "ORDER"))
    (row,) = made.executions
    assert (made.account, made.first, made.last) == ("DU1", 20261119, 20261120)
    assert (row.qty, row.px, row.fee, row.fee_currency, row.day, row.proceeds) == (
        -2,
        Decimal("5000.25"),
        Decimal("-4.5"),
        "USD",
        20261119,
        None,
    )
    assert row.is_ours and row.account == "DU1"


def test_a_cancelled_execution_is_none_and_its_correction_counts_once(tmp_path: Path) -> None:
    corrected = TRADE.replace(".01.01", ".01.02").replace("5,000.25", "5000").replace('tradeID="1"', 'tradeID="3"')
    made = read(tmp_path, TRADE, CANCEL, corrected)
    assert [(row.exec_id[-5:], row.px, row.fee) for row in made.executions] == [("01.02", 5_000, Decimal("-4.5"))]
    assert (made.n_corrected, made.n_busted) == (1, 0)
    assert read(tmp_path, TRADE, corrected).executions == made.executions
    busted = read(tmp_path, TRADE, CANCEL)
    assert (busted.executions, busted.n_corrected, busted.n_busted) == ((), 1, 1)


def test_a_cancelling_row_may_name_the_trade_instead_of_the_execution(tmp_path: Path) -> None:
    other = CANCEL.replace("0000e0d5.69e02bfb.01.01", "0000e0d5.69e02bfb.01.05").replace("tradeID", 'origTradeID="1" tradeID')
    assert not read(tmp_path, TRADE, other).executions


def test_a_confirmation_that_leaves_the_sign_out_says_by_its_side_what_was_sold(tmp_path: Path) -> None:
    row = '<TradeConfirm execID="x" conid="7" currency="USD" quantity="2" price="1" commission="0" buySell="SELL" tradeDate="20261119"'
    assert read(tmp_path, f"{row}/>", trades="<TradeConfirms>{}</TradeConfirms>").executions[0].qty == -2


def test_other_cash_and_the_commissions_of_the_cash_report_are_read(tmp_path: Path) -> None:
    extra = (
        '<CashTransactions><CashTransaction type="Deposits" currency="USD" amount="100.5" dateTime="20261119;2" description="d"/>'
        '<CashTransaction levelOfDetail="SUMMARY" type="Deposits" currency="USD" amount="100.5"/></CashTransactions>'
        '<CashReport><CashReportCurrency currency="USD" commissions="-4.5"/><CashReportCurrency currency="EUR"/></CashReport>'
    )
    made = read(tmp_path, TRADE, extra=extra)
    assert made.cash == (OtherCash(20261119, "Deposits", "USD", Decimal("100.5"), "d"),)
    assert made.commissions == {"USD": Decimal("-4.5")}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([TRADE.replace("ibCommission", "other")], "has no ibCommission: add it to the query"),
        ([TRADE.replace("tradeDate", "other")], "has no tradeDate"),
        ([TRADE.replace("5,000.25", "n/a")], "'n/a' is no number"),
        ([TRADE.replace('"-2"', '"NaN"')], "'NaN' is no number"),
        ([CANCEL], "cancels an execution that the statement does not hold"),
        ([TRADE, TRADE], "2 times, and cancels none"),
        ([TRADE, CANCEL.replace('"4.5"', '"4"')], "a commission of -0.5 was kept"),
    ],
)
def test_half_a_statement_proves_nothing(tmp_path: Path, rows: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, *rows)


def test_what_is_no_statement_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no section Trades"):
        read(tmp_path, trades="{}")
    path = tmp_path / "flex.xml"
    for content, said in (
        ("", "empty"),
        ("no xml", "no Flex statement"),
        ("<a/>", "no element FlexStatement"),
        ("<FlexStatement/>", "does not say its account"),
        ('<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "document type"),
    ):
        path.write_text(content)
        with pytest.raises(DataError, match=said):
            read_statements(path)
    with pytest.raises(DataError, match="no such file"):
        read_statements(tmp_path / "absent.xml")
