"""A page is held against its form before anything is started, and every cell that is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.paging import CELLS, page
from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import Parameter, bind, find, listed, read


def test_a_page_tells_its_title_owner_and_parameters(tmp_path: Path) -> None:
    found = read(page(tmp_path / "how_far"))
    assert (found.name, found.title, found.owner, found.by, found.cell_s) == ("how_far", "How far is it?", "tests", "name", 60)
    assert found.parameters[:2] == (Parameter("length_pts", "float", 2.5, "how long"), Parameter("name", "str", "es", "which"))
    assert [each.kind for each in found.parameters[2:]] == ["int", "bool"]


@pytest.mark.parametrize(
    ("tag", "source", "said"),
    [
        ("work", "class A: ...", "cell 5, line 1: class A belongs into a module"),
        ("work", "far = 1\nfor each in range(3):\n    far += each", "cell 5, line 2: a loop belongs into the package"),
        ("work", "!ls", "cell 5, line 1: invalid syntax (magics and shell commands do not belong in a page)"),
        ("parameters", "n = 3", "cell 2, line 1: write NAME: KIND = LITERAL"),
        ("parameters", "n: int = 3.0", "cell 2, line 1: write NAME: KIND = LITERAL"),
        ("parameters", 'name: str = "es".upper()', "cell 2, line 1: write NAME: KIND = LITERAL"),
        ("outputs", "result = {}", "cell 8: its last line must be `result`"),
    ],
)
def test_what_is_wrong_about_a_cell_is_named_with_its_place(tmp_path: Path, tag: str, source: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(page(tmp_path / "how_far", **{tag: source}))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (CELLS[1:], "cell 1 must be the title"),
        ((*CELLS[:4], CELLS[5], CELLS[4], *CELLS[6:]), "in this order; they are title, parameters, setup, inputs, checks, work"),
        ((*CELLS[:6], *(5 * (CELLS[6],)), CELLS[7]), "4 cells may be tagged figures, not 5"),
        ((*CELLS[:4], CELLS[4], ("note", "far = 1"), *CELLS[5:]), "cell 6: code needs one of the tags"),
        ((*CELLS, CELLS[7]), "one cell may be tagged outputs, not 2"),
    ],
)
def test_cells_stand_in_one_order(tmp_path: Path, cells: tuple[tuple[str, str], ...], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(page(tmp_path / "how_far", cells=cells))
    assert said in str(error.value)


def test_text_may_stand_between_cells(tmp_path: Path) -> None:
    assert read(page(tmp_path / "how_far", cells=(*CELLS[:6], ("", "## So far"), *CELLS[6:]))).title == "How far is it?"


def test_settings_beside_a_page_are_three_and_typed(tmp_path: Path) -> None:
    folder = page(tmp_path / "how_far", by="nothing")
    with pytest.raises(ConfigError, match="by = 'nothing' is none of its parameters"):
        read(folder)
    (folder / "pipeline.toml").write_text('owner = "tests"\nby = "name"\ncell_s = 1.5\n')
    with pytest.raises(ConfigError, match=r"must say owner \(str\), by \(str\), cell_s \(int\)"):
        read(folder)
    (folder / "pipeline.toml").write_text("owner = ")
    with pytest.raises(ConfigError, match="cannot be read"):
        read(folder)
    (folder / "notebook.ipynb").write_text("{}")
    (folder / "pipeline.toml").write_text('owner = "tests"\nby = "name"\ncell_s = 1\n')
    with pytest.raises(ConfigError, match="is no notebook"):
        read(folder)


WANTED = (
    Parameter("session", "int", 20261119, ""),
    Parameter("share_frac", "float", 0.5, ""),
    Parameter("name", "str", "x", ""),
    Parameter("replay", "bool", True, ""),
)


def test_values_are_read_as_their_kind() -> None:
    given = {"session": "20261120", "share_frac": "0.25", "name": "7", "replay": "no"}
    assert bind(WANTED, given) == {"session": 20261120, "share_frac": 0.25, "name": "7", "replay": False}
    assert bind(WANTED, {"share_frac": 2, "replay": False})["share_frac"] == 2.0
    assert bind(WANTED, {}) == {"session": 20261119, "share_frac": 0.5, "name": "x", "replay": True}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sesion": 1}, "there is no parameter 'sesion'; did you mean session?"),
        ({"q": 1}, "there are session, share_frac, name, replay"),
        ({"session": "tomorrow"}, "parameter session is of kind int, which 'tomorrow' is not; the default is 20261119"),
        ({"session": 1.0}, "kind int"),
        ({"session": True}, "kind int"),
        ({"share_frac": "nan"}, "kind float"),
        ({"share_frac": float("inf")}, "kind float"),
        ({"replay": "perhaps"}, "kind bool"),
        ({"name": 7}, "kind str"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        bind(WANTED, given)
    assert said in str(error.value)


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
