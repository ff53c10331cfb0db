"""Commissions as charged, beside those that everything counts with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.research.books.ledgered import journal, traded
from workbench.config import Settings, load_settings
from workbench.domain.events import FillCorrected
from workbench.research.books.charges import charges, share_of_wins, wrong
from workbench.research.books.executions import Books, account_books


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    data = tmp_path_factory.mktemp("charged")
    journal(data, traded().told)
    return account_books(data)


def assuming(es: str, spy: str) -> Settings:
    made = load_settings(folder="/nowhere", environment={})
    roots = {name: made.roots[name].model_copy(update={"commission": each}) for name, each in (("ES", es), ("SPY", spy))}
    return made.model_copy(update={"roots": {**made.roots, **roots}})


@pytest.mark.covers("S3-49")
def test_what_is_charged_otherwise_than_assumed_is_named(books: Books) -> None:
    found = charges(books, assuming("2.25", "0.0035"))
    rows = {row["symbol"]: row for row in found.iter_rows(named=True)}
    assert (rows["ESZ6"]["n"], rows["ESZ6"]["quantity"], rows["ESZ6"]["each_usd"]) == (3, 5.0, 2.25)
    assert float(sum((-(each.commission or Decimal(0)) for each in books.executions), Decimal(0))) == pytest.approx(
        found["charged_usd"].sum()
    )
    assert wrong(found, 0.01) == {}
    assert wrong(charges(books, assuming("2.05", "0.0035")), 0.01) == {"ESZ6": pytest.approx(0.2)}


def test_a_commission_that_was_not_told_is_no_nothing(tmp_path: Path) -> None:
    journal(tmp_path, [], more=[FillCorrected(1, 0, 2, 99, "a.b.01.02", "a.b.01.01")])
    (row,) = charges(account_books(tmp_path), assuming("2.25", "0.005")).iter_rows(named=True)
    assert (row["how"], row["each_usd"], row["off_usd"]) == ("not told yet", None, None)


def test_nothing_was_won_is_no_share(books: Books) -> None:
    assert share_of_wins(books) is None  # both trades lost
