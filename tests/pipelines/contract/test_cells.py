"""A page is held against its form before anything is started, and every cell that is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.paging import CELLS, page
from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import read


@pytest.mark.parametrize(
    ("tag", "source", "said"),
    [
        ("work", "class A: ...", "cell 5, line 1: class A belongs into a module"),
        ("work", "far = 1\nfor each in range(3):\n    far += each", "cell 5, line 2: a loop belongs into the package"),
        ("work", "!ls", "cell 5, line 1: !ls is a shell command: magics and shell commands do not belong in a page"),
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
        (CELLS[1:], "cell 1: the first cell must be the title"),
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
