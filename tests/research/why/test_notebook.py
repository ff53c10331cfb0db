"""What was promoted leads to the notebook it was made in, and to the cell that names it; a damaged record says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipelines.promotion.test_of_things import Shop
from workbench import mine
from workbench.pipelines.promotion.evidence import FILES
from workbench.research.why.notebook import made_by


def promoted(home: Path, name: str = "recipe-mine", cells: object = None, **changed: object) -> None:
    (home / "promoted").mkdir(exist_ok=True)
    record = {"notebook": "lab/mine.ipynb", "digest": "ab" * 32, "at": "2026-11-20T22:00:00.000000Z", "evidence": "promotion/mine/abab"}
    (home / "promoted" / f"{name}.json").write_text(json.dumps(record | changed))
    (folder := home / "data" / "promotion" / "mine" / "abab" / FILES).mkdir(parents=True, exist_ok=True)
    usual = [
        {"cell_type": "markdown", "source": ["# mine"]},
        {"cell_type": "code", "source": ["import x\n", "y = minefield"]},
        {"cell_type": "code", "source": 'Recipe(name="mine")'},
    ]
    (folder / "notebook.ipynb").write_text(json.dumps({"cells": usual if cells is None else cells}))


def test_the_cell_that_names_it_is_told(tmp_path: Path) -> None:
    promoted(tmp_path)
    step = made_by(tmp_path, tmp_path / "data", "learned", "mine")
    assert step.is_known and "recipe mine was promoted on 2026-11-20T22:00 as abababababab: lab/mine.ipynb, cell 3" in step.said
    assert step.values["recipe mine"]["cell"] == 3
    promoted(tmp_path, "strategy-learned+mine")
    assert "strategy learned:mine was promoted" in made_by(tmp_path, tmp_path / "data", "learned", "mine").said


@pytest.mark.parametrize("cells", [[], "x", [{"cell_type": "code"}], [{"cell_type": "code", "source": "nothing"}]])
def test_a_notebook_that_names_it_nowhere_or_is_none_is_said(tmp_path: Path, cells: object) -> None:
    promoted(tmp_path, cells=cells)
    assert "no cell of which names it" in made_by(tmp_path, tmp_path / "data", "learned", "mine").said


def test_what_was_not_promoted_or_is_shipped_hangs_on_no_notebook(tmp_path: Path) -> None:
    assert not made_by(None, tmp_path, "tour", "").is_known
    promoted(tmp_path, notebook="")
    assert "it is shipped" in made_by(tmp_path, tmp_path / "data", "learned", "mine").said
    (tmp_path / "promoted" / "recipe-mine.json").write_bytes(b"\xff{")
    assert not made_by(tmp_path, tmp_path / "data", "learned", "mine").is_known


def test_what_is_promoted_by_the_command_is_found(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "trading")
    assert shop.promote("strategy", "first").record is not None
    step = made_by(shop.home, shop.data, "first", "")
    mine.look_in(None)
    assert step.is_known and "lab.ipynb, cell 1" in step.said
