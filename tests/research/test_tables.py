"""A table writes numbers by the unit in their column's name, and changes none of them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from workbench.research.tables import MINUS, show

AT = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("pnl_usd", -1234.5, f"{MINUS}1,234.50"),
        ("pnl_usd", 12.0, "+12.00"),
        ("fees_usd", 1645.44, "1,645.44"),
        ("hit_frac", 0.5134, "51.3%"),
        ("fit_frac", 0.99996, "over 99.9%"),
        ("fit_frac", 1.0, "100.0%"),
        ("lost_frac", 0.0001, "under 0.1%"),
        ("entry_pts", 6012.25, "6,012.25"),
        ("entry_pts", 2297.1, "2,297.1"),
        ("entry_pts", -37.63, f"{MINUS}37.63"),
        ("spread_pts", 0.0001, "0.0001"),
        ("r", 1.546, "+1.55"),
        ("mean_r", -0.2, f"{MINUS}0.20"),
        ("p_up", 0.53, "0.530"),
        ("seq", 1099511627793, "1099511627793"),
        ("n", 13715, "13,715"),
        ("value", 412.5, "412.5"),
        ("side", 1, "buy"),
        ("side", -1, "sell"),
        ("side", None, "–"),  # noqa: RUF001  as it is written
        ("is_up", True, "yes"),
        ("is_up", None, "–"),  # noqa: RUF001
        ("session", date(2026, 11, 19), "2026-11-19"),
        ("time", AT, "14:30:00"),
        ("time", AT.replace(microsecond=67085), "14:30:00.067"),
    ],
)
def test_a_number_is_written_by_its_unit(name: str, value: object, text: str) -> None:
    assert show(pl.DataFrame({name: [value]})).rows == [[text]]


def test_moments_of_several_days_have_their_dates() -> None:
    assert show(pl.DataFrame({"time": [AT, AT.replace(day=20), None]})).rows == [["2026-11-19 14:30:00"], ["2026-11-20 14:30:00"], ["–"]]  # noqa: RUF001


def test_columns_are_chosen_rows_are_few_and_the_rest_is_counted() -> None:
    table = show(pl.DataFrame({"a": range(1_500), "b": range(1_500)}), "b", most=2)
    assert repr(table).splitlines() == ["b", "0", "1", "and 1,498 more"]
    assert "and 1,498 more" in table._repr_html_() and table._repr_html_().count("<tr>") == 3


def test_nothing_is_said_to_be_nothing() -> None:
    empty = show(pl.DataFrame(schema={"a": pl.Int64}))
    assert repr(empty) == "(none)" and "(none)" in empty._repr_html_()
    assert repr(show(pl.DataFrame(), none="it never changed")) == "it never changed"


def test_words_from_data_are_no_markup() -> None:
    assert "&lt;script&gt;" in show(pl.DataFrame({"why": ["<script>"]}))._repr_html_()
