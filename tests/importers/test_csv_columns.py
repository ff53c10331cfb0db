"""Columns by their names, and day and clock by their values: found where one pair alone is possible, asked for where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.domain.errors import DataError
from workbench.importers.csv_columns import UnknownColumnsError, columns_of
from workbench.importers.lines import lines_of
from workbench.importers.mapping import Mapping

PRICES = "Open|High|Low|Close|Volume"
DAY, CLOCK, BAR = "26.01.2026", "09:30", "6904|6905|6903|6904|7"


def found(head, row, **declared):
    body = "\n".join([head, row, row])
    columns, _, _ = columns_of(lines_of(Path("a.csv"), body.encode()), Mapping(contract="ESH6", **declared))
    return columns


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (f"Day|Clock|{PRICES}", f"{DAY}|{CLOCK}|{BAR}"),
        (f"Clock|Trade Day|{PRICES}", f"{CLOCK}|{DAY}|{BAR}"),
        (f"Time|Session|{PRICES}", f"{CLOCK}|{DAY}|{BAR}"),
        (f"Time|Of Day|{PRICES}", f"{DAY}|{CLOCK}|{BAR}"),
        (f"Tag|Std|{PRICES}|Note", f"{DAY}|{CLOCK}|{BAR}|5"),
    ],
)
def test_day_and_clock_are_found_whatever_they_are_called(head, row):
    assert found(head, row).time.to_list() == [f"{DAY} {CLOCK}"] * 2


def test_two_clocks_or_two_days_are_no_pair_that_one_reading_explains():
    assert found(f"Day|From|Until|{PRICES}", f"{DAY}|{CLOCK}|09:31|{BAR}").time.to_list() == [DAY] * 2
    with pytest.raises(DataError, match="which column is time"):
        found(f"Traded|Settled|Clock|{PRICES}", f"{DAY}|{DAY}|{CLOCK}|{BAR}")
    chosen = {"columns": {"date": "Day", "time": "Until"}}
    assert found(f"Day|From|Until|{PRICES}", f"{DAY}|{CLOCK}|09:31|{BAR}", **chosen).time.to_list() == [f"{DAY} 09:31"] * 2


def test_a_declared_time_is_not_put_together_with_another_column():
    assert found(f"Day|Clock|{PRICES}", f"{DAY}|{CLOCK}|{BAR}", columns={"time": "Day"}).time.to_list() == [DAY] * 2


def test_a_whole_time_stays_alone_beside_a_clock():
    assert found(f"Time|Clock|{PRICES}", f"{DAY} {CLOCK}|{CLOCK}|{BAR}").time.to_list() == [f"{DAY} {CLOCK}"] * 2


def test_what_is_not_found_leaves_a_declaration_to_start_from():
    with pytest.raises(UnknownColumnsError, match="say --columns close=NAME,volume=NAME") as told:
        found("Time|Open|High|Low|A|B", f"{DAY} {CLOCK}|1|2|3|4|5", columns={"open": "Open"})
    assert told.value.columns == {"open": "Open", "close": "NAME", "volume": "NAME"}
    with pytest.raises(UnknownColumnsError) as told:
        found(f"{DAY}|{CLOCK}|{BAR}", f"{DAY}|{CLOCK}|{BAR}")
    assert told.value.columns == ["date", "time", "open", "high", "low", "close", "volume"]
