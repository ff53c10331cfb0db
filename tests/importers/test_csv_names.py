"""A file of several contracts: one is chosen by declaration, and rows of another are never taken for it."""

from __future__ import annotations

import pytest

from workbench.config import load_roots
from workbench.domain.errors import DataError
from workbench.importers import csv_files
from workbench.importers.bars import bars_of
from workbench.importers.mapping import declare

ROOTS = load_roots()
BARS = {"zone": "America/New_York", "stamp": "start", "length": "1m"}
HEAD = "Ticker;When;Open;High;Low;Last;Volume"
TIME = {"columns": {"time": "When"}}
ES = [f"ES;2026-01-26 10:{n}:00;6904.0;6905.0;6903.0;6904.25;{n}" for n in range(10, 40)]
SPY = [f"SPY;2026-01-26 10:{n}:00;690.25;690.5;690.0;690.25;{2 * n}" for n in range(10, 40)]  # on the grid of ES as well
BOTH = [row for pair in zip(ES, SPY, strict=True) for row in pair]


def write(tmp_path, rows, head=HEAD):
    path = tmp_path / "both.csv"
    path.write_text("\n".join([*([head] if head else []), *rows]) + "\n")
    return path


def read(path, *contracts, **declared):
    return [csv_files.read(one, ROOTS) for one in declare([f"{each}={path}" for each in contracts], None, BARS | TIME | declared)]


def volumes(reading):
    return bars_of(reading.streams[0].records).volume.tolist()


@pytest.mark.parametrize("rows", [BOTH, ES + SPY], ids=["by time", "one after the other"])
@pytest.mark.parametrize(("contract", "name"), [("ES.c", "ES"), ("ESH6", "ES"), ("SPY", "SPY")])
def test_several_names_in_a_column_are_refused_until_one_is_chosen(tmp_path, rows, contract, name):
    with pytest.raises(DataError, match=rf"column Ticker holds 2 names \((ES, SPY|SPY, ES)\): say --only Ticker={name} "):
        read(write(tmp_path, rows), contract)


@pytest.mark.parametrize("rows", [BOTH, ES + SPY], ids=["by time", "one after the other"])
def test_each_contract_takes_the_rows_of_its_own_name(tmp_path, rows):
    es, spy = read(write(tmp_path, rows), "ES.c", "SPY", only="Ticker")
    assert (volumes(es), volumes(spy)) == (list(range(10, 40)), list(range(20, 80, 2)))
    assert (es.report.n_rows, es.rejected) == (30, [])
    assert es.report.notes == ["only rows of which Ticker is ES; left out: 30 of SPY"]


def test_a_name_can_be_told_where_it_is_not_the_contracts(tmp_path):
    path = write(tmp_path, [row.replace("ES;", "ES=F;") for row in ES] + [row.replace("SPY;", "S&P;") for row in SPY])
    (es,) = read(path, "ES.c", only="Ticker=ES=F")
    assert volumes(es) == list(range(10, 40))
    with pytest.raises(DataError, match=r"holds 2 names"):
        read(path, "ES.c")
    with pytest.raises(DataError, match=r"none is ES.c; say which: --only Ticker=NAME"):
        read(path, "ES.c", only="Ticker")


def test_one_name_for_two_contracts_is_refused_where_the_second_has_its_own(tmp_path):
    with pytest.raises(DataError, match=r"rows of ES would be taken as SPY.*say --only Ticker: each"):
        read(write(tmp_path, BOTH), "ES.c", "SPY", only="Ticker=ES")


@pytest.mark.parametrize(
    ("only", "says"), [("Tick=ES", "no column 'Tick'.*Ticker, When"), ("Ticker=NQ", "no row of which .*'NQ'; it holds")]
)
def test_a_choice_that_the_file_does_not_have_is_refused(tmp_path, only, says):
    with pytest.raises(DataError, match=says):
        read(write(tmp_path, BOTH), "ES.c", only=only)


def test_names_that_the_settings_know_are_seen_under_any_title_and_under_none(tmp_path):
    with pytest.raises(DataError, match="column Which holds 2 names"):
        read(write(tmp_path, BOTH, HEAD.replace("Ticker", "Which")), "ES.c")
    bare = {"header": False, "columns": ["-", "time", "open", "high", "low", "close", "volume"]}
    path = write(tmp_path, BOTH, head=None)
    with pytest.raises(DataError, match=r"column 1 holds 2 names .*--only 1=ES"):
        read(path, "ES.c", **bare)
    assert volumes(read(path, "ES.c", only="1=ES", **bare)[0]) == list(range(10, 40))


def test_the_months_of_a_continuous_series_may_follow_one_another(tmp_path):
    rolled = [row.replace("ES;", "ESH6;" if n < 20 else "ESM6;") for n, row in enumerate(ES)]
    assert len(volumes(read(write(tmp_path, rolled), "ES.c")[0])) == 30
    with pytest.raises(DataError, match="holds 2 names"):
        read(write(tmp_path, rolled), "ESH6")
    mixed = [row.replace("ES;", "ESH6;" if n % 2 else "ESM6;") for n, row in enumerate(ES)]
    with pytest.raises(DataError, match="holds 2 names"):
        read(write(tmp_path, mixed), "ES.c")


def test_a_file_of_declarations_may_choose_for_each_of_its_files(tmp_path):
    path = write(tmp_path, [row.replace("ES;", "E-mini;") for row in ES] + SPY)
    body = 'zone = "America/New_York"\nstamp = "start"\nlength = "1m"\n[columns]\ntime = "When"\n'
    for contract, name in (("ES.c", "E-mini"), ("SPY", "SPY")):
        body += f'[[files]]\npath = "{path.name}"\ncontract = "{contract}"\nonly = "Ticker={name}"\n'
    (tmp_path / "m.toml").write_text(body)
    es, spy = (csv_files.read(one, ROOTS) for one in declare([], tmp_path / "m.toml", {}))
    assert (volumes(es), volumes(spy)) == (list(range(10, 40)), list(range(20, 80, 2)))


def test_all_rows_can_be_meant(tmp_path):
    odd = [row.replace("ES;", f"{'AB'[n % 2]};") for n, row in enumerate(ES)]
    with pytest.raises(DataError, match=r"--only 'Ticker=\*' takes all rows"):
        read(write(tmp_path, odd), "ES.c")
    assert len(volumes(read(write(tmp_path, odd), "ES.c", only="Ticker=*")[0])) == 30


def test_one_name_alone_is_no_question_and_a_torn_line_is_set_aside_not_left_out(tmp_path):
    assert len(volumes(read(write(tmp_path, ES), "ES.c")[0])) == 30
    (es,) = read(write(tmp_path, [*BOTH, "ES;2026-01-26 10:5"]), "ES.c", only="Ticker", max_bad_frac=0.1)
    assert [(row.line, row.reason) for row in es.rejected] == [(62, "not 7 fields")]
