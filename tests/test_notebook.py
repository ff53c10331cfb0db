"""The extension says beneath a cell what keeps it out of a page, and why; ``%page`` says it of all; it costs a few milliseconds a cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from workbench.notebook import Watch, load_ipython_extension, unload_ipython_extension

ROOT = Path(__file__).parents[1]


def test_a_cell_that_breaks_the_contract_says_which_and_why_and_its_remedy() -> None:
    watch = Watch()
    assert watch.ran("1", "import numpy as np") == ""
    said = watch.ran("2", "noise = np.random.normal(size=3)\nclock = __import__('time').time()")
    assert said.startswith("cell 2, line 1: ") and "seed" in said
    assert watch.ran("3", "class Mine:\n    pass").startswith("cell 3, line 1: class Mine belongs into a module")
    assert watch.ran("2", "noise = np.random.default_rng(7).normal(size=3)") == ""  # mended, and run again
    assert "line 1: numpy.random.normal" not in watch.page("")


def test_a_name_that_nothing_above_made_is_told_and_so_is_the_whole_list() -> None:
    watch = Watch()
    assert "total" in watch.ran("1", "print(total)")
    assert "total" in watch.page("") and watch.ran("2", "") == watch.ran("3", "%page") == ""
    assert Watch().page("") == "nothing in the 0 cells run so far has no place in a page"


def test_what_stands_below_our_own_line_in_a_cell_is_looked_at_as_well() -> None:
    watch = Watch()
    first = "%load_ext workbench.notebook\nimport numpy as np\nimport time\nnow = time.time()"
    assert watch.ran("1", first).startswith("cell 1, line 4: time.time reads the clock")
    assert watch.ran("2", "rows = np.ones(3)") == "", "what the cell made is known"
    assert watch.ran("3", "%page\n%load_ext workbench.notebook") == "" and "3 cells" not in watch.page("")
    assert "%load_ext" in watch.ran("4", "%load_ext autoreload"), "of others it is a magic as any"


def test_tags_and_places_come_from_the_saved_notebook(tmp_path: Path) -> None:
    saved = tmp_path / "mine.ipynb"
    cells = [{"id": name, "cell_type": "code", "metadata": {"tags": [tag]}, "source": ""} for name, tag in (("i", "inputs"), ("w", "work"))]
    saved.write_text(json.dumps({"cells": cells}))
    read = "import polars as pl\nrows = pl.read_csv('prices.csv')"
    assert Watch(saved).ran("i", read) == ""  # the cell that may read
    assert Watch(saved).ran("w", read).startswith("cell 2, line 2: ")
    saved.write_text("half a file")
    assert Watch(saved).ran("w", "import math") == ""


def test_a_stored_page_is_held_against_everything() -> None:
    path = ROOT / "pipelines" / "daily_report" / "notebook.ipynb"
    assert Watch().page(str(path)) == f"{path} is a page: nothing keeps it from running"


def test_it_is_quick_beside_a_long_notebook() -> None:
    watch = Watch()
    took = []
    for n in range(40):
        watch.ran(
            str(n), f"import polars as pl\nframe_{n} = pl.DataFrame({{'a': [1, 2]}}).with_columns(pl.col('a') * {n})\nframe_{n}.head()"
        )
        took.append(watch.took_s)
    assert sorted(took)[len(took) // 2] < 1.0  # 5 ms here; a bound on a wait that nobody would bear, not a measure


def test_it_is_loaded_and_unloaded_like_any_extension(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell()
    load_ipython_extension(shell)
    shell.run_cell("import datetime\nnow = datetime.datetime.now()", store_history=True)
    assert "page: cell 1, line 2: " in capsys.readouterr().out
    shell.run_line_magic("page", "")
    assert "cell 1, line 2" in capsys.readouterr().out
    unload_ipython_extension(shell)
    shell.run_cell("now = datetime.datetime.now()")
    assert "page:" not in capsys.readouterr().out
