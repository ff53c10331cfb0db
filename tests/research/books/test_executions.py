"""Executions of an account: counted once whatever was corrected, kept apart from others', exact to the last digit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.research.books.ledgered import ACCOUNT, ES, RUN, closed, journal, traded
from workbench.domain.decisions import ClosedByHand, FeeCharged
from workbench.domain.events import FeeReported, FillCorrected, FillEntered, ForeignFilled, OrderFilled
from workbench.domain.orders import Leg
from workbench.research.books.executions import account_books
from workbench.simulation.broker import Report
from workbench.store.folders import Folders
from workbench.store.manifest import read_manifest, write_manifest


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    return traded().told


def test_a_correction_stands_in_place_of_what_it_replaces_and_a_bust_leaves_nothing(reports: list[Report], tmp_path: Path) -> None:
    journal(tmp_path, reports)
    found = account_books(tmp_path).executions
    assert [(each.exec_id[-8:], each.leg, each.side, each.qty, each.px, each.how) for each in found] == [
        ("01.01.02", "entry", 1, 2, 99, "corrected"),  # when the trade was, not when it was corrected
        ("02.01.01", "entry", -1, 300, 9_900, "reported"),
        ("03.01.01", "entry", -1, 1, 99, "reported"),
        ("05.01.01", "exit", -1, 2, 99, "reported"),
        ("06.01.01", "stop", 1, 300, 10_000, "reported"),
    ]


def test_money_is_exact_and_bought_is_paid(reports: list[Report], tmp_path: Path) -> None:
    journal(tmp_path, reports)
    bought = account_books(tmp_path).executions[0]
    assert (bought.price, bought.gross, bought.commission, bought.net) == tuple(map(Decimal, ("24.75", "-2475", "-4.5", "-2479.5")))
    assert (bought.rate, bought.base) == ("1", "USD")


def test_a_correction_told_before_what_it_replaces_counts_once(tmp_path: Path) -> None:
    late = OrderFilled(1, Leg.ENTRY, 2, 100, "a.b.01.01", None)
    journal(tmp_path, [], more=[FillCorrected(1, Leg.ENTRY, 2, 99, "a.b.01.02", "a.b.01.01"), late])
    assert [(each.exec_id, each.px) for each in account_books(tmp_path).executions] == [("a.b.01.02", 99)]


def test_a_correction_in_a_later_run_reaches_back_and_what_it_is_told_again_is_not_foreign(tmp_path: Path) -> None:
    told = OrderFilled(1, Leg.ENTRY, 2, 100, "a.b.01.01", 4_500_000)
    journal(tmp_path, [], more=[told], ended_flat=False)
    again = ForeignFilled(ACCOUNT, ES, 7, f"WB:{RUN}:1:E", 1, 2, 100, "a.b.01.01")
    after = [again, FillCorrected(1, Leg.ENTRY, 2, 99, "a.b.01.02", "a.b.01.01")]
    journal(tmp_path, [], more=after, run="20261120-paper-2", created_ns=2 * 10**18, starts_from=RUN, sessions=(20261120,))
    books = account_books(tmp_path)
    assert [(each.run, each.exec_id, each.px, each.fee_micros) for each in books.executions] == [
        ("20261120-paper-2", "a.b.01.02", 99, 4_500_000)
    ]
    assert not books.foreign and [of.manifest.run for of in books.runs] == [RUN, "20261120-paper-2"]


def test_ids_of_a_simulated_venue_begin_anew_with_each_run(tmp_path: Path) -> None:
    for n in (1, 2):
        parts = [OrderFilled(1, Leg.ENTRY, 1, 100 + each, f"S1.0.{each}", 0) for each in (1, 2)]
        journal(tmp_path, [], more=parts, run=f"r{n}")
    assert len(account_books(tmp_path).executions) == 4


def test_what_came_after_a_round_trip_was_over_is_counted_into_it(tmp_path: Path) -> None:
    fills = [OrderFilled(1, Leg.ENTRY, 2, 100, "a.b.01.01", 4_500_000), OrderFilled(1, Leg.EXIT, 2, 99, "a.b.02.01", None)]
    over = [closed(1, pnl_micros=-29_500_000, fees_micros=4_500_000), FeeCharged(1, closed(1, pnl_micros=0, fees_micros=0).key, 4_500_000)]
    journal(tmp_path, [], more=fills, facts=over, ended_flat=False)
    assert [(trip.fact.pnl_micros, trip.fact.fees_micros) for trip in account_books(tmp_path).trips] == [(-34_000_000, 9_000_000)]
    better = [FillCorrected(1, Leg.ENTRY, 2, 99, "a.b.01.02", "a.b.01.01")]
    journal(tmp_path, [], more=better, run="r2", created_ns=2 * 10**18, starts_from=RUN)
    assert [trip.fact.pnl_micros for trip in account_books(tmp_path).trips] == [-9_000_000]


def test_closed_by_hand_is_ours_at_an_estimated_commission_and_foreign_at_the_broker(tmp_path: Path) -> None:
    entry = OrderFilled(1, Leg.ENTRY, 2, 100, "a.b.01.01", 0)
    hand = ForeignFilled(ACCOUNT, ES, 8, "", -1, 2, 101, "a.b.09.01")
    journal(tmp_path, [], more=[entry, hand], facts=[ClosedByHand(1, 2, 101, "a.b.09.01", 4_500_000)])
    books = account_books(tmp_path)
    assert [(each.how, each.side, each.fee_micros) for each in books.executions] == [("reported", 1, 0), ("by hand", -1, 4_500_000)]
    assert [each.exec_id for each in books.foreign] == ["a.b.09.01"]


def test_what_a_person_entered_is_there_and_what_belongs_to_no_known_bracket_is_named(tmp_path: Path) -> None:
    typed = FillEntered(1, Leg.ENTRY, 2, 100, "typed-1", None, "TWS trade log")
    journal(tmp_path, [], more=[typed, FeeReported("typed-1", 9), OrderFilled(77, Leg.ENTRY, 1, 5, "a.b.03.01", None)])
    books = account_books(tmp_path)
    assert [(each.how, each.fee_micros) for each in books.executions] == [("entered", 9)] and books.unplaced == ["a.b.03.01"]


def test_a_simulation_is_read_when_named_alone_and_a_replaced_run_of_a_simulated_account_never(
    reports: list[Report], tmp_path: Path
) -> None:
    journal(tmp_path, reports, run="sim", mode="simulate")
    assert not account_books(tmp_path).runs and len(account_books(tmp_path, run="sim").executions) == 5
    journal(tmp_path, reports, run="old", account="DUSIM7")
    journal(tmp_path, [], run="new", account="DUSIM7", replaced=("old",))
    assert [of.manifest.run for of in account_books(tmp_path).runs] == ["new"]
    real = read_manifest(Folders(tmp_path).run("old"))
    assert real is not None
    write_manifest(Folders(tmp_path).run("old"), replace(real, account="U123"))
    assert [of.manifest.run for of in account_books(tmp_path, account="U123").runs] == ["old"]
    assert not account_books(tmp_path, first=20261120).runs
