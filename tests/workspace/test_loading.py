"""A user's things are found where they lie; a bad file is told and stops no other; two of one name are told with both places."""

from __future__ import annotations

import pickle
import sys
import threading
from pathlib import Path

import pytest

from tests.workspace.conftest import Put
from tests.workspace.texts import FEATURE, STRATEGY
from workbench import mine
from workbench.domain.errors import ConfigError
from workbench.workspace import Kind, loading, make_thing, things_of


def test_outside_of_a_workspace_there_is_what_is_shipped() -> None:
    things = things_of(None)
    assert things.own == () and things.problems == () and "flow_1m" in things.names(Kind.RECIPE)


def test_files_of_the_three_folders_are_found_in_their_order(home: Path) -> None:
    for what, name in (("strategy", "second"), ("strategy", "first"), ("feature", "gap"), ("model", "five")):
        make_thing(what, name, home, things_of(home))
    found = [(thing.kind.value, thing.name, thing.where) for thing in things_of(home).own]
    assert [each[:2] for each in found] == [
        ("feature", "gap"), ("strategy", "first"), ("strategy", "second"), ("model", "five"), ("recipe", "five"),
    ]  # fmt: skip
    assert [where.split(":")[0] for _, _, where in found] == [
        "features/gap.py", "strategies/first.py", "strategies/second.py", "models/five.py", "models/five.py",
    ]  # fmt: skip


def test_a_file_that_was_changed_is_read_anew_and_one_that_was_not_stays_the_same_class(home: Path, put: Put) -> None:
    put("features/gap.py", FEATURE)
    [first], [again] = things_of(home).own, things_of(home).own
    assert first.what is again.what
    put("features/gap.py", FEATURE.replace("warm_up_bars = 1", "warm_up_bars = 9"))
    [changed] = things_of(home).own
    assert changed.what is not first.what and changed.what.warm_up_bars == 9


def test_no_compiled_copy_is_left_beside_a_users_file(home: Path, put: Put) -> None:
    put("features/gap.py", FEATURE)
    things_of(home)
    assert not list(home.rglob("__pycache__"))


def test_things_import_one_another_and_pickle_by_their_names(home: Path, put: Put) -> None:
    put("features/gap.py", FEATURE)
    imports = "from workbench.mine.features.gap import Gap\nfrom .gap import Gap as Same\n"
    put("features/wide.py", f"{imports}\n\nclass Wide(Gap):\n    name = 'wide'\n")
    things = things_of(home)
    assert things.problems == () and [thing.name for thing in things.own] == ["gap", "wide"]
    wide = things.find(Kind.FEATURE, "wide").feature()
    assert type(wide).__module__ == "workbench.mine.features.wide" and isinstance(pickle.loads(pickle.dumps(wide)), type(wide))


BAD_FILES = {
    "syntax": ("def f(:\n", "features/bad.py:1", "SyntaxError"),
    "indent": ("x = 1\n\nif x:\ny = 2\n", "features/bad.py:4", "IndentationError"),
    "import": ("x = 1\nimport nothing_of_the_kind\n", "features/bad.py:2", "No module named 'nothing_of_the_kind'"),
    "raises": ("x = 1\ny = x / 0\n", "features/bad.py:2", "ZeroDivisionError: division by zero"),
    "exits": ("import sys\n\nsys.exit(3)\n", "features/bad.py:3", "SystemExit: 3"),
    "deep": ("def f():\n    return g()\n\n\ndef g():\n    return [].pop()\n\n\nf()\n", "features/bad.py:6", "IndexError"),
    "cannot be made": (FEATURE.replace("def __init__(self)", "def __init__(self, n)"), "features/bad.py", "missing 1 required"),
    "no text": ("\xff\xfe", "features/bad.py", ""),
}


