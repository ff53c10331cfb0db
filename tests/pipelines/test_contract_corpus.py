"""Planted faults: each refused before a kernel starts, with its cell and its remedy; and nothing that is good is refused.

The first half of the faults was written before anything looked for them. Those that nobody can see before the cell runs are marked
`kernel`; they are planted in the tests of the runner.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.corpus.planting import HERE, faults, plant
from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import admit, bind, check, read

ALL = faults()
STATIC = [fault for fault in ALL if fault["gate"] != "kernel"]
GOOD = tomllib.loads((HERE / "good.toml").read_text(encoding="utf-8"))["good"] if (HERE / "good.toml").exists() else []


def refusal(folder: Path, fault: dict[str, Any]) -> str:
    """Take a page the way it is taken before it runs: looked at, admitted, its parameters bound; what was said, or nothing."""
    found = check(folder / "notebook.ipynb").wrong
    said = [f"{each.rule} | {each}" for each in found]
    try:
        bind(read(folder).parameters, fault.get("given", {}))
        admit(folder)
    except ConfigError as error:
        said.append(str(error))
    return "\n".join(said)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said to each planted fault."""
    place = tmp_path_factory.mktemp("planted")
    return {fault["name"]: refusal(plant(fault, place / str(n)), fault) for n, fault in enumerate(STATIC)}


@pytest.mark.covers("S3-27")
@pytest.mark.parametrize("fault", STATIC, ids=lambda fault: fault["name"].replace(" ", "_"))
def test_a_planted_fault_is_refused_before_a_kernel_starts(said: dict[str, str], fault: dict[str, Any]) -> None:
    text = said[fault["name"]]
    assert fault["says"] in text, text
    if "at" in fault:
        line = next(line for line in text.splitlines() if fault["says"] in line)
        assert f"cell {fault['at']}" in line, text


def test_the_corpus_is_whole_and_nearly_all_of_it_is_refused(said: dict[str, str], record_property: Callable[[str, object], None]) -> None:
    """The figure that counts: of all faults, the share that is refused before a kernel starts."""
    record_property("refused", f"{sum(map(bool, said.values()))} of {len(said)}")
    assert len(faults("faults_1")) >= 20 and len(ALL) >= 40 and len({fault["name"] for fault in ALL}) == len(ALL)
    missed = [name for name, text in said.items() if not text]
    assert len(missed) <= 0.05 * len(STATIC), missed


@pytest.mark.parametrize("good", GOOD, ids=lambda good: good["name"].replace(" ", "_"))
def test_what_only_looks_like_a_fault_is_not_refused(tmp_path: Path, good: dict[str, Any]) -> None:
    assert refusal(plant(good, tmp_path / "page"), good) == ""


def test_the_page_that_faults_are_planted_into_is_good(tmp_path: Path) -> None:
    assert refusal(plant({"name": "none"}, tmp_path / "page"), {}) == ""


SHIPPED = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", sorted((SHIPPED / "pipelines").glob("*/notebook.ipynb")), ids=lambda path: path.parent.name)
def test_no_shipped_page_is_refused(folder: Path) -> None:
    found = check(folder)
    assert found.is_page and not found.wrong, "\n".join(map(str, found.wrong))
    assert admit(folder.parent).settings.reads.tables


@pytest.mark.parametrize("path", sorted((SHIPPED / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_shipped_notebook_is_refused(path: Path) -> None:
    found = check(path)
    assert not found.wrong, "\n".join(map(str, found.wrong))
