"""``workbench import`` as a person meets it: a help that teaches, a sentence for every mistake, exit codes, rehearsals without a trace."""

from __future__ import annotations

import json
import zipfile

import pytest
import typer
from typer.testing import CliRunner

from tests.data import shared
from workbench.commands import importing
from workbench.store.log import log_sessions

ES = "firstrate_samples/2026-01-26_2026-02-09/ES_1min_sample.csv"
BARS = ["--zone", "America/New_York", "--stamp", "start", "--length", "1m"]
ROWS = """timestamp,open,high,low,close,volume
2026-01-26 10:00:00,6904.0,6905.0,6903.0,6904.25,10
2026-01-26 10:01:00,6904.25,6905.0,6903.0,6904.5,11
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.callback()(lambda: None)
    importing.register(app)

    def invoke(*arguments):
        return CliRunner().invoke(app, ["import", *map(str, arguments)])

    return invoke


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(ROWS)
    return path


def test_help_teaches_by_example(run):
    for command in ("csv", "databento", "lean"):
        told = run(command, "--help")
        assert told.exit_code == 0
        assert f"workbench import {command}" in told.output
        assert "Examples" in told.output


def test_a_dry_run_shows_what_was_understood_and_writes_nothing(run, tmp_path):
    told = run("csv", f"ES.c={shared(ES)}", *BARS, "--dry-run")
    assert told.exit_code == 0
    assert "2026-01-25 23:00:00 to 23:01:00 UTC" in told.output
    assert "Nothing was written" in told.output
    assert list(tmp_path.iterdir()) == []


def test_an_import_lies_in_the_data_folder_of_the_settings(run, tmp_path, rows):
    told = run("csv", f"ESH6={rows}", *BARS)
    assert told.exit_code == 0, told.output
    assert log_sessions(tmp_path / "data") == [20260126]


def test_a_report_can_be_had_as_json(run, rows):
    told = json.loads(run("csv", f"ESH6={rows}", *BARS, "--json").stdout)
    assert told["contracts"] == {"ESH6": 1}
    assert [one["session"] for one in told["sessions"]] == [20260126]
    assert told["files"][0]["kinds"] == {"BAR": 4}


def test_databento_files_come_in_by_their_own_symbols(run, tmp_path):
    told = run("databento", shared("databento_dbn_tests/test_data.tbbo.v3.dbn.zst"), "--data", tmp_path / "store", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["contracts"] == {"ESH1": 1}
    assert log_sessions(tmp_path / "store") == [20201228]


def test_lean_files_come_in_by_their_own_names(run, tmp_path):
    with zipfile.ZipFile(tmp_path / "20131202_trade.zip", "w") as archive:
        for month in ("201312", "201403"):
            archive.writestr(f"20131202_es_minute_trade_{month}.csv", "36000000,1805.5,1805.75,1805.5,1805.75,17\n")
    told = run("lean", tmp_path, "--only", "ESZ3", "--data", tmp_path / "store", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["contracts"] == {"ESZ3": 1}
    assert log_sessions(tmp_path / "store") == [20131202]
    assert run("lean", tmp_path, "--data", tmp_path / "store").exit_code == 1


def test_of_many_files_a_line_a_kind_is_shown_and_of_many_sessions_the_ends(run, tmp_path):
    for day in range(2, 32):
        for what in ("trade", "quote"):
            row = "36000000,1805.5,1805.75,1805.5,1805.75,17" if what == "trade" else "36000000,,,,,0,1806,1806,1806,1806,6"
            (tmp_path / f"201312{day:02}_es_minute_{what}_201403.csv").write_text(row)
    told = run("lean", *sorted(tmp_path.glob("*.csv")), "--dry-run")
    assert told.exit_code == 0, told.output
    assert "30 files" in told.output
    assert "of a quote bar the closing" in told.output.replace("\n", " ")


def test_a_path_alone_is_looked_at(run, rows):
    told = run("csv", rows)
    assert told.exit_code == 2
    assert "--length 1m --stamp start --zone America/New_York --dry-run" in told.output
    assert "the file does not say" in told.output


def test_a_path_alone_with_several_contracts_and_a_time_of_an_odd_name_gets_a_command_to_start_from(run, tmp_path):
    path = tmp_path / "both.csv"
    rows = [f"{name};2026-01-26 10:0{n}:00;1;1;1;1;7" for n in range(5) for name in ("ES", "SPY")]
    path.write_text("\n".join(["Ticker;When;Open;High;Low;Last;Volume", *rows]) + "\n")
    told = run("csv", path)
    assert told.exit_code == 2
    assert "which column is time?" in told.output
    assert "To start from: workbench import csv ESH6=" in told.output
    assert "--columns time=NAME" in told.output
    assert "--only Ticker=ES" in told.output
    assert "--only Ticker=ES" in run("csv", path, "--columns", "time=When").output


def test_a_root_an_expiry_and_a_continuous_series_may_be_flags(run, rows):
    for flags, symbol in ((["--root", "ES", "--expiry", "2026-03-20"], "ESH6"), (["--root", "ES", "--continuous"], "ES.c")):
        told = run("csv", rows, *flags, *BARS, "--dry-run", "--json")
        assert list(json.loads(told.stdout)["contracts"]) == [symbol]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["csv", "ESH6=no.csv", *BARS], 1, "cannot be read"),
        (["csv", "ESH6=a.csv", "--zone", "UTC", "--stamp", "end", "--length", "5m"], 1, "--length 1m meant"),
        (["csv", "RTYH6=a.csv", *BARS], 1, "off the grid of 0.1"),
        (["databento", "a.csv"], 1, "not a DBN file"),
        (["csv", "XX=a.csv", *BARS], 2, "names no root"),
        (["csv", "ES=a.csv", *BARS], 2, "which month"),
        (["csv", "a.csv", *BARS], 2, "which contract"),
        (["csv", "ESH6=a.csv"], 2, "stamp"),
        (["csv", "ESH6=a.csv", *BARS, "--columns", "time=timestamp,open"], 2, "either every column"),
        (["csv", "a.csv", "--continuous", *BARS], 2, "needs --root"),
        (["csv", "a.csv", "--root", "ES", "--expiry", "March", *BARS], 2, "is no day"),
        (["csv", "SPY=a.csv", "--zonne", "UTC"], 2, "No such option"),
        (["lean", "a.csv"], 1, "its name is none of Lean's"),
        (["lean", "no.zip"], 1, "no such file"),
        (["lean", ".", "--resolution", "hour"], 2, "tick, second, minute"),
        (["lean"], 2, "Usage"),
        (["csv", *BARS], 2, "no file is named"),
        (["csv", "--mapping", "no.toml"], 2, "cannot be read"),
        (["databento"], 2, "Usage"),
    ],
)
def test_a_mistake_is_a_sentence_and_an_exit_code(run, rows, arguments, code, says):
    told = run(*arguments)
    assert told.exit_code == code, told.output
    assert says in told.output
    assert "Traceback" not in told.output
    assert not isinstance(told.exception, Exception) or isinstance(told.exception, SystemExit)


def test_what_stands_already_is_replaced_only_when_told(run, rows):
    assert run("csv", f"ESH6={rows}", *BARS).exit_code == 0
    again = run("csv", f"ESH6={rows}", *BARS)
    assert again.exit_code == 1
    assert "--replace" in again.output
    assert run("csv", f"ESH6={rows}", *BARS, "--replace").exit_code == 0


def test_a_dry_run_says_which_sessions_are_held_and_what_becomes_of_them(run, tmp_path, rows):
    assert "Held already" not in run("csv", f"ESH6={rows}", *BARS, "--dry-run").output
    assert run("csv", f"ESH6={rows}", *BARS).exit_code == 0
    told = run("csv", f"ESH6={rows}", *BARS, "--dry-run")
    assert told.exit_code == 0
    assert "Held already: log session 20260126. Without --dry-run this import is refused" in told.output
    assert "give way to these (--replace)" in run("csv", f"ESH6={rows}", *BARS, "--dry-run", "--replace").output
    assert "Held already" not in run("csv", f"ESH6={rows}", *BARS, "--dry-run", "--data", tmp_path / "other").output
    assert json.loads(run("csv", f"ESH6={rows}", *BARS, "--dry-run", "--json").stdout)["taken"] == [20260126]


def test_an_import_ends_with_the_command_that_trades_a_session_of_it(run, rows):
    told = run("csv", f"ES.c={rows}", *BARS)
    assert "Next: workbench simulate --session 20260126" in told.output
    assert "never ordered at a broker; a simulation trades it" in told.output


def test_of_a_file_of_two_contracts_each_takes_its_own_rows(run, tmp_path):
    path = tmp_path / "both.csv"
    bars = [(at, name, px) for at in ("10:00", "10:01", "10:02") for name, px in (("ES", "6904.25"), ("SPY", "690.25"))]
    rows = [f"{name};2026-01-26 {at}:00;{px};{px};{px};{px};7" for at, name, px in bars]
    path.write_text("\n".join(["Ticker;When;Open;High;Low;Last;Volume", *rows]) + "\n")
    files = [f"ES.c={path}", f"SPY={path}", "--columns", "time=When", *BARS]
    told = run("csv", *files)
    assert told.exit_code == 1
    assert "column Ticker holds 2 names (ES, SPY): say --only Ticker=ES" in told.output
    told = json.loads(run("csv", *files, "--only", "Ticker", "--json").stdout)
    assert [(file["contracts"], file["n_rows"]) for file in told["files"]] == [(["ES.c"], 3), (["SPY"], 3)]


def test_rows_set_aside_are_counted_and_their_file_named(run, rows):
    rows.write_text(ROWS + "2026-01-26 10:02:00,nan,6905.0,6903.0,6904.5,11\n")
    assert run("csv", f"ESH6={rows}", *BARS).exit_code == 1
    told = run("csv", f"ESH6={rows}", *BARS, "--max-bad-frac", "0.5")
    assert told.exit_code == 0
    assert "1 x open is no number" in told.output
    assert "quarantine" in told.output.replace("\n", "")


def test_a_mapping_file_brings_several_contracts_in_one_command(run, tmp_path, rows):
    (tmp_path / "m.toml").write_text(
        'zone = "America/New_York"\nstamp = "start"\nlength = "1m"\n'
        '[[files]]\npath = "a.csv"\ncontract = "ES.c"\n[[files]]\npath = "a.csv"\ncontract = "NQ.c"\n'
    )
    told = json.loads(run("csv", "--mapping", "m.toml", "--json").stdout)
    assert told["contracts"] == {"ES.c": 1, "NQ.c": 2}