@pytest.mark.parametrize(("text", "place", "said"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_told_with_file_and_line_and_stops_no_other(home: Path, put: Put, text: str, place: str, said: str) -> None:
    put("strategies/first.py", STRATEGY)
    put("features/gap.py", FEATURE)
    (home / "features" / "bad.py").write_text(text.lstrip("\n"), encoding="latin-1")
    things = things_of(home)
    assert [thing.name for thing in things.own] == ["gap", "first"]
    [problem] = things.problems
    assert problem.where.startswith(place) and said in problem.said
    assert str(home) not in problem.where
    with pytest.raises(ConfigError, match=r"could not be read: features/bad\.py"):
        things.find(Kind.FEATURE, "bad")


def test_a_file_that_never_ends_is_ended(home: Path, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "PATIENCE_S", 0.3)
    put("features/bad.py", "while True:\n    try:\n        x = 1\n    except Exception:\n        pass\n")
    [problem] = things_of(home).problems
    assert problem.where.split(":")[0] == "features/bad.py" and "did not come back within 0.3 s" in problem.said


def test_beside_the_main_thread_nobody_is_watched_and_everything_works(home: Path, put: Put) -> None:
    put("features/gap.py", FEATURE)
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.extend(thing.name for thing in things_of(home).own))
    thread.start()
    thread.join()
    assert found == ["gap"]


def test_a_name_python_cannot_import_is_told(home: Path, put: Put) -> None:
    put("features/opening-gap.py", FEATURE)
    [problem] = things_of(home).problems
    assert "opening-gap.py is no name Python can import" in problem.said


def test_what_helps_a_thing_is_no_thing(home: Path, put: Put) -> None:
    others = "class Mean:\n    def update(self, x):\n        pass\n\n\nclass _Hidden(Gap):\n    pass\n\n\nN = 3\n"
    put("features/gap.py", f"{FEATURE}\n\n{others}")
    assert [thing.name for thing in things_of(home).own] == ["gap"]


def test_a_shipped_feature_with_other_numbers_is_listed_in_a_file(home: Path, put: Put) -> None:
    imports = "from functools import partial\n\nfrom workbench.features import RelativeStrength\n"
    put("features/more.py", f"{imports}\nFEATURES = [partial(RelativeStrength, n) for n in (7, 21)]\n")
    things = things_of(home)
    assert [(thing.name, thing.where) for thing in things.own] == [("rsi_7", "features/more.py:5"), ("rsi_21", "features/more.py:5")]


# ---------------------------------------------------------------------- two of one name
def test_a_shipped_name_cannot_be_taken(home: Path, put: Put) -> None:
    put("strategies/learned.py", STRATEGY.replace('"first"', '"learned"'))
    things = things_of(home)
    with pytest.raises(ConfigError, match=r"called 'learned': workbench, .* and strategies/learned\.py:8; rename one"):
        things.find(Kind.STRATEGY, "learned")
    assert things.find(Kind.STRATEGY, "vwap_reversion").name == "vwap_reversion"
    assert len(things.collisions()) == 1


def test_two_own_names_are_told_with_both_places(home: Path, put: Put) -> None:
    put("features/gap.py", FEATURE)
    put("features/again.py", FEATURE)
    [said] = things_of(home).collisions()
    assert "features/again.py:4 and features/gap.py:4" in said


# ---------------------------------------------------------------------- installed packages
def installed(folder: Path, entries: str, module: str) -> None:
    """Lay a package out as an installer would."""
    (folder / "friendly").mkdir(parents=True)
    (folder / "friendly" / "__init__.py").write_text(module)
    info = folder / "friendly_things-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: friendly-things\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(entries)


def test_installed_packages_offer_things_by_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = """[workbench.features]\ngap = friendly:Gap\n[workbench.strategies]\nfirst = friendly:First\nbad = friendly:Nothing
[workbench.recipes]\nfast = friendly:RECIPE\n[workbench.models]\nplain = friendly:MODEL\n"""
    more = """
from workbench.learning.models import MODELS
from workbench.learning.recipe import Recipe
MODEL = MODELS["scaled_logistic"]
RECIPE = Recipe(name="fast", model="plain", features=("gap_5s",), horizon_ns=10_000_000_000)
"""
    installed(tmp_path, entries, FEATURE + STRATEGY + more)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        things = things_of(None)
    finally:
        sys.modules.pop("friendly", None)
    found = {(thing.kind.value, thing.name): thing for thing in things.own}
    assert found.keys() == {("feature", "gap"), ("strategy", "first"), ("recipe", "fast"), ("model", "plain")}
    gap = found["feature", "gap"]
    assert gap.origin == "package friendly-things 1.2" and gap.where == "package friendly-things 1.2 (friendly:Gap)"
    [problem] = things.problems
    assert problem.where == "package friendly-things 1.2 (friendly:Nothing)" and "Nothing" in problem.said


def test_a_package_and_a_workspace_with_one_name_are_told_with_both_places(
    home: Path, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("features/gap.py", FEATURE)
    installed(tmp_path / "site", "[workbench.features]\ngap = friendly:Gap\n", FEATURE)
    monkeypatch.syspath_prepend(tmp_path / "site")
    try:
        [said] = things_of(home).collisions()
    finally:
        sys.modules.pop("friendly", None)
    assert "features/gap.py:4 and package friendly-things 1.2 (friendly:Gap)" in said


def test_mine_stands_for_the_workspace_that_was_looked_at_last(home: Path, put: Put, tmp_path: Path) -> None:
    put("features/gap.py", FEATURE)
    things_of(home)
    from workbench.mine.features.gap import Gap

    assert Gap.name == "gap" and mine.__path__ == [str(home.absolute())]
    other = tmp_path / "other"
    (other / "features").mkdir(parents=True)
    (other / "features" / "gap.py").write_text(FEATURE.replace('"gap"', '"chasm"'))
    assert [thing.name for thing in things_of(other).own] == ["chasm"]
    assert [thing.name for thing in things_of(home).own] == ["gap"]
