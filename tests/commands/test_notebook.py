"""``workbench notebook check``: what is wrong about a notebook, by cell, with what to do instead; and never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.calling import workbench
from tests.pipelines.paging import page

ROOT = Path(__file__).parents[2]
FREE: dict[str, Any] = {
    "cells": [{"cell_type": "code", "metadata": {}, "source": "far = 3", "outputs": [], "execution_count": None}],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def written(path: Path, body: object) -> Path:
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def test_a_good_page_is_told_so_by_its_name_its_folder_and_its_file(here: Path) -> None:
    (here / "workbench.toml").touch()
    folder = page(here / "pipelines" / "how_far")
    for named in ("how_far", folder, folder / "notebook.ipynb"):
        said = workbench("notebook", "check", named)
        assert said.code == 0 and "how_far a page: nothing is wrong" in said.text


def test_all_pages_are_looked_at_if_none_is_named(here: Path) -> None:
    (here / "workbench.toml").touch()
    page(here / "pipelines" / "how_far", work="far = farther")
    said = workbench("notebook", "check")
    assert said.code == 1 and "daily_report a page: nothing is wrong" in said.text
    assert "cell 5, line 1 farther is used, and nothing above made it" in said.text


def test_what_is_wrong_is_told_by_cell_with_a_remedy_and_exit_code_1(tmp_path: Path) -> None:
    folder = page(tmp_path / "how_far", work="import time\nfar = math.ceil(length_pts * n) + time.time()")
    said = workbench("notebook", "check", folder)
    assert said.code == 1 and "how_far no page yet: 1 thing is wrong" in said.text
    assert "cell 5, line 2 time.time reads the clock" in said.text and "make the session a parameter" in said.text
    told = json.loads(workbench("notebook", "check", folder, "--json").out)
    assert told["is_page"] is True and [(each["at"], each["line"], each["rule"]) for each in told["wrong"]] == [(5, 2, "clock")]


def test_settings_that_are_wrong_are_told_with_the_cells(tmp_path: Path) -> None:
    folder = page(tmp_path / "how_far", by="nothing", work="far = farther")
    said = workbench("notebook", "check", folder)
    assert "by = 'nothing' is none of its parameters" in said.text and "farther" in said.text
    (folder / "pipeline.toml").write_text("budget = 3")
    assert "budget = 3 must be a section: [budget]" in workbench("notebook", "check", folder).text


def test_a_free_notebook_need_only_run_from_the_top(tmp_path: Path) -> None:
    free = written(tmp_path / "mine.ipynb", FREE)
    said = workbench("notebook", "check", free)
    assert (
        said.code == 0
        and "mine.ipynb a free notebook: nothing is wrong" in said.text
        and "would keep it from being a page: --as-page" in said.text
    )
    said = workbench("notebook", "check", free, "--as-page")
    assert said.code == 1 and "its tags must be title, parameters" in said.text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is no JSON"),
        (b"\x80\x04\x95\x00binary", "it is no text"),
        (b"hello", "it is no JSON"),
        (b"[1, 2]", "it holds something else than cells"),
        (b"{}", "a cell lacks what it must have"),
        (b'{"cells": 3}', "a cell lacks what it must have"),
        (b'{"cells": [3]}', "a cell lacks what it must have"),
        (b'{"cells": [{"cell_type": "code", "source": 4}]}', "a cell lacks what it must have"),
        (b'{"cells": [{"cell_type": "heading", "source": "x"}]}', "cell 1 is of kind 'heading'"),
        (b'{"cells": [{"cell_type": "code", "metadata": null, "source": "x"}]}', "a cell lacks what it must have"),
        (b'{"nbformat": 3, "worksheets": [{"cells": []}]}', "is of nbformat 3, and 4 is read: open it in JupyterLab and save it"),
        (b'{"nbformat": "4", "cells": []}', "it holds something else than cells"),
        (b'{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}', "is a notebook of r, not of Python"),
        (b'{"cells": ' + b"[" * 100_000, "it is n"),
    ],
)
def test_what_is_no_notebook_is_refused_in_a_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_bytes(content)
    said = workbench("notebook", "check", path)
    assert said.code == 2 and told in said.text and "Traceback" not in said.text


def test_an_empty_notebook_and_one_without_a_page_are_told(tmp_path: Path) -> None:
    assert workbench("notebook", "check", written(tmp_path / "mine.ipynb", FREE | {"cells": []})).code == 0
    for named in (tmp_path / "none.ipynb", tmp_path, "no_such_page"):
        said = workbench("notebook", "check", named)
        assert said.code == 2 and "there is no" in said.text


def test_a_notebook_of_a_hundred_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.ipynb"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    said = workbench("notebook", "check", path)
    assert said.code == 2 and "has 100 MB, and 64 are the most: clear its outputs" in said.text


@pytest.mark.parametrize(
    "source",
    [
        "\x00",
        "(" * 5000,
        "x = " + "+".join(["1"] * 3000),
        "x = " + "-" * 30_000 + "1",
        "def f(:",
        "%%",
        "!",
        "?",
        "\ufeffx = 1",
        "x = 1\r\ny = x",
        "\tif",
    ],
)
def test_no_cell_breaks_it(tmp_path: Path, source: str) -> None:
    cell = FREE["cells"][0] | {"source": source}
    for flag in ((), ("--as-page",)):
        assert workbench("notebook", "check", written(tmp_path / "mine.ipynb", FREE | {"cells": [cell]}), *flag).code in (0, 1)
