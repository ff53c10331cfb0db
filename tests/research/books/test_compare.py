"""Books held against a statement made of the broker's own executions: equal as they are, and each kind of difference named."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.research.books.ledgered import DAY, RUN, flex, journal, rows, traded
from workbench.domain.decisions import ClosedByHand
from workbench.domain.events import FillEntered, OrderFilled
from workbench.domain.orders import Leg
from workbench.importers.statement import read_statements
from workbench.research.books.compare import Checked, What, check
from workbench.research.books.executions import account_books
from workbench.simulation.broker import Commission, Execution, Report

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    return traded().told


@pytest.fixture(scope="module")
def data(reports: list[Report], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    journal(folder, reports)
    return folder


def checked(data: Path, tmp_path: Path, made: Rows, extra: str = "", days: tuple[int, int] = (DAY, DAY)) -> Checked:
    return check(account_books(data), read_statements(flex(tmp_path / "flex.xml", made, extra=extra, days=days))[0])


@pytest.mark.parametrize("form", ["cancels", "stands"])
def test_the_same_executions_are_equal_to_the_cent_however_corrections_are_written(
    data: Path, reports: list[Report], tmp_path: Path, form: str
) -> None:
    found = checked(data, tmp_path, rows(reports, form=form))
    assert found.is_equal and found.n_equal == 5 and not found.edge and not found.notes
    assert (found.n_corrected, found.n_busted) == ((2, 1) if form == "cancels" else (0, 0))
    es, spy = found.sums
    assert (es.symbol, es.bought, es.sold, es.gross_ours, es.commission_ours) == ("ESZ6", 2, 3, Decimal("1237.5"), Decimal("-11.25"))
    assert (spy.gross_ours, spy.commission_ours) == (Decimal(-3), Decimal("-2.1"))
    assert all(each.gross_ours == each.gross_theirs and each.commission_ours == each.commission_theirs for each in found.sums)


def test_what_others_did_is_listed_apart_and_counts_for_nothing(data: Path, reports: list[Report], tmp_path: Path) -> None:
    found = checked(data, tmp_path, rows(reports))
    assert [(each.exec_id[-8:], each.qty, each.order_ref) for each in found.foreign] == [("04.01.01", 1, "mine")]


def _set(**values: str) -> Callable[[Rows], Rows]:
    return lambda made: [row | (values if row["ibExecID"].endswith("3.01.01") else {}) for row in made]


PLANTED: list[tuple[What, str, str, Callable[[Rows], Rows]]] = [
    (What.QUANTITY, "-1", "-2", _set(quantity="-2")),
    (What.PRICE, "24.75", "25", _set(tradePrice="25")),
    (What.COMMISSION, "-2.25", "-2.26 USD", _set(ibCommission="-2.26", netCash="-2.26")),
    (What.COMMISSION, "in USD", "-2.25 EUR", _set(ibCommissionCurrency="EUR")),
    (What.CONTRACT, "ESZ6, conId 1001", "ESZ6, conId 5", _set(conid="5")),
    (What.CASH, "1237.5 USD before costs", "proceeds 1237.49", _set(proceeds="1237.49")),
    (What.CASH, "1237.5 USD before costs", "net cash -2.35, commission and taxes -2.25", _set(netCash="-2.35")),
    (What.CASH, "1237.5 USD before costs", "multiplier 5", _set(multiplier="5")),
    (What.CASH, "1237.5 USD before costs", "in EUR", _set(currency="EUR")),
]


@pytest.mark.parametrize(("what", "ours", "theirs", "plant"), PLANTED)
def test_a_planted_difference_is_named_once_with_both_sides(
    data: Path, reports: list[Report], tmp_path: Path, what: What, ours: str, theirs: str, plant: Callable[[Rows], Rows]
) -> None:
    found = checked(data, tmp_path, plant(rows(reports)))
    assert [(each.what, each.day, each.exec_id[-8:], each.ours, each.theirs) for each in found.differences] == [
        (what, DAY, "03.01.01", ours, theirs)
    ]
    assert found.n_equal == 4


def test_a_fill_that_one_side_lacks_is_named(data: Path, reports: list[Report], tmp_path: Path) -> None:
    made = rows(reports)
    less = checked(data, tmp_path, [row for row in made if not row["ibExecID"].endswith("5.01.01")])
    (gone,) = less.differences
    assert (gone.what, gone.exec_id[-8:]) == (What.THERE, "05.01.01") and gone.ours == f"-2 at 24.75, bracket 1 exit of {RUN}"
    more = made[2] | {"ibExecID": "0000e0d5.69e000ff.01.01", "tradeID": "9"}
    (unknown,) = checked(data, tmp_path, [*made, more]).differences
    assert unknown.what is What.HERE and unknown.theirs.endswith(made[2]["orderReference"])


def test_a_bust_or_a_correction_that_one_side_did_not_hear_of_is_named(data: Path, reports: list[Report], tmp_path: Path) -> None:
    made = [row for row in rows(reports) if row["transactionType"] != "TradeCancel"]
    assert [each.what for each in checked(data, tmp_path, made).differences] == [What.HERE]  # the bust
    old = [row for row in rows(reports, form="stands") if not row["ibExecID"].endswith(".02")] + [rows(reports)[0]]
    assert [(each.what, each.ours, each.theirs) for each in checked(data, tmp_path, old).differences] == [(What.PRICE, "24.75", "25.00")]


def test_our_fills_outside_of_its_days_are_no_business_of_a_statement_and_those_at_its_edge_are_told_apart(
    data: Path, reports: list[Report], tmp_path: Path
) -> None:
    assert checked(data, tmp_path, [], days=(20261118, 20261118)).is_equal
    evening = OrderFilled(1, Leg.ENTRY, 2, 100, "a.b.01.01", 0)  # journal begins 2026-11-19 15:00 UTC; nine hours on it is the next session
    journal(tmp_path / "late", [], more=[evening])
    late = account_books(tmp_path / "late")
    moved = [replace(each, time_ns=each.time_ns + 9 * 3_600 * 10**9) for each in late.executions]
    statement = read_statements(flex(tmp_path / "flex.xml", []))[0]
    found = check(replace(late, executions=moved), statement)
    assert found.is_equal and [each.exec_id for each in found.edge] == ["a.b.01.01"]


def test_a_commission_nobody_told_us_is_a_difference(reports: list[Report], tmp_path: Path) -> None:
    journal(tmp_path / "data", [each for each in reports if not isinstance(each, Commission)])
    found = checked(tmp_path / "data", tmp_path, rows(reports))
    assert {(each.what, each.ours) for each in found.differences} == {(What.COMMISSION, "not known")} and len(found.differences) == 5


def test_cents_that_only_add_up_are_found_in_the_sum(data: Path, reports: list[Report], tmp_path: Path) -> None:
    made = [row | {"ibCommission": f"{Decimal(row['ibCommission']) - Decimal('0.003')}"} for row in rows(reports, form="stands")]
    found = checked(data, tmp_path, [row | ({"netCash": row["ibCommission"]} if row["symbol"] == "ESZ6" else {}) for row in made])
    assert [(each.what, each.symbol) for each in found.differences] == [(What.SUM, "ESZ6"), (What.SUM, "SPY")] and found.n_equal == 5


def test_a_cash_report_that_charges_something_else_than_the_rows_is_told(data: Path, reports: list[Report], tmp_path: Path) -> None:
    def report(total: str) -> str:
        line = f'<CashReportCurrency currency="USD" commissions="{total}"/><CashReportCurrency currency="BASE_SUMMARY" commissions="1"/>'
        return f"<CashReport>{line}</CashReport>"

    assert checked(data, tmp_path, rows(reports), report("-15.6")).is_equal  # ours 13.35, the other's 2.25
    (told,) = checked(data, tmp_path, rows(reports), report("-15.59")).differences
    assert told.what is What.REPORT and told.theirs == "its cash report -15.59 USD"


def test_a_fill_typed_by_hand_is_known_by_what_it_says(reports: list[Report], tmp_path: Path) -> None:
    typed = FillEntered(1, Leg.EXIT, 2, 99, "typed-1", 4_500_000, "TWS")
    known = [each for each in reports if not (isinstance(each, Execution | Commission) and each.exec_id.endswith("5.01.01"))]
    journal(tmp_path / "data", known, more=[typed])
    found = checked(tmp_path / "data", tmp_path, rows(reports))
    assert found.is_equal and found.notes == ("0000e0d5.69e00005.01.01: entered by hand as typed-1",)


def test_a_position_closed_by_hand_is_noted_with_what_it_really_cost(reports: list[Report], tmp_path: Path) -> None:
    journal(tmp_path / "data", reports, facts=[ClosedByHand(3, 1, 100, "0000e0d5.69e00004.01.01", 2_000_000)])
    found = checked(tmp_path / "data", tmp_path, rows(reports))
    assert found.is_equal and len(found.foreign) == 1
    assert found.notes == ("0000e0d5.69e00004.01.01: closed bracket 3 by hand; its commission here is estimated, -2; charged were -2.25",)
