"""What `workbench init` and `workbench new` write works at once, belongs to nobody but the user, and overwrites nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from workbench.config import load_settings, settings_with_origins
from workbench.domain.errors import ConfigError
from workbench.risk.constitution import parse
from workbench.workspace import Things, check_all, make_thing, make_workspace, things_of
from workbench.workspace.writing import FOLDER, TEMPLATES, WORKSPACE, What

ALL: tuple[tuple[What, str], ...] = (("feature", "opening_gap"), ("strategy", "my_first"), ("model", "five_minutes"))


def test_a_workspace_is_a_folder_of_small_files(tmp_path: Path) -> None:
    made = make_workspace(tmp_path / "trading")
    assert {path.relative_to(tmp_path / "trading").as_posix() for path in made} == set(WORKSPACE)
    assert sum(path.stat().st_size for path in made) < 16_000  # a page or two each
    assert len((tmp_path / "trading" / "README.md").read_text().splitlines()) == 10


def test_its_settings_are_those_that_are_shipped_until_they_are_changed(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    shipped = load_settings(folder="/nowhere", environment={})
    assert (load_settings(folder=tmp_path).profile, shipped.profile) == ("mine", "demo")  # the law that lies there is the one that holds
    ours = load_settings(folder=tmp_path, flags={"profile": "demo"})
    assert ours.digest == shipped.digest and ours.workspace == tmp_path and shipped.workspace is None
    ours = load_settings(folder=tmp_path)
    assert {each.key for each in settings_with_origins(ours) if "workbench.toml" in each.origin} == {"data_folder", "profile"}
    every_line = (tmp_path / "workbench.toml").read_text().replace("# [", "[").splitlines()
    live = [line.removeprefix("# ") if line.startswith("# ") and " = " in line and "`" not in line else line for line in every_line]
    assert tomllib.loads("\n".join(live))["roots"]["ES"]["commission"]  # what is commented out can be taken as it stands
    (tmp_path / "workbench.toml").write_text("\n".join(live))
    assert load_settings(folder=tmp_path).roots["ES"].commission == "2.05"


def test_its_constitution_is_a_law_by_the_name_of_its_file(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    law = parse(tomllib.loads((tmp_path / "constitutions" / "mine.toml").read_text()))
    assert law.profile == "mine" and law.risk.max_loss_per_trade_usd < law.risk.max_loss_per_day_usd < law.risk.start_equity_usd


def test_git_keeps_its_folders_and_none_of_its_data_or_secrets(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    for name in ("data/tail/x.seg", ".env", "features/__pycache__/x.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("secret")
    git = ["git", "-c", "init.defaultBranch=main", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = subprocess.run([*git, "ls-files", "-o", "--exclude-standard"], check=True, capture_output=True, text=True).stdout.split()
    assert set(listed) == set(WORKSPACE)


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(ConfigError, match=r"README\.md exists already; nothing was written"):
        make_workspace(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    (tmp_path / "README.md").unlink()
    make_workspace(tmp_path)
    for again in (tmp_path, tmp_path / "notebooks", tmp_path / "notebooks" / "deeper"):
        with pytest.raises(ConfigError, match="is a workspace, or lies in one"):
            make_workspace(again)
    make_thing("feature", "gap", tmp_path, Things())
    with pytest.raises(ConfigError, match="exists already"):
        make_thing("feature", "gap", tmp_path, Things())


@pytest.mark.parametrize("name", ["Gap", "opening-gap", "3rd", "", "class", "_hidden", "a b", "../up", "größe/x"])
def test_a_name_that_cannot_be_meant_is_told(tmp_path: Path, name: str) -> None:
    make_workspace(tmp_path)
    with pytest.raises(ConfigError, match="is no name for a feature"):
        make_thing("feature", name, tmp_path, Things())


TAKEN = [("feature", "rsi_14"), ("strategy", "learned"), ("model", "flow_1m"), ("model", "adaptive_tree")]


@pytest.mark.parametrize(("what", "name"), TAKEN)
def test_a_name_that_is_taken_is_told(home: Path, what: What, name: str) -> None:
    with pytest.raises(ConfigError, match=f"is called '{name}' already"):
        make_thing(what, name, home, things_of(home))


def test_what_is_written_keeps_to_the_rules_at_once(home: Path) -> None:
    for what, name in ALL:
        make_thing(what, name, home, things_of(home))
    things = things_of(home)
    assert things.problems == () and things.collisions() == []
    reports = check_all(things)
    assert len(reports) == 4 and [wrong for report in reports for wrong in report.wrong] == []


def test_its_own_tests_and_examples_pass_at_once(home: Path) -> None:
    for what, name in ALL:
        make_thing(what, name, home, things_of(home))
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=home, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout  # three tests and an example of the feature, three of the strategy, one of the model


@pytest.mark.proof
def test_its_own_tests_know_ones_own_features_and_any_name_of_a_field(home: Path) -> None:
    for what, name in ALL:
        make_thing(what, name, home, things_of(home))
    strategy, model = home / "strategies" / "my_first.py", home / "models" / "five_minutes.py"
    for old, new in (("low: float", "cold: float"), ("self.low", "self.cold"), ("high: float", "hot: float"), ("self.high", "self.hot")):
        strategy.write_text(strategy.read_text().replace(old, new))
    strategy.write_text(strategy.read_text().replace('("rsi_14_1m", ', '("rsi_14_1m", "opening_gap_5s", '))
    model.write_text(model.read_text().replace('features=("ret_1_1m", ', 'features=("opening_gap_1m", "ret_1_1m", '))
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    for folder in (home, home / "tests"):  # wherever in the workspace they are called
        done = subprocess.run([*words, "-k", "not opening_gap"], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0 and "4 passed" in done.stdout, done.stdout + done.stderr
    strategy.write_text(strategy.read_text().replace('"opening_gap_5s"', '"nobodys_1m"'))
    done = subprocess.run([*words, "tests/test_strategies_my_first.py"], cwd=home, capture_output=True, text=True)
    assert done.returncode == 1 and "needs nobodys_1m, which no feature gives" in done.stdout


@pytest.mark.parametrize("what", FOLDER)
def test_a_template_is_short_and_within_the_houses_width(what: What) -> None:
    for name in (f"{what}.py.tmpl", f"test_{what}.py.tmpl"):
        lines = (TEMPLATES / name).read_text().splitlines()
        assert len(lines) <= 60 and max(map(len, lines)) <= 140


def test_what_is_written_is_clean_by_the_houses_own_style(home: Path) -> None:
    for what, name in ALL:
        make_thing(what, name, home, things_of(home))
    rules = ["--isolated", "--line-length", "140", "--select", "E,F,W,I,B,UP,N,D1", "--ignore", "D102,D103,D105,D107", "--no-cache"]
    done = subprocess.run([sys.executable, "-m", "ruff", "check", *rules, str(home)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
