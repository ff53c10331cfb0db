"""``workbench settings show | catalogue``: every value with where it came from, every name another command takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from workbench import features, strategies
from workbench.learning.models import RECIPES

pytestmark = pytest.mark.covers("S0-23", "S0-24", "S3-01", "S4-01", "S4-27")


def shown(*words: object) -> dict[str, tuple[object, str]]:
    said = workbench("settings", "show", "--json", *words)
    assert said.code == 0, said.text
    return {row["key"]: (row["value"], row["origin"]) for row in json.loads(said.out)}


def test_defaults_say_that_they_are_shipped(here: Path) -> None:
    found = shown()
    assert found["mode"] == ("paper", "shipped defaults.toml") and found["ib.host"][0] == "127.0.0.1"
    assert {origin for _, origin in found.values()} <= {"shipped defaults.toml", "not set"}
    assert not any(key.startswith("roots.") for key in found)


def test_each_layer_overrules_the_one_before_and_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "workbench.toml").write_text("[simulation]\nseed = 5\nstop_slippage_ticks = 3\n")
    monkeypatch.setenv("WORKBENCH_SIMULATION__SEED", "6")
    monkeypatch.setenv("IBKR_PORT", "4002")
    found = shown()
    assert found["simulation.stop_slippage_ticks"] == (3, "workbench.toml")
    assert found["simulation.seed"][0] == 6 and "WORKBENCH_SIMULATION__SEED" in found["simulation.seed"][1]
    assert found["ib.port"][0] == 4002 and "IBKR_PORT" in found["ib.port"][1]


def test_a_file_may_be_named_and_roots_asked_for(here: Path) -> None:
    (here / "other.toml").write_text("[simulation]\nseed = 8\n")
    found = shown("--settings", "other.toml", "--roots")
    assert found["simulation.seed"] == (8, "other.toml") and found["roots.ES.multiplier"] == ("50", "shipped roots.toml")


def test_a_person_reads_key_value_and_origin(here: Path) -> None:
    said = workbench("settings", "show")
    assert said.code == 0 and "simulation.seed" in said.text and "shipped defaults.toml" in said.text


@pytest.mark.parametrize(
    ("text", "says"),
    [("mode = \n", "bad.toml"), ("mod = 'paper'\n", "mode"), ("mode = 'fast'\n", "mode"), ("[ib]\nport = 0\n", "ib.port")],
    ids=["no TOML", "unknown key", "unknown value", "out of range"],
)
def test_a_file_that_cannot_be_meant_is_a_sentence(here: Path, text: str, says: str) -> None:
    (here / "bad.toml").write_text(text)
    said = workbench("settings", "show", "--settings", "bad.toml")
    assert said.code == 2 and says in said.err and said.out == ""


def test_a_file_that_is_not_there_is_a_sentence(here: Path) -> None:
    said = workbench("settings", "show", "--settings", "nowhere.toml")
    assert said.code == 2 and "nowhere.toml" in said.err


def test_settings_without_a_verb_shows_the_verbs(here: Path) -> None:
    assert "show" in workbench("settings").text


@pytest.mark.covers("S3-44", "S2-35")
def test_the_catalogue_lists_every_name_there_is(here: Path) -> None:
    told = json.loads(workbench("catalogue", "--json").out)
    assert told["features"] == [entry.name for entry in features.catalogue()]
    assert told["recipes"] == list(RECIPES) and told["strategies"] == list(strategies.CATALOGUE)
    assert {"demo", "micro"} <= set(told["constitutions"])
    person = workbench("catalogue")
    assert person.code == 0
    for name in (*RECIPES, *strategies.CATALOGUE, "demo", "micro", "rsi_14", "ofi"):
        assert name in person.text


def test_a_name_is_never_broken_in_a_narrow_terminal(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = workbench("catalogue").out.splitlines()
    for entry in features.catalogue():
        assert any(line.startswith(f"{entry.name} ") for line in lines), entry.name


def test_the_catalogue_may_be_asked_for_a_word(here: Path) -> None:
    told = json.loads(workbench("catalogue", "atr", "--json").out)
    assert "atr_14" in told["features"] and all("atr" in name for name in told["features"]) and told["strategies"] == []
    family = next(entry.family for entry in features.catalogue() if entry.name == "rsi_14")
    of_family = json.loads(workbench("catalogue", family, "--json").out)["features"]
    assert {entry.name for entry in features.catalogue() if entry.family == family} <= set(of_family)
    said = workbench("catalogue", "learned").text
    assert "learned (follows a recipe)" in said and "vwap_reversion" not in said and "Features" not in said
    assert "nothing has 'unheard_of' in its name" in workbench("catalogue", "unheard_of").text
