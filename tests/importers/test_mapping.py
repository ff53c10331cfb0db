"""Declarations: flags and files mean the same, nothing that shifts data unseen is guessed, every unknown word is told."""

from __future__ import annotations

import pytest

from workbench.domain.errors import ConfigError
from workbench.importers.mapping import UndeclaredError, declare

BARS = {"zone": "America/New_York", "stamp": "start", "length": "1m"}


def test_a_file_of_mappings_and_flags_mean_the_same(tmp_path):
    toml = tmp_path / "m.toml"
    toml.write_text('zone = "America/New_York"\nstamp = "start"\nlength = "1m"\n[[files]]\npath = "es.csv"\ncontract = "ES.c"\n')
    (from_file,) = declare([], toml, {})
    (from_flags,) = declare([f"ES.c={tmp_path / 'es.csv'}"], None, BARS)
    assert from_file == from_flags


def test_a_file_overrules_what_all_share_and_a_flag_overrules_both(tmp_path):
    toml = tmp_path / "m.toml"
    toml.write_text(
        'zone = "UTC"\nstamp = "start"\nlength = "1m"\n[[files]]\npath = "a.csv"\ncontract = "SPY"\nzone = "America/Chicago"\n'
        '[[files]]\npath = "b.csv"\ncontract = "QQQ"\n'
    )
    assert [each.mapping.zone for each in declare([], toml, {})] == ["America/Chicago", "UTC"]
    assert [each.mapping.zone for each in declare([], toml, {"zone": "Europe/London"})] == ["Europe/London"] * 2


def test_a_path_may_hold_an_equals_sign():
    (one,) = declare(["SPY=data/run=3.csv"], None, BARS)
    assert (one.mapping.contract, str(one.path)) == ("SPY", "data/run=3.csv")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"stamp": None}, "stamp"),
        ({"length": None}, "length"),
        ({"length": "1d"}, "exact end"),
        ({"length": "0m"}, "not understood"),
        ({"length": "13h"}, "not understood"),
        ({"zone": "New York"}, "IANA"),
        ({"time_format": "epoch_s"}, "no zone"),
        ({"kind": "prints"}, "no length"),
        ({"kind": "candles"}, "Invalid enum|candles"),
        ({"stamp": "middle"}, "middle|enum"),
        ({"delimiter": ";;"}, "one character"),
        ({"max_bad_frac": 1.5}, "share"),
        ({"columns": {"opening": "Open"}}, "no column of bars"),
        ({"columns": ["time", "open"], "header": True}, "with a header"),
        ({"columns": ["time", "open"]}, "high is missing"),
        ({"header": False}, "without a header"),
        ({"header": False, "columns": ["time", "open", "high", "low", "close"]}, "volume is missing"),
        ({"header": False, "columns": ["time", "open", "high", "low", "close", "volume", "volume"]}, "twice"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_name(changes, says):
    with pytest.raises(ConfigError, match=says):
        declare(["SPY=a.csv"], None, BARS | changes)


def test_all_that_is_missing_is_told_in_one_go():
    with pytest.raises(UndeclaredError) as told:
        declare(["a.csv"], None, {"zone": "UTC"})
    assert [question in str(told.value) for question in ("which contract", "--stamp start", "--length 1m")] == [True] * 3
    assert (str(told.value.path), told.value.mapping.zone) == ("a.csv", "UTC")


def test_columns_in_the_files_order_say_that_there_is_no_header():
    (one,) = declare(["SPY=a.csv"], None, BARS | {"columns": ["time", "-", "open", "high", "low", "close", "volume"]})
    assert not one.mapping.header
    assert declare(["SPY=a.csv"], None, BARS)[0].mapping.header


def test_an_unknown_word_in_a_file_of_mappings_is_told(tmp_path):
    toml = tmp_path / "m.toml"
    toml.write_text('zonne = "UTC"\n[[files]]\npath = "a.csv"\ncontract = "SPY"\n')
    with pytest.raises(ConfigError, match="zonne"):
        declare([], toml, {})


@pytest.mark.parametrize("body", ["not toml", 'files = "a"', "[[files]]\ncontract = 'SPY'\n", "[[files]]\npath = 3\n"])
def test_a_broken_file_of_mappings_is_told(tmp_path, body):
    toml = tmp_path / "m.toml"
    toml.write_text(body)
    with pytest.raises(ConfigError, match=r"m\.toml"):
        declare([], toml, {})


def test_a_missing_contract_no_file_at_all_and_an_absent_mapping_are_told(tmp_path):
    with pytest.raises(ConfigError, match="which contract"):
        declare(["a.csv"], None, BARS)
    with pytest.raises(ConfigError, match="no file is named"):
        declare([], None, BARS)
    with pytest.raises(ConfigError, match="cannot be read"):
        declare([], tmp_path / "no.toml", {})
