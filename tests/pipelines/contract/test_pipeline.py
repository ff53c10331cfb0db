"""A page is found by its name, and read with what it says about itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.paging import page
from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import Parameter, admit, check, find, listed, read


def test_a_page_tells_its_title_owner_and_parameters(tmp_path: Path) -> None:
    found = read(page(tmp_path / "how_far"))
    assert (found.name, found.title, found.owner, found.by, found.cell_s) == ("how_far", "How far is it?", "tests", "name", 60)
    assert found.parameters[:2] == (Parameter("length_pts", "float", 2.5, "how long"), Parameter("name", "str", "es", "which"))
    assert [each.kind for each in found.parameters[2:]] == ["int", "bool"]


def test_a_page_is_found_by_name_or_path_and_the_nearer_one_counts(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    page(shipped / "how_far"), page(shipped / "how_long"), page(mine / "how_far")
    places = [mine, shipped]
    assert find("how_far", places) == mine / "how_far" and find("how_long", places) == shipped / "how_long"
    assert find(str(shipped / "how_far"), places) == shipped / "how_far"
    assert [path.parent for path in listed(places)] == [mine / "how_far", shipped / "how_long"]
    with pytest.raises(ConfigError, match=r"there is no pipeline 'how_fat'; did you mean how_far\?"):
        find("how_fat", places)
    with pytest.raises(ConfigError, match="none lies in"):
        find("how_far", [tmp_path / "empty"])


def test_what_is_no_notebook_is_refused(tmp_path: Path) -> None:
    folder = page(tmp_path / "how_far", by="nothing")
    with pytest.raises(ConfigError, match="by = 'nothing' is none of its parameters"):
        read(folder)
    page(folder)
    (folder / "notebook.ipynb").write_text("{}")
    with pytest.raises(ConfigError, match="is no notebook"):
        read(folder)


def test_what_has_no_place_keeps_a_page_from_running_and_is_told_with_its_cell(tmp_path: Path) -> None:
    folder = page(tmp_path / "how_far", work="import time\nfar = math.ceil(length_pts * n) + time.time() + further")
    assert read(folder).name == "how_far"
    with pytest.raises(ConfigError) as error:
        admit(folder)
    told = str(error.value).splitlines()
    assert told[0].endswith("is no page yet:") and len(told) == 3
    assert "cell 5, line 2: time.time reads the clock" in str(error.value)
    assert "cell 5, line 2: further is used, and nothing above made it" in str(error.value)
    assert [each.rule for each in check(folder / "notebook.ipynb").wrong] == ["flow", "clock"]


def test_results_are_called_after_no_secret(tmp_path: Path) -> None:
    folder = page(
        tmp_path / "how_far", parameters='name: str = "env:NAME"  # [secret]\nlength_pts: float = 2.5\nn: int = 3\nis_up: bool = True'
    )
    with pytest.raises(ConfigError, match="by = 'name' is a secret"):
        read(folder)
    assert [each.rule for each in check(folder / "notebook.ipynb").wrong] == ["settings"]


def test_a_notebook_on_its_way_to_a_page_needs_no_settings_yet(tmp_path: Path) -> None:
    folder = page(tmp_path / "how_far")
    path = (folder / "notebook.ipynb").rename(tmp_path / "mine.ipynb")
    assert check(path).is_page and not check(path).wrong


def test_the_tag_of_papermill_alone_makes_no_page(tmp_path: Path) -> None:
    folder = page(tmp_path / "how_far", cells=(("parameters", "n = 3"), ("", "## n")))
    path = (folder / "notebook.ipynb").rename(tmp_path / "mine.ipynb")
    assert not check(path).is_page and not check(path).wrong and check(path, as_page=True).wrong
