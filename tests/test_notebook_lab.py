"""In JupyterLab itself, in a browser: a cell that breaks the contract says beneath it which it is and why; the others say nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.dashboard.browser import Tab, chromium, opened
from tests.dashboard.serving import ROOT, free_port

pytestmark = [pytest.mark.proof, pytest.mark.covers("S1-12")]
CELLS = (
    ("setup", "%load_ext workbench.notebook"),
    ("setup", "import numpy as np"),
    ("work", "noise = np.random.normal(size=3)"),
    ("work", "class Mine:\n    pass"),
    ("work", "quiet = np.random.default_rng(7).normal(size=3)"),
)
CODE = "[...document.querySelectorAll('.jp-Notebook .jp-CodeCell')]"
PROMPT = f"{CODE}.map((cell) => cell.querySelector('.jp-InputPrompt').innerText)"
BENEATH = "[...cell.querySelectorAll('.jp-OutputArea-output')]"
SEEN = "(editor) => { editor.scrollIntoView({block: 'center'}); const {x, y} = editor.getBoundingClientRect(); return {x, y}; }"
IS_IDLE = "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'"


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """Start JupyterLab as a person does, in a folder; give the address of a notebook there, with the token that it printed."""
    own = {f"JUPYTER_{name}_DIR": str(folder.parent / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {f"JUPYTERLAB_{name}_DIR": str(folder.parent / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder.parent), **own}
    log = folder.parent / "lab.log"
    words = [sys.executable, "-m", "workbench", "lab", "--port", str(free_port())]
    with log.open("w") as said, subprocess.Popen(words, cwd=folder, env=environment, stdout=said, stderr=said) as process:
        try:
            until = time.monotonic() + 60
            while (found := re.search(r"(http://127\.0\.0\.1:\d+/lab)(\?token=\w+)", log.read_text())) is None:
                assert process.poll() is None and time.monotonic() < until, log.read_text()[-2_000:]
                time.sleep(0.1)  # it says so in its log
            yield f"{found[1]}/tree/mine.ipynb{found[2]}"
        finally:
            process.terminate()
            process.wait(20)


def outputs(tab: Tab) -> list[str]:
    """Give what stands beneath each cell."""
    found: list[str] = tab.ask(f"{CODE}.map((cell) => {BENEATH}.map((each) => each.innerText).join(' '))")
    return found


def run_all(tab: Tab) -> None:
    """Click into each cell and press Shift-Enter. JupyterLab is idle before a kernel takes work, so it may be asked twice."""
    tab.wait(f"({PROMPT}).length === {len(CELLS)} && {IS_IDLE}", "the notebook is open and its kernel idle")
    for n in range(len(CELLS)):
        for _ in range(10):
            box = tab.ask(f"(({SEEN})({CODE}[{n}].querySelector('.jp-InputArea-editor')))")
            where = {"x": box["x"] + 60, "y": box["y"] + 12, "button": "left", "clickCount": 1}
            for kind in ("mousePressed", "mouseReleased"):
                tab.call("Input.dispatchMouseEvent", type=kind, **where)
            for kind in ("rawKeyDown", "keyUp"):
                tab.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, modifiers=8)
            until = time.monotonic() + 5
            while time.monotonic() < until and not is_run(tab, n):
                time.sleep(0.05)  # a cell says of itself that it has run to nobody outside: it is looked at
            if is_run(tab, n):
                break
        else:
            raise AssertionError(f"cell {n + 1} did not run: {tab.ask(PROMPT)}")


def is_run(tab: Tab, n: int) -> bool:
    return any(letter.isdigit() for letter in tab.ask(PROMPT)[n])


def test_a_cell_that_breaks_the_contract_says_so_beneath_it(tmp_path: Path) -> None:
    chromium()
    folder = tmp_path / "lab"
    folder.mkdir()
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [tag]}, "source": source, "outputs": [], "execution_count": None}
        for n, (tag, source) in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (folder / "mine.ipynb").write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    with lab(folder) as address, opened() as browser:
        tab = browser.tab()
        tab.look(1_200)
        tab.go(address)
        run_all(tab)
        tab.wait("document.querySelectorAll('.jp-Notebook .jp-OutputArea-output').length >= 2", "two cells say something")
        said = outputs(tab)[: len(CELLS)]  # running the last one makes another
    asked = {urlsplit(each).hostname for each in tab.requests if each.startswith(("http", "ws"))}
    assert asked == {"127.0.0.1"}, asked
    assert [bool(each.strip()) for each in said] == [False, False, True, True, False], said
    assert said[2].startswith("page: cell 3, line 1: ") and "numpy.random.normal" in said[2] and "seed" in said[2]
    assert said[3].startswith("page: cell 4, line 1: class Mine belongs into a module")
