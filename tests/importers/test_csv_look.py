"""What is shown of a file that nobody declared: enough to write the command, and no word that the file does not say."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.config import load_roots
from workbench.domain.errors import DataError
from workbench.importers import csv_files
from workbench.importers.csv_look import look
from workbench.importers.mapping import NOT_SAID, Mapping, declare

GERMAN = "Datum;Zeit;Open;High;Low;Close;Volumen\n" + "".join(f"26.01.2026;09:{n};6904,25;6904,5;6904,0;6904,25;7\n" for n in range(30, 50))
METATRADER = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\n" + "".join(
    f"2026.01.26\t09:{n}:00\t6904.25\t6904.5\t6904.0\t6904.25\t7\t9\n" for n in range(30, 50)
)
YFINANCE = "Price,Close,High,Low,Open,Volume\nTicker,ES=F,ES=F,ES=F,ES=F,ES=F\nDatetime,,,,,\n" + "".join(
    f"2026-01-26 14:{n}:00+00:00,6904.25,6904.5,6904.0,6904.25,7\n" for n in range(30, 50)
)
EPOCH = "time,open,high,low,close,volume\n" + "".join(
    f"{1_769_437_800_000 + 60_000 * n},6904.25,6904.5,6904.0,6904.25,7\n" for n in range(20)
)


def shown(tmp_path, text, **declared):
    path = tmp_path / "a file.csv"
    path.write_text(text)
    return path, look(path, Mapping(contract=NOT_SAID, **declared))


@pytest.mark.parametrize("text", [GERMAN, METATRADER, YFINANCE, EPOCH], ids=["german", "metatrader", "yfinance", "epoch"])
def test_the_command_that_is_suggested_reads_the_file(tmp_path, text):
    _, lines = shown(tmp_path, text)
    (command,) = [line for line in lines if line.startswith("To start from: ")]
    words = shlex.split(command.removeprefix("To start from: "))
    assert words[:3] == ["workbench", "import", "csv"]
    assert words[-1] == "--dry-run"
    flags = dict(zip((word.removeprefix("--") for word in words[4:-1:2]), words[5:-1:2], strict=True))
    (declared,) = declare([words[3]], None, flags)
    reading = csv_files.read(declared, load_roots())
    assert (reading.report.n_rows, reading.report.n_quarantined) == (20, 0)


def test_what_the_file_does_not_say_is_marked_as_an_example(tmp_path):
    assert shown(tmp_path, GERMAN)[1][-1] == "(ESH6, start, America/New_York: the file does not say, you must)"
    assert shown(tmp_path, YFINANCE)[1][-1] == "(ESH6, start: the file does not say, you must)"
    assert shown(tmp_path, YFINANCE, stamp="end")[1][-1] == "(ESH6: the file does not say, you must)"


def test_a_file_without_header_is_told_what_its_columns_may_be(tmp_path):
    _, lines = shown(tmp_path, GERMAN.split("\n", 1)[1])
    assert "--columns date,time,open,high,low,close,volume" in lines[1]
    assert re.search("To start from: .* --columns date,time,open,high,low,close,volume .*--decimal comma --dry-run$", lines[-2])
    assert lines[-1] == "(ESH6, start, America/New_York, the order of the columns: the file does not say, you must)"
    _, lines = shown(tmp_path, GERMAN.split("\n", 1)[1], header=False, columns=["date", "time", "open", "high", "low", "close", "volume"])
    assert re.search("--columns date,time,open.* --decimal comma", "\n".join(lines))


def test_a_column_that_a_person_must_name_has_a_placeholder_in_the_command(tmp_path):
    _, lines = shown(tmp_path, GERMAN.replace("Volumen", "Menge"))
    assert "which column is volume?" in lines[1]
    assert lines[2].startswith("To start from: workbench import csv ESH6=")
    assert lines[2].endswith("--columns volume=NAME --length 1m --stamp start --zone America/New_York --dry-run")
    assert lines[3] == "(ESH6, NAME, start, America/New_York: the file does not say, you must)"
    _, lines = shown(tmp_path, YFINANCE.replace("Volume", "Turnover"))
    assert lines[-1] == "(ESH6, NAME, start: the file does not say, you must)"
    _, lines = shown(tmp_path, EPOCH.replace("time", "born").replace("open", "first"), columns={"open": "first"})
    assert re.search("--columns open=first,time=NAME --length 1m --stamp start --zone America/New_York --dry-run$", lines[-2])


def test_of_several_contracts_the_command_takes_one(tmp_path):
    rows = EPOCH.splitlines()
    both = "\n".join([f"Ticker,{rows[0]}", *(f"{name},{row}" for row in rows[1:] for name in ("ES", "SPY"))])
    _, lines = shown(tmp_path, both)
    assert "  column Ticker holds 2 names (ES, SPY): say --only Ticker=ES" in lines
    assert re.search("To start from: .* --only Ticker=ES --dry-run$", lines[-2])
    assert re.search("--only Ticker=SPY --length", shown(tmp_path, both, only="Ticker=SPY")[1][-2])


def test_a_file_that_is_not_there_is_said_to_be_none(tmp_path):
    assert "cannot be read" in look(tmp_path / "no.csv", Mapping(contract=NOT_SAID))[0]


@given(st.binary(max_size=200), st.sampled_from(["bars", "quotes", "prints"]))
def test_any_bytes_at_all_can_be_looked_at(tmp_path_factory, body, kind):
    path = tmp_path_factory.getbasetemp() / "look.csv"
    path.write_bytes(body)
    with suppress(DataError):
        assert look(path, Mapping(contract=NOT_SAID, kind=kind))


@pytest.mark.parametrize(
    ("header", "kind"),
    [("time,price,size", "prints"), ("Time,Last,Qty", "prints"), ("time,bid,bid_size,ask,ask_size", "quotes")],
)
def test_columns_of_another_kind_are_told_by_their_name(tmp_path, header, kind):
    _, lines = shown(tmp_path, f"{header}\n")
    assert f"say --kind {kind}" in " ".join(lines)


def test_bars_that_lack_a_column_are_still_bars(tmp_path):
    _, lines = shown(tmp_path, "time,open,high,last,volume\n")
    assert "--kind" not in " ".join(lines) and "which column is low" in " ".join(lines)
