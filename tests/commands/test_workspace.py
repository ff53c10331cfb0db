"""``workbench init | new | check``, and the commands that use what is a user's own: what a person meets, from an empty folder on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import polars as pl
import pytest

from tests.commands.calling import workbench
from tests.replay.world import SESSION
from tests.runtime.folders import BARS_SESSION
from tests.workspace.texts import FEATURE, STRATEGY, feature, strategy
from workbench import calendars
from workbench.config import load_settings
from workbench.domain.units import MINUTE
from workbench.research import open_session
from workbench.runtime import build
from workbench.runtime.generated import generated
from workbench.runtime.paper import paper
from workbench.simulation.market import MarketSettings
from workbench.store.entries import facts as facts_of
from workbench.store.manifest import read_manifest, run_folders
from workbench.workspace import things_of


@pytest.fixture
def place(here: Path) -> Path:
    """A workspace made by the command, which is the working folder."""
    said = workbench("init")
    assert said.code == 0, said.text
    return here


# ---------------------------------------------------------------------- init
def test_a_workspace_is_made_and_says_what_comes_next(here: Path) -> None:
    said = workbench("init", "trading")
    assert said.code == 0 and (here / "trading" / "workbench.toml").exists()
    for step in ("cd trading", "workbench new strategy first", "workbench check", "workbench demo", "workbench simulate"):
        assert step in said.text


def test_an_existing_workspace_is_left_alone(place: Path) -> None:
    (place / "workbench.toml").write_text("active = ['CL']\n")
    said = workbench("init")
    assert said.code == 2 and "exists" in said.err and (place / "workbench.toml").read_text() == "active = ['CL']\n"


def test_a_folder_that_is_a_file_is_a_sentence(here: Path) -> None:
    (here / "file").write_text("x")
    said = workbench("init", "file")
    assert said.code == 2 and "file" in said.err and "Traceback" not in said.text


# ---------------------------------------------------------------------- new
@pytest.mark.parametrize(("what", "folder"), [("feature", "features"), ("strategy", "strategies"), ("model", "models")])
def test_a_new_thing_is_a_file_and_its_test(place: Path, what: str, folder: str) -> None:
    said = workbench("new", what, "my_own")
    assert said.code == 0 and f"workbench check {folder}/my_own.py" in said.text
    assert (place / folder / "my_own.py").exists() and (place / "tests" / f"test_{folder}_my_own.py").exists()
    again = workbench("new", what, "my_own")
    assert again.code == 2 and "my_own" in again.err


def test_a_new_thing_goes_where_it_is_told_to(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "notebooks" / "deep").mkdir()
    monkeypatch.chdir(place / "notebooks" / "deep")
    assert workbench("new", "feature", "gap").code == 0 and (place / "features" / "gap.py").exists()
    monkeypatch.chdir("/")
    assert workbench("new", "feature", "chasm", "--in", place).code == 0 and (place / "features" / "chasm.py").exists()


@pytest.mark.parametrize("words", [("new", "feature", "gap"), ("check",)])
def test_without_a_workspace_a_person_is_told_how_to_get_one(here: Path, words: tuple[str, ...]) -> None:
    said = workbench(*words)
    assert said.code == 2 and "workbench init" in said.err
    assert workbench(*words, "--in", here).code == 2


@pytest.mark.parametrize("words", [("indicator", "gap"), ("feature",), ("feature", "rsi_14"), ("feature", "A b")])
def test_what_cannot_be_meant_is_told(place: Path, words: tuple[str, ...]) -> None:
    said = workbench("new", *words)
    assert said.code == 2 and "Traceback" not in said.text


# ---------------------------------------------------------------------- check
def test_an_empty_workspace_says_how_to_fill_it(place: Path) -> None:
    said = workbench("check")
    assert said.code == 0 and "workbench new feature NAME" in said.text


def test_what_holds_is_told_with_its_cost_and_what_does_not_with_file_and_line(place: Path) -> None:
    (place / "features" / "gap.py").write_text(FEATURE.lstrip("\n"))
    well = workbench("check")
    assert well.code == 0 and "us a bar" in well.text and "1 checked, all is well" in well.text
    (place / "strategies" / "first.py").write_text(strategy("        return 1 / 0\n").lstrip("\n"))
    (place / "models" / "bad.py").write_text("x = (\n")
    said = workbench("check")
    assert said.code == 1
    assert "ZeroDivisionError: division by zero (strategies/first.py:16)" in said.text
    assert "cannot be read models/bad.py:1: SyntaxError" in said.text and "something is wrong with 2" in said.text
    told = json.loads(workbench("check", "--json").out)
    assert told["is_ok"] is False and [each["name"] for each in told["things"]] == ["gap", "first"]
    assert told["problems"] == [{"where": "models/bad.py:1", "said": "SyntaxError: '(' was never closed"}]
    [wrong] = [each for each in told["things"][1]["findings"] if not each["is_ok"]]
    assert wrong["where"] == "strategies/first.py:16"


def test_what_looks_ahead_is_told_with_its_remedy(place: Path) -> None:
    kept = "        SEEN[bar.t_end] = bar.close\n        self.value = float(bar.close - bar.open)\n"
    (place / "features" / "gap.py").write_text(feature(kept, head="SEEN = {}\n"))
    told = json.loads(workbench("check", "--json").out)
    [wrong] = [each for each in told["things"][0]["findings"] if not each["is_ok"]]
    assert told["is_ok"] is False and wrong["rule"] == "leaks" and wrong["where"] == "features/gap.py:18"
    assert "SEEN belongs to the module" in wrong["said"] and "make it in __init__" in wrong["said"]


def test_one_file_one_name_or_one_class_may_be_asked_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "features" / "gap.py").write_text(FEATURE)
    (place / "strategies" / "first.py").write_text(STRATEGY)
    (place / "loose.py").write_text(FEATURE.replace('"gap"', '"loose"'))
    for word, name in (("features/gap.py", "gap"), (str(place / "features/gap.py"), "gap"), ("first", "first"), ("loose:Gap", "loose")):
        told = json.loads(workbench("check", word, "--json").out)
        assert [each["name"] for each in told["things"]] == [name] and told["is_ok"] is True
    told = json.loads(workbench("check", "gap", "first", "rsi_14", "--json").out)
    assert [each["name"] for each in told["things"]] == ["gap", "first", "rsi_14"]
    monkeypatch.chdir(place / "features")
    assert workbench("check", "gap.py").code == workbench("check", "features/gap.py").code == 0


@pytest.mark.parametrize(
    ("word", "code", "says"),
    [
        ("features/nothing.py", 2, "there is no file features/nothing.py"),
        ("nobody", 2, "there is no nobody"),
        ("no_module:Gap", 1, "No module named 'no_module'"),
        ("json:Nothing", 2, "module json has no Nothing"),
        ("json:loads", 1, "missing 1 required positional argument"),
        ("README.md", 2, "there is no README.md"),
        ("features/empty.py", 2, "holds nothing to check: a feature is a class with name, uses, needs"),
        ("features/bad.py", 1, "cannot be read features/bad.py:1: SyntaxError"),
    ],
)
def test_a_word_that_means_nothing_is_a_sentence(place: Path, word: str, code: int, says: str) -> None:
    (place / "features" / "empty.py").write_text("x = 1\n")
    (place / "features" / "bad.py").write_text("def f(:\n")
    said = workbench("check", word)
    assert said.code == code and says in said.text and "Traceback" not in said.text


def test_two_things_of_one_name_are_wrong_with_both_places(place: Path) -> None:
    (place / "features" / "rsi.py").write_text(FEATURE.replace('"gap"', '"rsi_14"').lstrip("\n"))
    said = workbench("check")
    assert said.code == 1 and "two feature things are called 'rsi_14'" in said.text and "features/rsi.py:4" in said.text


# ---------------------------------------------------------------------- the catalogue and the settings
def test_the_catalogue_says_where_what_is_yours_comes_from(place: Path) -> None:
    (place / "features" / "gap.py").write_text(FEATURE.lstrip("\n"))
    (place / "strategies" / "first.py").write_text(STRATEGY.lstrip("\n"))
    (place / "strategies" / "bad.py").write_text("def f(:\n")
    said, told = workbench("catalogue"), json.loads(workbench("catalogue", "--json").out)
    assert "first, strategies/first.py:8" in said.text and "cannot be read strategies/bad.py:1" in said.text
    assert "gap" in told["features"] and "first" in told["strategies"] and "mine" in told["constitutions"]
    assert told["own"] == [
        {"kind": "feature", "name": "gap", "from": "workspace", "where": "features/gap.py:4"},
        {"kind": "strategy", "name": "first", "from": "workspace", "where": "strategies/first.py:8"},
    ]
    assert told["problems"] == ["strategies/bad.py:1: SyntaxError: invalid syntax"]


def test_settings_of_the_workspace_are_found_from_below_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "workbench.toml").write_text("[simulation]\nseed = 5\n")
    (place / ".env").write_text("# mine\nexport WORKBENCH_IB__PORT='4002'\n")
    (place / "notebooks" / "deep").mkdir()
    for folder, up in ((place, ""), (place / "notebooks", "../"), (place / "notebooks" / "deep", "../../")):
        monkeypatch.chdir(folder)
        rows = {row["key"]: (row["value"], row["origin"]) for row in json.loads(workbench("settings", "show", "--json").out)}
        assert rows["simulation.seed"] == (5, f"{up}workbench.toml")
        assert rows["ib.port"] == (4002, f"{up}.env WORKBENCH_IB__PORT")


# ---------------------------------------------------------------------- trading it
EAGER = strategy("        return at_market(view, 1 if rsi < 50 else -1, stop_pts=3.0, target_pts=6.0, hold_ns=120_000_000_000)\n")
EAGER = EAGER.replace("rsi > 30", "bool(view.bar.n_print == 0)")


def test_a_strategy_of_ones_own_trades_a_recorded_session_by_ones_own_law(place: Path, barred: Path) -> None:
    (place / "features" / "gap.py").write_text(FEATURE)
    text = EAGER.replace('("rsi_14_1m",)', '("rsi_14_1m", "gap_1m")').replace('view["rsi_14_1m"]', 'view["gap_1m"] and view["rsi_14_1m"]')
    (place / "strategies" / "first.py").write_text(text)
    words = ("replay", "--session", BARS_SESSION, "--data", barred, "--strategy", "first")  # no word of a law
    said = workbench(*words)
    assert said.code == 0, said.text
    assert "profile mine (constitutions/mine.toml)" in said.text and "first" in said.text
    assert "profile demo (shipped)" in workbench(*words, "--profile", "demo").text
    shown = {row["key"]: (row["value"], row["origin"]) for row in json.loads(workbench("settings", "show", "--json").out)}
    assert shown["profile"] == ("mine", "workbench.toml")
    told = json.loads(workbench(*words, "--json").out)
    assert told["commands"] > 1 and told["quarantined"] == []
    run = read_manifest(barred / "runs" / told["run"])
    assert run is not None and run.traders == (("first", ""),) and run.profile == "mine"
    assert {"own features/gap.py", "own strategies/first.py"} <= run.digests.keys() and run.own_features == ("gap",)
    day = open_session(BARS_SESSION, data=barred, run=told["run"])
    bars = day.bars("ESH6", "1m").join(day.features, on=["time", "symbol"])
    seen = bars.filter((pl.col("n_prints") > 0) & (pl.col("session") == pl.col("session").last()))
    assert len(seen) > 50 and ((seen["close_pts"] - seen["open_pts"]) / 0.25 == seen["gap_1m"]).all()
    assert open_session(BARS_SESSION, data=barred, run="import").features.columns.count("gap_1m") == 0
    (place / "features" / "gap.py").unlink()
    assert "gap_1m" not in open_session(BARS_SESSION, data=barred, run=told["run"]).features.columns  # gone: left out


def test_what_breaks_a_rule_does_not_start_and_names_file_and_line(place: Path, barred: Path) -> None:
    (place / "strategies" / "first.py").write_text(strategy("        return 1 / 0\n").lstrip("\n"))
    said = workbench("replay", "--session", BARS_SESSION, "--data", barred, "--strategy", "first")
    assert said.code == 2 and "strategies/first.py:16: answers: ZeroDivisionError: division by zero" in said.text
    assert len(run_folders(barred)) == 1  # nothing was begun


def test_a_file_that_cannot_be_read_is_told_before_the_name_it_took_along(place: Path, barred: Path) -> None:
    (place / "strategies" / "absorb.py").write_text("def f(:\n")
    said = workbench("simulate", "--session", BARS_SESSION, "--data", barred, "--strategy", "absorb")
    assert said.code == 2 and said.err.startswith("error: could not be read: strategies/absorb.py:1: SyntaxError: invalid syntax\nthere is")


def test_what_fails_while_it_runs_is_told_with_the_calls_that_led_there_and_nothing_else_stops(place: Path, barred: Path) -> None:
    late = "        if view.bar.session == 20260126:\n            return [][view.bar.session]\n        return None\n"
    (place / "strategies" / "first.py").write_text(strategy(late).replace("rsi > 30", "rsi > 200").lstrip("\n"))
    (place / "strategies" / "second.py").write_text(EAGER.replace('"first"', '"second"'))
    words = ("simulate", "--session", BARS_SESSION, "--data", barred, "--strategy", "first", "--strategy", "second")
    said = workbench(*words)
    assert said.code == 1 and said.out.rstrip().endswith("(exit code 1)"), said.text
    assert "quarantined, see above: strategy first; " in said.text
    assert "Quarantined strategy first at strategies/first.py:17: IndexError: list index out of range" in said.text
    assert "strategies/first.py:17 in propose" in said.text
    assert "ESH6 second" in said.text
    as_json = workbench(*words, "--json")
    [told] = json.loads(as_json.out)["quarantined"]
    assert as_json.code == 1
    assert told == "strategy first at strategies/first.py:17: IndexError: list index out of range"


def test_it_trades_the_contracts_it_is_told_and_sees_them_all(place: Path, traded: Path) -> None:
    (place / "strategies" / "first.py").write_text(EAGER.replace("rsi_14_1m", "rsi_14_5s"))
    words = ("simulate", "--session", SESSION, "--data", traded, "--strategy", "first", "--json")
    for more, wanted in ((), {"ESZ6", "SPY"}), (("--roots", "SPY"), {"SPY"}):
        told = json.loads(workbench(*words, *more).out)
        assert set(open_session(SESSION, data=traded, run=told["run"]).decisions["symbol"]) == wanted


def traded_by_first(place: Path) -> Path:
    """Ten minutes traded on paper by a strategy of the workspace, as a runner would."""
    settings, data = load_settings(), place / "data"
    opens = calendars.session_bounds(SESSION)[0] + (15 * 60 + 25) * MINUTE
    made = generated(settings, ["ES"], SESSION, seed=3, market=MarketSettings(activity=0.2), first_ns=opens, last_ns=opens + 10 * MINUTE)
    law, things = build.constitution("demo"), things_of(settings.workspace)
    setup = build.setup(settings, made.contracts, [SESSION], law, account="DUSIM7", strategies=[("first", "")], things=things)
    digests = {"settings": settings.digest}
    asyncio.run(paper(data, SESSION, made.contracts, made.records, setup, build.fills(settings), source="ten minutes", digests=digests))
    return data


def test_a_replay_of_what_was_traded_finds_ones_own_code_again_and_says_what_changed(place: Path) -> None:
    path = place / "strategies" / "first.py"
    text = EAGER.replace("rsi_14_1m", "rsi_14_5s").replace("hold_ns=120_000", "hold_ns=20_000")
    path.write_text(text)
    data = traded_by_first(place)
    assert any(type(fact).__name__ == "Approved" for _, fact in facts_of(run_folders(data)[0] / "journal.db"))
    same = workbench("replay", "--session", SESSION)
    assert same.code == 0 and "every command is the recorded one" in same.text and "changed since" not in same.text
    path.write_text(text.replace("hold_ns=20_000", "hold_ns=30_000"))
    other = workbench("replay", "--session", SESSION)
    assert "strategies/first.py changed since" in other.text and other.code == 1 and "PARITY BROKEN" in other.text
    path.unlink()
    gone = workbench("replay", "--session", SESSION)
    assert gone.code == 2 and "was traded by first, which cannot be had here: there is no strategy 'first'" in gone.text
