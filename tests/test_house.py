"""The house's own rules hold, and each of them can fail."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests import house
from tests.house import Source

ROOT = Path(__file__).parents[1]
TEXTS = (".py", ".md", ".toml", ".yml", ".yaml", ".ipynb", ".lock", ".json")


def read(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Source]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes and path.is_file())
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text()) for path in paths]


def assert_none(complaints: Iterable[str]) -> None:
    found = list(complaints)
    assert not found, "\n" + "\n".join(found)


PRODUCT = read("workbench")
CODE = PRODUCT + read("tests", "benchmarks")

PRODUCT_RULES = {
    house.one_door_per_library: [
        ("workbench/research/frames.py", "import river.linear_model"),
        ("workbench/venues/simulated.py", "def a():\n    from ib_async import IB"),
        ("workbench/market/bars.py", "from numba import njit"),
        ("workbench/runtime/build.py", "import importlib\nimportlib.import_module('deltalake')"),
    ],
    house.approved_by_the_chain_alone: [
        ("workbench/engine.py", "Approved(key, proposal, 1, 2)"),
        ("workbench/engine.py", "decisions.Approved(key, proposal, 1, 2)"),
        ("workbench/engine.py", "from workbench.domain.decisions import Approved as Yes"),
    ],
    house.one_clock: [
        ("workbench/store/tail.py", "import time\nat = time.time_ns()"),
        ("workbench/store/tail.py", "from time import time\nat = time()"),
        ("workbench/research/frames.py", "at = datetime.datetime.now(UTC)"),
        ("workbench/research/frames.py", "at = pd.Timestamp.now('UTC')"),
        ("workbench/runtime/loop.py", "loop(clock=time.time)"),
    ],
    house.telling_names: [
        ("workbench/market/utils.py", ""),
        ("workbench/common/book.py", ""),
        ("workbench/market/book.py", "class OrderManager: ..."),
        ("workbench/market/book.py", "def handler_of_quotes(): ..."),
    ],
}
CODE_RULES = {
    house.short_files: [("workbench/engine.py", "a = 1\n" * 401)],
    house.short_functions: [
        ("workbench/engine.py", "def feed():\n" + "    a = 1\n" * 60),
        ("tests/test_engine.py", "class A:\n    async def feed(self):\n" + "        a = 1\n" * 60),
    ],
}
FITTING = {
    house.one_door_per_library: ("workbench/learning/models/linear.py", "from river import linear_model"),
    house.approved_by_the_chain_alone: ("workbench/engine.py", "match verdict:\n    case Approved(qty=qty): ...\n"),
    house.one_clock: ("workbench/store/tail.py", "at = record.recv_ns\nasyncio.get_running_loop().time()"),
    house.telling_names: ("workbench/store/tail.py", "loop.set_exception_handler(stop)\n@contextmanager\ndef opened(): ..."),
    house.short_files: ("workbench/engine.py", "a = 1\n" * 400),
    house.short_functions: ("workbench/engine.py", 'def feed():\n    """' + "a\n" * 60 + '"""\n' + "    a = 1\n" * 59),
}


@pytest.mark.parametrize("rule", PRODUCT_RULES, ids=lambda rule: rule.__name__)
@pytest.mark.covers("S0-24", "S3-44")
def test_the_product_keeps_the_rule(rule):
    assert_none(chain.from_iterable(map(rule, PRODUCT)))


@pytest.mark.parametrize("rule", CODE_RULES, ids=lambda rule: rule.__name__)
def test_all_code_keeps_the_rule(rule):
    assert_none(chain.from_iterable(map(rule, CODE)))


PLANTED = [(rule, *bad) for rule, all_bad in (PRODUCT_RULES | CODE_RULES).items() for bad in all_bad]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED, ids=lambda each: getattr(each, "__name__", str(each)[:30]))
def test_the_rule_sees_what_breaks_it(rule, path, text):
    assert len(list(rule(Source(path, text)))) == 1


@pytest.mark.parametrize("rule", FITTING, ids=lambda rule: rule.__name__)
def test_the_rule_leaves_alone_what_fits(rule):
    assert list(rule(Source(*FITTING[rule]))) == []


def test_functions_over_the_goal_are_named():
    long = [*chain.from_iterable(house.short_functions(source, house.GOAL_LINES) for source in PRODUCT)]
    if long:
        warnings.warn(f"{len(long)} functions are longer than {house.GOAL_LINES} lines, the goal:\n" + "\n".join(long), stacklevel=1)


def test_no_file_names_a_path_of_one_machine():
    folders = read("workbench", "tests", "docs", "benchmarks", "notebooks", "pipelines", suffixes=TEXTS)
    top = [Source(path.name, path.read_text()) for path in sorted(ROOT.iterdir()) if path.suffix in TEXTS or path.name == "Makefile"]
    assert_none(chain.from_iterable(map(house.no_path_of_a_machine, folders + top)))
    assert list(house.no_path_of_a_machine(Source("docs/a.md", "see /" + "home/somebody/data")))


@pytest.mark.parametrize("folder", house.CATALOGUES)
def test_a_catalogue_lists_every_file_of_its_folder(folder):
    path = ROOT / folder / "__init__.py"
    assert_none(house.catalogued(Source(f"{folder}/__init__.py", path.read_text()), [source.path for source in PRODUCT]))


@pytest.mark.parametrize(
    ("line", "n"),
    [("from workbench.strategies.reversal import Reversal", 0), ("from workbench.strategies import reversal", 0), ("import other", 1)],
)
def test_a_file_that_no_catalogue_lists_is_seen(line, n):
    files = ["workbench/strategies/reversal.py", "workbench/strategies/base.py", "workbench/engine.py"]
    assert len(list(house.catalogued(Source("workbench/strategies/__init__.py", line), files))) == n


def test_a_test_stands_where_its_module_stands():
    tests = [source.path for source in read("tests") if Path(source.path).name.startswith("test_")]
    tools = [path.name for path in ROOT.iterdir() if path.is_file()]
    modules = [source.path for source in CODE if not Path(source.path).name.startswith("test_")] + tools
    assert_none(house.tests_mirror_modules(tests, modules))


def test_a_test_of_nothing_is_seen():
    modules = ["workbench/market/book.py"]
    assert list(house.tests_mirror_modules(["tests/market/test_book_depth.py", "tests/kill/test_any.py"], modules)) == []
    assert len(list(house.tests_mirror_modules(["tests/market/test_boo.py", "tests/shop/test_book.py"], modules))) == 2


@pytest.mark.covers("S0-30")
def test_the_lock_holds_hashes_and_no_address():
    assert_none(house.lock_without_addresses(Source("requirements.lock", (ROOT / "requirements.lock").read_text())))


@pytest.mark.parametrize(
    "line", ["--index-url https://somewhere/simple", "a @ file:///here", "a==1", "a==1 \\\n    # via b", "    # from https://somewhere"]
)
def test_an_address_or_a_missing_hash_in_a_lock_is_seen(line):
    good = "a==1 ; sys_platform == 'linux' \\\n    --hash=sha256:00\n    # via b\n"
    assert list(house.lock_without_addresses(Source("requirements.lock", good))) == []
    assert list(house.lock_without_addresses(Source("requirements.lock", good + line + "\n")))


def test_the_lock_pins_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = map(Requirement, project["project"]["dependencies"] + project["dependency-groups"]["test"])
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = {pin.name: str(pin.specifier)[2:] for pin in (Requirement(line.rstrip("\\ ")) for line in lines if line[:1].isalnum())}
    names = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    for each in asked:
        assert names.get(each.name.lower().replace("_", "-"), "0") in each.specifier, each


def test_every_library_of_the_product_is_asked_for_by_name():
    asked = [Requirement(each).name for each in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]]
    made_by = packages_distributions()
    assert_none(chain.from_iterable(house.named_dependencies(source, asked, made_by) for source in PRODUCT))


def test_a_library_that_only_comes_along_is_seen():
    source = Source("workbench/a.py", "import os, PIL.Image\nfrom workbench import b\nfrom psutil import Process")
    made_by = {"PIL": ["pillow"], "psutil": ["psutil"]}
    (found,) = house.named_dependencies(source, ["Pillow"], made_by)
    assert found == "workbench/a.py:3: imports psutil; pyproject.toml asks for no psutil"
    assert list(house.named_dependencies(source, ["Pillow", "psutil"], made_by)) == []


@pytest.mark.covers("S0-29", "S0-30", "S1-34")
def test_conda_brings_python_and_pip_and_nothing_else():
    """One lock is enough. pip takes no editable beside hashes: the project itself follows in a second command, named at the top."""
    text = (ROOT / "environment.yml").read_text()
    assert yaml.safe_load(text)["dependencies"] == ["python=3.11", "pip", {"pip": ["-r requirements.lock"]}]
    assert "pip install --no-deps -e ." in text


def test_every_decision_is_indexed():
    folder = ROOT / "docs" / "decisions"
    names = [path.name for path in folder.glob("*.md") if path.name != "README.md"]
    assert names
    assert_none(house.decisions_are_indexed(names, (folder / "README.md").read_text()))


def test_a_decision_out_of_the_index_or_the_row_is_seen():
    assert list(house.decisions_are_indexed(["0001-a.md", "0002-b.md"], "[a](0001-a.md) [b](0002-b.md)")) == []
    assert len(list(house.decisions_are_indexed(["0001-a.md", "0003-b.md"], "[b](0003-b.md)"))) == 2


def test_the_readme_names_the_two_commands():
    text = (ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text


@pytest.mark.covers("S4-29")
def test_contracts_speak_of_floors_that_the_house_has():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = {name.strip(" ()") for layer in contracts[0]["layers"] for name in layer.split("|")}
    named = {name for each in contracts[1:] for name in each["source_modules"] + each["forbidden_modules"]}
    assert {name.split(".")[1] for name in named if name.startswith("workbench.")} <= floors
